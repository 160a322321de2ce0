"""Reading events: NDJSON, compressed, from the standard input, and all that is broken in it."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
from pathlib import Path

import pytest

from kqlx.errors import UsageError
from kqlx.evaluate.event_reader import EventLine, read_events


def read(folder: Path, data: bytes) -> list[EventLine]:
    path = folder / "events.ndjson"
    path.write_bytes(data)
    return list(read_events(path))


def test_reads_each_line(tmp_path: Path) -> None:
    lines = read(tmp_path, b'{"a": 1}\n\n  \r\n{"b": "\xc3\xa9\xf0\x9f\x98\x80"}\r\n{"c": [null]}')
    assert [(line.number, line.event) for line in lines] == [
        (1, {"a": 1}),
        (4, {"b": "é😀"}),
        (5, {"c": [None]}),
    ]
    assert {line.error for line in lines} == {""}
    assert lines[-1].bytes_read == (tmp_path / "events.ndjson").stat().st_size


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": 1', "not JSON: the text ends too early at column 8"),
        (b"{'a': 1}", "not JSON: unexpected ' at column 2"),
        (b'{"a": 1} {"b": 2}', "not JSON: unexpected { at column 10"),
        (b"hello", "not JSON: unexpected hello at column 1"),
        (b'{"a": NaN}', "not JSON: NaN is not a JSON number at column 1"),
        (b'{"a": -Infinity}', "not JSON: -Infinity is not a JSON number at column 1"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 8"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8 at byte 8"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"5", "not a JSON object"),
        (b"[" * 200_000, "nested too deeply at column 101"),
        (b'{"a": ' * 101 + b"1" + b"}" * 101, "nested too deeply at column 601"),
    ],
)
def test_says_what_is_wrong_with_a_line_and_reads_on(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    first, broken, last = read(tmp_path, b"{}\n" + line + b'\n{"b": 2}\n')
    assert first.event == {}
    assert (broken.number, broken.event, broken.error) == (2, None, reason)
    assert (last.number, last.event) == (3, {"b": 2})


def test_numbers_of_thousands_of_digits_are_refused(tmp_path: Path) -> None:
    (line,) = read(tmp_path, b'{"a": ' + b"9" * 10_000 + b"}")
    assert line.event is None
    assert line.error == "not JSON: a number has too many digits at column 1"


def test_lone_surrogates_may_be_escaped(tmp_path: Path) -> None:
    (line,) = read(tmp_path, rb'{"a": "\ud800"}')
    assert line.event == {"a": "\ud800"}


def test_hits_of_elasticsearch_are_their_source(tmp_path: Path) -> None:
    lines = read(
        tmp_path,
        b'{"_index": "i", "_id": "1", "_source": {"a": 1}}\n{"_source": "text", "a": 2}\n',
    )
    assert [line.event for line in lines] == [{"a": 1}, {"_source": "text", "a": 2}]
    assert lines[0].text == '{"_index": "i", "_id": "1", "_source": {"a": 1}}'


def test_empty_files_have_no_events(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []
    assert read(tmp_path, b"\n\n") == []


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    assert [line.event for line in read(tmp_path, b'\xef\xbb\xbf{"a": 1}\n')] == [{"a": 1}]


def test_gzip_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    data = gzip.compress(b'{"a": 1}\n{"a"\n') + gzip.compress(b'{"a": 2}\n')
    lines = read(tmp_path, data)
    assert [line.event for line in lines] == [{"a": 1}, None, {"a": 2}]
    assert lines[-1].bytes_read == len(data)


@pytest.mark.parametrize("cut", [-1, -9, -20, 15])
def test_a_damaged_gzip_file_ends_with_the_reason(tmp_path: Path, cut: int) -> None:
    text = b"".join(json.dumps({"a": i}).encode() + b"\n" for i in range(100))
    *_, last = read(tmp_path, gzip.compress(text)[:cut])
    assert last.event is None
    assert last.error == "the compressed file ends too early"


def test_gzip_with_a_wrong_checksum(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b'{"a": 1}\n'))
    data[-5] ^= 1
    first, last = read(tmp_path, bytes(data))
    assert first.event == {"a": 1}
    assert (last.number, last.event) == (2, None)
    assert last.error == "the compressed file is damaged"


def test_reads_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b'{"a": 1}\n', gzip.compress(b'{"a": 1}\n')):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert [line.event for line in read_events("-")] == [{"a": 1}]


@pytest.mark.parametrize("name", ["missing.ndjson", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot read events from"):
        next(read_events(tmp_path / name))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "many.ndjson"
    line = json.dumps({"message": "x" * 1000}) + "\n"
    path.write_text(line * 5000, encoding="utf-8")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_events(path)) == 5000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
