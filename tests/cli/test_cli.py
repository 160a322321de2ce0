"""The command line as a stranger uses it: results, exit status, wrong input, pipes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import kqlx
from tests.conftest import GOLDEN, ROOT

RULE = ROOT / "rules/m365_user_restricted_from_sending_email.toml"
GOLDENS = GOLDEN / RULE.stem


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("elasticsearch", "elasticsearch.json"),
        ("es", "elasticsearch.json"),
        ("spl", "spl.spl"),
        ("splunk", "spl.spl"),
        ("sentinel", "sentinel.kql"),
        ("kusto", "sentinel.kql"),
        ("sigma", "sigma.yml"),
    ],
)
def test_converts_a_rule_by_every_name_of_a_target(name: str, file: str) -> None:
    run = kqlx("convert", "--to", name, RULE, new_process=True)
    assert run.returncode == 0
    assert run.stdout == (GOLDENS / file).read_text("utf-8")


def test_notes_go_to_standard_error_alone() -> None:
    convert = ("convert", "--to", "spl")
    quiet, loud = (kqlx(*convert, *verbose, RULE, new_process=True) for verbose in ([], ["-v"]))
    assert quiet.stdout == loud.stdout
    assert "[case: case-folded]" in quiet.stderr
    assert "constant-folded" not in quiet.stderr
    assert f"{RULE}:41:74: note: spl: event.category is" in loud.stderr


def test_several_results_stand_under_headings() -> None:
    run = kqlx("convert", "--to", "spl,sentinel", RULE)
    spl, sentinel = (GOLDENS / n for n in ("spl.spl", "sentinel.kql"))
    assert run.stdout == (
        f"``` {RULE} -> spl ```\n{spl.read_text('utf-8')}\n"
        f"// {RULE} -> sentinel\n{sentinel.read_text('utf-8')}"
    )
    assert (
        kqlx("convert", "--to", "all", *sorted((ROOT / "rules").glob("m365_*"))).stdout.count(
            " -> "
        )
        == 8
    )


@pytest.mark.parametrize("arguments", [("-",), ()])
def test_a_query_from_standard_input(arguments: tuple[str, ...]) -> None:
    convert = ("convert", "--to", "spl", "--source", "none")
    run = kqlx(*convert, *arguments, input="process.name:a\n", new_process=True)
    assert (run.returncode, run.stdout) == (0, 'process.name="a"\n')


def test_a_query_as_an_argument() -> None:
    run = kqlx("convert", "--to", "es", "-q", "f:😀")
    assert run.returncode == 0
    assert json.loads(run.stdout)["bool"]["should"] == [{"match": {"f": "😀"}}]


def test_names_are_kept_with_one_note_where_no_source_is_recognised() -> None:
    query = ("convert", "--to", "spl", "-q", "process.name:a and user.name:b")
    assert kqlx(*query).returncode == 1
    run = kqlx(*query, "--unmapped", "keep")
    assert run.stdout == 'process.name="a" user.name="b"\n'
    assert run.stderr.count("data source not recognised") == 1
    assert "--source" in run.stderr


def test_a_query_names_its_source() -> None:
    run = kqlx("convert", "--to", "spl", "-q", "event.dataset:o365.audit and user.id:a")
    assert run.stdout == 'sourcetype="o365:management:activity" UserId="a"\n'


def test_format_chooses_the_query_of_a_sigma_rule() -> None:
    run = kqlx("convert", "--to", "sigma", "--format", "query", RULE)
    assert run.stdout.startswith("logsource:\n")
    assert run.stdout.rstrip("\n") in (GOLDENS / "sigma.yml").read_text("utf-8")


def test_targets_version_and_help() -> None:
    listed = kqlx("targets").stdout
    assert [line.split(",")[0].split()[0] for line in listed.splitlines()] == [
        "elasticsearch",
        "sentinel",
        "sigma",
        "spl",
    ]
    assert kqlx("--version", new_process=True).stdout.startswith("kqlx ")
    assert "convert" in kqlx("--help", new_process=True).stdout


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rule_file(folder: Path, table: str) -> Path:
    return write(folder, "rule.toml", f'[rule]\nname = "a rule"\n{table}\n')


def test_a_syntax_error_shows_the_line_in_the_file(tmp_path: Path) -> None:
    path = rule_file(tmp_path, "query = '''\na:b and\n  c:http://x\n'''")
    run = kqlx("convert", "--to", "spl", path)
    assert (run.returncode, run.stdout) == (1, "")
    first, line, caret, hint = run.stderr.splitlines()
    assert (
        first == f"{path}:5:9: error: a value that contains a colon needs quotes [special-in-value]"
    )
    assert (line, caret) == (" 5 |   c:http://x", "   |         ^")
    assert '`c:"http://x"`' in hint


@pytest.mark.parametrize(
    ("table", "status", "message"),
    [
        ('language = "esql"\nquery = "process where true"', 1, ":3: info: the query is in 'esql'"),
        ('language = "esql"\nquery = "from x"', 1, ":3: info: the query is in 'esql'"),
        ('language = "lucene"\nquery = "a:b"', 1, ":3: info: the query is in 'lucene'"),
        ('type = "machine_learning"', 1, ":3: info: a machine learning rule has no query"),
        ('type = "query"', 1, "has no query"),
        ("query = 5", 1, "has no query"),
        ("query = ", 2, "not TOML"),
    ],
)
def test_rules_that_cannot_be_converted(
    tmp_path: Path, table: str, status: int, message: str
) -> None:
    path = rule_file(tmp_path, table)
    run = kqlx("convert", "--to", "spl", path)
    assert (run.returncode, run.stdout) == (status, "")
    assert message in run.stderr
    assert str(path) in run.stderr
    assert run.stderr.count("error:") == (
        0 if "the query is in" in message or "learning" in message else 1
    )


def test_unreadable_input(tmp_path: Path) -> None:
    for path, message in [
        (tmp_path / "none.toml", "no such file or folder"),
        (tmp_path, "no rule files (*.json"),
        (
            write(tmp_path.parent, "latin1.toml", b'[rule]\nname = "caf\xe9"'),
            "not UTF-8 at byte 18",
        ),
        (write(tmp_path.parent, "other.toml", "[tool]\n"), "no [rule] table"),
    ]:
        run = kqlx("convert", "--to", "spl", path)
        assert (run.returncode, run.stdout) == (2, "")
        assert f"{path}: {message}" in run.stderr or f"{path}: error: {message}" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "qradar", "-q", "a"), "unknown target 'qradar'"),
        (("--to", "spl,", "-q", "a"), "unknown target ''"),
        (("--to", "base", "-q", "a"), "unknown target 'base'"),
        (("--to", "spl", "--format", "rule", "-q", "a:b"), "Splunk SPL has no format 'rule'"),
        (("--unmapped", "drop", "-q", "a"), "unmapped is error, keep or comment, not 'drop'"),
        (("--accept", "loss", "-q", "a"), "accept takes coverage, wider, narrower or different"),
        (("-q", "a", "b.toml"), "either files or --query"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    run = kqlx("convert", *(() if "--to" in arguments else ("--to", "spl")), *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr


def test_an_unknown_data_source_says_which_is_near() -> None:
    run = kqlx("convert", "--to", "spl", "--source", "o356", "-q", "a:b", new_process=True)
    assert run.returncode == 2
    assert "hint: did you mean o365.audit?" in run.stderr
    far = kqlx("convert", "--to", "spl", "--source", "bogus", "-q", "a:b")
    assert "hint: kqlx sources lists those there are; none keeps all names" in far.stderr


def test_an_unmapped_field_is_refused_and_can_be_kept(tmp_path: Path) -> None:
    path = rule_file(tmp_path, 'query = "event.dataset:o365.audit and source.geo.city_name:Oslo"')
    run = kqlx("convert", "--to", "spl", path)
    assert (run.returncode, run.stdout) == (1, "")
    assert f"{path}:3:39: error: spl: source.geo.city_name has no counterpart" in run.stderr
    kept = kqlx("convert", "--to", "spl", "--unmapped", "keep", path)
    assert kept.returncode == 0
    assert kept.stdout.endswith(' source.geo.city_name="Oslo"\n')
    assert "[unmapped: no-counterpart]" in kept.stderr


def test_a_rule_of_an_unknown_source_is_refused(tmp_path: Path) -> None:
    path = rule_file(tmp_path, 'query = "process.name:a"\nindex = ["logs-x-*"]')
    run = kqlx("convert", "--to", "spl", path)
    assert (run.returncode, run.stdout) == (1, "")
    assert "data source not recognised" in run.stderr
    assert kqlx("convert", "--to", "spl", "--source", "none", path).stdout == 'process.name="a"\n'


def test_what_may_miss_events_is_refused_until_accepted() -> None:
    arguments = ("convert", "--to", "spl", "--source", "none", "-q", "evil and a:b")
    run = kqlx(*arguments)
    assert (run.returncode, run.stdout) == (1, "")
    assert "the result would be different" in run.stderr
    assert kqlx(*arguments, "--accept", "different").stdout == '"evil" a="b"\n'


def test_one_bad_rule_does_not_stop_the_others(tmp_path: Path) -> None:
    shutil.copy(RULE, tmp_path / "b.toml")
    write(tmp_path, "a.toml", "[rule]\nbroken")
    write(tmp_path, "c.toml", '[rule]\nname="c"\nlanguage="esql"\nquery="any where true"\n')
    run = kqlx("convert", "--to", "spl", tmp_path, new_process=True)
    assert run.returncode == 2
    result = (GOLDENS / "spl.spl").read_text("utf-8")
    assert run.stdout == f"``` {tmp_path / 'b.toml'} -> spl ```\n{result}"
    assert "a.toml:2:7: error: not TOML" in run.stderr
    assert "the query is in" not in run.stderr
    assert "1 skipped (1 esql); 1 file not read" in run.stderr


def test_the_reader_of_a_pipe_may_leave_early() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "kqlx", "convert", "--to", "all", *[str(RULE)] * 400],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_odd_texts_pass_through_unharmed() -> None:
    query = 'f:"C:\\\\Windows \\"x\\"" and g:\'a\' and h:€'
    run = kqlx("convert", "--to", "spl", "--source", "none", "-q", query, new_process=True)
    assert run.stdout == 'f="C:\\\\Windows \\"x\\"" g="\'a\'" h="€"\n'


def test_input_that_is_no_utf8(tmp_path: Path) -> None:
    run = kqlx("convert", "--to", "spl", "-", input=b"a:\xff", new_process=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert "not UTF-8 at byte 2" in run.stderr


@pytest.mark.skipif(os.name == "nt", reason="the environment of a POSIX terminal")
def test_output_is_utf8_whatever_the_locale() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "kqlx", "convert", "--to", "spl", "--source", "none", "-q", "f:€"],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert run.stdout.decode() == 'f="€"\n'
