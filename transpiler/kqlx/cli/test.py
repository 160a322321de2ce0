"""``kqlx test``: which events of a file a rule matches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from kqlx.cli import options as cli
from kqlx.cli.common import Exit, about, fail, inputs, report, say_guess, usage
from kqlx.cli.declared import argument, option
from kqlx.cli.explained import shortened
from kqlx.cli.field_options import reader_of_types
from kqlx.cli.streams import say
from kqlx.errors import KqlxError, condensed
from kqlx.hidden_characters import escaped
from kqlx.nodes import NOWHERE, And, Nested, Node, Not, Or
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.evaluate.event_reader import EventLine
    from kqlx.mappings.known_types import Types
    from kqlx.notes import Note
    from kqlx.sequences import EventQuery, Pipe


def test(
    path: Annotated[
        str | None, argument(metavar="[RULE]", help="A rule file.", show_default=False)
    ] = None,
    events: Annotated[
        str,
        option(
            "--events",
            "-e",
            metavar="FILE",
            help="Events as NDJSON, or gzip of it; - for standard input.",
            group="Input",
        ),
    ] = "-",
    query: cli.Queries = None,
    language: cli.Language = None,
    config: cli.Config = None,
    source: cli.Source = None,
    mapping: cli.Mapping = None,
    fields: cli.Fields = None,
    count: Annotated[
        bool,
        option("--count", help="Print only the number of matches.", group="Output"),
    ] = False,
    explain: Annotated[
        bool,
        option(
            "--explain",
            help="Show which parts of the query match one event.",
            group="Output",
        ),
    ] = False,
    line: Annotated[
        int | None,
        option(
            metavar="N",
            help="With --explain: the line of that event, by default the first.",
            min=1,
            group="Output",
        ),
    ] = None,
) -> None:
    """Print the events that a rule matches in Kibana. Its filters and exceptions are applied.

    Of a rule in EQL on several events: each sequence or sample, as JSON with its events.

    Field types come from --fields, the mapping of the data source, and ECS.

    A warning says where Elasticsearch would refuse a value, and so the whole search.

    Broken lines are reported with their number and skipped; the exit status is then 1.

    Example: kqlx test RULE.toml --events events.ndjson
    """
    from kqlx.evaluate.compiler import compile
    from kqlx.evaluate.event_reader import read_events
    from kqlx.mappings.elasticsearch_semantics import notes_on_refusals
    from kqlx.rules.filters import with_conditions_on_events
    from kqlx.rules.query_tree import query_of
    from kqlx.sequences import Sample, Sequence

    if (path is None) == (query is None):
        usage("give either a rule file or --query")
    if count and explain:
        usage("--count and --explain exclude each other", "one is of all events, one of a single")
    if line is not None and not explain:
        usage("--line needs --explain")
    (rule,) = _one(list(inputs([path] if path else [], query, language=language)))
    say_guess(rule)
    read = reader_of_types(mapping, fields, source, config)
    try:
        _, types = read(rule)
        asked, notes = with_conditions_on_events(query_of(rule), rule, types)
    except KqlxError as error:
        raise SystemExit(report(error, rule)) from None
    for note in notes:
        if not note.is_quiet:
            text = f"{condensed(note.message)} [{note.effect}: {note.code}]"
            say(f"{about(rule, None, 'warning')}{text}")
    for note in (*notes_on_refusals(asked.fields_tree, types.type_asked), *_refused(asked, types)):
        text = f"{condensed(note.message)}; here that part matches nothing"
        say(f"{about(rule, note.span, 'warning')}{text}")
    try:
        lines = _with_progress(read_events(events), events)
        if explain:
            raise SystemExit(_explain(rule, asked, types, lines, line or 1))
        if isinstance(asked.asked, Sequence | Sample):
            from kqlx.cli.found_sequences import print_found

            raise SystemExit(print_found(rule, asked, types, lines, count))
        raise SystemExit(_matches(compile(asked.asked, types), lines, count, asked.pipes))
    except KqlxError as error:
        fail(error)


def _refused(asked: EventQuery, types: Types) -> Iterable[Note]:
    """Keys of a sequence or a sample for which Elasticsearch refuses the search."""
    if not asked.steps:
        return ()
    from kqlx.lint.shared_keys import refused

    return refused(asked, types)


def _one(rules: list[Rule | KqlxError]) -> list[Rule]:
    for rule in rules:
        if not isinstance(rule, Rule):
            raise SystemExit(report(rule))
    if len(rules) != 1:
        usage(f"only one rule can be tested at a time, not {len(rules)}")
    return [rule for rule in rules if isinstance(rule, Rule)]


def _matches(
    predicate: Any, lines: Iterator[EventLine], count: bool, pipes: tuple[Pipe, ...]
) -> Exit:
    from kqlx.evaluate.pipes import Pipes

    status = Exit.DONE
    found = 0
    kept: Pipes[str] = Pipes(pipes)

    def show(texts: list[str]) -> None:
        nonlocal found
        for text in texts:
            found += 1
            if not count:
                print(text)

    for line in lines:
        if line.event is None:
            say(f"line {line.number}: {line.error}")
            status = Exit.REFUSED
        elif predicate(line.event):
            show(kept.add([line.text]))
    show(kept.end())
    if count:
        print(found)
    return status


def _explain(
    rule: Rule, asked: EventQuery, types: Types, lines: Iterator[EventLine], number: int
) -> Exit:
    for line in lines:
        if line.number < number:
            continue
        if line.event is None:
            say(f"line {line.number}: {line.error}")
            return Exit.REFUSED
        if not asked.steps:
            _explain_node(rule, asked.fields_tree, types, line.event, 0)
        for place, step in enumerate(asked.steps, 1):
            from kqlx.cli.found_sequences import title_of

            print(shortened(escaped(title_of(place, step, asked, line.event))))
            _explain_node(rule, step.condition, types, line.event, 1)
        return Exit.DONE
    say(f"the events have no line {number}")
    return Exit.UNUSABLE


def _explain_node(rule: Rule, node: Node, types: Types, event: dict[str, Any], depth: int) -> None:
    from kqlx.evaluate.compiler import explain

    results = explain(node, event, types)
    for (part, holds), deep in zip(results, _depths(node, depth), strict=True):
        text = " ".join(_text(part, rule).split()) or "every event"
        print(shortened(f"{'yes' if holds else 'no ':4} {'  ' * deep}{escaped(text)}"))


def _text(part: Node, rule: Rule) -> str:
    """What was written, or would have been for a condition beside the query."""
    if part.span != NOWHERE or not rule.data:
        return rule.query[slice(*part.span)]
    from kqlx.frontends import find_language

    try:
        return find_language(rule.language).format_node(part, 100)
    except KqlxError:
        return "no event"


def _depths(node: Node, depth: int) -> Iterator[int]:
    yield depth
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _depths(item, depth + 1)
    elif isinstance(node, Not | Nested):
        yield from _depths(node.item, depth + 1)


def _with_progress(lines: Iterator[EventLine], name: str) -> Iterator[EventLine]:
    """The lines; on a terminal with a line of progress on standard error, once a second."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from lines
        return
    size = Path(name).stat().st_size if name != "-" and Path(name).is_file() else 0
    next_time = time.monotonic() + 1
    for line in lines:
        if line.number % 1000 == 0 and time.monotonic() > next_time:
            next_time += 1
            part = f" {100 * line.bytes_read // size} %" if size else ""
            print(f"\r{line.number:,} events{part}", end="", file=sys.stderr, flush=True)
        yield line
    print("\r\x1b[K", end="", file=sys.stderr, flush=True)
