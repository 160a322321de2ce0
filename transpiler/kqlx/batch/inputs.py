"""Where the rules of a run come from: files and folders, a text, standard input."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence

from kqlx.batch.converter import Converter
from kqlx.batch.input_files import InputFile, find_files, unread
from kqlx.batch.outcome import RuleOutcome
from kqlx.batch.runner import outcomes_of_files
from kqlx.errors import RuleError
from kqlx.records import dataclass, field
from kqlx.rules.model import Rule, RuleSet


@dataclass(slots=True)
class Inputs:
    """``files`` to read, ``texts`` that are read already, and ``errors``: paths that lead nowhere.
    ``folders`` are those of the paths that are folders; ``unused`` are patterns of files to exclude
    that fit none.
    """

    files: list[InputFile] = field(default_factory=list)
    texts: list[RuleSet] = field(default_factory=list)
    errors: list[RuleError] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @classmethod
    def of_paths(cls, paths: Sequence[str], exclude: Sequence[str] = ()) -> Inputs:
        """The files that paths stand for."""
        files, errors, used = find_files(paths, exclude)
        folders = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112 - Path's raises
        unused = [pattern for pattern in dict.fromkeys(exclude) if pattern not in used]
        return cls(files, [], errors, folders, unused)

    @classmethod
    def of_rule(cls, rule: Rule) -> Inputs:
        """One rule, which is no file's."""
        return cls(texts=[RuleSet([rule])])

    @property
    def total(self) -> int:
        """How many lists ``outcomes`` gives."""
        return len(self.files) + len(self.texts) + bool(self.errors)

    def outcomes(
        self, converter: Converter, jobs: int = 1
    ) -> Generator[list[RuleOutcome], None, None]:
        """What becomes of each text, each file, and at the end of paths that lead nowhere."""
        for found in self.texts:
            yield [*converter.outcomes(found, "standard input", is_named=True)]
        yield from outcomes_of_files(self.files, converter, jobs)
        if self.errors:
            yield [unread(error) for error in self.errors]
