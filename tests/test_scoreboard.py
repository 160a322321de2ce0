"""The scoreboard on the project's own rules: what it counts, and what makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

import kqlx
import scoreboard
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


@pytest.mark.parametrize("folder", ["", "not there"])
def test_without_rules(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPUS", str(tmp_path / folder))
    assert scoreboard.main([]) == 2


def test_like_reasons_are_counted_together() -> None:
    shape = scoreboard.shape
    assert shape('a range on a.b_c, not "x"') == shape('a range on @timestamp, not ""')
    assert shape("the name vendor.*") == shape("the name a.b*.c")
    assert len(shape("word " * 100)) == 110
