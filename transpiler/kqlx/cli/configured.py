"""Commands of typer's whose options have the settings' values where the command line does not
say.
"""

from __future__ import annotations

from typing import Any

from kqlx.cli import colors
from kqlx.cli.common import fail
from kqlx.cli.defaults import give_way, settings_of
from kqlx.cli.help_groups import Grouped
from kqlx.errors import KqlxError

_HELP = {"-h", "--help"}


class Configured(Grouped):
    """A command; one that has the option ``--config`` has the settings' values."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        names = {str(parameter.name) for parameter in self.params}
        if "config" not in names or extra.get("resilient_parsing") or _HELP & {*args}:
            return super().make_context(info_name, args, parent, **extra)
        first = super().make_context(
            info_name, [*args], parent, **{**extra, "resilient_parsing": True}
        )
        try:
            values, file = settings_of(first.params, names)
        except KqlxError as error:
            fail(error)
        context = super().make_context(info_name, args, parent, **extra, default_map=values)
        context.params["config"] = file or None
        try:
            colors.choose(context.params.get("color") or "auto")
        except KqlxError as error:
            fail(error)
        sources = {name: context.get_parameter_source(name) for name in values}
        of_settings = [
            name for name, found in sources.items() if found and found.name == "DEFAULT_MAP"
        ]
        if "exclude" in of_settings:  # of whose patterns typer makes plain texts
            context.params["exclude"] = values["exclude"]
        give_way(context.params, of_settings)
        return context
