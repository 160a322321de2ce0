"""What a user sets once for all conversions: ``kqlx.yml``.

The nearest one in or above the folder of the rules counts, or the file that ``--config`` or
``$KQLX_CONFIG`` names; ``keys`` says what can stand in it. What an option of the command line says
goes before what the file says.
"""

from __future__ import annotations

from kqlx.settings.model import FILE, Settings
from kqlx.settings.reader import load

__all__ = ["FILE", "Settings", "load"]
