"""A target → what its page in docs/targets/ says of it between two marks: what it declares, and
what it makes of each construct and of each type of rule, asked of the back end itself.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import kqlx
from kqlx.backends.target import Target
from kqlx.notes import ACCEPTABLE, CODES, Effect, Note
from kqlx.refusal_codes import REFUSALS
from kqlx.render import suffix
from kqlx.rules.model import Rule
from tests.conftest import ROOT
from tests.docs.constructs import CONSTRUCTS, rules

BEGIN = "<!-- generated: pytest tests/docs --update-goldens writes what follows -->"
END = "<!-- end of what is generated -->"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target makes of something: ``fidelity`` is None where it refuses it, for ``code``;
    ``accepted`` is the effect that ``--accept`` has to name, "" for none.
    """

    fidelity: Effect | None
    text: str = ""
    notes: tuple[Note, ...] = ()
    code: str = ""
    accepted: str = ""


def answer(what: str | Rule, target: str, **options: Any) -> Answer:
    """What the back end answers; losses that are refused by themselves are accepted."""
    refused = False
    try:
        made = kqlx.convert(what, target, **options)
    except kqlx.UnsupportedError:
        refused = True
        try:
            made = kqlx.convert(what, target, accept=[str(e) for e in ACCEPTABLE], **options)
        except kqlx.KqlxError as last:
            return Answer(None, code=last.code)
    except kqlx.KqlxError as error:
        return Answer(None, code=error.code)
    text = _in_a_line(target, made.text) if isinstance(what, str) else ""
    return Answer(made.fidelity, text, made.notes, accepted=str(made.fidelity) * refused)


def _in_a_line(target: str, text: str) -> str:
    """The heart of a query, without what stands around every one of the target's."""
    if target == "elasticsearch":
        return json.dumps(json.loads(text))
    if target == "sigma":
        detection = yaml.safe_load(text)["detection"]
        if detection.keys() == {"selection", "condition"} and detection["condition"] == "selection":
            detection = detection["selection"]
        flow = yaml.safe_dump(detection, default_flow_style=True, width=10_000, sort_keys=False)
        return str(flow).strip().removesuffix("\n...")
    lines = [line.strip() for line in text.splitlines()]
    if target == "sentinel" and len(lines) > 1:
        lines = lines[1:]
    return " ".join(lines).removeprefix("| ")


def generated(target: Target) -> str:
    """What stands between the marks."""
    lines = [BEGIN, "", *_declared(target), *_constructs(target), *_rule_types(target)]
    return "\n".join([*lines, *_codes(target), END])


def _declared(target: Target) -> Iterator[str]:
    yield from ("## Options and formats", "", "| | |", "|---|---|")
    names = ", ".join(f"`{name}`" for name in (target.name, *target.aliases))
    yield f"| `--to` | {names} |"
    formats = []
    for number, format in enumerate(target.formats):
        about = ["the default"] if not number else []
        if format.bundle is not None:
            about.append(f"all rules in one file, `{format.bundle.name}`")
        if format.document_per_source:
            about.append("a document for each data source")
        if target.binds and not format.binds:
            about.append("searches a data model, not a data source")
        formats.append(f"`{format.name}`" + (f" ({'; '.join(about)})" if about else ""))
    yield f"| `--format` | {', '.join(formats)} |"
    flags = sorted(f"--{name.replace('_', '-')}" for name in ("exact", *target.options))
    flags = [flag for flag in flags if flag not in ("--filters-in-must", "--networks")]
    in_file = "; `networks` in kqlx.yml" if "networks" in target.options else ""
    yield f"| options | {', '.join(f'`{flag}`' for flag in flags)}{in_file} |"
    bound = "those of the destination, by mapping packs" if target.binds else "Elastic's"
    yield f"| field names | {bound} |"
    suffixes = dict.fromkeys(suffix(target, name) for name in target.format_names)
    yield f"| files | {', '.join(f'`{end}`' for end in suffixes)} |"
    yield ""


def constructs(target: Target) -> list[tuple[str, str, Answer]]:
    """Each construct with its example and what the target makes of it, with Elastic's names."""
    short = {"compact": True} if "compact" in target.options else {}
    return [
        (name, query, answer(query, target.name, source="none", format="query", **short))
        for name, query in CONSTRUCTS
    ]


def comparison(known: Iterable[Target]) -> str:
    """The table of all targets, between the marks."""
    known = tuple(known)
    answers = [constructs(target) for target in known]
    lines = [_row("", "Kibana KQL", *(f"[{t.title}](targets/{t.name}.md)" for t in known))]
    lines.append("|---" * (len(known) + 2) + "|")
    for row in zip(*answers, strict=True):
        name, query, _ = row[0]
        lines.append(_row(name, _code(query), *(_in_a_word(found) for *_, found in row)))
    return "\n".join([BEGIN, "", *lines, "", END])


def _in_a_word(found: Answer) -> str:
    if found.fidelity is None:
        return "refused"
    said = "exact" if found.fidelity is Effect.SAME else str(found.fidelity)
    return f"{said}, if accepted" if found.accepted else said


def _constructs(target: Target) -> Iterator[str]:
    """Three tables: what converts exactly, approximately, not at all."""
    asked = constructs(target)
    exact = [row for row in asked if row[2].fidelity in (Effect.SAME, Effect.CASE)]
    refused = [row for row in asked if row[2].fidelity is None]
    between = [row for row in asked if row not in exact and row not in refused]
    yield from ("## Converted exactly", "")
    yield "On the same events the result finds what Kibana finds; with `case`, letter case aside."
    yield ""
    yield from ("| | Kibana KQL | result | notes |", "|---|---|---|---|")
    for name, query, found in exact:
        yield _row(name, _code(query), _code(found.text), _told(found))
    if "compact" in target.options:
        yield from ("", "These are the results of `--compact`; the default is Kibana's own form.")
    yield from ("", "## Converted approximately", "")
    if between:
        yield "`wider` also finds other events; what may miss events is refused unless accepted."
        yield ""
        yield from ("| | Kibana KQL | result | notes |", "|---|---|---|---|")
        for name, query, found in between:
            yield _row(name, _code(query), _code(found.text), _told(found))
    else:
        yield "None of these constructs."
    yield from ("", "## Refused", "")
    if refused:
        yield from ("| | Kibana KQL | reason |", "|---|---|---|")
        for name, query, found in refused:
            yield _row(name, _code(query), f"`{found.code}`")
    else:
        yield "None of these constructs."
    yield ""


def _rule_types(target: Target) -> Iterator[str]:
    formats = target.format_names
    yield from ("## Rule types and formats", "")
    yield "For a small example rule of each type, about Elastic Defend's process events: the"
    yield "strongest effect on what it alerts on (`coverage` aside), and the notes that a rule"
    yield "about single events does not get."
    yield ""
    yield _row("", *(f"`{name}`" for name in formats))
    yield "|---" * (len(formats) + 1) + "|"
    plain: dict[str, Answer] = {}
    for name, rule in rules():
        asked = {format: answer(rule, target.name, format=format) for format in formats}
        plain = plain or asked
        yield _row(name, *(_said(asked[format], plain[format]) for format in formats))
    yield ""


def _said(found: Answer, plain: Answer) -> str:
    """The strongest effect but coverage, and the codes that those of a plain rule do not have."""
    if found.fidelity is None:
        return f"refused: `{found.code}`"
    effects = {note.effect for note in found.notes} - {Effect.COVERAGE}
    strongest = max(effects, default=Effect.SAME)
    said = "exact" if strongest is Effect.SAME else str(strongest)
    if found.accepted:
        said += f", needs `--accept {found.accepted}`"
    common = {note.code for note in plain.notes}
    more = [note.code for note in found.notes if note.code not in common]
    codes = ", ".join(f"`{code}`" for code in dict.fromkeys(more))
    return f"{said}: {codes}" if codes else said


def _told(found: Answer) -> str:
    """The notes that say something about the construct."""
    told = [
        f"`{note.code}` ({note.effect})" for note in found.notes if note.effect is not Effect.SAME
    ]
    needed = [f"needs `--accept {found.accepted}`"] if found.accepted else []
    return ", ".join([*dict.fromkeys(told), *needed])


def _codes(target: Target) -> Iterator[str]:
    """All codes in the target's own modules."""
    package = ROOT / "transpiler/kqlx/backends" / target.name
    noted, refused = codes_of(package)
    yield from ("## Notes and refusals", "")
    yield "The notes of this back end. Others come from the data source or concern all targets"
    yield "([notes](../notes.md)); `kqlx explain CODE` says more."
    yield ""
    yield from ("| code | meaning |", "|---|---|")
    for code in noted:
        yield _row(f"`{code}`", CODES[code])
    meanings = {code.name: code.meaning for code in REFUSALS}
    yield from ("", "The refusals of this back end ([errors](../errors.md)):", "")
    yield from ("| code | meaning |", "|---|---|")
    for code in refused:
        yield _row(f"`{code}`", meanings.get(code, CODES.get(code, "")))
    yield ""


def codes_of(package: Path) -> tuple[list[str], list[str]]:
    """The codes of notes and of refusals that stand in the modules of a back end."""
    noted: set[str] = set()
    refused: set[str] = set()
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [*node.args, *(word.value for word in node.keywords if word.arg == "code")]
            codes = {
                text.value
                for item in given
                for text in ast.walk(item)
                if isinstance(text, ast.Constant) and isinstance(text.value, str)
            }
            if "refuse" in name or name == "UnsupportedError":
                refused |= codes & {*CODES, *(code.name for code in REFUSALS)}
            else:
                noted |= codes & CODES.keys()
    return sorted(noted), sorted(refused)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Code in a cell of a table, where a bar would end the cell."""
    text = text.replace("|", r"\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def replaced(page: str, new: str) -> str:
    """A page with what is generated as it is now."""
    pattern = re.escape(BEGIN) + r".*?" + re.escape(END)
    text, number = re.subn(pattern, lambda _: new, page, flags=re.DOTALL)
    assert number == 1, "a page has the two marks once"
    return text
