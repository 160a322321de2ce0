"""Plans of bound trees alone, for tests of what a target writes."""

from __future__ import annotations

from kqlx.backends.target import Options, Plan, PlannedSource
from kqlx.mappings.bound import Bound
from kqlx.rules.model import Rule


def query_plan(*bounds: Bound, options: Options | None = None) -> Plan:
    """The plan of a query by itself, bound to places of events."""
    chosen = options or Options()
    sources = tuple(PlannedSource(bound, chosen) for bound in bounds)
    return Plan(Rule(name="", query=""), sources)
