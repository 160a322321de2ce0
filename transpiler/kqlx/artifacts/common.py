"""What templates of several targets say alike: lines, lengths, ids."""

from __future__ import annotations

import uuid

from kqlx.rules.model import Rule

# The namespace of the ids of converted rules: the same rule always gets the same id.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/kqlx/kqlx")


def one_line(text: str) -> str:
    """The text on one line, its white space single blanks."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1] + "…"


def own_id(rule: Rule, target: str, part: str = "") -> str:
    """A UUID that depends on the Elastic id alone, or on the query where there is none.

    ``part`` names one of several documents of the rule.
    """
    name = f"{target}:{rule.id or rule.query}{part and ':' + part}"
    # JSON may hold halves of characters, which UTF-8 lacks.
    return str(uuid.uuid5(NAMESPACE, name.encode("utf-8", "backslashreplace").decode()))
