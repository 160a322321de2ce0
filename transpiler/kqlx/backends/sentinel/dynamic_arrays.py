"""Dynamic columns that hold arrays: of values, or of objects; and flattened fields.

A test asks whether some value passes. It is made on the row, by ``set_has_element`` or by the JSON
text of the column, which Kusto writes without blanks: taking an array apart in the midst of an
``or`` would lose rows
(https://learn.microsoft.com/kusto/query/mv-expand-operator?view=microsoft-sentinel).

In JSON text a quotation mark within a value stands behind a backslash. So where a value begins or
ends the test asks for the bare mark and for the sign before or behind it; where the value itself
has such signs it goes over the whole text instead, from mark to mark.

``folds`` says of each test whether letter case is to be ignored.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring

from kqlx.backends.sentinel.boolean import any_text
from kqlx.backends.sentinel.column_access import PATH, REGEX, SCAN, Cell
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.syntax import json_text, quote, regex
from kqlx.backends.text_backend import Text
from kqlx.patterns import Pattern, Shape
from kqlx.regexes import late_regex

_INNER = r'(?:[^"\\]|\\.)*'
INNER_ONE = r'(?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])'
_INNER_WHOLE = rf"{INNER_ONE}*"
"""Any text, without the beginning of an escape: what ``?`` stands for begins a sign."""
HEAD = rf'^(?:[^"]*"{_INNER}")*[^"]*'
"""All whole values before a quotation mark, which therefore opens one."""
# A part of a value that can stand nowhere else in the JSON text: free of its signs, and not to be
# taken for the end of an escape such as \\n or \\u001f.
_SAFE_BEGINNING = late_regex(r'[^\[\]{},:"\\nrtbfu0-9a-fA-F\x00-\x1f]')
_SAFE_MIDDLE = late_regex(r'[^\[\]{},:"\\nrtbfu0-9a-fA-F\x00-\x1f][^\[\]{},:"\\\x00-\x1f]*')
# How a value begins, and null does not: in an array, and behind a key of an object.
_ARRAY_VALUE = r'["0-9tf]'
_BAG_VALUE = r':\[*(?:null,)*["0-9tf-]'
_OF_NUMBER = "[0-9.eE+-]"
_OF_NUMBERS = late_regex(f"{_OF_NUMBER}*")


def one_of(
    cell: Cell, values: list[str], lists: NamedValues, *, folds: bool, negative: bool
) -> Text:
    """Whether some value of an array is one of these; of form "many", the column may also hold
    a single value. ``negative`` says that the test stands below a not.
    """
    # Below a flattened field a value may be a number, or a Boolean.
    bare = not cell.column.declared and any(
        bare_values(Pattern.of(value), folds=folds) for value in values
    )
    if folds or bare:
        joined, patterns = "", [Pattern.of(value) for value in values]
        if not bare and cell.form != "many":
            joined, patterns = _as_one(patterns)
        found = [value_fits(cell, pattern, folds=folds) for pattern in patterns]
        if joined:
            test = f"tostring({cell.raw}) matches regex {quote('(?is)' + joined)}"
            found.insert(0, Text(test, rank=REGEX))
        return any_text(found)
    literals = ", ".join(quote(value) for value in values)
    if len(values) == 1:
        test = f"set_has_element({cell.raw}, {literals})"
        single = f"{cell.raw} == {literals}"
    else:
        listed = lists.list_name(cell.column.name, [quote(value) for value in values])
        known = listed or f"dynamic([{literals}])"
        test = f"array_length(set_intersect({cell.raw}, {known})) > 0"
        single = f"{cell.raw} in ({listed or literals})"
    texts = [Text(never_null(test, negative), rank=PATH)]
    return any_text([Text(single, rank=PATH), *texts] if cell.form == "many" else texts)


def value_fits(cell: Cell, pattern: Pattern, *, folds: bool) -> Text:
    """Whether some value of an array fits a pattern."""
    middle = pattern.text
    if pattern.shape is Shape.CONTAINS and _SAFE_MIDDLE.fullmatch(middle):
        operator = "contains" if folds else "contains_cs"
        return Text(f"tostring({cell.raw}) {operator} {quote(middle)}", rank=SCAN)
    flags = "(?is)" if folds else "(?s)"
    if cell.form != "many":
        expression = quote(flags + _array_regex(pattern))
        return Text(f"tostring({cell.raw}) matches regex {expression}", rank=REGEX)
    # Within an array a single value has its quotation marks too.
    is_bare = bare_values(pattern, folds=folds)
    found = _bag_regex(pattern, folds=folds) if is_bare else _array_regex(pattern)
    test = f"tostring(pack_array({cell.raw})) matches regex {quote(flags + found)}"
    return Text(test, rank=REGEX)


def value_below_fits(cell: Cell, pattern: Pattern, *, folds: bool) -> Text:
    """Whether some value below a flattened field fits."""
    expression = quote(("(?is)" if folds else "(?s)") + _bag_regex(pattern, folds=folds))
    return Text(f"tostring({cell.raw}) matches regex {expression}", rank=REGEX)


def element_fits(cell: Cell, pattern: Pattern, *, folds: bool) -> Text:
    """Whether some object of an array has the key with a value that fits; of pairs, whether
    the object of that name has.
    """
    flags = "(?is)" if folds else "(?s)"
    if cell.form == "changes":
        value = f'"{inner_regex(pattern)}"'
        expression = _change(cell, value, value)
        expression = expression if pattern.is_text and not folds else flags + expression
        return Text(f"{cell.access} matches regex {quote(expression)}", rank=REGEX)
    if not cell.is_string:
        # JSON writes numbers and Booleans without quotation marks.
        expression = f"{regex(_key(cell))}:{regex(pattern.text)}[,}}]"
        return Text(f"{cell.access} matches regex {quote(expression)}", rank=REGEX)
    key = _key(cell)
    operator = "contains" if folds else "contains_cs"
    if pattern.is_text:
        needle = f'{key}:"{json_text(pattern.text)}"'
        return Text(f"{cell.access} {operator} {quote(needle)}", rank=SCAN)
    if pattern.shape is Shape.PREFIX:
        needle = f'{key}:"{json_text(pattern.text)}'
        return Text(f"{cell.access} {operator} {quote(needle)}", rank=SCAN)
    expression = f'{flags}{regex(key)}:"{inner_regex(pattern)}"'
    return Text(f"{cell.access} matches regex {quote(expression)}", rank=REGEX)


def any_element(cell: Cell) -> Text:
    """Whether some object of the array has the key with a value, or the name."""
    # Of all values of JSON null alone begins with this letter.
    pattern = f"{regex(_key(cell))}:[^n]"
    if cell.form == "changes":
        pattern = _change(cell, "[^n]", f'"{_INNER}"')
    return Text(f"{cell.access} matches regex {quote(pattern)}", rank=REGEX)


def filled(cell: Cell) -> Text:
    """Whether an array or bag has a value, which null is not."""
    if cell.form not in ("array", "many"):
        return Text(f"tostring({cell.raw}) matches regex {quote(_BAG_VALUE)}", rank=REGEX)
    held = f"pack_array({cell.raw})" if cell.form == "many" else cell.raw
    return Text(f"tostring({held}) matches regex {quote(_ARRAY_VALUE)}", rank=REGEX)


def never_null(test: str, negative: bool) -> str:
    """Null, of a missing value, is dropped by where, but under a not it must count as false."""
    return f"coalesce({test}, false)" if negative else test


def _key(cell: Cell) -> str:
    """What stands before the colon of a value."""
    key = encode_basestring(cell.column.name.rpartition(".")[2])
    if cell.form != "pairs":
        return key
    name, value = map(json.dumps, cell.column.keys)
    return f"{name}:{key},{value}"


def _change(cell: Cell, value: str, whole: str) -> str:
    """A regular expression for an object of changes by its name with a value, of which ``whole``
    is all of it. Records have the three keys in any order.
    """
    pair = cell.column.pair
    named = "[ ._]".join(regex(json_text(part)) for part in pair.name.split("_"))
    name, key, between = f'"Name":"{named}"', f'"{pair.key}"', f'(?:"[^"]*":"{_INNER}",)?'
    return f"(?:{name},{between}{key}:{value}|{key}:{whole},{between}{name})"


def _as_one(patterns: list[Pattern]) -> tuple[str, list[Pattern]]:
    """A regular expression for an array that has one of several plain values, and the others."""
    plain = [pattern for pattern in patterns if pattern.is_text and not _has(pattern, "[],")]
    if len(plain) < 2:
        return "", patterns
    rest = [pattern for pattern in patterns if pattern not in plain]
    return rf'[\[,]"(?:{"|".join(map(inner_regex, plain))})"[,\]]', rest


def value_regex(pattern: Pattern) -> str:
    """A pattern as a regular expression for a value that stands alone."""
    body = pattern.without_outer_stars().as_regex(regex)
    return ("" if pattern.begins_open else "^") + body + ("" if pattern.ends_open else "$")


def _array_regex(pattern: Pattern) -> str:
    """A pattern as a regular expression for the JSON text of an array that has such a value."""
    inner, is_open = pattern.without_outer_stars(), pattern.begins_open
    head = HEAD if _has(pattern, "[],") else ""
    bare = not head and is_open and _SAFE_BEGINNING.match(inner.prefix)
    opened = "" if bare else rf'{head}[\[,]"' + (_any_run(pattern) if is_open else "")
    return opened + inner_regex(inner) + ("" if pattern.ends_open else '"[,\\]]')


def _bag_regex(pattern: Pattern, *, folds: bool) -> str:
    """A pattern as a regular expression for the JSON text of an object, or an array, with such a
    value.
    """
    head = HEAD if _has(pattern, "[]{},:") else ""
    marked = f'"{inner_regex(pattern)}"'
    if bare := bare_values(pattern, folds=folds):
        marked = f"(?:{'|'.join([marked, *bare])})"
        head = HEAD if pattern.begins_open else head
    return rf"{head}[\[,:]{marked}[,\]}}]"


def bare_values(pattern: Pattern, *, folds: bool) -> list[str]:
    """Regular expressions for the numbers and Booleans that fit: they have no quotation marks. The
    same goes for null, which is no value.
    """
    in_case = pattern.map_literals(str.lower) if folds else pattern
    found = [word for word in ("true", "false") if in_case.fits(word)]
    asks = pattern.tokens and pattern.shape is not Shape.ANYTHING
    if asks and all(map(_OF_NUMBERS.fullmatch, pattern.literals)):
        found.append(pattern.as_regex(regex, f"{_OF_NUMBER}*", _OF_NUMBER))
    return found


def inner_regex(pattern: Pattern) -> str:
    """A pattern between the quotation marks of JSON text."""
    return pattern.as_regex(lambda text: regex(json_text(text)), _any_run(pattern), INNER_ONE)


def _any_run(pattern: Pattern) -> str:
    return _INNER_WHOLE if pattern.has_any_one else _INNER


def _has(pattern: Pattern, signs: str) -> bool:
    """Whether the signs around a closing quotation mark could be taken for a value that fits."""
    text = pattern.text
    return not text or pattern.has_any_one or any(sign in text for sign in signs)
