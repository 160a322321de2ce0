"""Arguments of a command line, in the whole line that a destination keeps: the patterns that find
one of them.

In a bound tree a test of an argument is one leaf, ``nodes.CommandLineArgument``. A target that says
it in a form of its own gets it so (``Target.matches_arguments``), all others get its patterns.
Below a ``not`` it is a regular expression where that finds arguments alone; ``argument_tests`` says
where.
"""

from __future__ import annotations

from functools import cache, lru_cache

from kqlx.mappings.bound import Bound
from kqlx.mappings.repeated_tests import without_repeated_tests
from kqlx.nodes import (
    And,
    CommandLineArgument,
    Equals,
    Node,
    Not,
    Or,
    Regexp,
    any_of,
    asked_pattern,
    pattern_test,
    walk,
)
from kqlx.patterns import ANY_RUN, Pattern, Shape, Token
from kqlx.records import dataclass, replace
from kqlx.regular_expressions import (
    ANY_CHAR,
    ANY_TEXT,
    Char,
    CharClass,
    Choice,
    Item,
    Repeat,
    Sequence,
    choice,
    from_text,
    sequence,
)

_BLANKS = ((" ", " "), ("\t", "\t"))
MOST_RUNS = 1
"""So many stars of a pattern are looked for in an argument: more take more than linear time."""

_BACKSLASH = Char("\\")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_BEHIND_AMPERSAND = (*[text.removeprefix("&") for text in _ENTITIES.values()], "#")


@lru_cache(maxsize=2048)
def argument_forms(word: str) -> tuple[Pattern, ...]:
    """The patterns of command lines that have this argument: it alone, then first, between others,
    last, and in quotes unless it has some itself.
    """
    forms = (
        Pattern.of(word),
        Pattern.of(f"{word} ", ANY_RUN),
        Pattern.of(ANY_RUN, f" {word} ", ANY_RUN),
        Pattern.of(ANY_RUN, f" {word}"),
    )
    return forms if '"' in word else (*forms, Pattern.of(ANY_RUN, f'"{word}"', ANY_RUN))


@lru_cache(maxsize=2048)
def _forms_in_quoted_line(word: str) -> tuple[Pattern, ...]:
    """Those of its first and its last argument where the line as a whole is in quotes."""
    if '"' in word:
        return ()
    return Pattern.of(f'"{word} ', ANY_RUN), Pattern.of(ANY_RUN, f' {word}"')


def patterns_of(argument: CommandLineArgument) -> tuple[Pattern, ...]:
    """The patterns of command lines that have such an argument. One that begins or ends open may
    reach into what stands beside it.
    """
    test = argument.test
    if isinstance(test, Equals):
        word = test.value.name
        more = _forms_in_quoted_line(word) if argument.line_in_quotes else ()
        return (*argument_forms(word), *more)
    pattern, text = test.pattern, test.pattern.text
    tokens: list[tuple[Token, ...]]
    match pattern.shape:
        case Shape.PREFIX:
            tokens = [(text, ANY_RUN), (ANY_RUN, f" {text}", ANY_RUN)]
            tokens.append((ANY_RUN, f'"{text}', ANY_RUN))
        case Shape.SUFFIX:
            tokens = [(ANY_RUN, text), (ANY_RUN, f"{text} ", ANY_RUN)]
            tokens.append((ANY_RUN, f'{text}"', ANY_RUN))
        case Shape.CONTAINS | Shape.ANYTHING:
            return (pattern,)
        case _:
            return (pattern.within(),)
    return tuple(dict.fromkeys(Pattern.of(*each) for each in tokens))


def in_patterns(argument: CommandLineArgument) -> Node:
    """The test of the whole line: it fits one of the patterns."""
    test = argument.test
    patterns = patterns_of(argument)
    if isinstance(test, Equals):  # it alone is the line as it was asked for
        return any_of((test, *[pattern_test(test, one) for one in patterns[1:]]), test.span)
    return any_of([pattern_test(test, one) for one in patterns], test.span)


def as_regexp(argument: CommandLineArgument, *, in_xml: bool = False) -> Regexp | None:
    """The argument of a line that is parted as Windows does it: at blanks outside of quotation
    marks, of which an odd number of backslashes makes mere characters
    (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments). An argument that
    is in quotes in part is found by a pattern alone. None where it cannot be said: of a value with
    a quotation mark, and of one with so many stars that a search takes long.

    ``in_xml`` says that signs may be written as in XML.
    """
    test = argument.test
    found = _expression(asked_pattern(test), argument.line_in_quotes, in_xml)
    assert not isinstance(test.field, Pattern)
    return None if found is None else Regexp(test.field, found, test.span, case=test.case)


@lru_cache(maxsize=2048)
def _expression(pattern: Pattern, line_in_quotes: bool, in_xml: bool) -> Item | None:
    """The lines with such an argument: the same for each column of each target."""
    runs = sum(token is ANY_RUN for token in pattern.collapsed().tokens)
    if '"' in pattern.text or not pattern.tokens or runs > MOST_RUNS:
        return None
    line = _Line(in_xml)
    quoted, suffix = pattern, pattern.suffix
    if suffix.endswith("\\"):  # of which the mark behind it would be a character
        quoted = Pattern.of(*pattern.tokens, suffix[len(suffix.rstrip("\\")) :])
    forms = [sequence(line.quote, *line.items(quoted), line.quote)]
    if not any(blank in pattern.text for blank in " \t"):
        bare = sequence(*line.items(pattern, *_BLANKS))
        if pattern.ends_open:
            bare = sequence(bare, Repeat(_BACKSLASH, 0, 1))
        forms.insert(0, bare)
    after = Repeat(Sequence((CharClass(_BLANKS), ANY_TEXT)), 0, 1)
    found = Sequence((_before(in_xml), choice(*forms), after))
    if line_in_quotes and len(forms) > 1:
        return choice(found, line.whole_in_quotes(forms[0]))
    return found


@cache
def _text(in_xml: bool, signs: tuple[tuple[str, str], ...] = (), quoted: bool = False) -> Item:
    """Any number of characters but these and quotation marks, with ``quoted`` also texts in such
    marks: written so that a search never looks at one twice.
    """
    line = _Line(in_xml)
    plain, *others = line.characters(*signs)
    several = Repeat(plain, 0, None)
    if quoted:
        others.append(line.quoted())
    return Sequence((several, Repeat(Sequence((choice(*others), several)), 0, None)))


@cache
def _before(in_xml: bool) -> Item:
    """What stands before an argument: quotation marks in pairs, and a blank."""
    signs = (("&", "&"), ("\\", "\\"))
    sign = CharClass(signs) if in_xml else _BACKSLASH
    blank = Sequence((Repeat(sign, 0, 1), CharClass(_BLANKS)))
    return Repeat(Sequence((_text(in_xml, quoted=True), blank)), 0, 1)


@dataclass(frozen=True, slots=True)
class _Line:
    """The parts of a command line, signs as they are or as in XML, where ``&q`` begins a quotation
    mark and nothing else.
    """

    in_xml: bool

    @property
    def quote(self) -> Item:
        return self.sign('"')

    def sign(self, sign: str) -> Item:
        if not self.in_xml or sign not in _ENTITIES:
            return Char(sign)
        return choice(Char(sign), from_text(_ENTITIES[sign]))

    def characters(self, *signs: tuple[str, str]) -> list[Item]:
        """A character but these and quotation marks; last one that a backslash escapes, with it."""
        marks = (('"', '"'), ("\\", "\\"))
        behind = sequence(_BACKSLASH, CharClass(signs, negated=True) if signs else ANY_CHAR)
        if not self.in_xml:
            return [CharClass((*signs, *marks), negated=True), behind]
        plain = CharClass((*signs, *marks, ("&", "&")), negated=True)
        none_of_a_mark = CharClass((*signs, *marks, ("q", "q")), negated=True)
        return [plain, sequence(Char("&"), none_of_a_mark), behind]

    def quoted(self) -> Item:
        mark = self.quote
        if self.in_xml:  # an ampersand that is none of XML may stand before it
            mark = choice(Sequence((Repeat(Char("&"), 0, 1), Char('"'))), from_text("&quot;"))
        return Sequence((mark, _text(self.in_xml), mark))

    def whole_in_quotes(self, bare: Item) -> Item:
        """A line that stands in quotation marks, and has no others, with such an argument."""
        rest, blank = _text(self.in_xml), CharClass(_BLANKS)
        before, after = Sequence((rest, blank)), Sequence((blank, rest))
        items = (self.quote, Repeat(before, 0, 1), bare, Repeat(after, 0, 1), self.quote)
        return Sequence(items)

    def items(self, pattern: Pattern, *signs: tuple[str, str]) -> list[Item]:
        """The pattern, with what stands for its wildcards, none of which is one of the signs; of no
        sign it stands between quotation marks.
        """
        run = _text(self.in_xml, signs, quoted=bool(signs))
        one = choice(*self.characters(*signs))
        tokens = pattern.collapsed().tokens
        found: list[Item] = []
        for at, token in enumerate(tokens):
            if not isinstance(token, str):
                slashes = _slashes_at_end(tokens[at - 1]) if at else 0
                escaping = not signs and not pattern.suffix.strip("\\")
                is_run = token is ANY_RUN
                shown = self.behind(slashes, run, signs, escaping) if is_run and slashes else run
                found.append(shown if is_run else one)
                continue
            if at and tokens[at - 1] is ANY_RUN and (signs or token.strip("\\")):
                found.append(Repeat(_BACKSLASH, 0, 1))  # it escapes nothing before the text
            is_open = at + 1 < len(tokens) and tokens[at + 1] is ANY_RUN
            found += self.signs(token, is_open)
        return found

    def behind(
        self, slashes: int, run: Item, signs: tuple[tuple[str, str], ...], escaping: bool
    ) -> Item:
        """Any text behind so many backslashes: a quotation mark is one that ends or begins quoted
        text only if there are twice as many. ``escaping`` says that one follows.
        """
        plain = choice(*self.characters(*signs)[:-1])
        few, some = Repeat(_BACKSLASH, 0, slashes - 1), Sequence((plain, run))
        no_mark = Sequence((few, some if escaping else Repeat(some, 0, 1)))
        return choice(no_mark, Sequence((from_text("\\" * slashes), run)))

    def signs(self, text: str, is_open: bool) -> list[Item]:
        """The signs of a text. In XML an ampersand stands as it is only where no other sign begins
        with it.
        """
        return [
            from_text("&amp;")
            if self.in_xml and sign == "&" and _may_be_entity(text[at:], is_open)
            else self.sign(sign)
            for at, sign in enumerate(text, start=1)
        ]


def _may_be_entity(text: str, is_open: bool) -> bool:
    """Whether an ampersand and the text behind it, which may go on, can be another sign in XML."""
    return any(
        text.startswith(one) or (is_open and one.startswith(text)) for one in _BEHIND_AMPERSAND
    )


def _slashes_at_end(token: Token) -> int:
    return len(token) - len(token.rstrip("\\")) if isinstance(token, str) else 0


def joined_regexps(node: Node) -> Node:
    """The tree with the regular expressions of one field that are alternatives as one, where they
    differ in their middles alone.
    """
    if not any(isinstance(part, Regexp) for part in walk(node)):
        return node
    if isinstance(node, Not):
        item = joined_regexps(node.item)
        return node if item is node.item else replace(node, item=item)
    if not isinstance(node, And | Or):
        return node
    items = [joined_regexps(item) for item in node.items]
    if isinstance(node, Or):
        items = _joined(items)
    return any_of(items, node.span) if len(items) == 1 else replace(node, items=tuple(items))


def _joined(items: list[Node]) -> list[Node]:
    """The alternatives, those of one field and letter case as one expression, where the first of
    them stood.
    """
    places: dict[object, list[Regexp]] = {}
    found: list[Node | list[Regexp]] = []
    for item in items:
        in_xml = _in_xml(item)
        if not isinstance(item, Regexp) or in_xml is None:
            found.append(item)
            continue
        key = item.field.name, item.case, in_xml
        if key not in places:
            places[key] = []
            found.append(places[key])
        places[key].append(item)
    return [_as_one(each) if isinstance(each, list) else each for each in found]


def _as_one(each: list[Regexp]) -> Regexp:
    first = each[0]
    if len(each) == 1:
        return first
    parts = [item.regexp.items for item in each if isinstance(item.regexp, Sequence)]
    middles = [form for _, middle, _ in parts for form in _choices(middle)]
    both = Sequence((parts[0][0], choice(*dict.fromkeys(middles)), parts[0][2]))
    return replace(first, regexp=both, span=(first.span[0], max(item.span[1] for item in each)))


def _in_xml(node: Node) -> bool | None:
    """Of which lines it finds arguments; None where it is nothing but another test."""
    match node:
        case Regexp(regexp=Sequence((before, _, _))):
            known = [in_xml for in_xml in (False, True) if before is _before(in_xml)]
            return known[0] if known else None
    return None


def _choices(item: Item) -> tuple[Item, ...]:
    return item.items if isinstance(item, Choice) else (item,)


def with_patterns(bound: Bound) -> Bound:
    """The bound tree for a target that has no form of its own for arguments."""
    if not any(isinstance(part, CommandLineArgument) for part in walk(bound.node)):
        return bound
    return replace(bound, node=without_repeated_tests(_with_patterns(bound.node), bound.columns))


def _with_patterns(node: Node) -> Node:
    """The tree without arguments; the patterns of one that is an alternative are such too."""
    if isinstance(node, And | Or):
        items: list[Node] = []
        for item in node.items:
            made = _with_patterns(item)
            joins = (
                isinstance(node, Or)
                and isinstance(item, CommandLineArgument)
                and isinstance(made, Or)
            )
            items += made.items if joins and isinstance(made, Or) else [made]
        return replace(node, items=tuple(items))
    if isinstance(node, Not):
        return replace(node, item=_with_patterns(node.item))
    return in_patterns(node) if isinstance(node, CommandLineArgument) else node
