"""A team's repository of rules, in which kqlx is run as people and their machines run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.command_line import kqlx
from tests.conftest import ROOT

STARTED = "event.dataset:windows.sysmon_operational and event.code:1 and "
"""The beginning of a rule's query: a process was started on Windows."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command: ``status`` and what it printed."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Repository:
    """``folder`` is its work tree; ``programs`` a folder in which ``kqlx`` is this project's."""

    folder: Path
    programs: Path

    @classmethod
    def new(cls, folder: Path) -> Repository:
        made = cls(folder / "team", folder / "programs")
        for path in (made.folder, made.programs):
            path.mkdir()
        program = made.programs / "kqlx"
        command = f"PYTHONPATH='{ROOT / 'transpiler'}' exec '{sys.executable}' -m kqlx"
        program.write_text(f'#!/bin/sh\n{command} "$@"\n')
        program.chmod(0o755)
        made.run("git", "init", "-q", "-b", "main")
        return made

    def environment(self, **more: str) -> dict[str, str]:
        """Without what of the tests' own environment would show."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        for name in ("KQLX_CONFIG", "PYTHONPATH"):
            kept.pop(name, None)
        path = f"{self.programs}{os.pathsep}{kept['PATH']}"
        return {**kept, "PATH": path, **_AUTHOR, **more}

    def run(
        self, *command: str | Path, environment: Mapping[str, str] | None = None, timeout: int = 120
    ) -> Done:
        done = subprocess.run(
            [*map(str, command)],
            cwd=self.folder,
            env=dict(environment or self.environment()),
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def kqlx(self, *arguments: str) -> Done:
        """The program, run as the tests of the command line run it."""
        done = kqlx(*arguments, cwd=self.folder, env=self.environment())
        return Done(done.returncode, done.stdout, done.stderr)

    def copied_to(self, folder: Path) -> Repository:
        """The same in another folder, to be changed there."""
        shutil.copytree(self.folder, folder / "team", symlinks=True)
        return Repository(folder / "team", self.programs)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        done = self.run("git", "commit", "-q", "-m", message)
        assert done.status == 0, done

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def rule(self, name: str, query: str, language: str = "kuery") -> Path:
        """A rule file of this name and query, which stands on line 7."""
        title = name.replace("_", " ").capitalize()
        number = sum(name.encode()) % 256
        return self.write(
            f"rules/{name}.toml",
            f'[rule]\nrule_id = "6f0d2b1c-3a56-4b0e-9d0e-0f6b1a7c2d{number:02x}"\n'
            f'name = "{title}"\n'
            f'type = "query"\nlanguage = "{language}"\n'
            f"query = '''\n{query}\n'''\n",
        )


_AUTHOR = {
    "GIT_AUTHOR_NAME": "A. Analyst",
    "GIT_AUTHOR_EMAIL": "analyst@example.com",
    "GIT_COMMITTER_NAME": "A. Analyst",
    "GIT_COMMITTER_EMAIL": "analyst@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
