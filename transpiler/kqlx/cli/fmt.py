"""``kqlx fmt``: queries in canonical Kibana KQL, printed or written back to their files."""

from __future__ import annotations

from typing import Annotated

from kqlx.cli.common import (
    Exit,
    Paths,
    Query,
    inputs,
    label,
    report,
    usage,
)
from kqlx.cli.declared import option
from kqlx.cli.streams import say
from kqlx.errors import KqlxError
from kqlx.hidden_characters import escaped
from kqlx.rules.model import Rule


def fmt(
    paths: Paths = None,
    query: Query = None,
    check: Annotated[bool, option(help="Change nothing; report what would change.")] = False,
    write: Annotated[bool, option(help="Write the queries back to their files.")] = False,
    width: Annotated[int, option(help="Columns to fill.", min=20)] = 100,
) -> None:
    """Print queries in canonical Kibana KQL. With --check or --write, work on files in place.

    Example: kqlx fmt --check rules/
    """
    from kqlx.frontends import find_language
    from kqlx.rules.rewrite import rewrite

    if (check or write) and (query is not None or not paths or "-" in paths):
        usage("--check and --write need files", hint="name files or folders")
    rules = list(inputs(paths or [], query))
    status = Exit.DONE
    for number, rule in enumerate(rules):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        try:
            text = find_language(rule.language).format_text(rule.query, width)
            if not (check or write):
                if len(rules) > 1:
                    print(f"{chr(10) if number else ''}# {escaped(label(rule))}")
                print(text, flush=True)
            elif text.strip() != rule.query.strip():
                if write:
                    rewrite(rule, text)
                say(f"{label(rule)}: {'formatted' if write else 'would be formatted'}")
                status = max(status, Exit.DONE if write else Exit.REFUSED)
        except KqlxError as error:
            status = max(status, report(error, rule))
    raise SystemExit(status)
