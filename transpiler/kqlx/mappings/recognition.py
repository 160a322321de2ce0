"""Which data sources a query or a rule is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from kqlx.elastic.multi_fields import CASELESS, with_case_of_name
from kqlx.hints import Argument, Hint
from kqlx.mappings.asserted_values import asserted_values, asserts
from kqlx.mappings.pack import Marks, Pack
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.shippers import shipper, unmapped_modules
from kqlx.mappings.source_hints import (
    BROAD,
    Level,
    Names,
    bare,
    names_of,
    own_indices,
    own_names,
)
from kqlx.mappings.telling_fields import TellingFields, overlap
from kqlx.nodes import (
    FIELD_TESTS,
    And,
    CommandLineArgument,
    Equals,
    FieldTest,
    FunctionTest,
    Nested,
    Node,
    Or,
    Pattern,
    Regexp,
    transform,
)
from kqlx.notes import Effect, Note
from kqlx.records import replace
from kqlx.regexes import late_regex

_DATASETS = ("event.dataset", "data_stream.dataset")
_TRAFFIC = frozenset({"network", "network_session", "network_traffic"})
"""Categories of events that sensors on the network report, whatever product they are of."""

_OF_SAME_VALUES = (".keyword", CASELESS)
"""How names of fields end that have the values of the field above them."""

_DATA_STREAM = late_regex(r"logs-\w+\.")
"""Indices of one of Elastic's integrations. Others may be aliases, or a retired product's."""

_ANOTHER = Hint("name another with ", Argument("source"))

Found = tuple[list[str], tuple[Note, ...]]
"""Names of data sources, and what is to be said of them."""


def recognise(
    node: Node,
    indices: Iterable[str] = (),
    integrations: Iterable[str] = (),
    packs: Packs | None = None,
) -> tuple[tuple[Pack, ...], tuple[Note, ...]]:
    """The packs of the sources that a query names by what it asserts: values, or fields that one
    source alone has; else of the index patterns that the rule reads, those of Beats among them;
    with a note on those values and patterns for which there is no pack; else of the integrations
    that it is tagged with (``aws``, ``aws.cloudtrail``); else those that its module, its shipper,
    the numbers of its events or the kind of its events hint at, with a note that this is an
    assumption.

    ``packs`` are those to choose among, by default those of this package.
    """
    packs = packs or Packs()
    marks = packs.telling_fields.marks
    node = without_keyword(node)
    names = names_of(node, packs.telling_fields)
    read = [bare(index) for index in indices if not index.startswith("-")]
    beside: list[str] = []
    found, notes = _named(names)
    found += [s for s in _forwarded(found, read, marks) if s not in found]
    if not found:
        found, beside, notes = _by_indices(node, names, read, packs.telling_fields)
    strange = own_indices(read)
    if not found and not beside and not any(_DATA_STREAM.match(index) for index in strange):
        lost = _without_counterpart(strange) if strange else []
        own = len(strange) > len(lost)
        found, notes = _assumed(node, names, (*integrations,), marks, kinds=not own)
        if not (found or own or (names is not None and names.others)):
            found, notes = _in_data_models(node, marks, read, bool(integrations))
        if found and lost:
            notes = (_left_out(lost, "reads", Effect.SAME), *notes)
    shipped = tuple(replace(packs.get(source), by_shipper=bool(found)) for source in beside)
    return (*(packs.get(source) for source in found), *shipped), notes


def sources_of(
    node: Node,
    source: str | None,
    packs: Packs | None = None,
    indices: Iterable[str] = (),
    integrations: Iterable[str] = (),
) -> tuple[tuple[Pack, ...], tuple[Note, ...]]:
    """The packs of the data source that a user names ("none": there are none), or those that are
    recognised. Raises UsageError for a data source that there is not.
    """
    if source is None:
        return recognise(node, indices, integrations, packs)
    return ((), ()) if source == "none" else (((packs or Packs()).get(source),), ())


def _named(names: Names | None) -> Found:
    if names is None or names.level is not Level.NAMED or not names.sources:
        return [], ()
    notes = (_left_out(sorted(names.others), "asks for"),) if names.others else ()
    return sorted(names.sources), notes


def _forwarded(found: list[str], read: list[str], marks: Mapping[str, Marks]) -> list[str]:
    """Of the data streams that a rule reads those that hold what is forwarded of the logs of
    Windows that it names: a channel or a provider does not tell them apart.
    """
    logs = (
        "winlogbeat" in m.beats or "windows_eventlog" in m.modules
        for m in map(marks.__getitem__, found)
    )
    if not any(logs):
        return []
    others = {s: m for s, m in marks.items() if m.collector}
    return [s for s, m in others.items() if any(overlap(i, m) for i in own_indices(read))]


def _by_indices(
    node: Node, names: Names | None, read: list[str], telling: TellingFields
) -> tuple[list[str], list[str], tuple[Note, ...]]:
    """The sources of the data streams that a rule reads, and those that its Beats ship beside them.
    What hints at some of a shipper's tells these apart.
    """
    marks = telling.marks
    own = own_indices(read)
    of_indices = {source for index in own for source in telling.of_index(index)}
    found = [source for source in marks if source in of_indices]
    if names is not None and names.level is Level.LIKELY and any(marks[s].collector for s in found):
        found += [source for source in sorted(names.sources) if source not in found]
    unknown = [index for index in own if telling.of_index(index).isdisjoint(found)]
    beats = dict.fromkeys(filter(None, map(shipper, read)))
    everything = [index for index in read if BROAD.fullmatch(index)]
    if not found and (everything or "filebeat" in beats):
        return [], [], ()
    notes = [_any_stream(everything, found)] if everything and found else []
    beside: dict[str, None] = {}
    for beat in beats:
        shipped = [s for s, m in marks.items() if beat in m.beats]
        if beat == "winlogbeat":
            from kqlx.mappings.windows_logs import winlogbeat_logs

            shipped, said = winlogbeat_logs(node, names, marks, bool(found), asserts_field)
            notes += said
        elif names is not None and (hinted := [s for s in shipped if s in names.sources]):
            shipped = hinted
        if beat != "filebeat":
            beside |= dict.fromkeys(source for source in shipped if source not in found)
        if (ours := [source for source in shipped if source in found]) and beat != "winlogbeat":
            notes.append(_one_module(beat, ours))
        elif beat == "filebeat":
            sensors = "packetbeat" in beats or any("packetbeat" in marks[s].beats for s in found)
            notes.append(_any_module(beat, sensors and _asks_for_traffic(node)))
        elif found or shipped:
            notes += unmapped_modules(beat, asserted_values(node), bool(found))
    if (found or beside) and unknown:
        lost = any(_DATA_STREAM.match(index) for index in unknown)
        notes.insert(0, _left_out(unknown, "reads", Effect.NARROWER if lost else Effect.SAME))
    return (sorted(found), sorted(beside), tuple(notes)) if found or beside else ([], [], ())


def _assumed(
    node: Node,
    names: Names | None,
    tags: tuple[str, ...],
    marks: Mapping[str, Marks],
    kinds: bool,
) -> Found:
    """The sources that something hints at; those of the rule's integrations and of the kinds of
    its events where it reads no index pattern of its own (``kinds``).
    """
    hinted = sorted(names.sources) if names is not None else []
    tags = tags if kinds else ()
    tagged = [s for s in marks if any(s == tag or s.startswith(f"{tag}.") for tag in tags)]
    if tagged:
        found = [source for source in tagged if source in hinted] or tagged
        return found, (_guess(found, f"but the integration ({', '.join(tags)})"),)
    if tags or (names is not None and names.others):
        return [], ()
    if hinted:
        return hinted, (_guess(hinted, "but values that such events have"),)
    asserted = asserted_values(node)
    found = [s for s, m in marks.items() if kinds and asserts(asserted, m.fallback_when)]
    return found, (_guess(found, "but the kind of events"),) if found else ()


def _without_counterpart(indices: list[str]) -> list[str]:
    """Those of the index patterns that are known to have no counterpart anywhere."""
    from kqlx.mappings.without_counterpart import why_none

    return [index for index in indices if why_none([index]) is not None]


def _in_data_models(
    node: Node, marks: Mapping[str, Marks], read: list[str], is_tagged: bool
) -> Found:
    """The data models that hold what the query asks for of any product; where the rule is tagged
    with an integration, those that stand for all that it reads.
    """
    from kqlx.mappings.data_models import models_of, standing_for

    if reasons := standing_for(read, marks):
        found = sorted(models_of(node, {source: marks[source] for source in reasons}))
        return found, tuple(
            Note("sensor-substituted", Effect.COVERAGE, reasons[source]) for source in found
        )
    if is_tagged:
        return [], ()
    found = sorted(models_of(node, marks))
    told = f"searched for in data models: {', '.join(found)}"
    note = Note("source-assumed", Effect.SAME, f"nothing names a product; {told}", hint=_ANOTHER)
    if "event.category" not in asserted_values(node):
        message = f"nothing names a product or a category of events; {told}, and in no others"
        note = Note("any-product", Effect.COVERAGE, message, hint=_ANOTHER)
    return found, (note,) if found else ()


def _left_out(names: Iterable[str], verb: str, effect: Effect = Effect.NARROWER) -> Note:
    from kqlx.mappings.products import with_products

    message = f"there is no mapping for {with_products(names)}, which the rule {verb} too"
    return Note("source-left-out", effect, message)


def _any_stream(indices: Iterable[str], sources: Iterable[str]) -> Note:
    message = f"{', '.join(indices)} may hold any events; assumed to be those of "
    return Note("source-assumed", Effect.SAME, message + ", ".join(sources))


def _asks_for_traffic(node: Node) -> bool:
    """Whether the query is about network traffic alone."""
    if isinstance(node, And):
        return any(map(_asks_for_traffic, node.items))
    if isinstance(node, Or):
        return all(map(_asks_for_traffic, node.items))
    if not isinstance(node, Equals):
        return False
    name, value = node.field.name, node.value.name
    in_category = name == "event.category" and value in _TRAFFIC
    return in_category or (name in _DATASETS and value.startswith("network_traffic."))


def _any_module(beat: str, by_sensors: bool) -> Note:
    """``by_sensors``: sessions that any product reports are searched in their place."""
    message = f"{beat}-* may hold events of any module; the rule reads them too"
    if by_sensors:
        message = f"{beat}-* may hold traffic that any product reports; so may the destination"
        return Note("source-left-out", Effect.COVERAGE, message)
    return Note(
        "source-left-out",
        Effect.NARROWER,
        message,
        hint=Hint("name them with ", Argument("source")),
    )


def _one_module(beat: str, sources: Iterable[str]) -> Note:
    message = f"{beat}-* may hold events of any module; assumed to be those of {', '.join(sources)}"
    return Note("source-assumed", Effect.SAME, message)


def _guess(sources: Iterable[str], why: str) -> Note:
    message = f"nothing names the data source {why}; assumed: {', '.join(sources)}"
    return Note("source-assumed", Effect.SAME, message, hint=_ANOTHER)


def without_keyword(node: Node) -> Node:
    """The tree with the names of ``.keyword`` fields as those of the fields above them, which have
    the same values, and those of ``.caseless`` as tests of these in any letter case.
    """

    def plain(test: Node) -> Node:
        if not isinstance(test, FIELD_TESTS) or not test.field.name.endswith(_OF_SAME_VALUES):
            return test
        if isinstance(test.field, Pattern):
            return test
        name = test.field.name.removesuffix(".keyword").removesuffix(CASELESS)
        return replace(with_case_of_name(test), field=replace(test.field, value=name))

    return transform(node, plain)


def asserts_field(node: Node, names: Iterable[str]) -> bool:
    """Whether every matching event has one of these fields, as far as the query says. A name that
    ends in a star stands for all that begin so.
    """
    if isinstance(node, FieldTest | Regexp):
        return not isinstance(node.field, Pattern) and bool(own_names(node.field.name, names))
    match node:
        case Nested():
            return bool(own_names(node.path.name, names))
        case And():
            return any(asserts_field(item, names) for item in node.items)
        case Or():
            return all(asserts_field(item, names) for item in node.items)
        case CommandLineArgument():
            return asserts_field(node.test, names)
        case FunctionTest():
            return any(own_names(field.name, names) for field in node.fields)
        case _:
            return False


def implied_values(pack: Pack, indices: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Values of which all events have one in the index patterns of the pack that a rule reads."""
    marks = pack.recognise
    read = [index for index in own_indices(indices) if overlap(index, marks)]
    each = [
        values
        for index in read
        for values in [
            next(
                (v for known, v in marks.implied_by_index.items() if fnmatchcase(index, known)), {}
            )
        ]
    ]
    if not each:
        return {}
    return {
        name: value
        for name, value in each[0].items()
        if all(one.get(name) == value for one in each)
    }
