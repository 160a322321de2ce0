"""docs/targets/ has a page for each target, whose tables are what the back end answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import kqlx
from kqlx.backends import find, targets
from kqlx.backends.target import Target
from kqlx.nodes import And, Compare, Equals, Exists, FreeText, Like, Nested, Node, Not, Or, walk
from kqlx.notes import Effect
from kqlx.rules.forms import form_of
from tests.conftest import ROOT
from tests.docs.constructs import CONSTRUCTS, rules
from tests.docs.target_pages import (
    answer,
    codes_of,
    comparison,
    constructs,
    generated,
    replaced,
)

OWN = [target for target in targets() if target.load.__module__.startswith("kqlx.")]
PAGES = ROOT / "docs/targets"


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-goldens"))


def _hold(path: Path, new: str, update: bool) -> None:
    page = path.read_text("utf-8")
    if update:
        path.write_text(replaced(page, new), encoding="utf-8")
    else:
        assert page == replaced(page, new), "pytest --update-goldens writes it anew"


@pytest.mark.parametrize("target", OWN, ids=lambda target: target.name)
def test_the_page_of_a_target_is_what_the_back_end_answers(target: Target, update: bool) -> None:
    _hold(PAGES / f"{target.name}.md", generated(target), update)


def test_the_comparison_of_targets_is_what_the_back_ends_answer(update: bool) -> None:
    _hold(ROOT / "docs/targets.md", comparison(OWN), update)


def test_each_target_has_a_page_and_each_page_a_target() -> None:
    assert {path.stem for path in PAGES.iterdir()} == {target.name for target in OWN}
    page = (ROOT / "docs/targets.md").read_text("utf-8")
    assert all(f"](targets/{target.name}.md)" in page for target in OWN)


def test_the_constructs_are_all_of_the_language() -> None:
    """Every kind of node is asked for, and every kind of test below a not."""
    nodes: list[Node] = []
    for _, query in CONSTRUCTS:
        nodes += walk(kqlx.parse(query))
    kinds = {type(node) for node in nodes}
    assert kinds >= {And, Or, Not, Nested, Equals, Like, Exists, Compare, FreeText}
    negated = {type(node.item) for node in nodes if isinstance(node, Not)}
    assert negated >= {And, Equals, Exists, Compare, Nested}


def test_the_rules_are_of_every_type() -> None:
    forms = {type(form_of(rule)).__name__ for _, rule in rules()}
    assert forms == {"SingleEvent", "SavedQuery", "Threshold", "NewTerms", "IndicatorMatch"}


def test_a_loss_is_in_no_table_of_what_is_exact() -> None:
    """The tables can tell: Splunk has all three kinds."""
    found = {name: answer for name, _, answer in constructs(find("spl"))}
    assert found["a value"].fidelity is Effect.CASE
    assert found["a phrase of a text field"].fidelity is Effect.WIDER
    assert (found["a value in any field"].fidelity, found["a value in any field"].accepted) == (
        Effect.DIFFERENT,
        "different",
    )
    assert (found["a date"].fidelity, found["a date"].code) == (None, "date-as-value")
    page = (PAGES / "spl.md").read_text("utf-8")
    exact, _, rest = page.partition("## Converted approximately")
    approximate, _, rest = rest.partition("## Refused")
    refused = rest.partition("## Rule types")[0]
    for where, query in ((exact, "*:*"), (approximate, "mimikatz"), (refused, "event.created:")):
        assert [query in part for part in (exact, approximate, refused)].count(True) == 1
        assert query in where


@pytest.mark.parametrize("target", OWN, ids=lambda target: target.name)
def test_what_a_back_end_is_seen_to_tell_is_in_its_list(target: Target) -> None:
    """Codes of notes are found in its modules, of refusals by what it refuses."""
    noted, refused = codes_of(ROOT / "transpiler/kqlx/backends" / target.name)
    for _, _, found in constructs(target):
        if found.fidelity is None:
            assert found.code in refused
    assert noted


def test_of_an_answer_only_the_heart_is_shown() -> None:
    assert answer("user.name:b", "sentinel", source="none").text == "where ['user.name'] == \"b\""
    assert answer("a:b", "sigma", source="none", format="query").text == "{a: b}"
