"""A model of what Microsoft Graph takes for a custom detection: its documented types, and the
limits of the page on custom detections (https://learn.microsoft.com/defender-xdr/custom-detection-rules).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema

from tests.conftest import ROOT
from tests.oracles.sentinel_ci import TACTICS

_DEFENDER = re.compile(r"\b(?:Device[A-Z]\w+Events|CloudAppEvents)\b")
_SPAN = re.compile(r"P(?:(\d+)D|T(\d+)H|T(\d+)M)", re.ASCII)
_COLUMN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@cache
def _schema() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "tests/schemas/sentinel-custom-detection.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def created(text: str) -> dict[str, Any]:
    """The rule that the text creates. Raises ValidationError where it is not as documented."""
    rule: dict[str, Any] = json.loads(text)
    _schema().validate(rule)
    if against := list(_against(rule)):
        raise jsonschema.ValidationError("; ".join(against))
    return rule


def alert_of(text: str) -> dict[str, Any]:
    """The template of its alerts."""
    found: dict[str, Any] = created(text)["detectionAction"]["alertTemplate"]
    return found


def _against(rule: dict[str, Any]) -> Iterator[str]:
    match = _SPAN.fullmatch(rule["schedule"]["frequency"])
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    frequency = timedelta(days=days, hours=hours, minutes=minutes)
    query = rule["queryCondition"]["queryText"]
    if _DEFENDER.search(query):
        if frequency not in [timedelta(hours=each) for each in (1, 3, 12, 24)]:
            yield f"tables of Defender every {frequency}"
    elif not timedelta(minutes=5) <= frequency <= timedelta(days=14):
        yield f"frequency {frequency} is not of 5 minutes to 14 days"
    alert = rule["detectionAction"]["alertTemplate"]
    texts = f"{alert['title']} {alert['description']}"
    if len({*_COLUMN.findall(texts)}) > 3:
        yield "more than three columns in title and description"
    for tactic in alert.get("tactics", ()):
        if tactic["tactic"] not in TACTICS:
            yield f"tactic {tactic['tactic']!r}"
        for technique in tactic["techniques"]:
            if any(id[:5] != technique["technique"] for id in technique["subTechniques"]):
                yield f"sub-techniques of {technique['technique']}"
    query = re.sub(r"(?m)^//.*\n", "", query)
    query = re.sub(r"^let .*?;\n", "", query, flags=re.DOTALL | re.MULTILINE)
    for part in re.split(r"(?<=\)),\n    (?=\()", query):  # those of a union each
        if not (re.search(r"\| summarize", part) and _DEFENDER.search(part)):
            continue
        for column in ("Timestamp", "ReportId"):
            if not re.search(
                rf"\| summarize[^|]*\b{column}\b|(?:arg_min\(\w+, |take_any\()\*\)", part
            ):
                yield f"{column} is not in the result"
