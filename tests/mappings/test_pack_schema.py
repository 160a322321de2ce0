"""Packs are checked by a published schema: our validator against another one, and what messages
say.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx import resources
from kqlx.mappings.reader import builtin, pack_file, schema
from tests.conftest import examples

SCHEMA = json.loads(pack_file.SCHEMA.read_text("utf-8"))
ORACLE = jsonschema.Draft202012Validator(SCHEMA)
PACKS = sorted(resources.PACKS.glob("*.yml"))
GOOD: dict[str, Any] = {
    "source": "example.log",
    "title": "an example",
    "recognise": {
        "fields": {"event.dataset": ["example.log"]},
        "indices": ["logs-example.log-*"],
        "implied": {"logs-example.log-a*": {"event.category": "process"}},
    },
    "constants": {"event.dataset": "example.log", "gone": None},
    "always": {"event.category": ["web"]},
    "only": {"event.type": ["start", "end"]},
    "types": {"example.*": "long"},
    "targets": {
        "spl": [
            {
                "base": "sourcetype=x",
                "source": "a page",
                "when": {"event.category": ["web"]},
                "never": {"event.code": ["1"]},
                "filter": "Kind:1",
                "notes": [{"code": "table-chosen", "effect": "wider", "message": "m"}],
                "fields": {
                    "a": "A",
                    "b": {"column": "B", "values": {"x": 1, "y": "z"}, "others": "refuse"},
                    "c": {"any": ["C", "D"], "note": {"effect": "same", "message": "m"}},
                    "d": {
                        "where": {"x": "E:1"},
                        "notes": {"x": {"effect": "wider", "message": "m"}},
                        "exists": True,
                        "column": "E",
                    },
                    "e": {"constant": "x"},
                    "f": {"fixed": "x"},
                    "g": {"none": "no"},
                    "h.*": "H.*",
                    "i": None,
                },
                "columns": {"A": {"type": "ip", "case": "ignored", "form": "pairs"}},
                "unconfirmed": {"B": "no page"},
            }
        ],
        "sentinel": [{"table": ["T", "U"], "columns": {"V": {"json": True, "port": False}}}],
        "sigma": [{"logsource": {"product": "p"}}],
        "another": [{"base": "x"}],
    },
}


def ours(data: Any) -> list[schema.Problem]:
    return list(schema.Schema(SCHEMA).problems(data))


def test_the_schema_is_one_and_uses_what_we_know() -> None:
    ORACLE.check_schema(SCHEMA)

    def keywords(node: Any) -> Iterator[str]:
        for key, value in node.items():
            yield key
            if key in ("properties", "$defs"):
                for inner in value.values():
                    yield from keywords(inner)
            elif key in ("items", "additionalProperties") and isinstance(value, dict):
                yield from keywords(value)
            elif key == "anyOf":
                for inner in value:
                    yield from keywords(inner)

    assert set(keywords(SCHEMA)) <= {*schema.SPOKEN, *schema.KEYWORDS, "type"}


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_the_packs_of_this_package_are_right(path: Path) -> None:
    data = pack_file.read_data(path)
    assert ours(data) == []
    ORACLE.validate(data)


def places(data: Any, path: schema.Path = ()) -> Iterator[schema.Path]:
    yield path
    for key, value in (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    ):
        yield from places(value, (*path, key))


VALUES = st.sampled_from(
    [None, True, 1, 1.5, "", "x", "same", "ip", [], ["x"], [1], {}, {"x": "y"}, {"column": "c"}]
).map(copy.deepcopy)


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """The good pack with some values replaced, taken away or added."""
    data = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([p for p in places(data) if p]))
        inside: Any = data
        for key in path[:-1]:
            inside = inside[key]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                inside[path[-1]] = draw(VALUES)
            case "remove":
                del inside[path[-1]]
            case _ if isinstance(inside, dict):
                key = draw(st.sampled_from(["colum", "any", "form", "base", "effect", "title"]))
                inside[key] = draw(VALUES)
            case _:
                inside.append(draw(VALUES))
    return data


def test_the_example_is_right() -> None:
    assert ours(GOOD) == []
    ORACLE.validate(GOOD)


@given(broken())
@examples(100)
def test_our_validator_finds_what_another_finds(data: Any) -> None:
    theirs = [tuple(error.absolute_path) for error in ORACLE.iter_errors(data)]
    found = ours(data)
    assert bool(found) == bool(theirs)
    for problem in found:  # theirs is at the same key, or at one above it
        assert any(problem.path[: len(path)] == path for path in theirs)


FIELDS = "targets:\n  spl:\n    - base: x\n      fields:\n"
RECORDS = (
    "        event: '{}'\n        text: _raw\n        name: n\n        shared: [h]\n"
    "        columns: {{a: {{of: B, takes: '(b)'}}}}"
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (FIELDS + "        event.action: {colum: Operation}", 6,
         "targets.spl[0].fields.event.action.colum: unknown key; expected column, any, values"),
        (FIELDS + "        a: {column: A, constant: b}", 6,
         "targets.spl[0].fields.a: says column and constant, and one of them decides"),
        (FIELDS + "        a: {values: {x: y}}", 6, "a: says none of column, any, where"),
        (FIELDS + "        a: {fixed: b, values: {x: y}}", 6, "values: has a meaning beside"),
        (FIELDS + "        a: {column: b, fits: ['{}@*'], takes: x}", 6,
         "a.takes: has a meaning beside fits with {} alone"),
        (FIELDS + "        a: {column: b, fits: ['{}'], takes: '('}", 6,
         "a.takes: is not a regular"),
        (FIELDS + "        a: {column: b, part: run}", 6,
         "a.separators: is not a regular expression"),
        (FIELDS + "        a: {column: b, exists: 'c:('}", 6, "a.exists: is not a predicate: "),
        (FIELDS + "        a: {column: b, given: 'c:('}", 6, "a.given: is not a predicate: "),
        (FIELDS + "        a: [b, {column: c, vlues: {}}]", 6, "a[1].vlues: unknown key"),
        (FIELDS + "        a: {where: {x: 'b:('}}", 6, "a.where.x: is not a predicate: "),
        (FIELDS + "        a: {where: {x: 'b*:1'}}", 6, "it takes tests of columns by their names"),
        (FIELDS + "        a: null", 6, "fields.a: null removes an entry of a built-in pack"),
        (FIELDS + "        a: A\n        b: B\n        a: C", 8,
         "targets.spl[0].fields.a: given already in line 6"),
        (FIELDS + "        a: {column: A, column: B}", 6, "a.column: given already in line 6"),
        (FIELDS + "        a: {column: 5}", 6, "a.column: must be text, not 5"),
        (FIELDS + "        a: 5", 6,
         "fields.a: must be text, a table of keys, a list or null, not 5"),
        (FIELDS + "        a: {column: A, values: {404: x}}", 6, "keys are text"),
        (FIELDS + "        a: A\n      columns:\n        B: {type: ip}", 8,
         "columns.B: no field of a destination has this column"),
        (FIELDS + "        a: A\n      columns:\n        A: {type: string}", 8,
         "columns.A.type: must be boolean, byte"),
        (FIELDS + "        a: A\n      filter: '('", 7, "filter: is not a predicate"),
        (FIELDS + "        a: A\n      records:\n" + RECORDS.format("i"), 8,
         "records.event: needs one group, for the value"),
        (FIELDS + "        a: A\n      records:\n" + RECORDS.format("("), 8,
         "records.event: is not a regular expression"),
        (FIELDS + "        a: A\n      notes: [{code: x, effect: worse, message: m}]", 7,
         "must be same, case, coverage, wider, narrower, different or unmapped, not 'worse'"),
        (FIELDS + "        a: A\n      notes:\n      - {code: x, effect: same}", 8,
         "notes[0]: needs the key message"),
        (FIELDS + "        a: {where: {x: 'A:1'}, notes: {y: {effect: wider, message: m}}}", 6,
         "a.notes.y: where has no such value"),
        (FIELDS + "        a: {where: {x: 'A:1'}, notes: {x: {effect: wider}}}", 6,
         "notes.x: needs the key message"),
        ("targets: {sentinel: [{base: x}]}", 2, "targets.sentinel[0]: needs the key table"),
        ("targets: [", 3, "not YAML"),
        ("shared: &a [*a]", 2, "holds itself"),
        ("always: {a: b}", 2, "always.a: must be a list or null, not 'b'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_line_and_key(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(f"source: x\n{text}\n", encoding="utf-8")
    with pytest.raises(kqlx.MappingError) as error:
        builtin.load(path)
    assert message in error.value.message
    where = str(path) if "holds itself" in message else f"{path}:{line}:"
    assert error.value.message.startswith(where)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("source: x\nconstants: {a: 1}\nalwys: {}\n", encoding="utf-8")
    with pytest.raises(kqlx.MappingError) as error:
        builtin.load(path)
    assert len(error.value.message.splitlines()) == 2


def test_a_merged_key_may_be_said_again(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    text = FIELDS.replace("fields:", "fields: &one {a: A, b: B}")
    other = "    - base: y\n      fields:\n        <<: *one\n        a: C\n"
    path.write_text(f"source: x\n{text}{other}", encoding="utf-8")
    found = builtin.load(path).targets["spl"][1].fields
    assert (found["a"].column, found["b"].column) == ("C", "B")


@pytest.mark.parametrize(
    "data", [b"\xff", b"", b"source: none\n", b"- a\n", b"source: a\n---\nsource: b\n"]
)
def test_a_file_that_is_no_pack(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(data)
    with pytest.raises(kqlx.MappingError, match=str(path)):
        builtin.load(path)
