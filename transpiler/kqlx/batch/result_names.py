"""Results that would get the same name: files, and stanzas or ids in a file for all rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from kqlx.backends.target import Bundle
from kqlx.batch.outcome import RuleInfo
from kqlx.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Result:
    """A converted rule for its place: ``name`` is that of its file, ``key`` what the file for all
    rules must have but once, ``digest`` that of its text and ``read`` what gives it.
    """

    rule: RuleInfo
    distinction: str
    target: str
    format: str
    name: str
    digest: str
    read: Callable[[], str]
    bundle: Bundle | None = None
    key: str = ""
    fidelity: str = ""
    codes: tuple[str, ...] = ()


def key_of(text: str, bundle: Bundle | None) -> str:
    """What must not be the same in two results of a file that holds them all."""
    found = re.search(bundle.unique, text, re.MULTILINE) if bundle is not None else None
    return found[1] if found else text


def with_own_names(results: Iterable[Result]) -> list[Result]:
    """Each with a name of its own for its file: those of one name, letter case aside, get a part of
    their rule's id, and of one id too a number, by their texts. So the names do not depend on the
    order of the rules.
    """
    once = {(result.name, result.digest): result for result in results}  # one rule, given twice
    shared = Counter(name.casefold() for name, _ in once)
    used: set[str] = set()
    found = []
    for _, result in sorted(once.items(), key=lambda item: item[0]):
        if shared[result.name.casefold()] > 1:
            result = _renamed(result, result.distinction)
        number, base = 1, result
        while result.name.casefold() in used:
            number += 1
            result = _renamed(base, str(number))
        used.add(result.name.casefold())
        found.append(result)
    return found


def _renamed(result: Result, more: str) -> Result:
    """With more at the end of the file's name, which is shortened so as to be no longer."""
    folder, slash, name = result.name.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    stem = stem[: 90 - len(more) - 1].rstrip("_")
    return replace(result, name=f"{folder}{slash}{stem}_{more}{dot}{suffix}")


def with_own_keys(results: Sequence[Result]) -> tuple[list[Result], list[tuple[Result, str]]]:
    """Those that a target knows by one name get a part of their rule's id, if they can be renamed;
    and the results that were, as they were, with their new names.
    """
    digests: dict[tuple[str, str, str], set[str]] = {}
    for result in results:
        digests.setdefault(_same(result), set()).add(result.digest)
    found, renamed = [], []
    for result in results:
        bundle = result.bundle
        if bundle is None or bundle.renamed is None or len(digests[_same(result)]) < 2:
            found.append(result)
            continue
        name = bundle.renamed(result.key, result.distinction)
        renamed.append((result, name))
        found.append(replace(result, key=name, read=_with_key(result, name)))
    return found, renamed


def _same(result: Result) -> tuple[str, str, str]:
    return result.target, result.format, result.key


def _with_key(result: Result, name: str) -> Callable[[], str]:
    return lambda: result.read().replace(result.key, name, 1)


def told_apart(results: Iterable[Result]) -> tuple[list[Result], list[tuple[Result, Result]]]:
    """Those that the target can tell apart, each once; and others with the one of their key."""
    known: dict[str, Result] = {}
    others = []
    for result in results:
        if result.key not in known:
            known[result.key] = result
        elif known[result.key].digest != result.digest:
            others.append((result, known[result.key]))
    return [*known.values()], others
