"""The documents of a whole rule: of a sequence or a sample a detection for each step's log source,
the counts of steps, and the correlation of all; other rules are in ``rule``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kqlx.backends.artifact_text import own_id
from kqlx.backends.sigma.log_source_names import log_source_labels
from kqlx.backends.sigma.rule import (
    FORMAT,
    UNKNOWN,
    Document,
    alert,
    detection_name,
    file_of_documents,
    labelled,
    sigma_rules,
    title_of,
)
from kqlx.backends.sigma.rule import metadata_notes as notes_of_others
from kqlx.backends.sigma.sequence import AskedStep, asked_steps, correlation_of, max_span
from kqlx.backends.sigma.sequence_notes import refuse_unless_accepted, sequence_notes
from kqlx.backends.sigma.unsupported_metadata import unsupported_metadata
from kqlx.backends.target import Plan, PlannedEvents, ResultDocument
from kqlx.notes import Effect, Note
from kqlx.records import replace
from kqlx.rules.model import Rule


def documents(plan: Plan, bodies: Sequence[str]) -> list[ResultDocument]:
    """The files of a rule with these detections, in the order of the plan's log sources."""
    if plan.events is None:
        return sigma_rules(plan, bodies)
    found = tuple(_of_events(plan.rule, plan.events, bodies))
    return [file_of_documents(plan.rule, plan.sources[0].bound, found)]


def metadata_notes(plan: Plan) -> Iterator[Note]:
    """Notes on the rule beside its query. Raises UnsupportedError for what is not accepted of what
    no Sigma rule can say.
    """
    if plan.events is not None:
        refuse_unless_accepted(plan.events, plan.accept)
    events, rule = plan.events, plan.rule
    yield from notes_of_others(plan)
    if events is None:
        return
    if plan.format == FORMAT:
        yield from unsupported_metadata(rule, counts=max_span(events) is None)
        yield from sequence_notes(events, rule)
        return
    kind, steps = type(events.asked).__name__.lower(), len(events.steps)
    message = (
        f"the rule alerts on a {kind} of {steps} steps; the query alone returns every event of each"
    )
    yield Note("rule-type", Effect.WIDER, message)


def _of_events(rule: Rule, events: PlannedEvents, bodies: Sequence[str]) -> Iterator[Document]:
    title, steps = title_of(rule), asked_steps(events)
    left = iter(bodies)
    named: list[tuple[str, ...]] = []
    for step in steps:
        detections = [*_detections(rule, step, left)]
        named.append(tuple([document.name for document in detections]))
        yield from detections
    correlation, own = correlation_of(events, rule)
    names = list(named[0])
    if len(steps) > 1:
        counted = {one.step.number: one.correlation for one in own}
        names = []
        for step, detected in zip(steps, named, strict=True):
            if step.number not in counted:
                names += detected
                continue
            names.append(detection_name(title, f"step {step.number}"))
            number = "An event" if step.runs == 1 else f"{step.runs} events"
            yield Document(
                title=labelled(f"Step {step.number} of {title}", ""),
                id=own_id(rule, "sigma", f"step {step.number}"),
                description=f"{number} of a step of the correlation below; no alert by itself.",
                false_positives=(UNKNOWN,),
                level="informational",
                name=names[-1],
                correlation=counted[step.number],
                counted=detected,
            )
    last = alert(rule, title, own_id(rule, "sigma"), counted=True)
    yield replace(last, correlation=correlation, counted=tuple(names))


def _detections(rule: Rule, step: AskedStep, bodies: Iterator[str]) -> Iterator[Document]:
    """The detection of each of a step's log sources."""
    title, number, counted = title_of(rule), f"step {step.number}", step.is_counted
    labels = log_source_labels([source.bound.place for source in step.sources])
    for label, body in zip(labels, bodies, strict=False):
        part = f"{number} {label}".strip()
        yield Document(
            title=labelled(
                f"{'Events of ' if counted else ''}Step {step.number} of {title}", label
            ),
            id=own_id(rule, "sigma", f"events {part}"),
            description="Events of a step of the correlation below; none of them is an alert by"
            " itself.",
            false_positives=(UNKNOWN,),
            level="informational",
            body=body,
            name=detection_name(title, f"{part} events" if counted else part),
        )
