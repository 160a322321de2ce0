"""Regular expressions mean the same on every Python that the project supports, and take linear
time.

``re`` of CPython before 3.11.5 reads some possessive quantifiers and atomic groups wrongly
(python/cpython#100061, python/cpython#106052), so none may stand in the code; a newer Python would
not show what they do there.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import time
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.elastic.text_analysis import words
from kqlx.errors import KqlSyntaxError
from kqlx.frontends.kql.tables import TABLES
from kqlx.frontends.lalr import compile_grammar
from kqlx.regexes import Late, late_regex
from tests.conftest import ROOT

SOURCES = sorted(
    path
    for folder in ("transpiler", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if not {"node_modules", ".venv"} & set(path.parts) and path != Path(__file__)
)
BANNED = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP"}


def is_banned(pattern: str) -> bool:
    """Whether the text, read as a regular expression, has such a construct; False for none."""
    reader: Any = importlib.import_module("re._parser")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = reader.parse(pattern)
        except (re.error, OverflowError, RecursionError):
            return False
    return any(name in repr(tree) for name in BANNED)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a source with their lines; a replacement in one stands as one letter."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = [str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def patterns_of_schemas() -> Iterator[str]:
    def search(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from [inner] if key == "pattern" and isinstance(inner, str) else search(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from search(inner)

    for path in sorted((ROOT / "transpiler").rglob("*.schema.json")):
        yield from search(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("pattern", ["a*+", "(?:ab)?+", "a{2}+b", "(?:(?>a)b)*", "a|(?:b(?=c++))"])
def test_what_is_banned_is_seen(pattern: str) -> None:
    assert is_banned(pattern)
    assert not is_banned(pattern.replace("+", "").replace("?>", "?:"))


def test_no_source_has_possessive_quantifiers_or_atomic_groups() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:60]!r}"
        for path in SOURCES
        for line, text in texts(path)
        if is_banned(text)
    ]
    assert not found
    assert not [pattern for pattern in patterns_of_schemas() if is_banned(pattern)]


def test_no_expression_that_modules_keep_has_one() -> None:
    """Also those put together of several strings."""
    kept = [pattern for _, pattern in TABLES.terminals]
    grammar = (ROOT / "grammars/kql.lark").read_text("utf-8")
    kept += [pattern for _, pattern in compile_grammar(grammar).terminals]
    for module in pkgutil.walk_packages(kqlx.__path__, "kqlx."):
        if not module.name.endswith("__main__"):
            values = vars(importlib.import_module(module.name)).values()
            kept += [
                value.pattern
                for value in values
                if isinstance(value, re.Pattern | Late) and isinstance(value.pattern, str)
            ]
    assert len(kept) > 50
    assert not [pattern for pattern in kept if is_banned(pattern)]


def test_no_module_compiles_an_expression_while_it_is_loaded() -> None:
    """They are ``late_regex``, but for those that stand in functions."""
    for path in sorted((ROOT / "transpiler").rglob("*.py")):
        for statement in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                assert "attr='compile'" not in ast.dump(statement), f"{path}:{statement.lineno}"


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_a_late_expression_is_that_of_re(flags: int) -> None:
    own, other = late_regex(r"(?P<a>b+)c?", flags), re.compile(r"(?P<a>b+)c?", flags)
    for text in ("bb", "bbc", "xBB", ""):
        for way in ("match", "fullmatch", "search"):
            found = [getattr(each, way)(text) for each in (own, other)]
            assert [one and (one.span(), one.groupdict()) for one in found[:1]] == [
                one and (one.span(), one.groupdict()) for one in found[1:]
            ]
        assert own.sub(r"[\1]", text) == other.sub(r"[\1]", text)
        assert own.split(text) == other.split(text)
    assert (own.pattern, own.flags, own.groups) == (other.pattern, other.flags, other.groups)
    assert late_regex(rb"a+").findall(b"aab") == [b"aa"]
    with pytest.raises(re.error):
        late_regex("(").match("")


# What a newcomer met first, on Debian 12's Python 3.11.2: refused, taken, read as something else.
@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a:(b or c)", "(a:b or a:c)"),
        ("n or  and *c", "(any:n or any:and *c)"),
        ("n or and*c", "(any:n or any:and*c)"),
        ("a: b  or c", "(a:b or any:c)"),
        ("nn not", "any:nn not"),
        ("a\\or b", "any:aor b"),
    ],
)
def test_reads_the_same_on_every_python(text: str, tree: str) -> None:
    assert shown(kqlx.parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "offset"), [("c\\", 1), ("a:c\\ d", 3), ("cannot open", 3), ("a:b c:d", 5)]
)
def test_refuses_the_same_on_every_python(text: str, offset: int) -> None:
    with pytest.raises(KqlSyntaxError) as error:
        kqlx.parse(text)
    assert error.value.offset == offset


def shown(node: Any) -> str:
    if hasattr(node, "items"):
        return f"({' or '.join(map(shown, node.items))})"
    field = node.field.name if hasattr(node, "field") else "any"
    value = getattr(node, "pattern", None) or node.value
    return f"{field}:{value.name}"


LONG = 300_000
HOSTILE = {
    "one word": "a" * LONG,
    "words": "a " * (LONG // 2) + "b",
    "words with n": "n " * (LONG // 2) + "b",
    "n alone": "n" * LONG,
    "nearly not": "no" * (LONG // 2),
    "one blank": "a" + " " * LONG + "b",
    "blanks before or": "a" + " " * LONG + "or b",
    "blanks before ore": "a" + " " * LONG + "ore",
    "blanks before a colon": "a" + " " * LONG + ":b",
    "runs of blanks": ("a" + " " * 500) * (LONG // 500) + "(",
    "blanks alone": " " * LONG,
    "a bad escape at the end": "a " * (LONG // 2) + "\\c",
    "an unclosed quote": '"' + "a" * LONG,
    "a quoted text": '"' + "a" * LONG + '"',
}
HEAVY = {
    "escapes": "\\*" * (LONG // 2),
    "backslashes": "\\" * LONG,
    "escaped quotes": '"' + '\\"' * (LONG // 2),
    "quoted backslashes": '"' + "\\" * LONG + '"',
}
"""Each escape is a turn of a repetition: these take some memory."""


def read(text: str) -> None:
    try:
        kqlx.parse(text)
    except KqlSyntaxError as error:
        assert len(str(error)) < 1_200


@pytest.mark.parametrize("name", [*HOSTILE, *HEAVY])
def test_long_texts_are_read_at_once(name: str) -> None:
    text = {**HOSTILE, **HEAVY}[name]
    read("a:b")
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 5  # a second look at each place would take hours


@pytest.mark.parametrize("name", HOSTILE)
def test_long_texts_take_memory_in_proportion(name: str) -> None:
    read("a:b")
    tracemalloc.start()
    try:
        read(HOSTILE[name])
        assert tracemalloc.get_traced_memory()[1] < 250 * LONG
    finally:
        tracemalloc.stop()


def test_a_list_of_100_000_values_is_read_at_once() -> None:
    started = time.process_time()
    read("f:(" + " or ".join(f"value{n}" for n in range(100_000)) + ")")
    read("f:(" + " or ".join(f'"value {n}"' for n in range(100_000)) + ")")
    assert time.process_time() - started < 20


@pytest.mark.parametrize("text", ["_", "a_", "a.", "1,", "a1", "é.", "é_", "_é", "カ", ". "])
def test_words_of_long_texts_are_found_at_once(text: str) -> None:
    started = time.process_time()
    words(text * LONG)
    assert time.process_time() - started < 5
