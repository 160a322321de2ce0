"""Entities of Sentinel's alerts: the account, host, address or file that each is about.

They come from the fields that the query tests, that the rule counts or compares by, and that its
author wants to see, and then from who, where and whence, where the table has it. Types and
identifiers: https://learn.microsoft.com/azure/sentinel/entities-reference.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from kqlx.backends.counted_fields import SERVICE_OF_RECORDS
from kqlx.backends.sentinel.field_values import single_values
from kqlx.backends.sentinel.result_columns import FieldValues
from kqlx.mappings.bound import Bound
from kqlx.nodes import FieldTest, FreeText, Literal, walk
from kqlx.records import dataclass

MOST_ENTITIES = 5
MOST_IDENTIFIERS = 3

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

_ACCOUNT = ("user.name", "user.domain")

# Without one of these the others identify nothing.
_REQUIRED = {
    "Account": {"Name", "FullName", "Sid", "AadUserId"},
    "File": {"Name"},
}

# What names somebody or something in tables that the fields above say nothing of. Of the alerts of
# any product it may be whatever an alert is about.
_OF_TABLES = {("o365.audit", "SecurityAlert"): ("Account", "FullName", "CompromisedEntity")}

_USUAL = ("user.id", "user.email", "user.name", "user.domain", "host.name", "source.ip")


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity type with its identifiers and what has their values in the result."""

    type: str
    identifiers: tuple[tuple[str, FieldValues], ...]


def entities_of(
    bound: Bound,
    wanted: Sequence[str],
    grouped_by: Sequence[str],
    lacking: Container[str] = (),
) -> tuple[Entity, ...]:
    """The entities of one data source's events, at most as many as a rule may have.

    ``wanted`` are the fields of the rule beside its query, ``grouped_by`` those of them that it
    counts or compares by, ``lacking`` those that the events do not have.
    """
    own = [*_tested(bound), *wanted]
    usual = [field for field in _USUAL if field not in lacking] if bound.pack is not None else []
    found: dict[tuple[str, str], dict[str, FieldValues]] = {}
    for field in dict.fromkeys([*own, *usual]):
        place = _place_of(bound, field)
        parts = (*grouped_by, *(_ACCOUNT if bound.source == SERVICE_OF_RECORDS else ()))
        values = single_values(bound, field, parts) if place else None
        if place is None or values is None:
            continue
        type, identifier, group = place
        if field not in own and any(type == known for known, other in found if other != group):
            continue
        if any(values in known.values() for known in found.values()):
            continue
        known = found.setdefault((type, group), {})
        if len(known) < MOST_IDENTIFIERS:
            known.setdefault(identifier, values)
    entities = [
        Entity(type, tuple(known.items()))
        for (type, _), known in found.items()
        if _REQUIRED.get(type, set(known)) & set(known)
    ]
    table = bound.source or "", str(bound.place.get("table"))
    if not entities and (of_table := _OF_TABLES.get(table)):
        type, identifier, column = of_table
        entities = [Entity(type, ((identifier, FieldValues(column, column, column)),))]
    return tuple(entities[:MOST_ENTITIES])


def _tested(bound: Bound) -> Iterator[str]:
    """The fields that the query tests, in Elastic's names."""
    for node in walk(bound.node):
        if isinstance(node, FreeText) or not isinstance(node, FieldTest):
            continue
        if isinstance(node.field, Literal):
            column = bound.columns.get(node.field.name)
            yield column.field if column else node.field.name


def _place_of(bound: Bound, field: str) -> tuple[str, str, str] | None:
    """The entity type, identifier and group of a field."""
    if field == "user.id" and bound.source and bound.source != SERVICE_OF_RECORDS:
        for source, identifier in _USER_ID.items():
            if bound.source.startswith(source):
                return "Account", identifier, "user.id"
    return _ENTITIES.get(field)
