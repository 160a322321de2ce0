"""Comments in the text of results: on tests that were left out, and headings above results."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kqlx.backends.target import Plan, Target
from kqlx.mappings.bound import Bound


def comments_of(plan: Plan) -> list[str]:
    """What is to be said above the query of a plan: its comments, and what of the tests without a
    counterpart that were left out.
    """
    return [*plan.comments, *about_left_out(plan.bounds)]


def about_left_out(bounds: Iterable[Bound]) -> list[str]:
    """What is to be said of the tests without a counterpart that were left out."""
    return [line for bound in bounds for line in bound.left_out]


def comment_lines(form: str, texts: Iterable[str]) -> list[str]:
    """A comment for each text, once. ``form`` is how the language writes one, as ``Target.comment``
    says.
    """
    return [form.format(harmless(text)) for text in dict.fromkeys(texts)]


def without_comments(target: Target, text: str) -> str:
    """The text with as many other characters in place of its lines of comment."""
    begins = target.comment.partition("{}")[0].rpartition("\n")[2]
    if not begins:
        return text
    lines = re.compile(rf"^ *{re.escape(begins)}.*$", re.MULTILINE)
    return lines.sub(lambda match: "\0" * len(match[0]), text)


def heading(target: Target, text: str, *, mixed: bool = False) -> str:
    """A line above one of several results, as a comment of its language.

    JSON has none, and a stream of JSON documents needs none: it gets "", but for an output of
    several languages (``mixed``), which no program reads as a whole.
    """
    return (target.comment or ("// {}" if mixed else "")).format(harmless(text))


def harmless(text: str) -> str:
    """Text that stays within its line and its comment, whatever the language. Splunk ends one at
    backquotes, and expands macros between single ones.
    """
    if not text.isprintable():
        text = "".join([c if c.isprintable() else "\ufffd" for c in text])
    return text.replace("`", "'")
