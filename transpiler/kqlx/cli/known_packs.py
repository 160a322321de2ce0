"""The mapping packs that a command line asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kqlx.cli.common import fail
from kqlx.cli.requests import config_of, listed_files, load_settings
from kqlx.errors import KqlxError

if TYPE_CHECKING:
    from kqlx.mappings.pack_library import Packs


def known_packs(mapping: list[str] | None, config: str | None) -> Packs:
    """Those of the package with the user's over them; ends the run where these are wrong."""
    from kqlx.conversion.choices import find_packs

    try:
        return find_packs(listed_files(mapping), load_settings(config_of(config, ())))
    except KqlxError as error:
        fail(error)
