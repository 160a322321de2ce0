"""Queries for events of the Linux audit framework, whose records Splunk and Sentinel put together,
against files read by eye.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import kqlx

SHELL = """
event.dataset:auditd_manager.auditd and event.category:process and event.action:executed and
  user.effective.id:0 and not user.id:0 and
  process.executable:(/tmp/* or /var/tmp/* or /dev/shm/*) and
  process.args:("-p" or --privileged*) and
  not (process.name:installer and process.working_directory:/opt/vendor) and
  not process.title:*--version
"""
FILES = """
event.dataset:auditd_manager.auditd and event.category:file and event.action:opened-file and
  file.path:(/etc/shadow* or */.ssh/id_* or */.aws/credentials) and
  not process.name:(sshd or passwd)
"""
BESIDE = """
event.category:process and event.type:start and host.os.type:linux and
  event.action:(exec or executed) and process.name:tar and
  process.args:(--checkpoint-action* and not --directory) and not process.parent.name:dpkg
"""
QUERIES = {"shell": SHELL, "files": FILES}
SUFFIXES = {"spl": ".spl", "sentinel": ".kql"}
GOLDENS = {
    f"joined_records/{name}{end}"
    for name in QUERIES
    for target, suffix in SUFFIXES.items()
    for end in (suffix, f".{target}.notes.txt")
}
GOLDENS |= {f"joined_records/beside{end}" for end in (".spl", ".spl.notes.txt")}


@pytest.mark.parametrize("target", SUFFIXES)
@pytest.mark.parametrize("name", QUERIES)
def test_golden(name: str, target: str, golden: Callable[[str, str], None]) -> None:
    keep(name, kqlx.convert(QUERIES[name], target), golden)


def test_golden_beside_other_sources(golden: Callable[[str, str], None]) -> None:
    """What Splunk groups first is appended to what it need not group."""
    index = ["logs-auditd_manager.auditd-*", "logs-endpoint.events.process-*"]
    keep("beside", kqlx.convert(kqlx.Rule("r", BESIDE, data={"index": index}), "spl"), golden)


def keep(name: str, made: kqlx.Conversion, golden: Callable[[str, str], None]) -> None:
    golden(f"joined_records/{name}{SUFFIXES[made.target]}", f"{made.text}\n")
    notes = "".join(f"{note.effect} {note.code}: {note.message}\n" for note in made.notes)
    golden(f"joined_records/{name}.{made.target}.notes.txt", notes)
