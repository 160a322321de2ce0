"""Events of real data sources as each system holds them, and whether a pack's queries agree on
them.

``tests/events/<data source>.yml`` has queries in Kibana KQL and a handful of events, each as
Elastic stores it after its ingest pipeline (``elastic``), as Splunk extracts it (``splunk``), and
as a row of a table of Sentinel's (``sentinel``, of several tables a list). Sigma's reader is given
the event of Splunk's unless the file has another one (``sigma``; null for none). In a source type
of JSON a list is an array, else a field of many values. A query bound to a destination of a pack
has to answer on the target's event what Kibana answers on Elastic's, see ``agreement``.

An event of Sysmon for Linux in Splunk is what ``sysmon_for_linux`` makes of its ``Data``.

A Windows event is its ``record`` instead: what ``System`` of its XML says, and ``EventData``. The
forms of the stores are made of it as in ``pair_stored``, and its document has all that the pipeline
sets, so that other fields are known to be missing. ``log`` is what all records of the file have,
``all`` what all documents have, and ``records_of`` names the file whose events these are as well,
in another data stream.

Where one document is several events elsewhere (the records of the Linux audit framework),
``splunk`` is a list of them, and a query finds the event that finds one of them, or by what it puts
them together to. ``records`` has the texts of such records, the main one first, instead of what
each system makes of them; those of `ausearch -i` are in Splunk alone. Of other records the text is
that of Sentinel's row, unless it is given.

An event that the destination does not hold is left out: in Splunk one that the source type does not
find, in Sentinel one without a row in the table, in Sigma one that lacks what the log source is
for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import kqlx
from kqlx.backends import find
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.target import Options
from kqlx.elastic import ecs
from kqlx.evaluate.compiler import matches
from kqlx.evaluate.event_fields import values
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.bound import Bound
from kqlx.mappings.command_line_arguments import with_patterns
from kqlx.mappings.multiple_sources import bind_each
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.type_check import checked
from kqlx.nodes import Case, Compare, Equals, Exists, Like, Node, Pattern, transform, walk
from kqlx.notes import Note
from kqlx.testing.agreement import REFUSALS, Claim, Impossible, Malformed, Unsettled
from kqlx.testing.bounds import Kibana
from kqlx.testing.edges import NOW
from kqlx.testing.stored import Event
from tests.oracles.pair_stored import security_row, windows_fields, windows_row
from tests.oracles.sentinel_rows import NotExecuted, matching
from tests.oracles.sigma_rules import SIGMA, documents
from tests.oracles.spl.events import Event as FlatEvent
from tests.oracles.spl.events import stored_event
from tests.oracles.splunk import SPLUNK
from tests.oracles.sysmon_for_linux import SOURCETYPE, extracted
from tests.plans import query_plan

FOLDER = Path(__file__).parents[1] / "events"
TARGETS = ("spl", "sentinel", "sigma")


@dataclass(frozen=True, slots=True)
class Stored:
    """One event in the systems that hold it; ``rows`` are (table, row), and ``beside`` the events
    that stand beside the one of ``splunk`` for the same document.
    """

    number: int
    elastic: Event
    splunk: Mapping[str, Any] | None
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    sigma: Mapping[str, Any] | None
    escaped: Mapping[str, Any] | None = None
    """The event in Splunk with the signs of XML escaped, where it has any; of Sysmon for Linux,
    which escapes them, without.
    """
    whole: bool = False
    """Whether the document has all that the pipeline sets."""
    data: Mapping[str, str] = field(default_factory=dict)
    """EventData of a Windows event."""
    beside: tuple[Mapping[str, Any], ...] = ()
    sensor: Mapping[str, Any] | None = None
    """What another sensor records of it, for a log source of Sigma that stands for any."""


@dataclass(frozen=True, slots=True)
class EventFile:
    """What a file of events says."""

    source: str
    queries: tuple[str, ...]
    events: tuple[Stored, ...]


def read(path: Path) -> EventFile:
    """Raises ValueError for what a file of events cannot say."""
    (data,) = documents(path.read_text("utf-8"))
    _known(data, {"source", "queries", "events", "log", "all", "records_of"}, path)
    every = data.get("all") or {}
    events: list[Stored] = []
    if other := data.get("records_of"):
        (theirs,) = documents((path.parent / f"{other}.yml").read_text("utf-8"))
        for item in theirs["events"]:
            if "record" in item:
                record = {**theirs["log"], **item["record"]}
                document = merged(item["elastic"], every)
                events.append(_of_record(data["source"], len(events) + 1, record, document))
    for item in data["events"]:
        number = len(events) + 1
        keys = {"elastic", "splunk", "sentinel", "sigma", "sensor", "record", "records"}
        _known(item, keys, path)
        document = merged(every, item["elastic"])
        if "records" in item:
            item = {**item, **_of_texts(item["records"], document)}
        if "record" in item:
            record = {**(data.get("log") or {}), **item["record"]}
            events.append(_of_record(data["source"], number, record, document))
            continue
        rows = item.get("sentinel") or []
        rows = rows if isinstance(rows, list) else [rows]
        for row in rows:
            _known(row, {"table", "row"}, path)
        splunk = item.get("splunk")
        splunk, *beside = splunk if isinstance(splunk, list) else [splunk]
        if splunk is not None and "type" in splunk:
            splunk, *beside = _with_texts([splunk, *beside], [row["row"] for row in rows])
        tables = tuple((row["table"], row["row"]) for row in rows)
        sigma, decoded = item.get("sigma", splunk), None
        if splunk is not None and splunk.get("sourcetype") == SOURCETYPE:
            splunk, decoded = extracted(splunk), extracted(splunk, plain=True)
        more = None if decoded == splunk else decoded
        stored = Stored(number, document, splunk, tables, sigma, more, beside=tuple(beside))
        events.append(replace(stored, sensor=item.get("sensor")))
    return EventFile(data["source"], tuple(data["queries"]), tuple(events))


_PAIR = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w-]*)=(\"[^\"]*\"|\S+)")


def _of_texts(texts: Sequence[str], document: Event) -> dict[str, Any]:
    """The records of the audit framework as Splunk and Sentinel hold them."""
    machine = str(next(iter(values(document, "host.name"))))
    fields = [
        {"sourcetype": "auditd", **{name: found.strip('"') for name, found in _PAIR.findall(text)}}
        for text in texts
    ]
    splunk = [{**own, "_raw": text} for own, text in zip(fields, texts, strict=True)]
    interpreted = any(") : " in text for text in texts)
    rows = [{"Computer": machine, "SyslogMessage": text} for text in texts]
    sentinel = [] if interpreted else [{"table": "Syslog", "row": row} for row in rows]
    return {"splunk": splunk, "sentinel": sentinel}


def _with_texts(
    records: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Records of the audit framework with the texts that Sentinel's rows have for the same type."""
    texts = [str(row.get("SyslogMessage", "")) for row in rows]
    found = []
    for record in records:
        own = [text for text in texts if text.startswith(f"type={record.get('type')} ")]
        found.append({**({"_raw": own[0]} if own else {}), **record})
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both documents in one; where both have a value that of ``above`` counts."""
    made = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], Mapping) and isinstance(above[name], Mapping):
            made[name] = merged(below[name], above[name])
    return made


def _of_record(source: str, number: int, record: Mapping[str, Any], document: Event) -> Stored:
    """A Windows event as the stores hold it."""
    system = {"UserID": None, **{key: v for key, v in record.items() if key != "EventData"}}
    data = {name: str(value) for name, value in (record.get("EventData") or {}).items()}
    plain, *escaped = (
        {name: value for name, value in form.items() if name != "host"}
        for form in windows_fields(system, data)
    )
    if source.startswith("system."):
        row = ("SecurityEvent", security_row(system, data))
    else:
        row = ("WindowsEvent", windows_row(system, data))
    return Stored(
        number,
        document,
        plain,
        (row,),
        _in_sigma(system, data),
        escaped[0] if escaped else None,
        whole=True,
        data=data,
    )


def _in_sigma(system: Mapping[str, Any], data: Mapping[str, str]) -> dict[str, Any]:
    """A record by the names of Sigma's taxonomy, which has those of Sysmon for the Security log's
    processes too.
    """
    named = {"EventID": system["EventID"], "Provider_Name": system["Provider"]}
    named |= {key: system[key] for key in ("Channel", "Computer", "Keywords")}
    if system["UserID"]:
        named["UserID"] = named["Security_UserID"] = system["UserID"]
    for theirs, ours in (("NewProcessName", "Image"), ("ParentProcessName", "ParentImage")):
        if theirs in data:
            named[ours] = data[theirs]
    return {**data, **named}


def _known(data: Mapping[str, Any], known: set[str], path: Path) -> None:
    if unknown := set(data) - known:
        raise ValueError(f"{path.name}: there is no key {', '.join(sorted(unknown))}")


@dataclass(frozen=True, slots=True)
class Converted:
    """A query for one destination of a pack."""

    node: Node
    text: str
    notes: tuple[Note, ...]
    bound: Bound


def converted(query: str | Node, pack: Pack, target: str) -> Converted:
    """The query in the target, every effect accepted. Raises MappingError, UnsupportedError."""
    node = kqlx.parse(query) if isinstance(query, str) else query
    bound, *_ = bind_each(AskedQuery(node), (pack,), target, "error")
    backend = find(target)
    if not backend.matches_arguments:
        bound = with_patterns(bound)
    bound = checked(bound)
    emission = backend.emit(query_plan(bound, options=Options(format=backend.format_names[0])))
    assert isinstance(emission.query, str)
    return Converted(node, emission.query, (*bound.notes, *emission.notes), bound)


# The answers of a target

Answers = dict[int, bool]
"""By the number of an event whether the query finds it; events held elsewhere are left out."""


def answers(query: Converted, pack: Pack, target: str, events: Sequence[Stored]) -> Answers:
    """Raises NotExecuted, and Malformed for what the target's reader refuses."""
    if target == "spl":
        return dict(_of_splunk(query, events))
    if target == "sentinel":
        return _of_sentinel(query, events)
    SIGMA.read(query.text)
    place = dict(query.bound.place)
    several = any(event.sensor for event in events)
    here = {
        event.number: [
            *(_records_there(event, pack, place) if several else (event.sigma or {}, *event.beside))
        ]
        for event in events
        if _in_log_source(event, pack, place)
    }
    return {
        number: any(SIGMA.holds(query.text, record) for record in records)
        for number, records in here.items()
        if records
    }


def _of_splunk(query: Converted, events: Sequence[Stored]) -> Iterator[tuple[int, bool]]:
    SPLUNK.read(query.text)
    base = query.bound.place.get("base")
    for event in events:
        if event.splunk is None:
            continue
        # Whether Splunk makes a text of JSON's null is not documented: no query may depend on it.
        json = bool(query.bound.place.get("json"))
        nulls = (None, NULL) if json else (None,)
        times = [str(value) for value in values(event.elastic, "@timestamp")]
        answers: list[bool] = []
        if joined_by(query):
            flats = [stored_event(record, False) for record in (event.splunk, *event.beside)]
            flats = [{**_machine(event), **flat} for flat in flats]
            here = [f for f in flats if not base or SPLUNK.keeps(str(base), f, times)]
            if here:
                yield event.number, SPLUNK.finds_among(query.text, here, times)
            continue
        for record in (event.splunk, *event.beside):
            flats = [stored_event(record, json, null=null) for null in nulls]
            if base and not SPLUNK.keeps(str(base), flats[0], times):
                continue
            flats += list(_from_other_collectors(query, flats))
            found = {SPLUNK.keeps(query.text, flat, times) for flat in flats}
            assert len(found) == 1, f"nulls or names of event {event.number} decide: {query.text}"
            answers += found
        if answers:
            yield event.number, any(answers)


def joined_by(query: Converted) -> str:
    """What the results of a query that puts records together are grouped by last, or ""."""
    destination = query.bound.destination
    records = destination.records if destination is not None else None
    return records.name if records is not None and f", {records.name}" in query.text else ""


def _machine(event: Stored) -> dict[str, str]:
    names = [str(name) for name in values(event.elastic, "host.name")]
    return {"host": names[0]} if names else {}


def _from_other_collectors(query: Converted, flats: Sequence[FlatEvent]) -> Iterator[FlatEvent]:
    """The events under the names that they have where another collector brought them."""
    destination = query.bound.destination
    for start, other in destination.other_prefixes.items() if destination is not None else ():
        for flat in flats:
            names = {name: _other_name(name, start, other) for name in flat}
            yield {names[name]: values for name, values in flat.items()}


def _other_name(name: str, start: str, other: str) -> str:
    return other + name.removeprefix(start) if name.startswith(start) else name


def _of_sentinel(query: Converted, events: Sequence[Stored]) -> Answers:
    table = query.bound.place["table"]
    tables = [str(name) for name in table] if isinstance(table, list) else [str(table)]
    rows = [
        (event.number, name, row) for event in events for name, row in event.rows if name in tables
    ]
    found = matching(query.text, tables, rows, joined_by(query))
    return {number: number in found for number, _, _ in rows}


def _in_log_source(event: Stored, pack: Pack, place: Mapping[str, object]) -> bool:
    """Whether the event is one of those that a log source stands for."""
    if event.sigma is None:
        return False
    here = [
        each
        for each in pack.targets["sigma"]
        if dict(each.place) == place
        and not any(_has(event, name, values) for name, values in each.never.items())
        and _is_part(event, each)
    ]
    return any(
        all(_has(event, name, wanted) for name, wanted in when.items())
        for each in here
        for when in each.when or ({},)
    )


def _records_there(
    event: Stored, pack: Pack, place: Mapping[str, object]
) -> Iterator[Mapping[str, Any]]:
    """The records of the event that have some of the fields of a log source."""
    names = {
        column
        for each in pack.targets["sigma"]
        if dict(each.place) == place
        for spec in each.fields.values()
        for one in (*spec.alternatives, spec)
        for column in (one.column, *one.any_of)
    }
    records = (event.sigma, *event.beside, event.sensor)
    yield from (one for one in records if one and names & one.keys())


def _is_part(event: Stored, place: Destination) -> bool:
    """Whether the event has what all those of the place have, where others have the rest, and is of
    a data set that the place has.
    """
    data_set = place.field("event.dataset")
    if data_set is not None and (data_set.fixed or data_set.value_predicates):
        wanted = [data_set.fixed] if data_set.fixed else [*data_set.value_predicates]
        if values(event.elastic, "event.dataset") and not _has(event, "event.dataset", wanted):
            return False
    spec = place.field("event.category") if place.together else None
    return spec is None or not spec.fixed or _has(event, "event.category", (str(spec.fixed),))


def _has(event: Stored, name: str, wanted: Sequence[str]) -> bool:
    """Whether the event has one of the values, as Elastic holds it."""
    return bool(set(values(event.elastic, name)) & set(wanted))


# The law

WITH_CASE = frozenset({"keyword", "constant_keyword", "wildcard"})


@dataclass
class Outcome:
    """What came of the queries of a file in one target.

    ``hits`` and ``misses`` count pairs of a query and an event on which the notes left no choice;
    ``told`` those where a note lets the target answer as it likes.
    """

    reports: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    not_executed: list[str] = field(default_factory=list)
    hits: int = 0
    misses: int = 0
    told: int = 0
    held: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.hits + self.misses} pairs compared, {self.hits} of them hits; "
            f"{self.told} more under a note that allows both; "
            f"{len(self.refused)} queries refused, {len(self.not_executed)} not executed"
        )


def in_other_case(query: str, pack: Pack) -> Node:
    """The query with each of its texts in its other letter case, asked in any. Keys of objects that
    may be columns of their own stay: these have one letter case, as a note says.
    """
    node = kqlx.parse(query)
    with_keys = {
        name
        for destinations in pack.targets.values()
        for destination in destinations
        for name, spec in destination.fields.items()
        if spec.columns_of_keys
    }
    types = types_of(node, pack)

    def leaf(test: Node) -> Node:
        if not isinstance(test, Equals | Like) or isinstance(test.field, Pattern):
            return test
        if types[test.field.name] not in WITH_CASE or test.field.name.endswith(".text"):
            return test
        if isinstance(test, Like):
            swapped = _but_for_keys if test.field.name in with_keys else str.swapcase
            pattern = test.pattern.map_literals(swapped)
            return replace(test, pattern=pattern, case=Case.FOLDED)
        value = replace(test.value, value=test.value.name.swapcase(), phrase=True)
        return replace(test, value=value, case=Case.FOLDED)

    return transform(node, leaf)


def _but_for_keys(text: str) -> str:
    """``key=value`` with the other letter case of its value."""
    key, equals, value = text.rpartition("=")
    return f"{key}{equals}{value.swapcase()}"


def judged(
    file: EventFile,
    pack: Pack,
    target: str,
    read: Callable[[str, Pack], Node] = lambda query, _: kqlx.parse(query),
) -> Outcome:
    """Each query on each event, in Kibana and in every destination of the target that takes it;
    ``read`` makes the tree of a query.
    """
    outcome = Outcome()
    each = [replace(pack, targets={target: (place,)}) for place in pack.targets[target]]
    for query in file.queries:
        node = read(query, pack)
        kibana = Kibana(node, types_of(node, pack))
        try:
            converted(node, pack, target)
        except REFUSALS as error:
            outcome.refused[query] = str(error)
            if not error.notes:
                outcome.reports.append(f"refused without a reason: {query}")
            if "never matches" in str(error):
                outcome.reports += _never(query, kibana, Claim.of(error.notes), file.events)
            continue
        for one in each:
            try:
                made = converted(node, one, target)
                found = answers(made, one, target, file.events)
            except REFUSALS:
                continue
            except NotExecuted:
                outcome.not_executed.append(query)
                continue
            except (Malformed, Unsettled, Impossible) as error:
                outcome.reports.append(f"{type(error).__name__}: {error}\n{query}\n{made.text}")
                continue
            _compare(query, made, found, kibana, file, outcome)
    return outcome


def _compare(
    query: str,
    made: Converted,
    found: Answers,
    kibana: Kibana,
    file: EventFile,
    outcome: Outcome,
) -> None:
    claim = Claim.of(made.notes)
    outcome.held |= set(found)
    for event in file.events:
        if event.number not in found:
            continue
        least, most = kibana.bounds(event.elastic, folded=claim.folded)
        outcome.told += claim.allows_all
        outcome.hits += least and not claim.may_miss
        outcome.misses += not most and not claim.may_add
        if broken := claim.broken_by(found[event.number], (least, most)):
            notes = ", ".join(f"{note.code} ({note.effect})" for note in made.notes if note.effect)
            outcome.reports.append(
                f"event {event.number} {broken}\n  {query}\n  {made.text}\n  {notes or 'no notes'}"
            )


def _never(query: str, kibana: Kibana, claim: Claim, events: Sequence[Stored]) -> list[str]:
    """What is said never to match must not match in Kibana either, unless a note tells so."""
    return [
        f"event {event.number} matches, and the query is refused as one that never does: {query}"
        for event in events
        if kibana.exact(event.elastic) and not claim.may_miss
    ]


def types_of(node: Node, pack: Pack) -> dict[str, str]:
    """The types of ECS and of the pack, and keyword for the other fields of the tree."""
    types = {**ecs.types(), **{n: t for n, t in pack.types.items() if not n.endswith("*")}}
    for leaf in walk(node):
        if isinstance(leaf, Equals | Like | Exists | Compare):
            name = leaf.field.name
            if (known := pack.type(name)) or name not in types:
                types[name] = known or "keyword"
    return types


def matched(file: EventFile, pack: Pack) -> set[str]:
    """The queries that some event matches in Kibana."""
    return {
        query
        for query in file.queries
        for node in [kqlx.parse(query)]
        if any(matches(node, e.elastic, types_of(node, pack), now=NOW) for e in file.events)
    }
