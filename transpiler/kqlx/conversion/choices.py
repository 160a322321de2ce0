"""What the user of a conversion chooses: checked, and settled with the settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from kqlx.backends import binding_targets, find, targets
from kqlx.backends.options import Spelling, check_taken, given_options, takes
from kqlx.backends.target import Format, Options, Target
from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.mappings.pack_library import Packs, packs_of
from kqlx.mappings.unmapped_tests import UnmappedPolicy
from kqlx.notes import ACCEPTABLE
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from pathlib import Path

    from kqlx.settings.model import Settings


class GivenOptions(TypedDict, total=False):
    """The options of targets, by name; see ``backends.target.Options``."""

    exact: bool
    annotate: bool
    index: str | None
    macro: str | None
    new_terms: str | None
    late_events: str | None
    table: str | None
    case: str | None
    sequence: str | None
    signers: str | None
    networks: Mapping[str, str] | None
    locations: bool
    compact: bool
    time_zone: str | None
    case_insensitive: bool | None
    ignore_unmapped: bool | None
    filters_in_must: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What is asked of a conversion.

    ``source`` is the data source, None where it is to be recognised, "none" where all names stay;
    ``given`` are the options that are not as they are by themselves.
    """

    target: Target
    format: Format
    source: str | None
    packs: Packs
    unmapped: UnmappedPolicy
    accept: frozenset[str]
    strict: bool
    given: Mapping[str, Any] = field(default_factory=dict)
    settings: Settings | None = None

    def options(self, source: str | None, rule_format: str) -> Options:
        """The options for the events of one data source: those of the settings, and over them what
        is given. ``rule_format`` is that of the rule's file.
        """
        own: dict[str, Any] = {}
        if self.settings is not None:
            own = self.settings.options(self.target.name, source)
        if self.target.takes_filters and rule_format != "query":
            own = {"time_zone": "Zulu", **own}  # as Kibana's detection engine says it
        own = {name: value for name, value in own.items() if takes(self.target, name)}
        return Options(format=self.format.name, **{**own, **self.given})


def choose(
    to: str,
    format: str | None,
    source: str | None,
    mappings: Iterable[str | Path] | str | Path | Packs,
    unmapped: UnmappedPolicy | None,
    accept: Iterable[str] | str,
    strict: bool,
    options: Mapping[str, Any],
    settings: Settings | None,
) -> Choices:
    """The choices of a call, what the settings say where it says nothing. Raises UsageError and
    MappingError for what cannot be.
    """
    target = find(to)
    chosen = format_of(target, format)
    given = given_options(options)
    check_taken((target,), given)
    accepted = frozenset({accept} if isinstance(accept, str) else accept)
    if settings is not None:
        unmapped = unmapped or settings.unmapped
        accepted = accepted or settings.accept
    packs = find_packs(mappings, settings)
    policy: UnmappedPolicy = unmapped or "error"
    check_choices(source, policy, accepted, packs)
    return Choices(target, chosen, source, packs, policy, accepted, strict, given, settings)


def select(to: str, format: str | None = None) -> tuple[Target, ...]:
    """The targets of names with commas between, or "all", each once.

    Raises UsageError for one that there is not, or that cannot be written in the format.
    """
    names = [name.strip() for name in to.split(",")]
    found = [target for name in names for target in (targets() if name == "all" else [find(name)])]
    chosen = tuple({target.name: target for target in found}.values())
    for target in chosen:
        format_of(target, format)
    return chosen


def find_packs(
    mappings: Iterable[str | Path] | str | Path | Packs, settings: Settings | None = None
) -> Packs:
    """The packs with those of files over them: of the settings, then of the call."""
    if isinstance(mappings, Packs):
        return mappings
    own = [mappings] if isinstance(mappings, str | os.PathLike) else [*mappings]
    files = [*(settings.mappings if settings is not None else ()), *own]
    return packs_of(files, binding_targets()) if files else Packs()


def check_choices(
    source: str | None,
    unmapped: str,
    accept: Iterable[str],
    packs: Packs | None = None,
    spell: Spelling = str,
) -> None:
    """Raises UsageError for what is wrong whatever the query is; ``spell`` says how the user has
    written the name of an argument.
    """
    if source not in (None, "none"):
        (packs or Packs()).get(source)
    if unmapped not in ("error", "keep", "comment"):
        raise UsageError(
            f"{spell('unmapped')} is error, keep or comment, not {unmapped!r}",
            hint=did_you_mean(unmapped, ("error", "keep", "comment")),
        )
    for effect in sorted(accept):
        if effect not in map(str, ACCEPTABLE):
            raise UsageError(
                f"{spell('accept')} takes coverage, wider, narrower or different, not {effect!r}",
                hint=did_you_mean(effect, map(str, ACCEPTABLE)),
            )


def format_of(target: Target, name: str | None) -> Format:
    """The format of a target, by default its first. Raises UsageError where it has none such."""
    if name is None:
        return target.formats[0]
    if (found := target.format(name)) is None:
        known = ", ".join(target.format_names)
        hint = did_you_mean(name, target.format_names, f"it has {known}")
        raise UsageError(f"{target.title} has no format {name!r}", hint=hint)
    return found
