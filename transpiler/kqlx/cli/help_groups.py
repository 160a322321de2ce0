"""``--help`` with the options in groups, by their ``rich_help_panel``, without loading rich."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

_OTHERS = "Options"


class Grouped(TyperCommand):
    """A command whose help shows its options in groups, in the order in which they first come."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is None:
                continue
            name = getattr(parameter, "rich_help_panel", None) or _OTHERS
            if parameter.param_type_name == "argument":
                name = "Arguments"
            groups.setdefault(name, []).append(record)
        if _OTHERS in groups and len(groups) > 1:  # those that every command has come last
            groups[_OTHERS] = groups.pop(_OTHERS)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)
