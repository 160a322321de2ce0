"""Rules that count each field of real documents, or look for its new values, in every destination
of a pack: the groups that come out, and the events in each, beside those that Elastic would make of
the documents.

A rule counts by a field, or by two; it counts the different values of one, among all events and by
another; and it looks for values, of one field and of two, that the history lacks. Groups are told
apart by their events and by their values, so that a target which takes another value for the
field's is found out. Where documents are not ``complete``, a rule is put to the events whose
documents have its fields; what it makes of the others must at least be values of the field's type.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import kqlx
from kqlx.elastic import ecs
from kqlx.elastic.addresses import address
from kqlx.frontends.kql.formatter import format_node
from kqlx.mappings.field_spec import When
from kqlx.mappings.pack import Destination
from kqlx.mappings.pack_library import Packs
from kqlx.nodes import Equals, Literal
from kqlx.testing.agreement import REFUSALS, Claim, Malformed, Unsettled
from tests.oracles.count_stores import HISTORY, Alert, age_of, alerts
from tests.oracles.pair_files import Pair
from tests.oracles.pair_queries import Store
from tests.oracles.sentinel_rows import NotExecuted

Group = tuple[str, ...]

Doubted = Callable[[Pair, str], bool]
"""Whether it is not known that a document says right what a field is."""


def _none(pair: Pair, field: str) -> bool:
    return False


ALL = ("narrower", "wider", "different", "coverage")
NO_VALUES = {"-", "n/a", "null", "(null)", ""}
"""What stands for no value in one product or another."""


@dataclass(frozen=True, slots=True)
class Count:
    """A rule: what it groups by, the field whose different values it counts, or whether it looks
    for new ones.
    """

    by: tuple[str, ...] = ()
    distinct: str = ""
    new: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.by, *([self.distinct] if self.distinct else []))

    def __str__(self) -> str:
        by = " and ".join(self.by)
        if self.new:
            return f"new {by}"
        by = f" by {by}" if by else ""
        return f"different {self.distinct}{by}" if self.distinct else f"count{by}"

    def rule(self, query: str) -> kqlx.Rule:
        data: dict[str, Any] = {"from": "now-9m"}
        if self.new:
            data |= {"new_terms_fields": [*self.by], "history_window_start": f"now-{HISTORY}s"}
        else:
            data["threshold"] = {"field": [*self.by], "value": 1}
            if self.distinct:
                data["threshold"]["cardinality"] = [{"field": self.distinct, "value": 1}]
        kind = "new_terms" if self.new else "threshold"
        return kqlx.Rule("r", query, type=kind, data=data, format="toml")


def counts(store: Store) -> Iterator[Count]:
    """All that is asked."""
    names = sorted({name for pair in store.pairs for name in pair.fields} - {"@timestamp"})
    names = [name for name in names if name not in store.pack.constants]
    for name in names:
        beside = _partners(name, names, store.pairs)
        every = [Count((name,)), Count(distinct=name), Count((name,), new=True)]
        for other in beside:
            every += [
                Count((name, other)),
                Count((other,), distinct=name),
                Count((name, other), new=True),
            ]
        yield from every


def _partners(name: str, names: Sequence[str], pairs: Sequence[Pair]) -> list[str]:
    """A field that stands beside another in some documents."""
    start = zlib.crc32(name.encode()) % len(names)
    for other in (*names[start:], *names[:start]):
        if other != name and any({name, other} <= pair.fields.keys() for pair in pairs):
            return [other]
    return []


@dataclass
class Tally:
    """What came of the rules in one target."""

    asked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    not_executed: int = 0
    agree: int = 0
    announced: int = 0
    reports: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """How many rules made groups that were compared."""
        return self.agree + len(self.reports)

    def __str__(self) -> str:
        return (
            f"{self.asked} rules put, {sum(self.refused.values())} refused, "
            f"{self.not_executed} not executed; {self.agree} agree, {self.announced} differ as a "
            f"note says, {len(self.reports)} unannounced"
        )


def judge_counts(store: Store, rate: int = 1, least: int = 0, doubted: Doubted = _none) -> Tally:
    """The rules in every destination of the target that holds some of the events: of all one in
    ``rate``, and as many more as it takes for the groups of at ``least`` so many to be compared.
    Events of whose documents a field of the rule is ``doubted`` are left out.
    """
    tally = Tally()
    places = [place for place in store.destinations if store.holds(place)]
    for count in sorted(counts(store), key=lambda count: _turn(count) % rate):
        if _turn(count) % rate and tally.compared >= least:
            break
        for place in places:
            for when in place.when or ({},):
                _put(count, place, when, store, tally, doubted)
    return tally


def _turn(count: Count) -> int:
    return zlib.crc32(str(count).encode()) // 7


def _put(
    count: Count, place: Destination, when: When, store: Store, tally: Tally, doubted: Doubted
) -> None:
    """One rule in one destination, beside what must be asserted for it to be chosen."""
    pack = replace(store.pack, targets={store.target: (replace(place, together=""),)})
    held = store.held_in(place)
    pairs = [
        number
        for number in sorted(held)
        if _meets(pair := store.pairs[number], when)
        and not any(doubted(pair, name) for name in (*count.fields, *when))
    ]
    asked = [n for n in pairs if store.complete or _has(store.pairs[n], count.fields)]
    if not asked:
        return
    beside = [
        f"{name}:({' or '.join(_quoted(value) for value in values)})"
        for name, values in when.items()
    ]
    query = " and ".join(beside) or "*"
    packs = Packs({pack.source: pack})
    try:
        made = kqlx.convert(
            count.rule(query), store.target, source=pack.source, mappings=packs, accept=ALL
        )
    except REFUSALS as error:
        tally.refused[str(error).splitlines()[0]] += 1
        return
    tally.asked += 1
    claim = Claim.of(made.notes)
    if claim.allows_all:
        tally.announced += 1
        return
    if any(note.code == "empty-is-missing" for note in made.notes):
        # It says that empty texts are not counted: events that have one are not asked about.
        empty = [
            n for n in asked if any("" in store.pairs[n].fields.get(f, ()) for f in count.fields)
        ]
        tally.announced += bool(empty)
        asked = [n for n in asked if n not in empty]
        if not asked:
            return
    told = "\n    ".join(f"{n.code} ({n.effect}): {n.message}" for n in made.notes)

    def report(what: str) -> None:
        tally.reports.append(f"{count}: {what}\n{made.query}\n    {told}")

    try:
        for found in alerts(made, place, store, asked):
            wanted = expected(count, store.pairs, found.events)
            if differences := compare(found.alerts, wanted, count, claim):
                report("; ".join(differences))
                break
            tally.agree += bool(wanted)
        others = [n for n in pairs if not _has(store.pairs[n], count.fields)]
        if store.complete or claim.may_add or len(count.by) != 1 or count.distinct or count.new:
            return
        for found in alerts(made, place, store, others) if others else ():
            if odd := _odd(count, found.alerts, store):
                report(f"of events whose documents lack it: {odd}")
                break
    except NotExecuted:
        tally.not_executed += 1
    except (Malformed, Unsettled) as error:
        report(f"{type(error).__name__}: {error}")


def _meets(pair: Pair, when: When) -> bool:
    return all(set(map(str, pair.fields.get(name, ()))) & set(v) for name, v in when.items())


def _has(pair: Pair, names: Iterable[str]) -> bool:
    return all(pair.fields.get(name) for name in names)


def _quoted(value: str) -> str:
    return format_node(Equals(Literal("a"), Literal(value, True))).partition(":")[2]


def expected(count: Count, pairs: Sequence[Pair], numbers: Iterable[int]) -> list[Alert]:
    """The groups of Elastic's, each with its events."""
    groups: dict[Group, list[int]] = {}
    for number in sorted(numbers):
        held = pairs[number].fields
        for group in product(*(dict.fromkeys(map(_text, held.get(n, ()))) for n in count.by)):
            groups.setdefault(group, []).append(number)
    found = []
    for group, members in groups.items():
        if count.new:
            inside = [number for number in members if age_of(number) < HISTORY]
            if not inside or any(age_of(number) > 540 for number in inside):
                continue
            members = inside
        distinct = None
        if count.distinct:
            values = {_text(v) for n in members for v in pairs[n].fields.get(count.distinct, ())}
            if not values:
                continue
            distinct = len(values)
        found.append(Alert(group, tuple(members), distinct))
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def compare(
    found: Sequence[Alert], wanted: Sequence[Alert], count: Count, claim: Claim
) -> list[str]:
    """What differs and is not announced."""
    if claim.folded:
        wanted = _folded(wanted)
        found = _folded(found)
    left = [*found]
    lost = []
    for alert in wanted:
        same = [other for other in left if other.agrees(alert)]
        if same:
            named = [other for other in same if _spelt(other.group) == _spelt(alert.group)]
            left.remove((named or same)[0])
        else:
            lost.append(alert)
    if claim.may_add:
        lost = [alert for alert in lost if not _held(alert, found, count)]
    if claim.may_miss:
        left = [other for other in left if not any(alert.holds(other) for alert in wanted)]
    said = []
    if lost and not claim.may_miss:
        said.append(f"without {_shown(lost)}")
    # Of a value that is known in another letter case each spelling is new by itself.
    if left and not claim.may_add and not (claim.folded and count.new):
        said.append(f"more or other {_shown(left)}")
    return said


def _held(alert: Alert, found: Sequence[Alert], count: Count) -> bool:
    """Whether an alert of the target has all of the events, or of what is new several do."""
    if any(other.holds(alert) for other in found):
        return True
    told = {number for other in found for number in other.events}
    return count.new and not any(other.first for other in found) and {*alert.events} <= told


def _spelt(group: Group) -> Group:
    return tuple(value.lower() for value in group)


def _folded(groups: Sequence[Alert]) -> list[Alert]:
    """Groups that differ in letter case alone put together; how many values there are is not known
    then.
    """
    made: dict[Group, Alert] = {}
    for alert in groups:
        key = _spelt(alert.group)
        events = set(alert.events) | set(made[key].events if key in made else ())
        made[key] = replace(alert, group=key, events=tuple(sorted(events)), distinct=None)
    return [*made.values()]


def _shown(groups: Sequence[Alert]) -> str:
    return ", ".join(
        f"{list(a.group)} of {list(a.events)}"
        + (f" with {a.distinct} values" if a.distinct is not None else "")
        for a in groups[:5]
    )


def _odd(count: Count, found: Sequence[Alert], store: Store) -> list[str]:
    """Values that none of the field can be."""
    (name,) = count.fields
    kind = store.pack.type(name) or ecs.types().get(name, "keyword")
    values = [alert.group[0] for alert in found if alert.group]
    if kind == "ip":
        return [value for value in values if address(value) is None]
    if kind in ("long", "integer", "float", "double"):
        return [value for value in values if not _is_number(value)]
    return [value for value in values if value.lower() in NO_VALUES]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
