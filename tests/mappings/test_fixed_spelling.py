"""Fields whose values have one spelling only: letter case makes no difference there that anybody
could see, so the note on it is quiet.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.mappings.reader.builtin import builtin, builtin_data, names_in, sources
from kqlx.notes import Effect
from tests.batch.runs import kqlx as run
from tests.batch.runs import rule
from tests.conftest import ROOT
from tests.oracles import pair_files
from tests.oracles.sigma_rules import documents

STATED = [source for source in sources() if builtin(source).fixed_spelling]


def values_of(source: str) -> Iterator[tuple[str, str]]:
    """The texts in all events that there are of a source, with their fields."""
    made = documents((ROOT / f"tests/events/{source}.yml").read_text("utf-8"))
    events = [pair_files.fields_of({"": document}) for document in made]
    if source in pair_files.sources():
        events += [dict(pair.fields) for pair in pair_files.pairs(source)]
    for event in events:
        for name, values in event.items():
            yield from ((name, value) for value in values if isinstance(value, str))


@pytest.mark.parametrize("source", STATED)
def test_no_event_has_two_spellings_of_a_value(source: str) -> None:
    spellings: dict[tuple[str, str], set[str]] = {}
    for name, value in values_of(source):
        for field in builtin(source).fixed_spelling:
            if name == field or name.endswith(f".{field}"):
                spellings.setdefault((field, value.lower()), set()).add(value)
    assert spellings
    assert not [sorted(each) for each in spellings.values() if len(each) > 1]


@pytest.mark.parametrize("source", STATED)
def test_the_fields_are_fields_of_the_source(source: str) -> None:
    data = {k: v for k, v in builtin_data(source).items() if k != "fixed_spelling"}
    names = [name.removesuffix("*") for name in names_in(data)]
    for field in builtin(source).fixed_spelling:
        assert any(field == name or (name[-1:] == "." and field.startswith(name)) for name in names)


def codes(query: str, to: str = "spl", **options: Any) -> list[str]:
    found = kqlx.convert(query, to, **options)
    return sorted(note.code for note in found.notes if note.effect is Effect.CASE)


OKTA = "event.dataset:okta.system and"


def test_columns_of_such_fields_have_a_quiet_note() -> None:
    assert codes(f"{OKTA} event.action:user.session.start") == ["case-of-fixed-values"]
    found = kqlx.convert(f"{OKTA} event.action:user.session.start", "spl")
    assert [note.is_quiet for note in found.notes if note.effect is Effect.CASE] == [True]


def test_other_columns_have_a_note_of_their_own() -> None:
    query = f"{OKTA} event.action:user.session.start and not okta.actor.id:x"
    assert codes(query) == ["case-folded", "case-of-fixed-values"]
    notes = kqlx.convert(query, "spl").notes
    told = {note.code: note.message for note in notes if note.effect is Effect.CASE}
    assert told["case-folded"].startswith("actor.id:")
    assert told["case-of-fixed-values"].startswith("eventType:")


def test_what_users_name_is_loud_beside_what_the_vendor_does() -> None:
    query = "event.dataset:kubernetes.audit_logs and kubernetes.audit.verb:get"
    assert codes(query) == ["case-of-fixed-values"]
    assert codes(f"{query} and kubernetes.audit.user.username:bob") == [
        "case-folded",
        "case-of-fixed-values",
    ]


def test_a_field_of_which_real_events_have_two_spellings_is_loud() -> None:
    assert codes("event.dataset:o365.audit and event.action:DlpRuleMatch") == ["case-folded"]


def test_a_part_of_a_value_is_loud() -> None:
    """Of two actions one may end in what the other has in another case."""
    source = "event.dataset:gcp.audit and"
    assert codes(f"{source} event.action:SetIamPolicy") == ["case-of-fixed-values"]
    assert codes(f"{source} event.action:*SetIamPolicy") == ["case-folded"]
    both = f"{source} event.action:(SetIamPolicy or *.SetIamPolicy)"
    assert codes(both) == ["case-folded"]


def test_exact_conversions_heed_letter_case_all_the_same() -> None:
    found = kqlx.convert(f"{OKTA} event.action:user.session.start", "spl", exact=True)
    assert "case-of-fixed-values" not in [note.code for note in found.notes]


PACK = """
source: acme.log
recognise: {indices: [acme-*]}
constants: {event.dataset: acme.log}
fixed_spelling: {event.action: https://acme.example/actions, acme.kind.*: the same}
targets:
  spl:
    - base: sourcetype=acme
      fields: {event.action: action, user.name: user, acme.kind.*: kind.*}
"""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event.action:go", "case-of-fixed-values"),
        ("acme.kind.of:go", "case-of-fixed-values"),
        ("user.name:go", "case-folded"),
    ],
)
def test_own_packs_can_say_so(tmp_path: Path, query: str, expected: str) -> None:
    pack = tmp_path / "own.yml"
    pack.write_text(PACK, "utf-8")
    assert codes(query, source="acme.log", mappings=[pack]) == [expected]


def test_own_packs_can_take_it_back(tmp_path: Path) -> None:
    """Where a collector rewrites the values, for example."""
    pack = tmp_path / "own.yml"
    pack.write_text("source: okta.system\nfixed_spelling: {event.action: null}\n", "utf-8")
    assert codes(f"{OKTA} event.action:a", mappings=[pack]) == ["case-folded"]
    pack.write_text("source: okta.system\nfixed_spelling: {event.acton: null}\n", "utf-8")
    with pytest.raises(kqlx.MappingError, match=r"2: fixed_spelling.event.acton: null removes"):
        codes(f"{OKTA} event.action:a", mappings=[pack])


def test_the_command_line_counts_what_it_does_not_show(tmp_path: Path) -> None:
    for number in range(2):
        rule(tmp_path / "rules", f"r{number}", f"{OKTA} event.action:user.session.start")
    line = "2 notes are not shown: letter case in values with one spelling only (-v shows all"
    shown = run("convert", "--to", "spl", "rules", cwd=tmp_path)
    assert line in shown.said and "case-of-fixed-values" not in shown.said
    assert "(2 coverage)" in shown.said
    for options in (["-v"], ["--quiet"], ["--ignore", "case-of-fixed-values"]):
        assert (
            "not shown" not in run("convert", "--to", "spl", *options, "rules", cwd=tmp_path).said
        )
    assert "case-of-fixed-values" in run("convert", "--to", "spl", "-v", "rules", cwd=tmp_path).said
    counted = run("convert", "--to", "spl", "--statistics", "rules", cwd=tmp_path).said
    assert [line for line in counted.splitlines() if "case-of-fixed-values" in line]


def test_sources_show_it() -> None:
    shown = run("sources", "show", "okta.system").out
    assert "each value of event.action in one spelling: https://developer.okta.com/" in shown
