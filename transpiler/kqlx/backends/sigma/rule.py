"""Sigma rules: all that the template prints, decided once, and what of Elastic's rule was lost on
the way (https://github.com/SigmaHQ/sigma-specification, sigma-rules-specification.md).
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator, Sequence

from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.sigma.correlations import (
    Correlation,
    correlation_notes,
    correlations,
    joint_correlations,
    joint_notes,
    per_source_notes,
)
from kqlx.backends.sigma.log_source_names import log_source_labels
from kqlx.backends.sigma.unsupported_metadata import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    is_uuid,
    unsupported_metadata,
)
from kqlx.backends.sigma.yaml_style import paragraph, plain, scalar
from kqlx.backends.target import Plan, ResultDocument
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound
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
UNKNOWN = "Unknown"
"""What SigmaHQ writes where nobody knows a false positive."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a rule: its detection in ``body``, or a ``correlation`` of the events of
    those of ``counted``, which are names. One to which correlations refer has a ``name``; alone it
    raises no alert then.
    """

    title: str
    id: str
    description: str
    false_positives: tuple[str, ...]
    level: str
    body: str = ""
    name: str = ""
    correlation: Correlation | None = None
    counted: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class _Source:
    """One of the rule's log sources: its detection, and what tells its documents from those of the
    others. ``part`` is "" for the first, ``label`` for the only one.
    """

    bound: Bound
    body: str
    part: str
    label: str


def sigma_rules(plan: Plan, bodies: Sequence[str]) -> list[ResultDocument]:
    """The files of a rule: one for each of its log sources, with this detection; or one for all of
    them, where the rule counts and one correlation can count the events of all.
    """
    rule, bounds = plan.rule, plan.bounds
    labels = log_source_labels([bound.place for bound in bounds])
    parts = ["", *[json.dumps(bound.place, sort_keys=True) for bound in bounds[1:]]]
    each = zip(bounds, bodies, parts, labels, strict=True)
    sources = [_Source(*one) for one in each]
    if counts := _joint_counts(plan):
        return [_file(rule, sources, counts)]
    return [_file(rule, [source], correlations(rule, source.bound)) for source in sources]


def _file(
    rule: Rule, sources: Sequence[_Source], counts: tuple[Correlation, ...]
) -> ResultDocument:
    documents = tuple(_documents(rule, sources, counts))
    return file_of_documents(rule, sources[0].bound, documents)


def file_of_documents(rule: Rule, bound: Bound, documents: tuple[Document, ...]) -> ResultDocument:
    """The file of a rule with these documents, whose (first) log source is that of the tree."""
    date, modified = sigma_date(rule.created), sigma_date(rule.updated)
    artifact = SigmaRule(
        documents=documents,
        derived_from=rule.id if is_uuid(rule.id) else "",
        status="deprecated" if rule.is_deprecated else "experimental",
        license=_LICENSES.get(rule.license.strip(), rule.license.strip()),
        references=_references(rule),
        author=", ".join([name for text in rule.authors if (name := one_line(text))]),
        date=date,
        modified=modified if date and modified > date else "",
        tags=_tags(rule),
        taxonomy="" if bound.uses_target_names else "ecs",
    )
    return ResultDocument(artifact, bound.place)


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
    for remark in in_version_19(rule.tactics).remarks:
        yield Note("attack-version", Effect.SAME, remark)
    if plan.events is not None:
        return  # ``documents`` has the others
    if (counts := _joint_counts(plan)) is not None:
        yield from unsupported_metadata(rule, counts=bool(counts))
        yield from joint_notes(counts, plan.bounds)
        for bound in plan.bounds:
            yield from correlation_notes(rule, bound, counts)
        return
    for source in plan.sources:
        counts = correlations(rule, source.bound)
        yield from unsupported_metadata(rule, counts=bool(counts))
        yield from correlation_notes(rule, source.bound, counts)
        if plan.several:
            yield from per_source_notes(counts)


def _joint_counts(plan: Plan) -> tuple[Correlation, ...] | None:
    """The counts over the events of several log sources; None where there are none."""
    return (joint_correlations(plan.rule, plan.bounds) or None) if plan.several else None


def _documents(
    rule: Rule, sources: Sequence[_Source], counts: Sequence[Correlation]
) -> Iterator[Document]:
    """The detections, and behind them a correlation for each count."""
    title = title_of(rule)
    first, several = sources[0], len(sources) > 1
    last = alert(
        rule,
        title if several else labelled(title, first.label),
        own_id(rule, "sigma", first.part),
        counted=bool(counts),
        body=first.body,
    )
    if not counts:
        yield last
        return
    names = []
    for source in sources:
        names.append(detection_name(title, source.part if not several else source.label))
        yield Document(
            title=labelled(f"Events of {title}", source.label),
            id=own_id(rule, "sigma", f"events{source.part}"),
            description="The events that the correlation below counts; none of them is an alert by"
            " itself.",
            false_positives=(UNKNOWN,),
            level="informational",
            body=source.body,
            name=names[-1],
        )
    for number, count in enumerate(counts):
        values = f"Values of {count.field} in " if number else ""
        yield replace(
            last,
            title=f"{values}{last.title}"[:LONGEST_TITLE],
            id=own_id(rule, "sigma", f"{count.type if number else ''}{first.part}"),
            body="",
            correlation=count,
            counted=tuple(names),
        )


def alert(rule: Rule, title: str, id: str, *, counted: bool, body: str = "") -> Document:
    """The document that raises the rule's alerts; ``counted`` says that a correlation does."""
    return Document(
        title=title,
        id=id,
        description=_description(rule, counted=counted),
        false_positives=_false_positives(rule),
        level=rule.severity if rule.severity in _LEVELS else "",
        body=body,
    )


def labelled(title: str, label: str) -> str:
    """The title with what tells the document from others of the rule."""
    end = f" - {label}" if label else ""
    return f"{cut(title, LONGEST_TITLE - len(end))}{end}"


def title_of(rule: Rule) -> str:
    """The rule's name without a full stop and with capitals; where nothing is left of it, as of a
    bare query, the beginning of the query. At most 256 characters.
    """
    texts = (one_line(rule.name), rule.query, "Every event")
    found = next(filter(None, [one_line(text).rstrip(".") for text in texts]))
    return cut(with_capitals(found) if rule.name else found, LONGEST_TITLE)


SMALL_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "new", "of", "on", "or", "over"}
    | {"the", "through", "to", "via", "with", "without"}
)
"""Those that SigmaHQ's titles have in small letters."""


def with_capitals(title: str) -> str:
    """The title with a capital at the beginning of each word, as SigmaHQ's check of titles wants
    it: not of the small ones, nor of what is no word, ``cmd.exe``.
    """
    return " ".join(
        f"{word[0].upper()}{word[1:]}"
        if re.fullmatch("[a-z]+(?:-[a-z]+)*", word) and word not in SMALL_WORDS
        else word
        for word in title.split(" ")
    )


def detection_name(title: str, part: str) -> str:
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
    return tuple(dict.fromkeys(line[0].upper() + line[1:] for line in known)) or (UNKNOWN,)


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
