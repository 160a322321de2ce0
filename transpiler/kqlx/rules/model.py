"""A detection rule, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.records import dataclass, field

Exceptions = Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]]
"""Items of exception lists by their list: its ``namespace_type`` and its ``list_id``."""


@dataclass(frozen=True, slots=True)
class Tactic:
    """One tactic of ATT&CK with the ids of its techniques and sub-techniques (``T1114.002``)."""

    id: str
    name: str
    techniques: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as Elastic's detection engine knows it; nothing that its file says is lost.

    ``data`` has the keys of the rule, those that are null left out; ``document`` is the whole
    object as it was read, with all tables of a rule TOML, of which ``metadata`` is one.
    ``exceptions`` are the items of those of its exception lists that the file holds.

    ``path`` is the file and ``format`` its format ("query" for a text that is nothing but a query).
    Of several rules in a file ``line`` is where this one begins, else 0, and ``number`` counts its
    objects from nought. ``first_line`` and ``first_column`` are where in the file the query's text
    begins, and ``indent`` is by how many columns its further lines are set in. The column is 0
    where the text does not stand there as it is, and the line is then that of its key; both are 0
    where that is not known.

    ``guessed`` says that nobody says the language, and that it was told by how the query begins.
    ``late_events`` is the user's, not the file's: how late events may arrive, in seconds; None
    where nothing is said.
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
    document: Mapping[str, Any] = field(default_factory=dict)
    exceptions: Exceptions = field(default_factory=dict)
    format: str = "query"
    line: int = 0
    number: int = 0
    indent: int = 0
    late_events: int | None = None
    guessed: bool = False

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
    def version(self) -> str:
        return str(self.data.get("version", 1))

    @property
    def is_deprecated(self) -> bool:
        return bool(self.metadata.get("maturity") == "deprecated")

    @property
    def dates(self) -> tuple[str, ...]:
        """When it was last changed and when it was written, the latest first, as its file has them;
        those that it does not say are left out.
        """
        found = (
            self.metadata.get("updated_date"),
            self.metadata.get("creation_date"),
            self.data.get("updated_at"),
            self.data.get("created_at"),
        )
        return tuple(str(text) for text in found if text is not None)

    @property
    def created(self) -> str:
        """When it was written, as its file has it; "" where it does not say."""
        return str(self.metadata.get("creation_date", ""))

    @property
    def updated(self) -> str:
        """When it was last changed, as its file has it; "" where it does not say."""
        return str(self.metadata.get("updated_date", ""))

    @property
    def authors(self) -> tuple[str, ...]:
        return self.texts("author")

    @property
    def indices(self) -> tuple[str, ...]:
        return self.texts("index")

    @property
    def integrations(self) -> tuple[str, ...]:
        """The integrations that the rule is tagged with: ``aws``, or ``aws.cloudtrail`` where it
        says which of the data streams.
        """
        tags = self.metadata.get("integration")
        found = [tags] if isinstance(tags, str) else [*tags] if isinstance(tags, list) else []
        related = self.data.get("related_integrations")
        for item in related if isinstance(related, list) else ():
            if isinstance(item, dict) and item.get("package"):
                parts = (item["package"], item.get("integration"))
                found.append(".".join(str(part) for part in parts if part))
        return tuple(dict.fromkeys(map(str, found)))

    @property
    def systems(self) -> tuple[str, ...]:
        """The operating systems that the rule is tagged with, ``OS: Linux`` or ``Linux``, as
        ``host.os.type`` has them.
        """
        known = {"linux": "linux", "windows": "windows", "macos": "macos"}
        tags = [tag.lower().removeprefix("os: ") for tag in self.texts("tags")]
        return tuple(dict.fromkeys(known[tag] for tag in tags if tag in known))

    @property
    def exception_lists(self) -> tuple[Mapping[str, Any], ...]:
        """The lists that the rule names, whether their items are known or not."""
        found = self.data.get("exceptions_list")
        found = found if isinstance(found, list) else []
        return tuple(item for item in found if isinstance(item, dict))

    @property
    def risk_score(self) -> object:
        """As the file has it, a number from 0 to 100 where it is well formed; None without one."""
        return self.data.get("risk_score")

    @property
    def max_signals(self) -> int | None:
        """How many alerts a run raises at most; None where the rule does not say."""
        found = self.data.get("max_signals")
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    @property
    def is_building_block(self) -> bool:
        """Whether its alerts are there for other rules alone."""
        return bool(self.data.get("building_block_type"))

    @property
    def name_override(self) -> str:
        """The field whose value names each alert, "" for the rule's own name."""
        return str(self.data.get("rule_name_override") or "")

    @property
    def investigation_fields(self) -> tuple[str, ...]:
        """The fields that its author wants to see in alerts."""
        found = self.data.get("investigation_fields")
        found = found.get("field_names") if isinstance(found, dict) else found
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def setup(self) -> str:
        """What must be set up before the rule finds anything, in Markdown."""
        return str(self.data.get("setup") or "").strip()

    @property
    def investigation_guide(self) -> str:
        """What to do about an alert, in Markdown."""
        return str(self.data.get("note") or "").strip()

    @property
    def other_tables(self) -> dict[str, Any]:
        """The tables of a rule TOML beside ``[rule]``."""
        if not isinstance(self.document.get("rule"), dict):
            return {}
        return {key: value for key, value in self.document.items() if key != "rule"}

    def has(self, key: str) -> bool:
        """Whether the rule's table has a value for the key, which is not empty."""
        return bool(self.data.get(key))

    def text(self, key: str) -> str:
        """A text from the rule's table as it is written; "" where there is none."""
        found = self.data.get(key)
        return "" if found is None else str(found)

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


NO_RULE = "no rule"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that is none of ours to convert: another language, or no query; or another file in a
    folder of rules.

    ``kind`` is the language, "machine learning" or "no rule". ``line`` is the line of the file that
    says so, or where the rule begins; 0 where neither is known.
    """

    path: Path
    reason: str
    kind: str = ""
    line: int = 0


@dataclass(slots=True)
class RuleSet:
    """What files hold: rules, those passed over with the reason, and what is broken."""

    rules: list[Rule] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    errors: list[RuleError] = field(default_factory=list)

    def add(self, other: RuleSet) -> None:
        self.rules += other.rules
        self.skipped += other.skipped
        self.errors += other.errors
