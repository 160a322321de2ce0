"""Regular expressions: Elasticsearch reads them as we do, and what we write as we mean it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kqlx.frontends.lucene import parse
from kqlx.regular_expressions import Sequence, compiled, lucene, portable
from tests.oracles.server import Refused, Server

pytestmark = pytest.mark.elasticsearch

VALUES = [
    *("", "a", "A", "b", "aa", "aab", "a b", "a.b", "a\nb", "a\n", "ab", "aB", "AB", "abab", "^a$"),
    *('"', '"a"', "\\", "a\\", "\\d", "5", "5_\t", "-", "a-b", "]", "[", "^", "&", "~", "#", "@"),
    *("<1-3>", "é", "É", "😀", "a😀b", "\u212a", "k", "K", "ſ", "s", "x}", "{", "a{2}", "?s", "/"),
    *("p -x", 'p "-x"', 'p "-x -y"', " ", "\t", "\r", "\u00a0", "()", "a|b", "|", "null", "a&&b"),
]
EXPRESSIONS = [
    *("a", "ab", "a.b", ".*", ".+", ".", "a?", "a{2}", "a{2}b?", "(ab){1,2}", "a{0,1}", "(a|b)*"),
    *("a{2,3}?", "a**", "a|b|", "()", "^a$", '"a.b"', '"a"+', r"\"a\"", '""', '"\\"', "x}", "]"),
    *(
        r"\d",
        r"\d\w\s",
        r"\D",
        r"\W",
        r"\S",
        r"[\d]",
        r"[\d\-]",
        r"[^\d]",
        r"[\w\s]+",
        r"\\d",
        r"\\",
    ),
    *(
        "[a-c]",
        "[^a-c]",
        "[]]",
        "[^]]",
        "[[]",
        "[&&]",
        "[~]",
        "[a|b]",
        "[.*]",
        "[#@]",
        "[-a]",
        "[\\^]",
    ),
    *(
        r"\#|\@|\&|\~",
        r"\<1\-3\>",
        "é",
        "[é]",
        "a😀b",
        "[😀]",
        "k",
        "[k]",
        "[j-l]",
        "s",
        "-",
        "/",
        "}",
    ),
    *(
        '(.* )?(-x|\\"-x\\")( .*)?',
        '[^\\"\\\\]*',
        "(a|)b",
        "a(b|c)?",
        "((a))",
        "a\nb",
        "[\n]",
        "\\{",
    ),
]
RANGES = ("[a-c]", "[^a-c]", "[j-l]")


def _asked(text: str, ignore_case: bool) -> Mapping[str, Any]:
    body: dict[str, Any] = {"value": text}
    if ignore_case:
        body["case_insensitive"] = True
    return {"regexp": {"k": body}}


@pytest.mark.parametrize("ignore_case", [False, True])
def test_elasticsearch_reads_expressions_so(elasticsearch: Server, ignore_case: bool) -> None:
    index = f"regexps-{ignore_case}".lower()
    elasticsearch.create(index, {"k": "keyword"})
    assert not elasticsearch.fill(index, [{"k": value} for value in VALUES])
    texts = [text for text in EXPRESSIONS if _is_read(text)]
    items = [parse(text) for text in texts]
    if ignore_case:  # it takes the empty text for what no value is, and folds no range
        texts = [text for text in texts if text not in ("()", '""')]
        texts = [text for text in texts if text not in RANGES]
        items = [*map(parse, texts), Sequence(())]
    written = [*texts, *map(lucene, items)]
    items = [*map(parse, texts), *items]
    queries = [_asked(text, ignore_case) for text in written]
    differences = []
    for query, item, found in zip(
        queries, items, elasticsearch.matching_each(index, queries), strict=True
    ):
        fits = compiled(item, ignore_case=ignore_case).fullmatch
        expected = {number for number, value in enumerate(VALUES) if fits(value)}
        if found != expected:
            shown = found if isinstance(found, Refused) else [VALUES[n] for n in found ^ expected]
            differences.append(f"{query['regexp']['k']['value']!r}: {shown}")
    assert not differences, "\n".join(differences)
    pcre = f"(?s)^{portable(parse('p .*'))}$"  # as back ends of Sigma hand it on
    assert not elasticsearch.matching(index, _asked(pcre, ignore_case))


def _is_read(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
