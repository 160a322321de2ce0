"""``stats`` and the commands on lookup tables: events → rows.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats: an event
without one of the fields behind ``by`` is in no group; without ``by`` there is one row, though
there be no event. An event counts in the group of each value of a field of many values, as often
as it has the value (seen on 8.2.2: ``makemv`` of "AAA,AAA" is counted twice). That it counts in the
groups of all combinations where two fields have many values is unverified.
https://docs.splunk.com/Documentation/Splunk/9.3.2/SearchReference/Multivaluefunctions: ``values``
are distinct and in the order of their characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.events import Event, values_of
from tests.oracles.spl.nodes import Aggregation, Lookup, Simple, Stats
from tests.oracles.spl.streaming import Reader
from tests.oracles.spl.values import number_of, text_of, unpack

Tables = dict[str, list[Event]]
"""Lookup tables by their names; each row is as an event."""


def group(command: Stats, events: Iterable[Event], read: Reader) -> list[Event]:
    """One row a group, the groups in the order of their values."""
    groups: dict[tuple[str, ...], list[Event]] = {} if command.by else {(): []}
    for event in events:
        for place in product(*(values_of(event, name) for name in command.by)):
            groups.setdefault(place, []).append(event)
    rows = []
    for place, members in sorted(groups.items()):
        row: Event = dict(zip(command.by, place, strict=True))
        for aggregation in command.aggregations:
            name = aggregation.name or _default(aggregation)
            if name in row:
                raise Doubtful(f"two fields {name} of stats")
            found = _aggregate(aggregation, members, read)
            if found is not None:
                row[name] = found
        rows.append(row)
    return rows


def _default(aggregation: Aggregation) -> str:
    return f"{aggregation.function}({aggregation.field})" if aggregation.field else "count"


def _aggregate(
    aggregation: Aggregation, events: Sequence[Event], read: Reader
) -> str | list[str] | None:
    values = [v for event in events for v in values_of(event, aggregation.field)]
    if aggregation.expression is not None:
        values = [text_of(v) for event in events for v in unpack(read(aggregation, event))]
    match aggregation.function:
        case "count":
            return str(len(values) if aggregation.field else len(events))
        case "dc":
            return str(len(set(values)))
        case "values":
            found = sorted(set(values), key=lambda text: text.encode("utf-8", "surrogatepass"))
            return found[0] if len(found) == 1 else found or None
        case "min" | "max":
            numbers = [number_of(value) for value in values]
            if not numbers:
                return None
            chosen = min if aggregation.function == "min" else max
            if all(number is None for number in numbers):  # in the order of their characters
                return chosen(values, key=lambda text: text.encode("utf-8", "surrogatepass"))
            if any(number is None for number in numbers):
                raise Doubtful("min() or max() of texts and numbers")
            return text_of(chosen(number for number in numbers if number is not None))
        case _:
            raise NotEvaluated(f"the aggregate {aggregation.function}")


def on_table(command: Simple, events: list[Event], tables: Tables) -> list[Event]:
    """``inputlookup append=true`` and ``outputlookup``
    (https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Outputlookup).
    """
    (table,) = command.arguments
    if command.command == "outputlookup":
        tables[table] = [dict(event) for event in events]
        return events
    if table not in tables:
        raise NotEvaluated(f"there is no lookup table {table}")
    return [*events, *(dict(row) for row in tables[table])]


def look_up(command: Lookup, event: Event, tables: Tables) -> Event:
    """https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Lookup; letter case
    counts unless the table is defined otherwise.
    """
    if command.table not in tables:
        raise NotEvaluated(f"there is no lookup table {command.table}")
    if command.mode == "OUTPUTNEW" or not command.outputs:
        raise NotEvaluated("this form of lookup")
    wanted = {column: values_of(event, name) for column, name in command.inputs}
    if any(len(values) > 1 for values in wanted.values()):
        raise Doubtful("lookup of a field of many values")
    rows = [row for row in tables[command.table] if _is_row(row, wanted)]
    result = dict(event)
    for column, name in command.outputs:
        found = [value for row in rows for value in values_of(row, column)]
        result.pop(name, None)
        if found:
            result[name] = found[0] if len(found) == 1 else found
    return result


def locate(command: Simple, event: Event, tables: Tables) -> Event:
    """``iplocation``, by the rows of the table ``iplocation``; an address that it does not have
    gets empty texts (https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Iplocation).
    """
    if "iplocation" not in tables:
        raise NotEvaluated("the database of locations")
    prefix = dict(command.options).get("prefix", "")
    addresses = values_of(event, command.arguments[0])
    if len(addresses) > 1:
        raise Doubtful("iplocation of a field of many values")
    names = ("City", "Country", "Region")
    if not addresses:
        return event
    rows = [row for row in tables["iplocation"] if addresses == values_of(row, "ip")]
    found = rows[0] if rows else {}
    return {**event, **{f"{prefix}{name}": found.get(name, "") for name in names}}


def _is_row(row: Mapping[str, object], wanted: Mapping[str, list[str]]) -> bool:
    return all(values and values == values_of(row, column) for column, values in wanted.items())
