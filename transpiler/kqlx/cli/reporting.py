"""The reports that the options of a command ask for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kqlx.batch.output_format import OutputFormat

if TYPE_CHECKING:
    from kqlx.batch.converter import Converter
    from kqlx.batch.messages import Choice
    from kqlx.batch.reports.reports import Reports


def reports_of(
    converter: Converter, choice: Choice, paths: Iterable[str], format: OutputFormat
) -> Reports:
    """The reports of ``--report`` and ``--output-format``. Raises UsageError and OutputError."""
    from kqlx.batch.reports.report import Subject
    from kqlx.batch.reports.reports import Reports

    targets = tuple(
        (target.name, format or target.format_names[0]) for target, format in converter.targets
    )
    subject = Subject(targets, choice.ignored, choice.verbose)
    return Reports(subject, paths, format, sys.stdout.write)
