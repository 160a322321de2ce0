"""Tests of a field that is a part of what a column holds, or begins otherwise there: affixes,
paths, names of files, the first run of characters of a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import FIRST_RUN
from kqlx.mappings.column_tests import bind_to_column, describe_column
from kqlx.mappings.event_kinds import either_of
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.path_patterns import (
    SEPARATOR,
    respelled_patterns,
    split_at_last_separator,
    with_unnamed_value,
)
from kqlx.mappings.value_parts import Part, in_whole
from kqlx.mappings.value_spellings import test_of
from kqlx.nodes import (
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Never,
    Node,
    Not,
    any_of,
    transform,
)
from kqlx.notes import Effect


def bind_affixed(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """The test on a column that holds more than the field does."""
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{node.field.name}, compared as text,")
    inner: tuple[str, ...] = ("", "")
    if isinstance(node, Equals):
        inner = (node.value.name,)
    elif isinstance(node, Like):
        inner = node.pattern.parts
    fits = spec.value_patterns
    if spec.takes and isinstance(node, Equals):
        name = node.value.name
        flags = re.IGNORECASE if node.case is Case.FOLDED else re.NOFLAG
        if any(_takes_part(text, spec.takes, name, flags) for text in fits if text != "{}"):
            message = f'{node.field.name} is never "{name}": Elastic takes a part of it'
            binding.add_note("constant-folded", message, node.span)
            return binding.constant(False, message, node.span)
        if not re.fullmatch(spec.takes, name, flags):
            fits = ("{}",)
    patterns = []
    for text in fits:
        before, _, after = text.partition("{}")
        patterns.append(_joined(before.split("*"), _joined(inner, after.split("*"))))
    needed = [one for one in patterns if not any(_covers(other, one) for other in patterns)]
    message = f"{node.field.name} is part of {spec.column} in {binding.destination.name}"
    if isinstance(node, Like) and any("*" in text for text in spec.value_patterns):
        binding.add_note(
            "approximated", f"{message}; a star may reach beyond it", None, Effect.WIDER
        )
    else:
        binding.add_note("value-translated", message, None)
    tests = [
        bind_to_column(binding, test_of(node, parts), replace(spec, value_patterns=()))
        for parts in needed
    ]
    return any_of(tests, node.span)


def bind_path(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """A test of a path that begins otherwise there, or is kept in two columns."""
    name, there = node.field.name, spec.column or ""
    if isinstance(node, Exists):
        return bind_to_column(binding, node, spec)
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{name}, compared as text,")
    asked = node.pattern.parts if isinstance(node, Like) else (node.value.name,)
    patterns = respelled_patterns(asked, spec.prefixes, ignore_case=node.case is Case.FOLDED)
    if not patterns:
        message = f'{name} "{"*".join(asked)}" begins otherwise in Elastic, and so never holds'
        binding.add_note("constant-folded", message, node.span)
        return binding.constant(False, message, node.span)
    if spec.joined_columns:
        message = f"{name} is {there}, and {' or '.join(spec.joined_columns)} behind it"
        binding.add_note("value-translated", message, None)
        tests = [test for parts in patterns for test in _in_two_columns(binding, node, spec, parts)]
    else:
        patterns = [with_unnamed_value(parts, spec.unnamed) for parts in patterns]
        each = [test_of(node, parts) for parts in patterns]
        part = spec.value_part
        tests = [
            bind_part(binding, one, spec, part) if part else bind_to_column(binding, one, spec)
            for one in each
        ]
    if patterns != [asked]:
        shown = " or ".join("*".join(parts) for parts in patterns)
        binding.add_note(
            "value-translated", f'{name} "{"*".join(asked)}" is {shown} there', node.span
        )
    return either_of(tests, node.span)


def _in_two_columns(
    binding: Binding, node: FieldTest, spec: FieldSpec, parts: tuple[str, ...]
) -> Iterator[Node]:
    """The tests of a column, and of the one that is joined to it, by a pattern of both."""
    whole = bind_to_column(binding, test_of(node, parts), spec)
    present = _behind_separator(binding, Exists(node.field, node.span), spec)
    both = spec.alone
    for key, value in split_at_last_separator(parts):
        if value == ("", ""):
            behind = present
            both |= key == parts
        elif value == ("",):
            # The default value may be called so, or have no name.
            none: Node = Not(present, node.span)
            unnamed = _behind_separator(binding, test_of(node, (spec.unnamed,)), spec)
            behind = any_of((unnamed, none), node.span) if spec.unnamed else none
        else:
            behind = _behind_separator(binding, test_of(node, value), spec)
        if key != parts:
            yield And((bind_to_column(binding, test_of(node, key), spec), behind), node.span)
    if both or not parts[-1].endswith(SEPARATOR):
        yield whole if both else And((whole, Not(present, node.span)), node.span)


def _behind_separator(binding: Binding, test: FieldTest, spec: FieldSpec) -> Node:
    """The test of what stands behind the last separator, in a column of its own."""
    each = [
        bind_to_column(binding, test, FieldSpec(column=column)) for column in spec.joined_columns
    ]
    return any_of(each, test.span)


def bind_part(binding: Binding, node: FieldTest, spec: FieldSpec, part: Part) -> Node:
    """A test of a part of what the column holds."""
    name = node.field.name
    if part == "run" and not isinstance(node, Exists):
        return _bind_first_run(binding, node, spec)
    whole = in_whole(node, part, spec.separators)
    if whole is None:
        return binding.unmapped(node, f"{name}, compared as text,")
    test, wider = whole
    if isinstance(test, Never):
        message = f"{name} is {spec.column} up to its {spec.separators}, and so has none"
        binding.add_note("constant-folded", message, node.span)
        return binding.constant(False, message, node.span)
    if part == "before":
        message = f"{name} is {spec.column} up to its {spec.separators}"
        binding.add_note("value-translated", message, None)
    if wider:
        how = "as a whole word anywhere" if part == "word" else "anywhere"
        message = f"{name}: matched {how} in {spec.column}"
        binding.add_note("approximated", message, None, Effect.WIDER)

    def rename(item: Node) -> Node:
        return (
            bind_to_column(binding, item, spec)
            if isinstance(item, Equals | Like | Exists)
            else item
        )

    return transform(test, rename)


def _bind_first_run(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """A test of the first run of signs of a class, as grok finds it."""
    assert spec.column is not None and not isinstance(node, Exists)
    name, signs = node.field.name, f"[{spec.separators}]"
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{name}, compared as text,")
    message = f"{name} is the first run of {signs} in {spec.column}"
    parts = (node.value.name,) if isinstance(node, Equals) else node.pattern.parts
    flags = re.IGNORECASE if node.case is Case.FOLDED else re.NOFLAG
    if not re.fullmatch(f"{signs}*", "".join(parts), flags) or parts == ("",):
        message += ", and so has no other signs"
        binding.add_note("constant-folded", message, node.span)
        return binding.constant(False, message, node.span)
    if "logsource" in binding.destination.place:
        # Sigma's patterns have no classes of signs.
        message += "; names that go on with other letters are found too"
        binding.add_note("approximated", message, node.span, Effect.WIDER)
        return bind_to_column(
            binding, test_of(node, (*parts[:-1], parts[-1], "")), replace(spec, value_part=None)
        )
    binding.add_note("value-translated", message, None)
    column = describe_column(binding, spec.column, "keyword", name)
    within = f"{column.name}{FIRST_RUN}"
    binding.columns[within] = replace(column, run=spec.separators)
    return replace(node, field=Literal(within, span=node.field.span))


def _joined(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Two patterns as one, by their parts."""
    return (*first[:-1], first[-1] + second[0], *second[1:])


def _takes_part(text: str, takes: str, value: str, flags: re.RegexFlag) -> bool:
    """Whether the value is of the pattern's form, so that the field is a part of it."""
    before, _, after = text.partition("{}")
    start, end = (".+".join(map(re.escape, each.split("*"))) for each in (before, after))
    return re.fullmatch(f"{start}(?:{takes}){end}", value, flags) is not None


def _covers(pattern: Sequence[str], other: Sequence[str]) -> bool:
    """Whether another pattern only asks for more behind the star in which this one ends."""
    ends = len(pattern) > 1 and not pattern[-1]
    return ends and pattern != other and other[: len(pattern) - 1] == pattern[:-1]
