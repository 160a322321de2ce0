"""Splunk's own tools on whole rules: contentctl's models, and AppInspect's checks of an app. Each
is started once for all documents, for they load slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import kqlx
from kqlx.rules.load import load_rules
from tests import corpus
from tests.conftest import GOLDEN, OWN_RULES
from tests.oracles.splunk_tools import app_problems, detection_problems
from tests.spl.test_splunk_conf import CLOUDTRAIL

KEPT: Mapping[str, Any] = {"source": "none", "unmapped": "keep"}
ACCEPTED = ["wider", "narrower", "different"]

HOSTILE = [
    "a \"quoted\" 'name'",
    "line\nfeed\r\n[evil]\nsearch = | delete",
    "[[action|ping]] [half",
    "# no comment ; nor this",
    "a: b",
    "- item",
    "{{ 7*7 }} {% raw %} {{{{ %name%",
    "$token$ `macro` ```comment``` ````",
    "ends in a backslash \\",
    "*alias &anchor !tag |",
    "null",
    "2026-11-22",
    "emoji 🦊, Ünïcødé, \u2028 \x85 \ufeff",
    "NUL \x00, \x1b and half a \ud800",
    "---\nname: x",
    "\ttab",
    "'''\"\"\"",
]
SUPPRESSION = {"group_by": ["source.ip", "host.name"], "duration": {"value": 5, "unit": "h"}}
ODD: list[dict[str, Any]] = [
    {"alert_suppression": SUPPRESSION},  # by fields that the query does not name
    {"max_signals": 1},
    {"building_block_type": "default"},
    {"false_positives": ["no"]},
    {"false_positives": [""]},
    {"description": "d " * 6_000, "note": "n $x$\n" * 5_000, "author": ["a"] * 200},
    {"risk_score": 0, "severity": "critical"},
    {"risk_score": 101.5, "severity": "none"},
    {"references": ["https://example.com/a b", "http://", "https://[x", "ftp://x", "https://ü.de"]},
    {"threat": [{"tactic": {"id": "TA0001"}, "technique": [{"id": "T1"}, {"id": "T1078"}]}]},
]


def hostile(text: str) -> kqlx.Rule:
    data: dict[str, Any] = dict.fromkeys(("name", "description", "note", "setup", "license"), text)
    data |= {key: [text] for key in ("author", "tags", "references", "false_positives")}
    data |= {"severity": "low", "from": "now-9m", "type": "query"}
    return kqlx.Rule(name=text, query=CLOUDTRAIL, id=text, data=data, format="toml")


def ours() -> Iterator[tuple[kqlx.Rule, Mapping[str, Any]]]:
    """Rules of the project and of these tests, with the options of their conversion."""
    for path in OWN_RULES:
        mapped = path.stem.startswith(("aws_", "m365_", "okta_"))
        yield load_rules(path).rules[0], {} if mapped else KEPT
    yield from ((hostile(text), {}) for text in HOSTILE)
    for number, data in enumerate(ODD):
        name = f"Odd rule {number}"
        rule = kqlx.Rule(name, "event.action:a", data={"type": "query", **data})
        yield rule, KEPT


def theirs() -> Iterator[tuple[kqlx.Rule, Mapping[str, Any]]]:
    """Some of the real rules, if there are any; the scoreboard has them all read."""
    yield from ((rule, KEPT) for _, rule in list(corpus.rules())[::4])


def texts(format: str, rules: Iterable[tuple[kqlx.Rule, Mapping[str, Any]]]) -> Iterator[str]:
    for rule, options in rules:
        with suppress(kqlx.UnsupportedError):
            yield kqlx.convert(rule, "spl", format=format, accept=ACCEPTED, **options).text


PLAIN = kqlx.Rule(
    "A rule", CLOUDTRAIL, data={"type": "query", "severity": "medium", "from": "now-9m"}
)
WRONG_DETECTIONS = [
    ("version: 1", "version: one"),
    ("type: TTP", "type: Rule"),
    ("status: experimental", "status: new"),
    ("search: ", "query: "),
    ("asset_type: AWS Account", "asset_type: Cloud"),
    ("score: 47", "score: 470"),
    ("| `a_rule_filter`", "| `another_filter`"),
    ("- 'event_hash'", "- 'source.ip'"),
    ("tests: []", "tests: []\n\tx: 1"),
]


def test_contentctl_takes_the_detections() -> None:
    right = [path.read_text("utf-8") for path in sorted(GOLDEN.glob("*/spl.escu.yml"))]
    right += [*texts("escu", ours()), *texts("escu", theirs())]
    assert len(right) > 50
    plain = kqlx.convert(PLAIN, "spl", format="escu").text
    wrong = [plain.replace(*pair) for pair in WRONG_DETECTIONS]
    found = detection_problems([*right, plain, *wrong])
    assert [problem for problems in found[: len(right) + 1] for problem in problems] == []
    pairs = zip(WRONG_DETECTIONS, found[len(right) + 1 :], strict=True)
    assert [pair for pair, problems in pairs if not problems] == []  # else it would show nothing


WRONG_SEARCHES = [
    ("cron_schedule = */5 * * * *", "cron_schedule = */5 * * *"),
    ("dispatch.earliest_time = -9m@m\n", ""),
    ("dispatch.latest_time = now\n", ""),
    ("disabled = true", "disabled = true\ndisabled = false"),
]


def test_appinspect_takes_the_searches(tmp_path: Path) -> None:
    right = ["\n\n".join(texts("savedsearches", rules)) + "\n" for rules in (ours(), theirs())]
    assert right[0].count("\n[") > 40
    plain = kqlx.convert(PLAIN, "spl", format="savedsearches").text
    wrong = "\n\n".join(
        plain.replace(*pair).replace("A rule", f"Wrong {number}")
        for number, pair in enumerate(WRONG_SEARCHES)
    )
    *taken, seen = app_problems([*right, f"{wrong}\n"], tmp_path)
    assert taken == [[], []]
    unseen = [n for n in range(len(WRONG_SEARCHES)) if f"Wrong {n} -" not in " ".join(seen)]
    assert unseen == []  # else it would show nothing
