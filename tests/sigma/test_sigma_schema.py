"""All that we write is valid by the JSON schemas of the Sigma specification, and they would see if
it were not.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kqlx
from tests import corpus
from tests.conftest import GOLDEN, examples
from tests.oracles.sigma_rules import documents
from tests.oracles.sigma_schema import is_correlation, official_problems, problems
from tests.sigma.test_sigma_documents import ALL, OWN, sigma
from tests.sigma.test_sigma_thresholds import COUNTED

GOLDENS = sorted(GOLDEN.glob("*/sigma.yml"))


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parent.name)
def test_goldens_are_valid(path: Any) -> None:
    found = documents(path.read_text(encoding="utf-8"))
    assert not [problem for document in found for problem in problems(document)]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("rule", [*OWN, COUNTED], ids=lambda rule: rule.name)
def test_own_rules_are_valid_in_every_format(rule: kqlx.Rule, exact: bool) -> None:
    (target,) = [target for target in kqlx.targets() if target.name == "sigma"]
    for format in target.format_names:
        text = sigma(rule, format=format, exact=exact, unmapped="keep").text
        for document in documents(text):
            whole = {"title": "The log source and detection", **document}
            assert not problems(whole if format == "query" else document)


def test_a_threshold_makes_correlations_that_are_valid() -> None:
    found = documents(sigma(COUNTED, unmapped="keep").text)
    assert [is_correlation(document) for document in found] == [False, True, True]
    assert [official_problems(document) for document in found] == [[], [], []]


RULE, EVENTS, VALUES = documents(sigma(COUNTED, unmapped="keep").text)


@pytest.mark.parametrize(
    ("document", "where", "value"),
    [
        (RULE, "title", None),
        (RULE, "title", "x" * 257),
        (RULE, "id", "not-a-uuid"),
        (RULE, "related", [{"id": RULE["id"]}]),
        (RULE, "related", [{"id": RULE["id"], "type": "child"}]),
        (RULE, "status", "production"),
        (RULE, "author", ["A", "B"]),
        (RULE, "references", ["https://a.example"] * 2),
        (RULE, "date", "2021/07/15"),
        (RULE, "tags", ["Attack.T1114"]),
        (RULE, "level", "urgent"),
        (RULE, "falsepositives", "Unknown"),
        (RULE, "logsource", None),
        (RULE, "logsource.product", 365),
        (RULE, "detection", None),
        (RULE, "detection.condition", None),
        (RULE, "detection.selection", "a text"),
        (EVENTS, "title", None),
        (EVENTS, "id", "1"),
        (EVENTS, "correlation.type", "count"),
        (EVENTS, "correlation.rules", "one"),
        (EVENTS, "correlation.rules", None),
        (EVENTS, "correlation.group-by", "user.id"),
        (EVENTS, "correlation.timespan", 9),
        (VALUES, "correlation.timespan", None),
        (VALUES, "correlation.condition", "gte 3"),
        (VALUES, "correlation.condition", None),
    ],
)
def test_the_official_schema_refuses(document: dict[str, Any], where: str, value: Any) -> None:
    """A key that is missing (None), or has a value that it cannot have."""
    assert not official_problems(document)
    assert official_problems(changed(document, where.split("."), value))


@pytest.mark.parametrize(
    ("document", "where", "value"),
    [
        (RULE, "risk_score", 47),
        (RULE, "title", ""),
        (RULE, "falsepositives", []),
        (RULE, "logsource", {}),
        (RULE, "modified", "1999-01-01"),
        (RULE, "detection.notsel", {"a": 1}),
        (RULE, "detection.selection", {"a|re": "b"}),
        (RULE, "detection.selection", {"a": ["b"]}),
        (VALUES, "correlation.condition", {"gte": 3}),
        (EVENTS, "correlation.condition", {"gte": "3"}),
        (EVENTS, "correlation.timespan", "a while"),
    ],
)
def test_our_own_rules_refuse_more(document: dict[str, Any], where: str, value: Any) -> None:
    """What the official schema lets pass, and only that is said twice."""
    assert not problems(document)
    wrong = changed({**document, "date": "2000-01-01"}, where.split("."), value)
    wrong = {key: wrong[key] for key in sorted(wrong, key=[*document, "date", *wrong].index)}
    assert not official_problems(wrong)
    assert problems(wrong)


def changed(document: dict[str, Any], keys: list[str], value: Any) -> dict[str, Any]:
    """The document with another value below the keys, or without the last of them."""
    first, *rest = keys
    if rest:
        return {**document, first: changed(document[first], rest, value)}
    others = {key: item for key, item in document.items() if key != first}
    return others if value is None else {**others, first: value}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", " ", "404", "1_000", "no", "~", "null", "2024-01-01", "1e3", "0x1F", "a: b #c", "- a\n\tb"]
)
LISTS = TEXTS | st.lists(TEXTS, max_size=3)
DATES = st.sampled_from(["2021/07/15", "2024-02-29", "2021/02/30", "2021-13-01", "soon", 2021])
IDS = st.sampled_from(
    ["7fc95782-4bd1-11f0-9838-f661ea17fbcd", "1" * 32, f"urn:uuid:{RULE['id']}", "x"]
)
RULES = st.builds(
    kqlx.Rule,
    name=TEXTS,
    query=st.just("event.action:a"),
    id=IDS,
    type=st.sampled_from(["query", "threshold"]),
    data=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(["description", "license", "severity"], TEXTS),
            **dict.fromkeys(["author", "references", "false_positives"], LISTS),
            "from": st.sampled_from(["now-9m", "now-2w", "now-1M", "now-1d/d", "always"]),
            "threshold": st.fixed_dictionaries({"field": LISTS, "value": st.integers(1, 9)}),
            "threat": st.lists(
                st.fixed_dictionaries(
                    {
                        "framework": st.just("MITRE ATT&CK"),
                        "tactic": st.just({"id": "TA0005", "name": "Defense Evasion"}),
                        "technique": st.lists(
                            st.fixed_dictionaries({"id": TEXTS | st.just("T1562")}), max_size=2
                        ),
                    }
                ),
                max_size=2,
            ),
        },
    ),
    metadata=st.fixed_dictionaries(
        {}, optional={"creation_date": DATES, "updated_date": DATES, "maturity": TEXTS}
    ),
)


@examples(50)
@given(rule=RULES)
@example(rule=kqlx.Rule(name="Long " * 99, query="a:1", data={"description": "long " * 19_999}))
def test_whatever_a_rule_says_of_itself_is_valid(rule: kqlx.Rule) -> None:
    for document in documents(sigma(rule, source="none", accept=ALL).text):
        assert not problems(document)


def test_the_order_of_keys_counts() -> None:
    assert problems(dict(reversed(RULE.items()))) == ["the keys are out of order"]


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
@pytest.mark.parametrize(("source", "exact"), [("none", False), (None, True)])
def test_real_rules_are_valid(source: str | None, exact: bool) -> None:
    """Under their own field names, and by the mapping packs."""
    reports = []
    for path, rule in corpus.rules():
        try:
            text = kqlx.convert(
                rule, to="sigma", source=source, exact=exact, unmapped="keep", accept=ALL
            ).text
        except kqlx.MappingError as error:
            known = ("never matches", "does not say which", "has no log source")
            assert any(reason in error.message for reason in known)
            continue
        except kqlx.UnsupportedError as error:  # a keyword, for which letter case never counts
            assert exact
            assert error.code == "case-not-exact"
            continue
        reports += [f"{path.name}: {p}" for d in documents(text) for p in problems(d)]
    assert not reports, "\n".join(reports)
