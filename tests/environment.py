"""Makes a virtual environment with the versions of a lock file, or leaves one that is current:

    PYTHON tests/environment.py FOLDER LOCK [LOCK...] [--project] [--any-python] [--optional WHAT]

It is made of the first lock; one made of any of the others will do. With ``--project`` the project
itself is in it, as it stands in its folder. An environment of another Python than the one that
runs this (unless any will do), or of a lock that has changed since, is made anew. With
``--optional`` a failure is no error, and ``WHAT`` is told. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ".installed"
"""The file in the folder that says what was installed. It is written last."""


def state(lock: Path, project: bool) -> dict[str, object]:
    """What an environment of this lock and this Python is told by."""
    digest = hashlib.sha256(lock.read_bytes())
    if project:
        digest.update((ROOT / "pyproject.toml").read_bytes())
    version = ".".join(map(str, sys.version_info[:3]))
    return {
        "python": version,
        "base": sys.base_prefix,
        "of": digest.hexdigest(),
        "project": project,
    }


def is_current(folder: Path, locks: list[Path], project: bool, any_python: bool = False) -> bool:
    """Whether the environment is there, and made of one of the locks and of this Python, or of any
    that made it so.
    """
    try:
        found = json.loads((folder / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    if not python_of(folder).exists():
        return False
    for lock in locks:
        wanted = state(lock, project)
        if found == ({**wanted, **_python(found)} if any_python else wanted):
            return True
    return False


def _python(found: object) -> dict[str, object]:
    """What a state says of the Python."""
    known = found if isinstance(found, dict) else {}
    return {key: known.get(key) for key in ("python", "base")}


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make(folder: Path, lock: Path, project: bool) -> None:
    """Makes the environment anew. Raises subprocess.CalledProcessError."""
    version = sys.version.split()[0]
    print(f"{folder}: Python {version}, versions of {lock}", file=sys.stderr, flush=True)
    if folder.is_symlink():  # what it leads to is another's
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    python = str(python_of(folder))
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)], check=True)
    if project:
        # The lock has the build's tool too.
        here = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        subprocess.run([*pip, *here], check=True)
        subprocess.run([python, "-m", "compileall", "-q", str(ROOT / "transpiler")], check=True)
    text = json.dumps(state(lock, project))
    (folder / STATE).write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("locks", type=Path, nargs="+")
    parser.add_argument("--project", action="store_true")
    parser.add_argument("--any-python", action="store_true")
    parser.add_argument("--optional", default="")
    options = parser.parse_args()
    if is_current(options.folder, options.locks, options.project, options.any_python):
        return 0
    try:
        make(options.folder, options.locks[0], options.project)
    except subprocess.CalledProcessError as error:
        print(f"{options.folder} cannot be made: exit status {error.returncode}", file=sys.stderr)
        if not python_of(options.folder).exists():
            print("on Debian: apt-get install python3-venv", file=sys.stderr)
        print(options.optional, end="\n" if options.optional else "", file=sys.stderr)
        return 0 if options.optional else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
