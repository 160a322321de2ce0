"""Conversion → texts of artifacts, by the jinja2 templates in ``templates/<target>/``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from kqlx import resources
from kqlx.backends.target import Emission, Format, Plan, Target
from kqlx.records import dataclass
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class ResultText:
    """The text of a file of a result, without a final line feed, and the place of its events."""

    text: str
    place: Mapping[str, object]


def render(
    plan: Plan, emission: Emission, target: Target, format: Format
) -> tuple[ResultText, ...]:
    """The artifact: one text, or several for a format that is a document for each source. The
    format "query" is the query alone.
    """
    place = plan.bounds[0].place
    if not format.template:
        if isinstance(emission.query, str):
            return (ResultText(emission.query, place),)
        from kqlx.backends.artifact_text import json_text

        return (ResultText(json_text(emission.query), place),)
    template, writer = _environment(target).get_template(format.template), target.writer

    def printed(artifact: object) -> str:
        rule, bound, query = plan.rule, plan.bounds[0], emission.query
        text = template.render(rule=rule, query=query, bound=bound, artifact=artifact)
        return text.rstrip("\n")

    if format.document_per_source and writer.documents is not None:
        documents = writer.documents(plan, emission.by_source)
        return tuple(ResultText(printed(each.artifact), each.place) for each in documents)
    query = emission.query if emission.structure is None else emission.structure
    artifact = writer.artifact(plan, query) if writer.artifact is not None else None
    return (ResultText(printed(artifact), place),)


def joined(texts: Iterable[ResultText]) -> str:
    """The texts as one: a stream of YAML's documents, where there are several."""
    return "\n---\n".join(each.text for each in texts)


def suffix(target: Target, format: str) -> str:
    """What the name of a file in this format ends in: that of its template, ``.conf``."""
    found = target.format(format)
    if found is None or not found.template:
        return target.suffix
    return f".{found.template.removesuffix('.j2').rpartition('.')[2]}"


def file_name(rule: Rule, target: Target, place: Mapping[str, object], format: str) -> str:
    """A name for the file that holds a rule in the format, the same on every system; ``place`` is
    where its events are in the target.
    """
    from kqlx.backends.artifact_text import file_stem

    if target.writer.file_name is not None:
        return target.writer.file_name(rule, place)
    return file_stem(rule) + suffix(target, format)


@cache
def _environment(target: Target) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(target.templates or resources.ROOT / "templates" / target.name),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,  # else it asks for the time of the file for each result
    )
    environment.filters.update(target.writer.filters())
    return environment
