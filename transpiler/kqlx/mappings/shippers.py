"""Beats: which of them an index pattern is of, and which of their modules it does not stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.mappings.asserted_values import Asserted, spelt
from kqlx.notes import Effect, Note
from kqlx.regexes import late_regex

_BEAT = late_regex(
    r"(?:[\w.*-]*[-_.*])?((?:file|winlog|audit|packet|heart|metric|function|journal|osquery)beat)"
    r"(?:[-_.*].*)?"
)

_UNMAPPED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "auditbeat": {
        "the module file_integrity": frozenset({"file"}),
        "the module system": frozenset(
            {"authentication", "host", "iam", "network", "package", "process"}
        ),
    },
}
"""Modules of Beats that are not looked at unless a rule names them, with the categories of their
events. From https://www.elastic.co/guide/en/beats/auditbeat/current/exported-fields.html
"""


def shipper(index: str) -> str:
    """The Beat that fills the indices of a pattern, whatever version stands in it; else ""."""
    found = _BEAT.fullmatch(index)
    return found[1] if found else ""


def unmapped_modules(beat: str, asserted: Asserted, beside_others: bool) -> Iterator[Note]:
    """A note on the modules of a Beat that are not looked at and that may have what the query asks
    for. Where other sources are looked at too, theirs are the events of the same activity.
    """
    wanted = asserted.get("event.category", ())
    modules = [
        module
        for module, categories in _UNMAPPED.get(beat, {}).items()
        if all(spelt(values, categories) & categories for values in wanted)
    ]
    if modules:
        message = f"events of {' and '.join(modules)} of {beat}-* are not looked for"
        if beside_others:
            message += "; the other data sources cover it"
        effect = Effect.COVERAGE if beside_others else Effect.NARROWER
        yield Note("source-left-out", effect, f"{message}", hint="")
