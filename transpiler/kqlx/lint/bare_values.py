"""Text without a field: looked for in every field, and often meant as something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kqlx.frontends.kql.regular_expressions import MESSAGE, is_regular_expression
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import quote, short, suggest
from kqlx.lint.wording import note
from kqlx.nodes import And, FieldTest, FreeText, Nested, Node, Not, Or, walk
from kqlx.notes import Note
from kqlx.regexes import late_regex

if TYPE_CHECKING:
    from kqlx.frontends.language_guess import OtherLanguage

_NAME = r"(?P<name>[A-Za-z_@][\w.@-]*)"
_EQUALS = late_regex(rf"{_NAME}\s*(?P<sign>===?|!==?|=~|=|!~)\s*(?P<value>.+)", re.DOTALL)
_NULL = late_regex(rf"{_NAME}\s+is\s+(?P<missing>null)", re.IGNORECASE)
_LIKE = late_regex(rf"{_NAME}\s+(?:i?like)\s+(?P<value>\S+)", re.IGNORECASE)
_BETWEEN = late_regex(rf"{_NAME}\s+between\s+(?P<low>\S+)", re.IGNORECASE)
_WORD = late_regex(
    rf"{_NAME}\s+(?P<word>contains|has|startswith|endswith|matches|equals|eq|ne)\s+(?P<value>\S+)",
    re.IGNORECASE,
)
_JOINED = late_regex(r"\s(?P<sign>&&|\|\|)\s")
_SIGNED = late_regex(r"(?P<sign>[!+-])\s*(?P<rest>[\w\"].*)", re.DOTALL)
_WORD_SHAPE = {
    "contains": "*{}*",
    "has": "*{}*",
    "startswith": "{}*",
    "endswith": "*{}",
    "matches": "{}",
    "equals": "{}",
    "eq": "{}",
}


def _language(text: str) -> OtherLanguage | None:
    from kqlx.frontends.language_guess import recognise

    return recognise(text)


def check(root: Node, text: str) -> Iterator[Note]:
    """The doubts about every value without a field."""
    bare = [node for node in walk(root) if isinstance(node, FreeText)]
    if (bare or _begins_with_blanks(root, text)) and (language := _language(text)) is not None:
        message = f"this looks like {language.name}, which Kibana reads as plain text"
        yield note("other-language", message, root.span, language.advice)
        return
    if not bare:
        return
    ranges = {id(node.item) for node in walk(root) if isinstance(node, Nested)}
    in_groups = {
        id(node): group.path.name
        for group in walk(root)
        if isinstance(group, Nested)
        for node in walk(group.item)
        if isinstance(node, FreeText)
    }
    for node in bare:
        if id(node) in ranges and re.search(r"\sTO\s", text[slice(*node.span)]):
            continue  # said of the group
        if id(node) in in_groups:
            yield _in_group(node, in_groups[id(node)])
            continue
        yield _doubt(node, text[slice(*node.span)])


def _doubt(node: FreeText, raw: str) -> Note:
    for shape in (_joined, _borrowed, _equals, _signed):
        found = shape(node, raw)
        if found is not None:
            return found
    if re.match(rf"(?i:and|or)(?:[{SPACES}]|$)", raw):
        message = f'"{short(raw)}" is text to search for, including the keyword'
        hint = "a keyword needs something to join on both sides: remove it"
        return note("keyword-in-value", message, node.span, hint)
    message = f"no field name: {short(' '.join(raw.split()))} is searched for in every field"
    return note("bare-value", message, node.span, _named(raw))


def _in_group(node: FreeText, path: str) -> Note:
    name = f"{short(path)}.null"
    message = f"in a nested group a value without a field name tests {name}, which no event has"
    return note("bare-value", message, node.span, "name the field, without the path of the group")


def _named(raw: str) -> str:
    hint = suggest(f"message:{raw}")
    return f"name the field, for example {hint}" if hint else "name the field"


def _equals(node: FreeText, raw: str) -> Note | None:
    match = _EQUALS.fullmatch(raw)
    if match is None:
        return None
    value = _plain(match["value"])
    negated = "not " if match["sign"].startswith("!") else ""
    message = f"{match['sign']} is not an operator: this is text to search for in every field"
    return note("equals-sign", message, node.span, suggest(f"{negated}{match['name']}:{value}"))


def _plain(value: str) -> str:
    """The value with its quotes, if it has single ones, made double."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == "'":
        return quote(value[1:-1])
    return value if " " not in value else quote(value)


def _borrowed(node: FreeText, raw: str) -> Note | None:
    message = "Kibana KQL has no {}: this is text to search for in every field"
    match = _NULL.fullmatch(raw)
    if match:
        hint = suggest(f"not {match['name']}:*")
        return note("other-language", message.format('"is null"'), node.span, hint)
    match = _LIKE.fullmatch(raw)
    if match:
        pattern = match["value"].strip("'").replace("%", "*")
        hint = suggest(f"{match['name']}:{pattern}")
        return note("other-language", message.format('"like"'), node.span, hint)
    match = _BETWEEN.fullmatch(raw)
    if match:
        name, low = match["name"], match["low"]
        hint = f"use two comparisons, the first of them {suggest(f'{name} >= {low}')}"
        return note("other-language", message.format('"between"'), node.span, hint)
    match = _WORD.fullmatch(raw)
    if match:
        word = match["word"].lower()
        value = match["value"].strip("'")
        test = f"{match['name']}:{_WORD_SHAPE.get(word, '{}').format(value)}"
        hint = suggest(f"not {test}" if word == "ne" else test)
        return note("other-language", message.format(f'"{word}"'), node.span, hint)
    if is_regular_expression(raw):
        hint = "name the field, and list the values or use wildcards (*)"
        return note("other-language", MESSAGE, node.span, hint)
    if re.search(r"\s\|\s", raw):
        hint = "write only the filter"
        return note("other-language", message.format("pipes"), node.span, hint)
    return None


def _joined(node: FreeText, raw: str) -> Note | None:
    match = _JOINED.search(raw)
    if match is None:
        return None
    keyword = "and" if match["sign"] == "&&" else "or"
    message = f"{match['sign']} is not an operator: this is text to search for in every field"
    hint = suggest(_JOINED.sub(lambda m: " and " if m["sign"] == "&&" else " or ", raw))
    return note("symbol-operator", message, node.span, hint or f'write "{keyword}"')


def _signed(node: FreeText, raw: str) -> Note | None:
    match = _SIGNED.fullmatch(raw)
    if match is None or re.fullmatch(r"[-+]?\d[\d.]*", raw):
        return None
    message = f"{match['sign']} is not an operator: it is part of the text"
    rest = match["rest"] if match["sign"] == "+" else f"not {match['rest']}"
    return note("symbol-operator", message, node.span, suggest(rest))


def _begins_with_blanks(root: Node, text: str) -> bool:
    """Whether the first field has a name of several words: ``process where a:b``."""
    first = next(node for node in walk(root) if not isinstance(node, And | Or | Not))
    return isinstance(first, FieldTest) and (
        " " in text[slice(*first.field.span)] and text[first.field.span[0]] != '"'
    )
