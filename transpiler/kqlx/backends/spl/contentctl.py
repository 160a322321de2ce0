"""What the template of a detection of contentctl 5 says of a rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.spl.conf_file import (
    MOST_DESCRIBED,
    MOST_OF_AUTHORS,
    conf_text,
    detection_name,
    filter_macro,
    without_tokens,
)
from kqlx.backends.spl.metadata import techniques, title_of
from kqlx.backends.yaml_text import block, plain, quoted
from kqlx.mappings.bound import Bound
from kqlx.rules.labels import one_line
from kqlx.rules.model import Rule


def yaml_block(text: str, indent: int = 2) -> str:
    return block(_whole(text), indent)


def yaml_plain(text: str) -> str:
    return plain(_whole(text))


def yaml_quoted(text: str) -> str:
    return quoted(_whole(text))


def _whole(text: str) -> str:
    """Text without halves of characters, which the reader of contentctl refuses."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def escu_name(rule: Rule) -> str:
    return detection_name(title_of(rule), own_id(rule, "spl")[:8])


def escu_description(rule: Rule) -> str:
    """The description, or the name; as much of it as fits."""
    return cut(without_tokens(rule.description) or without_tokens(title_of(rule)), MOST_DESCRIBED)


def escu_search(rule: Rule, search: str) -> str:
    """The search with the macro that contentctl makes for it."""
    return f"{search}\n| `{filter_macro(escu_name(rule))}`"


def escu_date(rule: Rule) -> str:
    """The day of the last change, for which the first of 1970 stands where none is known."""
    for text in rule.dates:
        if match := re.match(r"(\d{4})[-/](0[1-9]|1[0-2])[-/](0[1-9]|1\d|2[0-8])", text):
            return "-".join(match.groups())
    return "1970-01-01"


def spl_origin(rule: Rule) -> str:
    """One line on where the rule comes from, for people."""
    whose = f"the Elastic rule {rule.id}" if rule.id else "a query in Kibana KQL"
    by = f" by {', '.join(rule.authors)}" if rule.authors else ""
    under = f" ({rule.license})" if rule.license else ""
    text = f"Converted by kqlx from {whose}{by}{under}; disabled until reviewed."
    return conf_text(text)


def escu_implementation(rule: Rule, bound: Bound) -> str:
    """What the search needs."""
    title = bound.pack.title if bound.pack is not None else ""
    needs = (
        f"The search needs the events of {title}, as their add-on extracts them." if title else ""
    )
    needs = needs or "The search needs events with the field names of Elastic."
    return "\n\n".join(filter(None, [needs, rule.setup, spl_origin(rule)]))


def escu_false_positives(rule: Rule) -> str:
    """The reasons, a line each; contentctl wants four characters at least."""
    told = "\n".join(map(one_line, rule.texts("false_positives"))).strip()
    return told if len(told) >= 4 else f"Known: {told}" if told else "None are known."


def escu_author(rule: Rule) -> str:
    return cut(", ".join(map(one_line, rule.authors)), MOST_OF_AUTHORS) or "unknown"


def escu_techniques(rule: Rule) -> list[str]:
    """Without those of which a sub-technique is named, which contentctl does not take."""
    found = techniques(rule)
    return [id for id in found if not any(other.startswith(f"{id}.") for other in found)]


ESCU: dict[str, Callable[..., Any]] = {
    "block": yaml_block,
    "escu_author": escu_author,
    "escu_date": escu_date,
    "escu_description": escu_description,
    "escu_false_positives": escu_false_positives,
    "escu_implementation": escu_implementation,
    "escu_name": escu_name,
    "escu_search": escu_search,
    "escu_techniques": escu_techniques,
    "plain": yaml_plain,
    "quoted": yaml_quoted,
}
