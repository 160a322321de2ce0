"""The ``kqlx.yml`` to begin with: every key with its meaning, as a comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kqlx.settings.keys import KEYS, Key
from kqlx.settings.schema import ADDRESS

_HEAD = f"""\
# yaml-language-server: $schema={ADDRESS}
# What kqlx does where the command line does not say. Paths are relative to this file.
"""


def text() -> str:
    """The file. Without the ``# `` before its keys it is settings too."""
    return _HEAD + "\n" + "\n".join(_lines(KEYS, "")) + "\n"


def _lines(keys: Iterable[Key], indent: str) -> Iterator[str]:
    for key in keys:
        start = f"# {indent}{key.name}:"
        if key.inner:
            yield f"{start:52} # {key.meaning}"
            yield from _lines(key.inner, f"{indent}  ")
        elif key.example:  # of two keys that exclude each other, one has an example
            words = f": {', '.join(key.words)}" if key.words else ""
            yield f"{f'{start} {key.example}':52} # {key.meaning}{words}"
