"""What people type that is not EQL, and the exact messages; and that no text breaks them.

``bad_queries.txt`` holds each query, a line of dashes, the message, a line of equals signs. After a
change of the messages run ``python -m tests.eql.test_bad_queries``, and read the difference by eye.
"""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from kqlx.errors import KqlxError, QuerySyntaxError, UnsupportedError
from kqlx.frontends.eql.diagnostics.codes import CODES
from kqlx.frontends.eql.parser import parse_query
from kqlx.frontends.eql.wording import reads

FILE = Path(__file__).parent / "bad_queries.txt"
DASHES, EQUALS = "-" * 40, "=" * 40


def entries() -> list[tuple[str, str]]:
    """The queries and messages of the file, in its order."""
    pairs = []
    for entry in FILE.read_text("utf-8").split(f"\n{EQUALS}\n"):
        query, _, message = entry.partition(f"\n{DASHES}\n")
        if query:
            pairs.append((query, message))
    return pairs


def error_of(query: str) -> QuerySyntaxError:
    with pytest.raises(QuerySyntaxError) as error:
        parse_query(query)
    return error.value


ENTRIES = entries()
NAMES = [query for query, _ in ENTRIES]


@pytest.mark.parametrize(("query", "message"), ENTRIES, ids=NAMES)
def test_message(query: str, message: str) -> None:
    assert str(error_of(query)) == message


def test_there_are_many_and_none_twice() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 60


@pytest.mark.parametrize(("query", "message"), ENTRIES, ids=NAMES)
def test_what_a_hint_says_to_write_can_be_read(query: str, message: str) -> None:
    hint = message.partition("\n  hint: ")[2]
    for replacement in re.findall("`([^`]*)`", hint):
        written = replacement.replace("…", "1")
        parts = ("| ", "with ", "by ", "maxspan", "sequence by", "sample by")
        assert reads(written) or reads(f"{written} == 1") or written.startswith(parts)


def documented_codes() -> set[str]:
    return {code.name for code in CODES}


def test_every_code_is_documented_and_met() -> None:
    met = {error_of(query).code for query in NAMES}
    assert met | {"nested-too-deep"} == documented_codes()


HOSTILE = [
    *'\\():<>"*[]{}',
    *"ab=!&|,;?~^+-.@%'/5 \t\n\r\xa0\u3000\x00\x1b\x85\u2028\ud83d\ude00😀é`",
    *(" and ", " or ", " not ", " in ", " in~ ", " like ", " regex~ ", " == ", " != ", " : "),
    *("any where ", "process where ", "sequence by a ", "[a where true]", "![a where true]"),
    *(" with maxspan=5m ", " with runs=2 ", " until ", "| head 5", "// c\n", "/* c */", "sample "),
    *('"a"', '"C:\\d"', '"""r"""', "'a'", "length(a)", "startsWith~(a, ", "process.name", "null"),
    *("true", "5.5", "1e9", "a.b", "?a.b", "`a`", "\\u{41}", "concat(", "child of "),
]


def test_no_text_breaks_it() -> None:
    """50,000 texts: each is read, or refused with a message that can be shown."""
    generator = random.Random(7)
    documented = documented_codes()
    refused = 0
    started = time.process_time()
    for _ in range(50_000):
        start = generator.choice(["", "any where ", "any where a "])
        text = start + "".join(generator.choices(HOSTILE, k=generator.randint(1, 10)))
        try:
            parse_query(text)
        except QuerySyntaxError as error:
            refused += 1
            assert error.code in documented, text
            assert 0 <= error.offset <= len(text)
            if refused % 8 == 0:
                message = str(error)
                assert len(message) < 1_000
                assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", message), text
        except UnsupportedError:
            pass
    assert refused > 25_000
    assert time.process_time() - started < 60


@pytest.mark.parametrize(
    "text",
    [
        "any where a : " + "b" * 10_000 + ":c",
        'any where f : "' + "x" * 10_000,
        "any where f : (" + '"a" ' * 10_000 + ":",
        "(" * 10_000,
        "any where " + "(" * 10_000,
        "any where " + "not " * 10_000 + "a",
        "any where " + "a + " * 10_000 + "1 == 1",
        "any where " + "length(" * 10_000,
        "any where " + "/*" * 10_000,
        "any where x == 1 /* " + "/* * " * 10_000,
        "any where " + "`" * 10_001,
        "\ud800" * 10_000 + ":::",
        "any where " + "a.b " * 10_000,
        "sequence by a " + "[any where b] " * 5_000 + "(",
        "any where f in (" + ", ".join(f'"{i}"' for i in range(10_000)),
        "any where f == '" + "\\" * 10_000,
    ],
    ids=lambda text: ascii(text[:22]),
)
def test_messages_of_huge_texts_stay_short_and_quick(text: str) -> None:
    started = time.process_time()
    with pytest.raises(KqlxError) as error:
        parse_query(text)
    assert len(str(error.value)) < 1_200
    assert time.process_time() - started < 4


def rewrite() -> None:
    """Write the messages of today for the queries of the file."""
    written = [f"{query}\n{DASHES}\n{error_of(query)}\n{EQUALS}\n" for query, _ in entries()]
    FILE.write_text("".join(written), "utf-8")


if __name__ == "__main__":
    rewrite()
