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
