"""A run of a command that converts: from where rules come, over what is made of them, to what is
told of it and the exit status.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from kqlx.cli.common import from_standard_input, say_unused
from kqlx.cli.progress import Progress
from kqlx.cli.reporting import reports_of
from kqlx.cli.requests import one_query, query_rule
from kqlx.cli.streams import say
from kqlx.errors import RuleError

if TYPE_CHECKING:
    from kqlx.batch.converter import Converter
    from kqlx.batch.inputs import Inputs
    from kqlx.batch.reports.statistics import Statistics
    from kqlx.batch.request import Request
    from kqlx.batch.run import Sink
    from kqlx.cli.option_groups import MessageOptions

MakeSink = Callable[["Converter", "Inputs"], "Sink | None"]


def run(
    request: Request,
    inputs: Inputs,
    messages: MessageOptions,
    progress: Progress,
    jobs: int,
    sink: MakeSink = lambda converter, inputs: None,
) -> int:
    """Converts, tells and judges; returns the exit status. Raises KqlxError where nothing can be
    done, or a result cannot be written.
    """
    from kqlx.batch.converter import Converter
    from kqlx.batch.run import Run

    gate = messages.gate()
    converter = Converter(request)
    to = sink(converter, inputs)
    choice = messages.choice(inputs.total)
    count = _statistics() if messages.statistics else None
    found = inputs.outcomes(converter, jobs or os.cpu_count() or 1)
    with (
        closing(found),
        reports_of(converter, choice, messages.reports, messages.output_format) as reports,
    ):
        whole = Run(
            converter,
            to,
            gate,
            choice,
            lambda line: progress.say(line),
            lambda line: progress.warn(line),
            reports,
            count,
        )
        for stranger in converter.strangers:
            say(f"warning: {stranger}")
        if not messages.quiet:
            say_unused(inputs.unused)
        for outcomes in progress.over(found, inputs.total, messages.quiet):
            for outcome in outcomes:
                whole.take(outcome)
        whole.finish()
    return gate.exit_status


def _statistics() -> Statistics:
    from kqlx.batch.reports.statistics import Statistics

    return Statistics()


def inputs_of(
    paths: list[str],
    queries: list[str] | None,
    exclude: list[str] | None,
    language: str | None = None,
) -> Inputs:
    """Where the rules come from; ``language`` is that of a bare query. Raises UsageError for files
    beside a query, and for a language that is not read.
    """
    from kqlx.batch.inputs import Inputs

    if (query := one_query(queries, paths)) is not None:
        return Inputs.of_rule(query_rule(query, language))
    inputs = Inputs.of_paths([path for path in paths if path != "-"], exclude or [])
    if "-" in paths or not paths:
        try:
            inputs.texts.append(from_standard_input(language))
        except RuleError as error:
            inputs.errors.append(error)
    return inputs
