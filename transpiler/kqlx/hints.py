"""Ways out that name arguments of a call, as data: ``accept="narrower"`` for a Python caller is
``--accept narrower`` on the command line, which words it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of ``kqlx.convert`` and its value, "" where that is for the user to choose."""

    name: str
    value: str = ""

    @property
    def in_python(self) -> str:
        """As a Python caller writes it."""
        return f'{self.name}="{self.value}"' if self.value else f"{self.name}="


class Hint(str):
    """One way out: words, and arguments between them. As a string it is for a Python caller."""

    parts: tuple[str | Argument, ...]

    def __new__(cls, *parts: str | Argument) -> Hint:
        words = (part if isinstance(part, str) else part.in_python for part in parts)
        hint = super().__new__(cls, "".join(words))
        hint.parts = parts
        return hint

    def __getnewargs__(self) -> tuple[str | Argument, ...]:  # type: ignore[override] # of str
        return self.parts

    def worded(self, spell: Callable[[Argument], str]) -> str:
        """The same with its arguments spelled for another kind of user."""
        return "".join(part if isinstance(part, str) else spell(part) for part in self.parts)


def did_you_mean(word: object, known: Iterable[str], otherwise: str = "") -> str:
    """The hint for a word that is not known: the nearest that is, or else what there is to say."""
    from difflib import get_close_matches

    near = get_close_matches(str(word), [*known], 1)
    return f"did you mean {near[0]}?" if near else otherwise


def joined(hints: Iterable[str]) -> Hint:
    """Several hints as one, with semicolons between; each once."""
    parts: list[str | Argument] = []
    for hint in dict.fromkeys(filter(None, hints)):
        parts += ["; "] if parts else []
        parts += hint.parts if isinstance(hint, Hint) else [hint]
    return Hint(*parts)


def worded(hint: str, spell: Callable[[Argument], str]) -> str:
    """A hint with its arguments spelled so, if it has any."""
    return hint.worded(spell) if isinstance(hint, Hint) else hint
