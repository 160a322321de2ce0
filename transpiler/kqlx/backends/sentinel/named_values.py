"""Values that get a name by ``let``: lists that are too long for their place, and tables to join.

https://learn.microsoft.com/kusto/query/let-statement?view=microsoft-sentinel
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from kqlx.backends.sentinel.syntax import fold, variable
from kqlx.records import dataclass, field, replace

LONG_LIST = 50
"""Values; a longer list gets a name."""

_MOST = 1_000
"""So many names are tried."""


@dataclass()
class NamedValues:
    """What the query begins with: name → value. ``taken`` finds the names of columns, which Kusto
    sees before others.
    """

    taken: Callable[[], Set[str]] = frozenset
    values: dict[str, str] = field(default_factory=dict)

    def beside(self, taken: Callable[[], Set[str]]) -> NamedValues:
        """The same values, for a data source with these columns."""
        return replace(self, taken=taken)

    def list_name(self, column: str, literals: list[str]) -> str:
        """The name of the list, after its column; "" for one that is short."""
        if len(literals) <= LONG_LIST:
            return ""
        return self.name(variable(column), list_text(literals))

    def name(self, wanted: str, value: str) -> str:
        """The name of a value: the one that is wanted, or like it where that is another's; "" where
        there is none.
        """
        for number in range(1, _MOST):
            chosen = wanted + (f"_{number}" if number > 1 else "")
            if chosen not in self.taken() and self.values.setdefault(chosen, value) == value:
                return chosen
        return ""

    def definitions(self) -> Iterator[str]:
        """The statements that the query begins with."""
        for name, value in self.values.items():
            text = f"let {name} = {value};"
            yield text if "\n" in value else fold(text)


def list_text(literals: list[str]) -> str:
    """A list of values, as Kusto writes it."""
    return f"dynamic([{', '.join(literals)}])"
