"""Lists of values that are too long for their place in a query, and get a name by ``let``.

https://learn.microsoft.com/kusto/query/let-statement?view=microsoft-sentinel
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from kqlx.backends.sentinel.syntax import fold, variable

LONG_LIST = 50
"""Values; a longer list gets a name."""


@dataclass
class NamedLists:
    """The lists of a query: name → literals. ``taken`` are the names of its columns, which Kusto
    sees before a list.
    """

    taken: Set[str]
    lists: dict[str, list[str]] = field(default_factory=dict)

    def named(self, column: str, literals: list[str]) -> str:
        """The name of the list, after its column; "" for one that is short."""
        if len(literals) <= LONG_LIST:
            return ""
        for number in range(1, 1000):
            chosen = variable(column) + (f"_{number}" if number > 1 else "")
            if chosen not in self.taken and self.lists.setdefault(chosen, literals) == literals:
                return chosen
        return ""

    def definitions(self) -> str:
        """The lines that the query begins with."""
        return "".join(
            fold(f"let {name} = dynamic([{', '.join(literals)}]);") + "\n"
            for name, literals in self.lists.items()
        )
