"""``kqlx fmt``, ``kqlx lint`` and ``kqlx test`` as a stranger uses them."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path

import pytest

from kqlx.rules.formats import toml
from tests.cli.test_cli import rule_file, write
from tests.command_line import kqlx
from tests.conftest import ROOT

RULE = ROOT / "rules/m365_user_restricted_from_sending_email.toml"


def test_fmt_prints_canonical_kql() -> None:
    run = kqlx("fmt", "-q", 'f:a OR f:b AND NOT "g":(c)')
    assert (run.returncode, run.stdout) == (0, "f:a or f:b and not g:c\n")
    assert kqlx("fmt", input="a:1 OR a:2").stdout == "a:(1 or 2)\n"
    assert kqlx("fmt", "--width", "20", "-q", "field:one and other:two").stdout == (
        "field:one and\n  other:two\n"
    )


def test_fmt_shows_a_syntax_error() -> None:
    run = kqlx("fmt", "-q", "a:b c:d")
    assert (run.returncode, run.stdout) == (1, "")
    assert "query:1:6: error:" in run.stderr


def test_fmt_checks_and_writes_files(tmp_path: Path) -> None:
    path = rule_file(tmp_path, "query = '''\nf:a  OR f:b\n'''\nrisk_score = 5 # kept")
    run = kqlx("fmt", "--check", path)
    assert (run.returncode, run.stdout) == (1, "")
    assert f"{path}: would be formatted" in run.stderr
    assert kqlx("fmt", "--write", tmp_path).returncode == 0
    assert path.read_text("utf-8") == (
        "[rule]\nname = \"a rule\"\nquery = '''\nf:(a or b)\n'''\nrisk_score = 5 # kept\n"
    )
    again = kqlx("fmt", "--check", tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert [p.name for p in tmp_path.iterdir()] == ["rule.toml"]


def test_fmt_does_not_write_what_it_checks(tmp_path: Path) -> None:
    path = rule_file(tmp_path, "query = 'f:a  OR f:b'")
    before = path.read_bytes()
    run = kqlx("fmt", "--check", "--write", path)
    assert (run.returncode, path.read_bytes()) == (2, before)
    assert run.stderr == "error: --check and --write exclude each other\n"


@pytest.mark.parametrize("option", ["--check", "--write"])
def test_fmt_in_place_wants_files(option: str) -> None:
    run = kqlx("fmt", option, "-q", "a:b")
    assert (run.returncode, run.stdout) == (2, "")
    assert "need files" in run.stderr


@pytest.mark.parametrize(
    "text",
    [
        '[rule]\nquery = "a:b"\n',
        "[rule]\nquery = 'a:b'\n[metadata]\nquery = 'x'\n",
        "[metadata]\nquery='x'\n[rule]\n'query' = 'y'\nother = '''\nquery = \"z\"\n'''\nquery2=1\n",
        '[rule]\nquery = """\na:\\"b\\"\n"""\n',
        "[rule]\r\nquery = '''\r\na:b\r\n'''\r\nname = 'x'\r\n",
        "[rule]\n  query='''a:b''' # say\nnote = 'query = \"no\"'\n",
        "[[rule.threat]]\nquery = 'no'\n[rule]\nquery = 'a:b'",
    ],
)
@pytest.mark.parametrize("query", ["x:y", 'x:"y"', "x:'y'", "x:'''", 'x:"\\\\" and\n  y:1', "'"])
def test_only_the_query_of_a_rule_file_changes(text: str, query: str) -> None:
    new = toml.replace(text, 0, query)
    old = tomllib.loads(text)
    if new is None:  # a quoted key is not found, and nothing is changed
        assert "'query'" in text
        return
    data = tomllib.loads(new)
    assert data["rule"].pop("query").rstrip("\n") == query
    old["rule"].pop("query")
    assert data == old
    assert ("\r\n" in new) == ("\r\n" in text)
    assert new.startswith(text[: text.index("query")])


def test_lint_points_into_the_file(tmp_path: Path) -> None:
    path = rule_file(tmp_path, "query = '''\nfile.name:(a or\n  b or a)\n'''")
    run = kqlx("lint", path)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{path}:5:8: ")
    assert "[repeated-value]" in run.stdout
    assert run.stderr == ""


def test_lint_is_silent_on_what_is_well() -> None:
    run = kqlx("lint", *sorted((ROOT / "rules").glob("m365_*.toml")))
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_lint_reports_what_is_no_kql() -> None:
    run = kqlx("lint", "-q", "a:b:c")
    assert (run.returncode, run.stdout) == (1, "")
    assert "error" in run.stderr


EVENTS = [
    {"event": {"dataset": "o365.audit", "provider": "SecurityComplianceCenter"}},
    {
        "event": {
            "dataset": "o365.audit",
            "provider": "SecurityComplianceCenter",
            "category": ["web", "iam"],
            "action": "User restricted from sending email",
            "outcome": "success",
        }
    },
]


def lines(*events: object) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def test_prints_the_events_that_match(tmp_path: Path) -> None:
    file = write(tmp_path, "events.ndjson", lines(*EVENTS))
    run = kqlx("test", RULE, "--events", file)
    assert run.returncode == 0
    assert [json.loads(line) for line in run.stdout.splitlines()] == [EVENTS[1]]
    zipped = write(tmp_path, "events.ndjson.gz", gzip.compress(lines(*EVENTS).encode()))
    assert kqlx("test", RULE, "--events", zipped, "--count").stdout == "1\n"
    assert kqlx("test", RULE, "--count", input=lines(*EVENTS, *EVENTS)).stdout == "2\n"


def test_events_are_printed_as_they_were() -> None:
    lines = ['{"a": 1.50, "b": 1e3, "b":2}', '{"_index":"i","_source":{"a":1.5}}']
    run = kqlx("test", "-q", "a:1.5", input="".join(f"{line}\r\n" for line in lines))
    assert run.stdout.splitlines() == lines


def test_a_broken_line_is_reported_and_passed_over() -> None:
    run = kqlx("test", "-q", "a:1", "--count", input='{"a":1}\n{broken\n\n[1]\n{"a":"1"}\n')
    assert (run.returncode, run.stdout) == (1, "2\n")
    assert [line.split(":")[0] for line in run.stderr.splitlines()] == ["line 2", "line 4"]


def test_explains_one_event(tmp_path: Path) -> None:
    file = write(tmp_path, "events.ndjson", lines(*EVENTS))
    run = kqlx(
        "test",
        "--explain",
        "-q",
        "event.provider:S* and not event.outcome:success",
        "--events",
        file,
        "--line",
        "2",
    )
    assert run.stdout == (
        "no   event.provider:S* and not event.outcome:success\n"
        "yes    event.provider:S*\n"
        "no     not event.outcome:success\n"
        "yes      event.outcome:success\n"
    )
    assert kqlx("test", "--explain", "-q", "a:1", "--events", file, "--line", "9").returncode == 2


def test_field_types_decide(tmp_path: Path) -> None:
    types = {"properties": {"n": {"type": "long"}, "t": {"type": "text"}}}
    file = write(tmp_path, "mapping.json", json.dumps(types))
    arguments = ("test", "--count", "-q", "n >= 9 and t:quick")
    event = lines({"n": "10", "t": "the quick fox"})
    assert kqlx(*arguments, "--fields", file, input=event).stdout == "1\n"
    assert kqlx(*arguments, input=event).stdout == "0\n"


def test_no_place_is_shown_that_is_not_that_of_the_reason() -> None:
    """The test that is left out has a place, and so has the reason of the refusal."""
    query = "event.dataset:windows.sysmon_operational and event.code:1 and process.pid:1"
    query += " and x.y:b and not process.args:a*b*c"
    run = kqlx("convert", "--to", "spl", "--unmapped", "comment", "-q", query)
    assert run.returncode == 1
    assert run.stderr.splitlines()[0] == (
        f"query:1:{query.index('process.args') + 1}: error: spl: the result would be narrower:"
        " process.args: matched as a whole word anywhere in CommandLine; CommandLine may contain"
        " XML escapes, such as &amp;, in the part that is searched [narrower: approximated]"
    )


def test_says_that_elasticsearch_refuses_the_search() -> None:
    run = kqlx("test", "-q", "a:b or process.pid:abc", input='{"a":"b"}')
    assert (run.returncode, run.stdout) == (0, '{"a":"b"}\n')
    assert run.stderr == (
        "query:1:20: warning: Elasticsearch refuses the search: process.pid is of type long, and"
        ' "abc" is not a number; here that part matches nothing\n'
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either a rule file or --query"),
        ((str(RULE), "-q", "a"), "give either a rule file or --query"),
        (("-q", "a", "--events", "missing.ndjson"), "missing.ndjson"),
        (("-q", "a", "--fields", "missing.json"), "missing.json"),
        ((str(ROOT / "rules"),), "only one rule can be tested at a time"),
        (("missing.toml",), "no such file"),
    ],
)
def test_wrong_usage_of_test(arguments: tuple[str, ...], message: str) -> None:
    run = kqlx("test", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
