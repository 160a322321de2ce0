"""The spelling of SPL: values, names, regular expressions, and lines of about 100 columns.

Rules: https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/search-commands/search
and https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/search-primer/backslashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kqlx.elastic.addresses import is_network
from kqlx.patterns import ANY_RUN, Pattern, Token
from kqlx.regexes import late_regex

COMMENT = "``` {} ```"
"""A comment, with its text in place of the braces."""

WIDTH = 100

_BARE_NAME = late_regex(r"[A-Za-z0-9_](?:[A-Za-z0-9_.]|\{\})*")
_EVAL_NAME = late_regex(r"[A-Za-z_][A-Za-z0-9_]*")
# Characters that no quoting of Splunk's takes in a field's name, in one command or the other: a
# bar, a bracket or a backquote may end the command or begin another one also in single quotes, and
# halves of characters are in no file.
_UNNAMABLE = late_regex("[\\\\*'\"|`\\[\\]\x00-\x1f\x7f]")
_NO_WAY = "Splunk has no way to write such a name"
_HALF = late_regex("[\ud800-\udfff]")

# What Splunk means by a name, whatever the events hold: its own fields and the modifiers of a
# search.
_OWN_NAMES = frozenset(
    [
        "earliest",
        "latest",
        "starttime",
        "endtime",
        "index",
        "index_earliest",
        "index_latest",
        "_index_earliest",
        "_index_latest",
        "_indextime",
        "host",
        "source",
        "sourcetype",
        "tag",
        "eventtype",
        "savedsearch",
        "splunk_server",
        "linecount",
        "punct",
        "timestamp",
        "_raw",
        "_time",
    ]
)

_OPERATORS = frozenset({"AND", "OR", "NOT", "IN", "AS", "BY", "XOR", "LIKE", "CASE", "TERM"})
_KEY_WORDS = _OPERATORS | {"TRUE", "FALSE", "NULL"}

# What PCRE gives a meaning to, the backquote, which begins macros and comments, and <, of
# <<FIELD>>.
_REGEX_SPECIAL = late_regex(r"[\\.^$|?*+()\[\]{}`<\x00-\x1f\x7f]")

# A search cannot spell these in a value: a star is a wildcard, control characters have no escape,
# and three backquotes may begin a comment.
_UNSPEAKABLE = late_regex(r"[*\x00-\x1f\x7f]|```")
_ORDINARY = late_regex("[^*\x00-\x1f\x7f`]*")

# What a line may not be broken within: quoted text, and an OR or a NOT and what follows it.
_WORD = late_regex(r'(?:OR )?(?:\(*NOT )?(?:"(?:\\.|[^"\\])*"|\'[^\']*\'|[^ "\'])+', re.DOTALL)


def quote(text: str) -> str:
    """A value in double quotes. A star stays a wildcard: ``search`` has no escape for it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_ordinary(text: str) -> bool:
    """Whether nothing in a text is to be looked at more closely: it is none of a network, and has
    no character that a search cannot say.
    """
    if _ORDINARY.fullmatch(text) is None or _has_half(text):
        return False
    return "/" not in text or not is_network(text)


def is_plain_literal(text: str) -> bool:
    """Whether ``search`` can compare with this text and no other."""
    return not _UNSPEAKABLE.search(text)


def widened_for_search(pattern: Pattern) -> Pattern:
    """The pattern with a star for whatever ``search`` cannot spell, such as the wildcard ``?``: it
    fits the same texts and more.
    """
    tokens: list[Token] = []
    for token in pattern.widened_to_stars().tokens:
        first, *others = _UNSPEAKABLE.split(token) if isinstance(token, str) else [token]
        tokens.append(first)
        for text in others:
            tokens += [ANY_RUN, text]
    return Pattern.of(*tokens, span=pattern.span)


def name_problem(name: str) -> str:
    """Why Splunk cannot test a field of this name, or ""."""
    if not name or name != name.strip():
        return _NO_WAY
    if problem := characters_problem(name):
        return problem
    return "the name has a meaning of its own in Splunk" if name in _OWN_NAMES else ""


def characters_problem(name: str) -> str:
    """Why Splunk cannot spell the name, or the texts of a name with stars, or ""."""
    return _NO_WAY if _UNNAMABLE.search(name) or _has_half(name) else ""


def value_problem(text: str) -> str:
    """Why no search can ask for the text, or ""."""
    return "half of a character is in no text of Splunk's" if _has_half(text) else ""


def _has_half(text: str) -> bool:
    return not text.isascii() and _HALF.search(text) is not None


def search_name(name: str) -> str:
    """A field's name as ``search`` wants it: in double quotes where it is not plain."""
    return name if _BARE_NAME.fullmatch(name) and name.upper() not in _OPERATORS else quote(name)


def eval_name(name: str) -> str:
    """A field's name as ``where`` and ``eval`` want it: in single quotes where it is not plain."""
    if _EVAL_NAME.fullmatch(name) and name.upper() not in _KEY_WORDS:
        return name
    return f"'{name}'"


def decoded(text: str) -> str:
    """A text of XML, an expression of ``eval``, with the signs that its entities stand for."""
    for entity, sign in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        text = f"replace({text}, {quote(f'&{entity};')}, {quote(sign)})"
    return text


def regex(text: str) -> str:
    """Plain text as a regular expression that matches it."""

    def escape(match: re.Match[str]) -> str:
        character = match[0]
        plain = character > " " and character not in "`<\x7f"
        return f"\\{character}" if plain else f"\\x{ord(character):02x}"

    return _REGEX_SPECIAL.sub(escape, text)


def fold(terms: Iterable[str]) -> str:
    """Words on lines of about 100 columns, the later ones indented; quoted text is never broken."""
    lines = [""]
    for term in terms:
        long = len(term) > WIDTH - 4
        if long and lines[-1]:
            lines.append("    ")
        for word in _WORD.findall(term) if long else [term]:
            if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > WIDTH:
                lines.append(f"    {word}")
            else:
                lines[-1] += f" {word}" if lines[-1].strip() else word
    return "\n".join(lines)


def fold_condition(text: str) -> str:
    """A condition of ``where`` on lines of about 100 columns, broken before AND and OR, and what is
    still too long after commas; quoted text is never broken.
    """
    if len(text) <= WIDTH:
        return text
    parts = _parted(text, " (?=(?:AND|OR) )")
    return "\n    ".join([line for part in parts for line in _filled(part)])


def _parted(text: str, at: str) -> list[str]:
    """The text in parts that stand between the blanks of this expression."""
    parts, start = [], 0
    for match in re.finditer(rf'"(?:\\.|[^"\\])*"|{at}', text, re.DOTALL):
        if match[0] == " ":
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def fold_calls(text: str) -> str:
    """Calls in one another on lines of about 100 columns, broken after commas; quoted text is never
    broken.
    """
    return "\n    ".join(_lines_of_calls(text))


def _filled(text: str) -> list[str]:
    """Calls in one another on lines of about 100 columns."""
    if len(text) <= WIDTH or "mvmap(" not in text:
        return [text]
    return _lines_of_calls(text)


def _lines_of_calls(text: str) -> list[str]:
    lines: list[str] = []
    for part in _parted(text, "(?<=,) "):
        if lines and len(lines[-1]) + len(part) < WIDTH - 4:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines
