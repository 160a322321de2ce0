"""Names for people of log sources: what tells the documents of a rule apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_SPELT = {
    "aws": "AWS",
    "auditd": "Auditd",
    "cloudtrail": "CloudTrail",
    "conn": "Connections",
    "dns": "DNS",
    "gcp": "GCP",
    "github": "GitHub",
    "m365": "M365",
    "macos": "macOS",
    "paloalto": "Palo Alto",
    "powershell": "PowerShell",
    "ps": "PowerShell",
    "sshd": "SSHD",
    "syslog": "Syslog",
    "wmi": "WMI",
}
"""Words that are not spelt with a capital and small letters alone."""


def log_source_labels(places: Sequence[Mapping[str, object]]) -> list[str]:
    """For each place a name that no other has: ``Linux Auditd``; "" for the only one."""
    if len(places) < 2:
        return [""]
    labels: list[str] = []
    for place in places:
        label = free = _label(place.get("logsource"))
        number = 2
        while free in labels:
            free = f"{label} {number}"
            number += 1
        labels.append(free)
    return labels


def _label(logsource: object) -> str:
    if not isinstance(logsource, Mapping):
        return "Elastic"
    parts = [logsource.get(key) for key in ("product", "category", "service")]
    words = " ".join(str(part) for part in parts if part).replace("_", " ").replace(".", " ")
    once = dict.fromkeys(words.replace("-", " ").split())
    return " ".join([_SPELT.get(word, word.capitalize()) for word in once])
