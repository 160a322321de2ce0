"""Texts as Splunk's .conf files and contentctl's detections take them.

A setting is one line; it goes on where a line ends in a backslash, and nothing else is escaped
(https://docs.splunk.com/Documentation/Splunk/latest/Admin/Howtoeditaconfigurationfile). Some
readers take a semicolon behind a blank for a comment, and lines that begin with ``#``, ``;`` or
``*``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from kqlx.notes import Effect, Note
from kqlx.regexes import late_regex
from kqlx.rules.model import Rule

# What UTF-8 or a text file cannot hold, or what may end a line for some reader.
_UNPRINTABLE = late_regex("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

# A line that readers would pass over, or take for a stanza.
_NOT_FIRST = late_regex(r"\s*(?:[;#*\[]|rem\s)", re.IGNORECASE)

_DOLLAR = "\uff04"

LONGEST_STANZA = 99
"""Enterprise Security does not edit searches with longer names
(https://github.com/splunk/contentctl, constants)."""

LONGEST_NAME = 67
"""contentctl adds its own words to a name, so that it may be shorter."""

MOST_DESCRIBED, MOST_OF_AUTHORS = 10_000, 255
"""How many characters contentctl takes of a description and of authors."""


def conf_text(text: str) -> str:
    """Prose as the value of a setting: one line, its white space single blanks.

    Characters that a file cannot hold become U+FFFD, a blank before a semicolon goes, and a full
    stop follows a backslash at the end.
    """
    line = _UNPRINTABLE.sub("\ufffd", " ".join(text.split())).replace(" ;", ";")
    return f"{line}." if line.endswith("\\") or line == '""' else line


def conf_json(value: Any) -> str:
    """JSON as the value of a setting, in ASCII."""
    return json.dumps(value).replace("\x7f", "\\u007f").replace(" ;", " \\u003b")


def conf_search(query: str) -> str:
    """A search as the value of a setting, on the lines that it has."""
    lines: list[str] = []
    for line in query.replace("\r", " ").split("\n"):
        if lines and _NOT_FIRST.match(line):
            lines[-1] += f" {line.lstrip()}"
        else:
            lines.append(line)
    if re.search(r"\s;", lines[0]):
        lines.insert(0, "")
    return " \\\n".join(lines).lstrip(" ")


def without_tokens(text: str, beside: bool = False) -> str:
    """Text in which nothing stands for the value of a field: ``$user$`` does in what alerts say,
    and ``[[action|ping]]`` is a button. ``beside`` tokens one dollar sign is too many.
    """
    while "[[" in text:
        text = text.replace("[[", "[ [")
    return text.replace("$", _DOLLAR) if text.count("$") > (0 if beside else 1) else text


def has_tokens(text: str) -> bool:
    return without_tokens(text) != text


TOKENS_REPLACED = Note(
    "metadata-changed",
    Effect.SAME,
    "in the texts of alerts, dollar signs and [[ are rewritten, so that they are not tokens",
)


def is_token(name: str) -> bool:
    """Whether ``$name$`` stands for the field's value: braces and blanks are not taken there."""
    return re.fullmatch(r"[A-Za-z0-9_.]+", name) is not None


_END = " - Rule"


def stanza(title: str, domain: str, distinction: str) -> str:
    """``Threat - Title - Rule``, as Enterprise Security names its searches, of at most 99
    characters. A title that is not as it was has ``distinction`` behind it.
    """
    plain = " ".join(_UNPRINTABLE.sub(" ", title).translate(str.maketrans("[]", "()")).split())
    head, tail = f"{domain.capitalize()} - ", _END
    most = LONGEST_STANZA - len(head) - len(tail)
    if plain != title or len(plain) > most:
        plain = f"{plain[: most - len(distinction) - 1].rstrip()} {distinction}"
    return f"{head}{plain}{tail}"


def renamed_stanza(header: str, distinction: str) -> str:
    """Another line for a stanza of the same title: ``[Threat - Title 1a2b3c4d - Rule]``."""
    title = header[1:-1].removesuffix(_END)
    most = LONGEST_STANZA - len(_END) - len(distinction) - 1
    return f"[{title[:most].rstrip()} {distinction}{_END}]"


def detection_name(title: str, distinction: str) -> str:
    """A name of which contentctl can make those of a file and a macro: ASCII letters, digits,
    blanks, hyphens and underscores, at most 67; with ``distinction`` where more was lost than
    punctuation.
    """
    plain = re.sub(r"['’\"]", "", title)
    found = " ".join(re.sub(r"[^A-Za-z0-9_-]", " ", plain).split())
    if len(found) > LONGEST_NAME or not title.isascii() or not found:
        found = f"{found[: LONGEST_NAME - len(distinction) - 1].rstrip()} {distinction}".strip()
    return found


def filter_macro(name: str) -> str:
    """The macro at the end of a detection, in which users say what is not to be found."""
    return re.sub(r"[ ./-]", "_", name).lower() + "_filter"


def origin(rule: Rule) -> str:
    """One line on where the rule comes from, for people."""
    whose = f"the Elastic rule {rule.id}" if rule.id else "a query in Kibana KQL"
    by = f" by {', '.join(rule.authors)}" if rule.authors else ""
    under = f" ({rule.license})" if rule.license else ""
    return conf_text(f"Converted by kqlx from {whose}{by}{under}; disabled until reviewed.")
