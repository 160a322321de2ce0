"""The locked versions are those of ``pyproject.toml`` as it is, and name no registry."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from tests import environment, locks
from tests.conftest import ROOT

NAMES = sorted(locks.wanted())
PYTHONS = ("3.11.0", "3.11.2", "3.12.1", "3.13.0", "3.14.0")


def text_of(name: str) -> str:
    return (ROOT / "locks" / f"{name}.txt").read_text("utf-8")


def pins(name: str, python: str = "") -> dict[str, str]:
    """Name → version, on Linux with that Python."""
    where = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    where |= {"sys_platform": "linux", "implementation_name": "cpython"}
    found: dict[str, str] = {}
    for item, version in locks.versions(text_of(name)).items():
        package, _, marker = item.partition(" (")
        if not marker or Marker(marker.removesuffix(")")).evaluate({**where}):
            assert package not in found, f"{package} is locked twice for Python {python}"
            found[package] = version
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_made_of_what_is_wanted_now(name: str) -> None:
    expected = locks.head(name, locks.wanted()[name])
    assert text_of(name).startswith(expected), "make lock writes the files anew"


def test_there_are_no_others() -> None:
    assert sorted(path.stem for path in (ROOT / "locks").iterdir()) == NAMES


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_locked_is_in_the_ranges(name: str, python: str) -> None:
    locked = pins(name, python)
    for text in locks.wanted()[name]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(locked[locks.name_of(text)]), text


@pytest.mark.parametrize("python", PYTHONS)
def test_all_locks_of_the_project_have_the_same_versions(python: str) -> None:
    all_of_them = pins("test", python)
    for name in ("run", "language"):
        assert pins(name, python).items() <= all_of_them.items()


@pytest.mark.parametrize("name", NAMES)
def test_everything_has_a_hash_and_nothing_an_address(name: str) -> None:
    text = text_of(name)
    entries = re.split(r"(?<!\\)\n(?! )", text.split("\n", 2)[2].strip())
    assert len(entries) == len(locks.versions(text)) > 5
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert not re.search(r"://|@ |--(?:index|extra|find)", text)


def test_the_lock_of_node_is_that_of_its_package_file() -> None:
    package = json.loads((locks.ENGINES / "package.json").read_text("utf-8"))
    text = (locks.ENGINES / "package-lock.json").read_text("utf-8")
    lock = json.loads(text)
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    for path, entry in lock["packages"].items():
        assert "resolved" not in entry
        assert not path or entry["integrity"].startswith("sha512-")
    assert "://" not in text


def test_differences_are_told() -> None:
    text = "a==1 \\\n    --hash=x\nb==2 ; python_version < '3.12' \\\n    --hash=y\n"
    ours = locks.versions(text)
    assert ours == {"a": "1", "b (python_version < '3.12')": "2"}
    assert locks.differences(ours, ours) == []
    assert locks.differences(ours, {"a": "1.1", "c": "3"}) == [
        "a 1 -> 1.1",
        "b (python_version < '3.12') 2 -> none",
        "c none -> 3",
    ]


def test_an_environment_is_kept_until_something_changes(tmp_path: Path) -> None:
    lock, other = tmp_path / "lock.txt", tmp_path / "other.txt"
    lock.write_text("a==1\n", "utf-8")
    other.write_text("a==1\nb==2\n", "utf-8")
    folder = tmp_path / "env"
    assert not environment.is_current(folder, [lock], True)
    python = environment.python_of(folder)
    python.parent.mkdir(parents=True)
    python.write_text("", "utf-8")
    made = environment.state(other, True)
    (folder / environment.STATE).write_text(json.dumps(made), "utf-8")
    assert environment.is_current(folder, [lock, other], True)  # it has more than is asked for
    assert not environment.is_current(folder, [lock], True)
    assert not environment.is_current(folder, [other], False)
    (folder / environment.STATE).write_text(json.dumps({**made, "python": "3.9.1"}), "utf-8")
    assert not environment.is_current(folder, [lock, other], True)
    assert environment.is_current(folder, [lock, other], True, any_python=True)
    assert not environment.is_current(folder, [lock], True, any_python=True)
    (folder / environment.STATE).write_text(json.dumps(made), "utf-8")
    other.write_text("a==1\nb==3\n", "utf-8")
    assert not environment.is_current(folder, [lock, other], True)
    (folder / environment.STATE).write_text("broken", "utf-8")
    assert not environment.is_current(folder, [lock, other], True)


def test_files_that_the_makefile_and_ci_name_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    continuous = (ROOT / ".ci/run").read_text("utf-8")
    listed = re.search(r"addprefix tests/, (.*?)\)", makefile, re.DOTALL)
    assert listed
    named = {f"tests/{name}" for name in listed[1].replace("\\", " ").split()}
    named |= set(re.findall(r"\btests/[\w/]+\.(?:py|json)", makefile + continuous))
    named |= set(re.findall(r"\blocks/\w+\.txt", makefile))
    assert "tests/conversion/test_goldens.py" in named
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]
