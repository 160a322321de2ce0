"""Arguments of a command line as regular expressions of the whole line."""

from __future__ import annotations

from functools import cache, lru_cache

from kqlx.mappings.command_line_arguments import with_escapes
from kqlx.mappings.value_spellings import ENTITIES
from kqlx.mappings.xml_signs import sign_of, signs_of
from kqlx.nodes import CommandLineArgument, Regexp, asked_pattern
from kqlx.patterns import ANY_RUN, Pattern, Token
from kqlx.records import dataclass, replace
from kqlx.regular_expressions import (
    ANY_CHAR,
    ANY_TEXT,
    Char,
    CharClass,
    Item,
    Repeat,
    Sequence,
    choice,
    from_text,
    sequence,
)

_BLANKS = ((" ", " "), ("\t", "\t"))
MOST_RUNS = 1
"""So many stars of a pattern, beside one at its end, are looked for in an argument: more take more
than linear time.
"""

_BACKSLASH = Char("\\")

_TAKE_TEXT = (
    "awk",
    "echo",
    "git",
    "logger",
    "mail",
    "mailx",
    "notify-send",
    "parallel",
    "printf",
    "screen",
    "ssh",
    "tmux",
    "wall",
    "watch",
)
_OF_PROGRAM = sequence(
    Repeat(Sequence((Repeat(CharClass(((" ", " "),), negated=True), 0, None), Char("/"))), 0, 1),
    choice(*map(from_text, _TAKE_TEXT)),
    Char(" "),
    ANY_TEXT,
)
_OF_OPTION = sequence(
    from_text(" -"),
    Repeat(CharClass((("A", "Z"), ("a", "z"))), 0, None),
    CharClass((("c", "c"), ("e", "e"))),
    Char(" "),
)
_OF_LONG_OPTION = sequence(
    from_text(" --"), choice(*map(from_text, ("command", "eval", "execute")))
)
HANDS_CODE = choice(
    _OF_PROGRAM, Sequence((ANY_TEXT, choice(_OF_OPTION, _OF_LONG_OPTION), ANY_TEXT))
)
"""Lines with an argument that is commands, code or words by itself: behind an option, as in ``sh
-c``, ``bash -lc``, ``perl -e``, or of a program that takes such.
"""


def as_regexp(argument: CommandLineArgument, *, in_xml: bool = False) -> Regexp | None:
    """The argument of a line that is parted as Windows does it: at blanks outside of quotation
    marks, of which an odd number of backslashes makes mere characters
    (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments). An argument that
    is in quotes in part is found by a pattern alone. None where it cannot be said: of a value with
    a quotation mark behind a wildcard, and of one with so many stars that a search takes long.

    ``in_xml`` says that signs may be written as in XML.
    """
    test = argument.test
    found = _expression(asked_pattern(test), argument.line_in_quotes, in_xml)
    assert not isinstance(test.field, Pattern)
    return None if found is None else Regexp(test.field, found, test.span, case=test.case)


def word(pattern: Pattern, *, in_xml: bool = False) -> Item:
    """Lines with a word of this pattern, between blanks or quotation marks, which its wildcards do
    not reach over; one that ends open may go on with anything.
    """
    bounds: Item = CharClass((*_BLANKS, ('"', '"')))
    if in_xml:
        bounds = choice(bounds, from_text(ENTITIES['"']))
    before = Repeat(Sequence((ANY_TEXT, bounds)), 0, 1)
    after = ANY_TEXT if pattern.ends_open else Repeat(Sequence((bounds, ANY_TEXT)), 0, 1)
    return sequence(before, *_in_word(pattern, in_xml), after)


def at_beginning(pattern: Pattern, *, in_xml: bool = False) -> Item:
    """Lines that begin with this argument, or with some word, options and this argument: of any
    that stands further behind it cannot be told whether it begins an argument, and only at the end
    of the line whether the one in question ends.
    """
    blank, text = CharClass(_BLANKS), Repeat(CharClass(_BLANKS, negated=True), 0, None)
    options = Repeat(Sequence((Char("-"), text, blank)), 0, None)
    before = sequence(text, blank, options)
    if pattern.ends_open:
        return sequence(Repeat(before, 0, 1), *_in_word(pattern, in_xml), ANY_TEXT)
    one = _in_word(pattern, in_xml)
    behind = Repeat(Sequence((blank, ANY_TEXT)), 0, 1)
    return choice(sequence(*one, behind), sequence(before, *one))


def _in_word(pattern: Pattern, in_xml: bool) -> list[Item]:
    """The pattern but for a star at its end, with wildcards for what stands in one word."""
    one, run = _one_in_word(in_xml)
    tokens = pattern.collapsed().tokens
    found: list[Item] = []
    for at, token in enumerate(tokens[:-1] if pattern.ends_open else tokens):
        if isinstance(token, str):
            found += signs_of(token, in_xml=in_xml, is_open=at + 1 < len(tokens))
        else:
            found.append(run if token is ANY_RUN else one)
    return found


@cache
def _one_in_word(in_xml: bool) -> tuple[Item, Item]:
    """Any character in a word, and any number of them. In XML an ampersand before anything but what
    makes it a quotation mark is one of several.
    """
    signs = (*_BLANKS, ('"', '"'))
    one = CharClass(signs, negated=True)
    if not in_xml:
        return one, Repeat(one, 0, None)
    plain = CharClass((*signs, ("&", "&")), negated=True)
    entities = [from_text(entity) for sign, entity in ENTITIES.items() if sign != '"']
    some, behind = Repeat(plain, 0, None), CharClass((*signs, ("&", "&"), ("q", "q")), negated=True)
    run = Sequence((some, Repeat(Sequence((Char("&"), behind, some)), 0, None)))
    return choice(*entities, plain), run


@lru_cache(maxsize=256)
def count(least: int, most: int | None, *, in_xml: bool = False) -> Item:
    """Lines of so many arguments, parted as ``as_regexp`` does it; quotation marks that nothing
    closes go on to the end. ``most`` None: as many as there are.
    """
    line = _Line(in_xml)
    blank = CharClass(_BLANKS)
    start, blanks = Repeat(blank, 0, None), Repeat(blank, 1, None)
    one = line.argument()
    before = Repeat(Sequence((one, blanks)), least - 1, None if most is None else most - 1)
    if most is None:  # what follows the blanks begins another
        before = replace(before, most=least - 1)
        return sequence(start, before, CharClass(_BLANKS, negated=True), ANY_TEXT)
    last = choice(Sequence((one, Repeat(blank, 0, None))), line.open_argument())
    return sequence(start, before, last)


def count_of_words(least: int, most: int | None) -> Item:
    """Lines of so many words, with a blank between each."""
    blank, text = CharClass(_BLANKS), Repeat(CharClass(_BLANKS, negated=True), 0, None)
    if most is None:
        return sequence(Repeat(Sequence((text, blank)), least - 1, least - 1), ANY_TEXT)
    return sequence(text, Repeat(Sequence((blank, text)), least - 1, most - 1))


def in_steps(pattern: Pattern) -> frozenset[int]:
    """Of a pattern with more stars than are looked for, the places of those before the last that
    stand alone between backslashes: each is taken for one step of a path.
    """
    tokens = pattern.tokens
    runs = [at for at, token in enumerate(tokens[:-1]) if token is ANY_RUN]
    if len(runs) <= MOST_RUNS:
        return frozenset()
    return frozenset(
        at
        for at in runs[:-1]
        if at
        and isinstance(before := tokens[at - 1], str)
        and isinstance(behind := tokens[at + 1], str)
        and before.endswith("\\")
        and behind.startswith("\\")
    )


def escaped(pattern: Pattern) -> Pattern | None:
    """The pattern with escapes. None where a wildcard before a quotation mark might stand for more
    backslashes.
    """
    if not pattern.tokens:
        return pattern
    behind_wildcards = pattern.tokens[isinstance(pattern.tokens[0], str) :]
    if any(isinstance(t, str) and t.lstrip("\\").startswith('"') for t in behind_wildcards):
        return None
    return with_escapes(pattern)


@lru_cache(maxsize=2048)
def _expression(pattern: Pattern, line_in_quotes: bool, in_xml: bool) -> Item | None:
    """The lines with such an argument: the same for each column of each target."""
    if (with_marks := escaped(pattern.collapsed())) is None or not pattern.tokens:
        return None
    pattern = with_marks
    runs = sum(token is ANY_RUN for token in pattern.tokens[:-1])
    if runs - len(in_steps(pattern)) > MOST_RUNS:
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
    blank = Sequence((Repeat(_Line(in_xml).last_sign, 0, 1), CharClass(_BLANKS)))
    return Repeat(Sequence((_text(in_xml, quoted=True), blank)), 0, 1)


@dataclass(frozen=True, slots=True)
class _Line:
    """The parts of a command line, signs as they are or as in XML, where ``&q`` begins a quotation
    mark and nothing else.
    """

    in_xml: bool

    @property
    def quote(self) -> Item:
        return sign_of('"', in_xml=self.in_xml)

    @property
    def last_sign(self) -> Item:
        """Before a blank, what elsewhere would be taken together with the next character."""
        return CharClass((("&", "&"), ("\\", "\\"))) if self.in_xml else _BACKSLASH

    def argument(self) -> Item:
        """Any argument, in quotation marks or not."""
        first = choice(*self.characters(*_BLANKS), self.quoted())
        text = _text(self.in_xml, _BLANKS, quoted=True)
        return choice(Sequence((first, text, Repeat(self.last_sign, 0, 1))), self.last_sign)

    def open_argument(self) -> Item:
        """The last one, whose quotation marks nothing closes."""
        before = _text(self.in_xml, _BLANKS, quoted=True)
        return Sequence((before, self.quote, _text(self.in_xml), Repeat(self.last_sign, 0, 1)))

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
        tokens, steps = pattern.collapsed().tokens, in_steps(pattern.collapsed())
        found: list[Item] = []
        for at, token in enumerate(tokens):
            if at in steps:
                found.append(Repeat(self.one(signs, ()), 0, None))
                continue
            if not isinstance(token, str):
                slashes = _slashes_at_end(tokens[at - 1]) if at else 0
                escaping = not signs and not pattern.suffix.strip("\\")
                is_run = token is ANY_RUN
                shown = self.behind(slashes, run, signs, escaping) if is_run and slashes else run
                if not is_run and at and tokens[at - 1] is ANY_RUN and at - 1 not in steps:
                    found.append(Repeat(_BACKSLASH, 0, 1))
                found.append(shown if is_run else self.one(signs, tokens[at + 1 : at + 2]))
                continue
            is_behind_run = at and tokens[at - 1] is ANY_RUN and at - 1 not in steps
            if is_behind_run and (signs or token.strip("\\")):
                found.append(Repeat(_BACKSLASH, 0, 1))  # it escapes nothing before the text
            is_open = at + 1 < len(tokens) and tokens[at + 1] is ANY_RUN
            found += signs_of(token, in_xml=self.in_xml, is_open=is_open)
        return found

    def one(self, signs: tuple[tuple[str, str], ...], behind: tuple[Token, ...]) -> Item:
        """A character; a backslash only where text stands behind it, which it cannot escape."""
        escaping = () if any(isinstance(token, str) for token in behind) else (("\\", "\\"),)
        in_xml = (("&", "&"),) if self.in_xml else ()
        return CharClass((*signs, ('"', '"'), *escaping, *in_xml), negated=True)

    def behind(
        self, slashes: int, run: Item, signs: tuple[tuple[str, str], ...], escaping: bool
    ) -> Item:
        """Any text behind so many backslashes: a quotation mark is one that ends or begins quoted
        text only if there are twice as many. ``escaping`` says that one follows.
        """
        plain = choice(*self.characters(*signs)[:-1])
        few = [Repeat(_BACKSLASH, 0, slashes - 1)] if slashes > 1 else []
        some = Sequence((plain, run))
        no_mark = sequence(*few, some if escaping else Repeat(some, 0, 1))
        return choice(no_mark, Sequence((from_text("\\" * slashes), run)))


def _slashes_at_end(token: Token) -> int:
    return len(token) - len(token.rstrip("\\")) if isinstance(token, str) else 0
