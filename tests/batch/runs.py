"""Runs of ``kqlx``, and folders of small rules for it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from kqlx.rules.file_search import MANIFEST
from tests import command_line


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    said: str


def kqlx(*arguments: str | Path, cwd: Path | None = None) -> Ran:
    """A run of the command line in this process, of which tests replace parts."""
    done = command_line.kqlx(*arguments, cwd=cwd or Path.cwd(), new_process=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def convert(*arguments: str | Path, cwd: Path, to: str = "spl") -> Ran:
    """``kqlx convert`` of rules with Elastic's names."""
    return kqlx("convert", "--to", to, "--source", "none", *arguments, cwd=cwd)


def rule(folder: Path, name: str, /, query: str = "process.name:a", **keys: str) -> Path:
    """A rule file ``name.toml``, whose id is its name unless ``rule_id`` says another."""
    folder.mkdir(parents=True, exist_ok=True)
    table = {"name": name, "rule_id": name, "query": query, **keys}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if value]
    path = folder / f"{name}.toml"
    path.write_text("[rule]\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def files(folder: Path) -> list[str]:
    """All files below a folder but the manifest."""
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in found if name != MANIFEST)


def manifest(folder: Path) -> dict[str, dict[str, object]]:
    data = json.loads((folder / MANIFEST).read_text("utf-8"))
    found: dict[str, dict[str, object]] = data["files"]
    return found


def digest(folder: Path) -> str:
    """Of all that is below a folder: names, bytes and times of change."""
    made = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        stat = os.lstat(path)
        made.update(f"{path} {stat.st_mode} {stat.st_mtime_ns}".encode())
        if path.is_file() and not path.is_symlink():
            made.update(path.read_bytes())
    return made.hexdigest()
