"""Tests of the number of a process' arguments, said of its command line: exactly where quotation
marks tell the arguments apart, elsewhere by the blanks between them.
"""

from __future__ import annotations

from kqlx.mappings.argument_tests import is_windows, names_programs, runs_no_others
from kqlx.mappings.binding import Binding
from kqlx.mappings.column_tests import bind_to_column, column_for_regexp
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.value_spellings import CANONICAL_INTEGER
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Node, Regexp
from kqlx.notes import Effect

_MOST = 50
"""So many arguments are counted: an expression grows with them in some engines."""


def bind_argument_count(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """The test of the whole command line; without a counterpart where that does not tell.

    Outside of Windows the line is the arguments with a blank between each: it has as many words as
    arguments, or more.
    """
    name = node.field.name
    if isinstance(node, Exists):
        return bind_to_column(binding, node, spec, "keyword")
    bounds = _bounds(node)
    place = column_for_regexp(binding, spec, node.field)
    if bounds is None or place is None:
        return binding.unmapped(node, f"{name}, compared in this way,")
    from kqlx.mappings.argument_regexps import count, count_of_words

    (least, most), (column, in_xml) = bounds, place
    if is_windows(binding):
        message = f"{name} is counted in {spec.column}, which is parted as Windows does it"
        binding.add_note("value-translated", message, None)
        return Regexp(column, count(least, most, in_xml=in_xml), node.span)
    message = f"{name} is counted in {spec.column}; an argument with blanks counts as several"
    if runs_no_others(binding, name) or (most == 1 and names_programs(binding, name)):
        binding.add_note("argument-of-line", message, None)
    elif least > 1 and not binding.negative:
        binding.add_note("approximated", message, None, Effect.WIDER)
        most = None
    else:
        why = "there an argument with blanks counts as several"
        return binding.unmapped(node, f"{name}, compared in this way,", why)
    return Regexp(column, count_of_words(least, most), node.span)


def _bounds(node: FieldTest) -> tuple[int, int | None] | None:
    """The least and the most arguments that the test asks for; None where it asks for no such
    range, or for one without arguments.
    """
    if not isinstance(node, Equals | Compare) or not CANONICAL_INTEGER.fullmatch(node.value.name):
        return None
    number = int(node.value.name)
    least, most = number, number if isinstance(node, Equals) else None
    if isinstance(node, Compare):
        match node.op:
            case "gt":
                least = number + 1
            case "lt":
                least, most = 1, number - 1
            case "lte":
                least, most = 1, number
    return (least, most) if 1 <= least <= (_MOST if most is None else most) <= _MOST else None
