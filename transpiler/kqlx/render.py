"""Conversion → text of an artifact, by the jinja2 templates in ``templates/<target>/``."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from kqlx import resources
from kqlx.backends.base import Target
from kqlx.mappings.bound import Bound
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from jinja2 import Environment


def render(
    rule: Rule, target: Target, query: str | dict[str, Any], bound: Bound, format: str
) -> str:
    """The artifact as text, without a final line feed. The format "query" is the query alone."""
    if format in ("query", "tstats"):
        return query if isinstance(query, str) else json_text(query)
    found = list((resources.ROOT / "templates" / target.name).glob(f"{format}.*.j2"))
    template = _environment().get_template(f"{target.name}/{found[0].name}")
    return template.render(rule=rule, query=query, bound=bound).rstrip("\n")


def heading(target: Target, text: str, *, mixed: bool = False) -> str:
    """A line above one of several results, as a comment of its language.

    JSON has none, and a stream of JSON documents needs none: it gets "", but for an output of
    several languages (``mixed``), which no program reads as a whole.
    """
    form = target.comment or ("// {}" if mixed else "")
    text = "".join(c if c.isprintable() else "\ufffd" for c in text).replace("```", "'''")
    return form.format(text)


def json_text(value: Any) -> str:
    """JSON with two blanks a level. Text stays as it is, but for halves of characters, which UTF-8
    lacks.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from kqlx.filters import FILTERS

    environment = Environment(
        loader=FileSystemLoader(resources.ROOT / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(FILTERS)
    return environment
