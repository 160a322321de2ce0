"""``kqlx fmt``: queries in canonical Kibana KQL, printed or written back to their files."""

from __future__ import annotations

from typing import Annotated

from kqlx.cli import options as cli
from kqlx.cli.common import Exit, inputs, label, report, say_guess, usage
from kqlx.cli.declared import option
from kqlx.cli.streams import say
from kqlx.errors import KqlxError
from kqlx.hidden_characters import escaped
from kqlx.rules.model import Rule


def fmt(
    paths: cli.Paths = None,
    query: cli.Queries = None,
    language: cli.Language = None,
    exclude: cli.Exclude = None,
    config: cli.Config = None,
    check: Annotated[
        bool, option("--check", help="Change nothing; report what would change.")
    ] = False,
    write: Annotated[
        bool, option("--write", help="Write the queries back to their files.")
    ] = False,
    width: Annotated[int, option(metavar="COLUMNS", help="Longest line.", min=20)] = 100,
) -> None:
    """Format queries as canonical Kibana KQL. With --check or --write, work on their files.

    Example: kqlx fmt --check rules/
    """
    from kqlx.frontends import find_language
    from kqlx.rules.rewrite import rewrite

    if check and write:
        usage("--check and --write exclude each other")
    if (check or write) and (query or not paths or "-" in paths):
        usage("--check and --write need files", hint="name files or folders")
    rules = list(inputs(paths or [], query, exclude, language))
    status = Exit.DONE
    for number, rule in enumerate(rules):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        say_guess(rule)
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
