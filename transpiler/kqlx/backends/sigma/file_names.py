"""Names of files as SigmaHQ wants them: ``microsoft365_….yml``
(https://github.com/SigmaHQ/sigma-specification/blob/main/sigmahq/sigmahq-filename-convention.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kqlx.rules.model import Rule
from kqlx.rules.threshold import threshold_of

_PREFIXES = {"m365": "microsoft365"}  # where SigmaHQ's file names differ from the product
_OTHER_NAMES = {"m365": ("m365", "microsoft_365", "o365")}


def file_of(rule: Rule, place: Mapping[str, object]) -> str:
    """The name of the file of a rule whose log source is that of a place."""
    found = place.get("logsource")
    logsource = found if isinstance(found, dict) else {"product": "elastic"}
    return file_name(rule, str(logsource.get("product") or next(iter(logsource.values()))))


def file_name(rule: Rule, product: str) -> str:
    """A file's name, of 14 to 94 characters; of a rule that counts, and so has a correlation,
    ``correlation_…``.
    """
    prefix = _slug(_PREFIXES.get(product, product))
    title = _slug(rule.name or "query")
    for name in (prefix, product, *_OTHER_NAMES.get(product, ())):  # not twice
        title = title.removeprefix(f"{_slug(name)}_")
    if threshold_of(rule) is not None:
        prefix = f"correlation_{prefix}"
    return f"{f'{prefix}_{title}'[:90].rstrip('_'):_<10}.yml"


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
