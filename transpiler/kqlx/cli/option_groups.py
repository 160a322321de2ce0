"""Groups of options that several commands share: a command takes each as one parameter.

Annotations are values here, as in ``convert``: to read them from texts takes long.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, get_type_hints

from kqlx.batch.output_format import OutputFormat
from kqlx.cli import options as cli
from kqlx.cli.requests import (
    codes_of,
    listed,
    listed_files,
    listed_reports,
    load_settings,
    request_of,
    targets_of,
)
from kqlx.errors import UsageError
from kqlx.records import dataclass, fields

if TYPE_CHECKING:
    from kqlx.batch.gate import Gate
    from kqlx.batch.messages import Choice
    from kqlx.batch.request import Request


@dataclass(frozen=True)
class ConversionOptions:
    """What rules are converted to, and by which mappings."""

    config: cli.Config = None
    to: cli.To = None
    format: cli.FormatOption = None
    source: cli.Source = None
    mapping: cli.Mapping = None
    fields: cli.Fields = None
    unmapped: cli.UnmappedOption = None
    accept: cli.Accept = None
    strict: cli.Strict = False
    exact: cli.Exact = None
    annotate: cli.Annotate = None
    leading_wildcards: cli.LeadingWildcards = True

    def request(self, targets: "TargetOptions", **others: Any) -> "Request":
        """What is asked for. Raises UsageError."""
        file = None if self.config is None else Path(self.config)
        return request_of(
            targets_of(self.to, self.format, load_settings(file)),
            {"exact": self.exact, "annotate": self.annotate, **vars(targets)},
            file,
            source=self.source,
            mappings=tuple(listed_files(self.mapping)),
            unmapped=self.unmapped,
            accept=tuple(listed(self.accept)),
            strict=self.strict,
            fields=self.fields,
            leading_wildcards=self.leading_wildcards,
            **others,
        )


@dataclass(frozen=True)
class TargetOptions:
    """What single targets are asked for."""

    late_events: cli.LateEvents = None
    locations: cli.Locations = None
    index: cli.Index = None
    macro: cli.Macro = None
    new_terms: cli.NewTerms = None
    table: cli.Table = None
    case: cli.Case = None
    sequence: cli.SequenceForm = None
    signers: cli.Signers = None
    compact: cli.Compact = None
    time_zone: cli.TimeZone = None
    case_insensitive: cli.CaseInsensitive = None
    ignore_unmapped: cli.IgnoreUnmapped = None


@dataclass(frozen=True)
class MessageOptions:
    """What is told of a run, in which form, and what makes it fail."""

    verbose: cli.Verbose = False
    quiet: cli.Quiet = False
    ignore: cli.Ignore = None
    output_format: cli.OutputFormatOption = OutputFormat.FULL
    report: cli.ReportOption = None
    statistics: cli.StatisticsOption = False
    fail_on: cli.FailOn = None
    baseline: cli.BaselineOption = None
    update_baseline: cli.UpdateBaseline = False
    color: cli.Color = "auto"

    def check(self) -> None:
        """Raises UsageError for options that do not go together."""
        if self.quiet and self.verbose:
            raise UsageError("--quiet and --verbose exclude each other")

    @property
    def reports(self) -> list[str]:
        """The files of reports."""
        return listed_reports(self.report)

    def choice(self, total: int) -> "Choice":
        """Which remarks are told, on ``total`` files and texts. Raises UsageError."""
        from kqlx.batch.messages import Choice

        return Choice(
            self.verbose,
            self.quiet,
            codes_of(self.ignore),
            grouped=total > 1,
            concise=self.output_format is OutputFormat.CONCISE,
        )

    def gate(self) -> "Gate":
        """What makes the run fail. Raises UsageError."""
        from kqlx.batch.gate import Gate

        return Gate.of(self.fail_on, self.baseline, update=self.update_baseline)


_GROUPS = (ConversionOptions, TargetOptions, MessageOptions)


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of its groups as parameters of its own. Its ``defaults`` are
    theirs: their signature is Python's alone to make, and takes long.
    """
    assert isinstance(command, FunctionType)
    kinds = _annotations(command)
    kinds.pop("return")
    groups = {name: kind for name, kind in kinds.items() if kind in _GROUPS}
    by_place = command.__code__.co_varnames[: command.__code__.co_argcount]
    # The first may have none.
    given_by_place = zip(reversed(by_place), reversed(command.__defaults__ or ()), strict=False)
    defaults: dict[str, Any] = {**dict(given_by_place), **(command.__kwdefaults__ or {})}
    hints: dict[str, Any] = {}
    for name, kind in kinds.items():
        if name in groups:
            hints |= _annotations(kind)
            defaults |= {field.name: field.default for field in fields(kind)}
        else:
            hints[name] = kind

    @wraps(command)
    def spread(**given: Any) -> None:
        made = {}
        for name, kind in groups.items():
            own = {field.name for field in fields(kind)} & {*given}
            made[name] = kind(**{one: given.pop(one) for one in own})
        command(**given, **made)

    spread.__annotations__ = hints
    spread.__dict__["defaults"] = defaults
    return spread


def _annotations(of: Callable[..., object]) -> dict[str, Any]:
    """The annotations of a function or a class as values, also where they are kept as texts."""
    found = of.__annotations__
    if any(isinstance(kind, str) for kind in found.values()):
        return get_type_hints(of, include_extras=True)
    return dict(found)
