"""Every rule in ``rules/`` in every target, against files read by eye; each language's own engine
agrees.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.render import suffix
from kqlx.rules.load import load_rules
from tests.conftest import GOLDEN, OWN_RULES
from tests.conversion.test_joined_record_goldens import GOLDENS as JOINED_RECORDS
from tests.conversion.test_looked_up import wanted as looked_up
from tests.oracles.custom_detections import created
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_ci import complaints, deployed

RULES = OWN_RULES
OURS = ("m365_", "okta_", "aws_")
"""How the names of the rules begin that are converted by the mapping pack of their data source, as
those in EQL are.
"""

MAPPED = [
    path for path in RULES if path.stem.startswith(OURS) or load_rules(path).rules[0].type == "eql"
]
TARGETS = {target.name: target for target in kqlx.targets()}


def convert(path: Path, target: str, **options: Any) -> kqlx.Conversion:
    """Rules for cloud services by their mapping packs, the others with ECS names kept.

    One rule names no field, which no target can say as Kibana means it; that is accepted.
    """
    (rule,) = load_rules(path).rules
    if path not in MAPPED:
        options = {"source": "none", "accept": ["different"], **options}
    return kqlx.convert(rule, to=target, **options)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_golden(path: Path, target: str, golden: Callable[[str, str], None]) -> None:
    try:
        result = convert(path, target)
    except kqlx.UnsupportedError as error:  # what a target cannot say is a result too
        golden(f"{path.stem}/{target}.refused.txt", f"{error}\n")
        return
    golden(f"{path.stem}/{target}{TARGETS[target].suffix}", result.text + "\n")
    notes = "".join(f"{note.effect} {note.code}: {note.message}\n" for note in result.notes)
    golden(f"{path.stem}/{target}.notes.txt", notes)


FORMATS = [
    (target, format)
    for target, found in TARGETS.items()
    for format in found.format_names[1:]
    if format not in ("query", "tstats")
]
WHOLE = [*MAPPED, *(p for p in RULES if load_rules(p).rules[0].type != "query")]


def golden_name(target: str, format: str) -> str:
    return f"{target}.{format}{suffix(TARGETS[target], format)}"


@pytest.mark.parametrize(("target", "format"), FORMATS)
@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_golden_artifact(
    path: Path, target: str, format: str, golden: Callable[[str, str], None]
) -> None:
    try:
        result = convert(path, target, format=format)
    except kqlx.UnsupportedError as error:
        golden(f"{path.stem}/{target}.{format}.refused.txt", f"{error}\n")
        return
    golden(f"{path.stem}/{golden_name(target, format)}", result.text + "\n")
    notes = "".join(f"{note.effect} {note.code}: {note.message}\n" for note in result.notes)
    golden(f"{path.stem}/{target}.{format}.notes.txt", notes)


def results(target: str, format: str | None = None) -> dict[str, str]:
    """Rule → converted text, where the target can say the rule; of a format that is not the first,
    rules that are tested whole.
    """
    found = {}
    for path in RULES if format is None else dict.fromkeys(WHOLE):
        with suppress(kqlx.UnsupportedError):
            found[path.stem] = convert(path, target, format=format).text
    return found


def test_no_golden_is_left_over() -> None:
    wanted = looked_up() | JOINED_RECORDS
    for target in TARGETS.values():
        said = results(target.name)
        for path in RULES:
            names = [f"{target.name}{target.suffix}", f"{target.name}.notes.txt"]
            names = names if path.stem in said else [f"{target.name}.refused.txt"]
            wanted |= {f"{path.stem}/{name}" for name in names}
    for target_name, format in FORMATS:
        said = results(target_name, format)
        for path in WHOLE:
            names = [golden_name(target_name, format), f"{target_name}.{format}.notes.txt"]
            names = names if path.stem in said else [f"{target_name}.{format}.refused.txt"]
            wanted |= {f"{path.stem}/{name}" for name in names}
    assert {str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*.*")} == wanted


def test_microsofts_analyser_takes_the_sentinel_goldens() -> None:
    said = results("sentinel")
    mapped = {path.stem: said[path.stem] for path in MAPPED}
    assert dict(zip(mapped, analyse(list(mapped.values())), strict=True)) == {n: [] for n in mapped}


def test_what_loads_the_analytics_rules_takes_them() -> None:
    queries = []
    for path in WHOLE:
        rule = convert(path, "sentinel", format="rule")
        assert complaints(rule.text) == []
        template = deployed(convert(path, "sentinel", format="arm").text)
        assert template["query"] == rule.query
        queries.append(str(rule.query))
    for text in results("sentinel", "custom-detection").values():
        created(text)
    assert not any(analyse(queries))


def test_the_analyser_sees_what_is_wrong() -> None:
    """A check that could not fail would show nothing."""
    wrong = [
        "CloudAppEvents | where Nothing == 1",
        "CloudAppEvents | where ActionType == 1",
        "CloudAppEvents | where isnull(ActionType)",
        "CloudAppEvents | where 'a.b' =~ 'x'",
        "SecurityAlerts | where AlertName == 'x'",
    ]
    assert all(analyse(wrong))


@pytest.mark.parametrize("name", results("sigma"))
def test_pysigma_loads_and_converts_the_sigma_goldens(name: str) -> None:
    from sigma.backends.elasticsearch import LuceneBackend
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection

    text = results("sigma")[name]
    counts = "\ncorrelation:" in text  # which Lucene has no form for
    for backend in (SplunkBackend(), *(() if counts else (LuceneBackend(),))):
        collection = SigmaCollection.from_yaml(text)
        assert not [error for rule in collection for error in rule.errors]
        if "type: temporal_ordered" in text:  # which none has a form for, as a note says
            with pytest.raises(NotImplementedError, match="temporal_ordered"):
                backend.convert(collection)
            continue
        queries = backend.convert(collection)  # of several counts one each
        assert queries
        assert all(queries)


def should(*clauses: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def term(name: str, value: str) -> dict[str, Any]:
    return {"term": {name: {"value": value}}}


def test_the_dsl_of_rule_1_is_kibanas() -> None:
    """Written by hand from what Kibana builds of keyword fields, not from our own output."""
    golden = json.loads(
        (GOLDEN / "m365_user_restricted_from_sending_email/elasticsearch.json").read_text("utf-8")
    )
    assert golden == {
        "bool": {
            "filter": [
                should(term("event.dataset", "o365.audit")),
                should(term("event.provider", "SecurityComplianceCenter")),
                should(term("event.category", "web")),
                should(term("event.action", "User restricted from sending email")),
                should(term("event.outcome", "success")),
            ]
        }
    }


def test_the_dsl_of_rule_2_is_kibanas() -> None:
    """``data_stream.dataset`` is a constant_keyword, and of the fields of o365.audit that are no
    types declared: Kibana's form for both is the same.
    """
    golden = json.loads(
        (GOLDEN / "m365_exchange_mailbox_items_accessed_excessively/elasticsearch.json").read_text(
            "utf-8"
        )
    )
    properties = "o365.audit.OperationProperties"
    assert golden == {
        "bool": {
            "filter": [
                should({"match_phrase": {"data_stream.dataset": "o365.audit"}}),
                should(term("event.provider", "Exchange")),
                should(term("event.action", "MailItemsAccessed")),
                should(term("event.code", "ExchangeItemAggregated")),
                should(
                    {
                        "bool": {
                            "filter": [
                                should({"match_phrase": {f"{properties}.Name": "IsThrottled"}}),
                                should({"match_phrase": {f"{properties}.Value": "True"}}),
                            ]
                        }
                    },
                    should({"range": {"o365.audit.OperationCount": {"gte": "100"}}}),
                ),
            ]
        }
    }


@pytest.mark.parametrize("path", MAPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_no_elastic_name_is_left(path: Path, target: str) -> None:
    (rule,) = load_rules(path).rules
    text = str(kqlx.convert(rule, to=target, format="query").query)
    query = "\n".join(line for line in text.splitlines() if not line.startswith("# "))
    for name in ("event.", "data_stream", "o365.audit", "okta.", "aws.cloudtrail"):
        assert name not in query
