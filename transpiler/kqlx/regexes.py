"""Regular expressions that modules keep, compiled when they are first used.

Of the two hundred of the modules that one conversion loads it uses a third; compiling all takes as
long as the conversion itself.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def late_regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As ``re.compile``, later."""
    return cast("re.Pattern[AnyStr]", Late(text, flags))


class Late:
    """Has what a compiled expression has, and keeps each part that was asked for."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, value)
        return value
