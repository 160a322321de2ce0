"""What waits on the disk comes back as it was, and a full disk is an error that names the place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kqlx.batch.outcome import RuleInfo, RuleOutcome, Status
from kqlx.batch.spool import OutcomeSpool, Spool
from kqlx.errors import OutputError


def outcome(path: str) -> RuleOutcome:
    return RuleOutcome(RuleInfo(path), Status.CONVERTED)


def test_texts_come_back_in_any_order() -> None:
    spool = Spool()
    texts = ["é", "", "a\ud800\r\n", "x" * 5_000_000, "last"]
    read = [spool.add(text) for text in texts]
    for number in (3, 0, 4, 2, 1, 0):
        assert read[number]() == texts[number]
    assert spool.add("later")() == "later"
    spool.close()


def test_outcomes_come_back_in_order() -> None:
    spool = OutcomeSpool()
    paths = [f"{number}.toml" for number in range(50)]
    for path in paths:
        spool.add(outcome(path))
    assert [found.rule.path for found in spool.all()] == paths
    spool.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    ("add", "content"),
    [
        (lambda: Spool().add("text"), "results"),
        (lambda: OutcomeSpool().add(outcome("a.toml")), "reports"),
    ],
)
def test_a_full_disk_is_an_error(
    add: Callable[[], object], content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda size: full)
        with pytest.raises(OutputError) as error:
            add()
    assert f"{tempfile.gettempdir()}: cannot be written: No space left" in str(error.value)
    assert error.value.hint == f"{content} wait there; set TMPDIR to another folder"
