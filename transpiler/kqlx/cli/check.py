"""``kqlx check``: what would become of rules, and what is doubtful in them, without results."""

from __future__ import annotations

import sys

from kqlx.cli import options as cli
from kqlx.cli.common import fail
from kqlx.cli.option_groups import ConversionOptions, MessageOptions, TargetOptions, with_groups
from kqlx.cli.progress import Progress
from kqlx.cli.running import inputs_of, run
from kqlx.errors import KqlxError


@with_groups
def check(
    paths: cli.Paths = None,
    *,
    query: cli.Queries = None,
    language: cli.Language = None,
    exclude: cli.Exclude = None,
    conversion: ConversionOptions,
    jobs: cli.Jobs = 1,
    messages: MessageOptions,
    targets: TargetOptions,
) -> None:
    """Report what converting rules would lose, and doubtful queries. No results are written.

    Example: kqlx check --to spl,sentinel rules/
    """
    from kqlx.batch.reports.reports import wants_fragments

    try:
        messages.check()
        fragments = wants_fragments(messages.reports, messages.output_format)
        request = conversion.request(targets, fragments=fragments)
        # What is found is the result; beside a report for programs it is told aside.
        progress = Progress(sys.stdout if messages.output_format.is_for_people else sys.stderr)
        status = run(
            request, inputs_of(paths or [], query, exclude, language), messages, progress, jobs
        )
    except KqlxError as error:
        fail(error)
    raise SystemExit(status)
