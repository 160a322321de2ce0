"""Commands whose options have the settings' values where the command line does not say.

The file of settings is looked for before the arguments are read in earnest: it may depend on where
the rules are. The command finds its name in ``config``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kqlx.batch.output_format import OutputFormat
from kqlx.cli import colors
from kqlx.cli.common import fail
from kqlx.cli.help_groups import Grouped
from kqlx.cli.requests import config_of, paths_of
from kqlx.errors import KqlxError

_HELP = {"-h", "--help"}
_CAN_GIVE_WAY: Mapping[str, Any] = {
    "quiet": False,
    "verbose": False,
    "out": None,
    "prune": False,
    "output_format": OutputFormat.FULL,
}
"""Settings that mean nothing beside some options, with what holds then; in this order."""


class Configured(Grouped):
    """A command; one that has the option ``--config`` has the settings' values."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        is_configured = any(parameter.name == "config" for parameter in self.params)
        if not is_configured or extra.get("resilient_parsing") or _HELP & {*args}:
            return super().make_context(info_name, args, parent, **extra)
        first = super().make_context(
            info_name, [*args], parent, **{**extra, "resilient_parsing": True}
        )
        try:
            file = config_of(first.params.get("config"), paths_of(first.params))
            values = {} if file is None else self._defaults(file)
        except KqlxError as error:
            fail(error)
        context = super().make_context(info_name, args, parent, **extra, default_map=values)
        context.params["config"] = None if file is None else str(file)
        try:
            colors.choose(context.params.get("color") or "auto")
        except KqlxError as error:
            fail(error)
        for name, default in _CAN_GIVE_WAY.items():
            source = context.get_parameter_source(name) if name in values else None
            is_set = source is not None and source.name == "DEFAULT_MAP"
            if is_set and _gives_way(name, context.params):
                context.params[name] = default
        return context

    def _defaults(self, file: Path) -> dict[str, Any]:
        from kqlx.settings.reader import load

        own = {parameter.name for parameter in self.params}
        return {name: value for name, value in load(file).command_line.items() if name in own}


def _gives_way(name: str, params: Mapping[str, Any]) -> bool:
    """Whether a setting means nothing beside what is said now: the result of a query that is typed
    is wanted at once, and what concerns files only where there are some.
    """
    match name:
        case "quiet":
            return bool(params.get("verbose"))
        case "verbose":
            return bool(params.get("quiet"))
        case "out":
            return bool(params.get("query")) or not params.get("paths")
        case "output_format":
            is_for_programs = not OutputFormat(params[name]).is_for_people
            return "out" in params and not params["out"] and is_for_programs
        case "prune":
            return not params.get("out") or bool(params.get("check") or params.get("query"))
    return False
