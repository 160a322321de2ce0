"""What the settings say of a command's options where the command line does not.

The file of settings is looked for when the arguments are known: it may depend on where the rules
are. The command finds its name in ``config``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from kqlx.batch.output_format import OutputFormat
from kqlx.cli.requests import codes_of, config_of, formats_for, paths_of
from kqlx.errors import UsageError

_CAN_GIVE_WAY: Mapping[str, Any] = {
    "quiet": False,
    "verbose": False,
    "out": None,
    "prune": False,
    "file_names": "{file}",
    "output_format": OutputFormat.FULL,
}
"""Settings that mean nothing beside some options, with what holds then; in this order."""


def settings_of(given: Mapping[str, Any], names: Collection[str]) -> tuple[dict[str, Any], str]:
    """The settings' values of the options ``names``, and the file that they are from: none and ""
    where there is no file. Raises UsageError for a file that cannot be used.
    """
    file = config_of(given.get("config"), paths_of(given))
    return ({}, "") if file is None else (_values(file, names, given.get("to")), str(file))


def _values(file: Path, names: Collection[str], to: list[str] | None) -> dict[str, Any]:
    from kqlx.settings.reader import load

    settings = load(file)
    found = {name: value for name, value in settings.command_line.items() if name in names}
    for name, check in _CHECKS.items():
        if name in found:
            try:
                check(found[name])
            except UsageError as error:  # which names the option
                flag = f"--{name.replace('_', '-')}"
                message = error.message.replace(flag, f"{file}: {name}", 1)
                raise UsageError(message, hint=error.hint) from None
    if "format" in found and "to" in names:
        found["format"] = formats_for(to or settings.to, found["format"])
    return found


def _check_conditions(names: list[str]) -> None:
    from kqlx.batch.exit_policy import conditions

    conditions(names)


def _check_reports(paths: list[str]) -> None:
    from kqlx.batch.reports.reports import wants_fragments

    wants_fragments(paths)


_CHECKS: Mapping[str, Callable[[list[str]], object]] = {
    "ignore": codes_of,
    "fail_on": _check_conditions,
    "report": _check_reports,
}
"""Of options whose values the settings' reader does not know: they raise UsageError."""


def give_way(params: dict[str, Any], settings: Collection[str]) -> None:
    """Takes back what the settings say that means nothing beside the other parameters;
    ``settings`` are the parameters whose values are from there.
    """
    for name, default in _CAN_GIVE_WAY.items():
        if name in settings and _gives_way(name, params):
            params[name] = default


def _gives_way(name: str, params: Mapping[str, Any]) -> bool:
    """Whether a setting means nothing beside what is said now: the result of a query that is typed
    is wanted at once, and what concerns files only where there are some.
    """
    match name:
        case "quiet":
            return bool(params.get("verbose"))
        case "verbose":
            return bool(params.get("quiet"))
        case "file_names":
            return not params.get("out")
        case "out":
            return bool(params.get("query")) or not params.get("paths")
        case "output_format":
            is_for_programs = not OutputFormat(params[name]).is_for_people
            return "out" in params and not params["out"] and is_for_programs
        case "prune":
            return not params.get("out") or bool(params.get("check") or params.get("query"))
    return False
