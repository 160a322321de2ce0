"""The scoreboard on the project's own rules: what it counts, and what makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

import kqlx
import scoreboard
import whole
from agreement import Malformed
from conftest import ROOT
from stored import Event


class Lying:
    """An engine that finds every event, or reads no query."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal

    def read(self, query: str) -> None:
        if self.refusal:
            raise Malformed(self.refusal)

    def holds(self, query: str, event: Event) -> bool:
        return True


@pytest.fixture(autouse=True)
def own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPUS", str(ROOT / "rules"))


def test_each_target_has_a_row_that_counts_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    rules = kqlx.load_rules(ROOT / "rules").rules
    for target in kqlx.targets():
        found = scoreboard.score(target.name, [("a rule", rule) for rule in rules], exact=False)
        judged_apart = found.outcomes["unannounced"]
        assert found.outcomes.total() - judged_apart == len(rules)
        assert found.outcomes["refused"] == found.reasons.total()
    status = scoreboard.main([])
    printed = capsys.readouterr().out
    assert status == int(any("failures" in line for line in printed.splitlines()))
    for target in kqlx.targets():
        assert f"\n{target.name} " in printed


def test_a_target_that_differs_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(scoreboard.ENGINES, "spl", Lying())
    assert scoreboard.main([]) == 1
    assert "matches, and Kibana does not" in capsys.readouterr().out
    monkeypatch.setitem(scoreboard.ENGINES, "spl", Lying("a stray bracket"))
    assert scoreboard.main([]) == 1
    assert "malformed: a stray bracket" in capsys.readouterr().out


def test_rules_are_counted_by_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(kind: str, **data: object) -> kqlx.Rule:
        return kqlx.Rule(name=kind, query="a:b", type=kind, data={"type": kind, **data})

    indicators = {"threat_query": "*:*", "threat_index": ["i"], "threat_mapping": [{}]}
    rules = [
        rule("query"),
        rule("threat_match", **indicators),
        rule("new_terms", new_terms_fields=["a"]),
    ]
    found = whole.fates(rules, whole.KEPT)
    assert set(found) == {(t.name, format) for t in kqlx.targets() for format in t.formats}
    for by_type in found.values():
        for fate in by_type.values():
            assert fate.whole + fate.alone + fate.reasons.total() + len(fate.crashes) == 1
    search = found["elasticsearch", "search"]
    assert [str(search[rule.type]) for rule in rules] == ["1/0/0/0", "0/0/1/0", "1/0/0/0"]
    assert str(found["elasticsearch", "query"]["new_terms"]) == "0/1/0/0"
    assert any("indicators" in line for line in whole.reasons(found, 5))
    assert not whole.crashes(found)
    assert len([*whole.table(found)]) == 1 + len(found)

    def problems(text: str) -> list[str]:
        return ["not loaded"] if text else []

    monkeypatch.setitem(whole.MODELS, ("sigma", "rule"), problems)
    (crash,) = whole.crashes(whole.fates(rules[:1], whole.KEPT))
    assert crash == "sigma rule: query: not loaded"


@pytest.mark.parametrize("folder", ["", "not there"])
def test_without_rules(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPUS", str(tmp_path / folder))
    assert scoreboard.main([]) == 2


def test_like_reasons_are_counted_together() -> None:
    shape = whole.shape
    assert shape('a range on a.b_c, not "x"') == shape('a range on @timestamp, not ""')
    assert shape("the name vendor.*") == shape("the name a.b*.c")
    assert len(shape("word " * 100)) == 110
