"""Fields of one integration are never on another's events: each source's branch does without."""

from __future__ import annotations

import pytest

import kqlx

BOTH = "event.dataset:(aws.cloudtrail or okta.system) and "


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_each_branch_keeps_its_own(to: str) -> None:
    mixed = "(okta.actor.id:x or aws.cloudtrail.user_identity.arn:y)"
    found = kqlx.convert(BOTH + mixed, to)
    assert found.source == "aws.cloudtrail, okta.system"
    aws = str(kqlx.convert("event.dataset:aws.cloudtrail and " + mixed, to).query)
    own = "event.dataset:aws.cloudtrail and aws.cloudtrail.user_identity.arn:y"
    assert aws == str(kqlx.convert(own, to).query)
    assert "actor" not in aws.lower()


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_a_branch_without_any_is_left_out(to: str) -> None:
    query = BOTH + "okta.actor.id:x and not aws.cloudtrail.user_identity.type:z"
    found = kqlx.convert(query, to)
    assert found.source == "okta.system"
    alone = kqlx.convert("event.dataset:okta.system and okta.actor.id:x", to)
    assert found.query == alone.query
    assert found.fidelity <= kqlx.Effect.COVERAGE


@pytest.mark.parametrize(
    ("query", "owner"),
    [
        ("event.dataset:aws.cloudtrail and okta.actor.id:x", "okta.system"),
        ("event.dataset:azure.auditlogs and azure.signinlogs.properties.app_id:a", "signinlogs"),
        ("event.dataset:okta.system and gcp.audit.status.code > 3", "gcp.audit"),
        ("event.dataset:github.audit and o365.audit.UserId:*", "o365.audit"),
        ("event.dataset:gcp.audit and kubernetes.audit.verb:*et", "kubernetes.audit_logs"),
        (
            "event.dataset:endpoint.events.file and powershell.file.script_block_text:x",
            "powershell",
        ),
    ],
)
@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_where_no_branch_is_left_the_reason_is_told(query: str, owner: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match=rf"is a field of .*{owner}.*, never set on events"):
        kqlx.convert(query, to)


def test_a_log_of_windows_may_hold_what_another_one_forwards() -> None:
    with pytest.raises(kqlx.MappingError, match="has no counterpart"):
        kqlx.convert("event.dataset:windows.forwarded and powershell.engine.version:x", "spl")


NAMED = {
    "network": ("connection_attempted", "ipv4_connection_attempt_event"),
    "file": ("creation", "file_create_event"),
}


@pytest.mark.parametrize("category", NAMED)
@pytest.mark.parametrize("source", ["endpoint.events", "sentinel_one_cloud_funnel.event"])
@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_actions_of_another_sensor_in_a_list_find_nothing(
    to: str, source: str, category: str
) -> None:
    """Rules over several sensors name what each calls the same."""
    own, other = NAMED[category]
    query = f"event.category:{category} and host.os.type:linux and event.action:"
    alone = kqlx.convert(query + own, to, source=source)
    assert kqlx.convert(f"{query}({own} or {other})", to, source=source).query == alone.query


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_accounts_of_sentinelone_have_no_id(to: str) -> None:
    """Its pipelines set the name alone."""
    query = "event.category:process and event.type:start and host.os.type:windows"
    query += " and user.id:S-1-5-18"
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert(query, to, source="sentinel_one_cloud_funnel.event")
    both = kqlx.convert(
        kqlx.Rule(
            "r",
            query,
            data={"index": ["logs-endpoint.events.*", "logs-sentinel_one_cloud_funnel.*"]},
        ),
        to,
    )
    assert both.fidelity <= kqlx.Effect.WIDER


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_logs_of_unix_are_none_of_windows(to: str) -> None:
    index = ["logs-system.security-*", "logs-system.auth-*", "logs-system.syslog-*"]
    rule = kqlx.Rule("r", "host.os.type:windows and event.code:4625", data={"index": index})
    assert kqlx.convert(rule, to).fidelity <= kqlx.Effect.COVERAGE


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_single_scripts_that_a_rule_excepts_by_their_hash_are_found(to: str) -> None:
    query = "event.category:process and powershell.file.script_block_text:Compress"
    plain = kqlx.convert(query, to, source="windows.powershell_operational")
    but = ' and not powershell.file.script_block_hash:"a"'
    found = kqlx.convert(query + but, to, source="windows.powershell_operational")
    assert "exception-left-out" in {note.code for note in found.notes}
    assert str(plain.query).splitlines()[-1] in str(found.query)
    with pytest.raises(kqlx.MappingError, match="script_block_hash has no counterpart"):
        only = query + ' and powershell.file.script_block_hash:"a"'
        kqlx.convert(only, to, source="windows.powershell_operational")


@pytest.mark.parametrize("field", ["user.id", "host.id"])
def test_accounts_and_computers_are_counted_by_their_names(field: str) -> None:
    query = "event.category:process and event.type:start and host.os.type:windows"
    terms = {"new_terms_fields": [field], "history_window_start": "now-5d"}
    index = ["logs-endpoint.events.process-*"]
    rule = kqlx.Rule("r", query, type="new_terms", data={"index": index, **terms})
    found = kqlx.convert(rule, "spl")
    assert f" by {'User' if field == 'user.id' else 'host'}\n" in str(found.query)
