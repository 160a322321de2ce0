"""What a user sets once for all conversions: ``kqlx.yml`` in the working folder, or the file in
``$KQLX_CONFIG``.

    spl:
      index: security                # searches begin with index=security
      macros:
        o365.audit: o365_management_activity     # by data source, instead of its source type
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kqlx.errors import UsageError

FILE = "kqlx.yml"

_NAME = re.compile(r"[\w*.-]+")
_MACRO = re.compile(r"\w+(?:\([^`]*\))?")


@dataclass(frozen=True, slots=True)
class Settings:
    """``macros`` are by data source; all are names without backquotes."""

    index: str | None = None
    macros: Mapping[str, str] = field(default_factory=dict)

    def options(self, target: str, source: str | None) -> dict[str, Any]:
        """The options of a back end that follow from the settings."""
        if target != "spl":
            return {}
        return {"index": self.index, "macro": self.macros.get(source or "")}


def load(path: Path | None = None) -> Settings:
    """The settings of a file; by default those of the user, or none where there is no file.

    Raises UsageError where the file cannot be read or has a key or value that is not known.
    """
    if path is None:
        named = os.environ.get("KQLX_CONFIG")
        path = Path(named) if named else Path(FILE)
        if not named and not path.is_file():
            return Settings()
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    top = _table(path, "the file", data or {}, {"spl"})
    spl = _table(path, "spl", top.get("spl") or {}, {"index", "macros"})
    macros = _table(path, "spl.macros", spl.get("macros") or {}, None)
    return Settings(
        index=_text(path, "spl.index", spl.get("index"), _NAME),
        macros={
            name: _text(path, f"spl.macros.{name}", value, _MACRO) or ""
            for name, value in macros.items()
        },
    )


def _table(path: Path, key: str, value: Any, known: set[str] | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {key} must be a table, not {value!r}")
    for name in value:
        if known is not None and name not in known:
            raise UsageError(
                f"{path}: {key} does not know {name!r}", hint=f"it knows {', '.join(sorted(known))}"
            )
    return value


def _text(path: Path, key: str, value: Any, pattern: re.Pattern[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UsageError(f"{path}: {key} is no name that Splunk takes: {value!r}")
    return value
