"""Options: what they may be, and which targets take them; none that is given is swallowed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.backends.options import options_for, takes
from kqlx.backends.target import Options
from kqlx.batch.unused_options import ABOUT
from kqlx.settings import load
from tests.command_line import kqlx as run

VALUES: dict[str, Any] = {
    "exact": True,
    "annotate": True,
    "index": "main",
    "macro": "logs(1)",
    "new_terms": "lookup",
    "late_events": "2d",
    "table": "Mine",
    "case": "sensitive",
    "sequence": "join",
    "signers": "join",
    "networks": {"lookup": "asn", "network": "network", "number": "asn"},
    "locations": True,
    "compact": True,
    "time_zone": "Europe/Berlin",
    "case_insensitive": False,
    "ignore_unmapped": True,
    "filters_in_must": True,
}
"""A value of each option that is not the one that it has by itself."""

TARGETS = {target.name: target for target in kqlx.targets()}
LINE = {name for name in VALUES if name not in ("filters_in_must", "networks")}
"""The options that the command line has."""


def flags(name: str) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    value = VALUES[name]
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    return [flag, value]


def test_each_option_is_tried_here_and_is_for_some_target() -> None:
    assert set(VALUES) == {option.name for option in fields(Options)} - {"format"}
    for name in VALUES:
        assert any(takes(target, name) for target in TARGETS.values())
    for target in TARGETS.values():
        assert target.options <= set(VALUES)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", VALUES)
def test_an_option_that_a_target_does_not_take_is_an_error(name: str, target: str) -> None:
    given = {name: VALUES[name]}
    if takes(TARGETS[target], name):
        kqlx.convert("event.code:1", target, source="none", **given)
        return
    takers = [other for other in TARGETS if takes(TARGETS[other], name)]
    with pytest.raises(kqlx.UsageError, match=f"{name} does nothing for {target}") as error:
        kqlx.convert("event.code:1", target, source="none", **given)
    assert all(taker in error.value.hint for taker in takers)


@pytest.mark.parametrize("name", sorted(LINE - {"exact"}))
def test_the_command_line_says_so_too(name: str) -> None:
    others = [other for other in TARGETS if not takes(TARGETS[other], name)]
    query = ("--source", "none", "--format", "query", "-q", "event.code:1")
    done = run("convert", "--to", ",".join(others), *flags(name), *query)
    flag = flags(name)[0].replace("--no-", "--")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{flag} does nothing for {', '.join(others)}" in done.stderr
    assert "it is an option for" in done.stderr


@pytest.mark.parametrize("name", sorted(LINE))
def test_of_several_targets_one_that_takes_it_is_enough(name: str) -> None:
    query = ("--source", "none", "--format", "query", "-q", "event.code:1")
    done = run("convert", "--to", "all", *flags(name), *query)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("target", "name", "value", "message"),
    [
        ("sentinel", "case", "bogus", "is sensitive or insensitive, not 'bogus'"),
        ("spl", "new_terms", "bogus", "is stats or lookup, not 'bogus'"),
        ("elasticsearch", "time_zone", "Mars/Phobos", '"Mars/Phobos" is not a time zone'),
        ("elasticsearch", "time_zone", "", '"" is not a time zone'),
        ("spl", "index", "", "is not a name that Splunk accepts: ''"),
        ("spl", "index", "a b", "is not a name that Splunk accepts: 'a b'"),
        ("spl", "index", "a | delete", "is not a name that Splunk accepts"),
        ("spl", "macro", "", "is not a name that Splunk accepts: ''"),
        ("spl", "macro", "a`b", "is not a name that Splunk accepts: 'a`b'"),
        ("sentinel", "table", "", "is not a name that Sentinel accepts: ''"),
        ("sentinel", "table", "A | take 1", "is not a name that Sentinel accepts"),
        ("spl", "late_events", "soon", "must be a duration such as 1d or 12h, not 'soon'"),
        ("sentinel", "late_events", "", "must be a duration such as 1d or 12h, not ''"),
        ("spl", "late_events", "99999999w", "must be at most a year, not '99999999w'"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused(
    target: str, name: str, value: str, message: str
) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(kqlx.UsageError) as error:
        kqlx.convert("event.code:1", target, source="none", **given)
    assert message in str(error.value)
    flag = f"--{name.replace('_', '-')}"
    done = run("convert", "--to", target, flag, value, "--source", "none", "-q", "event.code:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize("name", ["compact", "case_insensitive", "ignore_unmapped", "exact"])
def test_a_switch_is_true_or_false(name: str) -> None:
    given: dict[str, Any] = {name: "yes"}
    with pytest.raises(kqlx.UsageError, match=f"{name} is true or false, not 'yes'"):
        kqlx.convert("a:b", "elasticsearch", **given)


def test_what_stays_as_it_is_is_not_asked_for() -> None:
    given: dict[str, Any] = {"compact": False, "table": None, "case_insensitive": None}
    assert kqlx.convert("event.code:1", "spl", source="none", **given).query
    with pytest.raises(kqlx.UsageError, match="has no option 'tabel'"):
        kqlx.convert("event.code:1", "sentinel", source="none", tabel="T")  # type: ignore[call-arg] # on purpose


def test_options_of_a_target_are_picked_out() -> None:
    assert options_for(TARGETS["sigma"], VALUES) == {"exact": True, "annotate": True}
    assert set(options_for(TARGETS["spl"], VALUES)) == {"exact", *TARGETS["spl"].options}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spl: {table: T}", "spl has no key 'table'"),
        ("sentinel: {index: main}", "sentinel has no key 'index'"),
        ("sigma: {index: main}", "sigma has no key 'index'"),
        ("spl: {index: ''}", "spl.index is not a name that Splunk accepts: ''"),
        ("spl: {macros: {o365.audit: 'a`b'}}", "is not a name that Splunk accepts"),
        ("sentinel: {table: 'A | take 1'}", "sentinel.table is not a name that Sentinel accepts"),
    ],
)
def test_settings_are_held_to_the_same(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "kqlx.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(kqlx.UsageError) as error:
        load(path)
    assert message in str(error.value)


WHOLE = """
[metadata]
maturity = "production"

[rule]
name = "Example"
description = "An example."
risk_score = 21
severity = "low"
rule_id = "11111111-2222-3333-4444-555555555555"
type = "query"
language = "kuery"
from = "now-9m"
interval = "5m"
query = "{query}"
"""
QUERY = "event.dataset:o365.audit and event.action:FileAccessed"
UNUSED = [
    ("spl", "savedsearches", "late_events", QUERY),
    ("spl", "savedsearches", "new_terms", QUERY),
    ("spl", "query", "late_events", QUERY),
    ("sentinel", "rule", "late_events", QUERY),
    ("sentinel", "query", "case", "source.port > 5"),
    ("sentinel", "query", "sequence", QUERY),
    ("elasticsearch", "query", "time_zone", QUERY),
    ("elasticsearch", "query", "ignore_unmapped", QUERY),
    ("elasticsearch", "query", "case_insensitive", "event.created > 2024-01-01"),
    ("sigma", "rule", "exact", "source.port > 5"),
]


def test_of_each_option_is_known_what_it_is_for() -> None:
    assert set(ABOUT) == LINE - {"annotate"}, (
        "which makes no difference to rules without such notes"
    )


@pytest.mark.parametrize(("target", "format", "name", "query"), UNUSED)
def test_an_option_that_no_rule_uses_is_told_once(
    target: str, format: str, name: str, query: str, tmp_path: Path
) -> None:
    for number in range(2):
        (tmp_path / f"{number}.toml").write_text(WHOLE.format(query=query), "utf-8")
    plain = ["--format", format, "--to", target, str(tmp_path)]
    if query != QUERY:
        plain += ["--source", "none"]
    done = run("convert", *flags(name), *plain)
    assert done.returncode == 0, done.stderr
    flag = flags(name)[0].replace("--no-", "--")
    assert done.stderr.count(f"warning: {flag} changes nothing here: it is for ") == 1
    assert done.stdout == run("convert", *plain).stdout


@pytest.mark.parametrize(
    ("target", "format", "flags", "more"),
    [
        ("spl", "savedsearches", ["--late-events", "2d"], 'timestamp_override = "event.ingested"'),
        ("spl", "savedsearches", ["--late-events", "1d"], 'timestamp_override = "event.ingested"'),
        ("sentinel", "rule", ["--late-events", "1d"], 'timestamp_override = "event.ingested"'),
        ("spl", "query", ["--index", "main"], ""),
        ("sentinel", "query", ["--case", "sensitive"], ""),
        ("sentinel", "query", ["--table", "Mine"], ""),
        ("elasticsearch", "query", ["--no-case-insensitive"], ""),
    ],
)
def test_an_option_that_some_rule_uses_is_not_told(
    target: str, format: str, flags: list[str], more: str, tmp_path: Path
) -> None:
    (tmp_path / "a.toml").write_text(WHOLE.format(query="source.port > 5") + more, "utf-8")
    (tmp_path / "b.toml").write_text(WHOLE.format(query="user.name:alice") + more, "utf-8")
    done = run(
        "convert", "--format", format, "--to", target, "--source", "none", *flags, str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "changes nothing" not in done.stderr
