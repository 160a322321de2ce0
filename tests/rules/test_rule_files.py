"""Rule files of every kind of damage, and where in them a query stands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import kqlx
from kqlx.errors import RuleError
from kqlx.rules.formats import toml
from kqlx.rules.model import Rule, Skipped
from kqlx.rules.rewrite import rewrite


def read(folder: Path, text: str | bytes) -> Rule | Skipped:
    path = folder / "rule.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = kqlx.load_rules(path)
    if found.errors:
        raise found.errors[0]
    assert len(found.rules) + len(found.skipped) == 1
    return found.rules[0] if found.rules else found.skipped[0]


def rule(folder: Path, text: str | bytes) -> Rule:
    found = read(folder, text)
    assert isinstance(found, Rule)
    return found


MITRE = '[[rule.threat]]\nframework = "MITRE ATT&CK"\n'


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('threat = ["x"]', "rule.threat[0] must be a table, not a string"),
        ("threat = 1", "rule.threat must be an array of tables, not an integer"),
        (
            MITRE + '[[rule.threat.technique]]\nname = "x"',
            "rule.threat[0].technique[0] has no id",
        ),
        (
            MITRE + "[[rule.threat.technique]]\nid = 1078",
            "rule.threat[0].technique[0].id must be a string, not an integer",
        ),
        (
            MITRE + '[[rule.threat.technique]]\nid = "T1"\nsubtechnique = [{}]',
            "rule.threat[0].technique[0].subtechnique[0] has no id",
        ),
        (MITRE + 'technique = "T1"', "rule.threat[0].technique must be an array of tables"),
        (MITRE + 'tactic = "TA1"', "rule.threat[0].tactic must be a table, not a string"),
        (MITRE + "tactic = {id = 1}", "rule.threat[0].tactic.id must be a string"),
        ("[[rule.threat]]\nframework = 1", "rule.threat[0].framework must be a string"),
        ("index = 5", "rule.index must be an array of strings, not an integer"),
        ("index = ['a', 5]", "rule.index[1] must be a string, not an integer"),
        ("references = 1", "rule.references must be an array of strings"),
        ("false_positives = true", "rule.false_positives must be an array of strings"),
        ("tags = {a = 1}", "rule.tags must be an array of strings, not a table"),
        ("author = 2020-01-01", "rule.author must be an array of strings, not a date"),
        ("name = ['x']", "rule.name must be a string, not an array"),
        ("description = 1.5", "rule.description must be a string, not a float"),
        ("severity = 3", "rule.severity must be a string"),
        ("license = true", "rule.license must be a string, not a boolean"),
        ("rule_id = 1", "rule.rule_id must be a string"),
        ("type = 1", "rule.type must be a string"),
        ("language = []", "rule.language must be a string"),
        ("new_terms_fields = 5", "rule.new_terms_fields must be an array of strings"),
        (
            "new_terms = {field = 'new_terms_fields', value = 5}",
            "rule.new_terms_fields must be an array of strings, not an integer",
        ),
        ("threat_index = 5", "rule.threat_index must be an array of strings"),
        ("threshold = 5", "rule.threshold must be a table, not an integer"),
        ("threshold = {field = [{}]}", "rule.threshold.field[0] must be a string, not a table"),
        ("alert_suppression = 5", "rule.alert_suppression must be a table"),
        ("threat_mapping = [{entries = [{field = 5}]}]", "rule.threat_mapping[0].entries[0].field"),
        ("risk_score = true", "rule.risk_score must be a number, not a boolean"),
        ("from = 5", "rule.from must be a string, not an integer"),
        ("x = [{a = nan}]", "rule.x[0].a: nan is no number that Kibana takes"),
        ("x.y = 0x" + "f" * 5000, "rule.x.y: a number has too many digits"),
    ],
)
def test_a_wrong_type_is_told_with_its_key(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        read(tmp_path, f'[rule]\nquery = "event.dataset:o365.audit"\n{table}\n')
    assert caught.value.message.startswith(f"{tmp_path / 'rule.toml'}: {message}")
    assert caught.value.readable


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rule]\nx = " + "[" * 3000 + "]" * 3000, ":2:105: nested too deeply"),
        ("[rule]\nx = " + "{a=" * 3000 + "1" + "}" * 3000, ":2:305: nested too deeply"),
        ("[rule]\nx = " + "[" * 101 + "]" * 101, ":2:105: nested too deeply"),
        ("[rule]\nx" + ".a" * 5000 + " = 1", ":2: nested too deeply"),
        ("[rule]\nx = 1\n[rule" + ".a" * 5000 + "]\ny = 1", ":3: nested too deeply"),
        ("[rule]\nx = " + "9" * 5000, ": not TOML: a number has too many digits"),
        ('[rule]\nquery = "a\0"', ":2:11: not TOML: "),
        ("[rule]\nquery = 'a:b'\r[x]", ":2:14: not TOML: "),
        ("[rule]\nquery = [", ":2:10: not TOML: "),
        ("\ufeff\ufeff[rule]", ":1:1: not TOML: "),
        (b"[rule]\nquery = '\xff'", ": not UTF-8 at byte 16"),
        ("rule = 1", ": no [rule] table"),
    ],
)
def test_what_is_no_toml_is_told(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        read(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'rule.toml'}{message}")
    assert not caught.value.readable


@pytest.mark.parametrize("target", ["spl", "sigma", "es"])
@pytest.mark.parametrize(
    "table",
    [
        'author = "One"\nindex = "logs-o365*"',  # a single string counts as an array of one
        "metadata = 1\nunknown = [[1], {a = [1]}]",
        'name = ""\nthreat = []',
        'name = "a\\u0000\\u001b"\ndescription = "\\u0000"',
        '[[rule.threat]]\nframework = "other"\ntechnique = [{id = "x"}]',
        MITRE,
    ],
)
def test_odd_rules_are_converted_all_the_same(tmp_path: Path, table: str, target: str) -> None:
    query = "event.dataset:o365.audit and user.id:a"
    found = rule(tmp_path, f'metadata = 5\n[rule]\nquery = "{query}"\n{table}')
    assert kqlx.convert(found, to=target).text


def test_a_byte_order_mark_is_accepted_and_kept(tmp_path: Path) -> None:
    found = rule(tmp_path, '\ufeff[rule]\nquery = "a:b"\n')
    assert (found.first_line, found.first_column) == (2, 10)
    rewrite(found, "c:d")
    assert (tmp_path / "rule.toml").read_bytes() == '\ufeff[rule]\nquery = "c:d"\n'.encode()


def test_a_file_that_is_read_only_is_not_rewritten(tmp_path: Path) -> None:
    found = rule(tmp_path, '[rule]\nquery = "a:b"\n')
    path = tmp_path / "rule.toml"
    path.chmod(0o444)
    with pytest.raises(RuleError, match="read-only"):
        rewrite(found, "c:d")
    assert path.read_text("utf-8") == '[rule]\nquery = "a:b"\n'


def test_values_that_are_no_number_do_not_hinder_rewriting() -> None:
    text = '[rule]\nquery = "a:b"\nweight = nan\n'
    assert toml.replace(text, 0, "c:d") == text.replace("a:b", "c:d")


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        ("x = 1\r\n", "'''\na:b\n'''\n", "'''\nc:d\n'''\n"),
        ("x = 1\n", "'''\r\na:b\r\n'''\n", "'''\r\nc:d\r\n'''\n"),
    ],
)
def test_the_query_keeps_its_own_line_ends(before: str, old: str, new: str) -> None:
    text = f"{before}[rule]\nquery = "
    assert toml.replace(text + old, 0, "c:d") == text + new


@pytest.mark.parametrize("query", ['""', "'  '", "'''\n \t\n'''"])
def test_an_empty_query_is_refused(tmp_path: Path, query: str) -> None:
    with pytest.raises(RuleError, match="the query is empty: it would match every event"):
        read(tmp_path, f"[rule]\nquery = {query}\n")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('type = "esql"\nquery = "process where true"', "line 2: the query is in 'esql'"),
        ('type = "esql"\nquery = "from x"', "line 2: the query is in 'esql'"),
        ("type = 'esql'\nlanguage = 'kuery'\nquery = 'any where true'", "line 2: the query is in"),
        ('type = "machine_learning"', "line 2: a machine learning rule"),
        ('type = "query"\nlanguage = "lucene"\nquery = "a"', "line 3: the query is in 'lucene'"),
        ("note = '''\nlanguage = 'esql'\n'''\nlanguage = 'esql'", "line 5: the query is in 'esql'"),
        ("note = '''\ntype = 'esql'\n'''\n'type' = 'esql'", "line 5: the query is in 'esql'"),
        ("# type = 'esql'\ntype = 'esql'", "line 3: the query is in 'esql'"),
    ],
)
def test_other_languages_are_passed_over(tmp_path: Path, table: str, reason: str) -> None:
    found = read(tmp_path, f"[rule]\n{table}\n")
    assert isinstance(found, Skipped)
    assert f"line {found.line}: {found.reason}".startswith(reason)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[rule]\nquery = 'a:b'\n", 2, 10),
        ("[rule]\n\t query='''a:b'''\n", 2, 12),
        ("[rule]\nquery = '''\na:b'''", 3, 1),
        ("[rule]\r\nquery = '''\r\na:b\r\nand c:d'''\r\n", 3, 1),
        ("[rule]\ndescription = 'like a:b'\nquery = 'a:b'", 3, 10),
        ("[rule]\ndescription = '''\nquery = 'a:b'\n'''\nquery = 'a:b'", 5, 10),
        ('[rule]\nnote = """\n\\"""\nquery = \'a:b\'\n"""\nquery = "a:b"', 6, 10),
        ("[rule]\n# '''\nquery = 'a:b' # '''\n", 3, 10),
        ("[rule]\nx = '#' # query = 'a:b'\nquery = 'a:b'", 3, 10),
        ("[[other.osquery]]\nquery = 'a:b'\n[rule]\nquery = 'a:b'", 4, 10),
        ("[rule]\nquery = 'a:b'\n[[other.osquery]]\nquery = 'a:b'", 2, 10),
        ("[[other.osquery]]\nquery = 'a:c'\n[rule]\n\"query\" = 'a:b'", 4, 12),
        ("rule.query = 'a:b'", 1, 15),
        ('[rule]\nname = "x"\nquery = "\\u0061:b"\n', 3, 0),
        ('[rule]\nquery = """\na:b \\\n  or c"""\n', 2, 0),
        ('[rule]\nquery = "a:\\"b\\""\ndescription = \'a:"b"\'\n', 2, 0),
        ("rule = {name = 'x', query = 'a:b'}", 0, 0),
    ],
)
def test_where_a_query_begins(tmp_path: Path, text: str, line: int, column: int) -> None:
    found = rule(tmp_path, text)
    assert (found.first_line, found.first_column) == (line, column)
    if column:
        rest = "\n".join(text.replace("\r\n", "\n").split("\n")[line - 1 :])[column - 1 :]
        assert rest.startswith(found.query)


def test_a_query_within_a_query_changes_alone() -> None:
    text = "[rule]\nnote = '''\nquery = 'a:b'\n'''\nquery = 'a:b'\n"
    assert toml.replace(text, 0, "c") == text[: text.rindex("query")] + 'query = "c"\n'


def test_a_folder_is_read_in_order_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    names = ["b/a.toml", "a.toml", "b.toml", "a-b/c.toml", "B.toml", "c.toml/d.toml"]
    hidden = [".git/x.toml", ".x.toml", "b/.hidden/x.toml", "b/.toml"]
    for name in [*names, *hidden, "b/x.txt"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[rule]\nquery = 'a:b'\n", "utf-8")
    found = [rule.path for rule in kqlx.load_rules(tmp_path).rules]
    assert found == sorted((tmp_path / name for name in names), key=lambda path: path.parts)
    assert len(kqlx.load_rules(str(tmp_path / ".git")).rules) == 1  # asked for by name


def test_a_folder_of_hidden_files_alone_has_no_rules(tmp_path: Path) -> None:
    (tmp_path / ".a.toml").write_text("", "utf-8")
    with pytest.raises(RuleError, match="no rule files"):
        kqlx.load_rules(tmp_path)


@pytest.mark.parametrize(
    ("path", "shown", "hint"),
    [
        ("missing.toml", "missing.toml", False),
        ("my rules/missing.toml", "my rules/missing.toml", False),
        ("missing", "missing", False),
        (r"C:\rules", r"C:\rules", False),
        ("process.name:cmd.exe", "process.name:cmd.exe", True),
        ("url:http://x", "url:http://x", True),
        ("not\n  powershell", "not powershell", True),
        (f"name:{'x' * 5000}", f"name:{'x' * 94}…", True),
        ("x" * 300, f"{'x' * 99}…", False),
        (__file__ + "/a:b", __file__ + "/a:b", True),
    ],
)
def test_a_path_that_is_none(path: str, shown: str, hint: bool) -> None:
    with pytest.raises(RuleError) as caught:
        kqlx.load_rules(path)
    error = caught.value
    assert (error.message, error.readable) == (f"{shown}: no such file or folder", False)
    assert error.hint == ("if this is a query, give it with -q" if hint else "")


def test_a_path_with_a_nul() -> None:
    with pytest.raises(RuleError, match="no such file"):
        kqlx.load_rules("a\0b")


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied", "the/path")


def test_a_folder_without_search_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated, for the super-user may look everywhere."""
    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(RuleError) as caught:
        kqlx.load_rules("a/b.toml")
    assert (caught.value.message, caught.value.readable) == ("a/b.toml: Permission denied", False)


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "scandir", refuse)
    (error,) = kqlx.load_rules(tmp_path).errors
    assert (error.message, error.readable) == ("the/path: Permission denied", False)


@pytest.mark.skipif(sys.platform == "win32", reason="links want a privilege there")
def test_links_that_lead_nowhere_or_round(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to("nowhere")
    (tmp_path / "b.toml").symlink_to("b.toml")
    found = kqlx.load_rules(tmp_path)
    assert [error.readable for error in found.errors] == [False, False]
    with pytest.raises(RuleError, match=r"b\.toml: "):
        kqlx.load_rules(tmp_path / "b.toml")
