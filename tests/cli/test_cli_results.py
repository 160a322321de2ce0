"""Several targets and several results: what is checked first, and how the output can be read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection

from kqlx.backends import targets
from kqlx.backends.comments import heading
from kqlx.convert import convert
from kqlx.errors import UsageError
from tests.cli.test_cli import RULE, rule_file, write
from tests.command_line import kqlx
from tests.conftest import GOLDEN, ROOT
from tests.oracles.kusto import analyse

RULES = sorted((ROOT / "rules").glob("m365_*.toml"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "sigma,spl", "--format", "rule"), "Splunk SPL has no format 'rule'"),
        (("--to", "all", "--format", "rule"), "has no format 'rule'"),
        (("--to", "spl,all,nothing"), "unknown target 'nothing'"),
        (("--source", "bogus"), "no mapping pack for the data source 'bogus'"),
        (("--to", "es,spl", "--source", "bogus"), "no mapping pack for the data source 'bogus'"),
        (("--accept", "same"), "accept takes coverage, wider, narrower or different, not 'same'"),
        (
            ("--accept", "unmapped"),
            "accept takes coverage, wider, narrower or different, not 'unmapped'",
        ),
        (("--accept", "narrower", "--accept", "loss"), "not 'loss'"),
    ],
)
def test_choices_are_checked_before_anything_is_printed(
    arguments: tuple[str, ...], message: str
) -> None:
    run = kqlx("convert", "--to", "spl", *arguments, RULE)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert run.stderr.count("error:") == 1


def test_the_library_checks_the_same_choices() -> None:
    with pytest.raises(UsageError, match="wider, narrower or different, not 'same'"):
        convert("a:b", accept=["same"])
    with pytest.raises(UsageError, match="unmapped is error, keep or comment, not 'drop'"):
        convert("a:b", unmapped="drop")  # type: ignore[arg-type] # on purpose
    with pytest.raises(UsageError, match="no mapping pack"):
        convert("a:b", to="es", source="bogus")


def test_every_target_is_converted_once() -> None:
    arguments = ("convert", "--source", "none", "-q", "process.name:a")
    assert kqlx(*arguments, "--to", "spl,splunk").stdout == 'process.name="a"\n'
    everything = kqlx(*arguments, "--to", "all").stdout
    assert everything.count(" -> ") == 4
    assert kqlx(*arguments, "--to", "all,spl").stdout == everything
    assert kqlx(*arguments, "--to", "spl, es").stdout.startswith("``` query -> spl ```\n")


def test_a_syntax_error_is_told_once() -> None:
    for query, options in [("a:b:c", ()), ("a:*b", ("--no-leading-wildcards",))]:
        run = kqlx("convert", "--to", "all", *options, "-q", query)
        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr.count("error:") == 1


def test_one_target_that_fails_does_not_stop_the_others() -> None:
    run = kqlx("convert", "--to", "all", "--source", "none", "-q", "whoami")
    assert run.returncode == 1
    assert json.loads(run.stdout.partition("\n")[2])["multi_match"]["query"] == "whoami"
    assert set(re.findall("error: ([a-z]+):", run.stderr)) == {"sentinel", "sigma", "spl"}


def test_sigma_rules_are_a_stream_that_pysigma_loads() -> None:
    out = kqlx("convert", "--to", "sigma", *RULES, *RULES).stdout
    loaded = SigmaCollection.from_yaml(out)
    assert len(loaded.rules) == 2 * len(RULES)
    assert not [error for rule in loaded for error in rule.errors]
    documents = list(yaml.safe_load_all(out))
    goldens = [GOLDEN / path.stem / "sigma.yml" for path in RULES] * 2
    assert documents == [yaml.safe_load(path.read_text("utf-8")) for path in goldens]
    assert f"\n\n---\n# {RULES[1]} -> sigma\ntitle: " in out


def test_elasticsearch_queries_are_a_stream_of_json() -> None:
    text = kqlx("convert", "--to", "es,elasticsearch", *RULES).stdout.lstrip()
    found: list[Any] = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    goldens = [GOLDEN / path.stem / "elasticsearch.json" for path in RULES]
    assert found == [json.loads(path.read_text("utf-8")) for path in goldens]


def test_sentinel_queries_stand_under_comments_that_microsofts_analyser_takes() -> None:
    out = kqlx("convert", "--to", "sentinel", *RULES).stdout
    assert re.findall(r"^// (.*)$", out, re.MULTILINE) == [f"{path} -> sentinel" for path in RULES]
    assert analyse([part.rstrip("\n") for part in out.split("\n\n")]) == [[], []]


def test_spl_queries_stand_under_comments() -> None:
    out = kqlx("convert", "--to", "spl", *RULES).stdout
    shown = re.findall(r"^``` (.*) ```$", out, re.MULTILINE)
    assert shown == [f"{path} -> spl" for path in RULES]


def test_a_heading_cannot_leave_its_line_or_comment() -> None:
    name = "a\nb\u2028```c{}.toml"
    for target in targets():
        line = heading(target, name, mixed=True)
        assert len(line.splitlines()) == (2 if target.name == "sigma" else 1)
        assert line.count("```") == (2 if target.name == "spl" else 0)
        assert "c{}.toml" in line


ESCAPED = 'query = "a:b and\\n  c:http://x"'


def test_a_query_with_escapes_has_places_of_its_own(tmp_path: Path) -> None:
    path = rule_file(tmp_path, ESCAPED)
    run = kqlx("convert", "--to", "spl", path)
    assert run.stderr.splitlines()[:3] == [
        f"{path}:3: error: line 2, column 9 in the query: "
        "a value that contains a colon needs quotes [special-in-value]",
        " 2 |   c:http://x",
        "   |         ^",
    ]


def test_notes_and_lints_of_a_query_with_escapes(tmp_path: Path) -> None:
    path = rule_file(tmp_path, 'query = "event.action:(\\u0061 or a)"')
    lint = kqlx("lint", path)
    assert lint.stdout.startswith(f"{path}:3: line 1, column 20 in the query: this value")
    run = kqlx("convert", "--to", "spl", "--source", "none", path)
    start = f"{re.escape(str(path))}:3: note: spl: line 1, column [0-9]+ in the query: "
    assert re.search(start, run.stderr)
    path = write(tmp_path, "rule.toml", 'rule = {query = "a:b:c"}\n')
    run = kqlx("convert", "--to", "spl", path)
    assert run.stderr.startswith(f"{path}: error: line 1, column 4 in the query: ")


def test_a_description_that_quotes_the_query_does_not_draw_the_place(tmp_path: Path) -> None:
    path = rule_file(tmp_path, "description = '''\nquery = 'a:b:c'\n'''\nquery = 'a:b:c'")
    run = kqlx("convert", "--to", "spl", path)
    assert run.stderr.startswith(f"{path}:6:13: error: ")
    assert "\n 6 | a:b:c\n" in run.stderr


def test_a_query_in_the_place_of_a_file() -> None:
    for query in ("process.name:cmd.exe and not user.id:x", "process.name:(" + "a or " * 99):
        run = kqlx("convert", "--to", "spl", query)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr.endswith(
            ": no such file or folder\n  hint: if this is a query, give it with -q\n"
        )
        assert len(run.stderr.splitlines()[0]) < 140


def test_exit_statuses_of_rules(tmp_path: Path) -> None:
    for table, status, message in [
        ('query = " "', 1, "the query is empty: it would match every event"),
        ("query = 'a:b'\nindex = 5", 1, "rule.index must be an array of strings"),
        ("x = " + "[" * 3000, 2, "nested too deeply"),
        ("type = 'esql'\nquery = 'any where true'", 1, ":3: info: the query is in 'esql'"),
    ]:
        run = kqlx("convert", "--to", "spl", rule_file(tmp_path, table))
        assert (run.returncode, run.stdout) == (status, "")
        assert message in run.stderr
