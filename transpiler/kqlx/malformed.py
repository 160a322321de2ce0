"""Why a text is no JSON, TOML or YAML that can be used, in words and with limits of our own.

The libraries that read these formats say other things from version to version, and nest as deep as
their version, or Python's stack, allows. What is told here is the same for all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from kqlx.regexes import late_regex

if TYPE_CHECKING:
    from json import JSONDecoder

MAX_NESTING = 100
"""How deep lists and tables may nest in a file or an event: far deeper than any rule, and far from
where Python's stack ends. (Elasticsearch takes objects to a depth of 20:
https://www.elastic.co/docs/reference/elasticsearch/index-settings/mapping-limit)
"""

TOO_DEEP = "nested too deeply"
UNREADABLE_NUMBER = "a number has too many digits"

Format = Literal["json", "toml", "yaml"]

# What hides brackets: strings, of which the last may be open, and comments.
_DOUBLE = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)'
_HIDES = {
    "json": _DOUBLE,
    "toml": (
        r"'''.*?(?:'''|\Z)"
        r'|"""(?:\\.|[^\\])*?(?:"""|\Z)'
        r"""|'[^'\n]*'?|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?|\#[^\n]*"""
    ),
    # In YAML a quote begins a string, and a # a comment, only where a value may begin.
    "yaml": rf"(?<![^\s\[{{,:-])(?:{_DOUBLE}|'[^']*(?:''[^']*)*(?:'|\Z))|(?<!\S)\#[^\n]*",
}
_OPENING = "[{"
_SHOWN = late_regex(r"[\w.+-]{1,20}|.", re.DOTALL)
_STRING = late_regex(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_SPACE = late_regex(r"[ \t\r\n]*")
_AFTER_COMMA = late_regex(r",[ \t\r\n]*(?=[\]}])")


class Refused(ValueError):
    """A JSON text is refused: for that ``reason``, at that ``offset`` in it."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class _Constant(ValueError):
    """NaN and its kin, which Python reads and JSON does not have."""


def refuse_constant(name: str) -> NoReturn:
    """For the ``parse_constant`` of a JSON decoder."""
    raise _Constant(name)


def json_value(
    decoder: JSONDecoder, text: str, start: int = 0, deep: int | None = None
) -> tuple[Any, int]:
    """The JSON value that begins at ``start``, and where it ends. ``deep`` is what ``too_deep_at``
    gives for the text, if that is known. Raises Refused.
    """
    from json import JSONDecodeError

    if deep is None:
        deep = too_deep_at(text, "json")
    try:
        value, end = decoder.raw_decode(text, start)
    except RecursionError:
        raise Refused(TOO_DEEP, max(deep, start)) from None
    except JSONDecodeError as error:
        if start <= deep <= error.pos:
            raise Refused(TOO_DEEP, deep) from None
        words, offset = json_problem(text, error.pos)
        raise Refused(f"not JSON: {words}", offset) from None
    except _Constant as error:
        raise Refused(f"not JSON: {error} is not a JSON number", start) from None
    except ValueError:
        raise Refused(f"not JSON: {UNREADABLE_NUMBER}", start) from None
    if start <= deep < end:
        raise Refused(TOO_DEEP, deep)
    return value, end


def json_document(decoder: JSONDecoder, text: str) -> Any:
    """The one JSON value that is the whole text. Raises Refused."""
    value, end = json_value(decoder, text, after_space(text, 0))
    end = after_space(text, end)
    if end < len(text):
        words, offset = json_problem(text, end)
        raise Refused(f"not JSON: {words}", offset)
    return value


def after_space(text: str, offset: int) -> int:
    """Where what is no white space of JSON begins, from there on."""
    match = _SPACE.match(text, offset)
    return match.end() if match else offset


def too_deep_at(text: str, format: Format, limit: int = MAX_NESTING) -> int:
    """Where the bracket stands that opens a level too many, or -1. For YAML only the brackets are
    looked at, and a lone quote within a word may mislead: it is for texts that its reader refused.
    """
    if text.count("[") + text.count("{") <= limit:
        return -1
    depth = 0
    for match in re.finditer(rf"{_HIDES[format]}|[\[{{\]}}]", text, re.DOTALL):
        sign = match[0]
        if sign in _OPENING:
            depth += 1
            if depth > limit:
                return match.start()
        elif sign in ("]", "}"):
            depth = max(0, depth - 1)
    return -1


def is_too_deep(value: Any, limit: int = MAX_NESTING) -> bool:
    """Whether lists and tables nest deeper than that. Does not recurse."""
    level = [value]
    for _ in range(limit + 1):
        level = [item for item in level if isinstance(item, dict | list)]
        if not level:
            return False
        level = [
            inner for item in level for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return True


def json_problem(text: str, offset: int) -> tuple[str, int]:
    """What is wrong with a JSON text that Python's reader refused at an offset, and where: these
    differ by Python's version for a comma too many.
    """
    if comma := _AFTER_COMMA.match(text, offset):
        offset = comma.end()
    for sign in ("\\", "\\u"):
        if text[:offset].endswith(sign):
            offset -= len(sign)
    found = text[offset : offset + 1]
    if not found:
        return "the text ends too early", offset
    if found == "\\":
        return "unknown escape", offset
    if found < " ":
        return f"a control character (U+{ord(found):04X}) in a string", offset
    if found == '"':
        is_whole = _STRING.match(text, offset) is not None
        return "unexpected string" if is_whole else "a string is not closed", offset
    shown = _SHOWN.match(text, offset)
    word = shown[0] if shown else found
    return f"unexpected {word if word.isprintable() else ascii(word)}", offset


def toml_problem(text: str, error: ValueError) -> tuple[str, int, int]:
    """Reason, line and column of an error of ``tomllib``, which has the place in its words."""
    words = str(error)
    said = re.fullmatch(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", words)
    if said is None:  # no error of the format: Python refused to make a number of it
        return UNREADABLE_NUMBER, 0, 0
    reason = f"{said[1][:1].lower()}{said[1][1:]}"
    if said[2]:
        return reason, int(said[2]), int(said[3])
    return reason, text.count("\n") + 1, len(text) - text.rfind("\n")


def yaml_problem(text: str, error: Exception, limit: int = MAX_NESTING) -> tuple[str, int, int]:
    """Reason, line and column (0 where it is not known) of an error of PyYAML or of Python's
    stack. The library has a limit of its own, which it may meet before it tells of any bracket.
    """
    if (deep := too_deep_at(text, "yaml", limit)) >= 0:
        return TOO_DEEP, text.count("\n", 0, deep) + 1, deep - text.rfind("\n", 0, deep)
    if isinstance(error, RecursionError):
        return TOO_DEEP, 1, 0
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    if mark is not None:
        return f"not YAML: {reason}", mark.line + 1, mark.column + 1
    offset = getattr(error, "position", 0)
    return f"not YAML: {reason}", text.count("\n", 0, offset) + 1, 0


_MOST_VALUES = 1_000_000
_ENDLESS = float("inf")


def too_large(node: Any) -> str:
    """Why no data are made of a node of YAML, which aliases can make endless, or so large that no
    memory holds what is done with it; "" where there is no reason.
    """
    size = _size(node, {})
    if size <= _MOST_VALUES:
        return ""
    why = "holds itself" if size == _ENDLESS else f"expands to more than {_MOST_VALUES:,} values"
    return f"by its aliases the text {why}"


def _size(node: Any, known: dict[int, float]) -> float:
    """How many values a node stands for, those of an alias counted wherever it stands."""
    if isinstance(node.value, str):
        return 1
    if id(node) not in known:
        known[id(node)] = _ENDLESS  # until it is counted
        items = [part for item in node.value for part in _parts(item)]
        known[id(node)] = 1 + sum(_size(item, known) for item in items)
    return known[id(node)]


def _parts(item: Any) -> tuple[Any, ...]:
    return item if isinstance(item, tuple) else (item,)
