"""Tests of a field that is a part of what a column holds, or begins otherwise there: affixes,
paths, names of files, the first run of characters of a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kqlx.mappings.argument_tests import bind_argument, exact_argument, may_be_windows
from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import FIRST_RUN
from kqlx.mappings.column_tests import bind_to_column, column_for_regexp, describe_column
from kqlx.mappings.command_line_arguments import with_escapes
from kqlx.mappings.event_kinds import either_of
from kqlx.mappings.field_spec import FieldSpec, Part
from kqlx.mappings.path_patterns import (
    SEPARATOR,
    respelled_patterns,
    split_at_last_separator,
    with_unnamed_value,
)
from kqlx.mappings.value_parts import in_whole
from kqlx.nodes import (
    And,
    Case,
    CommandLineArgument,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Never,
    Node,
    Not,
    Regexp,
    any_of,
    asked_pattern,
    pattern_test,
    transform,
    walk,
)
from kqlx.notes import Effect
from kqlx.patterns import ANY_RUN, Pattern
from kqlx.records import replace
from kqlx.regular_expressions import compiled


def bind_affixed(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """The test on a column that holds more than the field does."""
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{node.field.name}, compared as text,")
    inner = asked_pattern(node) if isinstance(node, Equals | Like) else Pattern.of(ANY_RUN)
    fits = spec.value_patterns
    if spec.takes and isinstance(node, Equals):
        name = node.value.name
        flags = re.IGNORECASE if node.case is Case.FOLDED else re.NOFLAG
        if any(_takes_part(text, spec.takes, name, flags) for text in fits if text != "{}"):
            message = f'{node.field.name} is never "{name}": Elastic extracts a part of it'
            binding.add_note("constant-folded", message, node.span)
            return binding.constant(False, message, node.span)
        if not re.fullmatch(spec.takes, name, flags):
            fits = ("{}",)
    patterns = []
    for text in fits:
        before, _, after = text.partition("{}")
        around = Pattern.from_stars(before).tokens, Pattern.from_stars(after).tokens
        patterns.append(Pattern.of(*around[0], *inner.tokens, *around[1]))
    if binding.negative and spec.lacks and isinstance(node, Like) and not node.pattern.is_lone_star:
        from kqlx.mappings.affixed_regexps import affixed_regexp

        place = column_for_regexp(binding, spec, node.field, decoded=True)
        if place is not None:
            test = affixed_regexp(replace(node, field=place[0]), fits, spec.lacks)
            if test is not None:
                message = f"{node.field.name} is matched as a part of {spec.column}"
                binding.add_note("value-translated", message, None)
                return test
    needed = [one for one in patterns if not any(_covers(other, one) for other in patterns)]
    message = f"{node.field.name} is part of {spec.column} in {binding.destination.name}"
    if isinstance(node, Like) and any("*" in text for text in spec.value_patterns):
        binding.add_note(
            "approximated", f"{message}; a wildcard may match beyond it", None, Effect.WIDER
        )
    else:
        binding.add_note("value-translated", message, None)
    tests = [
        bind_to_column(binding, pattern_test(node, pattern), replace(spec, value_patterns=()))
        for pattern in needed
    ]
    return any_of(tests, node.span)


def bind_path(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """A test of a path that begins otherwise there, or is kept in two columns."""
    name, there = node.field.name, spec.column or ""
    if isinstance(node, Exists):
        return bind_to_column(binding, node, spec)
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{name}, compared as text,")
    if spec.joined_columns and spec.value_part == "name":
        return _bind_last_step(binding, node, spec)
    asked = asked_pattern(node)
    patterns = respelled_patterns(asked, spec.prefixes, ignore_case=node.case is Case.FOLDED)
    if not patterns:
        message = f'{name} "{asked.name}" has another beginning in Elastic, and never matches'
        binding.add_note("constant-folded", message, node.span)
        return binding.constant(False, message, node.span)
    if spec.joined_columns:
        message = f"{name} is {there}, and {' or '.join(spec.joined_columns)} behind it"
        binding.add_note("value-translated", message, None)
        tests = [test for one in patterns for test in _in_two_columns(binding, node, spec, one)]
    else:
        patterns = [with_unnamed_value(pattern, spec.unnamed) for pattern in patterns]
        each = [pattern_test(node, pattern) for pattern in patterns]
        part = spec.value_part
        tests = [
            bind_part(binding, one, spec, part) if part else bind_to_column(binding, one, spec)
            for one in each
        ]
    if patterns != [asked]:
        shown = " or ".join(pattern.name for pattern in patterns)
        binding.add_note(
            "value-translated", f'{name} "{asked.name}" is {shown} in the destination', node.span
        )
    return either_of(tests, node.span)


def _bind_last_step(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """A test of the last step of a path that is kept in two columns."""
    test, wider = in_whole(node, "name", SEPARATOR) or (None, False)
    if not isinstance(test, Equals | Like):
        return binding.unmapped(node, f"{node.field.name}, compared as text,")
    columns = f"{spec.column}, and {' or '.join(spec.joined_columns)} behind it"
    if wider:
        message = f"{node.field.name}: matched anywhere in {columns}"
        binding.add_note("approximated", message, None, Effect.WIDER)
    else:
        message = f"{node.field.name} is the last part of {columns}"
        binding.add_note("value-translated", message, None)
    path = replace(spec, value_part=None)
    return either_of(list(_in_two_columns(binding, test, path, asked_pattern(test))), node.span)


def _in_two_columns(
    binding: Binding, node: FieldTest, spec: FieldSpec, pattern: Pattern
) -> Iterator[Node]:
    """The tests of a column, and of the one that is joined to it, by a pattern of both."""
    whole = bind_to_column(binding, pattern_test(node, pattern), spec)
    present = _behind_separator(binding, Exists(node.field, node.span), spec)
    both = spec.alone
    for key, value in split_at_last_separator(pattern):
        if value.is_lone_star:
            behind = present
            both |= key == pattern
        elif not value.tokens:
            # The default value may be called so, or have no name.
            none: Node = Not(present, node.span)
            unnamed = _behind_separator(binding, pattern_test(node, Pattern.of(spec.unnamed)), spec)
            behind = any_of((unnamed, none), node.span) if spec.unnamed else none
        else:
            behind = _behind_separator(binding, pattern_test(node, value), spec)
        if key != pattern:
            yield And((bind_to_column(binding, pattern_test(node, key), spec), behind), node.span)
    if both or not pattern.suffix.endswith(SEPARATOR):
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
    if part == "count":
        from kqlx.mappings.argument_counts import bind_argument_count

        return bind_argument_count(binding, node, spec)
    if part == "run" and not isinstance(node, Exists):
        return _bind_first_run(binding, node, spec)
    whole = in_whole(node, part, spec.separators)
    if whole is None:
        return binding.unmapped(node, f"{name}, compared as text,")
    test, wider = whole
    if part == "word" and binding.negative and wider and isinstance(node, Equals | Like):
        argument = CommandLineArgument(node, '"' in spec.separators, node.span)
        if found := exact_argument(binding, argument, spec):
            return found
    pattern = asked_pattern(node) if part == "word" and isinstance(node, Equals | Like) else None
    if pattern and '"' in pattern.text and may_be_windows(binding):
        escaped = in_whole(pattern_test(node, with_escapes(pattern)), part, spec.separators)
        test = any_of((test, escaped[0]), node.span) if escaped else test
    if wider and binding.negative and (exact := _exact_part(binding, node, spec, part)):
        return exact
    if isinstance(test, Never):
        message = f"{name} is {spec.column} up to its {spec.separators}, and so contains none"
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
        if isinstance(item, CommandLineArgument):
            return bind_argument(binding, item, spec)
        return (
            bind_to_column(binding, item, spec)
            if isinstance(item, Equals | Like | Exists)
            else item
        )

    return transform(test, rename)


def _exact_part(binding: Binding, node: FieldTest, spec: FieldSpec, part: Part) -> Node | None:
    """The test of a part of a path as a regular expression of the path, which finds nothing else;
    None where there is none.
    """
    if isinstance(node, Compare) or part not in ("name", "extension", "directory"):
        return None
    from kqlx.mappings.path_parts import path_part
    from kqlx.mappings.xml_signs import can_be_in_xml

    decoded = isinstance(node, Equals | Like) and not can_be_in_xml(asked_pattern(node))
    if (found := column_for_regexp(binding, spec, node.field, decoded=decoded)) is None:
        return None
    column, in_xml = found
    test = path_part(replace(node, field=column), part, spec.separators, in_xml=in_xml)
    if test is None or any(
        isinstance(item, Regexp) and compiled(item.regexp).fullmatch(value)
        for item in walk(test)
        for value in binding.columns[column.name].null_values
    ):
        return None
    message = f"{node.field.name} is matched as a part of {spec.column}"
    binding.add_note("value-translated", message, None)
    return test


def _bind_first_run(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """A test of the first run of signs of a class, as grok finds it."""
    assert spec.column is not None and not isinstance(node, Exists)
    name, signs = node.field.name, f"[{spec.separators}]"
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{name}, compared as text,")
    message = f"{name} is the first run of {signs} in {spec.column}"
    pattern = asked_pattern(node)
    flags = re.IGNORECASE if node.case is Case.FOLDED else re.NOFLAG
    if not pattern.tokens or not re.fullmatch(f"{signs}*", pattern.text, flags):
        message += ", and so has no other characters"
        binding.add_note("constant-folded", message, node.span)
        return binding.constant(False, message, node.span)
    if "logsource" in binding.destination.place:
        # Sigma's patterns have no classes of signs.
        message += "; names that continue with other letters match too"
        binding.add_note("approximated", message, node.span, Effect.WIDER)
        longer = pattern_test(node, Pattern.of(*pattern.tokens, ANY_RUN))
        return bind_to_column(binding, longer, replace(spec, value_part=None))
    binding.add_note("value-translated", message, None)
    column = describe_column(binding, spec.column, "keyword", name)
    within = f"{column.name}{FIRST_RUN}"
    binding.columns[within] = replace(column, run=spec.separators)
    return replace(node, field=Literal(within, span=node.field.span))


def _takes_part(text: str, takes: str, value: str, flags: re.RegexFlag) -> bool:
    """Whether the value is of the pattern's form, so that the field is a part of it."""
    before, _, after = text.partition("{}")
    ends = map(Pattern.from_stars, (before, after))
    start, end = (pattern.as_regex(re.escape, any_run=".+") for pattern in ends)
    return re.fullmatch(f"{start}(?:{takes}){end}", value, flags) is not None


def _covers(pattern: Pattern, other: Pattern) -> bool:
    """Whether another pattern only asks for more behind the star in which this one ends."""
    start = pattern.tokens[:-1]
    begins_alike = other.tokens[: len(start)] == start and pattern.begins_open is other.begins_open
    return pattern.ends_open and pattern != other and begins_alike
