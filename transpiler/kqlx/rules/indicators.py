"""Which indicators an indicator match rule compares events with, and what it asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kqlx.errors import KqlxError
from kqlx.frontends import KUERY, find_language
from kqlx.frontends.language import ReadingOptions
from kqlx.frontends.shown import shown
from kqlx.mappings.shippers import shipper
from kqlx.nodes import Always, And, Compare, Exists, FieldTest, Node, Not, Or, conjuncts, walk
from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule

# Where Elastic's integrations of threat intelligence put what they fetch
# (https://www.elastic.co/docs/solutions/security/get-started/enable-threat-intelligence-integrations).
_FEEDS = "logs-ti_"

# What an event is, by fields that tell indicators from other events and old ones from new ones.
_GENERAL = frozenset(
    {
        "@timestamp",
        "event.kind",
        "event.category",
        "event.type",
        "event.module",
        "event.dataset",
        "data_stream.dataset",
        # Elastic's own copies of indicators that are still valid.
        "labels.is_ioc_transform_source",
    }
)

_FOLDED = ("file.hash.", "url.domain", "domain")


def effect_of(rule: Rule) -> Effect:
    """What it means that events are compared with the indicators that the target has. Those of the
    feeds that somebody subscribes to are what is wanted in either; a list of one's own is another.
    """
    indices = rule.texts("threat_index")
    named = [index.rpartition(":")[2] for index in indices]
    from_feeds = all(name.startswith(_FEEDS) or shipper(name) == "filebeat" for name in named)
    return Effect.COVERAGE if named and from_feeds else Effect.DIFFERENT


def source_of(rule: Rule) -> str:
    """Where the rule has its indicators from."""
    return ", ".join(rule.texts("threat_index")) or "an index of its own"


def in_any_case(indicator_field: str) -> bool:
    """Whether two spellings of an indicator that differ in letter case are the same: hashes and
    names of domains.
    """
    return indicator_field.partition("indicator.")[2].startswith(_FOLDED)


def unkept_conditions(rule: Rule) -> Iterator[Note]:
    """A note on what the rule asks of indicators that the target's are not asked."""
    left_out = [*_of_query(rule), *_of_filters(rule)]
    if left_out:
        told = ", ".join(left_out)
        message = f"events are also compared with indicators that the rule does not take: {told}"
        yield Note("indicators", Effect.WIDER, message)


def _of_query(rule: Rule) -> list[str]:
    text = rule.text("threat_query")
    try:
        node = find_language(rule.text("threat_language") or KUERY).parse(text, ReadingOptions())
    except KqlxError:
        return [text]
    return [shown(test) for test in conjuncts(node) if not _is_general(test)]


def _is_general(test: Node) -> bool:
    """Whether it is met by the indicators of any feed."""
    if isinstance(test, Always):
        return True
    parts = [part for part in walk(test) if not isinstance(part, And | Or | Not)]
    if isinstance(test, Not):
        return _are_of(parts, _GENERAL)
    return all(isinstance(part, Exists) for part in parts) or _are_of(parts, _GENERAL)


def _are_of(parts: Iterable[Node], names: frozenset[str]) -> bool:
    return all(isinstance(p, FieldTest | Compare) and p.field.name in names for p in parts)


def _of_filters(rule: Rule) -> list[str]:
    found = []
    for one in rule.data.get("threat_filters") or ():
        meta = one.get("meta") if isinstance(one, dict) else None
        key = meta.get("key") if isinstance(meta, dict) else None
        if not (isinstance(meta, dict) and meta.get("disabled")) and key not in _GENERAL:
            found.append(f"the filter on {key}" if isinstance(key, str) else "a filter")
    return list(dict.fromkeys(found))
