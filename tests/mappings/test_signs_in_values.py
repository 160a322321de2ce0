"""Values with signs that XML, JSON and languages of queries write otherwise, asked for in every
destination of every pack, as they are, by how they begin and by what they contain. See ``signs``.

``WHOLE_EVENTS=1`` in the environment asks for all; by default some questions are drawn.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from kqlx.elastic import ecs
from kqlx.mappings.reader.builtin import builtin, builtin_data
from kqlx.nodes import Equals, Like, Literal, Not
from kqlx.patterns import Pattern
from tests.mappings.test_whole_events import store_of
from tests.oracles.pack_events import FOLDER, EventFile, Stored, read
from tests.oracles.pair_files import Pair
from tests.oracles.pair_queries import Question, judge_store
from tests.oracles.signs import with_sign, words

FILES = [path.stem for path in sorted(FOLDER.glob("*.yml"))]
PLACES = [
    (source, target)
    for source in FILES
    for target in ("spl", "sentinel")
    if target in builtin(source).targets
]
MOST = {"spl": 10, "sentinel": 2}
"""So many words with a sign are asked for."""
ARGUMENTS = (".args", ".args_count")


def events_with_signs(source: str, target: str) -> list[tuple[str, Stored]]:
    fixed = json.dumps(builtin_data(source)).lower()
    found = [
        (event, word, sign)
        for event in read(FOLDER / f"{source}.yml").events
        if not event.beside
        for word, sign in words(event, fixed)
    ]
    if not os.environ.get("WHOLE_EVENTS"):
        found.sort(key=lambda one: zlib.crc32(f"{source} {one[1]} {one[2]}".encode()))
        found = found[: MOST[target]]
    return [(word[:2] + sign + word[2:], with_sign(e, word, sign)) for e, word, sign in found]


def questions_about(word: str, pairs: Sequence[Pair], *_: int) -> Iterator[Question]:
    """What is asked of the fields whose values have the word."""
    for name, held in pairs[0].fields.items():
        value = next((v for v in held if isinstance(v, str) and word in v), None)
        if value is None or ecs.types().get(name, "keyword") != "keyword" or len(value) > 300:
            continue
        if "\n" in value.replace(word, ""):  # several lines, which may be in several columns
            continue
        field, place = Literal(name), value.index(word)
        asked: list[Equals | Like] = [Equals(field, Literal(value, True))]
        begins = Pattern.between_stars((value[: place + 4], ""))
        has = Pattern.between_stars(("", word[1:-1], ""))
        if "\n" not in value and not value[0].isspace():
            asked += [Like(field, one) for one in (begins, has) if not one.text.endswith(" ")]
        for test in asked:
            yield Question(name, value, test)
            if not name.endswith(ARGUMENTS):
                yield Question(name, value, Not(test))


@pytest.mark.parametrize(("source", "target"), PLACES)
def test_values_with_signs_are_found(source: str, target: str) -> None:
    reports: list[str] = []
    count = 0
    for word, event in events_with_signs(source, target):
        store = store_of(EventFile(source, (), (event,)), target)
        tally = judge_store(store, asked=partial(questions_about, word))
        count += tally.agree
        reports += [f"{word!r}: {one}" for one in tally.reports]
    print(f"{source} → {target}: {count} answers agree")
    assert not reports, "\n".join([f"{len(reports)} reports", *reports[:20]])
