"""Which logs of Windows the index patterns of Winlogbeat stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kqlx.hints import Argument, Hint
from kqlx.mappings.asserted_values import asserted_values, spelt
from kqlx.mappings.pack import Marks
from kqlx.mappings.source_hints import CODES, Level, Names, codes_of
from kqlx.nodes import Node
from kqlx.notes import Effect, Note

_ADDED = (
    *("event.category", "event.type", "process.*", "file.*", "registry.*", "dll.*", "dns.*"),
    *("source.*", "destination.*", "network.*", "powershell.*", "user.*", "group.*", "sysmon.*"),
)
"""What pipelines add to the records of some logs, and not to those of all others."""

_APART = ("system.security",)
"""Logs that destinations may keep apart from all others."""

Found = tuple[list[str], tuple[Note, ...]]
"""Names of data sources, and what is to be said of them."""


def winlogbeat_logs(
    node: Node,
    names: Names | None,
    marks: Mapping[str, Marks],
    named: bool,
    asserts_one: Callable[[Node, Iterable[str]], bool],
) -> Found:
    """The data sources that are looked at for ``winlogbeat-*``. ``named`` says that other index
    patterns name logs; ``asserts_one`` whether every matching event has one of some fields.
    """
    shipped = [source for source, each in marks.items() if "winlogbeat" in each.beats]
    any_log = [source for source, each in marks.items() if "winlog.channel" in each.rest]
    if _asks_for_unknown_provider(node, marks):
        return any_log, ()
    hinted = [s for s in shipped if names is not None and s in names.sources]
    if names is not None and 0 < len(hinted) < len(shipped):
        by_number = names.level is Level.LIKELY and not named
        return hinted, (_by_number(hinted),) if by_number else ()
    if named:
        return shipped, ()
    codes = {source: marks[source].codes for source in shipped}
    # What asks for the shipper by name is not asked of logs that it may read besides.
    if not hinted and (apart := _beside_unknown_codes(node, codes)) is not None:
        return [*apart, *any_log], ()
    return shipped, () if asserts_one(node, _ADDED) else (_by_default(shipped),)


def _asks_for_unknown_provider(node: Node, marks: Mapping[str, Marks]) -> bool:
    """Whether the query is about records of programs that no data source is known by: they may be
    in any log.
    """
    known = {v for m in marks.values() for v in m.fields.get("event.provider", ())}
    wanted = asserted_values(node).get("event.provider", ())
    return any(not spelt(values, known) <= known for values in wanted)


def _beside_unknown_codes(node: Node, codes: Mapping[str, Iterable[str]]) -> list[str] | None:
    """Of a query about numbers of events of which no log is known by some, so that any log may have
    them, the logs to look at beside what destinations keep of all logs. None for other queries.
    """
    asserted = asserted_values(node)
    for values in [values for name in CODES for values in asserted.get(name, ())]:
        logs = [codes_of(code, codes) for code in spelt(values, ())]
        if not all(logs):
            return [source for source in _APART if any(source in each for each in logs)]
    return None


def _by_number(sources: Iterable[str]) -> Note:
    message = "winlogbeat-* may hold any log of Windows; assumed by the numbers of the events: "
    hint = Hint("name another with ", Argument("source"))
    return Note("source-assumed", Effect.SAME, message + ", ".join(sources), hint=hint)


def _by_default(sources: Iterable[str]) -> Note:
    message = "winlogbeat-* may hold any log of Windows; searched are those of its defaults: "
    hint = Hint("name others by winlog.channel, or with ", Argument("source"))
    return Note("source-left-out", Effect.COVERAGE, message + ", ".join(sources), hint=hint)
