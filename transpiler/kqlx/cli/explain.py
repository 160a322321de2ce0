"""``kqlx explain``: what a code in brackets means."""

from __future__ import annotations

from typing import Annotated

import typer

from kqlx.cli.common import fail
from kqlx.errors import UsageError

LONGEST = 100


def explain(
    code: Annotated[
        str | None,
        typer.Argument(help="The code in brackets at the end of a message, such as comma-list."),
    ] = None,
) -> None:
    """Print what the code of a message means, with an example and a way out; without one, list all
    codes.

    Example: kqlx explain star-in-quotes
    """
    from kqlx.explanations import all_codes, explain_code

    if code is None:
        for one in all_codes():
            print(f"{one.kind:5}  {one.code.name:22}  {one.code.meaning}")
        return
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


def shortened(line: str) -> str:
    """The line as far as it fits on a screen."""
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
