"""Locked versions of what the project and its tests are installed with (``locks/``).

``python tests/locks.py write`` makes the files anew with the newest versions that the ranges in
``pyproject.toml`` and ``tests/engines`` allow; ``python tests/locks.py latest FOLDER`` writes such
files to another folder, and says how they differ (exit status 1; 0 where they do not). Both ask the
registries, by uv (https://docs.astral.sh/uv/pip/compile/) and npm. The files are for every Python
that the project supports and every system, with hashes, and name no registry.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
ENGINES = ROOT / "tests/engines"

OLDEST = "3.11"
LANGUAGE = ("hypothesis", "jsonschema", "pytest", "pytest-xdist")
"""What of the tests' tools the tests of the language need."""
OF_THEIR_OWN = ("test", "engines", "bench")
"""The locks of whole environments; what is in the others is also in ``test``."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PINNED = re.compile(r"^([a-z0-9._-]+)==([^ ;]+)(?: ; ([^\\]*?))? *\\?$", re.MULTILINE)


def wanted() -> dict[str, tuple[str, ...]]:
    """Lock → the requirements that it is made of; ``test`` has all of the first two."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    run = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    test = project["project"]["optional-dependencies"]["test"]
    language = [item for item in test if name_of(item) in LANGUAGE]
    return {
        "test": tuple(sorted({*run, *test})),
        "run": tuple(sorted(run)),
        "language": tuple(sorted({*run, *language})),
        "engines": _listed(ENGINES / "requirements.txt"),
        "bench": _listed(ENGINES / "requirements-bench.txt"),
    }


def _listed(path: Path) -> tuple[str, ...]:
    """The requirements of a file with comments."""
    lines = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    return tuple(sorted(filter(None, lines)))


def name_of(requirement: str) -> str:
    """The name that a requirement begins with, as the registry normalises it."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


def head(name: str, requirements: tuple[str, ...]) -> str:
    """The first lines of a lock: what it is made of, as a digest that needs no network."""
    digest = hashlib.sha256("\n".join([OLDEST, *requirements]).encode()).hexdigest()
    return (
        f'# Locked versions for "{name}" (tests/locks.py). "make lock" writes this file.\n'
        f"# made of: sha256:{digest}\n"
    )


def versions(text: str) -> dict[str, str]:
    """Name → version of a lock; with a marker the name has it too."""
    return {f"{name} ({mark})" if mark else name: v for name, v, mark in _PINNED.findall(text)}


def write(folder: Path) -> None:
    """Makes all locks anew. Raises subprocess.CalledProcessError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, requirements in wanted().items():
        limits = [] if name in OF_THEIR_OWN else ["--constraint", str(folder / "test.txt")]
        with tempfile.TemporaryDirectory() as scratch:
            given, made = Path(scratch, "in.txt"), Path(scratch, "out.txt")
            given.write_text("\n".join(requirements), encoding="utf-8")
            options = ["--universal", "--python-version", OLDEST, "--generate-hashes"]
            options += ["--no-header", "--no-annotate", "--quiet", "--no-config"]
            command = [uv(), "pip", "compile", *options, *limits, "-o", str(made), str(given)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            text = head(name, requirements) + made.read_text("utf-8")
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="\n")


def write_npm() -> None:
    """Makes the lock of Node.js's packages anew. Raises subprocess.CalledProcessError."""
    (ENGINES / "package-lock.json").unlink(missing_ok=True)
    options = ["--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit"]
    subprocess.run(["npm", "install", "--prefix", str(ENGINES), *options, "--no-fund"], check=True)


def uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv") or "uv"


def differences(ours: Mapping[str, str], newest: Mapping[str, str]) -> list[str]:
    """What changes from one lock to the other, a line each."""
    return [
        f"{name} {ours.get(name, 'none')} -> {newest.get(name, 'none')}"
        for name in sorted({*ours, *newest})
        if ours.get(name) != newest.get(name)
    ]


def changes(name: str, folder: Path) -> list[str]:
    """How the lock of this name in another folder differs from ours."""
    ours, newest = (versions((f / f"{name}.txt").read_text("utf-8")) for f in (LOCKS, folder))
    return differences(ours, newest)


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        write(LOCKS)
        if shutil.which("npm"):
            write_npm()
        else:
            print("no Node.js: tests/engines/package-lock.json is left as it is", file=sys.stderr)
        return 0
    if len(arguments) == 2 and arguments[0] == "latest":
        folder = Path(arguments[1])
        write(folder)
        found = {name: changes(name, folder) for name in OF_THEIR_OWN}
        for name, lines in found.items():
            for line in lines:
                print(f"newer than locked, {name}: {line}")
        if not found["test"]:
            print("the newest versions of what the tests import are the locked ones")
        return 1 if found["test"] else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
