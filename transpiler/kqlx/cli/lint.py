"""``kqlx lint``: what is valid in a query and probably not meant."""

from __future__ import annotations

from kqlx.batch.option_names import hint_line
from kqlx.cli import options as cli
from kqlx.cli.common import Exit, about, inputs, report, say_guess
from kqlx.cli.field_options import reader_of_types
from kqlx.errors import KqlxError, condensed
from kqlx.hidden_characters import escaped
from kqlx.rules.model import Rule


def lint(
    paths: cli.Paths = None,
    query: cli.Queries = None,
    language: cli.Language = None,
    exclude: cli.Exclude = None,
    config: cli.Config = None,
    source: cli.Source = None,
    mapping: cli.Mapping = None,
    fields: cli.Fields = None,
) -> None:
    """Report valid queries that probably do not mean what was meant.

    The exit status is 1 if there are any.

    Example: kqlx lint rules/
    """
    from kqlx.elastic import ecs
    from kqlx.lint import lint
    from kqlx.mappings.field_names import nearest

    read = reader_of_types(mapping, fields, source, config)
    status = Exit.DONE
    for rule in inputs(paths or [], query, exclude, language):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        say_guess(rule)
        try:
            _, types = read(rule)
            known = (ecs.arrays(), nearest) if fields in (None, "ecs") else ()
            notes = lint(rule.query, types, *known, language=rule.language)
        except KqlxError as error:
            status = max(status, report(error, rule))
            continue
        for note in notes:
            print(escaped(f"{about(rule, note.span)}{condensed(note.message)} [{note.code}]"))
            if note.hint:
                print(escaped(hint_line(note.hint)))
            status = max(status, Exit.REFUSED)
    raise SystemExit(status)
