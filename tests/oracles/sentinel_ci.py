"""What the checks of Azure-Sentinel's repository ask of an analytics rule, and a reader of ARM
templates.

The checks are those of ``.script/tests/detectionTemplateSchemaValidation`` in
https://github.com/Azure/Azure-Sentinel, told in our own words; what the analyser says of the query
is asked beside them.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema
import yaml

from tests.conftest import ROOT

TACTICS = frozenset(
    {
        "InitialAccess", "Execution", "Persistence", "PrivilegeEscalation", "DefenseEvasion",
        "CredentialAccess", "Discovery", "LateralMovement", "Collection", "Exfiltration",
        "CommandAndControl", "Impact", "Reconnaissance", "ResourceDevelopment",
        "ImpairProcessControl", "InhibitResponseFunction",
    }
)  # fmt: skip

# Entity type → its identifiers, of which one of the second set must be there.
IDENTIFIERS = {
    "Account": (
        "Name FullName NTDomain DnsDomain UPNSuffix Sid AadTenantId AadUserId PUID IsDomainJoined"
        " DisplayName ObjectGuid",
        "FullName Sid Name AadUserId PUID ObjectGuid",
    ),
    "AzureResource": ("ResourceId", "ResourceId"),
    "CloudApplication": ("AppId Name InstanceName", "AppId Name"),
    "DNS": ("DomainName", "DomainName"),
    "File": ("Directory Name", "Name"),
    "Host": (
        "DnsDomain NTDomain HostName FullName NetBiosName AzureID OMSAgentID OSFamily OSVersion"
        " IsDomainJoined",
        "FullName HostName NetBiosName AzureID OMSAgentID",
    ),
    "IP": ("Address", "Address"),
    "Mailbox": (
        "MailboxPrimaryAddress DisplayName Upn ExternalDirectoryObjectId RiskLevel",
        "MailboxPrimaryAddress",
    ),
    "Process": ("ProcessId CommandLine ElevationToken CreationTimeUtc", "CommandLine ProcessId"),
    "RegistryKey": ("Hive Key", "Key Hive"),
    "URL": ("Url", "Url"),
}

_NEEDED = [
    "id", "name", "description", "severity", "requiredDataConnectors", "queryFrequency",
    "queryPeriod", "triggerOperator", "triggerThreshold", "tactics", "relevantTechniques",
    "query", "version", "kind",
]  # fmt: skip
_SPAN = re.compile(r"([1-9]\d*)([mhd])")
_KEY = re.compile(r"[a-zA-Z]+\w*", re.ASCII)
_COLUMN = re.compile(r"[a-zA-Z_]+\w*", re.ASCII)
_MINUTE = timedelta(minutes=1)
_UNITS = {"m": _MINUTE, "h": 60 * _MINUTE, "d": 1440 * _MINUTE}


def complaints(text: str) -> list[str]:
    """What the repository's checks would say of the file of a rule; none where it is taken."""
    rule = yaml.safe_load(text)
    if not isinstance(rule, dict):
        return ["no mapping"]
    missing = [f"{key} is missing" for key in _NEEDED if key not in rule]
    return missing or [*_of_texts(rule), *_of_times(rule), *_of_attack(rule), *_of_alerts(rule)]


def _of_texts(rule: dict[str, Any]) -> Iterator[str]:
    try:
        uuid.UUID(rule["id"])
    except ValueError:
        yield "id is no GUID"
    for key, most in (("name", 256), ("description", 5_000), ("query", 10_000), ("version", 20)):
        if not isinstance(rule[key], str) or not 1 <= len(rule[key]) <= most:
            yield f"{key} is no text of 1 to {most} characters"
    if rule["severity"] not in ("Informational", "Low", "Medium", "High"):
        yield f"severity {rule['severity']!r}"
    if not re.fullmatch(r"\d+\.\d+\.\d+", str(rule["version"])):
        yield "version is not of the form 1.0.0"
    if rule["kind"] not in ("Scheduled", "NRT"):
        yield f"kind {rule['kind']!r}"
    for connector in rule["requiredDataConnectors"]:
        tables = connector["dataTypes"]
        if not re.fullmatch(r"\w+", connector["connectorId"]) or not tables:
            yield f"connector {connector}"


def _of_times(rule: dict[str, Any]) -> Iterator[str]:
    spans = {}
    for key in ("queryFrequency", "queryPeriod"):
        match = _SPAN.fullmatch(str(rule[key]))
        spans[key] = int(match[1]) * _UNITS[match[2]] if match else timedelta(0)
        if not 5 * _MINUTE <= spans[key] <= timedelta(days=14):
            yield f"{key} {rule[key]!r} is not of 5 minutes to 14 days"
    if spans["queryPeriod"] < spans["queryFrequency"]:
        yield "the period is shorter than the frequency"
    if spans["queryPeriod"] >= timedelta(days=2) and spans["queryFrequency"] < 60 * _MINUTE:
        yield "a period of two days or more needs a frequency of an hour or more"
    if rule["triggerOperator"] not in ("gt", "lt", "eq", "ne"):
        yield f"triggerOperator {rule['triggerOperator']!r}"
    if type(rule["triggerThreshold"]) is not int or not 0 <= rule["triggerThreshold"] <= 10_000:
        yield f"triggerThreshold {rule['triggerThreshold']!r}"


def _of_attack(rule: dict[str, Any]) -> Iterator[str]:
    for tactic in rule["tactics"]:
        if tactic not in TACTICS:
            yield f"tactic {tactic!r}"
    for technique in rule["relevantTechniques"]:
        if not re.fullmatch(r"T\d{4}(\.\d{3})?", str(technique), re.ASCII):
            yield f"technique {technique!r}"
    if rule["relevantTechniques"] and not rule["tactics"]:
        yield "techniques without a tactic"


def _of_alerts(rule: dict[str, Any]) -> Iterator[str]:
    entities = rule.get("entityMappings")
    if entities is not None and not 1 <= len(entities) <= 5:
        yield f"{len(entities)} entity mappings"
    for entity in entities or ():
        known, required = map(str.split, IDENTIFIERS.get(entity["entityType"], ("", "")))
        found = [mapping["identifier"] for mapping in entity["fieldMappings"]]
        if not 1 <= len(found) <= 3 or len(set(found)) < len(found):
            yield f"{len(found)} identifiers of {entity['entityType']}"
        if not set(found) <= set(known) or not set(found) & set(required):
            yield f"identifiers {found} of {entity['entityType']}"
        for mapping in entity["fieldMappings"]:
            if not _COLUMN.fullmatch(mapping["columnName"]):
                yield f"column {mapping['columnName']!r}"
    details = rule.get("customDetails") or {}
    if len(details) > 20:
        yield f"{len(details)} details"
    for key, column in details.items():
        if len(key) > 20 or not _KEY.fullmatch(key):
            yield f"key {key!r}"
        if len(column) > 500 or not _COLUMN.fullmatch(column):
            yield f"column {column!r}"
    title = rule.get("alertDetailsOverride", {}).get("alertDisplayNameFormat", "x")
    if not 1 <= len(title) <= 256 or title.count("{{") > 3:
        yield f"alertDisplayNameFormat {title!r}"
    if rule["eventGroupingSettings"]["aggregationKind"] not in ("SingleAlert", "AlertPerResult"):
        yield "aggregationKind"


@cache
def _template_schema() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "tests/schemas/sentinel-arm.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def deployed(text: str) -> dict[str, Any]:
    """The properties of the rule that an ARM template deploys, its literals read as Azure reads
    them. Raises ValidationError where the template is not as documented.
    """
    template = json.loads(text)
    _template_schema().validate(template)
    (resource,) = template["resources"]
    found: dict[str, Any] = _read(resource["properties"])
    if against := list(_of_properties(found)):
        raise jsonschema.ValidationError("; ".join(against))
    return found


_DURATION = re.compile(r"P(?:(\d+)D|T(\d+)H|T(\d+)M)", re.ASCII)


def _of_properties(rule: dict[str, Any]) -> Iterator[str]:
    """What a schema cannot say: lengths of time against their limits and each other
    (https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview), and what entities,
    details and tactics may be, as in the repository's rules.
    """
    for key, most in (("displayName", 256), ("description", 5_000)):
        if len(rule[key]) > most:
            yield f"{key} has more than {most} characters"
    incidents = rule["incidentConfiguration"]["groupingConfiguration"]
    frequency, period = _length(rule["queryFrequency"]), _length(rule["queryPeriod"])
    for name, length, longest in (
        ("queryFrequency", frequency, 14),
        ("queryPeriod", period, 14),
        ("suppressionDuration", _length(rule["suppressionDuration"]), 1),
        ("lookbackDuration", _length(incidents["lookbackDuration"]), 7),
    ):
        if not 5 * _MINUTE <= length <= timedelta(days=longest):
            yield f"{name} is not of 5 minutes to {longest} days"
    if period < frequency:
        yield "the period is shorter than the frequency"
    if period >= timedelta(days=2) and frequency < 60 * _MINUTE:
        yield "a period of two days or more needs a frequency of an hour or more"
    techniques = [*rule["techniques"], *rule["subTechniques"]]
    yield from _of_attack({**rule, "relevantTechniques": techniques})
    for technique in rule["subTechniques"]:
        if technique.partition(".")[0] not in rule["techniques"]:
            yield f"{technique} without its technique"
    yield from _of_alerts(rule)
    for key in incidents["groupByCustomDetails"]:
        if key not in rule.get("customDetails", {}):
            yield f"groups by {key}, which is no detail"


def _length(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes)


def _read(value: Any) -> Any:
    """Text between brackets is an expression, which a rule's own values never are; a second bracket
    makes it text.
    """
    if isinstance(value, dict):
        return {key: _read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read(item) for item in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        assert value.startswith("[["), f"an expression: {value}"
        return value[1:]
    return value
