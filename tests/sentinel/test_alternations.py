"""Several patterns of one column as one expression, behind a test of their terms."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sentinel.alternations import (
    alternation,
    any_part,
    any_pattern,
    better_joined,
    expression_parts,
    joined_tests,
)
from kqlx.backends.sentinel.column_access import SCAN, Cell
from kqlx.backends.sentinel.syntax import quote, unquoted
from kqlx.backends.text_backend import Group, Text
from kqlx.mappings.bound import Column
from kqlx.patterns import Pattern
from tests.oracles.kusto import analyse

CELL = Cell(Column("Path"), "Path", "Path", "column", SCAN)
PIECES = st.sampled_from(["*", "/", "home", "tmp", ".", "ssh", "a", "-", "A1"])
PATTERNS = st.lists(PIECES, min_size=1, max_size=6).map("".join).map(Pattern.from_stars)


def _read(text: str) -> tuple[list[str], str, bool]:
    """The terms, the expression and whether there are terms, of what was written."""
    terms = re.match(r'Path has(?:_any|_cs|) \(?("[^)]*?")\)? and ', text)
    shown = re.search(r"matches regex (@?)([\"'])(.*)\2$", text)
    assert shown
    expression = shown[3] if shown[1] else shown[3].encode().decode("unicode_escape")
    found = re.findall(r'"([^"]*)"', terms[1]) if terms else []
    return found, expression.replace('""', '"'), bool(terms)


def _query(query: str) -> str:
    return str(kqlx.convert(query, "sentinel").query)


@given(st.lists(PATTERNS, min_size=2, max_size=6), st.lists(PIECES, max_size=8).map("".join))
def test_the_expression_fits_what_one_of_the_patterns_does(
    patterns: list[Pattern], text: str
) -> None:
    places = better_joined([pattern.collapsed() for pattern in patterns])
    if not places:
        return
    patterns = [patterns[place] for place in places]
    text = text.replace("*", "x")
    terms, expression, has_terms = _read(any_pattern(CELL, patterns, folds=False).text)
    fits = any(pattern.fits(text) for pattern in patterns)
    assert bool(re.search(expression, text)) == fits
    if fits and has_terms:
        parts = {part.lower() for part in re.findall("[A-Za-z0-9]+", text)}
        assert parts & {term.lower() for term in terms}


@pytest.mark.parametrize(
    ("alternatives", "expression"),
    [
        (["/home/x/.ssh", "/home/y/.ssh"], "/home/(?:x|y)/.ssh"),
        (["/tmp/adam", "/tmp/adele"], "/tmp/(?:adam|adele)"),
        (["abc", "abd"], "abc|abd"),
        (["/a", "/a/b"], "/a(?:/b)?"),
    ],
)
def test_what_all_begin_and_end_with_is_said_once_in_whole_words(
    alternatives: list[str], expression: str
) -> None:
    assert alternation(alternatives) == expression


def test_terms_that_another_test_asks_for_are_not_asked_for_again() -> None:
    patterns = [Pattern.from_stars(f"Accepted * for {name} *") for name in ("bin", "lp")]
    assert "has" not in any_pattern(CELL, patterns, folds=False, known={"Accepted", "bin"}).text
    assert 'has_cs "Accepted"' in any_pattern(CELL, patterns, folds=False).text


def test_words_of_a_text_are_looked_for_at_once() -> None:
    script = "event.module:windows and powershell.file.script_block_text"
    words = _query(f"{script}:(Alpha or Beta or (Gamma and Delta))")
    assert words.count('has_any ("alpha", "beta")') == 1
    assert 'has_all ("gamma", "delta")' in words
    none = _query(f"{script}:Alpha and not {script[25:]}:(Beta or Gamma)")
    assert none.count("matches regex") == 1
    assert "(?:beta|gamma)" in none
    assert analyse([words, none]) == [[], []]


def _any_of(phrases: Iterable[str]) -> str:
    return " or ".join(f'"{phrase}"' for phrase in phrases)


def test_phrases_of_a_text_are_one_expression_in_which_the_words_stand_together() -> None:
    script = "event.module:windows and powershell.file.script_block_text"
    names = ("Get-System", "Get-Forest", "get system", "Invoke-Tater", "Alpha")
    many = _query(f"{script}:({_any_of(names)})")
    expression = "(?:get[^a-z0-9]+(?:system|forest)|invoke[^a-z0-9]+tater)"
    assert f'matches regex "(?i)(?:^|[^a-z0-9_]){expression}(?:[^a-z0-9_]|$)"' in many
    assert 'has_any ("system", "forest", "invoke")' in many
    assert 'has "alpha"' in many
    one = _query(f'{script}:"Get-System"')
    assert 'has_all ("get", "system")' in one
    assert "has_" not in _query(f'{script}:("_a _b" or "c d")')
    long = _query(f"{script}:({_any_of(f'Get-Name{i}' for i in range(60))})")
    assert "has_" not in long
    assert analyse([many, one, long]) == [[], [], []]


def test_names_and_values_in_json_are_said_once() -> None:
    query = "event.dataset:google_workspace.admin and google_workspace.admin.setting.name:({})"
    few, many = _query(query.format('"a b"')), _query(query.format('"a b" or "a c" or d'))
    assert few.count("contains_cs") == 3
    names = "(?:SETTING_NAME|USER_CUSTOM_FIELD|PERMISSION_GROUP_NAME)"
    assert f"""matches regex '"name":"{names}","value":"(?:a b|a c|d)"'""" in many
    assert analyse([few, many]) == [[], []]


@pytest.mark.parametrize(
    ("texts", "expression"),
    [
        (['"n":"a","v":"x.y"', '"n":"b","v":"x.y"'], r'"n":"(?:a|b)","v":"x\.y"'),
        (['"n":"a","v":"x"', '"n":"b","v":"y"'], '"n":"(?:a","v":"x|b","v":"y)"'),
        (["a", "b"], "a|b"),
        (['a","v":"x', 'b","v":"x', 'a","v":"y', 'b","v":"y'], '(?:a|b)","v":"(?:x|y)'),
    ],
)
def test_parts_of_json(texts: list[str], expression: str) -> None:
    assert any_part(texts) == expression


def test_files_of_folders_are_one_expression() -> None:
    query = "event.dataset:windows.powershell_operational and {}file.directory:({})"
    for negation in ("", "not "):
        one = _query(query.format(negation, '"C:\\\\a b" or "D:\\\\c"'))
        assert one.count("matches regex") == 1
        assert r'@"^(?:C:\\a b|D:\\c)\\[^\\]*$"' in one
        assert analyse([one]) == [[]]


def test_that_rows_are_of_the_tables_that_are_read_is_not_asked() -> None:
    query = "event.dataset:azure.platformlogs and azure.platformlogs.category:{} and {}"
    both, stage = "(kube-audit or kube-audit-admin)", "azure.platformlogs.properties.log.stage:a"
    assert " Type " not in _query(query.format(both, stage))
    one = query.format(both, f"(azure.platformlogs.category:kube-audit or {stage})")
    assert 'Type == "AKSAudit"' in _query(one)


def test_what_is_read_often_gets_a_name() -> None:
    script = "event.module:windows and powershell.file.script_block_text"
    twice = _query(f'{script}:Alpha and {script[25:]}:"Beta"')
    assert "| extend" not in twice
    thrice = _query(f'{script}:Alpha and {script[25:]}:Beta and not {script[25:]}:"Gamma"')
    name = "EventData_ScriptBlockText"
    assert thrice.count("EventData.ScriptBlockText") == 1
    assert f"| extend {name} = tostring(EventData.ScriptBlockText)" in thrice
    workspace = "event.dataset:google_workspace.admin and google_workspace.admin.setting.name"
    pairs = _query(f'{workspace}:"a b"')
    assert "| extend EventParameters_json = tostring(EventParameters)" in pairs
    assert analyse([twice, thrice, pairs]) == [[], [], []]


def test_few_simple_tests_stand_by_themselves_and_a_test_that_another_contains_is_dropped() -> None:
    four = "event.module:endpoint and event.category:file and file.name:({})"
    few = _query(four.format("a* or b* or c* or d*"))
    many = _query(four.format("a* or b* or c* or d* or e* or *f"))
    assert few.count("startswith") == 4
    assert many.count("matches regex") == 1
    assert '"(?i)^(?:a|b|c|d|e)|f$"' in many
    both = "event.module:endpoint and event.category:file and file.name:(a or b) and file.name:a"
    one = _query(both)
    assert one.count("FileName") == 1
    assert analyse([few, many, one]) == [[], [], []]


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        (r'"a":21[,}]', ['"', "a", '"', ":", "2", "1", "[,}]"]),
        (r"(?s)a.*\.b", ["(?s)", "a", ".*", r"\.", "b"]),
        (r"(?:a|[)])+?x{2,}", ["(?:a|[)])+?", "x{2,}"]),
        (r"[]a]\(", ["[]a]", r"\("]),
        ("a|b", []),
    ],
)
def test_parts_of_expressions(expression: str, parts: list[str]) -> None:
    assert expression_parts(expression) == parts


EXPRESSIONS = st.lists(
    st.sampled_from(["(?:a|b)", "a", "b", ".*", "[ab]", r"\.", "a+", "(?:c|ab)*"]),
    min_size=1,
    max_size=5,
).map("".join)


@given(st.lists(EXPRESSIONS, min_size=2, max_size=4), st.text("abc.", max_size=6))
def test_joined_expressions_find_what_one_of_them_does(each: list[str], text: str) -> None:
    texts = [Text(f"X matches regex {quote(one)}") for one in each]
    ((joined, places),) = joined_tests(texts)
    assert places == [*range(len(each))]
    expression = unquoted(joined.text.partition(" regex ")[2])
    found = any(re.search(one, text) for one in each)
    assert bool(re.search(expression, text)) == found


@given(st.text())
def test_what_is_quoted_is_read_back(text: str) -> None:
    assert unquoted(quote(text)) == text


def test_groups_and_other_flags_are_not_joined() -> None:
    both = Text('X has "a" and X has "b"', Group.AND)
    assert [text for text, _ in joined_tests([both, both])] == [both, both]
    texts = [Text('X matches regex "(?i)a"'), Text('X matches regex "b"')]
    assert [text for text, _ in joined_tests(texts)] == texts


def test_few_terms_stand_for_all_alternatives() -> None:
    names = ["/usr/local/bin/grep", "grep", "/bin/sed", "sed", "/usr/bin/find"]
    query = f"process.args:({' or '.join(map(repr, names))})".replace("'", '"')
    rule = f"event.category:process and event.type:start and host.os.type:linux and {query}"
    made = str(kqlx.convert(rule, "sentinel", source="endpoint.events").query)
    assert 'has_any ("grep", "sed", "find")' in made
