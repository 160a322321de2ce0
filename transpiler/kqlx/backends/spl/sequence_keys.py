"""The rows that a sequence or a sample is made of: an event for each step that it meets, with the
number of the step and the values of its keys, under names that all steps have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kqlx.backends.repeated_fields import may_have_many
from kqlx.backends.spl.keys import Key, plain_name
from kqlx.backends.spl.result_fields import KeyBuilder
from kqlx.backends.spl.syntax import eval_name, fold, quote
from kqlx.backends.spl.value_expressions import ValueExpressions, without_texts
from kqlx.backends.target import PlannedStep
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_values import Constant, FirstOf, InColumn, resolve
from kqlx.mappings.value_conditions import presence
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.regexes import late_regex
from kqlx.sequences import Step

STEP = "step"
NO_VALUE = "(none)"
"""What stands for an optional key without a value, which is equal to others without one."""

_OWN = late_regex(
    r"step(?:\d+_\w*)?|firstTime|lastTime|(?:begun|previous|taken|missed|earlier)\d*|run\w*|ended"
    r"|afterwards|events?(?:_\d+)*|event_hash|group_hash"
)
"""Names that the search itself makes."""


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """The keys that all steps share: their names in the rows, "" for one that is the same on all
    events. ``required`` are those that must have a value, ``lists`` those that may have several.
    """

    names: tuple[str, ...]
    required: tuple[str, ...]
    lists: tuple[str, ...]

    @property
    def by(self) -> tuple[str, ...]:
        return tuple(filter(None, self.names))

    @property
    def clause(self) -> str:
        """The keys as commands group by them."""
        return f"by {', '.join(self.by)}" if self.by else ""

    def commands(self) -> list[str]:
        """A row for each value of a key that has several; none without a value."""
        lines = [f"| mvexpand {name}" for name in self.lists]
        if self.required:
            tests = " AND ".join(f"isnotnull({name})" for name in self.required)
            lines.append(f"| where {tests}")
        return lines


@dataclass(frozen=True, slots=True)
class _Value:
    """The value of a key on the events of one source: the commands that make the fields which its
    ``text`` names. ``constant`` is the one value of all events, None where there are several.
    """

    text: str
    steps: tuple[str, ...] = ()
    constant: str | None = None
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class StepKeys:
    """The values of the keys of a step, for each of its sources."""

    step: Step
    sources: tuple[tuple[_Value, ...], ...]
    notes: tuple[Note, ...]


def keys_of(planned: PlannedStep, finer: Effect) -> StepKeys:
    """The keys of a step. ``finer`` is what it means that values are told apart which are one for
    Elastic. Raises UnsupportedError.
    """
    each: list[tuple[_Value, ...]] = []
    notes: list[Note] = []
    for source in planned.sources:
        builder = KeyBuilder(source.bound, finer)
        found = [_value(builder, key.name, source.bound) for key in planned.step.keys]
        each.append(tuple(found))
        notes += builder.notes
    return StepKeys(planned.step, tuple(each), tuple(notes))


def shared(steps: Sequence[StepKeys]) -> SharedKeys:
    """What the rows of the steps are grouped by. Raises UnsupportedError where two steps never have
    the same value.
    """
    names: list[str] = []
    required, lists = [], []
    for place, key in enumerate(steps[0].step.keys):
        values = [source[place] for step in steps for source in step.sources]
        constants = {value.constant for value in values}
        if len(constants) == 1 and None not in constants:
            names.append("")
            continue
        if len(constants) > 1 and None not in constants:
            told = " and ".join(sorted(quote(one) for one in constants if one is not None))
            raise UnsupportedError(
                f"the key {key.name} is never the same in two steps: it is {told} on all their"
                " events",
                code="constant-folded",
            )
        behind = [
            value for step in steps for source in step.sources for value in source[place + 1 :]
        ]
        name = _free_name(plain_name(key.name), names, behind)
        names.append(name)
        if not all(step.step.keys[place].optional for step in steps):
            required.append(name)
        if any(value.is_list for value in values):
            lists.append(name)
    return SharedKeys(tuple(names), tuple(required), tuple(lists))


def rows(keys: StepKeys, source: int, names: SharedKeys, number: int) -> list[str]:
    """The commands that make of the events of a source the rows of a step."""
    values = keys.sources[source]
    steps = dict.fromkeys(step for value in values for step in value.steps)
    made = [
        f"{name}={_optional(value.text, key.optional)},"
        for name, value, key in zip(names.names, values, keys.step.keys, strict=True)
        if name and (value.text != name or key.optional)
    ]
    return [*steps, "| " + fold(["eval", *made, f"{STEP}={number}"])]


def _optional(value: str, optional: bool) -> str:
    return f"coalesce({value}, {quote(NO_VALUE)})" if optional else value


def _value(builder: KeyBuilder, field: str, bound: Bound) -> _Value:
    key = builder.key(field)
    if not key.name:
        found = resolve(bound, field)
        constant = found.value if isinstance(found, Constant) else ""
        return _Value(quote(constant), constant=constant)
    text, is_list = _text(key, bound), _is_list(key, bound)
    if is_list and "mvdedup(" not in key.step:
        text = f"mvdedup({text})"
    return _Value(text, tuple(filter(None, [key.step])), is_list=is_list)


def _text(key: Key, bound: Bound) -> str:
    """The value, null on events that lack the field, whatever its column has."""
    value = eval_name(key.name)
    if key.null_column:
        value = without_texts(value, key.null_texts)
    tree = presence(bound, key.field)
    if tree is None:
        return value
    return f"if({ValueExpressions(bound).condition(tree)}, {value}, null())"


def _is_list(key: Key, bound: Bound) -> bool:
    """Whether an event may have several values of a key."""
    if bound.destination is None:
        return may_have_many(bound.column(key.field))
    values = ValueExpressions(bound)
    match resolve(bound, key.field):
        case InColumn(column=column):
            return values.is_list(column)
        case FirstOf():
            spec = bound.destination.field(key.field)
            return spec is not None and any(map(values.is_list, spec.any_of))
        case _:
            return "mvdedup(" in key.step or "mvfilter(" in key.step


def _free_name(name: str, taken: Iterable[str], behind: Iterable[_Value]) -> str:
    """A name that no other key has, nor a field that the keys ``behind`` read."""
    texts = [text for value in behind for text in (value.text, *value.steps)]
    for made in (name, f"key_{name}", *(f"key_{name}_{number}" for number in range(2, 100))):
        read = any(re.search(rf"(?<![\w.]){re.escape(made)}(?![\w.])", text) for text in texts)
        if made not in taken and not _OWN.fullmatch(made) and not read:
            return made
    raise AssertionError("a hundred keys of one name")
