"""What a query looks up beside its table: the steps that join it to the rows, before the first
that asks for it.

Certificates are in a table of Defender, of which the last row for a file counts
(https://learn.microsoft.com/defender-xdr/advanced-hunting-devicefilecertificateinfo-table);
networks in a table or watchlist of the user's, read by ``ipv4_lookup``
(https://learn.microsoft.com/kusto/query/ipv4-lookup-plugin?view=microsoft-sentinel); locations
come from ``geo_info_from_ip_address``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kqlx.backends.looked_up import columns_looked_up, is_looked_up, note_on
from kqlx.backends.sentinel.aggregation import TIME
from kqlx.backends.sentinel.defender_tables import CERTIFICATES
from kqlx.backends.sentinel.field_values import values_of
from kqlx.backends.sentinel.multiple_sources import WrittenSource
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.result_columns import FieldValues, columns_made, extend, underscored
from kqlx.backends.sentinel.schedule import span
from kqlx.backends.sentinel.syntax import identifier, quote
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.lookups import LOOK_BACK
from kqlx.mappings.pack import Lookup
from kqlx.records import replace

_TYPES = {"number": "tolong"}


def with_lookups(
    written: WrittenSource, bound: Bound, values: NamedValues, shown: Iterable[FieldValues]
) -> WrittenSource:
    """The query with what its steps, and those on the rows of all sources, ask for of what is
    looked up, and what is ``shown`` beside. Raises UnsupportedError where an address has no column.
    """
    query, notes = written.query, written.notes
    beside = " ".join(one.expression for one in shown)
    for lookup in bound.lookups:
        steps = query.steps
        used = columns_looked_up(lookup, "\n".join((*steps, *written.together, beside)))
        if not used:
            continue
        notes = (*notes, note_on(lookup))
        at = next((n for n, step in enumerate(steps) if is_looked_up(step, used)), len(steps))
        made = _steps(lookup, used, bound, values)
        query = replace(query, steps=(*steps[:at], *made, *steps[at:]))
    return replace(written, query=query, notes=notes)


def _steps(lookup: Lookup, used: Mapping[str, str], bound: Bound, values: NamedValues) -> list[str]:
    if lookup.kind == "certificates":
        return [_joined(lookup, values)]
    name, first = _address(lookup, bound)
    if lookup.kind == "networks":
        table = _networks(lookup, used, values)
        key = f"{underscored(lookup.of)}_network"
        made = f"| evaluate ipv4_lookup({table}, {name}, {key}, return_unmatched = true)"
        return [*first, made]
    location = f"{underscored(lookup.of)}_location"
    found = [f"{column} = tostring({location}.{there})" for column, there in used.items()]
    return [*first, f"| extend {location} = geo_info_from_ip_address({name})", extend(found)]


def _joined(lookup: Lookup, values: NamedValues) -> str:
    """The join of the last row for each file, whose hash keeps a name of its own: of two columns of
    one name Kusto would rename the second.
    """
    beginning = next(iter(lookup.columns)).removesuffix("IsSigned")
    key = f"{beginning}SHA1"
    last = ", ".join([TIME, *lookup.columns.values()])
    columns = [f"{key} = SHA1", *(f"{name} = {there}" for name, there in lookup.columns.items())]
    lines = [
        CERTIFICATES,
        f"    | where {TIME} > ago({span(LOOK_BACK)}) and isnotempty(SHA1)",
        f"    | summarize arg_max({last}) by SHA1",
        _indented(columns_made("project", columns)),
    ]
    table = values.name(f"{beginning}Certificates", "\n".join(lines))
    return f"| join kind=leftouter {table} on $left.{identifier(lookup.key)} == $right.{key}"


def _networks(lookup: Lookup, used: Mapping[str, str], values: NamedValues) -> str:
    named, of = lookup.named, underscored(lookup.of)
    rows = identifier(named["table"]) if "table" in named else ""
    rows = rows or f"_GetWatchlist({quote(named['watchlist'])})"
    columns = [f"{of}_network = tostring({identifier(named['network'])})"]
    kinds = {there: kind for kind, there in named.items()}
    for column, there in used.items():
        cast = _TYPES.get(kinds[there], "tostring")
        columns.append(f"{column} = {cast}({identifier(there)})")
    text = "\n".join([rows, _indented(columns_made("project", columns))])
    return values.name(
        "".join(part.capitalize() for part in lookup.of.split(".")) + "Networks", text
    )


def _indented(command: str) -> str:
    margin = "    "
    return margin + command.replace("\n", f"\n{margin}")


def _address(lookup: Lookup, bound: Bound) -> tuple[str, list[str]]:
    """The column with the address, and the step that makes it where there is none."""
    found = values_of(bound, lookup.key, counted=True)
    if found is None or not found.name or found.multivalue:
        what = f"{lookup.of}.{'as' if lookup.kind == 'networks' else 'geo'}.*"
        raise UnsupportedError(
            f"cannot convert a test of {what}: {lookup.key} is not in one column",
            code="unmapped-field",
        )
    if re.fullmatch(r"\w+", found.expression):
        return found.expression, []
    name = underscored(lookup.key)
    return name, [extend([f"{name} = {found.expression}"])]
