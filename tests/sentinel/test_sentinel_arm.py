"""Templates of Azure Resource Manager: what their reader refuses, and texts between brackets."""

from __future__ import annotations

import json

import jsonschema
import pytest

import kqlx
from tests.oracles.sentinel_ci import deployed
from tests.sentinel.test_sentinel_rules import as_arm, rule, threat


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"queryFrequency": "PT5M"', '"queryFrequency": "PT4M"'),
        ('"queryFrequency": "PT5M"', '"queryFrequency": "PT10M"'),
        ('"queryFrequency": "PT5M"', '"queryFrequency": "5m"'),
        ('"queryPeriod": "PT6M"', '"queryPeriod": "P15D"'),
        ('"queryPeriod": "PT6M"', '"queryPeriod": "P2D"'),
        ('"suppressionDuration": "PT5H"', '"suppressionDuration": "P2D"'),
        ('"lookbackDuration": "PT2H"', '"lookbackDuration": "P8D"'),
        ('"severity": "Medium"', '"severity": "Critical"'),
        ('"triggerOperator": "GreaterThan"', '"triggerOperator": "gt"'),
        ('"tactics": ["DefenseEvasion"]', '"tactics": ["Stealth"]'),
        ('"tactics": ["DefenseEvasion"]', '"tactics": []'),
        ('"techniques": ["T1070"]', '"techniques": []'),
        ('"identifier": "Address"', '"identifier": "Name"'),
        ('"groupByCustomDetails": ["HostName"]', '"groupByCustomDetails": ["Host"]'),
        ('"displayName": "A rule"', f'"displayName": "{"x" * 257}"'),
        ('"displayName": "A rule"', '"displayName": "[concat(1)]"'),
        ('"kind": "Scheduled"', '"kind": "NRT"'),
        ("/Microsoft.SecurityInsights/", "/Microsoft.SecurityInsight/"),
    ],
)
def test_the_reader_of_templates_sees_what_is_wrong(right: str, wrong: str) -> None:
    of = rule(
        "source.ip:10.0.0.1",
        threat=[threat("TA0005", "Defense Evasion", "T1070.001")],
        alert_suppression={"group_by": ["host.name"], "duration": {"value": 2, "unit": "h"}},
    )
    text = kqlx.convert(of, "sentinel", format="arm", source="none").text
    assert deployed(text)
    assert right in text
    with pytest.raises((jsonschema.ValidationError, AssertionError)):
        deployed(text.replace(right, wrong))


@pytest.mark.parametrize("name", ["[x]", "[[x]]", "[x", "x]", "[]", "[variables('a')]", "[[x] y]"])
def test_no_text_is_an_expression(name: str) -> None:
    """As it stands in the file, where text between brackets would be one."""
    of = rule(name=name, description=name)
    text = kqlx.convert(of, "sentinel", format="arm", source="none").text
    raw = json.loads(text)["resources"][0]["properties"]
    between = name.startswith("[") and name.endswith("]")
    assert raw["displayName"] == (f"[{name}" if between else name)
    assert as_arm(of)["displayName"] == name
