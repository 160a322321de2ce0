"""Files that were made to break their reader: each is one clear error, costs no other rule its
conversion, and takes little time and memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT

resource = pytest.importorskip("resource", reason="limits are those of POSIX")

MEMORY, SECONDS = 600_000_000, 30
"""What a run may take; measured are less than 100 MB and 4 seconds on a slow machine."""

HEAD = 'name = "n"\nrule_id = "1"\ntype = "query"\nlanguage = "kuery"\nrisk_score = 5\n'
TOML = f"[rule]\n{HEAD}query = 'user.name:alice'\n"
YAML = "name: n\ntype: query\nlanguage: kuery\nquery: 'user.name:alice'\n"
JSON = '{"name": "n", "type": "query", "language": "kuery", "query": "user.name:alice", "x": '
DIGITS = "9" * 5_000
NINE = ",".join(["*{0}"] * 9)
LAUGHS = "a: &a [[x]]\n" + "".join(
    f"{name}: &{name} [[{NINE.format(before)}]]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
PACK = "source: own\ntitle: t\ntargets: {spl: [{base: b, fields: {a: A}}]}\n"

RULES = {
    "nested.toml": (TOML + f"meta = {'[' * 3_000}{']' * 3_000}\n", "nested too deeply"),
    "tables.toml": (TOML + f"[rule.{'.'.join('a' * 3_000)}]\nx = 1\n", "nested too deeply"),
    "digits.toml": (TOML + f"version = {DIGITS}\n", "too many digits"),
    "threshold.toml": (
        TOML.replace('"query"', '"threshold"', 1) + f"[rule.threshold]\nvalue = {DIGITS[:4_000]}\n",
        "rule.threshold.value",
    ),
    "nested.json": (f"{JSON}{'[' * 50_000}{']' * 50_000}}}", "nested too deeply"),
    "open.json": (f"{JSON}{'[' * 50_000}", "nested too deeply"),
    "digits.json": (f"{JSON}{DIGITS}}}", "too many digits"),
    "exponent.json": (JSON.replace('"x"', '"risk_score"') + "1e999999}", "risk_score"),
    "nested.yml": (YAML + f"x: {'[' * 5_000}{']' * 5_000}\n", "nested too deeply"),
    "block.yml": (YAML + "x:\n" + "".join(f"{' ' * n}k:\n" for n in range(1, 2_000)), "nested too"),
    "laughs.yml": (LAUGHS + YAML, "by its aliases"),
    "itself.yml": (YAML + "x: &x {y: *x}\n", "by its aliases"),
    "digits.yml": (YAML + f"risk_score: {DIGITS}\n", "number that cannot be read"),
    "nots.kql": ("not (" * 20_000 + "a:b" + ")" * 20_000, "nests deeper"),
    "groups.kql": ("a:{" * 20_000 + "b:c" + "}" * 20_000, "nests deeper"),
}
"""Files with what is said of them."""

HARMLESS = {
    "long.toml": TOML + "note = '''" + "line\n" * 800_000 + "'''\n",
    "keys.toml": TOML + "".join(f"k{number} = {number}\n" for number in range(20_000)),
    "parentheses.kql": "(" * 20_000 + "user.name:alice" + ")" * 20_000,
    "numbers.kql": f"user.name:alice and event.code:{DIGITS} and source.port > 1 and x:{DIGITS}",
    "stars.kql": "user.name:" + "a*" * 3_000 + "b and message:" + "*q " * 1_000,
    "fields.kql": " or ".join(f"f{number}:v" for number in range(3_000)),
}
"""Files that are odd, and converted."""


def run(
    arguments: Sequence[str], folder: Path, memory: int = MEMORY
) -> subprocess.CompletedProcess[str]:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    ran = subprocess.run(
        [sys.executable, "-m", "kqlx", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "transpiler")},
        capture_output=True,
        encoding="utf-8",
        preexec_fn=limited,
        timeout=120,
    )
    assert "Traceback" not in ran.stderr
    assert "failed on this rule" not in ran.stderr
    assert ran.returncode in (0, 1, 2)
    return ran


def test_broken_rules_cost_no_other_its_conversion(tmp_path: Path) -> None:
    for name, (text, _) in RULES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("a.toml", "z.toml"):
        (tmp_path / name).write_text(TOML, encoding="utf-8")
    ran = run(("convert", "--to", "all", "--source", "none", "-v", "--out", "out", "."), tmp_path)
    lines = ran.stderr.splitlines()
    for name, (_, said) in RULES.items():
        (told,) = [line for line in lines if line.startswith(name) and ": error: " in line]
        assert said in told
        assert len(told) < 300
    written = {path.name for path in (tmp_path / "out").rglob("*") if path.stem in ("a", "z")}
    assert {"a.spl", "z.spl"} <= written
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_rules_are_converted(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HARMLESS[name], encoding="utf-8")
    options = ("--source", "none", "--accept", "wider,different", "--out", "out")
    ran = run(("convert", "--to", "all", *options, "."), tmp_path)
    assert ran.returncode == 0, ran.stderr[-2_000:]


Bomb = tuple[str, Callable[[], str], str]
BOMBS: list[Bomb] = [
    ("laughs", lambda: LAUGHS + PACK, "by its aliases the text expands"),
    ("itself", lambda: PACK + "shared: &x {y: *x}\n", "holds itself"),
    ("nested", lambda: PACK + f"shared: {'[' * 5_000}{']' * 5_000}\n", "nested too deeply"),
    ("open", lambda: PACK + f"shared: {'{a: ' * 5_000}", "nested too deeply"),
    ("digits", lambda: PACK + f"shared: {DIGITS}\n", "number or date that cannot be read"),
    ("python", lambda: "source: !!python/object/apply:os.system [id]\n", "constructor"),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[0])
@pytest.mark.parametrize("option", ["--mapping", "--config"])
def test_packs_and_settings(tmp_path: Path, option: str, bomb: Bomb) -> None:
    _, text, said = bomb
    (tmp_path / "own.yml").write_text(text(), encoding="utf-8")
    ran = run(("convert", "--to", "spl", option, "own.yml", "-q", "user.name:alice"), tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert ran.stderr.startswith("error: own.yml:")
    assert len(ran.stderr) < 300


@pytest.mark.parametrize("option", ["--fields", "--baseline"])
@pytest.mark.parametrize(
    "text", ['{"a":' * 50_000, '{"a":' * 50_000 + "1" + "}" * 50_000, f'{{"a": {DIGITS}}}']
)
def test_lists_of_fields_and_baselines(tmp_path: Path, option: str, text: str) -> None:
    (tmp_path / "own.json").write_text(text, encoding="utf-8")
    ran = run(("convert", "--to", "spl", option, "own.json", "-q", "user.name:alice"), tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: own.json:")
    assert len(ran.stderr) < 300


def test_events(tmp_path: Path) -> None:
    lines = ['{"a":' * 50_000, f'{{"a": {DIGITS}}}', json.dumps({"user": {"name": "alice"}})]
    (tmp_path / "e.ndjson").write_text("\n".join(lines), encoding="utf-8")
    ran = run(("test", "-q", "user.name:alice", "--events", "e.ndjson"), tmp_path)
    assert "alice" in ran.stdout
    assert ran.stderr.startswith("line 1: nested too deeply")
    assert "\nline 2: not JSON: a number has too many digits" in ran.stderr


def test_a_pack_with_many_faults_tells_the_first(tmp_path: Path) -> None:
    fields = ", ".join(f"f{number}: {{b: c}}" for number in range(20_000))
    text = f"source: own\ntitle: t\ntargets: {{spl: [{{base: b, fields: {{{fields}}}}}]}}\n"
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    ran = run(("convert", "--to", "spl", "--mapping", "own.yml", "-q", "a:b"), tmp_path)
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("error: own.yml:3: targets.spl[0].fields.f0.b: unknown key")
    assert lines[-1] == "error: own.yml: more is wrong"
    assert len(lines) == 51
    assert all(len(line) < 1_100 for line in lines)


def test_a_rule_that_needs_more_memory_than_there_is(tmp_path: Path) -> None:
    branches = " or ".join(f"(user.name:v{n} and process.name:p{n})" for n in range(40_000))
    (tmp_path / "a.kql").write_text("user.name:alice")
    (tmp_path / "large.kql").write_text(branches)
    (tmp_path / "z.kql").write_text("user.name:alice")
    options = ("--to", "all", "--source", "none", "--out", "out")
    ran = run(("convert", *options, "."), tmp_path, 120_000_000)
    assert ran.returncode == 1
    assert "large.kql: error: not enough memory for this rule [internal-error]" in ran.stderr
    written = {path.name for path in (tmp_path / "out").rglob("*")}
    assert {"a.spl", "z.spl"} <= written
