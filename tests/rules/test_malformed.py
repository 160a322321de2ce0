"""What is wrong with a text of JSON, TOML or YAML is told in our words, whatever the libraries
say.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlx.errors import MappingError
from kqlx.malformed import (
    MAX_NESTING,
    Refused,
    is_too_deep,
    json_document,
    refuse_constant,
    too_deep_at,
)
from kqlx.mappings.reader import yaml_file
from tests.conftest import ROOT

DECODER = json.JSONDecoder(parse_constant=refuse_constant)


@pytest.mark.parametrize(
    ("text", "reason", "offset"),
    [
        ("", "the text ends too early", 0),
        (" \n", "the text ends too early", 2),
        ("[1, 2", "the text ends too early", 5),
        ("[1,]", "unexpected ]", 3),  # where Python 3.13 points at the comma
        ('{"a": 1 ,\n }', "unexpected }", 11),
        ("[,]", "unexpected ]", 2),
        ("[1,,2]", "unexpected ,", 3),
        ("[1 2]", "unexpected 2", 3),
        ('["a" "b"]', "unexpected string", 5),
        ('["a', "a string is not closed", 1),
        ('["a\nb"]', "a control character (U+000A) in a string", 3),
        ('["a\tb"]', "a control character (U+0009) in a string", 3),
        (r'["\x"]', "unknown escape", 2),
        (r'["\u12"]', "unknown escape", 2),
        ("{a: 1}", "unexpected a", 1),
        ("[nul]", "unexpected nul", 1),
        ("\ufeff{}", r"unexpected '\ufeff'", 0),
        ('{"a"; 1}', "unexpected ;", 4),
        ("{} x", "unexpected x", 3),
        ("[NaN]", "NaN is not a JSON number", 0),
        ("[" + "9" * 5_000 + "]", "a number has too many digits", 0),
    ],
)
def test_what_is_no_json(text: str, reason: str, offset: int) -> None:
    with pytest.raises(Refused) as error:
        json_document(DECODER, text)
    assert (error.value.reason, error.value.offset) == (f"not JSON: {reason}", offset)


@given(st.text(st.sampled_from('[]{}:,"\\ 1tn\n'), max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = json_document(DECODER, text)
    except Refused as error:
        assert 0 <= error.offset <= len(text)
        assert error.reason.startswith("not JSON: ")
        assert error.reason.isprintable()
    else:
        assert value == json.loads(text)


@pytest.mark.parametrize(
    ("format", "text", "hidden"),
    [
        ("json", "", '["[[[", "\\"[["]'),
        ("toml", "x = ", '["[[", \'[[\\\', """[\n[\\"""", \'\'\'[\n[\'\'\', # [[[\n]'),
        ("yaml", "x: ", "[\"[[\\\"\", '[[''[', it's, # [[['\n]"),
    ],
)
def test_brackets_are_counted_outside_of_strings_and_comments(
    format: Any, text: str, hidden: str
) -> None:
    start = len(text)
    for limit in (1, 2, 5):
        nested = text + "[" * limit + hidden + "]" * limit
        assert too_deep_at(nested, format, limit) == start + limit
        assert too_deep_at(nested, format, limit + 1) == -1


def test_side_by_side_is_not_deep() -> None:
    assert too_deep_at("[" + "{}," * 500 + "[]]", "json") == -1
    assert not is_too_deep([{}] * 500)


@given(st.integers(0, 5), st.integers(0, 5))
def test_values_are_as_deep_as_they_are(depth: int, limit: int) -> None:
    value: Any = 1
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    assert is_too_deep(value, limit) == (depth > limit)
    assert (too_deep_at(json.dumps(value), "json", limit) >= 0) == (depth > limit)


def test_the_limit_is_exact_and_lies_far_below_that_of_python() -> None:
    def nested(depth: int) -> str:
        return "[" * depth + "]" * depth

    assert json_document(DECODER, nested(MAX_NESTING)) is not None
    for depth in (MAX_NESTING + 1, 1_000, 100_000):
        with pytest.raises(Refused, match=r"^nested too deeply$") as error:
            json_document(DECODER, nested(depth))
        assert error.value.offset == MAX_NESTING


def test_what_a_library_says_of_depth_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyYAML 6.0.4 with its reader in C refuses 1,000 levels before it tells of the first."""
    import yaml

    def limited(self: Any) -> None:
        raise yaml.scanner.ScannerError("while going deeper", None, "exceeded some limit", None)

    monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader)
    monkeypatch.setattr(yaml.scanner.Scanner, "fetch_flow_sequence_start", limited)
    for text, message in (
        ("a: b\nx: " + "[" * 60, "x.yml:2: nested too deeply"),
        ("a: [1]", "x.yml:1: not YAML: exceeded some limit"),
    ):
        with pytest.raises(MappingError) as error:
            list(yaml_file.yaml_documents(Path("x.yml"), text))
        assert error.value.message == message


def test_no_error_of_a_library_is_told_as_it_is() -> None:
    """Where a module puts an error into a message it is one of our own, or the system's."""
    own = {
        "frontends/query_dsl/reader.py",
        "rules/filters.py",
        "mappings/compile_packs.py",
        "batch/remarks.py",  # of kqlx's own faults, which are reported as such
        "backends/__init__.py",  # of another package, in a warning to who installed it
        "testing/__init__.py",  # for developers of targets, on what they gave
        "testing/agreement.py",
        "malformed.py",  # its own, and tomllib's reason behind "not TOML"
    }
    found = set()
    for path in sorted((ROOT / "transpiler/kqlx").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            told: ast.expr | None = None
            if isinstance(node, ast.FormattedValue):
                told = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                told = node.args[0] if node.func.id in ("str", "repr") and node.args else None
            if isinstance(told, ast.Name) and told.id in ("error", "e", "err", "exc"):
                found.add(str(path.relative_to(ROOT / "transpiler/kqlx")))
    assert found <= own
