"""What ``kqlx diff`` compares: each side with its settings, to what is told of the changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kqlx.batch.comparison.form import Form
from kqlx.cli.common import Exit, say_unused
from kqlx.cli.option_groups import ConversionOptions, TargetOptions
from kqlx.cli.progress import Progress
from kqlx.cli.requests import config_of, formats_for, listed_files, load_settings
from kqlx.cli.streams import say
from kqlx.records import dataclass, replace

if TYPE_CHECKING:
    from kqlx.batch.comparison.side import Side
    from kqlx.batch.converter import Converter
    from kqlx.batch.inputs import Inputs
    from kqlx.batch.request import Request

_OF_SETTINGS = ("fields", "format", "leading_wildcards", "source", "strict")
"""Options of conversions that a side has from its own settings, where none are given."""


@dataclass(frozen=True, slots=True)
class SideRequest:
    """What is asked for on one side: the path, and how its rules are converted."""

    path: str
    conversion: ConversionOptions
    targets: TargetOptions
    exclude: tuple[str, ...]

    def request(self, targets: tuple[tuple[str, str | None], ...] = ()) -> Request:
        """For these targets, which by default the side's options and settings name. Raises
        UsageError.
        """
        conversion = self.conversion
        if targets:
            conversion = replace(conversion, to=[name for name, _ in targets], format=None)
        request = conversion.request(self.targets, lint=False, watch_options=False, meaning=True)
        return replace(request, targets=targets) if targets else request


@dataclass(frozen=True, slots=True)
class SideOptions:
    """What both sides share: options, of which ``given`` names those of the command line. Others
    are the settings', of which each side has its own.
    """

    conversion: ConversionOptions
    targets: TargetOptions
    exclude: list[str] | None
    given: set[str]

    def side(self, path: str, mapping: list[str] | None, config: str | None) -> SideRequest:
        """One side; ``mapping`` and ``config`` are its own. Raises UsageError."""
        named = self.conversion.config if "config" in self.given else None
        file = config_of(named if config is None else config, [path])
        settings = load_settings(file)
        said = {} if settings is None else settings.command_line
        usual = ConversionOptions()
        own = {
            name: said.get(name, getattr(usual, name))
            for name in _OF_SETTINGS
            if name not in self.given
        }
        if own.get("format"):
            to = self.conversion.to or (settings.to if settings is not None else None)
            own["format"] = formats_for(to, own["format"])
        mappings = [*listed_files(self.conversion.mapping), *listed_files(mapping)]
        conversion = replace(
            self.conversion, config=None if file is None else str(file), mapping=mappings, **own
        )
        exclude = self.exclude if "exclude" in self.given else said.get("exclude")
        return SideRequest(path, conversion, self.targets, tuple(exclude or ()))


def compare(
    old: SideRequest,
    new: SideRequest,
    form: Form,
    files: Iterable[str],
    fails_on: Iterable[str] | None,
    jobs: int,
) -> int:
    """Tells what changed; returns the exit status. Raises KqlxError where that cannot be."""
    from kqlx.batch.comparison.comparison import CHANGED, CONDITIONS, Comparison
    from kqlx.batch.comparison.reports import Reports
    from kqlx.batch.comparison.side import Side
    from kqlx.batch.converter import Converter
    from kqlx.batch.exit_policy import conditions
    from kqlx.batch.inputs import Inputs

    wanted = conditions(fails_on or [CHANGED], CONDITIONS)
    inputs = [Inputs.of_paths([side.path], side.exclude) for side in (old, new)]
    if not all(side.files for side in inputs):
        _say_missing(inputs)
        return Exit.UNUSABLE
    say_unused(pattern for pattern in inputs[0].unused if pattern in inputs[1].unused)
    asked = new.request()
    before = old.request(asked.targets)
    is_file = Path(old.path).is_file() and Path(new.path).is_file()
    targets = tuple((name, format or _first_format(name)) for name, format in asked.targets)
    tell = partial(say, stream=sys.stdout)
    names = tuple(name for name, _ in targets)
    with (
        Reports(old.path, new.path, targets, form, files, tell, sys.stdout.write) as reports,
        closing(Side(old.path, is_file)) as left,
        closing(Side(new.path, is_file)) as right,
    ):
        _read(inputs[0], Converter(before), jobs, left)
        _read(inputs[1], Converter(asked), jobs, right)
        comparison = Comparison(left, right, names, wanted)
        for change in comparison.changes():
            reports.take(change)
        status = Exit.REFUSED if comparison.has_failed else Exit.DONE
        if left.is_partial or right.is_partial:
            status = Exit.UNUSABLE
        reports.finish(comparison.totals, status)
    return status


def _say_missing(sides: Iterable[Inputs]) -> None:
    """Tells of paths that lead to no rule; once of one that is both sides."""
    from kqlx.batch.input_files import unread
    from kqlx.batch.messages import Choice, lines_of

    outcomes = [unread(error) for side in sides if not side.files for error in side.errors]
    remarks = [remark for outcome in outcomes for remark in outcome.remarks]
    for line in dict.fromkeys(line for one in remarks for line in lines_of("", [one], Choice())):
        say(line)


def _read(inputs: Inputs, converter: Converter, jobs: int, side: Side) -> None:
    """Fills the side with what becomes of its rules. What cannot be read or used is told."""
    from kqlx.batch.messages import line_of

    progress = Progress(sys.stderr)
    for stranger in converter.strangers:
        say(f"warning: {stranger}")
    with closing(inputs.outcomes(converter, jobs or os.cpu_count() or 1)) as found:
        for outcomes in progress.over(found, inputs.total, False):
            for outcome in outcomes:
                side.take(outcome)
                unusable = [made for made in outcome.conversions if made.is_unusable]
                for about in (*((outcome,) if outcome.is_unusable else ()), *unusable):
                    for remark in about.remarks:
                        progress.say(line_of(remark))


def _first_format(name: str) -> str:
    from kqlx.backends import find

    return find(name).format_names[0]
