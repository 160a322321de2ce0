"""Alternatives for one column as one regular expression, behind a ``has_any`` where each of them
has a term: what looks for a term is answered by the index, and reads few rows
(https://learn.microsoft.com/kusto/query/best-practices?view=microsoft-sentinel).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from kqlx.backends.sentinel.boolean import all_text
from kqlx.backends.sentinel.column_access import REGEX, Cell
from kqlx.backends.sentinel.syntax import LITERAL, quote, regex, terms_within, unquoted
from kqlx.backends.text_backend import Group, Text
from kqlx.mappings.path_patterns import without_covered
from kqlx.patterns import ANY_RUN, Pattern, Shape, Token
from kqlx.regexes import late_regex

MOST_OPERATORS = 4
"""So many tests by ``startswith`` and its like stand one by one."""

MOST_COMPARED = 100
"""So many patterns are compared with each other: a longer list takes long."""

_TEST = late_regex(
    rf"(?P<column>.+) (?P<operator>has|contains_cs|matches regex) (?P<value>{LITERAL})", re.DOTALL
)
_BETWEEN_VALUES = late_regex('(","[A-Za-z]+":")')
_FLAGS = late_regex(r"\(\?[a-z]+\)")
_QUANTIFIER = late_regex(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")
_GROUP = late_regex(r"\(\?:(.*)\)", re.DOTALL)
_START = "^"
_SIMPLE = (Shape.PREFIX, Shape.SUFFIX, Shape.CONTAINS)


def better_joined(patterns: Sequence[Pattern]) -> list[int]:
    """The places of those of the patterns that are read more easily, and tested faster, as one
    expression.
    """
    shapes = [pattern.shape for pattern in patterns]
    simple = [place for place, shape in enumerate(shapes) if shape in _SIMPLE]
    others = [place for place, shape in enumerate(shapes) if shape is Shape.OTHER]
    if len(simple) > MOST_OPERATORS:
        return sorted([*simple, *others])
    return others if len(others) > 1 else []


def any_pattern(
    cell: Cell, patterns: Sequence[Pattern], *, folds: bool, known: Collection[str] = ()
) -> Text:
    """That the whole value of a string column fits one of the patterns. ``known`` are terms that
    other tests of the query ask for.
    """
    patterns = [*dict.fromkeys(pattern.collapsed() for pattern in patterns)]
    if len(patterns) < MOST_COMPARED:
        needed = {*without_covered(patterns)}
        patterns = [pattern for pattern in patterns if pattern in needed]
    each = [_pieces(pattern) for pattern in patterns]
    begun = [pieces for pieces in each if pieces[0] == _START]
    others = [pieces for pieces in each if pieces[0] != _START]
    body = "|".join(alternation(some) for some in (begun, others) if some)
    dots = any(pattern.shape is Shape.OTHER for pattern in patterns)
    flags = ("i" if folds else "") + ("s" if dots else "")
    expression = quote(f"(?{flags}){body}" if flags else body)
    test = Text(f"{cell.access} matches regex {expression}", rank=REGEX)
    found = any_term(cell, [terms_within(pattern) for pattern in patterns], folds, known)
    return all_text([found, test]) if found else test


def any_term(
    cell: Cell, terms: Sequence[Sequence[str]], folds: bool, known: Collection[str] = ()
) -> Text | None:
    """That the value has a term of one of the alternatives, by few that tell them apart; None where
    one has no term, or another test asks for it already.
    """
    if not all(terms):
        return None
    shared = [term for term in terms[0] if all(term in each for each in terms)]
    own = [[term for term in each if term not in shared] for each in terms]
    if not all(own):
        own = [shared]
    if not all(own):
        return None
    chosen = _few_of(own)
    if any(term in known for term in chosen.values()):
        return None
    if len(chosen) > 1:
        return Text(f"{cell.access} has_any ({', '.join(map(quote, chosen.values()))})", rank=REGEX)
    (term,) = chosen.values()
    cased = "" if folds or not all(term in each for each in terms) else "_cs"
    return Text(f"{cell.access} has{cased} {quote(term)}", rank=REGEX)


def _few_of(alternatives: Sequence[Sequence[str]]) -> dict[str, str]:
    """Terms of which each alternative has one, by their lower case: the only one that it has, one
    that another has, too, or its longest. ``/usr/bin/grep`` has that of ``grep``.
    """
    chosen: dict[str, str] = {}
    for each in sorted(alternatives, key=len):
        if chosen.keys().isdisjoint(map(str.lower, each)):
            longest = max(each, key=len)
            chosen[longest.lower()] = longest
    in_order = [term.lower() for each in alternatives for term in each]
    return {term: chosen[term] for term in dict.fromkeys(in_order) if term in chosen}


def joined_tests(texts: Sequence[Text]) -> Iterator[tuple[Text, list[int]]]:
    """Tests of values, those of one column in one where they look for words, or for regular
    expressions; each with the places of those that it is made of.
    """
    matches = [_of_column(text) for text in texts]
    alike: dict[object, list[int]] = {}
    for place, match in enumerate(matches):
        alike.setdefault((match["column"], match["operator"]) if match else place, []).append(place)
    for places in alike.values():
        first, match = texts[places[0]], matches[places[0]]
        if match is None or len(places) == 1:
            yield first, places
            continue
        values = dict.fromkeys(one["value"] for place in places if (one := matches[place]))
        rank = first.rank
        if match["operator"] == "has":
            test = f"has_any ({', '.join(values)})"
        elif match["operator"] == "contains_cs":
            if len(values) <= MOST_OPERATORS:
                yield from ((texts[place], [place]) for place in places)
                continue
            test, rank = f"matches regex {quote(any_part([*map(unquoted, values)]))}", REGEX
        elif expression := _either_expression(map(unquoted, values)):
            test = f"matches regex {quote(expression)}"
        else:
            yield from ((texts[place], [place]) for place in places)
            continue
        yield Text(f"{match['column']} {test}", rank=rank), places


def any_part(texts: Sequence[str]) -> str:
    """An expression for one of several parts of a text; of names in JSON each with the same values
    the names once, and the values once.
    """
    parted = [_BETWEEN_VALUES.split(text, maxsplit=1) for text in texts]
    if all(len(parts) == 3 for parts in parted) and len({parts[1] for parts in parted}) == 1:
        firsts = [*dict.fromkeys(parts[0] for parts in parted)]
        lasts = [*dict.fromkeys(parts[2] for parts in parted)]
        if len(firsts) > 1 and len(firsts) * len(lasts) == len({*texts}):
            first, last = (_grouped(alternation(map(_spelt, each))) for each in (firsts, lasts))
            return f"{first}{regex(parted[0][1])}{last}"
    return alternation(map(_spelt, texts))


def _spelt(text: str) -> list[str]:
    return [*map(regex, text)]


def _grouped(expression: str) -> str:
    return expression if expression_parts(expression) else f"(?:{expression})"


def _of_column(text: Text) -> re.Match[str] | None:
    return _TEST.fullmatch(text.text) if text.group is Group.ATOM else None


def _either_expression(expressions: Iterable[str]) -> str:
    """One for several expressions; "" where they cannot be put together."""
    each = [expression_parts(expression) for expression in expressions]
    if not all(each):
        return ""
    flags = {parts[0] if _FLAGS.fullmatch(parts[0]) else "" for parts in each}
    if len(flags) > 1:
        return ""
    (flag,) = flags
    return flag + alternation([parts[bool(flag) :] for parts in each])


def expression_parts(expression: str) -> list[str]:
    """What stands one behind the other in a regular expression, each with its quantifier; none of
    one with alternatives that are in no group.
    """
    parts: list[str] = []
    at = 0
    while at < len(expression):
        end = _end_of_part(expression, at)
        if expression[at] == "|":
            return []
        quantifier = _QUANTIFIER.match(expression, end)
        end = quantifier.end() if quantifier else end
        parts.append(expression[at:end])
        at = end
    return parts


def _end_of_part(expression: str, at: int) -> int:
    """Where a character, a class or a group ends that begins there."""
    sign = expression[at]
    if sign == "\\":
        return at + 2
    if sign == "[":
        at += 2  # what stands first is a sign of the class, even a bracket
        while expression[at] != "]":
            at += 2 if expression[at] == "\\" else 1
        return at + 1
    if sign != "(":
        return at + 1
    at += 1
    while expression[at] != ")":
        at = _end_of_part(expression, at)
    return at + 1


def alternation(alternatives: Iterable[Sequence[str]]) -> str:
    """The expression for one of several, each in pieces: what all begin and end with is said once,
    in whole words.
    """
    each = [*dict.fromkeys(map(tuple, alternatives))]
    if len(each) == 1:
        return "".join(each[0])
    most = min(map(len, each))
    start = _common(each, most)
    end = _common([one[::-1] for one in each], most - start)
    head, tail = each[0][:start], each[0][len(each[0]) - end :]
    middles = [_ungrouped(one[start : len(one) - end]) for one in each]
    found = "|".join(filter(None, middles))
    if head or tail:
        found = f"(?:{found})"
    return f"{''.join(head)}{found}{'' if all(middles) else '?'}{''.join(tail)}"


def _ungrouped(pieces: Sequence[str]) -> str:
    """An alternative, of a group alone what is in it."""
    match = _GROUP.fullmatch(pieces[0]) if len(pieces) == 1 else None
    return match[1] if match else "".join(pieces)


def _common(each: Sequence[Sequence[str]], most: int) -> int:
    """How many pieces at the beginning all have, up to one that parts words in all of them."""
    count = 0
    while count < most and len({one[count] for one in each}) == 1:
        count += 1
    while (
        count
        and _is_in_word(each[0][count - 1])
        and any(count < len(one) and _is_in_word(one[count]) for one in each)
    ):
        count -= 1
    return count


def _is_in_word(piece: str) -> bool:
    return len(piece) == 1 and piece.isalnum()


_sign = lru_cache(maxsize=1000)(regex)
"""A character as an expression."""


def _pieces(pattern: Pattern) -> list[str]:
    """A pattern as an expression for a value that stands alone, character by character."""
    tokens: tuple[Token, ...] = pattern.without_outer_stars().tokens
    found = [] if pattern.begins_open else [_START]
    for token in tokens:
        if isinstance(token, str):
            found += map(_sign, token)
        else:
            found.append(".*" if token is ANY_RUN else ".")
    return found if pattern.ends_open else [*found, "$"]
