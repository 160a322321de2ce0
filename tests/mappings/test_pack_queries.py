"""Every field of every pack, in every destination: a test of it becomes a query that the target's
reader takes, or is refused with a reason. Microsoft's analyser reads every fortieth query of
Sentinel's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import kqlx
from kqlx.backends import find
from kqlx.backends.target import Options
from kqlx.mappings.destinations import bind
from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.mappings.type_check import checked
from kqlx.testing.agreement import REFUSALS
from tests.oracles.kusto import analyse
from tests.oracles.splunk import SPLUNK
from tests.plans import query_plan

FORMS = ('{f}:("x y" or b)', "not {f}:x*", r"{f}:* and not {f}:*a\*b*", "{f} > 5 or {f}:1")


def queries(source: str, target: str) -> Iterator[str]:
    """What becomes of the tests that are not refused."""
    pack = builtin(source)
    for destination in pack.targets.get(target, ()):
        anywhere = replace(destination, when=())
        alone = replace(pack, targets={target: (anywhere,)})
        for field in destination.fields:
            name = f"{field[:-1]}name" if field.endswith(".*") else field
            for form in FORMS:
                yield from query(form.format(f=name), alone, target)


def query(text: str, pack: Pack, target: str) -> Iterator[str]:
    try:
        node = kqlx.parse(text)
    except kqlx.KqlSyntaxError:  # a name that Kibana's language cannot spell
        return
    backend = find(target)
    options = Options(format=backend.format_names[0])
    try:
        emission = backend.emit(query_plan(checked(bind(node, pack, target)), options=options))
    except REFUSALS as error:
        assert error.notes or "never matches" in str(error), text
        return
    assert isinstance(emission.query, str)
    yield emission.query


@pytest.mark.parametrize("source", sources())
@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_each_field_is_tested_in_words_of_the_target(source: str, target: str) -> None:
    for text in queries(source, target):
        if target == "spl":
            SPLUNK.read(text)


def test_each_field_is_tested_in_words_that_the_analyser_takes() -> None:
    each = list(dict.fromkeys(text for source in sources() for text in queries(source, "sentinel")))
    some = each[::40]
    complaints = [c for text, found in zip(some, analyse(some), strict=True) for c in found]
    assert len(some) > 150 and not complaints, complaints[:5]
