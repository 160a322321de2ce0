"""What a user sets once for all conversions: ``kqlx.yml``.

The nearest one in or above the folder of the rules counts, or the file that ``--config`` or
``$KQLX_CONFIG`` names; ``keys`` says what can stand in it. What an option of the command line says
goes before what the file says. Names are loaded when they are first used: most runs have no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kqlx.settings.model import FILE as FILE
    from kqlx.settings.model import Settings as Settings
    from kqlx.settings.reader import load as load

__all__ = ["FILE", "Settings", "load"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kqlx.settings import model, reader

    value = reader.load if name == "load" else getattr(model, name)
    globals()[name] = value
    return value
