"""``kqlx config`` and ``kqlx init``: the settings that hold, and a file to begin with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from kqlx.cli.common import Exit, fail
from kqlx.cli.declared import argument, option
from kqlx.cli.options import Config
from kqlx.cli.requests import config_of, load_settings
from kqlx.cli.streams import say
from kqlx.errors import KqlxError, OutputError

if TYPE_CHECKING:
    from kqlx.settings.keys import Key
    from kqlx.settings.model import Settings


def config(
    paths: Annotated[
        list[str] | None,
        argument(metavar="[PATH]...", help="Rules whose settings to print."),
    ] = None,
    config: Config = None,
    schema: Annotated[
        bool, option("--schema", help="Print the JSON schema of kqlx.yml instead.")
    ] = False,
) -> None:
    """Print the settings in effect, and where each comes from.

    Example: kqlx config rules/
    """
    if schema:
        import json

        from kqlx.settings.schema import schema as schema_of_settings

        print(json.dumps(schema_of_settings(), indent=2))
        return
    try:
        file = config_of(config, paths or ())
        settings = load_settings(file)
    except KqlxError as error:
        fail(error)
    if settings is None:
        say("no kqlx.yml in this folder or above; kqlx init writes one")
    from kqlx.cli.tables import print_table

    print_table([("key", "value", "from"), *_rows(settings)])


def init(
    path: Annotated[
        str, argument(metavar="[FILE]", help="The file to write.", show_default=False)
    ] = "kqlx.yml",
    force: Annotated[bool, option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a kqlx.yml with every key as a comment, and its meaning.

    Example: kqlx init
    """
    from kqlx.batch.whole_file import WholeFile
    from kqlx.settings.first_file import text

    if os.path.lexists(path) and not force:
        fail(OutputError(f"{path}: the file already exists", hint="--force overwrites it"))
    try:
        file = WholeFile(path, "kqlx init")
        try:
            file.write(text())
            file.keep()
        finally:
            file.discard()
    except OutputError as error:
        fail(error)
    say(f"{path}: written")
    raise SystemExit(Exit.DONE)


def _rows(settings: Settings | None) -> Iterator[tuple[str, str, str]]:
    from kqlx.settings.keys import KEYS, Key, Kind
    from kqlx.settings.reader import values_of

    values = values_of(settings.path) if settings is not None and settings.path else {}
    lines = settings.lines if settings is not None else {}
    known = {key.name for key in KEYS}
    others = (
        Key(f"{of}.{name}", Kind.TEXT, "", "")
        for of in values
        if of not in known
        for name in values[of]
    )
    for name, key in _named((*KEYS, *others)):
        at: Any = values
        for step in name.split("."):
            at = at.get(step) if isinstance(at, dict) else None
        if at is None:
            yield name, _told(_default(key)), "default"
        else:
            assert settings is not None
            yield name, _told(at), f"{settings.path}:{lines[name]}"


def _named(keys: tuple[Key, ...], above: str = "") -> Iterator[tuple[str, Key]]:
    for key in keys:
        if key.inner:
            yield from _named(key.inner, f"{above}{key.name}.")
        else:
            yield f"{above}{key.name}", key


def _default(key: Key) -> Any:
    from kqlx.settings.keys import Kind

    if key.default:
        return key.default
    return False if key.kind is Kind.SWITCH else None


def _told(value: Any) -> str:
    """A value as YAML has it; "-" for none."""
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}: {_told(item)}" for name, item in value.items())
    return str(value)
