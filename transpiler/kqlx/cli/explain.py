"""``kqlx explain``: what a code in brackets means, or which part of a result comes from where."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from kqlx.cli import options as cli
from kqlx.cli.common import Exit, fail, inputs, reason, report
from kqlx.cli.declared import argument
from kqlx.cli.explained import explained, shortened
from kqlx.cli.option_groups import ConversionOptions, TargetOptions, with_groups
from kqlx.cli.streams import say
from kqlx.errors import KqlxError, UsageError, condensed
from kqlx.hidden_characters import escaped
from kqlx.notes import Note

if TYPE_CHECKING:
    from kqlx.backends.target import Target
    from kqlx.batch.converter import Converter
    from kqlx.rules.model import Rule
    from kqlx.sequences import EventQuery

_RULE_FILES = (".toml", ".json", ".ndjson", ".yml", ".yaml")


@with_groups
def explain(
    code: Annotated[
        str | None,
        argument(
            metavar="[CODE|RULE]",
            help="The code in brackets at the end of a message, such as comma-list; or a rule"
            " file.",
        ),
    ] = None,
    *,
    query: cli.Queries = None,
    language: cli.Language = None,
    conversion: ConversionOptions,
    targets: TargetOptions,
) -> None:
    """Explain the code of a message, or the conversion of a rule. Without arguments, list all
    codes. Of a rule, print the query as a tree: each test with its part of the result and the
    notes on it.

    Example: kqlx explain star-in-quotes
    """
    from kqlx.explanations import all_codes, explain_code

    code_meant = code is not None and not query and not _is_file(code) and _is_code(code)
    if not code_meant and (conversion.to or query or (code is not None and _is_file(code))):
        try:
            raise SystemExit(_explain_rules(code, query, language, conversion, targets))
        except KqlxError as error:
            fail(error)

    if code is None:
        for one in all_codes():
            print(f"{one.kind:5}  {one.code.name:22}  {one.code.meaning}")
        return
    try:
        found = explain_code(_code_in(code))
    except UsageError as error:
        fail(error)
    if conversion.to:
        say(
            f"warning: {escaped(code)} is a code, which is the same for all targets: --to is unused"
        )
    for number, one in enumerate(found):
        if number:
            print()
        print(f"{one.kind} [{one.code.name}]: {one.code.meaning}")
        if one.code.way_out:
            print(one.code.way_out)
        for label, text in (("example", one.code.example), ("instead", one.code.instead)):
            if text:
                print(f"\n{label}:")
                print("\n".join(f"  {shortened(line)}" for line in text.splitlines()))


def _is_file(name: str) -> bool:
    return name == "-" or name.endswith(_RULE_FILES) or os.sep in name or os.path.isfile(name)  # noqa: PTH113 - Path's raises


def _code_in(word: str) -> str:
    """The code in what ends a message: ``[effect: code]``."""
    return word.strip("[]").rpartition(": ")[2]


def _is_code(word: str) -> bool:
    from kqlx.explanations import all_codes

    return any(one.code.name == _code_in(word) for one in all_codes())


def _explain_rules(
    path: str | None,
    query: list[str] | None,
    language: str | None,
    conversion: ConversionOptions,
    targets: TargetOptions,
) -> Exit:
    """Prints the rules of a file, or a query; returns the exit status. Raises KqlxError where
    nothing can be converted.
    """
    if path is None and not query:
        raise UsageError("give a rule file, or a query with --query")
    found = [*inputs([] if path is None else [path], query, language=language)]
    status = max([report(one) for one in found if isinstance(one, KqlxError)], default=Exit.DONE)
    rules = [one for one in found if not isinstance(one, KqlxError)]
    if not rules:
        return status
    converter = _converter(conversion, targets)
    for stranger in converter.strangers:
        say(f"warning: {stranger}")
    return max(status, *[_explain(rule, converter) for rule in rules])


def _converter(conversion: ConversionOptions, targets: TargetOptions) -> Converter:
    from kqlx.batch.converter import Converter

    return Converter(conversion.request(targets, lint=False, watch_options=False))


def _explain(rule: Rule, converter: Converter) -> Exit:
    """Prints a rule by target, or what is wrong with it; returns the exit status."""
    from kqlx.rules.query_tree import query_of

    try:
        asked = query_of(rule, converter.request.leading_wildcards)
    except KqlxError as error:
        return report(error, rule)
    status = Exit.DONE
    for target, format in converter.targets:
        print(escaped(f"{target.name}: {rule.name or 'query'}"))
        try:
            lines = [*_explained(rule, asked, converter, target, format)]
        except UsageError:
            raise
        except KqlxError as error:
            status = Exit.REFUSED
            lines = [*_refused(rule, asked, error)]
        print("".join(f"{line}\n" for line in lines))
    return status


def _explained(
    rule: Rule, asked: EventQuery, converter: Converter, target: Target, format: str | None
) -> Iterator[str]:
    from kqlx.convert import convert

    made = convert(rule, target.name, **converter.options(target, format))
    yield f"fidelity: {made.fidelity}"
    yield from explained(rule.query, asked, made.query_text, made.fragments, made.notes)


def _refused(rule: Rule, asked: EventQuery, error: KqlxError) -> Iterator[str]:
    from kqlx.batch.option_names import hint_line

    yield escaped(f"refused: {condensed(error.message)} [{reason(error)}]")
    if error.hint:
        yield escaped(hint_line(error.hint))
    notes: tuple[Note, ...] = getattr(error, "notes", ())
    yield from explained(rule.query, asked, "", (), notes)
