"""Searches in their parts: the events of each data source, and what is made of all together.

Events of several data sources are alternatives of one search, or where some have further steps,
``multisearch``
(https://help.splunk.com/splunk-cloud-platform/spl-search-reference/10.0.2503/search-commands/multisearch):
its parts may have steps that look at one event after the other, as ``eval`` and ``where``, and are
not cut off by the limits of subsearches. What groups records first stands behind them, in
``append``, which has these limits
(https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/append).
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.spl.syntax import WIDTH, fold
from kqlx.errors import UnsupportedError
from kqlx.fragments import Piece
from kqlx.hints import Argument, Hint
from kqlx.notes import Note
from kqlx.records import dataclass, field, replace

MAX_TIME = 300
"""After so many seconds Splunk takes what a subsearch has found for all: as often as rules run by
default. Without it, it is 60."""
MAX_RESULTS = 10_000
"""Of more results it takes so many, by default."""


@dataclass(frozen=True, slots=True)
class SourceSearch:
    """The events of one data source.

    ``terms`` are those of ``search``, none where a command begins; ``steps`` are the commands that
    follow; ``modifiers`` of time stand before the terms. ``beginning`` is how far the query itself
    looks back, as ``earliest`` says it among the terms, or "". ``groups`` says that a step makes
    one event of several records.
    """

    terms: tuple[str, ...]
    steps: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    beginning: str = ""
    groups: bool = False

    def says(self, modifier: str) -> str:
        """How far it looks back by a time modifier, or ""."""
        for text in self.modifiers:
            name, _, value = text.partition("=")
            if name == modifier:
                return value
        return self.beginning if modifier == "earliest" else ""

    def text(self, *, with_modifiers: bool = True) -> str:
        """The search by itself."""
        lines = [fold(self.terms)] if self.terms else []
        text = "\n".join([*lines, *self.steps])
        if not (with_modifiers and self.modifiers):
            return text
        said = " ".join(self.modifiers)
        wide = len(said) + len(text.partition("\n")[0]) >= WIDTH
        return f"{said}\n    {text}" if wide else f"{said} {text}"


@dataclass(frozen=True, slots=True)
class Together:
    """What the results of a sequence or a sample are about: the ``keys`` that its events share,
    each as Elastic's field and its name in the results; ``earlier`` are fields of earlier events
    there, each with its kind and type as in ``Entity``; ``keeps_last`` says that a result has all
    fields of the last event. ``looks_back`` is how far back the events may have happened, in
    seconds; 0: no further than those of the rule.
    """

    keys: tuple[tuple[str, str], ...]
    keeps_last: bool
    looks_back: int = 0
    earlier: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """A whole search: the events of its sources, below ``comments``; the commands that group them,
    all together, from ``stats`` on; and the ``further`` ones on its results. ``together`` is there
    where it is for sequences or samples.
    """

    sources: tuple[SourceSearch, ...] = ()
    grouping: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    together: Together | None = None

    @property
    def text(self) -> str:
        return self._text(with_modifiers=True)

    @property
    def text_over_any_time(self) -> str:
        """The search over the time range that it is given."""
        return self._text(with_modifiers=False)

    @property
    def ungrouped(self) -> Search:
        """The search for the events alone."""
        return replace(self, grouping=(), further=())

    def and_then(self, *steps: str) -> Search:
        """The search with further commands on its results."""
        return replace(self, further=(*self.further, *steps))

    def says(self, modifier: str) -> str:
        """How far it looks back by a time modifier, or ""."""
        return next(filter(None, (source.says(modifier) for source in self.sources)), "")

    def _text(self, *, with_modifiers: bool) -> str:
        events = _events([*dict.fromkeys(self.sources)], with_modifiers) if self.sources else ""
        return "\n".join([*self.comments, events, *self.grouping, *self.further])


def _events(sources: list[SourceSearch], with_modifiers: bool) -> str:
    """The events that any of the searches finds. Steps that end all of them follow once."""
    sources = [one for one in sources if not any(_contains(other, one) for other in sources)]
    if len(sources) == 1:
        return sources[0].text(with_modifiers=with_modifiers)
    if grouped := [one for one in sources if one.groups]:
        single = [one for one in sources if not one.groups] or [grouped.pop(0)]
        appended = [_appended(one, with_modifiers) for one in grouped]
        return "\n".join([_events(single, with_modifiers), *appended])
    shared = _shared_end([source.steps for source in sources if source.terms])
    if not all(source.terms for source in sources):
        shared = ()
    own = [replace(one, steps=one.steps[: len(one.steps) - len(shared)]) for one in sources]
    return "\n".join([_alternatives(own, with_modifiers), *shared])


def _appended(source: SourceSearch, with_modifiers: bool) -> str:
    text = source.text(with_modifiers=with_modifiers).replace("\n", "\n    ")
    return f"| append maxtime={MAX_TIME}\n    [search {text}]"


def _alternatives(sources: list[SourceSearch], with_modifiers: bool) -> str:
    if any(source.steps for source in sources):
        texts = [source.text(with_modifiers=with_modifiers) for source in sources]
        parts = ["    [search " + text.replace("\n", "\n    ") + "]" for text in texts]
        return "| multisearch\n" + "\n".join(parts)
    common = sources[0].modifiers
    if any(source.modifiers != common for source in sources):
        common = ()
    texts = [source.text(with_modifiers=with_modifiers and not common) for source in sources]
    either = "\nOR ".join(f"({text})" for text in texts)
    if not common:
        return either
    return f"{' '.join(common)}\n({either})" if with_modifiers else f"({either})"


def _contains(wide: SourceSearch, other: SourceSearch) -> bool:
    """Whether a search finds the events of another, in places of which those of the other are one:
    ``(source="a" OR source="b")``.
    """
    if replace(wide, terms=()) != replace(other, terms=()) or len(wide.terms) != len(other.terms):
        return False
    pairs = [pair for pair in zip(wide.terms, other.terms, strict=True) if pair[0] != pair[1]]
    if len(pairs) != 1:
        return False
    places, place = pairs[0]
    return places[:1] == "(" and place in places[1:-1].split(" OR ")


def _shared_end(each: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The steps with which all end."""
    found: list[str] = []
    for steps in zip(*map(reversed, each), strict=False):
        if len({*steps}) > 1:
            break
        found.append(steps[0])
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class WrittenSource:
    """What a plan asks of one data source: its events, and the commands that would group these;
    ``covers_rule_type`` and ``pieces`` as in ``Emission``.
    """

    search: SourceSearch
    notes: tuple[Note, ...]
    grouping: tuple[str, ...] = ()
    covers_rule_type: bool = False
    pieces: tuple[Piece, ...] = field(default=(), compare=False, repr=False)

    def with_form(
        self, steps: Iterable[str], grouping: Iterable[str], notes: Iterable[Note]
    ) -> WrittenSource:
        """With what the type of the rule asks for: steps on the single events, and the commands
        that group them.
        """
        found = [*self.search.steps]
        for step in filter(None, steps):
            lines = step.split("\n")
            while lines[0].startswith("| spath path=") and lines[0] in found:
                del lines[0]  # of objects that are there
            found.append("\n".join(lines))
        search = replace(self.search, steps=tuple(found))
        return WrittenSource(search, (*self.notes, *notes), tuple(grouping), True, self.pieces)


def together(each: Iterable[WrittenSource], comments: Iterable[str] = ()) -> Search:
    """One search for all of them. Raises UnsupportedError where they do not count the same."""
    each = [*each]
    if len({written.grouping for written in each}) > 1:
        raise UnsupportedError(
            "cannot convert a rule that counts for several data sources in different ways",
            code="sources-not-joined",
            hint=Hint("name one with ", Argument("source")),
        )
    sources = tuple(written.search for written in each)
    return Search(sources, each[0].grouping, comments=tuple(comments))
