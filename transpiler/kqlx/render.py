"""Conversion → text of an artifact, by the jinja2 templates in ``templates/<target>/``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from kqlx import resources
from kqlx.backends.target import Emission, Target
from kqlx.mappings.bound import Bound
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from jinja2 import Environment


def render(
    rule: Rule,
    target: Target,
    query: str | dict[str, Any],
    parts: Sequence[tuple[Bound, Emission]],
    format: str,
) -> str:
    """The artifact as text, without a final line feed. The format "query" is the query alone.

    ``parts`` are the queries for each data source, ``query`` all of them as one.
    """
    chosen = target.format(format)
    if chosen is None or not chosen.template:
        if isinstance(query, str):
            return query
        from kqlx.backends.artifact_text import json_text

        return json_text(query)
    template = _environment(target).get_template(chosen.template)

    def document(bounds: Sequence[Bound], query: str | dict[str, Any], part: str = "") -> str:
        make = target.writer.artifact
        artifact = make(rule, bounds, query, format, part) if make is not None else None
        text = template.render(
            rule=rule, query=query, bound=bounds[0], bounds=bounds, part=part, artifact=artifact
        )
        return text.rstrip("\n")

    if not chosen.document_per_source:
        return document([bound for bound, _ in parts], query)
    return "\n---\n".join(
        document([bound], emission.query, _place(bound) if number else "")
        for number, (bound, emission) in enumerate(parts)
    )


def _place(bound: Bound) -> str:
    """A word for where the events of a data source are, which tells the parts of a rule apart."""
    return json.dumps(bound.place, sort_keys=True)


def heading(target: Target, text: str, *, mixed: bool = False) -> str:
    """A line above one of several results, as a comment of its language.

    JSON has none, and a stream of JSON documents needs none: it gets "", but for an output of
    several languages (``mixed``), which no program reads as a whole.
    """
    return (target.comment or ("// {}" if mixed else "")).format(_harmless(text))


def with_remarks(target: Target, query: str, remarks: Sequence[str]) -> str:
    """A query of the target with comments in its text, one a line."""
    form = target.remark or target.comment
    if not form or not remarks:
        return query
    lines = "".join(f"{form.format(_harmless(text))}\n" for text in dict.fromkeys(remarks))
    head, above, rest = query.partition(f"\n{target.comment_anchor}")
    if target.comment_anchor and above:
        return f"{head}\n{lines}{above[1:]}{rest}"
    return lines + query


def _harmless(text: str) -> str:
    """Text that stays within its line and its comment, whatever the language. Splunk ends one at
    backquotes, and expands macros between single ones.
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text).replace("`", "'")


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
