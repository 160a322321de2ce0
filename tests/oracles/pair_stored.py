"""A raw event as Splunk and Sentinel store it, from what is public of add-ons and connectors and
without a look at the packs.

Splunk: JSON is extracted to paths (``spl.events``) with what an add-on adds beside; a Windows event
by its XML has the names of EventData and of System as fields; a line of text has the fields of its
add-on. Sentinel: the columns of the table that a connector fills. Where a store is not documented
to keep one spelling (nulls of JSON, entities of XML), there are several forms of one event.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from kqlx.elastic.addresses import address
from tests.oracles.sentinel_rows import known_tables

Record = Mapping[str, Any]
Rows = list[tuple[str, dict[str, Any]]]

_PORT = re.compile(r"^(\d+\.\d+\.\d+\.\d+):\d+$|^\[(.*)\](?::\d+)?$")


def in_splunk(source: str, raw: Record) -> list[dict[str, Any]]:
    """The event as Splunk's ``spl.events`` take it, in each form that it may have there."""
    match source.split(".")[0]:
        case "o365":
            return [{**raw, "sourcetype": "o365:management:activity", **_office_address(raw)}]
        case "aws":
            if "eventName" not in raw:
                return []  # a digest file
            code = raw.get("errorCode") or "success"
            return [{**raw, "sourcetype": "aws:cloudtrail", "errorCode": code}]
        case "google_workspace":
            rest = {key: value for key, value in raw.items() if key != "events"}
            kind = raw["id"]["applicationName"]
            return [{**rest, "event": _only(raw["events"]), "sourcetype": f"gws:reports:{kind}"}]
        case "kubernetes":
            return [{**raw, "sourcetype": "kube:apiserver-audit", "source": "kubernetes"}]
        case "m365_defender":
            kind = "mscs:azure:eventhub:defender:advancedhunting"
            return [{**raw, "sourcetype": kind}]
        case "crowdstrike":
            # Detections and inventories have other source types.
            kind = (
                "events:sensor" if {"event_platform", "event_simpleName"} <= raw.keys() else "other"
            )
            return [{**raw, "sourcetype": f"crowdstrike:{kind}"}]
        case "panw":
            return _firewall_fields(raw["_raw"])
        case "system" | "windows":
            return windows_fields(*_windows(raw))
    return []


def in_sentinel(source: str, raw: Record) -> Rows:
    """The rows that hold the event, each with its table."""
    match source.split(".")[0]:
        case "o365":
            return list(_office_rows(raw))
        case "aws":
            return [("AWSCloudTrail", _trail_row(raw))] if "eventName" in raw else []
        case "google_workspace":
            return [("GoogleWorkspaceReports", _workspace_row(raw))]
        case "kubernetes":
            return [("AKSAudit", _cluster_row(raw))]
        case "m365_defender":
            table = str(raw["category"]).removeprefix("AdvancedHunting-")
            return [(table, _fitting(table, raw["properties"]))]
        case "panw":
            return [("CommonSecurityLog", row)] if (row := _firewall_row(raw["_raw"])) else []
        case "system":
            return [("SecurityEvent", security_row(*_windows(raw)))]
        case "windows":
            return [("WindowsEvent", windows_row(*_windows(raw)))]
    return []


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _fitting(table: str, values: Record) -> dict[str, Any]:
    """Of these values the columns that the table has, in the table's types."""
    columns = known_tables()[table]
    made = {name: _as(columns[name], value) for name, value in values.items() if name in columns}
    return {name: value for name, value in made.items() if value is not None}


def _as(kind: str, value: Any) -> Any:
    """A value in a column of a type; None where it has none."""
    if value is None or kind == "dynamic":
        return value
    if kind == "string":
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if kind in ("int", "long"):
        text = str(value)
        try:
            return int(text, 16) if text.lower().startswith("0x") else int(text)
        except ValueError:
            return None
    if kind == "bool":
        return {"true": True, "false": False}.get(str(value).lower())
    if kind == "real":
        return float(value)
    return str(value) if kind == "datetime" else value


# Microsoft 365


def _office_address(raw: Record) -> dict[str, str]:
    for name in ("ClientIP", "ClientIPAddress", "ActorIpAddress"):
        if text := raw.get(name):
            found = _PORT.match(text)
            plain = (found[1] or found[2]) if found else text
            return {"src_ip": plain} if address(plain) is not None else {}
    return {}


# https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
_RECORD_TYPES = {
    **{1: "ExchangeAdmin", 2: "ExchangeItem", 3: "ExchangeItemGroup", 4: "SharePoint"},
    **{6: "SharePointFileOperation", 7: "OneDrive", 14: "SharePointSharingOperation"},
    **{19: "ExchangeAggregatedOperation", 25: "MicrosoftTeams", 36: "SharePointListOperation"},
    **{37: "SharePointCommentOperation", 50: "ExchangeItemAggregated"},
}
_USER_TYPES = (
    *("Regular", "Reserved", "Admin", "DcAdmin", "System", "Application", "ServicePrincipal"),
    *("CustomPolicy", "SystemPolicy", "PartnerTechnician", "Guest"),
)
_LOG_ONS = ("Owner", "Admin", "Delegated", "Transport", "SystemService", "BestAccess")
_OFFICE_NAMES = {
    **{"Workload": "OfficeWorkload", "Id": "OfficeId", "ObjectId": "OfficeObjectId"},
    **{"CreationTime": "TimeGenerated", "ClientIPAddress": "Client_IPAddress"},
    **{"Site": "Site_", "SiteUrl": "Site_Url", "LogonType": "Logon_Type"},
}
_OFFICE = ("Exchange", "SharePoint", "OneDrive", "MicrosoftTeams")


def _office_rows(raw: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    if raw.get("Workload") in _OFFICE and raw.get("RecordType") in _RECORD_TYPES:
        named = {_OFFICE_NAMES.get(key, key): value for key, value in raw.items()}
        named["RecordType"] = _RECORD_TYPES[raw["RecordType"]]
        if isinstance(kind := raw.get("UserType"), int):
            named["UserType"] = _USER_TYPES[kind]
        if isinstance(kind := raw.get("LogonType"), int):
            named["Logon_Type"] = _LOG_ONS[kind]
        yield "OfficeActivity", _fitting("OfficeActivity", named)
    if raw.get("RecordType") == 40:
        name = raw.get("Name")
        row = {"TimeGenerated": raw.get("CreationTime"), "AlertName": name, "ProviderName": "OATP"}
        yield "SecurityAlert", {key: value for key, value in row.items() if value is not None}
    elif raw.get("RecordType") not in (9, 15):
        row = {
            "TimeGenerated": raw.get("CreationTime"),
            "ActionType": raw.get("Operation"),
            "IPAddress": _office_address(raw).get("src_ip"),
            "UserAgent": raw.get("UserAgent"),
            "RawEventData": dict(raw),
        }
        yield "CloudAppEvents", {key: value for key, value in row.items() if value is not None}


# AWS CloudTrail


def _trail_row(raw: Record) -> dict[str, Any]:
    who = raw.get("userIdentity") or {}
    session = who.get("sessionContext") or {}
    issuer, attributes = session.get("sessionIssuer") or {}, session.get("attributes") or {}
    tls = raw.get("tlsDetails") or {}
    return _fitting(
        "AWSCloudTrail",
        {
            "TimeGenerated": raw.get("eventTime"),
            "AwsEventId": raw.get("eventID"),
            "EventVersion": raw.get("eventVersion"),
            "EventSource": raw.get("eventSource"),
            "EventTypeName": raw.get("eventType"),
            "EventName": raw.get("eventName"),
            "UserIdentityType": who.get("type"),
            "UserIdentityPrincipalid": who.get("principalId"),
            "UserIdentityArn": who.get("arn"),
            "UserIdentityAccountId": who.get("accountId"),
            "UserIdentityInvokedBy": who.get("invokedBy"),
            "UserIdentityAccessKeyId": who.get("accessKeyId"),
            "UserIdentityUserName": who.get("userName"),
            "SessionMfaAuthenticated": attributes.get("mfaAuthenticated"),
            "SessionCreationDate": attributes.get("creationDate"),
            "SessionIssuerType": issuer.get("type"),
            "SessionIssuerPrincipalId": issuer.get("principalId"),
            "SessionIssuerArn": issuer.get("arn"),
            "SessionIssuerAccountId": issuer.get("accountId"),
            "SessionIssuerUserName": issuer.get("userName"),
            "AWSRegion": raw.get("awsRegion"),
            "SourceIpAddress": raw.get("sourceIPAddress"),
            "UserAgent": raw.get("userAgent"),
            "ErrorCode": raw.get("errorCode"),
            "ErrorMessage": raw.get("errorMessage"),
            "RequestParameters": raw.get("requestParameters"),
            "ResponseElements": raw.get("responseElements"),
            "AdditionalEventData": raw.get("additionalEventData"),
            "Resources": raw.get("resources"),
            "APIVersion": raw.get("apiVersion"),
            "ReadOnly": raw.get("readOnly"),
            "RecipientAccountId": raw.get("recipientAccountId"),
            "ServiceEventDetails": raw.get("serviceEventDetails"),
            "SharedEventId": raw.get("sharedEventID"),
            "VpcEndpointId": raw.get("vpcEndpointId"),
            "ManagementEvent": raw.get("managementEvent"),
            "Category": raw.get("eventCategory"),
            "TlsVersion": tls.get("tlsVersion"),
            "CipherSuite": tls.get("cipherSuite"),
            "ClientProvidedHostHeader": tls.get("clientProvidedHostHeader"),
        },
    )


# Google Workspace


def _workspace_row(raw: Record) -> dict[str, Any]:
    columns = known_tables()["GoogleWorkspaceReports"]
    event = _only(raw["events"])
    named: dict[str, Any] = {}
    for parameter in event.get("parameters") or ():
        column = "".join(part.capitalize() for part in parameter["name"].split("_"))
        value = next((value for key, value in parameter.items() if key != "name"), None)
        if columns.get(column) in ("string", "bool", "int", "long"):
            named.setdefault(column, value)
    actor = raw.get("actor") or {}
    return _fitting(
        "GoogleWorkspaceReports",
        {
            **named,
            "TimeGenerated": raw["id"]["time"],
            "Kind": raw.get("kind"),
            "OwnerDomain": raw.get("ownerDomain"),
            "SrcIpAddr": raw.get("ipAddress"),
            "IdApplicationName": raw["id"].get("applicationName"),
            "IdCustomerId": raw["id"].get("customerId"),
            "IdUniqueQualifier": raw["id"].get("uniqueQualifier"),
            "ActorEmail": actor.get("email"),
            "ActorCallerType": actor.get("callerType"),
            "ActorProfileId": actor.get("profileId"),
            "ActorKey": actor.get("key"),
            "EventType": event.get("type"),
            "EventName": event.get("name"),
            "EventParameters": event.get("parameters"),
        },
    )


# Kubernetes


def _cluster_row(raw: Record) -> dict[str, Any]:
    return _fitting(
        "AKSAudit",
        {
            "TimeGenerated": raw.get("stageTimestamp"),
            "AuditId": raw.get("auditID"),
            "Level": raw.get("level"),
            "Stage": raw.get("stage"),
            "RequestUri": raw.get("requestURI"),
            "Verb": raw.get("verb"),
            "User": raw.get("user"),
            "SourceIps": raw.get("sourceIPs"),
            "UserAgent": raw.get("userAgent"),
            "ObjectRef": raw.get("objectRef"),
            "ResponseStatus": raw.get("responseStatus"),
            "RequestObject": raw.get("requestObject"),
            "ResponseObject": raw.get("responseObject"),
            "RequestReceivedTime": raw.get("requestReceivedTimestamp"),
            "StageReceivedTime": raw.get("stageTimestamp"),
            "Annotations": raw.get("annotations"),
        },
    )


# Palo Alto Networks. The columns of a line, under the names of Splunk's add-on:
# https://docs.paloaltonetworks.com/pan-os/11-0/pan-os-admin/monitoring/use-syslog-for-monitoring/syslog-field-descriptions

_COMMON = (
    *("future_use1", "receive_time", "serial_number", "type", "log_subtype", "version"),
    *("generated_time", "src_ip", "dest_ip", "src_translated_ip", "dest_translated_ip", "rule"),
    *("src_user", "dest_user", "app", "vsys", "src_zone", "dest_zone", "src_interface"),
    *("dest_interface", "log_forwarding_profile", "future_use3", "session_id", "repeat_count"),
    *("src_port", "dest_port", "src_translated_port", "dest_translated_port", "session_flags"),
    *("transport", "vendor_action"),
)
_TRAFFIC = (
    *_COMMON,
    *("bytes", "bytes_out", "bytes_in", "packets", "start_time", "duration", "http_category"),
    *("future_use4", "sequence_number", "action_flags", "src_location", "dest_location"),
    *("future_use5", "packets_out", "packets_in", "session_end_reason"),
)
_THREAT = (
    *_COMMON,
    *("misc", "threat", "raw_category", "severity", "vendor_direction", "sequence_number"),
)


def _line(text: str) -> Sequence[str]:
    return next(csv.reader([text]))


def _firewall_fields(text: str) -> list[dict[str, Any]]:
    cells = _line(text)
    names = {"TRAFFIC": _TRAFFIC, "THREAT": _THREAT}.get(cells[3] if len(cells) > 3 else "")
    if names is None:
        return []
    fields = {name: value for name, value in zip(names, cells, strict=False) if value}
    if cells[3] == "THREAT" and fields.get("log_subtype") == "url":
        fields["url"] = fields.get("misc", "")
    return [{**fields, "_raw": text, "sourcetype": f"pan:{cells[3].lower()}"}]


# The vendor's template for the Common Event Format: https://docs.paloaltonetworks.com/resources/cef
_CEF = {
    **{"type": "Activity", "log_subtype": "DeviceEventClassID", "src_ip": "SourceIP"},
    **{"dest_ip": "DestinationIP", "src_translated_ip": "SourceTranslatedAddress"},
    **{"dest_translated_ip": "DestinationTranslatedAddress", "rule": "DeviceCustomString1"},
    **{"src_user": "SourceUserName", "dest_user": "DestinationUserName"},
    **{"app": "ApplicationProtocol", "src_zone": "DeviceCustomString4"},
    **{"dest_zone": "DeviceCustomString5", "src_port": "SourcePort"},
    **{"dest_port": "DestinationPort", "transport": "Protocol", "vendor_action": "DeviceAction"},
    # "in" is what the source sent.
    **{"bytes_out": "ReceivedBytes", "bytes_in": "SentBytes", "misc": "RequestURL"},
    **{"bytes": "FlexNumber1", "packets": "FieldDeviceCustomNumber2"},
    **{"serial_number": "DeviceExternalID", "src_translated_port": "SourceTranslatedPort"},
    **{"dest_translated_port": "DestinationTranslatedPort"},
}


def _firewall_row(text: str) -> dict[str, Any] | None:
    forms = _firewall_fields(text)
    if not forms:
        return None
    fields = forms[0]
    named = {column: fields[name] for name, column in _CEF.items() if name in fields}
    return _fitting(
        "CommonSecurityLog",
        {
            **named,
            "DeviceVendor": "Palo Alto Networks",
            "DeviceProduct": "PAN-OS",
        },
    )


# Windows

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_KEYWORDS = {"Audit Success": "0x8020000000000000", "Audit Failure": "0x8010000000000000"}


def _windows(raw: Record) -> tuple[dict[str, Any], dict[str, str]]:
    """What System of the event says, and EventData, as its XML has them."""
    if event := raw.get("evtx"):
        system, data = event["System"], event.get("EventData") or {}
        return {
            "EventID": _text_of(system["EventID"]),
            "Provider": system["Provider"]["#attributes"]["Name"],
            "Channel": system["Channel"],
            "Computer": system["Computer"],
            "Keywords": str(system["Keywords"]),
            "Time": system["TimeCreated"]["#attributes"]["SystemTime"],
            "RecordID": str(system["EventRecordID"]),
            "UserID": ((system.get("Security") or {}).get("#attributes") or {}).get("UserID"),
        }, {name: _in_xml(value) for name, value in data.items() if name != "#attributes"}
    log = raw["winlog"]
    keyword = _KEYWORDS[f"Audit {log.get('outcome', 'success').capitalize()}"]
    return {
        "EventID": str(log["event_id"]),
        "Provider": log["provider_name"],
        "Channel": log["channel"],
        "Computer": log["computer_name"],
        "Keywords": keyword,
        "Time": log.get("time_created") or raw["@timestamp"],
        "RecordID": str(log["record_id"]),
        "UserID": None,
    }, {name: str(value) for name, value in log.get("event_data", {}).items()}


def _text_of(value: Any) -> str:
    return str(value.get("#text")) if isinstance(value, Mapping) else str(value)


def _in_xml(value: Any) -> str:
    """A value of EventData as Windows renders it: GUIDs in braces, truth in small letters."""
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    return "{" + text.lower() + "}" if _GUID.fullmatch(text) else text


def windows_fields(system: Record, data: Mapping[str, str]) -> list[dict[str, Any]]:
    """A Windows event in Splunk, by what System says and the texts of EventData. Neither automatic
    extraction nor transforms keep empty texts, unless KEEP_EMPTY_VALS says so
    (https://help.splunk.com/splunk-enterprise/administer/admin-manual/9.4/configuration-file-reference/9.4.0-configuration-file-reference/transforms.conf).
    """
    data = {name: value for name, value in data.items() if value}
    whole = {
        "source": f"XmlWinEventLog:{system['Channel']}",
        "sourcetype": "XmlWinEventLog",
        "EventCode": system["EventID"],
        "EventID": system["EventID"],
        "Name": system["Provider"],
        "Channel": system["Channel"],
        "Computer": system["Computer"],
        "host": system["Computer"],
        "Keywords": system["Keywords"],
        "EventRecordID": system["RecordID"],
    }
    if system["UserID"]:
        whole["UserID"] = system["UserID"]
    path = data.get("NewProcessName") or data.get("Image") or data.get("ProcessName")
    parent = data.get("ParentProcessName") or data.get("ParentImage")
    for name, value in (("process_name", path), ("parent_process_name", parent)):
        if value:
            whole[name] = value.rpartition("\\")[2]
    spelt = {name: escape(value, {'"': "&quot;"}) for name, value in data.items()}
    return [{**data, **whole}, *([{**spelt, **whole}] if spelt != data else [])]


def security_row(system: Record, data: Mapping[str, str]) -> dict[str, Any]:
    """The same in the table SecurityEvent."""
    named: dict[str, Any] = {
        **data,
        "TimeGenerated": system["Time"],
        "EventID": system["EventID"],
        "EventSourceName": system["Provider"],
        "Channel": system["Channel"],
        "Computer": system["Computer"],
        "Keywords": system["Keywords"],
        "EventRecordId": system["RecordID"],
    }
    if path := data.get("NewProcessName") or data.get("ProcessName"):
        named["Process"] = path.rpartition("\\")[2]
    for whose in ("Subject", "Target"):
        if name := data.get(f"{whose}UserName"):
            named[f"{whose}Account"] = f"{data.get(f'{whose}DomainName', '')}\\{name}"
    columns = known_tables()["SecurityEvent"]
    rest = {name: value for name, value in data.items() if name not in columns}
    if rest:
        items = "".join(f'<Data Name="{n}">{escape(v)}</Data>' for n, v in data.items())
        space = "http://schemas.microsoft.com/win/2004/08/events/event"
        named["EventData"] = f'<EventData xmlns="{space}">{items}</EventData>'
    return _fitting("SecurityEvent", named)


def windows_row(system: Record, data: Mapping[str, str]) -> dict[str, Any]:
    """The same in the table WindowsEvent."""
    return _fitting(
        "WindowsEvent",
        {
            "TimeGenerated": system["Time"],
            "Provider": system["Provider"],
            "Channel": system["Channel"],
            "Computer": system["Computer"],
            "EventID": system["EventID"],
            "Keywords": system["Keywords"],
            "EventRecordId": system["RecordID"],
            "SystemUserId": system["UserID"],
            "EventData": dict(data),
        },
    )
