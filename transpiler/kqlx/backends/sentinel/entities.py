"""What an alert of Sentinel shows of its events: entities, and details of the user's choice.

Entities come from the fields that the query tests, that the rule counts or compares by, and that
its author wants to see, and then from who, where and whence, where the table has it. Types and
identifiers: https://learn.microsoft.com/azure/sentinel/entities-reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kqlx.backends.sentinel.result_columns import Values, in_common, values_of
from kqlx.mappings.bound import Bound
from kqlx.nodes import FieldTest, FreeText, Literal, walk
from kqlx.rules.forms import form_of
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.suppression import suppression_of
from kqlx.rules.threshold import Threshold, threshold_of

MOST_ENTITIES = 5
MOST_IDENTIFIERS = 3
MOST_DETAILS = 20
LONGEST_KEY = 20
TITLE = "Title_shown"

# Field → entity type, identifier, and the group of fields that describe one entity together.
_ENTITIES: dict[str, tuple[str, str, str]] = {
    "user.name": ("Account", "Name", "user"),
    "user.domain": ("Account", "NTDomain", "user"),
    "user.email": ("Account", "FullName", "user.id"),
    "source.user.name": ("Account", "Name", "source.user"),
    "source.user.email": ("Account", "FullName", "source.user.email"),
    "client.user.name": ("Account", "Name", "client.user"),
    "client.user.email": ("Account", "FullName", "client.user.email"),
    "winlog.event_data.SubjectUserName": ("Account", "Name", "subject"),
    "winlog.event_data.SubjectDomainName": ("Account", "NTDomain", "subject"),
    "winlog.event_data.SubjectUserSid": ("Account", "Sid", "subject"),
    "winlog.event_data.TargetUserName": ("Account", "Name", "target"),
    "winlog.event_data.TargetDomainName": ("Account", "NTDomain", "target"),
    "winlog.event_data.TargetUserSid": ("Account", "Sid", "target"),
    "okta.actor.alternate_id": ("Account", "FullName", "okta.actor"),
    "okta.client.ip": ("IP", "Address", "okta.client"),
    "aws.cloudtrail.user_identity.arn": ("Account", "FullName", "arn"),
    "o365.audit.UserId": ("Account", "FullName", "user.id"),
    "o365.audit.MailboxOwnerUPN": ("Mailbox", "MailboxPrimaryAddress", "mailbox"),
    "azure.signinlogs.properties.user_principal_name": ("Account", "FullName", "principal"),
    "azure.signinlogs.properties.user_id": ("Account", "AadUserId", "principal"),
    "azure.signinlogs.properties.app_display_name": ("CloudApplication", "Name", "application"),
    "azure.auditlogs.properties.initiated_by.user.userPrincipalName": (
        "Account", "FullName", "initiator",
    ),
    "azure.resource.id": ("AzureResource", "ResourceId", "resource"),
    "host.name": ("Host", "HostName", "host"),
    "host.hostname": ("Host", "HostName", "host"),
    "source.ip": ("IP", "Address", "source.ip"),
    "client.ip": ("IP", "Address", "client.ip"),
    "destination.ip": ("IP", "Address", "destination.ip"),
    "server.ip": ("IP", "Address", "server.ip"),
    "github.actor_ip": ("IP", "Address", "source.ip"),
    "file.name": ("File", "Name", "file"),
    "file.path": ("File", "Name", "file"),
    "file.directory": ("File", "Directory", "file"),
    "process.command_line": ("Process", "CommandLine", "process"),
    "process.pid": ("Process", "ProcessId", "process"),
    "process.parent.command_line": ("Process", "CommandLine", "process.parent"),
    "registry.path": ("RegistryKey", "Key", "registry"),
    "registry.key": ("RegistryKey", "Key", "registry"),
    "registry.hive": ("RegistryKey", "Hive", "registry"),
    "url.full": ("URL", "Url", "url"),
    "url.original": ("URL", "Url", "url"),
    "url.domain": ("DNS", "DomainName", "url.domain"),
    "destination.domain": ("DNS", "DomainName", "destination.domain"),
    "dns.question.name": ("DNS", "DomainName", "dns"),
}  # fmt: skip

# What user.id is differs by data source; elsewhere it is no identifier that Sentinel knows.
_USER_ID = {
    "azure.": "AadUserId",
    "o365.": "FullName",
    "system.": "Sid",
    "windows.": "Sid",
    "endpoint.": "Sid",
}

# Without one of these the others identify nothing.
_REQUIRED = {
    "Account": {"Name", "FullName", "Sid", "AadUserId"},
    "File": {"Name"},
}

# What names somebody or something in tables that the fields above say nothing of.
_OF_TABLES = {"SecurityAlert": ("Account", "FullName", "CompromisedEntity")}

_USUAL = ("user.id", "user.email", "user.name", "user.domain", "host.name", "source.ip")

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Outputs:
    """``columns`` are the values that the result must have under their plain names; ``entities``
    pairs a type with its identifiers and their columns; ``details`` names columns by key. ``lost``
    are fields that the author wants to see and that have no column, ``name`` the column that names
    each alert, "" for the rule's own name.

    ``fields`` are the Elastic fields of the details by key. ``common`` gives columns the names that
    they have in all tables of a rule about several data sources; where it counts or looks for new
    terms, all columns have them.
    """

    columns: tuple[Values, ...]
    entities: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    details: dict[str, str]
    lost: tuple[str, ...]
    name: str
    fields: Mapping[str, str]
    common: Mapping[str, str]


def outputs(rule: Rule, bound: Bound) -> Outputs:
    """What alerts of the rule show of the events of one data source."""
    used: dict[str, Values] = {}

    grouped = _grouped(rule)

    def seen(field: str) -> Values | None:
        values = values_of(bound, field, counted=field in grouped)
        return values if values and values.name and not values.several else None

    together = counts_together(rule, bound)

    def named(values: Values) -> Values:
        return in_common(values) if together else values

    wanted = _wanted(rule)
    own = [*_tested(bound), *wanted]
    usual = _USUAL if bound.pack is not None else ()
    entities: dict[tuple[str, str], dict[str, Values]] = {}
    for field in dict.fromkeys([*own, *usual]):
        place = _entity(bound, field)
        values = seen(field) if place else None
        if place is None or values is None:
            continue
        type, identifier, group = place
        if field not in own and any(type == known for known, other in entities if other != group):
            continue
        if any(values in known.values() for known in entities.values()):
            continue
        known = entities.setdefault((type, group), {})
        if len(known) < MOST_IDENTIFIERS:
            known.setdefault(identifier, values)
    entitled = [
        (type, known)
        for (type, _), known in entities.items()
        if _REQUIRED.get(type, set(known)) & set(known)
    ][:MOST_ENTITIES]
    if not entitled and (usual_there := _OF_TABLES.get(str(bound.place.get("table")))):
        type, identifier, column = usual_there
        entitled = [(type, {identifier: Values(column, column, column)})]
    details: dict[str, str] = {}
    fields: dict[str, str] = {}
    lost: list[str] = []
    for field in wanted:
        values = values_of(bound, field, counted=field in grouped)
        if values is None or (values.several and field not in grouped):
            lost.append(field)
        elif (values.name or together) and named(values).name not in details.values():
            if len(details) == MOST_DETAILS - len(_sums(rule, bound)):
                lost.append(field)
                continue
            key = _key(field, bound.source, details)
            details[key], fields[key] = named(values).name, field
            if not values.several:
                used[named(values).name] = named(values)
    details |= _sums(rule, bound)
    title = rule.data.get("rule_name_override")
    naming = seen(title) if isinstance(title, str) else None
    for values in [*(v for _, known in entitled for v in known.values()), naming]:
        if values is not None:
            used.setdefault(named(values).name, named(values))
    named_by = named(naming).name if naming else ""
    common: dict[str, str] = {}
    if bound.one_of_several_sources and not together:
        common = {f"{key}_shown": column for key, column in details.items()}
        details = {key: f"{key}_shown" for key in details}
        if named_by:
            common[TITLE], named_by = named_by, TITLE
    return Outputs(
        tuple(used.values()),
        tuple((t, tuple((i, named(v).name) for i, v in known.items())) for t, known in entitled),
        details,
        tuple(lost),
        named_by,
        fields,
        common,
    )


def counts_together(rule: Rule, bound: Bound) -> bool:
    """Whether the rule counts or compares what several data sources have together."""
    return bound.one_of_several_sources and isinstance(form_of(rule), Threshold | NewTerms)


def investigated(rule: Rule) -> tuple[str, ...]:
    """The fields that the rule's author wants to see."""
    found = rule.data.get("investigation_fields")
    found = found.get("field_names") if isinstance(found, dict) else found
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def suppressed(rule: Rule) -> tuple[str, ...]:
    """The fields by which the rule suppresses repeated alerts; a threshold rule suppresses those of
    the same group.
    """
    suppression, form = suppression_of(rule), form_of(rule)
    if suppression is None:
        return ()
    return form.by if isinstance(form, Threshold) else suppression.by


def _grouped(rule: Rule) -> tuple[str, ...]:
    threshold, terms = threshold_of(rule), new_terms_of(rule)
    return (threshold.by if threshold else ()) + (terms.fields if terms else ())


def _sums(rule: Rule, bound: Bound) -> dict[str, str]:
    """The counts of a threshold rule: columns by key."""
    threshold = threshold_of(rule)
    if threshold is None:
        return {}
    found = {"EventCount": "EventCount"}
    for number, (field, _) in enumerate(threshold.distinct):
        values = values_of(bound, field, counted=True)
        together = counts_together(rule, bound)
        if values is not None and (values.name or together):
            key = "DistinctCount" + (str(number + 1) if number else "")
            found[key] = counted_name(in_common(values) if together else values)
    return found


def counted_name(values: Values) -> str:
    """The column with the number of different values."""
    return f"{values.name}_count"


def _wanted(rule: Rule) -> list[str]:
    return list(dict.fromkeys([*_grouped(rule), *suppressed(rule), *investigated(rule)]))


def _tested(bound: Bound) -> Iterator[str]:
    """The fields that the query tests, in Elastic's names."""
    for node in walk(bound.node):
        if isinstance(node, FreeText) or not isinstance(node, FieldTest):
            continue
        if isinstance(node.field, Literal):
            column = bound.columns.get(node.field.name)
            yield column.field if column else node.field.name


def _entity(bound: Bound, field: str) -> tuple[str, str, str] | None:
    if field == "user.id" and bound.source:
        for source, identifier in _USER_ID.items():
            if bound.source.startswith(source):
                return "Account", identifier, "user.id"
    return _ENTITIES.get(field)


def _key(field: str, source: str | None, taken: Iterable[str]) -> str:
    """A key for a field: its last two parts, without the name of the data source, or the last."""
    own = [f"{source}.", f"{(source or '.').partition('.')[0]}.", "winlog.event_data."]
    within = next((prefix for prefix in own if field.startswith(prefix)), "")
    parts = field.removeprefix(within).split(".")
    named = (_joined(parts[-2:]), _joined(parts[-1:]))
    key = next((name for name in named if 0 < len(name) <= LONGEST_KEY), "")
    key = key or named[1][:LONGEST_KEY] or "Field"
    found, number = key, 2
    while found in taken:
        found = f"{key[: LONGEST_KEY - len(str(number))]}{number}"
        number += 1
    return found


def _joined(parts: Iterable[str]) -> str:
    words = [word for part in parts for word in _WORD.findall(part)]
    return "".join(word[0].upper() + word[1:] for word in words)
