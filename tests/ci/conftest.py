"""A team's repository to change, and a folder for what runs its checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.repository import Repository


@pytest.fixture
def team(first_team: Repository, tmp_path: Path) -> Repository:
    """The repository that a module of tests makes once as ``first_team``, to be changed."""
    return first_team.copied_to(tmp_path)


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    (tmp_path / "runner").mkdir()
    return tmp_path / "runner"
