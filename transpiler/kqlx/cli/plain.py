"""The usual command line, read without typer: known options, each with its value, and paths.

What is anything else, such as a wrong word or settings that cannot be used, is typer's: this says
only that it is not plain.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from enum import EnumType
from functools import partial
from types import UnionType
from typing import Any, get_args, get_type_hints

from kqlx.cli import colors
from kqlx.cli.commands import COMMANDS, GROUPS, command
from kqlx.cli.declared import Declared
from kqlx.cli.defaults import give_way, settings_of
from kqlx.errors import KqlxError
from kqlx.records import dataclass

_COMPLETION = "_KQLX_COMPLETE"
_CONTEXT = "context"
"""The parameter by which a function gets typer's."""


@dataclass(frozen=True, slots=True)
class Parameter:
    kind: Any
    """The type of a value: ``str``, ``bool``, ``int``, ``list`` or an enumeration."""
    flags: dict[str, bool]
    """The flags, each with what a switch is then; none for an argument."""
    min: int | None


def read(function: Callable[..., object], words: Sequence[str]) -> dict[str, Any] | None:
    """The values that the words have for the function's parameters, without those that they leave
    alone; None where they are not plain, or the function asks where each value comes from.
    """
    if _CONTEXT in function.__annotations__:
        return None
    parameters = dict(_parameters(function))
    by_flag = {flag: name for name, each in parameters.items() for flag in each.flags}
    places = [name for name, each in parameters.items() if not each.flags]
    values: dict[str, Any] = {}
    left = list(reversed(words))
    while left:
        word = left.pop()
        if not word.startswith("-") or word == "-":
            name = places[0] if places else ""
            if not name or (name in values and parameters[name].kind is not list):
                return None
            text: str | None = word
        else:
            flag, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
            name = by_flag.get(flag, "")
            if not name or (name in values and parameters[name].kind is not list):
                return None
            if parameters[name].kind is bool:
                if equals:
                    return None
                values[name] = parameters[name].flags[flag]
                continue
            if not equals:
                text = left.pop() if left else None
                if text is None or (text.startswith("-") and text != "-"):
                    return None
        value = _value(parameters[name], text or "")
        if value is None:
            return None
        values[name] = [*values.get(name, ()), value] if parameters[name].kind is list else value
    return values


def _parameters(function: Callable[..., object]) -> Iterator[tuple[str, Parameter]]:
    hints = function.__annotations__  # of a command with groups of options no longer texts
    if any(isinstance(hint, str) for hint in hints.values()):
        hints = get_type_hints(function, include_extras=True)
    for name, hint in hints.items():
        if name in ("return", _CONTEXT):
            continue
        kind, declared = get_args(hint)
        assert isinstance(declared, Declared)
        if isinstance(kind, UnionType):  # with None
            kind = get_args(kind)[0]
        kind = getattr(kind, "__origin__", kind)
        flags: dict[str, bool] = {}
        if declared.flags is not None:
            flags = dict.fromkeys(declared.flags, True)
            if not flags:
                words = name.replace("_", "-")
                flags = {f"--{words}": True} | ({f"--no-{words}": False} if kind is bool else {})
        yield name, Parameter(kind, flags, declared.min)


def _value(parameter: Parameter, text: str) -> Any:
    """What the text means; None where typer has more to say of it."""
    if isinstance(parameter.kind, EnumType):
        return next((one for one in parameter.kind if one.value == text), None)  # type: ignore[var-annotated] # any enum
    if parameter.kind is int:
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        return int(text) if is_number and int(text) >= (parameter.min or 0) else None
    return text


def called(words: Sequence[str]) -> Callable[[], object] | None:
    """What the words ask for, ready to be called; None where that is typer's."""
    if os.name == "nt" or _COMPLETION in os.environ:
        return None
    if not words or not (words[0] in COMMANDS or words[0] in GROUPS):
        return None
    function = command(words[0])
    values = read(function, words[1:])
    if values is not None and "config" in function.__annotations__:
        values = _with_settings(function, values)
    return None if values is None else partial(function, **values)


def _with_settings(function: Callable[..., object], given: dict[str, Any]) -> dict[str, Any] | None:
    """With the settings' values of what is not given; None where they cannot be used, which is told
    in one place.
    """
    parameters = dict(_parameters(function))
    try:
        values, file = settings_of(given, parameters)
        params = dict.fromkeys(parameters) | values | given
        give_way(params, [name for name in values if name not in given])
        colors.choose(params.get("color") or "auto")
    except KqlxError:
        return None
    found = {name: _of_setting(parameters[name], params[name]) for name in {**values, **given}}
    return found | {"config": file} if file else found


def _of_setting(parameter: Parameter, value: Any) -> Any:
    return parameter.kind(value) if isinstance(parameter.kind, EnumType) else value
