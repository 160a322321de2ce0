"""What becomes of a rule: its conversions, and what is to be said of it and of them.

Plain data that any process can make and any report can read; places are those of the rule file.
"""

from __future__ import annotations

from enum import StrEnum

from kqlx.fragments import Fragment
from kqlx.nodes import Span
from kqlx.notes import Effect
from kqlx.records import dataclass
from kqlx.rules.places import FilePlace


class Severity(StrEnum):
    """How loud a remark is, from the quietest."""

    INFO = "info"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Status(StrEnum):
    """What became of a conversion, or of a rule that came to none."""

    CONVERTED = "converted"
    REFUSED = "refused"
    """The target cannot say it, or only with an effect that was not accepted."""
    FAILED = "failed"
    """The file or the rule is broken, or kqlx is."""
    SKIPPED = "skipped"
    """A rule in a language that kqlx does not read, or without a query."""
    NO_RULE = "no rule"
    """Another file in a folder of rules."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said of a rule: a note of a conversion, a finding of lint, an error.

    ``effect`` is None where it is not about what the result finds. ``count`` is of how many places
    it is true, of which ``place`` is the first and ``span`` (code points) its part of the query.
    ``is_quiet`` says that only those want to read it who ask for everything. ``snippet`` is the
    line of the query with carets below it.
    """

    severity: Severity
    code: str
    message: str
    place: FilePlace
    effect: Effect | None = None
    hint: str = ""
    count: int = 1
    span: Span | None = None
    is_quiet: bool = False
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule for reports. ``line`` is 0 where it is the only one of its file; ``language`` and
    ``type`` are Elastic's words, "" where they are not known.
    """

    path: str
    line: int = 0
    id: str = ""
    name: str = ""
    type: str = ""
    language: str = ""
    severity: str = ""
    query: str = ""

    @property
    def label(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class ConversionOutcome:
    """What one target makes of a rule: CONVERTED, REFUSED or FAILED.

    ``text`` is the artifact, ``source`` the data sources, with commas between, ``file_name`` the
    name for its file; where it is several files, ``parts`` are the name and text of each.
    ``is_unusable`` says that something could not be used, such as an option.
    ``query`` is the query in it as text, with its ``fragments``, and ``meaning`` stands for what it
    asks for (``comparison.meaning``), where the request asks for them.
    """

    target: str
    format: str
    status: Status
    text: str = ""
    fidelity: Effect | None = None
    source: str = ""
    remarks: tuple[Remark, ...] = ()
    file_name: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    is_unusable: bool = False
    query: str = ""
    fragments: tuple[Fragment, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a rule asks for: of each part a short text that is the same where nothing but spelling,
    order or repetition differs (``comparison.meaning``). ``tree`` is of its query together with its
    ``conditions``, which are filters and exceptions.
    """

    tree: str
    query: str
    conditions: str
    type: str
    index: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule, or a file that holds none: CONVERTED stands for read and put to the targets.

    ``remarks`` are those that concern no target in particular. ``is_unusable`` says that the input
    could not be read, ``is_named`` that the user named the very file. ``kind`` is what a skipped
    rule is, ``identity`` its id, or the query of a rule without one, and
    ``effective_options`` are the names of options that were shown to change a result. ``meaning``
    is what the rule asks for, where the request asks for that.
    """

    rule: RuleInfo
    status: Status
    remarks: tuple[Remark, ...] = ()
    conversions: tuple[ConversionOutcome, ...] = ()
    kind: str = ""
    is_unusable: bool = False
    is_named: bool = False
    identity: str = ""
    effective_options: frozenset[str] = frozenset()
    meaning: Meaning | None = None

    @property
    def distinction(self) -> str:
        """A few characters that tell the rule from others of its name."""
        from kqlx.backends.artifact_text import distinction_of

        return distinction_of(self.identity)
