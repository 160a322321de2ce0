"""Fields of a search's results that it groups by, counts or shows, and their plain names."""

from __future__ import annotations

import re

from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import eval_name, search_name
from kqlx.backends.spl.value_expressions import without_texts
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A field of the results. ``name`` is what it is called there, "" for one that is the same on
    all events; ``step`` the command that makes it, "" where events have it. ``null_column`` is the
    field of the events in which one of ``null_texts`` may stand for a missing value, "" for none.
    ``is_mapped`` is False for a field without a counterpart, which keeps Elastic's name.
    """

    field: str
    name: str
    step: str = ""
    null_column: str = ""
    null_texts: tuple[str, ...] = (NULL,)
    is_mapped: bool = True

    @property
    def spelt(self) -> str:
        """As ``stats`` and ``lookup`` want it."""
        return search_name(self.name)


def without_null(key: Key) -> Key:
    """The key as a field that an event lacks in which a null of JSON passes for a value."""
    if not key.null_column:
        return key
    made = plain_name(key.name)
    step = f"| eval {made}={without_texts(eval_name(key.name), key.null_texts)}"
    return Key(key.field, made, "\n".join(filter(None, [key.step, step])))


def plain_name(name: str) -> str:
    """A name that every command and every token takes: letters, digits and underscores."""
    made = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "field"
    return made if not made[0].isdigit() else f"field_{made}"
