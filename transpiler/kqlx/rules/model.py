"""A detection rule, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError


@dataclass(frozen=True, slots=True)
class Tactic:
    """One tactic of ATT&CK with the ids of its techniques and sub-techniques (``T1114.002``)."""

    id: str
    name: str
    techniques: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as Elastic's detection engine knows it; every key of the file is kept in ``data``.

    ``path`` is the file; ``first_line`` and ``first_column`` are where in it the query's text
    begins. The column is 0 where the text does not stand there as it is, and the line is then that
    of its key; both are 0 where that is not known. ``data`` is the ``[rule]`` table, ``metadata``
    the ``[metadata]`` table of a rule TOML.
    """

    name: str
    query: str
    id: str = ""
    language: str = "kuery"
    type: str = "query"
    path: Path | None = None
    first_line: int = 1
    first_column: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> str:
        return str(self.data.get("description", "")).strip()

    @property
    def severity(self) -> str:
        return str(self.data.get("severity", ""))

    @property
    def license(self) -> str:
        return str(self.data.get("license", ""))

    @property
    def authors(self) -> tuple[str, ...]:
        return self.texts("author")

    @property
    def indices(self) -> tuple[str, ...]:
        return self.texts("index")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts from the rule's table; a single text counts as a list of one."""
        value = self.data.get(key, ())
        return (value,) if isinstance(value, str) else tuple(str(item).strip() for item in value)

    @property
    def tactics(self) -> tuple[Tactic, ...]:
        """ATT&CK entries of ``threat``, in the order of the file; those of other frameworks are
        left out.
        """
        found = []
        for threat in self.data.get("threat", ()):
            if threat.get("framework") != "MITRE ATT&CK":
                continue
            techniques: list[str] = []
            for technique in threat.get("technique", ()):
                techniques.append(technique["id"])
                techniques.extend(sub["id"] for sub in technique.get("subtechnique", ()))
            tactic = threat.get("tactic", {})
            found.append(Tactic(tactic.get("id", ""), tactic.get("name", ""), tuple(techniques)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that is none of ours to convert: another language, or no query."""

    path: Path
    reason: str


@dataclass(slots=True)
class RuleSet:
    """What a file or folder holds: rules, those passed over with the reason, and files that are
    broken.
    """

    rules: list[Rule] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    errors: list[RuleError] = field(default_factory=list)
