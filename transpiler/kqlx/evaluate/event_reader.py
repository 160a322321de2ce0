"""Events from a file or the standard input, one at a time, in constant memory.

The format is NDJSON: one JSON object a line, UTF-8, compressed with gzip or not (told by the first
bytes, whatever the name). Empty lines are skipped. A hit of an Elasticsearch search or export,
``{"_index": ..., "_source": {...}}``, is read as its ``_source``.
"""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from kqlx import named_pipes
from kqlx.errors import UsageError
from kqlx.malformed import Refused, json_document, refuse_constant
from kqlx.records import dataclass

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DECODER = json.JSONDecoder(parse_constant=refuse_constant)


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of the file: an event, or the reason why it is none.

    ``number`` counts lines from one, the empty ones too. ``event`` is None exactly where ``error``
    is not ""; ``text`` is the whole line of an event as it was, without its end, or "".
    ``bytes_read`` is how far the file itself has been read, compressed or not, for a display of
    progress against its size; it runs ahead of the line by what is buffered.
    """

    number: int
    event: dict[str, Any] | None
    error: str
    bytes_read: int
    text: str = ""


def read_events(path: str | os.PathLike[str]) -> Iterator[EventLine]:
    """The lines of an NDJSON file, or of the standard input for ``-``.

    A broken line comes as a record with the reason, and reading goes on; where a compressed file
    is damaged or ends too early, such a record is the last. Raises UsageError, at the first step,
    if the file cannot be opened or read.
    """
    try:
        if os.fspath(path) == "-":
            if sys.stdin is None:
                raise OSError(errno.EBADF, "standard input is closed")
            yield from _read(cast(io.BufferedIOBase, sys.stdin.buffer))
        else:
            named_pipes.refuse(path)
            with Path(path).open("rb") as file:
                yield from _read(file)
    except OSError as error:
        raise UsageError(
            f'cannot read events from "{os.fspath(path)}": {error.strerror or error}',
            hint="give a file of one JSON object a line, or - for the standard input",
        ) from None


def _read(file: io.BufferedIOBase) -> Iterator[EventLine]:
    counted = _Counted(file)
    raw = io.BufferedReader(counted, 1 << 16)
    lines: io.BufferedIOBase = raw
    if raw.peek(2)[:2] == _GZIP:
        lines = cast(io.BufferedIOBase, gzip.GzipFile(fileobj=raw))
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if line.strip():
                yield _event_of(number, line, counted.total)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        ends = isinstance(error, EOFError)
        reason = f"the compressed file {'ends too early' if ends else 'is damaged'}"
        yield EventLine(number + 1, None, reason, counted.total)


class _Counted(io.RawIOBase):
    """The file, with a count of the bytes read from it."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self.file = file
        self.total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.file.read1(len(buffer))
        buffer[: len(data)] = data
        self.total += len(data)
        return len(data)


def _event_of(number: int, line: bytes, bytes_read: int) -> EventLine:
    try:
        text = line.rstrip(b"\r\n").decode("utf-8")
        event = json_document(_DECODER, text)
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 at byte {error.start + 1}"
    except Refused as error:
        reason = f"{error.reason} at column {error.offset + 1}"
    else:
        if isinstance(event, dict):
            source = event.get("_source")
            found = source if isinstance(source, dict) else event
            return EventLine(number, found, "", bytes_read, text)
        reason = "not a JSON object"
    return EventLine(number, None, reason, bytes_read)
