"""Entities of a custom detection's alerts: columns of its result, by what they say of an account, a
host or the like.

Microsoft Graph takes an entity where its columns identify one, and a rule where one of its entities
is an account, a host, a mailbox or an address: the documentation names the columns
(https://learn.microsoft.com/graph/api/resources/security-entitymappingconfiguration and the types
beside it), the service's own messages which of them suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kqlx.backends.sentinel.alert_columns import AlertColumns
from kqlx.backends.sentinel.defender_tables import DEVICE_ID
from kqlx.notes import Effect, Note

Columns = Mapping[str, str]
"""A column of the result by the property that names it."""

# Type of entity → the collection of its mappings, and their properties by Sentinel's identifier.
_COLLECTIONS: dict[str, tuple[str, Columns]] = {
    "Account": (
        "accounts",
        {
            "Name": "nameColumn",
            "NTDomain": "ntDomainColumn",
            "Sid": "sidColumn",
            "AadUserId": "aadUserIdColumn",
            "FullName": "upnColumn",
        },
    ),
    "AzureResource": ("azureResources", {"ResourceId": "resourceIdColumn"}),
    "CloudApplication": ("cloudApplications", {"Name": "nameColumn"}),
    "DNS": ("dns", {"DomainName": "domainNameColumn"}),
    "Host": ("hosts", {"HostName": "nameColumn"}),
    "IP": ("ips", {"Address": "addressColumn"}),
    "Mailbox": ("mailboxes", {"MailboxPrimaryAddress": "primaryAddressColumn"}),
    "URL": ("urls", {"Url": "addressColumn"}),
}

# What identifies an account; of the others each property does.
_SUFFICIENT: tuple[frozenset[str], ...] = (
    frozenset({"aadUserIdColumn"}),
    frozenset({"sidColumn"}),
    frozenset({"upnColumn"}),
    frozenset({"nameColumn", "ntDomainColumn"}),
)

_CARRY_ALERTS = ("accounts", "hosts", "ips", "mailboxes")

# Fields whose values are user principal names, or names of that form.
_PRINCIPAL_NAMES = frozenset(
    {
        "azure.auditlogs.properties.initiated_by.user.userPrincipalName",
        "azure.signinlogs.properties.user_principal_name",
        "client.user.email",
        "o365.audit.UserId",
        "okta.actor.alternate_id",
        "source.user.email",
        "user.email",
        "user.id",
    }
)  # fmt: skip

_NEEDS = {
    "Account": "the principal name, SID or Entra ID, or name and domain",
    "File": "a hash",
    "Process": "a hash",
    "RegistryKey": "the name of the value too",
}


def detection_entities(
    shown: Sequence[AlertColumns], devices: Sequence[bool]
) -> tuple[dict[str, list[Columns]], tuple[Note, ...]]:
    """The mappings by their collections, and notes on entities that are left out. ``devices`` says
    of each data source whether its events have the ids of devices.
    """
    found: dict[str, list[Columns]] = {}
    lost: dict[str, list[str]] = {}
    for one, device in zip(shown, devices, strict=True):
        entities = one.entities
        if device and all(type != "Host" for type, _ in entities):
            entities = (*entities, ("Host", ()))
        for type, identifiers in entities:
            collection, columns = _columns(type, identifiers, one.entity_fields)
            if device and type == "Host":
                columns = {"deviceIdColumn": DEVICE_ID, **columns}
            if not columns:
                names = lost.setdefault(type, [])
                names += [name for _, name in identifiers if name not in names]
            elif columns not in (mappings := found.setdefault(collection, [])):
                mappings.append(columns)
    return dict(sorted(found.items())), tuple(_notes(found, lost))


def _columns(
    type: str, identifiers: Iterable[tuple[str, str]], fields: Mapping[str, str]
) -> tuple[str, Columns]:
    """The collection of an entity and its columns; none where they do not identify it."""
    collection, properties = _COLLECTIONS.get(type, ("", {}))
    columns = {
        properties[identifier]: name
        for identifier, name in identifiers
        if identifier in properties
        and (identifier != "FullName" or fields.get(name) in _PRINCIPAL_NAMES)
    }
    if type == "Account" and not any(needed <= {*columns} for needed in _SUFFICIENT):
        return collection, {}
    return collection, columns


def _notes(found: Mapping[str, object], lost: Mapping[str, Sequence[str]]) -> Iterable[Note]:
    for type, names in lost.items():
        needs = _NEEDS.get(type, "other columns")
        message = f"alerts have no entity for {', '.join(names)}: {type} needs {needs}"
        yield Note("metadata-left-out", Effect.SAME, message)
    if not any(collection in found for collection in _CARRY_ALERTS):
        message = (
            "Microsoft Graph refuses a rule without an account, host, mailbox or IP address among"
            " its entities: no column of the result identifies one"
        )
        yield Note("metadata-left-out", Effect.SAME, message, hint="add one to entityMappings")
