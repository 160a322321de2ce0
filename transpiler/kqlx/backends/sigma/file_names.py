"""Names of files as SigmaHQ wants them: ``proc_creation_win_….yml``
(https://github.com/SigmaHQ/sigma-specification/blob/main/sigmahq/sigmahq-filename-convention.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kqlx.backends.sigma.file_prefixes import file_prefix
from kqlx.rules.model import Rule
from kqlx.rules.query_tree import asks_for_several_events
from kqlx.rules.threshold import threshold_of

SHORTEST, LONGEST = 10, 90
"""Characters, the suffix counted."""

_NAMES = {
    "m365": ("m365", "microsoft_365", "o365"),
    "posh": ("powershell",),
    "win": ("windows",),
    "lnx": ("linux",),
}
"""By a word of the prefix what names the same at the beginning of a title."""


def file_of(rule: Rule, place: Mapping[str, object]) -> str:
    """The name of the file of a rule whose log source is that of a place."""
    found = place.get("logsource")
    return file_name(rule, found if isinstance(found, Mapping) else {"product": "elastic"})


def file_name(rule: Rule, logsource: Mapping[str, object]) -> str:
    """A file's name, of 10 to 90 characters; of a rule that counts, and so has a correlation,
    ``correlation_…``. What the prefix says is not said again at the beginning of the title.
    """
    prefix = _slug(file_prefix(logsource))
    title = _slug(rule.name or "query")
    said = (prefix, str(logsource.get("product") or ""), *prefix.split("_"))
    for name in (*map(_slug, said), *(n for word in said for n in _NAMES.get(word, ()))):
        if name:
            title = title.removeprefix(f"{name}_")
    if threshold_of(rule) is not None or asks_for_several_events(rule):
        prefix = f"correlation_{prefix}"
    room = LONGEST - len(".yml")
    stem = f"{prefix}_{title}"
    if len(stem) > room:
        whole_words = stem[: room + 1].rpartition("_")[0]
        stem = whole_words if len(whole_words) > room // 2 else stem[:room]
    return f"{stem:_<{SHORTEST - len('.yml')}}.yml"


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
