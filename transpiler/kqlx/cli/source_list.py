"""``kqlx sources``: the data sources that the mapping packs know."""

from __future__ import annotations

from kqlx.cli import options as cli
from kqlx.cli.known_packs import known_packs
from kqlx.cli.tables import print_table


def sources(mapping: cli.Mapping = None, config: cli.Config = None) -> None:
    """List the data sources, and where each target has their events."""
    from kqlx.backends import binding_targets
    from kqlx.mappings.overview import overview_of

    packs = known_packs(mapping, config)
    rows = [("source", "target", "fields", "destinations")]
    for source in packs.sources():
        found = overview_of(source, packs)
        for target in binding_targets():
            there = found.get(target)
            places = "; ".join(there.destinations) if there else ""
            rows.append((source, target, str(there.fields if there else 0), places or "-"))
    print_table(rows)
