"""The names of the files that hold converted rules.

A form has words in braces: ``{file}`` the name of the rule's file without its suffix, ``{title}``
the rule's name, ``{id}`` its id; and the suffix of the format follows. By the form ``{title}``
alone a target may have a habit of its own, as Sigma has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kqlx.errors import UsageError
from kqlx.regexes import late_regex
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.backends.target import Target

WORDS = ("file", "title", "id")
_WORD = late_regex(r"\{([^{}]*)\}")


def check_form(form: str) -> None:
    """Raises UsageError for a form that names no rule, or has another word in braces."""
    words = _WORD.findall(form)
    known = " or ".join(f"{{{word}}}" for word in WORDS)
    for word in words:
        if word not in WORDS:
            raise UsageError(f"file names have no {{{word}}}", hint=f"they have {known}")
    rest = _WORD.sub("", form)
    if not words:
        raise UsageError(f"file names need {known}, or all rules get the same one")
    if not re.fullmatch(r"[A-Za-z0-9 ._-]*", rest) or form.startswith("."):
        raise UsageError(f"file names have characters that not all systems allow: {rest}")


def file_names(
    form: str, rule: Rule, target: Target, places: Sequence[Mapping[str, object]], format: str
) -> list[str]:
    """The names of a rule's files, one for each of the places of its events, each its own."""
    named = [file_name(form, rule, target, place, format) for place in places]
    if len(set(named)) == len(named):
        return named
    found: list[str] = []
    for name, place in zip(named, places, strict=True):
        stem, dot, end = name.rpartition(".")
        own = f"{stem}_{_words(place)}"
        number = 2
        while (free := f"{own}{dot}{end}") in found:
            own = f"{stem}_{_words(place)}_{number}"
            number += 1
        found.append(free)
    return found


def _words(place: object) -> str:
    """The values of a place in small letters, digits and underscores."""
    if isinstance(place, Mapping):
        return "_".join(dict.fromkeys(filter(None, map(_words, place.values()))))
    return re.sub("[^a-z0-9]+", "_", str(place).lower()).strip("_")


def file_name(
    form: str, rule: Rule, target: Target, place: Mapping[str, object], format: str
) -> str:
    """The name of a rule's file in a format, the same on every system; ``place`` is where its
    events are in the target. One of several rules in a file goes by its title.
    """
    from kqlx.backends.artifact_text import file_stem, same_stem
    from kqlx.render import file_name, suffix

    if rule.path is None or rule.line:
        form = form.replace("{file}", "{title}")
    if form == "{title}":
        return file_name(rule, target, place, format)

    def part(match: re.Match[str]) -> str:
        if match[1] == "title":
            return file_stem(rule)
        if match[1] == "id":
            return same_stem(rule, rule.id or rule.name)
        assert rule.path is not None
        return same_stem(rule, rule.path.stem)

    return _WORD.sub(part, form) + suffix(target, format)
