"""A leaf of the tree that nobody knows yet is refused, wherever it stands: it is never left out,
nor taken for a test that matches more or less.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.nodes import NOWHERE, And, Equals, Literal, Nested, Node, Not, Or, Span


@dataclass(frozen=True, slots=True)
class Sounds:
    """Some value of the field sounds like a word."""

    field: Literal
    word: Literal
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


UNKNOWN: Any = Sounds(Literal("process.name"), Literal("smith"), (3, 8))
IN_GROUP: Any = Sounds(Literal("name"), Literal("smith"), (3, 8))
BESIDE = Equals(Literal("process.name"), Literal("a"))
PLACES: dict[str, Callable[[], Node]] = {
    "alone": lambda: UNKNOWN,
    "below a not": lambda: Not(UNKNOWN),
    "in a conjunction": lambda: And((BESIDE, UNKNOWN)),
    "among alternatives": lambda: Or((UNKNOWN, BESIDE)),
    "negated among others": lambda: And((BESIDE, Not(Or((BESIDE, UNKNOWN))))),
    "in a group": lambda: Nested(
        Literal("file.elf.sections"), And((Equals(Literal("name"), Literal("b")), IN_GROUP))
    ),
    "in a negated group": lambda: Not(Nested(Literal("file.elf.sections"), IN_GROUP)),
    "negated in a group": lambda: Nested(Literal("file.elf.sections"), Not(IN_GROUP)),
}
FORMATS = [(target.name, format) for target in kqlx.targets() for format in target.format_names]
SOURCE = "event.dataset:endpoint.events.process"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("to", "format"), FORMATS)
def test_every_target_refuses_it(to: str, format: str, place: str) -> None:
    words = "Sounds|no data set" if format == "tstats" else "Sounds"
    with pytest.raises(kqlx.UnsupportedError, match=words) as refusal:
        kqlx.convert(
            "*",
            to,
            format=format,
            source="none",
            node=PLACES[place](),
            accept=("narrower", "wider", "different"),
        )
    if "Sounds" in refusal.value.message:
        assert refusal.value.code == "construct-not-supported"


@pytest.mark.parametrize("place", [place for place in PLACES if "group" not in place])
@pytest.mark.parametrize("unmapped", ["error", "keep", "comment"])
@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_it_is_refused_where_a_pack_binds_the_query(to: str, unmapped: Any, place: str) -> None:
    node = And((kqlx.parse(SOURCE), PLACES[place]()))
    with pytest.raises(kqlx.UnsupportedError, match="Sounds"):
        kqlx.convert("*", to, node=node, unmapped=unmapped, accept=("narrower", "different"))


@pytest.mark.parametrize("place", PLACES)
def test_the_evaluator_refuses_it(place: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="Sounds"):
        compile(PLACES[place]())
