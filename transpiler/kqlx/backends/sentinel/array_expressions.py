"""Regular expressions that some value of an array matches, held against the column's JSON text.

Each character of the expression becomes one sign of JSON, which may be an escape such as ``\\n``.
So what matches begins and ends with a value, as for patterns in ``dynamic_arrays``.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.sentinel.column_access import REGEX, Cell
from kqlx.backends.sentinel.dynamic_arrays import HEAD, INNER_ONE
from kqlx.backends.sentinel.syntax import json_text, quote, regex
from kqlx.backends.text_backend import Text
from kqlx.regular_expressions import (
    ANY_CHAR,
    ANY_TEXT,
    Char,
    CharClass,
    Choice,
    Item,
    Repeat,
    Sequence,
    choice,
    compiled,
    folded,
    portable,
)

Ranges = tuple[tuple[str, str], ...]

_LAST = chr(0x10FFFF)
_OF_NUMBERS: Ranges = (("+", "+"), ("-", "."), ("0", "9"), ("E", "E"), ("e", "e"))
_OUTSIDE_OF_TEXTS: Ranges = (
    *_OF_NUMBERS,
    (",", ","),
    (":", ":"),
    *((sign, sign) for sign in "[]{}afnlrstu"),
)
"""What stands in JSON between the texts: numbers, ``true``, ``false``, ``null`` and signs."""
_ESCAPED = {'"': '"', "\\": "\\", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
_HEXADECIMAL = tuple(sign for sign in map(chr, range(0x20)) if sign not in _ESCAPED)
_ALWAYS_ESCAPED: Ranges = (('"', '"'), ("\\", "\\"), ("\x00", "\x1f"))
_NEVER_ESCAPED: Ranges = ((" ", "!"), ("#", "["), ("]", _LAST))


def expression_fits(cell: Cell, item: Item, *, folds: bool) -> Text:
    """Whether some value of an array matches as a whole; of form "many" the column may also hold a
    single value.
    """
    bare = _bare_values(item, folds) if cell.form == "many" else []
    end = r"[,\]]"
    items = item.items if isinstance(item, Sequence) else (item,)
    if items[-1:] == (ANY_TEXT,):
        inner = Sequence(items[:-1])
        found = f'"{_in_json(inner)}'
    else:
        inner = Sequence(items)
        found = f'"{_in_json(inner)}"{end}'
    if bare:
        of_any = bare[0] if len(bare) == 1 and "|" not in bare[0] else f"(?:{'|'.join(bare)})"
        found = f"(?:{found}|{of_any}{end})"
    # A quotation mark that closes a value must not be taken for one that opens the next.
    unsure = _only(folded(inner) if folds else inner, _OUTSIDE_OF_TEXTS) is not None
    opened = (HEAD if unsure else "") + r"[\[,]"
    whole = cell.raw if cell.form != "many" else f"pack_array({cell.raw})"
    flags = "(?is)" if folds else "(?s)"
    return Text(f"tostring({whole}) matches regex {quote(flags + opened + found)}", rank=REGEX)


def _bare_values(item: Item, folds: bool) -> list[str]:
    """Regular expressions for the Booleans and the numbers that match, which have no quotation
    marks.
    """
    expression = compiled(item, ignore_case=folds)
    found = [word for word in ("true", "false") if expression.fullmatch(word)]
    numbers = _only(folded(item) if folds else item, _OF_NUMBERS)
    if numbers is not None and numbers != Sequence(()):
        found.append(portable(numbers))
    return found


def _in_json(item: Item) -> str:
    """The expression of the text as JSON spells it between quotation marks."""
    match item:
        case Char():
            return regex(json_text(item.value))
        case CharClass():
            return INNER_ONE if item == ANY_CHAR else _class_in_json(item)
        case Repeat():
            counted = portable(Repeat(Char("x"), item.least, item.most))[1:]
            return _grouped(item.item) + counted
        case Sequence():
            return "".join(map(_in_json, item.items))
        case Choice():
            return f"(?:{'|'.join(map(_in_json, item.items))})"


def _grouped(item: Item) -> str:
    """What an operator behind it bears on as a whole."""
    found = _in_json(item)
    alone = isinstance(item, CharClass | Choice) or (found == regex(found) and len(found) == 1)
    return found if alone else f"(?:{found})"


def _class_in_json(item: CharClass) -> str:
    """One character of the class, among which may be some that JSON escapes."""
    ranges = _ranges(item)
    signs = [letter for sign, letter in _ESCAPED.items() if _contains(ranges, sign)]
    codes = [f"{ord(sign):02x}" for sign in _HEXADECIMAL if _contains(ranges, sign)]
    found = []
    if item.negated:
        found.append(portable(CharClass((*item.ranges, *_ALWAYS_ESCAPED), negated=True)))
    elif plain := _common(ranges, _NEVER_ESCAPED):
        found.append(portable(CharClass(plain)))
    if signs:
        found.append(r"\\[" + "".join(signs).replace("\\", r"\\") + "]")
    if codes:
        every = len(codes) == len(_HEXADECIMAL)
        found.append(r"\\u" + ("[0-9a-f]{4}" if every else f"00(?:{'|'.join(codes)})"))
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _only(item: Item, alphabet: Ranges) -> Item | None:
    """The expression for what matches and has these characters alone; None where nothing does."""
    match item:
        case Char():
            return item if _contains(alphabet, item.value) else None
        case CharClass():
            common = _common(_ranges(item), alphabet)
            return CharClass(common) if common else None
        case Repeat():
            inner = _only(item.item, alphabet)
            if inner is None:
                return None if item.least else Sequence(())
            return Repeat(inner, item.least, item.most)
        case Sequence():
            parts = [_only(part, alphabet) for part in item.items]
            kept = [part for part in parts if part is not None]
            return Sequence(tuple(kept)) if len(kept) == len(parts) else None
        case Choice():
            some = [part for each in item.items if (part := _only(each, alphabet)) is not None]
            return choice(*some) if some else None


def _ranges(item: CharClass) -> Ranges:
    """The characters of a class, those of a negated one too."""
    if not item.negated:
        return item.ranges
    found, at = [], 0
    for first, last in sorted(item.ranges):
        if at < ord(first):
            found.append((chr(at), chr(ord(first) - 1)))
        at = max(at, ord(last) + 1)
    return (*found, (chr(at), _LAST)) if at <= ord(_LAST) else tuple(found)


def _common(ranges: Iterable[tuple[str, str]], others: Ranges) -> Ranges:
    found = [
        (max(first, low), min(last, high))
        for first, last in ranges
        for low, high in others
        if max(first, low) <= min(last, high)
    ]
    return tuple(dict.fromkeys(sorted(found)))


def _contains(ranges: Iterable[tuple[str, str]], sign: str) -> bool:
    return any(first <= sign <= last for first, last in ranges)
