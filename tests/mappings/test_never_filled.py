"""Fields that no event of a data source has are mapped nowhere: a test of one is folded to false,
and a counterpart of it would be read by nobody.
"""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

import kqlx
from kqlx.mappings.reader.builtin import builtin, sources


@pytest.mark.parametrize("source", sources())
def test_fields_that_no_event_has_are_mapped_nowhere(source: str) -> None:
    pack = builtin(source)
    never = [name for name, values in pack.allowed_values.items() if not values]
    mapped = {
        (destination.name, name)
        for destinations in pack.targets.values()
        for destination in destinations
        for name, spec in destination.fields.items()
        if not spec.no_counterpart and any(fnmatch(name, pattern) for pattern in never)
    }
    assert not mapped


NEVER = [
    ("crowdstrike.fdr", "process.parent.pid:4 and event.category:process"),
    ("panw.panos", "network.protocol:dns"),
]


@pytest.mark.parametrize(("source", "query"), NEVER)
@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_what_no_pipeline_fills_can_never_match(source: str, query: str, to: str) -> None:
    with pytest.raises(kqlx.KqlxError, match="never matches"):
        kqlx.convert(f"event.dataset:{source} and {query}", to=to)


def test_processes_are_numbered_by_each_sensor_in_its_own_way() -> None:
    query = "event.dataset:crowdstrike.fdr and event.category:process and process.entity_id:5"
    made = kqlx.convert(query, to="sentinel", accept=["different"])
    assert "different" in {str(note.effect) for note in made.notes}


def test_the_account_root_has_a_number_where_the_table_has_none() -> None:
    query = "event.dataset:crowdstrike.fdr and event.category:process and user.id:*"
    made = kqlx.convert(query, to="sentinel", accept=["different"])
    assert 'AccountName =~ "root"' in str(made.query)
