"""The scoreboard on the project's own rules: what it counts, and what makes it fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import kqlx
from kqlx.testing.agreement import Malformed
from kqlx.testing.stored import Event
from tests import scoreboard
from tests.conftest import OWN_RULES, missing
from tests.oracles import loaders, whole


class Lying:
    """An engine that finds every event, or reads no query."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal

    def read(self, query: str) -> None:
        if self.refusal:
            raise Malformed(self.refusal)

    def holds(self, query: str, event: Event) -> bool:
        return True


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is loaded: it takes long, and test_loaders_see_what_is_wrong shows what it does."""
    monkeypatch.setattr(loaders, "load", lambda _target, _format, texts: [[] for _ in texts])


FEW = ("aws_many*", "m365_user*", "okta_administrator*", "indicator_*", "windows_run_key*")
"""Rules of each type: all of them take long."""


@pytest.fixture(autouse=True)
def own_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (folder := tmp_path / "few").mkdir()
    for pattern in FEW:
        (path,) = (path for path in OWN_RULES if path.match(f"{pattern}.toml"))
        shutil.copy(path, folder)
    monkeypatch.setenv("CORPUS", str(folder))


@pytest.mark.usefixtures("unread")
def test_each_target_has_a_row_that_counts_every_rule(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rules = kqlx.load_rules(tmp_path / "few").rules
    assert len(rules) == len(FEW)
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


@pytest.mark.usefixtures("unread")
def test_a_target_that_differs_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(scoreboard.ENGINES, "spl", Lying())
    assert scoreboard.main([]) == 1
    assert "matches, and Kibana does not" in capsys.readouterr().out
    monkeypatch.setitem(scoreboard.ENGINES, "spl", Lying("a stray bracket"))
    assert scoreboard.main([]) == 1
    assert "malformed: a stray bracket" in capsys.readouterr().out


@pytest.mark.usefixtures("unread")
def test_rules_in_eql_have_a_table_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (path,) = (path for path in OWN_RULES if path.match("windows_restricted_admin*.toml"))
    (folder := tmp_path / "eql").mkdir()
    shutil.copy(path, folder)
    text = path.read_text(encoding="utf-8")
    start, end = text.index("\nquery = '''"), text.index("'''\n\n[[rule.threat]]")
    query = "\nquery = '''sequence by host.id [process where true] [file where true]"
    (folder / "sequence.toml").write_text(text[:start] + query + text[end:], encoding="utf-8")
    monkeypatch.setenv("CORPUS", str(folder))
    monkeypatch.setitem(scoreboard.ENGINES, "spl", Lying())
    assert scoreboard.main([]) == 1
    printed = capsys.readouterr().out
    several = "1 that ask for several events, counted by type alone"
    assert printed.startswith(f"1 rules in EQL ({several}), field names kept\n")
    assert "spl, EQL: failures" in printed
    row = next(line for line in printed.splitlines() if line.startswith("elasticsearch rule "))
    assert row.split()[2:] == ["2/0/0/0/0"]  # the sequence among them


@pytest.mark.usefixtures("unread")
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
    assert set(found) == {(t.name, format) for t in kqlx.targets() for format in t.format_names}
    for by_type in found.values():
        for fate in by_type.values():
            assert fate.whole + fate.alone + fate.reasons.total() == 1
    search = found["elasticsearch", "search"]
    assert [str(search[rule.type]) for rule in rules] == ["1/0/0/0/0", "0/0/1/0/0", "1/0/0/0/0"]
    assert str(found["elasticsearch", "query"]["new_terms"]) == "0/1/0/0/0"
    assert any("indicators" in line for line in whole.reasons(found, 5))
    assert not whole.failures(found)
    assert len([*whole.table(found)]) == 1 + len(found)


SUPPRESSED = {"group_by": ["a.b"], "duration": {"value": 5, "unit": "h"}}
PLAIN = kqlx.Rule(
    name="x",
    query="a:b and process.name:c",
    id="1",
    data={"name": "x", "type": "query", "from": "now-9m", "alert_suppression": SUPPRESSED},
)


@pytest.mark.parametrize(
    ("target", "format", "right", "wrong"),
    [
        ("elasticsearch", "query", "{", "{{"),
        ("elasticsearch", "search", '"query"', '"queries"'),
        ("elasticsearch", "rule", '"risk_score"', '"risk"'),
        ("elasticsearch", "watcher", '"trigger"', '"triggers"'),
        ("spl", "query", 'a="b"', 'a="b'),
        ("spl", "savedsearches", "disabled = true\n", "disabled = true \\\n"),
        ("spl", "savedsearches", 'a="b"', 'a="b'),
        ("spl", "savedsearches", 'annotations = {"', "annotations = {"),
        ("spl", "escu", "version: 1", "version: one"),
        ("sentinel", "rule", "severity: Medium", "severity: Severe"),
        ("sentinel", "rule", '"b"', '"b'),
        ("sentinel", "arm", '"Medium"', '"Severe"'),
        ("sentinel", "arm", "| where ", "| where no() "),
        ("sentinel", "custom-detection", '"severity"', '"severities"'),
        ("sentinel", "custom-detection", "| where ", "| where no() "),
        ("sigma", "rule", "status: ", "state: "),
        ("sigma", "rule", "condition: ", "conditions: "),
    ],
)
def test_loaders_see_what_is_wrong(target: str, format: str, right: str, wrong: str) -> None:
    """Those of Sentinel's queries and of detections start slowly, so both are read at once."""
    if loaders.lacking() and (target == "sentinel" or format == "escu"):
        missing(loaders.lacking()[0])
    text = kqlx.convert(PLAIN, target, format=format, **whole.KEPT).text
    assert right in text
    taken, refused = loaders.load(target, format, [text, text.replace(right, wrong)])
    assert not taken
    assert refused


def test_what_is_malformed_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(target: str, format: str, texts: list[str]) -> list[list[str]]:
        return [["not loaded", "nor this"] if format == "rule" else [] for _ in texts]

    monkeypatch.setattr(loaders, "load", load)
    found = whole.fates([PLAIN], whole.KEPT)
    assert str(found["sigma", "rule"]["query"]) == "0/0/0/1/0"
    assert str(found["sigma", "query"]["query"]) == "1/0/0/0/0"
    assert "sigma rule: x: not loaded" in whole.failures(found)


def test_what_crashes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyError("a key")

    monkeypatch.setattr(kqlx, "convert", crash)
    found = whole.fates([PLAIN], whole.KEPT)
    assert {str(fate["query"]) for fate in found.values()} == {"0/0/0/0/1"}
    assert "sigma rule: x: KeyError: 'a key'" in whole.failures(found)


@pytest.mark.parametrize("folder", ["empty", "not there"])
def test_without_rules(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("CORPUS", str(tmp_path / folder))
    assert scoreboard.main([]) == 2


def test_like_reasons_are_counted_together() -> None:
    shape = whole.shape
    assert shape('a range on a.b_c, not "x"') == shape('a range on @timestamp, not ""')
    assert shape("the name vendor.*") == shape("the name a.b*.c")
    assert len(shape("word " * 100)) == 110
