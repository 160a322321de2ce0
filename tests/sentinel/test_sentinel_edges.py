"""Sentinel where two things could be taken for one another: a single value for an array, a list for
a column, a value in a query for its spelling in an event.
"""

from __future__ import annotations

import json

import pytest

import kqlx
from kqlx.mappings.field_list import parse
from tests.oracles import sentinel
from tests.oracles.kusto import analyse


def written(query: str) -> str:
    return str(kqlx.convert(query, "sentinel", source="none").query)


def rows_of(query: str, column: str, values: list[object]) -> set[int]:
    """The numbers of the values that come out, kept as JSON in the dynamic column; None is null."""
    texts = [None if value is None else json.dumps(value) for value in values]
    columns = {column: "dynamic"} | ({"x": "string"} if "['x']" in written(query) else {})
    stored = [[number, text, ""][: len(columns) + 1] for number, text in enumerate(texts)]
    return sentinel.execute(written(query), columns, stored)


ARGUMENTS: list[object] = [
    "ab", 'x,"ab', '["ab"]', ["x", "ab"], ['x,"ab'], '{"k":["y","ab","z"]}', "xab", [], None
]  # fmt: skip


@pytest.mark.parametrize("pattern", ["ab*", "*ab", "*a*b*", "a*b", '*\\"*', "[*", "*]", "x*b"])
@pytest.mark.parametrize("negation", ["", "not "])
def test_a_single_value_that_looks_like_an_array(pattern: str, negation: str) -> None:
    """Such as the argument of a command line that is JSON."""
    query = f"{negation}process.args:{pattern}"
    wanted = {
        number
        for number, value in enumerate(ARGUMENTS)
        if kqlx.matches(query, {"process": {"args": value}})
    }
    assert rows_of(query, "process.args", ARGUMENTS) == wanted


def test_numbers_below_a_flattened_field() -> None:
    values: list[object] = [{"a": 75}, {"a": "75"}, {"a": [1, 75]}, {"a": True}, {"a": 57}, None]
    assert rows_of("file.elf.imports.a:tr*", "file.elf.imports", values) == {3}
    assert rows_of('file.elf.imports:""', "file.elf.imports", [{"a": []}, *values]) == set()
    assert rows_of("file.elf.imports.a:n*", "file.elf.imports", values) == set()
    assert rows_of("file.elf.imports:*u*", "file.elf.imports", [{"a": None}, *values]) == {4}
    assert rows_of("file.elf.imports.a:7*", "file.elf.imports", values) == {0, 1, 2}
    assert rows_of("file.elf.imports.a:t*", "file.elf.imports", values) == {3}
    assert rows_of("file.elf.imports.a:75", "file.elf.imports", values) == {0, 1, 2}
    assert rows_of("file.elf.imports.a:(true or b)", "file.elf.imports", values) == {3}
    assert rows_of("file.elf.imports:7*", "file.elf.imports", values) == {0, 1, 2}


@pytest.mark.parametrize(
    ("path", "test", "element"),
    [
        ("threat.enrichments", "indicator.ip:10.0.0.0/8", {"indicator": {"ip": "10.1.1.1"}}),
        ("threat.enrichments", 'indicator.ip:"::1"', {"indicator": {"ip": "0:0:0:0:0:0:0:1"}}),
        ("threat.enrichments", 'indicator.first_seen:"2026-01-02"',
         {"indicator": {"first_seen": 1767312000000}}),
        ("threat.enrichments", "indicator.description.text:(foo bar)",
         {"indicator": {"description": "a Bar"}}),
        ("file.elf.sections", "physical_size:1e3", {"physical_size": 1000}),
        ("file.elf.sections", 'name:"a\\"b"', {"name": 'a"b'}),
        ("file.elf.sections", "name:a*bc", {"name": "axbc"}),
    ],
)  # fmt: skip
def test_a_group_in_an_or_misses_no_spelling_of_a_value(
    path: str, test: str, element: dict[str, object]
) -> None:
    assert rows_of(f"x:1 or {path}:{{ {test} }}", path, [[element], [{"other": "1"}]]) == {0}


@pytest.mark.parametrize(
    ("test", "line"),
    [
        ("name.caseless:A", '    where tostring(element.name) =~ "A"'),
        ("name.text:a", '    where tostring(element.name) has "a"'),
        ('name:""', "    where isnotnull(element) and isempty(element.name)"),
    ],
)
def test_a_field_of_a_group(test: str, line: str) -> None:
    assert line in written(f"file.elf.sections:{{ {test} }}").splitlines()


def test_a_list_has_no_name_of_a_column() -> None:
    """Kusto would take the column."""
    values = " or ".join(f"v{i}" for i in range(51))
    query = written(f"a.b:({values}) and a_b_values:c")
    assert query.endswith("| where ['a.b'] in (a_b_values_2)\n| where a_b_values == \"c\"")


def test_an_object_of_a_group_has_no_name_of_a_column() -> None:
    """It would take the place of the column in the result."""
    query = written("a:{ b:1 } and element:2")
    assert "| mv-apply element_ = ['a'] on (" in query


@pytest.mark.parametrize(
    ("query", "excluded"),
    [
        ("not message:cmd.exe", {"run cmd.exe now", "CMD.EXE"}),
        ('not message:"run cmd.exe"', {"run cmd.exe now"}),
        ("not message:10.0.0.1", {"from 10.0.0.1"}),
    ],
)
def test_words_with_full_stops_below_a_not(query: str, excluded: set[str]) -> None:
    messages = ["run cmd.exe now", "cmdxexe", "CMD.EXE", "from 10.0.0.1", "10.0.0.12", "10a0b0c1"]
    stored = [[number, text] for number, text in enumerate(messages)]
    left = sentinel.execute(written(query), {"message": "string"}, stored)
    assert {text for number, text in stored if number not in left} == excluded


FIELDS = {
    "d": "date",
    "n": "long",
    "f": "flattened",
    "parts": "nested",
    "parts.n": "long",
    "user.name": "match_only_text",
}


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ('d > "2026-01-02"', "| where ['d'] >= datetime(2026-01-03)"),
        ("n:5", "| where ['n'] == 5"),
        ("not n >= 5", "| where not(coalesce(['n'] >= 5, false))"),
        ("f.a:x", "| where ['f'].a == \"x\" or set_has_element(['f'].a, \"x\")"),
        ("parts.n:5", "| where false"),
        ("parts:{ n > 5 }", "    where tolong(element.n) > 5"),
        ("user.name:x", "| where ['user.name'] has \"x\""),
        ("user.id:x", "| where ['user.id'] == \"x\""),
    ],
)
def test_types_of_a_field_list(query: str, line: str) -> None:
    listed = [{"name": name, "type": "?", "esTypes": [type]} for name, type in FIELDS.items()]
    result = kqlx.convert(query, "sentinel", source="none", fields=parse(listed))
    assert line in str(result.query).splitlines()
    assert "type-assumed" not in {note.code for note in result.notes}


def test_steps_of_a_path_that_are_keywords() -> None:
    """As the keys of flattened fields are, the rows of an array and columns in capitals."""
    names = ["as", "byte", "float", "has_any", "like", "sample", "simple", "TRUE", "__id", "user"]
    columns = {"file.elf.imports": "dynamic", "parts": "dynamic", "True": "string", "__x": "string"}
    queries = [
        *(f"file.elf.imports.{name}:x and file.elf.imports.a.{name}.b:y" for name in names),
        *(f"parts:{{ {name}:x }}" for name in names),
        "True:x and __x:y",
    ]
    texts = [written(query) for query in queries]
    assert analyse(texts, {"Events": columns}) == [[]] * len(texts)
    assert "element.user" in texts[-2]


@pytest.mark.parametrize("group", ["parts:{ %s }", "parts:{ b:x or not %s }"])
@pytest.mark.parametrize("value", ["x", "*", "x*"])
def test_a_bare_value_in_a_group_is_a_field_called_null(group: str, value: str) -> None:
    query = group % value
    events: list[dict[str, object]] = [
        {"parts": [{"a": "x"}]}, {"parts": [{"null": "x"}]}, {"parts": [{"null": "x", "b": "x"}]}
    ]  # fmt: skip
    wanted = {number for number, event in enumerate(events) if kqlx.matches(query, event)}
    assert rows_of(query, "parts", [event["parts"] for event in events]) == wanted


def test_a_bare_value_in_a_group_in_an_or() -> None:
    assert "contains_cs '\"null\"'" in written("x:1 or parts:{ y }")
    assert "contains_cs '\"é\"'" in written("x:1 or parts:{ é:y }")


@pytest.mark.parametrize("negation", ["", "not "])
def test_letters_within_a_word_are_found_exactly(negation: str) -> None:
    result = kqlx.convert(f"{negation}message:*oad3*", "sentinel", source="none")
    test = "['message'] contains \"oad3\""
    assert str(result.query).endswith(f"| where not({test})" if negation else f"| where {test}")
    assert not [note for note in result.notes if note.effect]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("file.elf.sections:{ *:* }", '| where tostring([\'file.elf.sections\']) !in ("", "[]")'),
        (
            "not file.elf.sections:{ *:* }",
            '| where tostring([\'file.elf.sections\']) in ("", "[]")',
        ),
        ("@timestamp >= 5.5", "| where ['@timestamp'] >= datetime(1970-01-01T00:00:00.005Z)"),
    ],
)
def test_what_drawn_queries_found(query: str, line: str) -> None:
    text = str(kqlx.convert(query, "sentinel", source="none").query)
    assert text.splitlines()[1:] == [line]


@pytest.mark.parametrize("query", ["*s:0", "*s:a"])
def test_names_with_stars_tell_of_numbers_and_flattened_fields(query: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="also matches"):
        kqlx.convert(query, "spl", source="none")


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("any where model.score > 0.98", "todouble(['model.score']) > 0.98"),
        ("any where model.score == 1", "todouble(['model.score']) == 1"),
        ("any where model.on == true", "tobool(['model.on']) == true"),
        ("any where blocklist_label == 1", "todouble(blocklist_label) == 1"),
    ],
)
@pytest.mark.parametrize("source", ["none", "endpoint.events"])
def test_a_column_of_unknown_type_keeps_its_whole_name(
    query: str, condition: str, source: str
) -> None:
    """Values tell its type, and it is read as such whatever it is in the table."""
    query = f'{query} and event.category == "process"'
    made = kqlx.convert(query, "sentinel", language="eql", unmapped="keep", source=source)
    assert condition in str(made.query)
