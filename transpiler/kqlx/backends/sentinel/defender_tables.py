"""Tables of Microsoft Defender XDR among those of a query: a custom detection over them runs at set
times, and its result must have columns that lead back to the event
(https://learn.microsoft.com/defender-xdr/custom-detection-rules).
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.target import Options, Plan, PlannedSource
from kqlx.mappings.bound import Bound

TIMESTAMP = "Timestamp"
"""When an event happened, beside the ``TimeGenerated`` of Sentinel."""

DEVICE_ID = "DeviceId"

CERTIFICATES = "DeviceFileCertificateInfo"
"""What is looked up there: ``kqlx.mappings.lookups``."""

_OF_DEVICES = frozenset(
    {
        "DeviceEvents", "DeviceFileCertificateInfo", "DeviceFileEvents", "DeviceImageLoadEvents",
        "DeviceInfo", "DeviceLogonEvents", "DeviceNetworkEvents", "DeviceNetworkInfo",
        "DeviceProcessEvents", "DeviceRegistryEvents",
    }
)  # fmt: skip
_OTHERS = frozenset(
    {
        "CloudAppEvents", "EmailAttachmentInfo", "EmailEvents", "EmailPostDeliveryEvents",
        "EmailUrlInfo", "IdentityDirectoryEvents", "IdentityLogonEvents", "IdentityQueryEvents",
        "UrlClickEvents",
    }
)  # fmt: skip
_WITHOUT_REPORT_ID = frozenset({"AlertEvidence", "AlertInfo", "CloudProcessEvents"})

NAMES_OF_ALERTS = {
    "AlertInfo": "Title",
    "SecurityAlert": "AlertName",
    "_Im_AlertEvent": "AlertName",
}
"""Tables of alerts, with the column that has their titles."""


def table_names(bound: Bound, options: Options) -> list[str]:
    """The tables or functions of a data source's events: the user's own, or the pack's."""
    named = options.table or bound.place.get("table")
    return [str(name) for name in named] if isinstance(named, list) else [str(named or "")]


def reads_defender(sources: Iterable[PlannedSource]) -> bool:
    """Whether a table of Defender is among those of the sources."""
    names = {name for one in sources for name in table_names(one.bound, one.options)}
    return not names.isdisjoint(_OF_DEVICES | _OTHERS | _WITHOUT_REPORT_ID)


def tables_beside(plan: Plan) -> list[str]:
    """The tables that a rule reads beside those of its events."""
    lookups = [lookup for bound in plan.bounds for lookup in bound.lookups]
    return [CERTIFICATES] if any(one.kind == "certificates" for one in lookups) else []


def history_of(plan: Plan) -> int:
    """How far back a run must look in the tables beside its events, in seconds."""
    if not tables_beside(plan):
        return 0
    from kqlx.mappings.lookups import LOOK_BACK

    return LOOK_BACK


def about_devices(source: PlannedSource) -> bool:
    """Whether each event of the source names a device of Defender for Endpoint."""
    return _OF_DEVICES.issuperset(table_names(source.bound, source.options))


def required_columns(source: PlannedSource) -> tuple[str, ...]:
    """What the result must have of each of the source's events, besides ``TimeGenerated``."""
    names = {*table_names(source.bound, source.options)}
    if names <= _OF_DEVICES:
        return TIMESTAMP, DEVICE_ID, "ReportId"
    if names <= _OTHERS:
        return TIMESTAMP, "ReportId"
    return (TIMESTAMP,) if names <= _WITHOUT_REPORT_ID else ()
