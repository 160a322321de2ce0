"""What the commands' functions say of their arguments and options.

Two read it: typer, for help, errors, completion and settings, and ``plain``, for the usual command
line, which need not wait until typer is loaded. Hence no typer here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from kqlx.records import dataclass

if TYPE_CHECKING:
    from typer.models import ParameterInfo


@dataclass(frozen=True, slots=True)
class Declared:
    """An option, or an argument where ``flags`` is None."""

    flags: tuple[str, ...] | None
    help: str
    metavar: str | None = None
    show_default: bool | str = True
    min: int | None = None
    group: str | None = None
    complete: Callable[[str], list[str]] | None = None


def option(
    *flags: str,
    help: str,
    metavar: str | None = None,
    show_default: bool | str = True,
    min: int | None = None,
    group: str | None = None,
    complete: Callable[[str], list[str]] | None = None,
) -> Declared:
    """An option; without flags it has the parameter's name, and a switch also has ``--no-``."""
    return Declared(flags, help, metavar, show_default, min, group, complete)


def argument(*, help: str, metavar: str, show_default: bool = True) -> Declared:
    return Declared(None, help, metavar, show_default)


def for_typer(function: Callable[..., None]) -> Callable[..., None]:
    """The function with typer's annotations."""
    import inspect  # slow to load

    hints = get_type_hints(function, include_extras=True)
    kinds = {name: _hint_for_typer(hint) for name, hint in hints.items()}
    if (defaults := getattr(function, "defaults", None)) is None:
        parameters = [*inspect.signature(function).parameters.values()]
    else:
        keyword, none = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
        parameters = [
            inspect.Parameter(name, keyword, default=defaults.get(name, none)) for name in kinds
        ]

    @wraps(function)
    def called(*values: Any, **named: Any) -> None:
        function(*values, **named)

    called.__annotations__ = kinds
    called.__dict__["__signature__"] = inspect.Signature(
        [each.replace(annotation=kinds[each.name]) for each in parameters]
    )
    return called


def _hint_for_typer(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        kind, declared = get_args(hint)
        if isinstance(declared, Declared):
            return Annotated[kind, _for_typer(declared)]
    return hint


def _for_typer(declared: Declared) -> ParameterInfo:
    import typer

    common: dict[str, Any] = {
        "help": declared.help,
        "metavar": declared.metavar,
        "show_default": declared.show_default,
        "rich_help_panel": declared.group,
        "autocompletion": declared.complete,
    }
    if declared.flags is None:
        argument: ParameterInfo = typer.Argument(**common)
        return argument
    option: ParameterInfo = typer.Option(*declared.flags, min=declared.min, **common)
    return option
