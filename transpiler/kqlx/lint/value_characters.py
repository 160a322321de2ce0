"""Characters of a value that mean something else than they seem to: escapes, line breaks, quotation
marks, and the signs of other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kqlx.frontends.kql.regular_expressions import HINT, MESSAGE
from kqlx.frontends.kql.wording import suggest
from kqlx.lint.wording import name_of, note
from kqlx.nodes import Equals, Like, Literal, Node, Span, Term
from kqlx.notes import Note
from kqlx.regexes import late_regex

_QUERY_STRING = late_regex(r"\?[\w.%\[\]-]*=|^\?\w+$")
_CONTROL_ESCAPE = late_regex(r"\\(?:([trn])(?=\w)|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_DRIVE = late_regex(r"(?<![A-Za-z])[A-Za-z]\\?:\\")
NOT_ESCAPE = late_regex(r"(?:[^\\]|\\(?!not(?![A-Za-z])).)*\\not(?![A-Za-z])", re.DOTALL)
OTHER_QUOTES = late_regex(r"""'(.*)'|[“”„‟«](.*)[“”‟»]|[‘’‚](.*)[‘’]|`(.*)`""", re.DOTALL)
LUCENE_RANGE = late_regex(r"[\[{]\s*(\S+)\s+TO\s+(\S+?)\s*[\]}]")


def line_break(field: Term, raw: str, value: Term) -> Iterator[Note]:
    """A value that continues on the next line."""
    if "\n" not in raw and "\r" not in raw:
        return
    parts = [part.strip() for part in re.split(r"[\r\n]+", raw) if part.strip()]
    message = 'the value continues after a line break: is an "or" missing?'
    named = name_of(field)
    hint = suggest(f"{named}:({' or '.join(parts)})") if named else ""
    yield note("line-break-in-value", message, value.span, hint)


def regular_expression(span: Span) -> Note:
    """The doubt about a value between slashes."""
    message = f"{MESSAGE}: the slashes are part of the value"
    return note("other-language", message, span, HINT)


def question_mark(content: str, span: Span) -> Iterator[Note]:
    """A question mark that was meant as any one character."""
    if "?" not in content or _QUERY_STRING.search(content):
        return
    if content.endswith("?") and content.count("?") == 1 and (" " in content or "/" in content):
        return  # a sentence, or a URL with an empty query
    message = "? is not a wildcard: it matches only a question mark"
    yield note("question-mark", message, span, "use * for any characters, or list the values")


def control_in_path(node: Equals | Like, raw: str, span: Span) -> Iterator[Note]:
    r"""``C:\temp``, in which ``\t`` is a tab."""
    if "\\" not in raw:
        return
    controls, separators, end = [], 0, -1
    for match in _CONTROL_ESCAPE.finditer(raw):
        if not match[1]:
            separators += match[0] == r"\\" or match[0][1:].isalnum()
        elif match.start() != end:  # the name of a folder goes before, and no other escape
            controls.append(match)
        end = match.end()
    if not controls or not (separators or _DRIVE.search(raw)):
        return
    spelled_so = ", ".join(dict.fromkeys(match[0] for match in controls))
    names = {"t": "a tab", "r": "a carriage return", "n": "a line feed"}
    is_ = ", ".join(dict.fromkeys(names[match[1]] for match in controls))
    message = f"{spelled_so} in this path is {is_}"
    doubled = _CONTROL_ESCAPE.sub(lambda match: "\\" + match[0] if match[1] else match[0], raw)
    name = name_of(node.field)
    hint = suggest(f"{name}:{doubled}") if name else ""
    yield note("control-in-path", message, span, hint or "double each backslash")


def quoted_test(field: Term, content: str) -> Node:
    """The test for the text in quotation marks."""
    return Equals(field, Literal(content, phrase=True))
