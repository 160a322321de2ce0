"""The options of a command that converts → a request, its files and its settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.records import replace
from kqlx.rules.model import Rule, RuleSet

if TYPE_CHECKING:
    from kqlx.batch.request import Request
    from kqlx.settings.model import Settings


def config_of(config: str | None, paths: Iterable[str]) -> Path | None:
    """The file of settings: the named one, or $KQLX_CONFIG, or the nearest ``kqlx.yml`` in or above
    the folder of the first path, else the working folder. Raises UsageError for a named one that
    there is not, and where something else has the name.
    """
    from kqlx.settings.model import FILE

    if config == "":
        raise UsageError("--config: the name of the file is empty")
    if named := config or os.environ.get("KQLX_CONFIG"):
        if not _is_settings(Path(named)):
            raise UsageError(f"{named}: no such settings file")
        return Path(named)
    first = next((path for path in paths if path != "-"), None)
    for start in (_folder(first) if first is not None else None, Path()):
        for folder in (start, *start.resolve().parents) if start is not None else ():
            if _is_settings(folder / FILE):
                return folder / FILE
    return None


def _is_settings(path: Path) -> bool:
    """Whether there is such a file. Raises UsageError for something else of its name."""
    if path.is_file():
        return True
    if not os.path.lexists(path):
        return False
    is_broken = path.is_symlink() and not os.path.exists(path)  # noqa: PTH110 - no errors
    what = "a link that leads nowhere" if is_broken else "a folder or a pipe"
    raise UsageError(f"{path}: not a settings file, but {what}")


def paths_of(params: Mapping[str, Any]) -> list[str]:
    """The files and folders among a command's arguments; an argument that may be one too."""
    names = ("paths", "path", "code", "new", "old")
    found = next((params[name] for name in names if params.get(name)), ())
    return [found] if isinstance(found, str) else [*found]


def _folder(path: str) -> Path | None:
    """The folder of a path, or the one that it is; None for no path of a file."""
    try:
        return Path(path) if Path(path).is_dir() else Path(path).parent
    except (OSError, ValueError):
        return None


def listed(values: Iterable[str] | None) -> list[str]:
    """The values of an option that repeats, each of which may be several with commas between."""
    return [part.strip() for value in values or () for part in value.split(",")]


def listed_files(values: Iterable[str] | None) -> list[str]:
    """Likewise of an option for files, some of which may have a comma in their names."""
    return [
        name for value in values or () for name in ([value] if _exists(value) else listed([value]))
    ]


def listed_reports(values: Iterable[str] | None) -> list[str]:
    """Likewise of an option for reports, whose names end in what they are."""
    return [
        name
        for value in values or ()
        for name in (listed([value]) if all("." in part for part in value.split(",")) else [value])
    ]


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def codes_of(values: Iterable[str] | None) -> frozenset[str]:
    """The codes of --ignore. Raises UsageError for one that there is not."""
    codes = frozenset(listed(values))
    if codes:
        from kqlx.explanations import all_codes

        known = sorted({one.code.name for one in all_codes()})
        for code in sorted(codes):
            if code not in known:
                hint = did_you_mean(code, known, "kqlx explain lists all codes")
                raise UsageError(f"--ignore: unknown code {code!r}", hint=hint)
    return codes


def query_rule(query: str, language: str | None) -> Rule:
    """The rule that is this query and nothing else; ``language`` None: it is guessed. Raises
    UsageError for a language that is not read.
    """
    from kqlx.frontends import EQL, KUERY, find_language
    from kqlx.frontends.language_guess import looks_like_eql

    if language is not None:
        return Rule(name="", query=query, language=find_language(language).name)
    guessed = looks_like_eql(query)
    return Rule(name="", query=query, language=EQL if guessed else KUERY, guessed=guessed)


def in_language(found: RuleSet, language: str | None) -> RuleSet:
    """The rules with those that are a query and nothing else in the language that the user names.
    Raises UsageError for one that is not read.
    """
    if language is None:
        return found
    from kqlx.frontends import find_language

    name = find_language(language).name
    found.rules = [
        replace(rule, language=name, guessed=False) if rule.format == "query" else rule
        for rule in found.rules
    ]
    return found


def one_query(queries: list[str] | None, paths: list[str]) -> str | None:
    """The query of -q. Raises UsageError where there are several, or files too."""
    if not queries:
        return None
    if len(queries) > 1:
        raise UsageError("--query is given twice", hint="put several queries into files")
    if paths:
        raise UsageError("give either files or --query, not both")
    check_text(queries[0], "--query")
    return queries[0]


def check_text(text: str, option: str) -> None:
    """Raises UsageError for an argument that is not text in the encoding of the locale, of which
    Python has halves of characters.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(
            f"{option}: bytes that are not text in the encoding of your locale",
            hint="set a UTF-8 locale; a query may also come from a file",
        )


def targets_of(
    to: Iterable[str] | None, formats: Iterable[str] | None, settings: Settings | None
) -> tuple[tuple[str, str | None], ...]:
    """The targets, each with its format or None for its first. Raises UsageError."""
    from kqlx.conversion.choices import select

    names, origin = listed(to), ""
    if not names and settings is not None and settings.to is not None:
        names, origin = listed([settings.to]), f"{settings.path}: to: "
    if not names:
        hint = "--to spl, for example; --to all for all targets"
        raise UsageError("no target given", hint=hint)
    try:
        chosen = [target for name in names for target in select(name)]
    except UsageError as error:
        raise UsageError(f"{origin}{error.message}", hint=error.hint) from None
    known = tuple(dict.fromkeys(target.name for target in chosen))
    by_target = _formats(formats, known)
    for name in known:
        select(name, by_target[name])
    return tuple((name, by_target[name]) for name in known)


def formats_for(to: Iterable[str] | str | None, formats: list[str]) -> list[str]:
    """Those of the settings' formats that concern the targets of a run: of a target that is not
    among them the settings may say what they like. What there is not is told where it is used.
    """
    from kqlx.backends import find
    from kqlx.conversion.choices import select

    names = listed([to] if isinstance(to, str) else to)
    try:
        chosen = {target.name for name in names for target in select(name)}
        of = {text: text.rpartition("=")[0] for text in formats}
        return [text for text in formats if not of[text] or find(of[text]).name in chosen]
    except UsageError:
        return formats


def _formats(formats: Iterable[str] | None, known: tuple[str, ...]) -> dict[str, str | None]:
    from kqlx.backends import find

    found: dict[str, str | None] = dict.fromkeys(known)
    for text in listed(formats):
        target, equals, format = text.rpartition("=")
        if not equals:
            found |= {name: found[name] or format for name in known}
            continue
        name = find(target).name
        if name not in found:
            message = f"--format {text}: {name} is not among the targets"
            raise UsageError(message, hint="add it to --to, or leave the option out")
        found[name] = format
    return found


def request_of(
    targets: tuple[tuple[str, str | None], ...],
    options: Mapping[str, Any],
    config: Path | None,
    **others: Any,
) -> Request:
    """The request; ``options`` that are not given are left out. Raises UsageError for what is not
    text.
    """
    from kqlx.batch.request import Request

    for name, value in {**options, **others}.items():
        if isinstance(value, str) and name != "fields":  # which is a path
            check_text(value, f"--{name.replace('_', '-')}")
    given = {name: value for name, value in options.items() if value is not None}
    return Request(targets, given, config=config, **others)


def load_settings(config: Path | str | None) -> Settings | None:
    """The settings of the file; None, without a look at YAML, where there is none."""
    if config is None:
        return None
    from kqlx.settings.reader import load

    return load(Path(config))
