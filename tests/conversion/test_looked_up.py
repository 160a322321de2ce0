"""Rules with what is looked up beside the events, against files read by eye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import kqlx
from kqlx.rules.load import load_rules
from tests.conftest import ROOT
from tests.oracles.custom_detections import created
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_ci import complaints, deployed

RULES = sorted((ROOT / "tests/cases/looked_up").glob("*.toml"))
OPTIONS: dict[str, dict[str, Any]] = {
    "spl": {
        "networks": {
            "lookup": "asn",
            "network": "network",
            "number": "autonomous_system_number",
            "organization": "autonomous_system_organization",
        },
        "locations": True,
    },
    "sentinel": {
        "networks": {
            "watchlist": "asn",
            "network": "Network",
            "number": "Number",
            "organization": "Organization",
        },
        "locations": True,
        "signers": "join",
    },
}
FORMATS = {
    "spl": {"query": "spl", "savedsearches": "conf"},
    "sentinel": {
        "query": "kql",
        "rule": "yaml",
        "arm": "arm.json",
        "custom-detection": "custom-detection.json",
    },
}
WATCHLIST = (
    "let _GetWatchlist = (alias: string) {"
    " datatable(Network: string, Number: string, Organization: string)[] };\n"
)


def name_of(rule: str, target: str, format: str) -> str:
    return f"looked_up/{rule}.{FORMATS[target][format]}"


def wanted() -> set[str]:
    """The names of all goldens of this module."""
    return {
        name
        for path in RULES
        for target, formats in FORMATS.items()
        if target == "sentinel" or "unsigned" not in path.stem
        for name in [
            f"looked_up/{path.stem}.{target}.notes.txt",
            *(name_of(path.stem, target, format) for format in formats),
        ]
    }


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_golden(path: Any, target: str, golden: Callable[[str, str], None]) -> None:
    (rule,) = load_rules(path).rules
    if target == "spl" and "unsigned" in path.stem:  # Sysmon does not name signers
        with pytest.raises(kqlx.MappingError, match="Sysmon does not name the signer"):
            kqlx.convert(rule, target, **OPTIONS[target])
        return
    for format in FORMATS[target]:
        made = kqlx.convert(rule, target, format=format, **OPTIONS[target])
        golden(name_of(path.stem, target, format), made.text + "\n")
        if target == "sentinel":
            assert analyse([WATCHLIST + str(made.query)]) == [[]]
        if format == "rule":
            assert complaints(made.text) == []
        if format in ("rule", "savedsearches"):
            told = [f"{note.effect} {note.code}: {note.message}\n" for note in made.notes]
            golden(f"looked_up/{path.stem}.{target}.notes.txt", "".join(told))
        if format == "arm":
            assert deployed(made.text)["query"] == made.query
        if format == "custom-detection":
            created(made.text)
    with pytest.raises(kqlx.KqlxError, match=r"kqlx\.yml"):
        kqlx.convert(rule, target, accept="different")
