"""What a shell completes the values of options to; loaded when it asks."""

from __future__ import annotations

from collections.abc import Iterable


def targets(incomplete: str) -> list[str]:
    from kqlx.backends import targets

    known = [name for target in targets() for name in (target.name, *target.aliases)]
    return _after_commas(incomplete, [*known, "all"])


def formats(incomplete: str) -> list[str]:
    from kqlx.backends import targets

    target, equals, _ = incomplete.rpartition("=")
    names = [
        name
        for one in targets()
        if not equals or target.rpartition(",")[2] in (one.name, *one.aliases)
        for name in one.format_names
    ]
    return _beginning(incomplete, [f"{target}{equals}{name}" for name in names])


def sources(incomplete: str) -> list[str]:
    from kqlx.mappings.reader.builtin import sources

    return _beginning(incomplete, [*sources(), "none"])


def effects(incomplete: str) -> list[str]:
    from kqlx.notes import ACCEPTABLE

    return _after_commas(incomplete, map(str, ACCEPTABLE))


def codes(incomplete: str) -> list[str]:
    from kqlx.explanations import all_codes

    return _after_commas(incomplete, (one.code.name for one in all_codes()))


def conditions(incomplete: str) -> list[str]:
    from kqlx.batch.exit_policy import CONDITIONS, NEVER

    return _after_commas(incomplete, [*CONDITIONS, NEVER])


def changes(incomplete: str) -> list[str]:
    from kqlx.batch.comparison.comparison import CONDITIONS
    from kqlx.batch.exit_policy import NEVER

    return _after_commas(incomplete, [*CONDITIONS, NEVER])


def unmapped(incomplete: str) -> list[str]:
    return _beginning(incomplete, ("error", "keep", "comment"))


def new_terms(incomplete: str) -> list[str]:
    return _beginning(incomplete, ("stats", "lookup"))


def sequence_forms(incomplete: str) -> list[str]:
    return _beginning(incomplete, ("scan", "join"))


def signers(incomplete: str) -> list[str]:
    return _beginning(incomplete, ("join",))


def cases(incomplete: str) -> list[str]:
    return _beginning(incomplete, ("sensitive", "insensitive"))


def colors(incomplete: str) -> list[str]:
    from kqlx.cli.colors import CHOICES

    return _beginning(incomplete, CHOICES)


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]


def _after_commas(incomplete: str, words: Iterable[str]) -> list[str]:
    before, comma, _ = incomplete.rpartition(",")
    return _beginning(incomplete, [f"{before}{comma}{word}" for word in words])
