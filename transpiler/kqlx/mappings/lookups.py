"""What tables beside the events say of them, where the user asks for it to be looked up: the
signers of files by their hashes, the networks and locations of addresses.

A destination gets columns for it, which a target makes before the tests that need them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from kqlx.errors import UsageError
from kqlx.mappings.bound import Bound, without_spelling
from kqlx.mappings.field_spec import ColumnSpec, FieldSpec, PackNote
from kqlx.mappings.lookup_names import OUTPUTS, PLACES, networks_problem
from kqlx.mappings.pack import Destination, Lookup, Pack
from kqlx.mappings.reader.pack_data import Lazy
from kqlx.notes import Effect
from kqlx.records import dataclass, replace

LOOK_BACK = 14 * 86_400
"""So long ago, in seconds, a file may have been verified: an analytics rule sees no further
(https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview)."""

CERTIFICATES = "DeviceFileCertificateInfo"
"""https://learn.microsoft.com/defender-xdr/advanced-hunting-devicefilecertificateinfo-table"""

_LOCATIONS: Mapping[str, Mapping[str, str]] = {
    # https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Iplocation
    "spl": {"country_name": "Country", "region_name": "Region", "city_name": "City"},
    # https://learn.microsoft.com/kusto/query/geo-info-from-ip-address-function
    "sentinel": {"country_name": "country", "region_name": "state", "city_name": "city"},
}
_TARGETS = {"base": "spl", "table": "sentinel"}
"""By the place of events the target that looks up what stands beside them."""

_PLACES = {"spl": ("lookup",), "sentinel": ("watchlist", "table")}

_OF_LOCATIONS = {
    "spl": "by iplocation in Splunk's own database, which may spell them otherwise than GeoLite2",
    "sentinel": "in Kusto's copy of GeoLite2",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asks to have looked up: ``networks`` are the names of the table of networks
    (``lookup_names``).
    """

    signers: bool = False
    networks: Mapping[str, str] | None = None
    locations: bool = False


def with_lookups(pack: Pack, target: str, asked: Asked) -> Pack:
    """The pack with columns for what is looked up of its events in a target. Raises UsageError for
    a table of networks of another target's.
    """
    named, places = asked.networks, _PLACES.get(target, PLACES)
    if named is not None and (problem := networks_problem(named, places)):
        raise UsageError(f"networks for {target} {problem}")

    def made(name: str) -> tuple[Destination, ...]:
        there = pack.targets[name]
        return tuple(_looked_up(one, name, asked) for one in there) if name == target else there

    return replace(pack, targets=Lazy({name: name for name in pack.targets}, made))


def _looked_up(destination: Destination, target: str, asked: Asked) -> Destination:
    fields: dict[str, FieldSpec] = {}
    columns: dict[str, ColumnSpec] = {}
    lookups: list[Lookup] = []
    absent: dict[str, tuple[str, ...]] = {}
    if asked.signers:
        for of, key in destination.signed_files.items():
            lookup = _certificates(of, key)
            lookups.append(lookup)
            fields |= _missing(destination, _of_signature(lookup))
            columns |= dict.fromkeys([*lookup.columns][:2], ColumnSpec(type="boolean"))
    for of in _addresses(destination):
        if asked.networks is not None:
            lookup = _networks(of, asked.networks)
            lookups.append(lookup)
            fields |= _missing(destination, _of_networks(lookup))
        if asked.locations and target in _LOCATIONS:
            lookup = _locations(of, target)
            lookups.append(lookup)
            fields |= _missing(destination, _of_locations(lookup, target))
            absent |= dict.fromkeys(lookup.columns, ("",) if target == "spl" else ())
    if not lookups:
        return destination
    names = [name for lookup in lookups for name in lookup.columns]
    columns |= {name: ColumnSpec(null_text=True) for name in names if name not in columns}
    return replace(
        destination,
        fields=ChainMap(fields, _changeable(destination.fields)),
        columns=ChainMap(columns, _changeable(destination.columns)),
        null_values={**destination.null_values, **{name: absent.get(name, ()) for name in names}},
        lookups=tuple(lookups),
    )


def without_unasked(bound: Bound, counted: Collection[str]) -> Bound:
    """The tree without certificates that no test and no count asks for: a rule that looks them up
    runs less often, which it would do for what its alerts show alone.
    """
    tested = {*map(without_spelling, bound.columns)}
    unasked = [
        lookup
        for lookup in bound.lookups
        if lookup.kind == "certificates"
        and tested.isdisjoint(lookup.columns)
        and not any(name.startswith(f"{lookup.of}.code_signature.") for name in counted)
    ]
    destination = bound.destination
    if not unasked or destination is None:
        return bound
    none = FieldSpec(no_counterpart=f"{CERTIFICATES} is not read for what alerts show")
    fields = {f"{lookup.of}.code_signature.subject_name": none for lookup in unasked}
    kept = tuple(lookup for lookup in bound.lookups if lookup not in unasked)
    fields_there = _changeable(destination.fields)
    made = replace(destination, fields=ChainMap(fields, fields_there), lookups=kept)
    return replace(bound, destination=made)


def _changeable(table: Mapping[str, Any]) -> dict[str, Any]:
    """The same for ``ChainMap``, which changes its first alone."""
    return table  # type: ignore[return-value] # it is not changed


def way_to_look_up(name: str, destination: Destination, *, counted: bool = False) -> str:
    """The key of ``kqlx.yml`` by which a field that the destination lacks is looked up, for the end
    of a message; "" where there is none. Some fields are only ``counted``.
    """
    target = next((_TARGETS[place] for place in destination.place if place in _TARGETS), "")
    of = next((of for of in _addresses(destination) if name.startswith(f"{of}.")), "")
    if not target or not of or destination.lookups:
        return ""
    field = name.removeprefix(f"{of}.").removesuffix(".text")
    known = (*_LOCATIONS[target], *(("country_iso_code",) if counted else ()))
    if field in ("as.number", "as.organization.name"):
        key = f"{target}.networks"
    elif field.removeprefix("geo.") in known:
        key = f"{target}.locations: true"
    else:
        return ""
    return f" ({key} in kqlx.yml has it looked up)"


# The signers of files


def _certificates(of: str, key: str) -> Lookup:
    beginning = "".join(part.capitalize() for part in of.split("."))
    columns = {f"{beginning}{name}": name for name in ("IsSigned", "IsTrusted", "Signer")}
    message = (
        f"{of}.code_signature.*: signers are looked up in {CERTIFICATES}; a file that Defender did"
        f" not verify in the last {LOOK_BACK // 86_400} days, or that is not on Windows, counts as"
        " unsigned"
    )
    return Lookup("certificates", of, key, columns, message)


_ERRORS = ("errorExpired", "errorRevoked", "errorBadDigest", "errorUntrustedRoot", "errorChaining")
"""Why Windows does not trust a signature, as rules of Elastic's say it."""
_OWN_ERROR = "errorCode_endpoint"
"""How errors of Elastic's own sensor begin, which no other has."""
_OTHER_SYSTEMS = FieldSpec(
    no_counterpart=f"{CERTIFICATES} has the signatures of files on Windows alone",
    when=({"host.os.type": ("linux",)}, {"host.os.type": ("macos",)}),
)


def _of_signature(lookup: Lookup) -> dict[str, FieldSpec]:
    """The fields of a file's signature. A file of which the table says nothing counts as not
    signed: none is missed that is looked for as unsigned. Whether a signature is trusted is what
    WinVerifyTrust says, on Windows.
    """
    signed, trusted, signer = lookup.columns
    where = f"{lookup.of}.code_signature"
    yes, no = f"{trusted}:true", f"{signed}:true and not {trusted}:true"
    any_error = PackNote(
        "approximated",
        Effect.WIDER,
        f"{where}.status: {CERTIFICATES} does not say why a signature is not trusted: all such"
        " signatures are found",
    )
    fields = {
        "exists": FieldSpec(
            value_predicates={"true": f"{signed}:true", "false": f"not {signed}:true"},
            exists=f"{signed}:*",
        ),
        "trusted": FieldSpec(value_predicates={"true": yes, "false": no}, exists=f"{signed}:true"),
        "status": FieldSpec(
            value_predicates={
                "trusted": yes,
                **dict.fromkeys(_ERRORS, no),
                _OWN_ERROR: "not *:*",
            },
            notes=dict.fromkeys(_ERRORS, any_error),
            no_counterpart=f"{CERTIFICATES} says no more than whether the signature is trusted",
        ),
        "subject_name": FieldSpec(column=signer),
    }
    return {
        **{
            f"{where}.{name}": replace(spec, alternatives=(_OTHER_SYSTEMS,))
            for name, spec in fields.items()
        },
        f"{where}.*": FieldSpec(no_counterpart=f"{CERTIFICATES} has no such detail"),
    }


# The networks and locations of addresses


def _addresses(destination: Destination) -> Iterator[str]:
    """The beginnings of the fields that Elastic looks up by an address (``source``), as far as the
    destination says that, and where the address is.
    """
    found = {
        name.partition(f".{kind}.")[0]: None
        for name in destination.fields
        for kind in ("as", "geo")
        if f".{kind}." in name
    }
    for of in found:
        spec = destination.field(f"{of}.ip")
        if spec is not None and (spec.column or spec.any_of or spec.cases):
            yield of


def _missing(destination: Destination, made: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
    """Those of the fields for which the destination has no column of its own."""

    def is_there(spec: FieldSpec) -> bool:
        others = spec.value_predicates or spec.alternatives or spec.cases
        return spec.no_counterpart is None or bool(others)

    return {
        name: spec
        for name, spec in made.items()
        if (own := destination.field(name)) is None or not is_there(own)
    }


def _networks(of: str, named: Mapping[str, str]) -> Lookup:
    outputs = {"number": "number", "organization": "organization_name"}
    columns = {
        f"{_underscored(of)}_as_{outputs[one]}": named[one] for one in OUTPUTS if one in named
    }
    place = next(name for name in PLACES if name in named)
    message = (
        f"{of}.as.*: networks are those of the {place} {named[place]}, not of Elastic's database"
        " (GeoLite2 ASN); the names of organizations must be spelled as there"
    )
    if place != "lookup":
        message += "; addresses of version 6 have none"
    return Lookup("networks", of, f"{of}.ip", columns, message, named)


def _of_networks(lookup: Lookup) -> dict[str, FieldSpec]:
    fields: dict[str, FieldSpec] = {}
    for column in lookup.columns:
        if column.endswith("number"):
            fields[f"{lookup.of}.as.number"] = FieldSpec(column=column)
        else:
            name = f"{lookup.of}.as.organization.name"
            fields |= {name: FieldSpec(column=column), f"{name}.text": FieldSpec(column=column)}
    return fields


def _locations(of: str, target: str) -> Lookup:
    """In Splunk with the names that ``iplocation`` gives, behind a prefix."""
    columns = {
        f"{_underscored(of)}_geo_{there if target == 'spl' else name}": there
        for name, there in _LOCATIONS[target].items()
    }
    message = f"{of}.geo.*: locations are looked up {_OF_LOCATIONS[target]}"
    return Lookup("locations", of, f"{of}.ip", columns, message)


def _of_locations(lookup: Lookup, target: str) -> dict[str, FieldSpec]:
    fields = {
        f"{lookup.of}.geo.{field}": FieldSpec(column=column)
        for field, column in zip(_LOCATIONS[target], lookup.columns, strict=True)
    }
    country = next(iter(lookup.columns))
    code = FieldSpec(
        no_counterpart="the database has the names of countries, not their codes",
        exists=f"{country}:*",
        counted_by=country,
    )
    return {f"{lookup.of}.geo.country_iso_code": code, **fields}


def _underscored(name: str) -> str:
    return name.replace(".", "_")
