"""Binding to the packs: folding, translated values, the choice of a destination, and
what is said of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx import resources
from kqlx.backends import find
from kqlx.mappings import compile_packs as write_packs
from kqlx.mappings import coverage
from kqlx.mappings.destinations import bind
from kqlx.mappings.overview import overview_of
from kqlx.mappings.pack_library import Packs, packs_of
from kqlx.mappings.reader import builtin, pack_data
from kqlx.notes import Effect
from tests.plans import query_plan

SOURCE = "event.dataset:o365.audit and "
RESTRICTED = "User restricted from sending email"


def convert(query: str, to: str, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(SOURCE + query, to=to, **options)


def effects(conversion: kqlx.Conversion) -> dict[str, Effect]:
    return {note.code: note.effect for note in reversed(conversion.notes)}


@pytest.mark.parametrize(
    ("query", "to", "expected"),
    [
        ("user.id:a", "spl", 'UserId="a"'),
        ("event.action:x and not event.outcome:success", "spl",
         '" ResultStatus IN ("failed", "false")'),
        # DLP records, whose outcome is said otherwise, are among these.
        ("event.outcome:failure", "spl", '{}.Rules{}.Actions{}="BlockAccess"'),
        ("event.action:DLPRuleMatch and event.outcome:failure", "spl", '="BlockAccess"'),
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
         "| where tostring(OperationProperties) matches regex '\"Name\":[^n]'"),
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
    with pytest.raises(kqlx.MappingError, match="never matches in") as error:
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
    assert effects(result)["value-assumed"] is Effect.WIDER
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
        ("event.kind:pipeline_error", "spl"),
        ("o365.*:x", "spl"),
        ("a:{b:c}", "spl"),
        ("event.code >= 5", "spl"),
    ],
)
def test_what_has_no_counterpart_is_refused(query: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match="has no counterpart in"):
        convert(query, to)


@pytest.mark.parametrize(
    ("query", "to", "expected"),
    [
        # Which events have a field may be more than a value in a column.
        ("source.ip:*", "sentinel", 'ipv6_compare(SourceIpAddress, "::") >= 0'),
        ("aws.cloudtrail.error_code:*", "spl", 'NOT errorCode IN ("", "success")'),
        ("aws.cloudtrail.error_code:Denied", "spl", 'errorCode="Denied"'),
        # Text that Elastic writes as Java does, and the destination as JSON.
        ("aws.cloudtrail.request_parameters:*Suspended*", "sentinel",
         'RequestParameters contains_cs "Suspended"'),
        ("aws.cloudtrail.request_parameters:*Suspended*", "spl", '_raw="*Suspended*"'),
        # Of a sign-in another column tells the outcome.
        ("event.action:ConsoleLogin and event.outcome:failure", "spl",
         'responseElements.ConsoleLogin="Failure"'),
        ("event.action:(ConsoleLogin or CreateUser) and event.outcome:failure", "sentinel",
         "isnotempty(ErrorCode) or isnotempty(ErrorMessage)"),
    ],
)  # fmt: skip
def test_presence_and_text_of_another_form(query: str, to: str, expected: str) -> None:
    result = kqlx.convert(f"event.dataset:aws.cloudtrail and {query}", to=to)
    assert expected in " ".join(str(result.query).split())


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("aws.cloudtrail.request_parameters:enabled=false", "spells = differently"),
        ("source.address:a.amazonaws.com and source.ip:10.0.0.0/8", "which is in the same column"),
    ],
)
@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_what_would_mean_another_thing_in_the_column_is_refused(
    query: str, why: str, to: str
) -> None:
    with pytest.raises(kqlx.MappingError, match=why):
        kqlx.convert(f"event.dataset:aws.cloudtrail and {query}", to=to)


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
    assert kqlx.convert(rule, unmapped="keep").source == source


def test_a_rule_is_more_than_its_query() -> None:
    def notes(type: str, **data: object) -> dict[str, Effect]:
        rule = kqlx.Rule(name="r", query="a:1", type=type, data=data)
        return effects(kqlx.convert(rule, "elasticsearch", source="none", accept=["different"]))

    assert notes("threshold", threshold={"field": ["a"], "value": 5})["rule-type"] is Effect.WIDER
    assert notes("new_terms")["rule-type"] is Effect.WIDER
    assert notes("threat_match")["rule-type"] is Effect.DIFFERENT
    assert notes("query", filters=[{}])["filters-left-out"] is Effect.WIDER
    assert notes("query", alert_suppression={}) == notes("query")
    assert "suppression-left-out" in notes("query", alert_suppression={"group_by": ["a"]})


def test_kept_packs_are_those_of_the_yaml() -> None:
    kept = {path.name: path.read_text("utf-8") for path in builtin.KEPT.glob("*")}
    assert kept == write_packs.kept_texts(), "a pack has changed: run make grammar"


def test_the_overview_is_that_of_the_packs_and_of_the_users(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        "source: o365.audit\ntargets:\n  spl:\n"
        "    - base: index=x\n      fields: {user.id: u, user.name: {none: no column}}\n"
    )
    packs = packs_of(own)
    assert overview_of("o365.audit", packs)["spl"] != overview_of("o365.audit", Packs())["spl"]
    for source in packs.sources():
        for target, found in overview_of(source, packs).items():
            there = packs.get(source).targets[target]
            names = {name for each in there for name in coverage.mapped_names(each)}
            assert found.fields == len(names)
            assert found.destinations == tuple(dict.fromkeys(each.name for each in there))


def test_only_the_packs_of_the_query_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def note(source: str) -> dict[str, Any]:
        read.append(source)
        return original(source)

    original = builtin._data_of
    monkeypatch.setattr(builtin, "_data_of", note)
    builtin.builtin.cache_clear()
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
    found = pack_data.of_data(builtin.builtin_data("o365.audit"))
    assert found.targets["spl"][0].fields["event.id"].column == "Other"


def in_sentinel(folder: Path, destination: str, query: str) -> str:
    """The query bound by a pack of one destination, given as YAML."""
    path = folder / "made.yml"
    text = destination.replace("\n", "\n      ").strip()
    path.write_text(f"source: made\ntargets:\n  sentinel:\n    - {text}\n", "utf-8")
    bound = bind(kqlx.parse(query), builtin.load(path), "sentinel")
    return str(find("sentinel").emit(query_plan(bound)).query)


FILTERED = """
table: T
filter: Kind:a
fields: {user.name: User, event.code: Code, user.id: {column: Id, given: 'Key:uid'}}
"""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("user.name:x", '| where Kind == "a"\n| where User == "x"'),
        ("not user.name:x", '| where Kind == "a"\n| where User != "x"'),
        ("user.id:x", '| where Kind == "a"\n| where Key == "uid"\n| where Id == "x"'),
        ("user.id:(x or y)", '| where Key == "uid"\n| where Id in ("x", "y")'),
        ("not user.id:x", 'where not(Key == "uid" and Id == "x")'),
        ("user.id:*", '| where Key == "uid"\n| where isnotempty(Id)'),
        ("user.id:x or user.name:y", '(Key == "uid" and Id == "x") or User == "y"'),
    ],
)
def test_predicates_beside_the_query_and_beside_a_field(
    tmp_path: Path, query: str, expected: str
) -> None:
    assert expected in in_sentinel(tmp_path, FILTERED, query)


PATHS = """
table: T
fields: {user.name: Bag.a.b/c, user.id: List.ID}
columns: {Bag.a.b/c: {path: [a.b/c]}, List.ID: {form: pairs, keys: [name, value]}}
"""


def test_keys_with_dots_and_pairs_of_other_names(tmp_path: Path) -> None:
    path = in_sentinel(tmp_path, PATHS, "user.name:x")
    assert 'tostring(Bag["a.b/c"]) == "x"' in path
    assert '"name":"ID","value":"x"' in in_sentinel(tmp_path, PATHS, "user.id:x")


AUDIT = "event.dataset:azure.auditlogs and event.action:a and "
TARGETS = "azure.auditlogs.properties.target_resources"


@pytest.mark.parametrize("place", ["*", "0", "12"])
def test_a_list_is_asked_for_by_a_star_or_a_place(place: str) -> None:
    result = kqlx.convert(f"{AUDIT}{TARGETS}.{place}.type:User", to="sentinel")
    assert 'tostring(TargetResources) contains_cs \'"type":"User"\'' in str(result.query)
    assert effects(result).get("any-list-position") == (None if place == "*" else Effect.WIDER)


def test_a_place_in_a_list_is_not_told_apart_under_a_not() -> None:
    with pytest.raises(kqlx.UnsupportedError, match="narrower"):
        kqlx.convert(f"{AUDIT}not {TARGETS}.0.type:User", to="spl")


def test_a_star_that_fits_many_names_has_no_counterpart() -> None:
    with pytest.raises(kqlx.MappingError, match="a wildcard"):
        kqlx.convert(f"{AUDIT}azure.*:User", to="spl")


SIGN_IN = "event.dataset:azure.signinlogs and "
NAME = "properties.userPrincipalName"


@pytest.mark.parametrize(
    ("query", "expected", "effect"),
    [
        ("user.name:al", f'{NAME} IN ("al@*", "al")', "coverage"),
        ("user.name:a*l", f'{NAME} IN ("a*l@*", "a*l")', "wider"),
        ("user.name:al*", f'{NAME}="al*"', "wider"),
        ("user.name:*", f'{NAME}!="null"', "coverage"),
        ("source.as.organization.name:*", 'properties.autonomousSystemNumber!="null"', "coverage"),
    ],
)  # fmt: skip
def test_a_field_that_is_part_of_a_column(query: str, expected: str, effect: str) -> None:
    result = kqlx.convert(SIGN_IN + query, to="spl")
    assert str(result.query).endswith(expected)
    assert str(result.fidelity) == effect


AKS = "event.dataset:azure.platformlogs and azure.platformlogs.category:kube-audit and "


def test_a_search_takes_apart_text_of_json() -> None:
    query = f"{AKS}azure.platformlogs.properties.log.verb:get and not user_agent.original:*"
    query = query.replace("user_agent.original", "azure.platformlogs.properties.log.userAgent")
    assert str(kqlx.convert(query, to="spl").query).splitlines() == [
        'sourcetype="azure:monitor:resource" category="kube-audit"',
        '| spath input="properties.log" path="verb" output="properties.log.verb"',
        '| spath input="properties.log" path="userAgent" output="properties.log.userAgent"',
        "| where isnotnull(mvfind('properties.log.verb', \"(?i)\\\\Aget\\\\z\"))",
        """| where isnull(mvfind('properties.log.userAgent', "^(?!null$)"))""",
    ]


@pytest.mark.parametrize(
    "query",
    [
        'not event.action:"User Risk Detection"',
        "not azure.identityprotection.category:UserRiskEvents and user.id:a",
    ],
)
def test_what_only_other_events_are_is_not_known_rather_than_never(query: str) -> None:
    """Of risky users there is no log source, which is not to say that there are none."""
    with pytest.raises(kqlx.MappingError, match="no mapping for these events"):
        kqlx.convert(f"event.dataset:azure.identity_protection and {query}", "sigma")


@pytest.mark.parametrize("test", ["{}:*foo*", "not {}:*foo*", "{}:*", "not {}:*"])
@pytest.mark.parametrize("name", ["request_parameters", "response_elements"])
def test_sigma_tells_that_an_object_is_tested_as_one_text(name: str, test: str) -> None:
    query = f"event.dataset:aws.cloudtrail and event.action:x and {test}"
    notes = kqlx.convert(query.format(f"aws.cloudtrail.{name}"), "sigma").notes
    assert any(n.effect is Effect.COVERAGE and "one text" in n.message for n in notes)


@pytest.mark.parametrize(
    ("query", "target", "found"),
    [
        ("source.ip:10.0.0.0/8", "sentinel", 'ipv4_is_in_range(CallerIpAddress, "10.0.0.0/8")'),
        ("source.ip:10.0.0.0/8", "spl", 'callerIpAddress="10.0.0.0/8"'),
        ("not source.ip:10.0.0.0/8", "sentinel", "not(coalesce(ipv4_is_in_range(Caller"),
    ],
)
def test_a_condition_of_the_pack_changes_no_type_of_a_column(
    query: str, target: str, found: str
) -> None:
    query += " and source.as.number:*"  # which says that there is an address
    text = str(kqlx.convert(query, target, source="azure.activitylogs").query)
    assert found in text
    assert "mvfind" not in text


def test_a_condition_of_the_pack_may_read_a_column_as_another_type() -> None:
    query = "source.address:*.amazonaws.com and not source.ip:*"
    texts = {
        target: str(kqlx.convert(query, target, source="aws.cloudtrail").query)
        for target in ("sentinel", "sigma", "spl")
    }
    assert 'SourceIpAddress endswith_cs ".amazonaws.com"' in texts["sentinel"]
    assert 'ipv6_compare(SourceIpAddress, "::")' in texts["sentinel"]
    assert 'sourceIPAddress="*.amazonaws.com"' in texts["spl"]
    assert 'NOT sourceIPAddress IN ("0.0.0.0/0", "::/0")' in texts["spl"]
    assert "filter_main_sourceipaddress:" in texts["sigma"]


@pytest.mark.parametrize(("expression", "fits_none"), [("A.*b", False), ("x?", True)])
def test_a_regular_expression_of_a_column_with_texts_for_none(
    expression: str, fits_none: bool
) -> None:
    """An empty text in Splunk's CloudTrail stands for no value, and meets no expression."""
    query = f'any where user_agent.original regex "{expression}"'
    made = kqlx.convert(query, "spl", source="aws.cloudtrail", language="eql")
    assert "mvfind(userAgent, " in made.text
    assert ('NOT userAgent=""' in made.text) is fits_none
