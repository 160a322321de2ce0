"""Lint on field names that nothing knows: what they were meant to be, and none too many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kqlx
from kqlx.elastic import ecs
from kqlx.mappings import field_names
from kqlx.mappings.field_names import nearest
from kqlx.mappings.nested import field_tests
from kqlx.nodes import Literal, Node
from tests import corpus


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("destionation.ip", "destination.ip"),
        ("procss.name", "process.name"),
        ("user.nmae", "user.name"),
        ("event.catgory", "event.category"),
        ("dns.question.nam", "dns.question.name"),
        ("aws.cloudtrail.request_parametres", "aws.cloudtrail.request_parameters"),
        ("okta.actor.idd", "okta.actor.id"),
        ("source.ip", ""),
        ("process.name.text", ""),
        ("process.args.keyword", ""),
        ("process.name.caseless", ""),
        ("winlog.event_data.AnyOfThem", ""),
        ("labels.team", ""),
        ("file.elf.imports.x", ""),
        ("threat.enrichments.indicator.ip", ""),
        ("vendor.field", ""),
        ("myapp.user.name", ""),
        ("foo", ""),
        ("", ""),
    ],
)
def test_what_a_name_was_meant_to_be(name: str, meant: str) -> None:
    assert nearest(name) == meant


def test_few_names_are_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    edits = field_names._edits

    def counted(one: str, other: str, most: int) -> int:
        compared.append(other)
        return edits(one, other, most)

    monkeypatch.setattr(field_names, "_edits", counted)
    for number in range(100):
        nearest(f"f{number}.name")
        nearest(f"process.parent.f{number}")
    assert len(compared) < 5 * 200, "a query may have ten thousand names that nothing knows"


def test_it_is_told_once_at_its_place() -> None:
    text = "winlog.event_id:3 and not (destination.ip:a or destionation.ip:a or destionation.ip:b)"
    notes = kqlx.lint(text, {}, nearest=nearest)
    (note,) = [note for note in notes if note.code == "unknown-field"]
    assert note.span is not None
    assert text[slice(*note.span)] == "destionation.ip"
    assert note.hint == "did you mean destination.ip?"


def test_names_in_groups_are_whole() -> None:
    notes = kqlx.lint("file.elf.sections:{ entropyy > 5 }", ecs.types(), nearest=nearest)
    assert [note.hint for note in notes] == ["did you mean file.elf.sections.entropy?"]


def names_of(node: Node) -> Iterator[str]:
    for name, test in field_tests(node):
        if isinstance(test.field, Literal):
            yield name


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus beside the checkout")
def test_no_name_of_a_real_rule_is_taken_for_a_misspelling() -> None:
    wrong = {
        name: nearest(name)
        for _, rule in corpus.rules()
        for name in names_of(kqlx.parse(rule.query, language=rule.language))
        if nearest(name)
    }
    assert wrong == {}


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus beside the checkout")
def test_no_value_of_a_real_rule_is_taken_to_be_refused() -> None:
    for path, rule in corpus.rules():
        codes = {note.code for note in kqlx.lint(rule.query, ecs.types(), nearest=nearest)}
        assert not codes & {"refused-value", "unknown-field"}, path.name
