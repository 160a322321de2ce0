"""Log sources by operating system: of a log source for all systems those of each, ``category:
process_creation`` with ``product: windows`` and so on, which is what those who read Sigma's rules
know (https://sigmahq.io/sigma-specification/specification/sigma-appendix-taxonomy.html).
"""

from __future__ import annotations

from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.asserted_values import SYSTEM
from kqlx.mappings.binding import NeverMatchesError
from kqlx.mappings.bound import Bound
from kqlx.mappings.destinations import bind_asked
from kqlx.mappings.field_spec import When
from kqlx.mappings.pack import Destination
from kqlx.mappings.unmapped_tests import UnmappedPolicy
from kqlx.notes import Effect, Note
from kqlx.records import replace

_SPELT = {"windows": "Windows", "linux": "Linux", "macos": "macOS"}


def by_system(
    bound: Bound,
    query: AskedQuery,
    target: str,
    unmapped: UnmappedPolicy,
    implied: When,
    systems: tuple[str, ...],
) -> list[Bound]:
    """The bound tree, or where its log source is one of all systems those of each, of those
    ``systems`` alone that the rule is said to be for (none: all). A system whose log source
    lacks something is left to the log source of all.
    """
    known = _of_each_system(bound, target)
    pack = bound.pack
    if pack is None or not known:
        return [bound]
    wanted = [one for one in known if not systems or one in systems] or [*known]
    found: list[Bound] = []
    for system in wanted:
        alone = replace(pack, targets={target: known[system]})
        try:
            one = bind_asked(query, alone, target, unmapped, {**implied, SYSTEM: (system,)})
        except NeverMatchesError:
            continue
        except MappingError:
            return [bound]
        if one.unmapped and not bound.unmapped:
            return [bound]
        found.append(replace(one, pack=pack))
    if not found:
        return [bound]
    if others := [one for one in known if one not in wanted]:
        message = (
            f"the rule is tagged {_listed(wanted)}; log sources of {_listed(others)} are left out"
        )
        note = Note("table-coverage", Effect.COVERAGE, message)
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


def _of_each_system(bound: Bound, target: str) -> dict[str, tuple[Destination, ...]]:
    """By system the destinations of the category, where that of the tree is for all systems."""
    if bound.pack is None or bound.destination is None:
        return {}
    category, product = _log_source(bound.destination)
    if not category or product:
        return {}
    found: dict[str, tuple[Destination, ...]] = {}
    for destination in bound.pack.targets[target]:
        other, product = _log_source(destination)
        if other == category and product in _SPELT:
            found[product] = (*found.get(product, ()), destination)
    return found


def _log_source(destination: Destination) -> tuple[str, str]:
    found = destination.place.get("logsource")
    if not isinstance(found, dict):
        return "", ""
    return str(found.get("category") or ""), str(found.get("product") or "")


def _listed(systems: list[str]) -> str:
    return " and ".join(_SPELT[system] for system in systems)
