"""Decides whether a conversion is refused: by its notes' effects and what the user accepts."""

from __future__ import annotations

from kqlx.conversion.choices import Choices
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.notes import ACCEPTABLE, ACCEPTED_BY_DEFAULT, Effect, Note, in_order, told_together, worst

LET_PASS = frozenset({"types-left-out", "flattened-keys"})
"""Codes of notes that are shown, and refuse nothing unless the user is strict: what the user asks
for, and what Elasticsearch finds beyond what the rule says, by the way in which it keeps the keys
of a flattened field. The result asks for what the author wrote, and nobody could write more.
"""


def judge(found: tuple[Note, ...], choices: Choices) -> None:
    """Raises UnsupportedError, with the notes, for effects that were not accepted."""
    accepted = {Effect.SAME, Effect.CASE} if choices.strict else {*ACCEPTED_BY_DEFAULT}
    accepted |= {effect for effect in ACCEPTABLE if str(effect) in choices.accept}
    if not choices.strict and choices.unmapped == "keep":
        accepted.add(Effect.UNMAPPED)
    if accepted.issuperset([note.effect for note in found]):
        return
    notes = in_order(found)
    let_pass = frozenset() if choices.strict else LET_PASS
    refused = [n for n in notes if n.effect not in accepted and n.code not in let_pass]
    if refused:
        effect = worst(refused)
        each = told_together(note.message for note in refused)
        raise UnsupportedError(
            f"the result would be {effect}: {each}",
            code=refused[0].code,
            effect=refused[0].effect,
            notes=notes,
            hint="" if choices.strict else accept_hint(effect),
        )


def accept_hint(effect: Effect) -> Hint:
    """How an effect is let pass."""
    if effect is Effect.UNMAPPED:
        return Hint("use ", Argument("unmapped", "keep"), " to keep the Elastic field name")
    return Hint(Argument("accept", str(effect)), " converts it anyway")
