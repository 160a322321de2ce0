"""What people type that is not Kibana KQL, and the exact messages; and that no text breaks them.

``bad_queries.txt`` holds each query, a line of dashes, the message, a line of equals signs. After a
change of the messages run ``python -m tests.kql.test_bad_queries``, and read the difference by eye.
"""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from kqlx.errors import KqlSyntaxError
from kqlx.frontends.kql.diagnostics.codes import CODES
from kqlx.frontends.kql.parser import parse

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


def message_of(query: str) -> str:
    with pytest.raises(KqlSyntaxError) as error:
        parse(query)
    return str(error.value)


ENTRIES = entries()


@pytest.mark.parametrize(("query", "message"), ENTRIES, ids=[query for query, _ in ENTRIES])
def test_message(query: str, message: str) -> None:
    assert message_of(query) == message


def test_there_are_many_and_none_twice() -> None:
    queries = [query for query, _ in ENTRIES]
    assert len(queries) == len(set(queries)) >= 60


@pytest.mark.parametrize(("query", "message"), ENTRIES, ids=[query for query, _ in ENTRIES])
def test_what_a_hint_says_to_write_can_be_read(query: str, message: str) -> None:
    hint = message.partition("\n  hint: ")[2]
    for replacement in re.findall("`([^`]*)`", hint):
        parse(replacement)


def documented_codes() -> set[str]:
    return {code.name for code in CODES}


def test_every_code_is_documented_and_met() -> None:
    met = {"nested-too-deep", "leading-wildcard"}
    for query, _ in ENTRIES:
        with pytest.raises(KqlSyntaxError) as error:
            parse(query)
        met.add(error.value.code)
    assert met == documented_codes()


HOSTILE = [
    *'\\():<>"*{}',
    *"ab=!&|,;?~^+-.@%'[]/5 \t\n\r\xa0\u3000\x00\x1b\x85\u2028\ud83d\ude00😀é`",
    *(" and ", " or ", "not ", "not", "AND", " in ", "like", "select ", " from ", "| where ", "&&"),
    *("a:b", "f:(", 'f:"', "http://x", "n > 5", "\\u00", "\\d", "(x86)", " TO ", "is not null"),
]


def test_no_text_breaks_it() -> None:
    """100,000 texts: each is read, or refused with a message that can be shown."""
    generator = random.Random(7)
    documented = documented_codes()
    refused = 0
    started = time.process_time()
    for _ in range(100_000):
        text = "".join(generator.choices(HOSTILE, k=generator.randint(1, 12)))
        try:
            parse(text)
        except KqlSyntaxError as error:
            refused += 1
            assert error.code in documented
            if refused % 8 == 0:
                message = str(error)
                assert len(message) < 1_000
                assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", message), text
                hint = error.hint
                assert all(parse(written) for written in re.findall("`([^`]*)`", hint)), text
    assert refused > 50_000
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    "text",
    [
        "a:" + "b" * 10_000 + ":c",
        'f:"' + "x" * 10_000,
        "f:(" + "a " * 10_000 + ":",
        "a:b " + "c" * 10_000 + "(",
        '"a" ' + "c" * 10_000,
        "(" * 10_000,
        "x not " + "y" * 10_000,
        "f:" + "kn" * 10_000 + "not b",
        "\ud800" * 10_000 + ":::",
        "a:b:" + "\x00" * 10_000,
        "a:" + "一" * 10_000 + ":",
        "a:\\" + "q" * 10_000,
        "a:b\n" * 10_000 + "(",
        "f:(" + ", ".join(f'"{i}"' for i in range(10_000)) + ")",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_messages_of_huge_texts_stay_short_and_quick(text: str) -> None:
    started = time.process_time()
    assert len(message_of(text)) < 1_200
    assert time.process_time() - started < 2


def rewrite() -> None:
    """Write the messages of today for the queries of the file."""
    written = [f"{query}\n{DASHES}\n{message_of(query)}\n{EQUALS}\n" for query, _ in entries()]
    FILE.write_text("".join(written), "utf-8")


if __name__ == "__main__":
    rewrite()
