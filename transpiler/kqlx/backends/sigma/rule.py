"""Sigma rules: all that the template prints, decided once, and what of Elastic's rule was lost on
the way (https://github.com/SigmaHQ/sigma-specification, sigma-rules-specification.md).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence

from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.sigma.correlations import (
    Correlation,
    correlation_notes,
    correlations,
    per_source_notes,
)
from kqlx.backends.sigma.unsupported_metadata import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    is_uuid,
    unsupported_metadata,
)
from kqlx.backends.sigma.yaml_style import paragraph, plain, scalar
from kqlx.backends.target import Plan
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, replace
from kqlx.rules.labels import is_technique, one_line
from kqlx.rules.late_events import unsaid_arrival
from kqlx.rules.mitre_attack import in_version_19
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import query_only_notes, reduced, rule_type_notes

FORMAT = "rule"

_LEVELS = ("low", "medium", "high", "critical")
_LICENSES = {"Elastic License v2": "Elastic-2.0"}
_NO_REASON = ("none", "n/a", "na", "unknown")
_UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a rule: its detection, or a ``correlation`` that counts the events of
    that. The detection has a ``name`` where correlations refer to it; alone it raises no alert
    then.
    """

    title: str
    id: str
    description: str
    false_positives: tuple[str, ...]
    level: str
    name: str = ""
    correlation: Correlation | None = None


@dataclass(frozen=True, slots=True)
class SigmaRule:
    """What the template prints, in the order of the file. Texts are "" where the rule has none.

    ``derived_from`` is the id of Elastic's rule; ``taxonomy`` is "ecs" for Elastic's names, else
    "".
    """

    documents: tuple[Document, ...]
    derived_from: str
    status: str
    license: str
    references: tuple[str, ...]
    author: str
    date: str
    modified: str
    tags: tuple[str, ...]
    taxonomy: str
    query: str


def sigma_rule(plan: Plan, query: str, part: str = "") -> SigmaRule:
    """The Sigma rule of a plan for one log source, with this detection. ``part`` names one of
    several log sources of the rule, each of which has a rule of its own.
    """
    rule, (bound,) = plan.rule, plan.bounds
    counts = correlations(rule, bound)
    date = sigma_date(rule.created)
    modified = sigma_date(rule.updated)
    return SigmaRule(
        documents=tuple(_documents(rule, counts, part)),
        derived_from=rule.id if is_uuid(rule.id) else "",
        status="deprecated" if rule.is_deprecated else "experimental",
        license=_LICENSES.get(rule.license.strip(), rule.license.strip()),
        references=_references(rule),
        author=", ".join([name for text in rule.authors if (name := one_line(text))]),
        date=date,
        modified=modified if date and modified > date else "",
        tags=_tags(rule),
        taxonomy="" if bound.uses_target_names else "ecs",
        query=query,
    )


def metadata_notes(plan: Plan) -> Iterator[Note]:
    """Notes on the rule beside its query. Raises UnsupportedError for a rule of new terms, unless
    it is accepted that the result alerts on all of them.
    """
    rule = plan.rule
    of_query = tuple(query_only_notes(rule))
    if plan.format == FORMAT and rule.type == "new_terms" and "wider" not in plan.accept:
        raise UnsupportedError(
            "Sigma cannot express new-terms rules: it does not know which values were seen before",
            code="rule-type",
            notes=(*rule_type_notes(rule), *of_query),
            hint=Hint(
                Argument("accept", "wider"),
                " converts the query alone, which alerts on every value",
            ),
        )
    yield from of_query
    yield from unsaid_arrival(rule, "a Sigma rule", "whatever runs it must search late events too")
    if plan.format != FORMAT:
        return
    for source in plan.sources:
        counts = correlations(rule, source.bound)
        for remark in in_version_19(rule.tactics).remarks:
            yield Note("attack-version", Effect.SAME, remark)
        yield from unsupported_metadata(rule, counts=bool(counts))
        yield from correlation_notes(rule, source.bound, counts)
        if plan.several:
            yield from per_source_notes(counts)


def _documents(rule: Rule, counts: Sequence[Correlation], part: str) -> Iterator[Document]:
    """The detection, and behind it a correlation for each count."""
    title = _title(rule)
    last = Document(
        title=title,
        id=own_id(rule, "sigma", part),
        description=_description(rule, counted=bool(counts)),
        false_positives=_false_positives(rule),
        level=rule.severity if rule.severity in _LEVELS else "",
    )
    if not counts:
        yield last
        return
    yield Document(
        title=f"Events of {title}"[:LONGEST_TITLE],
        id=own_id(rule, "sigma", f"events{part}"),
        description="",
        false_positives=(_UNKNOWN,),
        level="informational",
        name=_name(title, part),
    )
    for number, count in enumerate(counts):
        values = f"Values of {count.field} in " if number else ""
        yield replace(
            last,
            title=f"{values}{title}"[:LONGEST_TITLE],
            id=own_id(rule, "sigma", f"{count.type if number else ''}{part}"),
            correlation=count,
        )


def _title(rule: Rule) -> str:
    """The rule's name without a full stop; where nothing is left of it, as of a bare query, the
    beginning of the query. At most 256 characters.
    """
    texts = (one_line(text).rstrip(".") for text in (rule.name, rule.query, "Every event"))
    return cut(next(filter(None, texts)), LONGEST_TITLE)


def _name(title: str, part: str) -> str:
    """A name by which correlations refer to the detection: its title in lower case with
    underscores, and the part that it is for; of two characters at least.
    """
    text = f"{title[:80]} {part}".lower()
    name = re.sub("[^a-z0-9]+", "_", text).strip("_")[:160]
    return name if len(name) > 1 else f"events_{name}".rstrip("_")


def _description(rule: Rule, *, counted: bool) -> str:
    """The rule's description, as long as it may be, and what a plain Sigma rule lacks of it."""
    lacks = "" if counted else reduced(rule)
    if not lacks:
        return cut(rule.description, LONGEST_DESCRIPTION)
    remark = f"Elastic's rule alerts {lacks}; this rule alerts on every event that it matches."
    room = LONGEST_DESCRIPTION - len(remark) - 2
    return "\n\n".join(filter(None, (cut(rule.description.strip(), room), remark)))


def _tags(rule: Rule) -> tuple[str, ...]:
    """ATT&CK tags in Sigma's spelling, of version 19: tactics first, then techniques; what is no
    id of a technique is left out.
    """
    found = in_version_19(rule.tactics)
    known = [id for id in found.techniques if is_technique(id)]
    return tuple(f"attack.{name.lower()}" for name in (*found.tactics, *known))


def _false_positives(rule: Rule) -> tuple[str, ...]:
    """Each on one line, with a capital first, once; "Unknown" where a rule with a name knows none.
    None of a bare query.
    """
    if not rule.name:
        return ()
    lines = [one_line(text) for text in rule.texts("false_positives")]
    known = [line for line in lines if len(line) > 1 and line.lower().strip(".") not in _NO_REASON]
    return tuple(dict.fromkeys(line[0].upper() + line[1:] for line in known)) or (_UNKNOWN,)


def _references(rule: Rule) -> tuple[str, ...]:
    """The rule's references, each once; those of ATT&CK stand in the tags."""
    found = [one_line(text) for text in rule.texts("references")]
    return tuple(text for text in dict.fromkeys(found) if text and "attack.mitre.org" not in text)


def sigma_date(text: str) -> str:
    """``2021/07/15`` → ``2021-07-15``; "" for anything else, a day that never was among it."""
    if not re.fullmatch(r"\d{4}([-/])\d{2}\1\d{2}", text, re.ASCII):
        return ""
    try:
        return datetime.date.fromisoformat(text.replace("/", "-")).isoformat()
    except ValueError:
        return ""


FILTERS: dict[str, Callable[..., str]] = {"paragraph": paragraph, "plain": plain, "quoted": scalar}
"""How the template writes values."""
