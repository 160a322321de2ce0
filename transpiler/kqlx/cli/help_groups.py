"""``--help`` with the options in groups, by their ``rich_help_panel``, without loading rich."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

_OTHERS = "Options"


class Grouped(TyperCommand):
    """A command whose help shows its options in groups, in the order in which they first come."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments that must be given without the braces that newer versions of typer add: in the
        usage of commands these stand for a choice.
        """
        pieces = super().collect_usage_pieces(ctx)
        return [piece[1:-1] if piece[:1] == "{" else piece for piece in pieces]

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
