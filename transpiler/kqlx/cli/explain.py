"""``kqlx explain``: what a code in brackets means, or which part of a result comes from where."""

from __future__ import annotations

from typing import Annotated

from kqlx.cli import options as cli
from kqlx.cli.common import Exit, fail
from kqlx.cli.declared import argument
from kqlx.cli.explained import explained, shortened
from kqlx.cli.requests import listed, one_query, targets_of
from kqlx.errors import KqlxError, RuleError, UsageError
from kqlx.hidden_characters import escaped
from kqlx.notes import Note


def explain(
    code: Annotated[
        str | None,
        argument(
            metavar="[CODE|RULE]",
            help="The code in brackets at the end of a message, such as comma-list; with --to a"
            " rule file.",
        ),
    ] = None,
    query: cli.Queries = None,
    to: cli.To = None,
    source: cli.Source = None,
    mapping: cli.Mapping = None,
    accept: cli.Accept = None,
) -> None:
    """Explain the code of a message, or the conversion of a rule. Without arguments, list all
    codes. With --to, print a rule's query as a tree: each test with its part of the result and the
    notes on it.

    Example: kqlx explain star-in-quotes
    """
    if to or query:
        try:
            raise SystemExit(_explain_rules(code, query, to, source, mapping, accept))
        except KqlxError as error:
            fail(error)
    from kqlx.explanations import all_codes, explain_code

    if code is None:
        for one in all_codes():
            print(f"{one.kind:5}  {one.code.name:22}  {one.code.meaning}")
        return
    if code.endswith((".toml", ".json", ".ndjson", ".yml", ".yaml")):
        fail(UsageError(f"{code} is no code", hint="--to spl, for example, explains a rule"))
    try:
        found = explain_code(code.strip("[]").rpartition(": ")[2])
    except UsageError as error:
        fail(error)
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


def _explain_rules(
    path: str | None,
    query: list[str] | None,
    to: list[str] | None,
    source: str | None,
    mapping: list[str] | None,
    accept: list[str] | None,
) -> Exit:
    """Prints the rules of a file, or a query, by target; returns the exit status."""
    from kqlx.batch.option_names import with_flags
    from kqlx.convert import convert
    from kqlx.rules.load import load_rules
    from kqlx.rules.model import Rule
    from kqlx.rules.query_tree import tree_of

    text = one_query(query, [path] if path is not None else [])
    targets = targets_of(to, None, None)
    if text is not None:
        rules = [Rule(name="", query=text)]
    elif path is None:
        raise UsageError("name a rule file, or give a query with --query")
    else:
        found = load_rules(path)
        if found.errors:
            raise found.errors[0]
        rules = found.rules
        if not rules:
            raise RuleError(f"{path}: there is no rule in it that kqlx reads", readable=False)
    status = Exit.DONE
    for rule in rules:
        tree = tree_of(rule)
        for name, _ in targets:
            print(escaped(f"{name}: {rule.name or 'query'}"))
            try:
                made = convert(
                    rule, name, source=source, mappings=mapping or (), accept=listed(accept)
                )
            except UsageError:
                raise
            except KqlxError as error:
                status = Exit.REFUSED
                print(escaped(f"refused: {error.message} [{error.code}]"))
                if error.hint:
                    print(escaped(f"  hint: {with_flags(error.hint)}"))
                notes: tuple[Note, ...] = getattr(error, "notes", ())
                shown = explained(rule.query, tree, "", (), notes)
            else:
                print(f"fidelity: {made.fidelity}")
                shown = explained(rule.query, tree, made.query_text, made.fragments, made.notes)
            print("".join(f"{line}\n" for line in shown))
    return status
