"""What a target is asked to write: a rule with its query for each data source, emitted together."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.backends.comments import about_left_out, comment_lines
from kqlx.backends.target import Emission, Options, Plan, Target, Writer
from kqlx.conversion import choices
from kqlx.mappings.bound import Bound
from tests.plans import query_plan

PLACES = tuple(
    Bound(kqlx.parse("a:b"), place={"table": name}, left_out=(f"of {name}",)) for name in "TU"
)


def test_a_plan_is_of_one_source_or_of_several() -> None:
    one, several = query_plan(PLACES[0], options=Options(format="rule")), query_plan(*PLACES)
    assert (one.several, one.format, one.bounds) == (False, "rule", PLACES[:1])
    assert one.only_source("Acme").bound == PLACES[0]
    assert several.several
    assert several.bounds == PLACES
    with pytest.raises(kqlx.UnsupportedError, match="several data sources, which Acme") as caught:
        several.only_source("Acme")
    assert caught.value.code == "sources-not-joined"


def emit(plan: Plan) -> Emission:
    tables = [str(source.bound.place["table"]) for source in plan.sources]
    comments = comment_lines("-- {}", about_left_out(plan.bounds))
    return Emission("\n".join([*comments, " + ".join(tables)]))


def test_a_target_writes_all_sources_together() -> None:
    target = Target("acme", "Acme", lambda: Writer(emit))
    assert target.emit(query_plan(*PLACES)).query == "-- of T\n-- of U\nT + U"


def test_a_conversion_hands_the_target_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Plan] = []

    def emit(plan: Plan) -> Emission:
        asked.append(plan)
        return Emission("x")

    target = Target("spl", "Acme", lambda: Writer(emit), options=frozenset({"index"}))
    monkeypatch.setattr(choices, "find", lambda name: target)
    indices = {"index": ["logs-okta.system-*", "logs-aws.cloudtrail-*"]}
    rule = kqlx.Rule(name="r", query="source.ip:1.2.3.4", data=indices, format="toml")
    found = kqlx.convert(rule, "spl", accept="wider", index="main")
    (plan,) = asked
    assert found.query == "x"
    assert plan.rule.name == "r"
    assert plan.accept == {"wider"}
    assert [source.bound.source for source in plan.sources] == ["aws.cloudtrail", "okta.system"]
    assert {source.options.index for source in plan.sources} == {"main"}
    assert found.source == "aws.cloudtrail, okta.system"
