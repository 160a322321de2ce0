"""Values of Azure's logs as Elastic's pipelines make them, by what the other systems hold."""

from __future__ import annotations

import pytest

import kqlx
from tests.oracles.spl.evaluator import matches

EVERY = ["narrower", "wider", "different"]


def converted(query: str, to: str) -> str:
    return str(kqlx.convert(query, to=to, accept=EVERY).query)


def effects(query: str, to: str) -> set[str]:
    return {str(note.effect) for note in kqlx.convert(query, to=to, accept=EVERY).notes}


PLATFORM = "event.dataset:azure.platformlogs"


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_what_succeeded_in_event_hubs_is_a_success(to: str) -> None:
    text = converted(f"{PLATFORM} and event.outcome:success", to)
    assert "Succeeded" in text
    assert "EventName" in converted(f'{PLATFORM} and event.action:"Delete EventHub"', to)


def test_keys_of_a_log_that_is_a_text_of_json() -> None:
    query = f"{PLATFORM} and azure.platformlogs.properties.log.responseStatus.code:403"
    text = converted(query, "spl")
    event = {"sourcetype": "azure:monitor:resource"}
    log = '{"responseStatus": {"code": 403}}'
    assert matches(text, {**event, "properties.log": log})
    assert not matches(text, {**event, "properties.log": log.replace("403", "200")})
    assert not matches(text, {**event, "properties.log": "no JSON: 403"})


def test_keys_with_dots_may_not_be_found_in_a_text_of_json() -> None:
    query = f"{PLATFORM} and azure.platformlogs.properties.log.annotations.a.b/c:x"
    assert "narrower" in effects(query, "spl")


def test_a_message_is_a_log_that_is_no_json() -> None:
    assert "wider" in effects(f"{PLATFORM} and message:denied", "spl")


def test_which_audit_log_of_two_tables() -> None:
    names = "azure.platformlogs.category:(kube-audit or kube-audit-admin)"
    query = f"{PLATFORM} and {names} and azure.platformlogs.properties.log.verb:delete"
    text = converted(query, "sentinel")
    assert "union isfuzzy=true" in text


NAMES = [
    "eve@corp.example",
    "live.com#eve@corp.example",
    "x+eve@corp.example",
    "o'eve@corp.example",
]
CLAIM = "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"


@pytest.mark.parametrize("name", NAMES)
def test_the_name_before_the_at_begins_behind_what_is_no_letter(name: str) -> None:
    text = converted("event.dataset:azure.activitylogs and user.name:eve", "spl")
    event = {"sourcetype": "azure:monitor:activity"}
    assert matches(text, {**event, CLAIM: name})
    assert not matches(text, {**event, CLAIM: name.replace("eve@", "eve+x@")})
    assert not matches(text, {**event, CLAIM: name.replace("eve@", "steve@")})


@pytest.mark.parametrize("to", ["sentinel", "spl"])
@pytest.mark.parametrize("source", ["activitylogs", "signinlogs", "identity_protection"])
def test_what_is_cut_from_names_is_told(source: str, to: str) -> None:
    made = kqlx.convert(f"event.dataset:azure.{source} and user.name:eve", to=to, accept=EVERY)
    assert any("user.name" in note.message and "+" in note.message for note in made.notes)
