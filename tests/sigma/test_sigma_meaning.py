"""The Sigma that we write means what the query means, or its notes say what is different.

As for Splunk in ``test_spl_meaning``; Sigma is read by pySigma and played through in
``sigma_rules``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.frontends.kql.formatter import shown_node
from kqlx.nodes import Exists, walk
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS, Query, convert
from kqlx.testing.near import near_events
from kqlx.testing.stored import Event, map_values
from tests.conftest import examples
from tests.oracles.drawn import check_drawn, check_drawn_eql
from tests.oracles.sigma_rules import SIGMA
from tests.spl.test_spl_meaning import FIELDS, QUERIES

OWN = {
    "mixed lists": [
        "event.action:(a or b* or *c or *d*)",
        "event.action:a* or user.name:(b or c*)",
        'source.ip:(10.0.0.1 or 10.0.0.0/8 or "::1")',
        'user.name:("" or a*)',
        "event.action:(a or (b and c*) or not d)",
    ],
    "the same key twice": [
        "event.action:(a and b)",
        "event.action:(a and b and c*) and not event.action:(d and e)",
        "source.bytes > 5 and source.bytes > 6 and source.bytes < 9",
    ],
    "what is missing": [
        "user.name:a and not event.action:*",
        "user.name:a and not (event.action:* or message:*)",
        "user.name:a and not (event.action:* and not source.bytes:*)",
    ],
    "large numbers": [
        "source.bytes > 9007199254740993",
        "source.bytes <= 9007199254740993",
        "source.bytes < 9223372036854775807",
        "source.bytes >= -9007199254740993",
    ],
    "wildcard signs": [
        r"user.name:a\*?",
        'user.name:"?"',
        r'user.name:"\\*\\\\?"',
        r"user.name:*\\",
    ],
    "words below a not": [
        "user.name:a and not message:(Send* or *Send)",
        "user.name:a and not message:*Send*",
        'user.name:a and not message:(powershell.exe or "access denied")',
        "message:foo bar",
    ],
    "groups of groups": [
        "file.elf.sections:{ name:(a or b) and not name:c }",
        "user.name:a and not file.elf.sections:{ name:a and physical_size:5 }",
        "user.name:a and file.elf.sections:{ not name:* }",
    ],
    "groups that any object meets": [
        "file.elf.sections:{ *:* }",
        "user.name:a and file.elf.sections:{ *:* }",
        "user.name:a or file.elf.sections:{ name:a or *:* }",
        "user.name:a and not file.elf.sections:{ *:* }",
        "user.name:a and not (event.action:b and not file.elf.sections:{ *:* })",
        "user.name:a and not (event.action:b or file.elf.sections:{ *:* })",
        "user.name:a and file.elf.sections:{ *:* and name:b }",
        "user.name:a and not file.elf.sections:{ *:* and name:b }",
        "user.name:a or file.elf.sections:{ not *:* }",
    ],
    "names": [
        "user.name:a and not file.hash.*:b",
        "file.hash.*:b",
        "file.ha*.md5:* and user.name:a",
    ],
}
SUBJECTS = {**QUERIES, **OWN}


@pytest.mark.parametrize("exact", [False, True])
@examples(38)
@given(data=st.data())
def test_the_rule_means_what_the_query_means(exact: bool, data: st.DataObject) -> None:
    check_drawn(data, SIGMA, "sigma", FIELDS, exact=exact)


@pytest.mark.parametrize("exact", [False, True])
@examples(30)
@given(data=st.data())
def test_drawn_conditions_mean_what_they_mean_in_eql(exact: bool, data: st.DataObject) -> None:
    check_drawn_eql(data, SIGMA, "sigma", exact=exact)


def conversions(subject: str, exact: bool) -> Iterator[Query]:
    """Of the queries of a subject, each as it is and below a not, in a conjunction too, for what
    comes to match everything is refused where it stands alone.
    """
    for text in {**SUBJECTS, **ODD_LETTERS}[subject]:
        for wrapped in (text, f"not ({text})", f"event.kind:z and not ({text})"):
            with suppress(*REFUSALS):
                yield convert(wrapped, SIGMA, "sigma", exact=exact)


ODD_LETTERS = {
    "letters of several cases": [
        "message:İI",
        "message:(straße* or *ΑΣ)",
        'user.name:a and not message:"ſend"',
        "user.name:İI",
    ]
}
"""What is the same for them in any case, nobody can say: so no note on them can be borne out."""


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("subject", [*SUBJECTS, *ODD_LETTERS])
def test_no_difference_without_a_note(subject: str, exact: bool) -> None:
    reports = []
    for query in conversions(subject, exact):
        events = near_events(query.node, query.types, 60, seed=1)
        reports += [found for event in events if (found := query.disagreement(event))][:1]
    assert not reports, "\n".join([f"{len(reports)} queries differ", *reports])


NOT_OF_THE_TYPE = ("abc", "(a and b)", "< 10.0.0.0/8", "10.0.0.0/8)", "trusted >", "trusted <")
"""In queries whose values do not suit the field: Elasticsearch answers with an error, or always the
same.
"""


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_note_without_a_difference(subject: str) -> None:
    """What the worst notes claim is borne out by some event: a different one by any difference."""
    reports = []
    for query in conversions(subject, False):
        text = " ".join(shown_node(query.node).split())
        if any(odd in text for odd in NOT_OF_THE_TYPE):
            continue
        worst = kqlx.notes.worst(query.notes)
        claims = {n: _borne_out_by(n.effect) for n in query.notes if n.effect is worst}
        unshown = {note for note, effects in claims.items() if effects}
        for event in events_near(query):
            if not unshown:
                break
            shown = query.difference(event)
            unshown = {note for note in unshown if shown not in claims[note]}
        reports += [f"{note.code} ({note.effect}): {text} → {query.text}" for note in unshown]
    assert not reports, "\n".join([f"{len(reports)} notes are unfounded", *sorted(reports)])


CHANGES: list[Callable[[str], str]] = [
    lambda text: text + "x",
    lambda text: text + "!",
    lambda text: "!" + text,
    lambda text: text.replace(" ", "-"),
    lambda text: "x" + text,
    lambda text: f",{text},",
    lambda text: text.replace(" ", ","),
    lambda text: "," + text.replace(" ", ",") + ",",
]


def events_near(query: Query) -> Iterator[Event]:
    """Near the border, with nulls where a field's existence counts, and with words that go on, end
    in a sign or are parted by one.
    """
    tests = [test for test in walk(query.node) if isinstance(test, Exists)]
    for number, event in enumerate(near_events(query.node, query.types, 400, seed=1)):
        yield event
        for test in tests:
            yield map_values(event, partial(_null, test.field.name))
        yield map_values(event, partial(_changed, CHANGES[number % len(CHANGES)]))


def _null(field: str, name: str, value: object) -> object:
    return None if name == field else value


def _changed(change: Callable[[str], str], name: str, value: object) -> object:
    return change(value) if isinstance(value, str) else value


def _borne_out_by(effect: Effect) -> set[Effect | None]:
    if effect is Effect.SAME:
        return set()
    return {effect} if effect < Effect.DIFFERENT else {Effect.WIDER, Effect.NARROWER}
