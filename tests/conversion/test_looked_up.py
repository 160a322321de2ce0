"""Rules with what is looked up beside the events, against files read by eye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import kqlx
from kqlx.mappings.lookups import Asked, with_lookups
from kqlx.mappings.pack_library import Packs
from kqlx.rules.load import load_rules
from tests.conftest import ROOT
from tests.oracles.custom_detections import created
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_ci import complaints, deployed
from tests.oracles.splunk import SPLUNK

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


@pytest.mark.parametrize("target", FORMATS)
def test_addresses_of_every_data_source_are_looked_up(target: str) -> None:
    """The address has a column, or is made one, and the target's own reader takes the result."""
    packs, queries = Packs(), []
    for source in packs.sources():
        pack = packs.get(source)
        if target not in pack.targets:
            continue
        asked = Asked(networks=OPTIONS[target]["networks"], locations=True)
        destinations = with_lookups(pack, target, asked).targets[target]
        for of in dict.fromkeys(lookup.of for one in destinations for lookup in one.lookups):
            query = f"{of}.as.number:64500 and not {of}.geo.country_name:France"
            made = kqlx.convert(
                query, target, source=source, accept=["narrower", "different"], **OPTIONS[target]
            )
            queries.append(str(made.query))
    assert len(queries) > 20
    if target == "sentinel":
        assert not any(analyse([WATCHLIST + query for query in queries]))
        return
    for query in queries:
        SPLUNK.read(query)
