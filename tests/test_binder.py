"""Binding to the packs: folding, translated values, the choice of a destination, and
what is said of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx import resources
from kqlx.mappings import pack, write_packs
from kqlx.notes import Effect

SOURCE = "event.dataset:o365.audit and "
RESTRICTED = "User restricted from sending email"


def convert(query: str, to: str, **options: object) -> kqlx.Conversion:
    return kqlx.convert(SOURCE + query, to=to, **options)  # type: ignore[arg-type]


def effects(conversion: kqlx.Conversion) -> dict[str, Effect]:
    return {note.code: note.effect for note in reversed(conversion.notes)}


@pytest.mark.parametrize(
    ("query", "to", "expected"),
    [
        ("user.id:a", "spl", 'UserId="a"'),
        ("not event.outcome:success", "spl", '" ResultStatus IN ("failed", "false")'),
        ("event.outcome:failure", "sentinel", '| where ResultStatus in~ ("failed", "false")'),
        ("event.outcome:success", "sentinel", '| where ResultStatus !in~ ("failed", "false")'),
        ("event.outcome:* and user.id:a", "spl", 'UserId="a"'),
        ("event.action:added-user-account", "spl", 'Operation="Add user."'),
        ("event.action:added-users*", "spl", 'Operation IN ("MemberAdded", "added-users*")'),
        ("not event.action:Add*", "spl", 'NOT (Operation="Add*" NOT Operation="Add user.")'),
        ("event.code:(ExchangeItem or SharePoint)", "spl", "RecordType IN (2, 4)"),
        ("(event.category:web or user.id:a) and user.id:b", "spl", 'UserId="b"'),
        ("not event.dataset:aws.cloudtrail and user.id:b", "spl", 'UserId="b"'),
        ("event.action:AlertTriggered and event.provider:SecurityComplianceCenter and rule.name:x",
         "sentinel", 'SecurityAlert\n| where AlertName =~ "x"'),
        ("o365.audit.OperationProperties.Name:* and event.action:x", "sentinel",
         "| where tostring(OperationProperties) contains_cs '\"Name\":'"),
        ("not o365.audit.OperationProperties.Name:a", "sentinel",
         "| where not(tostring(OperationProperties) contains_cs '\"Name\":\"a\"')"),
    ],
)  # fmt: skip
def test_names_and_values_of_the_destination(query: str, to: str, expected: str) -> None:
    assert expected in str(convert(query, to).query).replace("\n    ", " ")


@pytest.mark.parametrize(
    ("query", "to", "why"),
    [
        ("not event.category:web", "spl", 'event.category is "web" on every event'),
        ("event.module:aws", "spl", "so this never holds"),
        ("event.action:TeamCreated", "spl", "Elastic renames it"),
        ("event.code:SecurityComplianceAlerts", "sentinel", "never holds event.code"),
        (f'event.action:"{RESTRICTED}"', "sentinel", "never holds event.action"),
    ],
)  # fmt: skip
def test_a_query_that_can_never_match_is_an_error(query: str, to: str, why: str) -> None:
    with pytest.raises(kqlx.MappingError, match="this can never match in") as error:
        convert(query, to)
    assert why in error.value.message


@pytest.mark.parametrize(
    ("query", "to", "effect"),
    [
        ("event.code:SharePoint*", "spl", "narrower"),
        ("event.provider:(Exchange or SecurityComplianceCenter)", "sentinel", "narrower"),
        ("event.provider:Sec* and user.id:a", "sentinel", "narrower"),
        ("event.provider:SecurityComplianceCenter and (rule.name:x or event.outcome:failure)",
         "sentinel", "narrower"),
    ],
)  # fmt: skip
def test_what_would_miss_events_is_refused(query: str, to: str, effect: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match=f"the result would be {effect}"):
        convert(query, to)
    assert str(convert(query, to, accept=[effect]).fidelity) in (effect, "different")


def test_a_pattern_on_a_table_of_values_below_a_not_matches_more() -> None:
    result = convert("not event.code:SharePoint*", "spl")
    assert effects(result)["known-values-only"] is Effect.WIDER


def test_what_was_assumed_is_said() -> None:
    result = convert("event.provider:SecurityComplianceCenter and event.action:x", "sentinel")
    assert effects(result)["constant-assumed"] is Effect.WIDER
    assert effects(result)["table-chosen"] is Effect.WIDER


def test_a_destination_that_was_passed_over_is_named() -> None:
    result = convert("o365.audit.OperationCount > 5", "sentinel")
    (note,) = [note for note in result.notes if note.code == "place-chosen"]
    assert "OfficeActivity was passed over" in note.message


def test_an_unconfirmed_mapping_is_never_quiet() -> None:
    result = convert("event.provider:Exchange and event.outcome:success", "sigma")
    (note,) = [note for note in result.notes if note.code == "unconfirmed-mapping"]
    assert not note.is_quiet


@pytest.mark.parametrize(
    ("query", "to"),
    [
        ("source.geo.city_name:x", "spl"),
        ("o365.audit.UserType > 9", "sentinel"),
        ("event.code:NoSuchType", "spl"),
        ("event.outcome:unknown", "spl"),
        ("o365.*:x", "spl"),
        ("a:{b:c}", "spl"),
        ("event.code >= 5", "spl"),
    ],
)
def test_what_has_no_counterpart_is_refused(query: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match="has no counterpart in"):
        convert(query, to)


@pytest.mark.parametrize(
    ("indices", "source"),
    [
        (["logs-o365.audit-*", "filebeat-*"], "o365.audit"),
        (["logs-o365*"], "o365.audit"),
        (["filebeat-*"], None),
        (["logs-o365.audit-*", "logs-own*"], "o365.audit"),
        (["logs-own*"], None),
        ([], None),
    ],
)
def test_a_source_is_recognised_by_index_patterns(indices: list[str], source: str | None) -> None:
    rule = kqlx.Rule(name="r", query="user.id:a", data={"index": indices})
    assert kqlx.convert(rule).source == source


def test_a_rule_is_more_than_its_query() -> None:
    def notes(type: str, **data: object) -> dict[str, Effect]:
        rule = kqlx.Rule(name="r", query="a:1", type=type, data=data)
        return effects(kqlx.convert(rule, source="none", accept=["different"]))

    assert notes("threshold", threshold={"field": ["a"], "value": 5})["rule-type"] is Effect.WIDER
    assert notes("new_terms")["rule-type"] is Effect.WIDER
    assert notes("threat_match")["rule-type"] is Effect.DIFFERENT
    assert notes("query", filters=[{}])["filters-left-out"] is Effect.WIDER
    assert notes("query", alert_suppression={}) == notes("query")
    assert "suppression-left-out" in notes("query", alert_suppression={"group_by": ["a"]})


def test_kept_packs_are_those_of_the_yaml() -> None:
    kept = {path.name: path.read_text("utf-8") for path in pack.KEPT.glob("*")}
    assert kept == write_packs.kept_texts(), "a pack has changed: run make grammar"


def test_only_the_packs_of_the_query_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def note(source: str) -> dict[str, Any]:
        read.append(source)
        return original(source)

    original = pack.builtin_data
    monkeypatch.setattr(pack, "builtin_data", note)
    pack.builtin.cache_clear()
    assert kqlx.convert(SOURCE + "user.id:a").source == "o365.audit"
    assert read == ["o365.audit"]


def test_a_pack_that_was_edited_is_read_from_its_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (resources.PACKS / "o365.audit.yml").read_text("utf-8")
    (tmp_path / "o365.audit.yml").write_text(
        text.replace("event.id: Id", "event.id: Other"), "utf-8"
    )
    monkeypatch.setattr(resources, "PACKS", tmp_path)
    found = pack.of_data(pack.builtin_data("o365.audit"))
    assert found.targets["spl"][0].fields["event.id"].column == "Other"
