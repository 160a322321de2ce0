"""What a query says of where its events come from: the data sources that it names, and hints such
as the number of a Windows event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from kqlx.mappings.shippers import shipper
from kqlx.mappings.telling_fields import NO_VALUES, TellingFields
from kqlx.nodes import And, Equals, FieldTest, Like, Nested, Node, Or, Pattern
from kqlx.records import dataclass, replace
from kqlx.regexes import late_regex

NAMING = {"event.dataset", "data_stream.dataset", "event.module", "winlog.channel"}
"""Fields that name a data source, if one of which there is no mapping."""

CHANNEL = "winlog.channel"

PROVIDERS = ("event.provider", "winlog.provider_name")
"""Fields that name one, where they hold a provider of Windows."""

CODES = ("event.code", "winlog.event_id")
"""Fields that hold the number of a Windows event."""

_NAMES = frozenset({*NAMING, *CODES, *PROVIDERS, "agent.type", "_index"})
"""Those of which a value says something whatever the packs are."""


# Patterns of everything say nothing of the data source, nor do those of Security Onion.
BROAD = late_regex(r"(?:logs-?\*?|(?:apm|traces|metrics|\.alerts)-.*|so-(?:beats-)?\*.*)?\*?")


class Level(IntEnum):
    """What kind of sign of the data source a test is, the better first: its name; what several of
    one product share; the number of an event; what all logs of Windows have.
    """

    NAMED = 0
    SHARED = 1
    LIKELY = 2
    FAMILY = 3


@dataclass(frozen=True, slots=True)
class Names:
    """Data sources one of which every matching event comes from; ``others`` are names of those that
    have no mapping, ``level`` is that of the weakest sign that is needed for it. ``broad`` says
    that these are names of more than data sets: a known data set goes before them. ``by`` is the
    field that names them, if it is one: a channel goes before the provider, who may write to any.
    """

    sources: frozenset[str]
    others: frozenset[str] = frozenset()
    level: Level = Level.NAMED
    broad: bool = False
    by: str = ""


def names_of(node: Node, telling: TellingFields) -> Names | None:
    """Where all events that match come from, as far as the query says; None where it does not."""
    if isinstance(node, And):
        each = [names_of(item, telling) for item in node.items]
        found = [names for names in each if names is not None]
        return _together(found, telling.collectors)
    if isinstance(node, Or):
        return _either(node, telling)
    if not isinstance(node, FieldTest | Nested):
        return None
    term = node.path if isinstance(node, Nested) else node.field
    name = term.name
    head = name.partition(".")[0]
    tells = head in telling.heads or head == "winlog" or name in _NAMES or name in telling.names
    if isinstance(term, Pattern) or not tells:
        return None
    return _leaf(node, name, telling)


def _either(node: Or, telling: TellingFields) -> Names | None:
    """What each of the items says one of; None where one says nothing, whatever the others do."""
    said = []
    for item in node.items:
        names = names_of(item, telling)
        if names is None:
            return None
        said.append(names)
    return Names(
        frozenset().union(*[names.sources for names in said]),
        frozenset().union(*[names.others for names in said]),
        max(names.level for names in said),
        all(names.broad for names in said),
        said[0].by if len({names.by for names in said}) == 1 else "",
    )


def _together(said: list[Names], collectors: frozenset[str]) -> Names | None:
    """What several tests say that must all be met: names go before hints, and one of which there is
    no mapping before the module that it belongs to. A hint tells apart what other hints leave.
    """
    if not said:
        return None
    first, *rest = sorted(said, key=lambda names: (names.level, names.broad, bool(names.sources)))
    for names in rest:
        if names.level is Level.FAMILY or (names.level > Level.SHARED and not first.level):
            break
        both = replace(
            first, sources=first.sources & names.sources, others=first.others & names.others
        )
        if both.sources or both.others:
            first = both
        elif first.sources and first.sources <= collectors and names.level is Level.NAMED:
            # It tells which of the events that others sent are meant.
            first = replace(names, sources=names.sources | first.sources)
        elif names.by == CHANNEL and first.by in PROVIDERS:
            first = names
    return first


def _leaf(node: FieldTest | Nested, name: str, telling: TellingFields) -> Names | None:
    marks = telling.marks
    sources = telling.owners(name)
    # What ends in some way or has a word in it may be an action of any product.
    any_other = isinstance(node, Like) and name not in _NAMES and not node.pattern.prefix
    if isinstance(node, Equals | Like) and not any_other:
        sources |= telling.values.get(name, NO_VALUES).sources_of(node)
        if name == "_index":
            sources |= telling.of_index(bare(_asked(node)))
    if sources and isinstance(node, Like):
        sources |= telling.rest.get(name, frozenset())  # others may fit the pattern too
    if sources:
        return Names(frozenset(sources), by=name)
    if known := _shared(node, name, telling):
        return Names(known, level=Level.SHARED)
    if isinstance(node, Like) and not node.pattern.is_lone_star and name == CHANNEL:
        rest = telling.rest.get(name)
        return Names(rest, broad=True, by=name) if rest else None
    if isinstance(node, Equals) and (name in NAMING or _is_provider(name, node.value.name)):
        if rest := telling.rest.get(name):
            return Names(rest, broad=True, by=name)
        data_set = name.endswith(".dataset")
        return Names(frozenset(), frozenset({node.value.name}), broad=not data_set)
    if name in CODES and isinstance(node, Equals):
        code = node.value.name
        by_code = codes_of(code, {source: m.codes for source, m in marks.items()})
        return Names(by_code, level=Level.LIKELY) if by_code else None
    if name.startswith("winlog."):
        family = frozenset(s for s, m in marks.items() if "winlogbeat" in m.beats)
        return Names(family, level=Level.FAMILY) if family else None
    return None


def _is_provider(name: str, value: str) -> bool:
    """Whether it names one of Windows, as every value of the second field does."""
    return name == PROVIDERS[1] or (
        name == PROVIDERS[0] and value.lower().startswith("microsoft-windows-")
    )


def _shared(node: Node, name: str, telling: TellingFields) -> frozenset[str]:
    """The data sources of a module, or of a shipper other than the one that ships nearly all."""
    if not isinstance(node, Equals | Like):
        return frozenset()
    if found := telling.aliases.get(name, NO_VALUES).sources_of(node):
        return found
    if name == "_index" and (beat := shipper(bare(_asked(node)))):
        return frozenset(s for s, m in telling.marks.items() if beat in m.beats)
    if name == "event.module":
        return telling.modules.sources_of(node)
    if name == "agent.type" and not (isinstance(node, Equals) and node.value.name == "filebeat"):
        return telling.beats.sources_of(node)
    return frozenset()


def _asked(test: Equals | Like) -> str:
    return test.value.name if isinstance(test, Equals) else test.pattern.name


_DIGITS = 20
"""Codes have fewer; Python refuses to read numbers of thousands."""


def codes_of(code: str, ranges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The data sources whose events have the number."""
    return frozenset(s for s, known in ranges.items() if any(in_range(code, one) for one in known))


def in_range(code: str, wanted: str) -> bool:
    """Whether a number is the one, or between the two, of ``4624`` or ``4608-4999``."""
    first, _, last = wanted.partition("-")
    return (
        code.isdecimal() and len(code) < _DIGITS and int(first) <= int(code) <= int(last or first)
    )


def own_names(name: str, names: Iterable[str]) -> list[str]:
    """Those of the names that are the field's. One that ends in a star stands for all that begin
    so.
    """
    return [
        one for one in names if name == one or (one.endswith("*") and name.startswith(one[:-1]))
    ]


def bare(index: str) -> str:
    """An index pattern without the name of a cluster, and a data stream's backing index by the
    name of the stream.
    """
    return index.rpartition(":")[2].removeprefix(".ds-")


def own_indices(indices: Iterable[str]) -> list[str]:
    """The index patterns that name data sources: not those of Beats, nor of everything."""
    # A pattern that begins with a hyphen takes indices away.
    names = [bare(index) for index in indices if not index.startswith("-")]
    return [name for name in names if not BROAD.fullmatch(name) and not shipper(name)]
