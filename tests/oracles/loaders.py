"""What loads the artifacts of each format, or a model of what does: it says of each why it would
not be loaded.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml
from addonfactory_splunk_conf_parser_lib import TABConfigParser

from tests.oracles import custom_detections, kusto, sentinel_ci, splunk_tools
from tests.oracles.kibana_import import import_problems, strict, watch_problems
from tests.oracles.sentinel import TABLE, columns_of
from tests.oracles.sigma_rules import documents
from tests.oracles.sigma_schema import problems as sigma_problems
from tests.oracles.splunk import SPLUNK

Loader = Callable[[Sequence[str]], list[list[str]]]
"""Artifacts → for each its problems. It takes many at once, for some loaders start slowly."""


def each(check: Callable[[str], Iterable[str]]) -> Loader:
    """A loader of one artifact after the other. What the check raises is a problem too."""

    def problems(text: str) -> list[str]:
        try:
            return list(check(text))
        except Exception as error:  # an artifact may be wrong in a way that the model cannot name
            return [f"{type(error).__name__}: {error}"]

    return lambda texts: [problems(text) for text in texts]


def both(first: Loader, second: Loader) -> Loader:
    return lambda texts: [a + b for a, b in zip(first(texts), second(texts), strict=True)]


def search_problems(text: str) -> Iterator[str]:
    """What the request of a search lacks."""
    body = strict(text).get("body", {})
    if not (isinstance(body.get("query"), dict) or (body.get("query") and "filter" in body)):
        yield "no query"  # one in Query DSL, nor a text for EQL search with its window


def stanzas(text: str) -> dict[str, dict[str, str]]:
    """Stanza → setting → value of a .conf file, lines that go on behind a backslash put together as
    Splunk does.
    """
    parser = TABConfigParser()
    parser.read_file(io.StringIO(text))
    assert not parser.fields_outside_stanza
    return {
        name: {key: re.sub(r"[ ]?\\\n", "\n", value) for key, value in settings.items()}
        for name, settings in parser.item_dict().items()
    }


_JSON = re.compile(r"annotations|metadata|artifacts|drilldown_searches|next_steps|\._risk$")


# What every correlation search has, whatever its rule.
_SETTINGS = [
    "description", "search", "cron_schedule", "dispatch.earliest_time", "dispatch.latest_time",
    "enableSched", "disabled", "is_visible", "realtime_schedule", "schedule_window", "allow_skew",
    "counttype", "relation", "quantity", "alert.digest_mode", "alert.severity",
    "action.correlationsearch.enabled", "action.correlationsearch.label",
    "action.correlationsearch.annotations", "action.correlationsearch.metadata", "action.notable",
    "action.notable.param.rule_title", "action.notable.param.rule_description",
    "action.notable.param.security_domain", "action.notable.param.severity",
    "action.notable.param.extract_artifacts", "action.notable.param.drilldown_searches",
]  # fmt: skip


def saved_search_problems(text: str) -> Iterator[str]:
    """What is wrong with the stanza of one correlation search."""
    ((name, settings),) = stanzas(text).items()
    for key in _SETTINGS:
        if key not in settings:
            yield f"no {key} in [{name}]"
    for key, value in settings.items():
        if _JSON.search(key):
            json.loads(value)
    yield from spl_problems(settings["search"])


def spl_problems(text: str) -> Iterator[str]:
    """What the strict reader says of searches."""
    SPLUNK.read(text.strip())
    yield from ()


def detection_problems(texts: Sequence[str]) -> list[list[str]]:
    """contentctl's, if it is installed."""
    if not splunk_tools.there():
        return [[] for _ in texts]
    return splunk_tools.detection_problems(texts)


INDICATORS = "ThreatIntelIndicators"

_ANALYSED: dict[str, list[str]] = {}


def kusto_problems(queries: Sequence[str]) -> list[list[str]]:
    """What Microsoft's analyser says of queries, if it is installed: of those that keep Elastic's
    names on a table that has all the columns that they name. An over-long one is announced.
    """
    if not kusto.there():
        return [[] for _ in queries]
    if new := [query for query in dict.fromkeys(queries) if query not in _ANALYSED]:
        kept = [query for query in new if re.search(rf"\b{TABLE}\b", query)]
        own = {
            q: {TABLE: {**columns_of(q), "TimeGenerated": "datetime"}, **_beside(q)} for q in kept
        }
        _ANALYSED.update(zip(new, kusto.analyse(new, own=own), strict=True))
    return [[p for p in _ANALYSED[query] if "takes 10,000" not in p] for query in queries]


def _beside(query: str) -> dict[str, dict[str, str]]:
    """The table of indicators, where the query compares events with them."""
    if INDICATORS not in query:
        return {}
    tables = json.loads(kusto.TABLES.read_text("utf-8"))
    return {INDICATORS: tables[INDICATORS]}


def rule_problems(text: str) -> Iterator[str]:
    """What Azure-Sentinel's checks say, but that a query is too long, which is announced."""
    for complaint in sentinel_ci.complaints(text):
        if not complaint.startswith("query is no text"):
            yield complaint


def of_queries(query: Callable[[str], str]) -> Loader:
    """The analyser on the queries of artifacts; none of those that cannot be read at all."""

    def problems(texts: Sequence[str]) -> list[list[str]]:
        queries: list[str | None] = []
        for text in texts:
            try:
                queries.append(query(text))
            except Exception:  # the loader beside this one tells it
                queries.append(None)
        found = iter(kusto_problems([query for query in queries if query is not None]))
        return [[] if query is None else next(found) for query in queries]

    return problems


def template_problems(text: str) -> Iterator[str]:
    """What is against the schema of a template."""
    sentinel_ci.deployed(text)
    yield from ()


def custom_detection_problems(text: str) -> Iterator[str]:
    """What is against the model of Microsoft Graph."""
    custom_detections.created(text)
    yield from ()


def document_problems(text: str) -> Iterator[str]:
    """What pySigma and the specification's schemas say of rules and correlations."""
    from sigma.collection import SigmaCollection

    for document in documents(text):
        yield from sigma_problems(document)
    for rule in SigmaCollection.from_yaml(text):
        yield from map(str, rule.errors)


LOADERS: Mapping[tuple[str, str], Loader] = {
    ("elasticsearch", "query"): each(lambda text: () if strict(text) else ("no query",)),
    ("elasticsearch", "search"): each(search_problems),
    ("elasticsearch", "rule"): each(import_problems),
    ("elasticsearch", "watcher"): each(lambda text: watch_problems(strict(text))),
    ("spl", "query"): each(spl_problems),
    ("spl", "savedsearches"): each(saved_search_problems),
    ("spl", "escu"): detection_problems,
    ("sentinel", "query"): kusto_problems,
    ("sentinel", "rule"): both(
        each(rule_problems), of_queries(lambda t: yaml.safe_load(t)["query"])
    ),
    ("sentinel", "arm"): both(
        each(template_problems), of_queries(lambda t: str(sentinel_ci.deployed(t)["query"]))
    ),
    ("sentinel", "custom-detection"): both(
        each(custom_detection_problems),
        of_queries(lambda t: str(custom_detections.created(t)["queryCondition"]["queryText"])),
    ),
    ("sigma", "rule"): each(document_problems),
}
"""By target and format. Others are read by the loader of their query."""


def lacking() -> list[str]:
    """The loaders that are not installed, in words."""
    found = []
    if not splunk_tools.there():
        found.append("contentctl is not installed: no detection is loaded")
    if not kusto.there():
        found.append("Microsoft's analyser is not installed: no query of Sentinel is read by it")
    return found


def load(target: str, format: str, texts: Sequence[str]) -> list[list[str]]:
    """For each artifact its problems; none where nothing loads the format."""
    loader: Any = LOADERS.get((target, format))
    return loader(texts) if loader and texts else [[] for _ in texts]
