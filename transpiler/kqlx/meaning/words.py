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
- each emoji, with its modifiers, is a word;
- a word of more than 255 characters is cut into words of 255.

Left out: the dictionaries that Unicode allows for Thai and its kin (a run of them is one word, as
in Elasticsearch) and the special rule for quotation marks after Hebrew letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

MAX_WORD = 255

_HAN = (
    "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b150-\U0001b152\U00020000-\U0003ffff"
)
_HIRAGANA = "\u3041-\u309f\U0001b001-\U0001b11f\U0001f200"
_KATAKANA = (
    "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357\uff66-\uff9d\U0001b000"
)
_EMOJI = (
    "\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf"
    "\u2b05-\u2b55\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f300-\U0001faff"
)
_MODIFIER = "[\ufe0f\U0001f3fb-\U0001f3ff]"
_MARK = "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\
\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\u3099\u309a\
\ufe00-\ufe0f\ufe20-\ufe2f\xad]"
_BOTH = ".'\u2018\u2019\u2024\ufe52\uff07\uff0e"
_LETTER = rf"(?:(?![{_HAN}{_HIRAGANA}{_KATAKANA}])[^\W\d_]{_MARK}*)"
_DIGIT = rf"(?:\d{_MARK}*)"
_IN_LETTERS = rf"[:\xb7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a{_BOTH}]"
_IN_DIGITS = rf"[,;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\uff0c\uff1b{_BOTH}]"
_SIGN = rf"(?:{_LETTER}(?:{_IN_LETTERS}(?={_LETTER}))?|{_DIGIT}(?:{_IN_DIGITS}(?={_DIGIT}))?)"
_PLAIN_JOIN = r"(?:(?<=[A-Za-z])[:.'](?=[A-Za-z])|(?<=[0-9])[,;.'](?=[0-9]))"
_PLAIN_WORD = re.compile(  # the same for ASCII, quicker
    rf"(?<!_)_*[A-Za-z0-9][A-Za-z0-9_]*(?:{_PLAIN_JOIN}[A-Za-z0-9_]*)*"
)
_WHITE_SPACE = re.compile("[ \t\r\n\u3000]+")  # what Lucene's query parser splits at


@cache
def _word() -> re.Pattern[str]:
    return re.compile(
        rf"(?<!_)_*{_SIGN}(?:{_SIGN}|_)*"
        rf"|[{_HAN}{_HIRAGANA}]{_MARK}*"
        rf"|(?:[{_KATAKANA}]{_MARK}*)+"
        "|[\U0001f1e6-\U0001f1ff]{2}"
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


def split_at_spaces(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """The patterns that a pattern falls into at its white space: ``a* b`` into ``a*`` and ``b``."""
    pieces: list[list[str]] = [[""]]
    for i, part in enumerate(parts):
        if i:
            pieces[-1].append("")
        first, *others = _WHITE_SPACE.split(part)
        pieces[-1][-1] += first
        pieces.extend([other] for other in others)
    return [tuple(piece) for piece in pieces if piece != [""]]


def pieces_of(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """What Lucene's query parser makes of a pattern: its pieces between white space, of which those
    without a star that stand beside each other are one text again, with single spaces.
    """
    pieces: list[tuple[str, ...]] = []
    for piece in split_at_spaces(parts):
        if len(piece) == 1 and pieces and len(pieces[-1]) == 1:
            pieces[-1] = (f"{pieces[-1][0]} {piece[0]}",)
        else:
            pieces.append(piece)
    return pieces


def odd_letters(text: str) -> str:
    """The letters without one other case, of which some systems make this and some that: İ, ß, Σ.

    Elasticsearch lower-cases texts character by character; of others nothing is documented.
    """
    found = [c for c in text if not c.isascii() and (c in "Σσ" or not _has_one_other_case(c))]
    return "".join(dict.fromkeys(found))


def _has_one_other_case(letter: str) -> bool:
    lower, upper = letter.lower(), letter.upper()
    return len(lower) == len(upper) == 1 and lower == letter.casefold() == upper.lower()
