"""The examples of codes (``kqlx.codes``), made to raise what they are examples of, and the pages
docs/errors.md, docs/lint.md and docs/notes.md, which show that.
"""

from __future__ import annotations

import re
import shlex
from functools import cache

import pytest

import kqlx
from kqlx.codes import Code
from kqlx.elastic import ecs
from kqlx.errors import KqlSyntaxError
from kqlx.explanations import ERRORS
from kqlx.frontends.eql.diagnostics.codes import CODES as EQL
from kqlx.frontends.eql.parser import parse_query as parse_eql
from kqlx.frontends.kql.diagnostics.codes import CODES as SYNTAX
from kqlx.frontends.kql.parser import parse, refuse_leading_wildcards
from kqlx.frontends.language_guess import looks_like_eql
from kqlx.lint.codes import CODES as LINT
from kqlx.mappings.field_names import nearest
from kqlx.note_codes import NOTES
from kqlx.notes import Effect, Note
from kqlx.refusal_codes import REFUSALS
from tests.command_line import kqlx as run_kqlx
from tests.conftest import ROOT


def syntax_error(query: str, code: str) -> KqlSyntaxError:
    with pytest.raises(KqlSyntaxError) as error:
        node = parse(query)
        if code == "leading-wildcard":
            refuse_leading_wildcards(query, node)
    return error.value


def eql_error(query: str) -> KqlSyntaxError:
    with pytest.raises(KqlSyntaxError) as error:
        parse_eql(query)
    return error.value


def doubts(query: str) -> list[Note]:
    """What ``kqlx lint`` finds in a query."""
    language = "eql" if looks_like_eql(query) else "kuery"
    return kqlx.lint(query, ecs.types(), ecs.arrays(), nearest, language=language)


@cache
def output_of(command: str) -> tuple[int, str]:
    """The exit status of a command, and the error it prints, without notes."""
    program, *arguments = shlex.split(command)
    assert program == "kqlx"
    run = run_kqlx(*arguments)
    return run.returncode, run.stderr


def raised_by(example: str) -> kqlx.KqlxError:
    """What the lines of an example in Python raise."""
    lines = [line.removeprefix(">>> ") for line in example.splitlines()]
    with pytest.raises(kqlx.KqlxError) as error:
        exec("\n".join(lines), {})
    return error.value


def entry(code: Code, shown: str, *, level: str = "###", fence: str = "") -> list[str]:
    """The part of a page about one code."""
    meaning = code.meaning[0].upper() + code.meaning[1:]
    lines = [f"{level} `{code.name}`", "", f"{meaning}. {code.way_out}", ""]
    if shown:
        lines += [f"```{fence}", shown, "```", ""]
    if code.instead:
        instead = f"$ {code.instead}" if fence else code.instead
        lines += ["Instead:", "", f"```{fence}", instead, "```", ""]
    return lines


def _shown(code: Code) -> str:
    """The example with what it prints, or "" without one."""
    if not code.example:
        return ""
    if code.example.startswith(">>> "):
        return f"{code.example}\n{raised_by(code.example)}"
    return f"$ {code.example}\n{output_of(code.example)[1].rstrip()}"


def notes_page() -> str:
    lines = [
        "# Notes",
        "",
        "Generated from `transpiler/kqlx/notes.py` and `transpiler/kqlx/note_codes.py`."
        " `kqlx explain CODE` prints one entry.",
        "",
        "## Effects",
        "",
        "| effect | the target's query, on the same events |",
        "|---|---|",
    ]
    source = (ROOT / "transpiler/kqlx/notes.py").read_text("utf-8")
    for effect in Effect:
        match = re.search(rf'{effect.name} = {effect.value}\n    """(.*?)"""', source)
        assert match
        lines.append(f"| {effect} | {match[1][0].lower()}{match[1][1:].rstrip('.')} |")
    lines += ["", "## Codes", ""]
    for code in NOTES:
        lines += entry(code, _noted(code), fence="console")
    return "\n".join(lines)


def _noted(code: Code) -> str:
    """The example with the note that it makes, or "" without one."""
    if not code.example:
        return ""
    (note, *_) = [
        line for line in output_of(code.example)[1].splitlines() if line.endswith(f": {code.name}]")
    ]
    return f"$ {code.example}\n{note}"


def errors_page() -> str:
    lines = [
        "# Errors",
        "",
        "Generated from `diagnostics/codes.py` of each language in `transpiler/kqlx/frontends/`,",
        "`transpiler/kqlx/refusal_codes.py` and `transpiler/kqlx/explanations.py`."
        " `kqlx explain CODE` prints one entry.",
        "",
        "## Syntax errors in Kibana KQL",
        "",
    ]
    for code in SYNTAX:
        lines += entry(code, str(syntax_error(code.example, code.name)))
    lines += ["## Syntax errors in EQL", ""]
    for code in EQL:
        lines += entry(code, str(eql_error(code.example)))
    lines += ["## Refusals", ""]
    lines += ["The message of a rule that is refused ends with the code of the reason: one of"]
    lines += ["these, or that of a [note](notes.md). The loss that was not accepted comes first:"]
    lines += ["`[narrower: approximated]`.", ""]
    for code in REFUSALS:
        lines += entry(code, _shown(code), fence="console")
    lines += ["## Other errors", ""]
    for code in ERRORS:
        lines += entry(code, _shown(code), fence="console")
    return "\n".join(lines)


def lint_page() -> str:
    lines = [
        "# Lint",
        "",
        "Generated from `transpiler/kqlx/lint/codes.py`. `kqlx lint` reports valid queries that"
        " probably do not mean what",
        "their writer intended; `kqlx explain CODE` prints one entry.",
        "",
    ]
    for code in LINT:
        (note,) = doubts(code.example)
        hint = f"\n  hint: {note.hint}" if note.hint else ""
        lines += entry(code, f"{code.example}\n\n{note.message} [{note.code}]{hint}", level="##")
    return "\n".join(lines)
