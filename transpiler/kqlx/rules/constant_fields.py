"""Rules that can never alert in a target: they count values, or look for new ones, of a field that
is the same on all events there.
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.errors import UnsupportedError
from kqlx.mappings.asserted_values import asserted_values, spelt
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.threshold import threshold_of


def refuse_constants(rule: Rule, bounds: Sequence[Bound]) -> None:
    """Raises UnsupportedError where a threshold asks for more values of a field than its data
    sources have, or where all fields whose new values a rule looks for are constant.
    """
    if (threshold := threshold_of(rule)) is not None:
        for field, least in threshold.distinct:
            values = _constants(field, bounds)
            if values is not None and len(set(values)) < least:
                _refuse(f"it counts {least} different values of {field}", values)
    if (terms := new_terms_of(rule)) is not None:
        fields = " and ".join(terms.fields)
        found = [_constants(field, bounds) or () for field in terms.fields]
        if all(len(set(values)) == 1 for values in found):
            _refuse(f"it looks for new values of {fields}", [values[0] for values in found])


def _constants(field: str, bounds: Sequence[Bound]) -> tuple[str, ...] | None:
    """The values that a field has on all events, a data source each; None where it varies."""
    values = [value for bound in bounds for value in _values(field, bound)]
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else None


def _values(field: str, bound: Bound) -> list[str | None]:
    """The value in a destination; in Elasticsearch itself that in each data source that the query
    names, for it may find events of others too.
    """
    if bound.pack is not None and bound.destination is not None:
        from kqlx.mappings.field_values import Constant, resolve

        found = resolve(bound, field)
        return [found.value if isinstance(found, Constant) else None]
    asserted = asserted_values(bound.node)
    return [
        pack.constants.get(field)
        if any(
            any(spelt(one, [value]) == {value} for one in asserted.get(name, ()))
            for name, value in pack.constants.items()
        )
        else None
        for pack in bound.types.packs
    ] or [None]


def _refuse(what: str, values: Sequence[str]) -> None:
    shown = " or ".join(f'"{value}"' for value in dict.fromkeys(values))
    message = f"the rule can never alert: {what}, always {shown} there"
    note = Note("constant-folded", Effect.DIFFERENT, message)
    raise UnsupportedError(message, code="constant-folded", notes=(note,))
