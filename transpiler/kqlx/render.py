"""Conversion → text of an artifact, by the jinja2 templates in ``templates/<target>/``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from kqlx import resources
from kqlx.backends.base import Emission, Target
from kqlx.mappings.bound import Bound
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from jinja2 import Environment

_ARTIFACTS = {
    "elasticsearch": "detection_rule",
    "sentinel": "analytics_rule",
    "sigma": "rule",
    "spl": "saved_search",
}


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
    if _is_plain(format):
        if isinstance(query, str):
            return query
        from kqlx.backends.artifact_text import json_text

        return json_text(query)
    template = _environment(target.name).get_template(
        f"{target.name}/{_template(target.name, format)}"
    )
    if not target.by_part:
        bounds = [bound for bound, _ in parts]
        return template.render(rule=rule, query=query, bound=bounds[0], bounds=bounds).rstrip("\n")
    return "\n---\n".join(
        template.render(
            rule=rule, query=emission.query, bound=bound, part=_place(bound) if number else ""
        ).rstrip("\n")
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
    head, above, rest = query.partition(f"\n{target.remarks_above}")
    if target.remarks_above and above:
        return f"{head}\n{lines}{above[1:]}{rest}"
    return lines + query


def _harmless(text: str) -> str:
    """Text that stays within its line and its comment, whatever the language. Splunk ends one at
    backquotes, and expands macros between single ones.
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text).replace("`", "'")


def suffix(target: Target, format: str) -> str:
    """What the name of a file in this format ends in: that of its template, ``.conf``."""
    if _is_plain(format):
        return target.suffix
    return f".{_template(target.name, format).removesuffix('.j2').rpartition('.')[2]}"


def file_name(rule: Rule, target: Target, place: Mapping[str, object], format: str) -> str:
    """A name for the file that holds a rule in the format, the same on every system; ``place`` is
    where its events are in the target.
    """
    from kqlx.backends.artifact_text import file_stem

    if target.file_name is not None:
        return target.file_name(rule, place)
    return file_stem(rule) + suffix(target, format)


def _is_plain(format: str) -> bool:
    """Whether the artifact is the query alone."""
    return format in ("query", "tstats")


@cache
def _template(target: str, format: str) -> str:
    (found,) = (resources.ROOT / "templates" / target).glob(f"{format}.*.j2")
    return found.name


@cache
def _environment(target: str) -> Environment:
    from importlib import import_module

    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    filters = import_module(f"kqlx.backends.{target}.{_ARTIFACTS[target]}").FILTERS

    environment = Environment(
        loader=FileSystemLoader(resources.ROOT / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(filters)
    return environment
