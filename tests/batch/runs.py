"""``kqlx`` in this process, and folders of small rules for it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from kqlx.cli.app import app
from kqlx.rules.file_search import MANIFEST


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    said: str


def kqlx(*arguments: str | Path, cwd: Path | None = None) -> Ran:
    """A run of the command line, without the start of a process."""
    out, said = io.StringIO(), io.StringIO()
    status: object = 0
    with chdir(cwd or Path.cwd()), redirect_stdout(out), redirect_stderr(said):
        try:
            app([*map(str, arguments)], prog_name="kqlx")
        except SystemExit as end:
            status = end.code
    assert isinstance(status, int)
    return Ran(status, out.getvalue(), said.getvalue())


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
