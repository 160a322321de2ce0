"""How a value of Elastic's may be written in a column: texts that stand for none, addresses of IPv4
in IPv6, numbers in hexadecimal, signs as in XML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from kqlx.elastic.matching import matches_value
from kqlx.elastic.type_names import INTEGERS
from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import AS_TEXT, DECODED, Column
from kqlx.nodes import (
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Node,
    Or,
    asked_pattern,
    case_of,
    pattern_test,
)
from kqlx.notes import Effect
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Shape, Token
from kqlx.records import replace
from kqlx.regexes import late_regex

CANONICAL_INTEGER = late_regex(r"0|-?[1-9][0-9]*")
_MOST_DIGITS = 40
"""More than any number of a column has; Python refuses to read thousands."""

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
"""Signs, and what stands for them in XML."""
_ESCAPED = ("&<>", '&<>"', "&<>\"'")
"""The signs that a writer of XML escapes in texts: those that must be, and quotation marks."""

MAPPED = "::ffff:"
"""Before an IPv4 address that is written as an IPv6 one."""


def of_values_alone(binding: Binding, test: FieldTest, column: Column) -> Node:
    """The test, of values alone: what stands there for none is no value in Elastic."""
    empty = isinstance(test, Equals) and not test.value.name
    if isinstance(test, Equals) and (empty or test.value.name in column.null_values):
        message = f'"{test.value.name}" means no value in {column.name}: Elastic drops it'
        binding.add_note("constant-folded", message, test.span)
        return binding.constant(False, message, test.span)
    return without_null_values(binding, test, in_all_spellings(binding, test, column), column)


def without_null_values(binding: Binding, test: FieldTest, spelt: Node, column: Column) -> Node:
    """The test, as it is ``spelt``, of values alone."""
    met = [value for value in column.null_values if _stands_in(value, test, column)]
    if not met:
        return spelt
    values = " and ".join(f'"{value}"' for value in met)
    message = f"{values} in {column.name} means no value: Elastic drops it"
    binding.add_note("value-translated", message, None)
    return none_of(binding, spelt, column, met, case_of(test))


def none_of(
    binding: Binding, spelt: Node, column: Column, texts: Iterable[str], case: Case = Case.EXACT
) -> Node:
    """The test, as it is ``spelt``, where the column does not hold one of these texts."""
    if "{}" in column.name and column.layout == "column":
        return spelt  # of a list other values may pass the test: Splunk looks at each
    from kqlx.mappings.event_kinds import excluding

    text = _as_text(binding, column)
    excluded = [Equals(text, Literal(value, True), spelt.span, case=case) for value in texts]
    return excluding(spelt, excluded, spelt.span)


def _as_text(binding: Binding, column: Column) -> Literal:
    """The name of a column for tests of its text, whatever its type is."""
    name = f"{column.name}{AS_TEXT}"
    binding.columns[name] = replace(column, type="keyword")
    return Literal(name)


def in_all_spellings(binding: Binding, test: FieldTest, column: Column) -> Node:
    """The test in all spellings of a value that the column may hold."""
    spec = binding.destination.column(column.name)
    if spec.characters and isinstance(test, Equals | Like):
        return _with_characters(binding, test, column, spec.characters)
    if spec.words and not isinstance(test, Exists):
        return _with_words(binding, test, column, spec.words)
    if spec.ipv4_mapped and isinstance(test, Equals):
        return _with_mapped_addresses(binding, test, column)
    of_number = binding.types.get(column.field, "keyword") in INTEGERS
    if spec.hex and of_number and not isinstance(test, Exists):
        return _in_hexadecimal(binding, test, column)
    if spec.dwords and isinstance(test, Equals):
        return _as_dword(binding, test)
    if spec.layout == "words" and not isinstance(test, Exists):
        found = _among_words(binding, test, column)
        if isinstance(found, Like) and binding.destination.escaped:
            return _with_entities(binding, found, column)
        return found
    if spec.layout == "xml" and isinstance(test, Equals | Like) and _has_entities(test):
        name = f"{column.name}{DECODED}"
        binding.columns[name] = replace(column, escaped=True)
        return replace(test, field=Literal(name))
    if binding.destination.escaped and isinstance(test, Equals | Like):
        if isinstance(test, Equals) and ENTITIES.keys().isdisjoint(test.value.name):
            return test
        return _with_entities(binding, test, column)
    return test


def _with_characters(
    binding: Binding, test: Equals | Like, column: Column, signs: Mapping[str, str]
) -> Node:
    """The test with the signs that stand there for some of Elastic's."""
    said = test.value.name if isinstance(test, Equals) else test.pattern.name
    if there := next((sign for sign in signs.values() if sign in said), None):
        message = f'{column.field} has no "{there}" in Elastic, which uses another character'
        binding.add_note("constant-folded", message, test.span)
        return binding.constant(False, message, test.span)
    table = str.maketrans(dict(signs))
    for sign, there in signs.items():
        if sign in said:
            message = f'"{sign}" of {column.field} is "{there}" in {column.name}'
            binding.add_note("value-translated", message, None)
    if isinstance(test, Equals):
        return replace(test, value=replace(test.value, value=said.translate(table)))
    return replace(test, pattern=test.pattern.map_literals(lambda text: text.translate(table)))


def _with_words(
    binding: Binding, test: FieldTest, column: Column, named: Mapping[str, str]
) -> Node:
    """The test, also of the words that stand there for a value that meets it, and not of those
    that meet it themselves.
    """
    text, found, not_found = _as_text(binding, column), [], []
    for word, value in named.items():
        spelt = Equals(text, Literal(word, True), test.span)
        if _meets(test, value, column.type):
            message = f"{value} may be written as {word} in {column.name}"
            binding.add_note("value-translated", message, test.span)
            found.append(spelt)
        elif column.type != "ip" and matches_value(test, word):
            not_found.append(spelt)
    from kqlx.mappings.event_kinds import either_of, excluding

    return either_of([excluding(test, not_found, test.span), *found], test.span)


def _among_words(binding: Binding, test: FieldTest, column: Column) -> Node:
    """The test of a value that is one of several words in a text."""
    if isinstance(test, Equals) and test.value.name:
        return pattern_test(test, asked_pattern(test).within())
    if not isinstance(test, Like):
        return test
    if test.pattern.shape not in (Shape.CONTAINS, Shape.ANYTHING):
        message = (
            f"{column.name} holds several values in one text: the pattern may begin and end"
            " within one of them"
        )
        binding.add_note("approximated", message, test.span, Effect.WIDER)
    text = _as_text(binding, column)  # no whole word is looked for
    binding.columns[text.name] = replace(column, type="keyword", layout="column")
    return replace(test, field=text, pattern=test.pattern.within())


def _with_mapped_addresses(binding: Binding, test: Equals, column: Column) -> Node:
    """IPv4 addresses, also those that are written as IPv6 ones."""
    address, slash, length = test.value.name.partition("/")
    if ":" in address:
        return test
    named = replace(test, field=_as_text(binding, column))
    spellings = _mapped(address, length) if slash else [Pattern.of(MAPPED + address)]
    return Or((test, *(pattern_test(named, pattern) for pattern in spellings)), test.span)


def _in_hexadecimal(binding: Binding, test: FieldTest, column: Column) -> Node:
    """A number where the column has it in hexadecimal."""
    text = test.value.name if isinstance(test, Equals) else ""
    if (
        not isinstance(test, Equals)
        or not CANONICAL_INTEGER.fullmatch(text)
        or text.startswith("-")
        or len(text) > _MOST_DIGITS
    ):
        return binding.unmapped(test, f"{column.field}, compared as a number,")
    written = hex(int(text))
    binding.add_note(
        "value-translated", f"{column.field} {text} is {written} in the destination", test.span
    )
    return replace(test, value=Literal(written, True))


def _as_dword(binding: Binding, test: Equals) -> Node:
    """A whole number as Sysmon writes the registry's (https://learn.microsoft.com/sysinternals/downloads/sysmon)."""
    text = test.value.name
    if not CANONICAL_INTEGER.fullmatch(text) or len(text) > _MOST_DIGITS:
        return test
    number = int(text)
    if not 0 <= number < 2**32:
        return test
    each = (f"DWORD (0x{number:08x})", f"QWORD (0x00000000-0x{number:08x})")
    message = f"{text} is {each[0]} in the destination"
    binding.add_note("value-translated", message, test.span)
    written = [replace(test, value=Literal(one, True)) for one in each]
    return Or((test, *written), test.span)


def _with_entities(binding: Binding, test: Equals | Like, column: Column) -> Node:
    """A text whose signs may be written as in XML, or as they are."""
    asked = asked_pattern(test)
    inner = [token for token in asked.tokens[1:-1] if isinstance(token, str)]
    if any(map(may_be_in_entity, inner)):
        message = (
            f"{column.name} may contain XML escapes, such as &amp;, in the part that is searched"
        )
        binding.add_note("approximated", message, test.span, Effect.WIDER)
    drive, rest = _without_drive(asked)
    if rest.has_any_one:
        how = "is searched for as *" if not binding.negative else "is one character"
        message = f"{column.name}: ? {how}; one may be written as in XML, such as &amp;"
        effect = Effect.NARROWER if binding.negative else Effect.WIDER
        binding.add_note("approximated", message, test.span, effect)
        if not binding.negative:
            asked = Pattern.of(*drive, *rest.widened_to_stars().tokens, span=asked.span)
    if ENTITIES.keys().isdisjoint(asked.text):
        return pattern_test(test, asked) if isinstance(test, Like) else test
    each = [asked.map_literals(partial(_escape, signs=signs)) for signs in ("", *_ESCAPED)]
    spellings = list(dict.fromkeys(each))
    message = f"{column.name} may contain XML escapes, such as &amp;"
    binding.add_note("value-translated", message, test.span)
    return Or(tuple(pattern_test(test, pattern) for pattern in spellings), test.span)


def _escape(text: str, signs: str) -> str:
    return "".join(ENTITIES[sign] if sign in signs else sign for sign in text)


def _without_drive(pattern: Pattern) -> tuple[tuple[Token, ...], Pattern]:
    """The letter of a drive, ``?:\\…``, which XML writes as it is, and the rest."""
    tokens = pattern.tokens
    behind = tokens[1] if tokens[:1] == (ANY_ONE,) and len(tokens) > 1 else None
    if isinstance(behind, str) and behind.startswith(":\\"):
        return tokens[:1], Pattern.of(*tokens[1:])
    return (), pattern


def _has_entities(test: Equals | Like) -> bool:
    """Whether a test is met by other texts where signs stand as in XML."""
    asked = asked_pattern(test)
    if _without_drive(asked)[1].has_any_one or any(sign in asked.text for sign in ENTITIES):
        return True
    return isinstance(test, Like) and any(map(may_be_in_entity, asked.literals))


def may_be_in_entity(part: str) -> bool:
    """Whether a part of a text may be found in what stands for a sign."""
    return bool(part) and any(part.lower() in entity for entity in ENTITIES.values())


def _meets(test: FieldTest, value: str, type: str) -> bool:
    """Whether a value of the type meets a test."""
    if type != "ip":
        return matches_value(test, value)
    from kqlx.elastic.addresses import Ip

    if isinstance(test, Equals):
        meets = Ip().any_of([test.value])
    else:
        meets = Ip().compare(test.op, test.value) if isinstance(test, Compare) else None
    return meets is not None and meets(value)


def _stands_in(value: str, test: FieldTest, column: Column) -> bool:
    """Whether a text that stands for no value meets a test of a column."""
    if isinstance(test, Equals):
        return False
    if isinstance(test, Compare) and column.type in INTEGERS:
        return test.op in ("lt", "lte")  # as texts are compared, signs come before digits
    return matches_value(test, value)


def _is_octet(text: str) -> bool:
    return text.isdecimal() and len(text) < 4


def _mapped(address: str, length: str) -> list[Pattern]:
    """The beginnings of the IPv4-mapped addresses of a network."""
    octets, bits = address.split("."), int(length) if length.isdecimal() and len(length) < 3 else -1
    if len(octets) != 4 or not all(map(_is_octet, octets)) or not 0 < bits <= 32:
        return []
    whole, rest = divmod(bits, 8)
    steps = [str(int(octet)) for octet in octets[:whole]]
    if not rest:
        ends = [[]]  # type: list[list[str]]
    else:
        size = 1 << (8 - rest)
        first = int(octets[whole]) // size * size
        ends = [[str(number)] for number in range(first, first + size)]
    found: list[Pattern] = []
    for end in ends:
        text = MAPPED + ".".join([*steps, *end])
        full = len(steps) + len(end) == 4
        found.append(Pattern.of(text) if full else Pattern.of(f"{text}.", ANY_RUN))
    return found
