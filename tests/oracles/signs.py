"""Events of ``tests/events`` with a sign in the middle of a word, in Elastic's document and in what
each system holds of it: written there as XML and JSON write it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from kqlx.elastic import ecs
from tests.oracles.pack_events import Stored
from tests.oracles.pair_files import fields_of
from tests.oracles.sysmon_for_linux import SOURCETYPE, escaped, extracted

SIGNS = ("&", "<", ">", '"', "'", "\\", "\n", "é", "日", "`", "$", "%", "?", "*")
_WORD = re.compile(r"[A-Za-z]{5,}")
_PARTED = "/\\"
"""Signs that part paths and accounts: a word with one would be two."""

Replace = Callable[[str, str], str]


def words(event: Stored, fixed: str) -> Iterator[tuple[str, str]]:
    """Words of the event that are not in the ``fixed`` text, each with a sign that it may have."""
    names = " ".join(_names([event.splunk, [row for _, row in event.rows]])).lower()
    for word in sorted(word for word in _words(event, fixed) if word.lower() not in names):
        texts = _texts(event, word)
        parted = any(mark in text for text in texts for mark in _PARTED)
        # Whether the word stands in some line that is more than its value, as a command line is.
        in_line = any(" " in text or "=" in text for text in texts)
        for sign in SIGNS:
            if not ((sign in _PARTED and parted) or (sign in "\"'" and in_line)):
                yield word, sign


def _words(event: Stored, fixed: str) -> set[str]:
    """The longest word of each value."""
    found = set()
    for name, held in fields_of(event.elastic).items():
        if ecs.types().get(name, "keyword") not in ("keyword", "wildcard", "match_only_text"):
            continue
        for value in held:
            words = [w for w in _WORD.findall(str(value)) if w.lower() not in fixed]
            if isinstance(value, str) and words:
                found.add(max(words, key=len))
    return found


def _texts(event: Stored, word: str) -> list[str]:
    """All values of the document and of what systems hold that have the word."""
    whole: list[Any] = [event.elastic, event.splunk, [row for _, row in event.rows]]
    return [text for text in _leaves(whole) if word.lower() in text.lower()]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str):
        yield value


def _names(value: Any) -> Iterator[str]:
    """The names of columns and keys, which no sign is put into."""
    if isinstance(value, Mapping):
        yield from value
    if isinstance(value, Mapping | list | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _names(one)


def with_sign(event: Stored, word: str, sign: str) -> Stored:
    """The event with the sign in each occurrence of the word."""
    found = re.compile(f"({word[:2]})({word[2:]})", re.IGNORECASE)

    def put(text: str, sign: str) -> str:
        return found.sub(lambda match: match[1] + sign + match[2], text)

    rows = tuple((table, _stored(row, put, sign)) for table, row in event.rows)
    plain = event.escaped if _is_of_linux(event) and event.escaped else event.splunk
    splunk: dict[str, Any] | None = _stored(plain, put, sign) if plain else None
    other: dict[str, Any] | None = None
    if splunk is not None and "\n" in sign and _is_xml(splunk):
        splunk = None  # the add-ons' expressions do not reach over a line break
    if splunk is not None and _is_of_linux(event):
        other, splunk = extracted(splunk, plain=True), extracted(splunk)
    elif splunk is not None and _is_xml(splunk):
        marked = {name: _in_xml(value, word[:2] + sign) for name, value in splunk.items()}
        other = marked
    return replace(
        event,
        elastic=_stored(event.elastic, put, sign),
        splunk=splunk,
        escaped=other,
        rows=rows,
        beside=(),
    )


def _is_of_linux(event: Stored) -> bool:
    return event.splunk is not None and event.splunk.get("sourcetype") == SOURCETYPE


def _is_xml(splunk: Mapping[str, Any]) -> bool:
    return str(splunk.get("source", "")).startswith("XmlWinEventLog") or (
        splunk.get("sourcetype") in (SOURCETYPE, "XmlWinEventLog")
    )


def _in_xml(value: Any, piece: str) -> Any:
    return escaped(value) if isinstance(value, str) and piece in value else value


def _stored(value: Any, put: Replace, sign: str) -> Any:
    """What holds the values with the sign in them, where texts may be XML or JSON."""
    if isinstance(value, Mapping):
        return {name: _stored(one, put, sign) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_stored(one, put, sign) for one in value)
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("<"):
        return put(value, escaped(sign))
    if value[:1] in ("{", "["):
        try:
            held = json.loads(value)
        except ValueError:
            return put(value, sign)
        gaps = (", ", ": ") if '": ' in value else (",", ":")
        return json.dumps(_stored(held, put, sign), separators=gaps)  # é as \u00e9 too
    return put(value, sign)
