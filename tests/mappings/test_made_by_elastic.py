"""Fields that Elastic makes, as one target says, are in no other target by their name alone."""

from __future__ import annotations

import pytest

from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin, sources


def made_by_elastic(pack: Pack) -> set[str]:
    """The names that a target has no counterpart for, because of what Elastic does."""
    return {
        name
        for destinations in pack.targets.values()
        for destination in destinations
        for name in destination.fields
        if not name.endswith("*")
        and (spec := destination.field(name)) is not None
        and "Elastic" in (spec.no_counterpart or "")
        and not (spec.value_predicates or spec.by_option)
    }


@pytest.mark.parametrize("source", sources())
def test_a_wildcard_stands_for_no_field_of_elastics_own(source: str) -> None:
    """``okta.debug_context.debug_data.*`` are the keys of a record, and no others."""
    pack = builtin(source)
    found = {
        (target, destination.name, name, spec.column)
        for name in made_by_elastic(pack)
        for target, destinations in pack.targets.items()
        for destination in destinations
        if name not in destination.fields
        and (spec := destination.field(name)) is not None
        and spec.column is not None
    }
    assert not found
