"""Conversion → text of an artifact, by the jinja2 templates in ``templates/<target>/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from kqlx import resources
from kqlx.backends.target import Emission, Format, Plan, Target
from kqlx.mappings.bound import Bound
from kqlx.records import replace
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from jinja2 import Environment


def render(plan: Plan, emission: Emission, target: Target, format: Format) -> str:
    """The artifact as text, without a final line feed. The format "query" is the query alone."""
    if not format.template:
        if isinstance(emission.query, str):
            return emission.query
        from kqlx.backends.artifact_text import json_text

        return json_text(emission.query)
    template = _environment(target).get_template(format.template)

    def document(
        plan: Plan, query: str | dict[str, Any], structure: Any = None, part: str = ""
    ) -> str:
        make = target.writer.artifact
        of_query = query if structure is None else structure
        artifact = make(plan, of_query, part) if make is not None else None
        rule, bound = plan.rule, plan.bounds[0]
        text = template.render(rule=rule, query=query, bound=bound, part=part, artifact=artifact)
        return text.rstrip("\n")

    if not format.document_per_source:
        return document(plan, emission.query, emission.structure)
    each = zip(plan.sources, emission.by_source, strict=True)
    return "\n---\n".join(
        document(
            replace(plan, sources=(source,)), query, part=_place(source.bound) if number else ""
        )
        for number, (source, query) in enumerate(each)
    )


def _place(bound: Bound) -> str:
    """A word for where the events of a data source are, which tells the parts of a rule apart."""
    return json.dumps(bound.place, sort_keys=True)


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
    )
    environment.filters.update(target.writer.filters())
    return environment
