"""``kqlx fields``: the fields that rules use, and what the mapping packs know of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

from kqlx.cli import completion
from kqlx.cli import options as cli
from kqlx.cli.common import Exit, fail, inputs, report, say_guess, usage
from kqlx.cli.declared import option
from kqlx.cli.known_packs import known_packs
from kqlx.cli.streams import say
from kqlx.cli.tables import print_table
from kqlx.errors import KqlxError
from kqlx.hints import did_you_mean
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.mappings.coverage import FieldUse, State
    from kqlx.mappings.pack_library import Packs


def fields(
    paths: cli.Paths = None,
    query: cli.Queries = None,
    language: cli.Language = None,
    exclude: cli.Exclude = None,
    config: cli.Config = None,
    source: Annotated[
        str | None,
        option(
            metavar="NAME",
            help="Data source; by default recognised for each rule.",
            complete=completion.sources,
            group="Meaning",
        ),
    ] = None,
    mapping: cli.Mapping = None,
    table_format: Annotated[
        str | None,
        option(
            "--format",
            metavar="table|json|csv",
            help="How the table is printed. [default: table]",
        ),
    ] = None,
    stub: Annotated[
        bool,
        option("--stub", help="Print packs to fill in for fields without a counterpart."),
    ] = False,
) -> None:
    """List the fields that rules use, and their names in each target.

    Example: kqlx fields rules/
    """
    from kqlx.conversion.data_sources import RuleFieldCount

    formats = ("table", "json", "csv")
    if stub and table_format is not None:
        usage("--stub and --format exclude each other", "packs are always YAML")
    if table_format not in (None, *formats):
        message = f"--format is table, json or csv, not {table_format!r}"
        usage(message, did_you_mean(table_format, formats))
    packs = known_packs(mapping, config)
    count = RuleFieldCount(packs)
    status = Exit.DONE
    try:
        if source is not None:
            packs.get(source)
    except KqlxError as error:
        fail(error)
    for rule in inputs(paths or [], query, exclude, language):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        say_guess(rule)
        try:
            count.add_rule(rule, source)
        except KqlxError as error:
            status = max(status, report(error, rule))
    uses = count.uses()
    if stub:
        _print_stub(uses, packs)
    elif table_format == "json":
        import json

        print(json.dumps([_plain(use) for use in uses], indent=2, ensure_ascii=False))
    elif table_format == "csv":
        import csv

        csv.writer(sys.stdout, lineterminator="\n").writerows(_rows(uses, "; "))
    else:
        print_table([[cell or "-" for cell in row] for row in _rows(uses, ", ")])
    raise SystemExit(status)


def _print_stub(uses: Iterable[FieldUse], packs: Packs) -> None:
    from kqlx.backends import binding_targets
    from kqlx.mappings.stubs import stub

    text = stub(uses, packs, binding_targets())
    if text:
        print(text, end="")
    else:
        say("all fields are known")


def _rows(uses: Iterable[FieldUse], comma: str) -> Iterator[tuple[str, ...]]:
    from kqlx.backends import binding_targets

    names = binding_targets()
    yield ("source", "field", "rules", *names, "near", "reason")
    for use in uses:
        states = [use.states[name] for name in names] if use.states else []
        kinds = [str(state.kind) for state in states] or [""] * len(names)
        near = dict.fromkeys(name for state in states for name in state.near)
        reasons = dict.fromkeys(state.reason for state in states if state.reason)
        source = use.source or ""
        yield (source, use.name, str(use.rules), *kinds, comma.join(near), comma.join(reasons))


def _plain(use: FieldUse) -> dict[str, object]:
    def told(state: State) -> dict[str, object]:
        return {"state": state.kind, "reason": state.reason, "near": list(state.near)}

    targets = {target: told(state) for target, state in use.states.items()}
    return {"source": use.source, "field": use.name, "rules": use.rules, "targets": targets}
