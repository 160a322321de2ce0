"""Sigma: a log of which only the line is known is searched for keywords."""

from __future__ import annotations

import pytest
import yaml
from sigma.collection import SigmaCollection

import kqlx
from kqlx.notes import Effect
from tests.oracles.sigma_rules import SIGMA

MADE = 'iam where event.type == "user" and event.type == "creation" and event.outcome == "success"'
LOGIN = 'authentication where event.action == "ssh_login" and event.outcome == "failure"'
LINES = {
    "Mar 15 10:30:01 web1 useradd[311]: new user: name=mallory, UID=1005, GID=1005": {MADE},
    "Mar 15 10:30:01 web1 useradd[311]: failed adding user 'mallory', data deleted": set(),
    "Mar 15 10:30:01 web1 userdel[311]: delete user 'mallory'": set(),
    "Mar 15 10:30:01 web1 sudo: a : TTY=p ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/useradd x": set(),
    "Mar 15 10:31:01 web1 sshd[2240]: Failed password for root from 203.0.113.9 port 4 ssh2": {
        LOGIN
    },
    "Mar 15 10:31:01 w sshd[2240]: Accepted password for root from 203.0.113.9 port 4 ssh2": set(),
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("query", [MADE, LOGIN])
def test_keywords_tell_lines_apart(query: str, line: str) -> None:
    made = kqlx.convert(query, "sigma", source="system.auth", language="eql")
    query_text = str(made.query)
    SIGMA.read(query_text)
    assert SIGMA.holds(query_text, {"_raw": line}) is (query in LINES[line])


def test_a_keyword_stands_anywhere() -> None:
    """A pattern of how the line ends is one of what stands in it."""
    query = "event.category:iam and event.type:creation and user.name:* and process.name:useradd"
    made = kqlx.convert(
        f"{query} and system.auth.useradd.shell:/bin/sh", "sigma", source="system.auth"
    )
    assert Effect.WIDER in {note.effect for note in made.notes if note.code == "approximated"}
    below = kqlx.convert(
        f"{query} and not system.auth.useradd.shell:/bin/sh", "sigma", source="system.auth"
    )
    assert "/bin/sh" not in below.query
    assert Effect.WIDER in {note.effect for note in below.notes if note.code == "approximated"}


def test_alternatives_are_one_list() -> None:
    query = "process.name:(su or cron) or (process.name:sudo and user.effective.name:root)"
    made = kqlx.convert(f"event.category:session and ({query})", "sigma", source="system.auth")
    detection = yaml.safe_load(str(made.query).partition("detection:")[2])
    assert [" su[", " cron["] in detection.values()
    assert " or (" in detection["condition"]
    assert SigmaCollection.from_yaml(made.text).rules
