"""``foreach``: the same ``eval`` for every field that fits a name with stars.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/foreach: the
fields are listed by name or wildcard, the command in brackets is an eval, and ``<<FIELD>>`` in it
is replaced by the name of each field. Read here is the form with one wildcard list and one eval.
Whether fields with a leading underscore are among those that ``*`` fits is not said; they are left
out, as in other commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.names import read_name
from tests.oracles.spl.nodes import Foreach

_BODY = re.compile(r"""\[((?:[^\]"']|"(?:\\.|[^"\\])*"|'[^']*')*)\]""", re.DOTALL)


def read_foreach(cursor: Cursor, begin: int) -> Foreach:
    names = [read_name(cursor, stars=True)]
    while cursor.peek() not in ("[", ""):
        names.append(read_name(cursor, stars=True))
    at = cursor.at
    body = cursor.match(_BODY) or cursor.fail("expected [ eval ... ]")
    template = body[1:-1].strip()
    if not template.startswith("eval "):
        cursor.fail("foreach takes an eval here", at)
    if "<<FIELD>>" not in template:
        cursor.fail("the eval of foreach does not use <<FIELD>>", at)
    outside = re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", "", template)
    if "<<FIELD>>" in outside:
        cursor.fail("<<FIELD>> stands outside of quotes, and names may hold dots", at)
    return Foreach(tuple(names), template, (begin, cursor.at))


def fitting(command: Foreach, event: Mapping[str, object]) -> list[str]:
    """The fields of the event that the names fit, in the order of their names."""
    patterns = [".*".join(map(re.escape, name.split("*"))) for name in command.names]
    return [
        name
        for name in sorted(event)
        if not name.startswith("_") and any(re.fullmatch(p, name, re.DOTALL) for p in patterns)
    ]
