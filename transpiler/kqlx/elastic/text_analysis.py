"""Text → words, as Elasticsearch's standard analyzer makes them.

The analyzer splits at the word boundaries of Unicode (https://www.unicode.org/reports/tr29/) and
lower-cases
(https://www.elastic.co/docs/reference/text-analysis/analysis-standard-analyzer). What is done here:

- a word is a run of letters, digits and underscores with their combining marks, if it has at least
  one letter or digit; so ``foo_bar2`` is one word and ``___`` none;
- ``.``, ``'`` and their typographic forms stay inside a word between two letters or two digits,
  ``:`` and the middle dots between two letters, ``,`` and ``;`` between two digits:
  ``powershell.exe``, ``1,024.5`` and ``host:port`` are single words, ``cmd.1`` two;
- each Han or Hiragana character is a word, a run of Katakana is one;
- each emoji, with its modifiers, is a word, and so is a keycap;
- a quotation mark between two Hebrew letters belongs to the word;
- a word of more than 255 characters is cut into words of 255.

Left out: the dictionaries that Unicode allows for Thai and its kin (a run of them is one word, as
in Elasticsearch), and many of the marks that belong to the letter before them in scripts of Asia.
"""

from __future__ import annotations

import re
from functools import cache

from kqlx.nodes import Equals, Like
from kqlx.patterns import ANY_RUN, Pattern
from kqlx.regexes import late_regex

MAX_WORD = 255
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

_HAN = (
    "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b150-\U0001b152\U00020000-\U0003ffff"
)
_HIRAGANA = "\u3041-\u309f\U0001b001-\U0001b11f\U0001f200"
_KATAKANA = (
    "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357\uff66-\uff9d\U0001b000"
)
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u2388"
    "\u23cf\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605"
    "\u2607-\u2612\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714\u2716\u271d\u2721\u2728\u2733"
    "\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1\u27b0"
    "\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f0f5\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f171\U0001f17e"
    "\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f1ad\U0001f201\U0001f202\U0001f21a"
    "\U0001f22f\U0001f232-\U0001f23a\U0001f250-\U0001f3fa\U0001f400-\U0001f53d"
    "\U0001f546-\U0001f64f\U0001f680-\U0001f6fc\U0001f7d5-\U0001f7f0\U0001f8b0\U0001f8b1"
    "\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001fbf9"
)
"""Words of their own; measured on Elasticsearch 8.19."""
_OTHER_NUMBERS = (
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u09f4-\u09f9\u0b72-\u0b77\u0bf0-\u0bf2\u0c78-\u0c7e"
    "\u0d58-\u0d5e\u0d70-\u0d78\u0f2a-\u0f33\u1369-\u137c\u17f0-\u17f9\u2070\u2074-\u2079"
    "\u2080-\u2089\u2150-\u215f\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u2cfd\u3192-\u3195"
    "\u3220-\u3229\u3248-\u324f\u3251-\u325f\u3280-\u3289\u32b1-\u32bf\ua830-\ua835"
    "\U00010107-\U00010133\U00010175-\U00010178\U0001018a\U0001018b\U000102e1-\U000102fb"
    "\U00010320-\U00010323\U00010858-\U0001085f\U00010879-\U0001087f\U000108a7-\U000108af"
    "\U000108fb-\U000108ff\U00010916-\U0001091b\U000109bc\U000109bd\U000109c0-\U000109ff"
    "\U00010a40-\U00010a48\U00010a7d\U00010a7e\U00010a9d-\U00010a9f\U00010aeb-\U00010aef"
    "\U00010b58-\U00010b5f\U00010b78-\U00010b7f\U00010ba9-\U00010baf\U00010cfa-\U00010cff"
    "\U00010e60-\U00010e7e\U00010f1d-\U00010f26\U00010f51-\U00010f54\U00010fc5-\U00010fcb"
    "\U00011052-\U00011065\U000111e1-\U000111f4\U000118ea-\U000118f2\U00011c5a-\U00011c6c"
    "\U00011fc0-\U00011fd4\U00016b5b-\U00016b61\U00016e80-\U00016e96\U0001d2e0-\U0001d2f3"
    "\U0001d360-\U0001d378\U0001e8c7-\U0001e8cf\U0001ec71-\U0001ecab\U0001ecad-\U0001ecaf"
    "\U0001ecb1-\U0001ed2d\U0001ed2f-\U0001ed3d\U0001f100-\U0001f10c"
)
"""Signs such as ① and ½, which are no letters to Unicode's rules, but to Python."""
_OTHER_LETTERS = (
    "\u02c2-\u02c5\u02d2-\u02d7\u02de\u02df\u02ed\u02ef-\u02ff\u055b\u055c\u055e\u05f3"
    "\u24b6-\u24c1\u24c3-\u24e9\ua720\ua721\ua789\ua78a\uab5b\U0001f130-\U0001f149"
    "\U0001f150-\U0001f169\U0001f172-\U0001f17d\U0001f180-\U0001f189"
)
"""The other way round, such as Ⓑ."""
_MODIFIER = "[\ufe0f\U0001f3fb-\U0001f3ff]"
_MARK = "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\
\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\u3099\u309a\
\ufe00-\ufe0f\ufe20-\ufe2f\xad]"
_BOTH = ".'\u2018\u2019\u2024\ufe52\uff07\uff0e"
_NO_LETTER = f"{_HAN}{_HIRAGANA}{_KATAKANA}{_EMOJI}{_OTHER_NUMBERS}"
_LETTER = rf"(?:(?:(?![{_NO_LETTER}])[^\W\d_]|[{_OTHER_LETTERS}]){_MARK}*)"
_GERSHAYIM = r"(?<=[\u05d0-\u05ea])\"(?=[\u05d0-\u05ea])"
_DIGIT = rf"(?:\d{_MARK}*)"
_IN_LETTERS = rf"[:\xb7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a{_BOTH}]"
_IN_DIGITS = rf"[,;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\uff0c\uff1b{_BOTH}]"
_AFTER_LETTER = rf"(?:{_IN_LETTERS}(?={_LETTER})|{_GERSHAYIM})"
_SIGN = rf"(?:{_LETTER}{_AFTER_LETTER}?|{_DIGIT}(?:{_IN_DIGITS}(?={_DIGIT}))?)"
_PLAIN_JOIN = r"(?:(?<=[A-Za-z])[:.'](?=[A-Za-z])|(?<=[0-9])[,;.'](?=[0-9]))"
_PLAIN_WORD = late_regex(  # the same for ASCII, quicker
    rf"(?<!_)_*[A-Za-z0-9][A-Za-z0-9_]*(?:{_PLAIN_JOIN}[A-Za-z0-9_]*)*"
)
_WHITE_SPACE = late_regex("[ \t\r\n\u3000]+")  # what Lucene's query parser splits at

PARTING_SIGNS = ' \t\n\r"()[]{}<>|=!?#%&*+/\\^~@$-'
"""Characters that part words in any surrounding (https://www.unicode.org/reports/tr29/)."""

PARTS_WORDS = r"[\s\"()\[\]{}<>|=!?#%&*+/\\^~@$-]"
"""A regular expression for characters that part words in any surrounding
(https://www.unicode.org/reports/tr29/).
"""
_PARTS_WORDS = late_regex(PARTS_WORDS)


@cache
def _word() -> re.Pattern[str]:
    return re.compile(
        rf"(?<!_)_*{_SIGN}(?:{_SIGN}|_)*"
        rf"|[{_HAN}{_HIRAGANA}]{_MARK}*"
        rf"|(?:[{_KATAKANA}]{_MARK}*)+"
        "|[\U0001f1e6-\U0001f1ff]{2}"
        r"|[#*]\ufe0f?\u20e3"
        rf"|[{_EMOJI}]{_MODIFIER}*(?:\u200d[{_EMOJI}]{_MODIFIER}*)*"
    )


def words(text: str) -> list[str]:
    """The words of a text, in order, in lower case."""
    if text.isascii() and len(text) <= MAX_WORD:
        return _PLAIN_WORD.findall(text.lower())
    found: list[str] = []
    for word in (_PLAIN_WORD if text.isascii() else _word()).findall(text):
        for start in range(0, len(word), MAX_WORD):
            found.append(lower(word[start : start + MAX_WORD]))
    return found


def lower(text: str) -> str:
    """Lower case, character by character, as Lucene does it: one character stays one.

    Python's own way makes two of İ and looks at what surrounds a Σ.
    """
    if text.isascii():
        return text.lower()
    return "".join([character.lower()[:1] for character in text])


def lower_ascii(text: str) -> str:
    """Lower case of the letters of ASCII alone, as ``case_insensitive`` of Query DSL has it."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def split_at_spaces(pattern: Pattern) -> list[Pattern]:
    """The patterns that a pattern falls into at its white space: ``a* b`` into ``a*`` and ``b``."""
    return pattern.split(_WHITE_SPACE)


def pieces_of(pattern: Pattern) -> list[Pattern]:
    """What Lucene's query parser makes of a pattern: its pieces between white space, of which those
    without a wildcard that stand beside each other are one text again, with single spaces.
    """
    pieces: list[Pattern] = []
    for piece in split_at_spaces(pattern):
        if piece.is_text and pieces and pieces[-1].is_text:
            pieces[-1] = Pattern.of(f"{pieces[-1].text} {piece.text}", span=pattern.span)
        else:
            pieces.append(piece)
    return pieces


def word_patterns(node: Equals | Like) -> list[Pattern]:
    """The alternatives of a test of a text field: of a phrase one, with its words between stars; of
    words and patterns each piece. What no word fits, because it holds what parts words, is left
    out.
    """
    if isinstance(node, Like):
        split = split_at_spaces(node.pattern)
        return [piece for piece in split if not any(map(_PARTS_WORDS.search, piece.literals))]
    found = words(node.value.name)
    if node.value.phrase:
        return [Pattern.between_stars(found)] if found else []
    return [Pattern.of(word) for word in found]


def odd_letters(text: str) -> str:
    """The letters without one other case, of which some systems make this and some that: İ, ß, Σ.

    Elasticsearch lower-cases texts character by character; of others nothing is documented.
    """
    found = [c for c in text if not c.isascii() and (c in "Σσ" or not _has_one_other_case(c))]
    return "".join(dict.fromkeys(found))


def _has_one_other_case(letter: str) -> bool:
    lower, upper = letter.lower(), letter.upper()
    return len(lower) == len(upper) == 1 and lower == letter.casefold() == upper.lower()


def crossing_pieces(pattern: Pattern) -> list[Pattern]:
    """The pieces of a pattern that are held against all keys of a flattened field: all with
    wildcards but the beginning of a value, and the lone star.
    """
    return [
        piece
        for piece in pieces_of(pattern)
        if not (piece.is_text or piece.is_lone_star or piece.tokens == (piece.prefix, ANY_RUN))
    ]
