"""Files → outcomes, file by file in the order of the files, in one process or in several.

The outcomes are the same whatever the number of processes, and come as soon as they are made; of
results that wait for their turn no more than a few files are held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kqlx.batch.converter import Converter
from kqlx.batch.input_files import InputFile, outcomes_of_file
from kqlx.batch.outcome import RuleOutcome

_FEWEST = 8
"""Files that are worth the start of a process."""


def outcomes_of_files(
    files: Sequence[InputFile], converter: Converter, jobs: int = 1
) -> Iterator[list[RuleOutcome]]:
    """What becomes of each file, in their order; ``jobs`` is the number of processes at most."""
    jobs = min(jobs, -(-len(files) // _FEWEST))
    if jobs <= 1:
        for file in files:
            yield outcomes_of_file(file, converter)
        return
    from kqlx.batch.processes import Processes

    with Processes(files, converter, jobs) as processes:
        for number in range(len(files)):
            yield processes.outcomes(number)
