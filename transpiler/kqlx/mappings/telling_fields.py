"""The marks of data sources by the fields that they are about, for a look at the tests of a query
that does not go through all sources anew for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from kqlx.mappings.pack import Marks
from kqlx.nodes import Equals, Like


class TellingValues:
    """Values of a field by which data sources are named, in lower case: names of channels and
    providers of Windows are written in any. Some have stars.
    """

    def __init__(self, each: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._sources: dict[str, list[str]] = {}
        for source, values in each:
            for value in values:
                self._sources.setdefault(value.lower(), []).append(source)
        self._starred = [value for value in self._sources if _has_stars(value)]

    def sources_of(self, test: Equals | Like) -> frozenset[str]:
        """The data sources of which the test asks for a value, whatever its letter case."""
        if isinstance(test, Equals):
            asked = test.value.name.lower()
            plain = [asked] if asked in self._sources and not _has_stars(asked) else []
            return self._of([*plain, *(v for v in self._starred if fnmatchcase(asked, v))])
        if test.pattern.is_lone_star:
            return frozenset()
        return self._of(filter(test.pattern.map_literals(str.lower).matcher(), self._sources))

    def _of(self, values: Iterable[str]) -> frozenset[str]:
        return frozenset([source for value in values for source in self._sources[value]])


def _has_stars(value: str) -> bool:
    return any(sign in value for sign in "*?[")


NO_VALUES = TellingValues(())


class TellingFields:
    """Field → the data sources that a test of it may tell of.

    ``values`` are those that name a source by a value of the field, ``aliases`` those that do so in
    the words of other shippers, ``modules`` and ``beats`` the sources by what they share with
    others. ``names`` are all fields of which a value may say something, ``heads`` the first parts
    of the names of those whose presence does. ``rest`` are the sources that are named by the values
    of a field that name no other; ``collectors`` those whose events are of other sources.
    """

    def __init__(self, marks: Mapping[str, Marks]) -> None:
        self.marks = marks
        self.values = _by_field({source: each.fields for source, each in marks.items()})
        self.aliases = _by_field({source: each.aliases for source, each in marks.items()})
        self.modules = TellingValues((source, each.modules) for source, each in marks.items())
        self.beats = TellingValues((source, each.beats) for source, each in marks.items())
        self.names = frozenset({*self.values, *self.aliases})
        self.rest = _rest(marks)
        self.collectors = frozenset(source for source, each in marks.items() if each.collector)
        own = {source: each.exclusive_fields for source, each in marks.items()}
        self.heads = frozenset(name.partition(".")[0] for names in own.values() for name in names)
        self._exclusive: dict[str, list[str]] = {}
        self._beginnings: dict[str, list[str]] = {}
        for source, names in own.items():
            for name in names:
                if name.endswith("*"):
                    self._beginnings.setdefault(name[:-1], []).append(source)
                else:
                    self._exclusive.setdefault(name, []).append(source)
        self._lengths = sorted({*map(len, self._beginnings)})
        self._of_index: dict[str, frozenset[str]] = {}

    def having(self, name: str) -> dict[str, int]:
        """The data sources that alone have a field, in no order: each with the length of the name
        by which it does, ``a.*`` and ``a.b.*`` being such names of ``a.b.c``.
        """
        found: dict[str, int] = {}
        for length in self._lengths:
            if length > len(name):
                break
            for source in self._beginnings.get(name[:length], ()):
                found[source] = length + 1
        for source in self._exclusive.get(name, ()):
            found[source] = max(len(name), found.get(source, 0))
        return found

    def owners(self, name: str) -> set[str]:
        """The data sources that alone have a field, the nearest of them."""
        found = self.having(name)
        nearest = max(found.values(), default=0)
        return {source for source, length in found.items() if length == nearest}

    def of_index(self, index: str) -> frozenset[str]:
        """The data sources of whose indices a rule's pattern names some."""
        found = self._of_index.get(index)
        if found is None:
            if len(self._of_index) >= _MOST_INDICES:
                self._of_index.clear()
            found = frozenset([s for s, marks in self.marks.items() if overlap(index, marks)])
            self._of_index[index] = found
        return found


_MOST_INDICES = 1000
"""So many patterns are remembered: rules name the same few again and again."""


def overlap(index: str, marks: Marks) -> bool:
    """Whether a rule's pattern names indices of the data source."""
    return _overlap(index, marks.indices)


@lru_cache(maxsize=10_000)  # rules name the same few patterns again and again
def _overlap(index: str, known: tuple[str, ...]) -> bool:
    return any(fnmatchcase(index, one) or fnmatchcase(one, index) for one in known)


def _by_field(
    each: Mapping[str, Mapping[str, Iterable[str]]],
) -> dict[str, TellingValues]:
    found: dict[str, list[tuple[str, Iterable[str]]]] = {}
    for source, fields in each.items():
        for name, values in fields.items():
            found.setdefault(name, []).append((source, values))
    return {name: TellingValues(values) for name, values in found.items()}


def _rest(marks: Mapping[str, Marks]) -> dict[str, frozenset[str]]:
    fields = dict.fromkeys(name for each in marks.values() for name in each.rest)
    return {
        name: frozenset(source for source, each in marks.items() if name in each.rest)
        for name in fields
    }
