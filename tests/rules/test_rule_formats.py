"""The formats of rule files: broken ones first, what is kept, and where a query stands."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.errors import RuleError
from kqlx.rules.load import load_text
from kqlx.rules.rewrite import rewrite
from tests.command_line import kqlx as run

ONE: dict[str, Any] = {
    "name": "one",
    "rule_id": "1",
    "type": "query",
    "language": "kuery",
    "query": 'a:1 and "b":c',
    "x_ours": [{"kept": None}],
    "exceptions_list": [{"list_id": "L", "namespace_type": "single", "type": "rule_default"}],
}
TWO = {"name": "two 😀", "query": "c:d", "license": None}
EQL = {"name": "e", "type": "esql", "language": "esql", "query": "any where true"}
ITEM = {
    "list_id": "L",
    "name": "known",
    "entries": [{"type": "match", "field": "u", "operator": "included", "value": "x"}],
}
DEEP = "[" * 101 + "]" * 101
BOMB = "query: a\na0: &a0 {}\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
REST = [{"list_id": "L", "type": "rule_default"}, ITEM, {"exported_count": 2}]


def lines(*objects: Any) -> str:
    return "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in objects)


def load(folder: Path, name: str, text: str | bytes) -> kqlx.RuleSet:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return kqlx.load_rules(path)


def messages(found: kqlx.RuleSet, folder: Path) -> list[str]:
    return [error.message.removeprefix(f"{folder}/") for error in found.errors]


def test_a_broken_line_of_an_export_does_not_stop_the_others(tmp_path: Path) -> None:
    text = lines(ONE) + '{"name":\n[1]\n{} {}\n' + lines({"a": 1}, EQL, {**TWO, "name": 5}, TWO)
    found = load(tmp_path, "r.ndjson", text + lines(*REST))
    assert [(rule.name, rule.line) for rule in found.rules] == [("one", 1), ("two 😀", 8)]
    assert [(skipped.kind, skipped.line) for skipped in found.skipped] == [("esql", 6)]
    assert messages(found, tmp_path) == [
        "r.ndjson:2:9: not JSON: the text ends too early",
        "r.ndjson:3:1: expected an object",
        "r.ndjson:4: not a detection rule: no query",
        "r.ndjson:4: not a detection rule: no query",
        "r.ndjson:5: not a detection rule: no query",
        "r.ndjson:7: rule.name must be a string, not an integer",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.json", '[{"query": "a"},\n {"query": }]', "r.json:2:12: not JSON: unexpected }"),
        ("r.json", '{"query": "a"', "r.json:1:14: not JSON: the text ends too early"),
        ("r.json", '{"query": NaN}', "r.json:1:1: not JSON: NaN is not a JSON"),
        ("r.json", '[{"query": "a"} {}]', "r.json:1:17: not JSON: expected a comma or the end of"),
        ("r.json", "[" * 100_000, "r.json:1:101: nested too deeply"),
        ("r.json", '[\n{"query": "a", "x": ' + DEEP + "}]", "r.json:2:119: nested too deeply"),
        ("r.ndjson", '{"query": "a"}\n{"query": "b", "x": ' + DEEP + "}", "r.ndjson:2:120: nested"),
        ("r.yml", "query: a\nx: " + DEEP, "r.yml:2:103: nested too deeply"),
        ("r.yml", "query: a\nx:\n" + "- " * 101 + "1", "r.yml:3:199: nested too deeply"),
        ("r.json", '{"query": ' + "9" * 5000 + "}", "r.json:1:1: not JSON: a number has too many"),
        ("r.yml", "query: a\nx: " + "9" * 5000, "r.yml:1: not YAML: a number that cannot be read"),
        ("r.json", "[5]", "r.json:1:2: expected an object"),
        ("r.json", "nonsense", "r.json:1:1: not JSON: unexpected nonsense"),
        ("r.json", '{"name": "x", "type": "query"}', "r.json: the rule has no query"),
        ("r.json", '{"type": "query", "saved_id": "s"}', "r.json: the rule has no query of its"),
        (
            "r.json",
            '{"query": "a", "type": []}',
            "r.json: rule.type must be a string",
        ),
        ("r.json", '{"query": " "}', "r.json: the query is empty: it would match every event"),
        ("r.json", '{"query": "a", "threat": [null]}', "r.json: rule.threat[0] must be a table, "),
        ("r.yml", "name: a\nquery: [\n", "r.yml:3:1: not YAML: "),
        ("r.yml", "query: a\nquery: b\n", "r.yml:2:1: not YAML: the key query is given twice"),
        ("r.yml", "query: !x a\n", "r.yml:1:8: not YAML: "),
        ("r.yml", "query: *a\n", "r.yml:1:8: not YAML: "),
        ("r.yml", "- a\n", "r.yml:1:3: expected a mapping"),
        ("r.yml", "title: x\ndetection: {}\n", "r.yml: not a detection rule: no query"),
        ("r.yml", "query: \x1b\n", "r.yml:1: not YAML: "),
        ("r.kql", " \n", "r.kql: the file is empty"),
        ("r.ndjson", b"\xff{}", "r.ndjson: not UTF-8 at byte 0"),
        ("r.toml", "rule = 5", "r.toml: no [rule] table"),
        ("r.json", '{"query": "a", "query": "b"}', "r.json:1: not JSON: the key query is given t"),
        ("r.json", '{"query": "a", "exceptions_list": 5}', "r.json: rule.exceptions_list must be"),
        ("r.yml", "query: a\nx: &x [*x]\n", "r.yml:1: not read: by its aliases the text holds it"),
        ("r.yml", BOMB, "r.yml:1: not read: by its aliases the text expands to more than 1,000,"),
        ("r.kql", "a:b".encode("utf-16-le"), "r.kql: not UTF-8, and without the byte order mark"),
        ("r.kql", "a:b".encode("utf-16-be"), "r.kql: not UTF-8, and without the byte order mark"),
        ("r.kql", "a:b".encode("utf-32"), "r.kql: not UTF-8, and without the byte order mark"),
    ],
)
def test_what_is_broken_is_told_with_its_place(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    error = messages(load(tmp_path, name, text), tmp_path)[-1]
    assert error.startswith(message)


def test_what_its_library_refuses_for_depth_is_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries have limits of their own, which differ by version and are met before ours."""
    for name, text in [
        ("r.yml", "query: a\nx: " + "[" * 100_000),
        ("r.yml", "query: a\nx: " + "{a: " * 100_000),
        ("r.json", '{"query": "a",\n"x": ' + "[" * 100_000),
        ("r.ndjson", '{"query": "a"}\n{"query": "a", "x": ' + "[" * 100_000),
        ("r.toml", "[rule]\nx = " + "[" * 100_000),
    ]:
        (message,) = messages(load(tmp_path, name, text), tmp_path)
        assert re.fullmatch(rf"{name}:2:\d+: nested too deeply", message)

    def limited(loader: Any) -> None:
        raise yaml.scanner.ScannerError("while going deeper", None, "exceeded some limit", None)

    monkeypatch.setattr(yaml.scanner.Scanner, "fetch_flow_sequence_start", limited)
    (message,) = messages(load(tmp_path, "r.yml", "query: a\nx: " + DEEP), tmp_path)
    assert message == "r.yml:2:104: nested too deeply"
    (message,) = messages(load(tmp_path, "r.yml", "query: a\nx: [1]"), tmp_path)
    assert message.startswith("r.yml:1: not YAML: ")


def test_depth_up_to_the_limit_is_read(tmp_path: Path) -> None:
    """And every artifact can be made of it."""
    deep = "[" * 97 + "]" * 97
    for name, text in [
        ("r.yml", "name: a\nquery: 'a:b'\nx: " + deep),
        ("r.json", '{"name": "a", "query": "a:b", "x": ' + deep + "}"),
        ("r.toml", "[rule]\nname = 'a'\nquery = 'a:b'\nx = " + deep),
    ]:
        (rule,) = load(tmp_path, name, text).rules
        for target in kqlx.targets():
            for form in target.format_names:
                with contextlib.suppress(kqlx.UnsupportedError):
                    kqlx.convert(rule, target.name, source="none", format=form)


def test_what_stands_before_a_broken_part_is_kept(tmp_path: Path) -> None:
    found = load(tmp_path, "r.json", '[{"query": "a"}, 5')
    assert [rule.query for rule in found.rules] == ["a"]
    assert len(found.errors) == 2
    found = load(tmp_path, "r.yml", "query: a\n---\nquery: b\n---\nquery: [\n")
    assert [(rule.query, rule.line) for rule in found.rules] == [("a", 1), ("b", 3)]


YAML = "- name: one\n  query: |\n    a:1 and\n      b:c\n  made: 2024-01-01\n- query: 'c:d'\n"


@pytest.mark.parametrize(
    ("name", "text", "queries", "lines"),
    [
        ("r.ndjson", lines(ONE, TWO, *REST), [ONE["query"], "c:d"], [1, 2]),
        ("r.json", json.dumps(TWO, indent=1), ["c:d"], [0]),
        ("r.json", lines(ONE, TWO), [ONE["query"], "c:d"], [1, 2]),
        ("r.json", json.dumps([ONE, TWO], indent=1), [ONE["query"], "c:d"], [2, 21]),
        ("r.json", json.dumps({"total": 1, "data": [TWO]}), ["c:d"], [1]),
        ("r.json", "[]", [], []),
        ("r.json", json.dumps({"type": "security-rule", "attributes": TWO}), ["c:d"], [0]),
        ("r.yaml", YAML, ["a:1 and\n  b:c\n", "c:d"], [1, 6]),
        ("r.yml", "name: x\nquery: c:d\n", ["c:d"], [0]),
        ("r.yml", "---\nquery: c:d\n---\n---\nquery: d\n", ["c:d", "d"], [2, 5]),
        ("r.kql", "c:d\r\nand e:f\r\n", ["c:d\r\nand e:f\r\n"], [0]),
        ("r.txt", "c:d", ["c:d"], [0]),
        ("r.txt", "[rule]\nquery = 'c:d'\n", ["c:d"], [0]),
        ("r.rule", lines(ONE, TWO), [ONE["query"], "c:d"], [1, 2]),
        ("r", "c:d and\n😀:e", ["c:d and\n😀:e"], [0]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_format_is_read(
    tmp_path: Path,
    name: str,
    text: str,
    queries: list[str],
    lines: list[int],
    end: str,
    encoding: str,
) -> None:
    text = text.replace("\r\n", "\n").replace("\n", end)
    found = load(tmp_path, name, text.encode(encoding))
    assert not found.errors
    read = [rule.query.replace("\r\n", "\n") for rule in found.rules]
    assert read == [query.replace("\r\n", "\n") for query in queries]
    assert [rule.line for rule in found.rules] == lines


def test_nothing_is_lost_and_exceptions_find_their_rule(tmp_path: Path) -> None:
    one, two = load(tmp_path, "r.ndjson", lines(ONE, TWO, *REST)).rules
    assert (one.document, two.document) == (ONE, TWO)
    assert (one.exceptions, two.exceptions) == ({("single", "L"): (ITEM,)}, {})
    assert kqlx.convert(one, source="none").text == 'a="1" b="c" NOT u="x"'
    text = "[rule]\nquery = 'a'\nwhen = 2024-01-01\n[transform]\nx = 1\n[metadata]\ny = 2\n"
    (found,) = load(tmp_path, "r.toml", text).rules
    assert found.document["transform"] == {"x": 1}
    assert found.metadata == {"y": 2}
    (found,) = load(tmp_path, "r.yml", "query: a\nmade: 2024-01-01\non: 1\n").rules
    assert found.document["made"] == "2024-01-01"


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("r.json", '{\n "query":  "c:d"}', (2, 13, 0)),
        ("r.json", '{"query": "c:\\u0064"}', (1, 0, 0)),
        ("r.json", '[\n{"x": {"query": "c:d"}, "query": "c:d"}]', (2, 0, 0)),
        ("r.ndjson", lines(EQL) + '{"query": "c:d"}\n', (2, 12, 0)),
        ("r.yml", "name: x\nquery:   c:d\n", (2, 10, 0)),
        ("r.yml", 'query: "c:d"\n', (1, 9, 0)),
        ("r.yml", 'query: "c:\\x64"\n', (1, 0, 0)),
        ("r.yml", "query: |\n   c:d\n", (2, 4, 3)),
        ("r.yml", "query: >-\n   c:d\n", (1, 0, 0)),
    ],
)
def test_where_a_query_stands(
    tmp_path: Path, name: str, text: str, place: tuple[int, int, int]
) -> None:
    (found,) = load(tmp_path, name, text).rules
    assert (found.first_line, found.first_column, found.indent) == place


@pytest.mark.parametrize("query", ["e:f", 'e:"f\\\\" and 😀:*', "e:f and\n  g:h", "it's:x"])
@pytest.mark.parametrize(
    ("name", "text", "old"),
    [
        ("r.ndjson", lines({"query": "n"}, TWO, *REST), '"c:d"'),
        ("r.json", json.dumps([{"query": "c"}, {"q": {"query": "c:d"}, **TWO}], indent=1), None),
        ("r.json", json.dumps({"query": "c:d"}), '"c:d"'),
        ("r.yml", "name: x\nquery: c:d  # ours\nlast: 2024-01-01\n", "c:d"),
        ("r.yml", "- query: x\n- a: 1\n  query: 'c:d'\n  b: 2\n", "'c:d'"),
        ("r.yml", "a: 1\nquery: |\n   c:d\nb: 2\n", "|\n   c:d\n"),
        ("r.yml", "a: 1\nquery: >-\n   c:d", ">-\n   c:d"),
        ("r.kql", "\n c:d\r\n", "c:d"),
    ],
)
def test_all_but_the_query_is_kept(
    tmp_path: Path, name: str, text: str, old: str | None, query: str
) -> None:
    rule = load(tmp_path, name, "\ufeff" + text).rules[-1]
    rewrite(rule, query)
    new = (tmp_path / name).read_bytes().decode()
    again = kqlx.load_rules(tmp_path / name).rules[-1]
    assert again.query.replace("\r\n", "\n").strip() == query
    if old is not None:
        before, after = text.split(old)
        assert new.startswith("\ufeff" + before)
        assert new.endswith(after)
    assert {**again.document, "query": 0} == {**rule.document, "query": 0}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.yml", "query: c:d\n---\nquery: [\n"),
        ("r.yml", "query: &a c:d\nother: *a\n"),
        ("r.kql", "c:d".encode("utf-16")),
    ],
)
def test_what_cannot_be_rewritten_is_told(tmp_path: Path, name: str, text: str | bytes) -> None:
    (rule,) = load(tmp_path, name, text).rules
    before = (tmp_path / name).read_bytes()
    with pytest.raises(RuleError, match=r"cannot locate the query|only files in UTF-8"):
        rewrite(rule, "e:f")
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("a:b", "query"),
        ("[a] and b:c", "query"),
        ("query:x and name:y", "query"),
        ("name:\n  y and query:\n  x", "query"),
        ("# x\n[rule]\r\nquery = 'a'", "toml"),
        ('\n{"query": "a"}', "json"),
        ('[ {"query": "a"}]', "json"),
        (lines(ONE, TWO), "ndjson"),
        ("name: x\nquery: a:b", "yaml"),
        ("- name: x\n  query: a:b", "yaml"),
    ],
)
def test_a_format_is_told_by_the_content(text: str, format: str) -> None:
    found = load_text(text.encode(), "standard input")
    assert {rule.format for rule in found.rules} == {format}
    assert not found.errors


def test_folders_and_patterns(tmp_path: Path) -> None:
    names = ["a.kql", "b.KUERY", "c/d.json", "c/e.ndjson", "f.yml", "notes.txt", "x.md"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"query": "a"}' if "n" in name[-5:] else "query: a\n")
    found = kqlx.load_rules(tmp_path)
    assert [rule.path.name for rule in found.rules if rule.path] == [
        name.rpartition("/")[2] for name in names[:5]
    ]
    assert len(kqlx.load_rules(tmp_path / "*.k*").rules) == 1 + (tmp_path / "b.kuery").exists()
    assert len(kqlx.load_rules(tmp_path / "**" / "*.ndjson").rules) == 1
    with pytest.raises(RuleError, match="no such file"):
        kqlx.load_rules(tmp_path / "*.none")


# The command line


def test_an_export_on_standard_input() -> None:
    done = run("convert", "--to", "spl", "--source", "none", input=lines(ONE, TWO, EQL, EQL, *REST))
    assert done.returncode == 0
    assert '``` standard input:1 -> spl ```\na="1" b="c" NOT u="x"\n' in done.stdout
    assert '``` standard input:2 -> spl ```\nc="d"\n' in done.stdout
    assert "2 rules: spl 2 converted (2 case); 2 skipped (2 esql)\n" in done.stderr


def test_places_in_an_export_and_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_text(lines(TWO, {"query": "a:b c:d"}))
    assert f"{tmp_path / 'r.ndjson'}:2:" in run("lint", tmp_path / "r.ndjson").stderr
    (tmp_path / "r.yml").write_text("query: |\n  a:b and\n  c:d:e\n")
    done = run("lint", tmp_path / "r.yml")
    assert f"{tmp_path / 'r.yml'}:3:6: error:" in done.stderr


def test_files_are_formatted_in_place(tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    path.write_text(lines({**TWO, "query": "a:b   and c:d"}, {**ONE, "query": "x:(y  or z)"}))
    assert run("fmt", "--write", path).returncode == 0
    assert path.read_text("utf-8") == lines(
        {**TWO, "query": "a:b and c:d"}, {**ONE, "query": "x:(y or z)"}
    )


def test_events_are_tested_with_the_filters(tmp_path: Path) -> None:
    script = {"query": {"script": {"script": "true"}}}
    shut = {"meta": {"negate": True}, "query": {"exists": {"field": "no"}}}
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"query": "a:b", "filters": [shut, script]}))
    events = '{"a": "b"}\n{"a": "b", "no": 1}\n'
    done = run("test", path, input=events)
    assert (done.returncode, done.stdout) == (0, '{"a": "b"}\n')
    assert "filter 2 is not converted: it is a script" in done.stderr
    explained = run("test", path, "--explain", "--line", "2", input=events)
    assert "no     not no:*" in explained.stdout


def test_a_query_file_keeps_its_names(tmp_path: Path) -> None:
    (tmp_path / "r.kuery").write_text("process.name:a\n")
    done = run("convert", "--to", "spl", "--source", "none", tmp_path / "r.kuery")
    assert (done.returncode, done.stdout) == (0, 'process.name="a"\n')
    assert (
        run("convert", "--to", "spl", tmp_path / "r.kuery").returncode == 1
    )  # as any query without a source


def saved(source: object, kind: str = "search", **attributes: object) -> dict[str, object]:
    meta = {"kibanaSavedObjectMeta": {"searchSourceJSON": source}}
    return {"type": kind, "attributes": {"title": "saved", **meta, **attributes}}


@pytest.mark.parametrize(
    ("object", "why"),
    [
        (saved('{"query": {"query": "a:b", '), "searchSourceJSON: not JSON: "),
        (saved("no JSON at all"), "searchSourceJSON: not JSON: "),
        (saved('{"query": {"query": "a:b"}} {}'), "searchSourceJSON: not JSON: "),
        (saved('{"query": {"query": NaN}}'), "searchSourceJSON: not JSON: "),
        (saved("[" * 2000), "searchSourceJSON: "),
        (saved("[1]"), "searchSourceJSON: expected a JSON object"),
        (saved(7), "searchSourceJSON: expected a JSON object"),
        (saved('{"query": "a:b"}'), "searchSourceJSON, query: expected an object"),
        (saved("{}", "query", query="a:b"), "query: expected an object"),
    ],
)
@pytest.mark.parametrize("suffix", ["ndjson", "json", "yml"])
def test_a_saved_object_whose_query_cannot_be_read_is_an_error(
    tmp_path: Path, object: dict[str, object], why: str, suffix: str
) -> None:
    good = saved('{"query": {"query": "c:d", "language": "kuery"}, "filter": []}')
    text = "\n---\n".join(map(json.dumps, (object, good)))
    if suffix != "yml":
        text = lines(object, good)
    found = load(tmp_path, f"r.{suffix}", text)
    assert [rule.query for rule in found.rules] == ["c:d"]
    (error,) = found.errors
    assert f"a saved object that cannot be read: attributes.{why}".replace(
        "attributes.s", "attributes.kibanaSavedObjectMeta.s"
    ) in str(error)


@pytest.mark.parametrize(
    "object",
    [
        saved("{}"),
        saved('{"filter": []}'),
        saved(None),
        saved("{}", "osquery-saved-query", query="select 1"),
        {"type": "index-pattern", "attributes": {"title": "logs-*"}},
    ],
)
def test_a_saved_object_without_a_query_is_passed_over(
    tmp_path: Path, object: dict[str, object]
) -> None:
    found = load(tmp_path, "r.ndjson", lines(object, TWO))
    assert [rule.query for rule in found.rules] == ["c:d"]
    assert not found.errors
