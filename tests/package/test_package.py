"""The package as a whole: what it imports and when, the wheel, the public names, the layers."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import os
import pkgutil
import re
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import kqlx
import kqlx.backends
from kqlx import backends
from kqlx.backends.base import Backend
from kqlx.backends.target import Target, Writer
from tests.conftest import ROOT, missing

SOURCES = sorted((ROOT / "transpiler").rglob("*.py"))
RULE = ROOT / "rules/m365_exchange_mailbox_items_accessed_excessively.toml"

# What any room may import from, which imports nothing of the project.
_FIRST = {"records", "record_methods", "regexes"}
# Which rooms a room may import from, besides its own and those.
_GROUND = {
    *(
        "patterns",
        "pattern_matching",
        "regular_expressions",
        "nodes",
        "sequences",
        "notes",
        "errors",
        "hints",
        "fragments",
        "codes",
        "resources",
        "malformed",
        "hidden_characters",
        "named_pipes",
        "elastic",
    ),
}
_MIDDLE = {*_GROUND, "frontends", "evaluate", "lint", "mappings", "rules"}
LAYERS = {
    "records": {"record_methods"},
    "record_methods": set[str](),
    "regexes": set[str](),
    "pattern_matching": set[str](),
    "patterns": {"pattern_matching"},
    "regular_expressions": {"records"},
    "nodes": {"patterns", "regular_expressions"},
    "sequences": {"nodes"},
    "fragments": {"nodes"},
    "resources": set[str](),
    "codes": set[str](),
    "refusal_codes": {"codes"},
    "malformed": set[str](),
    "hidden_characters": set[str](),
    "named_pipes": set[str](),
    "hints": set[str](),
    "notes": {"nodes", "hints"},
    "errors": {"nodes", "notes", "hidden_characters"},
    "frontends": _GROUND,
    "elastic": {"patterns", "regular_expressions", "nodes", "errors", "resources"},
    "evaluate": {*_GROUND, "frontends", "mappings"},
    "lint": {*_GROUND, "frontends"},
    "note_codes": {"codes", "notes"},
    "explanations": {*_GROUND, "frontends", "lint", "note_codes", "refusal_codes"},
    "mappings": {*_GROUND, "frontends"},
    "rules": {*_GROUND, "frontends", "mappings"},
    "backends": _MIDDLE,
    "render": {*_MIDDLE, "backends"},
    "settings": {*_GROUND, "mappings", "rules", "backends"},
    "conversion": {*_MIDDLE, "backends", "render", "settings"},
    "convert": {*_MIDDLE, "backends", "conversion", "render", "settings"},
    "batch": {
        *_MIDDLE,
        *("backends", "conversion", "convert", "render", "settings"),
        *("explanations", "__version__"),
    },
    "testing": _MIDDLE,
}


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after the code."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(run.stderr.splitlines()[-1].split())


def test_import_loads_next_to_nothing() -> None:
    """Compared with a Python that loads nothing: a site's own start-up files are not ours."""
    extra = loaded("import kqlx") - loaded("pass")
    assert {name for name in extra if name.startswith("kqlx")} == {"kqlx"}
    assert not extra & {"lark", "jinja2", "typer", "yaml", "rich", "dataclasses", "typing", "re"}


def loaded_by(*words: str) -> set[str]:
    """What the command line loads for these words, and another Python does not."""
    code = (
        f"sys.argv = {['kqlx', *words]!r}\n"
        "from kqlx.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code"
    )
    return loaded(code) - loaded("pass")


SLOW = {
    *("lark", "jinja2", "yaml", "typer", "click", "rich", "pydantic"),
    *("dataclasses", "inspect", "ast", "hashlib", "uuid", "random", "pickle", "tempfile"),
    *("shutil", "subprocess", "difflib", "argparse", "logging", "importlib.metadata", "pkgutil"),
}


def test_converting_a_rule_to_spl_loads_only_what_it_needs() -> None:
    """A cold start takes as long as there are modules to load: docs/benchmarks.md has its time."""
    extra = loaded_by("convert", "--to", "spl", str(RULE))
    assert not {name.partition(".")[0] for name in extra} & SLOW
    assert not extra & SLOW
    assert "kqlx.backends.spl.search" in extra
    assert not extra & {f"kqlx.backends.{name}" for name in ("sentinel", "sigma", "elasticsearch")}
    for room in ("settings.reader", "batch.in_folder", "batch.manifest", "rules.formats.yaml"):
        assert f"kqlx.{room}" not in extra
    own = [name for name in extra if name.startswith("kqlx")]
    assert len(own) <= 200
    assert len(extra) - len(own) <= 80


@pytest.mark.parametrize("line", ["sources", f"fields {RULE}", "targets", "config"])
def test_other_commands_do_without_typer_too(line: str) -> None:
    extra = loaded_by(*line.split())
    assert not {name.partition(".")[0] for name in extra} & {"typer", "click", "rich", "lark"}


def test_sources_are_listed_without_a_look_at_the_packs() -> None:
    extra = loaded_by("sources")
    assert "kqlx.mappings.overview" in extra
    assert "kqlx.mappings.coverage" not in extra


@pytest.mark.parametrize("line", ["--version", "--help", "convert --help"])
def test_version_and_help_load_next_to_nothing(line: str) -> None:
    extra = loaded_by(*line.split())
    assert {name for name in extra if name.startswith("kqlx")} == {"kqlx", "kqlx.cli"}
    assert not extra & {*SLOW, "re", "typing", "pathlib", "shutil"}


def imports(path: Path) -> set[str]:
    """The rooms of this package that a module imports from, type-checking blocks left out."""
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kqlx"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "transpiler")))
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(ROOT / "transpiler/kqlx").parts[0].removesuffix(".py")
    if room in LAYERS:
        assert imports(path) - {room} <= (LAYERS[room] if room in _FIRST else LAYERS[room] | _FIRST)
    else:
        assert room in ("__init__", "__main__", "cli")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT / "transpiler").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_imported(path: Path, modules: set[str]) -> set[str]:
    """The modules that one names in its imports, wherever these stand: at the top, in functions,
    in type-checking blocks.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in modules else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & modules


def knots(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of more than one module of which each reaches each other one."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = [*graph[start]]
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += graph[module]
        reached[start] = seen
    sets = {frozenset(m for m in reached[n] if n in reached[m]) for n in graph if n in reached[n]}
    return sorted((set(one) for one in sets), key=min)


def test_no_modules_import_each_other() -> None:
    paths = {module_name(path): path for path in SOURCES}
    graph = {name: modules_imported(path, set(paths)) for name, path in paths.items()}
    assert knots(graph) == []


BACKENDS = ROOT / "transpiler/kqlx/backends"


@pytest.mark.parametrize("path", sorted(BACKENDS.rglob("*.py")), ids=lambda p: str(p.name))
def test_targets_do_not_import_each_other(path: Path) -> None:
    targets = {target.name for target in kqlx.targets()}
    assert targets == {found.parent.name for found in BACKENDS.glob("*/__init__.py")}
    own = path.parent.name if path.parent != BACKENDS else ""
    tree = ast.parse(path.read_text("utf-8"))
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    others = [f"kqlx.backends.{name}" for name in targets - {own}]
    assert not [m for m in found for other in others if m == other or m.startswith(f"{other}.")]


def test_visitors_have_collaborators_and_not_long_chains_of_base_classes() -> None:
    """A class of a target's own may stand between the visitor and what all targets share."""
    for module in pkgutil.walk_packages(kqlx.backends.__path__, "kqlx.backends."):
        importlib.import_module(module.name)
    found: list[type[Any]] = [Backend]
    for kind in found:
        found.extend(kind.__subclasses__())
    own = [kind for kind in found if kind.__module__.startswith("kqlx.")]
    assert own[1:]
    for kind in own:
        bases = [base for base in kind.__mro__ if base.__module__.startswith("kqlx.")]
        assert len(bases) <= 4, kind


class Entry:
    """As an entry point of another package."""

    name, value, dist = "acme", "acme:TARGET", None

    def __init__(self, found: object) -> None:
        self.found = found

    def load(self) -> object:
        return self.found


def test_a_target_of_another_package_takes_options_that_there_are() -> None:
    def emit() -> Writer:
        raise AssertionError("the emitter is not needed")

    target = Target("acme", "Acme", emit, options=frozenset({"index"}))
    assert backends._load(Entry(target)) is target
    for found, why in [
        (replace(target, options=frozenset({"index", "tenant"})), "kqlx has no option tenant"),
        ("a text", "acme:TARGET is not a kqlx.backends.target.Target"),
    ]:
        with pytest.warns(RuntimeWarning, match=why):
            assert backends._load(Entry(found)) is None


def test_patterns_are_split_and_joined_in_one_place() -> None:
    """Elsewhere a pattern is asked for what is needed; only the reader of a language cuts its
    text.
    """
    by_hand = re.compile(r"""split\("\*"\)|"\*"\.join|"\.\*"\.join\(map""")
    for path in SOURCES:
        if path.name != "patterns.py" and path.parent.name != "kql":
            assert not by_hand.search(path.read_text("utf-8")), path


def test_what_a_rule_says_is_read_in_rules_alone() -> None:
    """Targets ask the rule, and read no keys of its file."""
    for path in (*BACKENDS.rglob("*.py"), *(ROOT / "templates").rglob("*.j2")):
        assert not re.search(r"\brule\.(?:data|metadata|document)\b", path.read_text("utf-8")), path


def test_each_exception_from_a_check_says_why() -> None:
    exception = re.compile(r"# (?:type: ignore|noqa)(?:: ?[A-Z0-9, ]+[0-9]|\[[a-z, -]+\])?")
    for path in (*SOURCES, *(ROOT / "tests").rglob("*.py")):
        if "node_modules" in path.parts or ".venv" in path.parts or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if found := exception.search(line):
                why = line[found.end() :].lstrip(" #-(")
                assert why, f"{path}:{number}: {found[0]} without a reason"


def test_public_names_are_there_and_documented() -> None:
    for name in kqlx.__all__:
        value = getattr(kqlx, name)
        assert name == "__version__" or value.__doc__
    assert set(kqlx.__all__) - {"__version__"} == set(kqlx._HOMES)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kqlx.nothing


def test_a_submodule_does_not_hide_the_function_of_its_name() -> None:
    importlib.import_module("kqlx.convert")
    assert isinstance(kqlx.convert("a:b", to="es"), kqlx.Conversion)


def test_examples_in_docstrings_are_true() -> None:
    assert doctest.testmod(kqlx).failed == 0


def test_the_wheel_works_outside_of_the_checkout(tmp_path: Path) -> None:
    """Built, installed in a fresh environment, run elsewhere: grammar, templates and packs are in
    it.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=300,
        )

    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
    # With the locked build tool where it is installed, else with what the registry serves.
    own = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    built = run(sys.executable, *pip, "wheel", "--no-deps", *own, "--wheel-dir", tmp_path, ROOT)
    if built.returncode and "hatchling" in built.stderr:
        missing(f"the wheel's build tool cannot be had: {built.stderr[-200:]}")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    scripts = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    locked: list[str | Path] = ["--require-hashes", "-r", ROOT / "locks/run.txt"]
    for what in (locked, ["--no-deps", wheel]):
        installed = run(scripts / "python", *pip, "install", *what)
        assert installed.returncode == 0, installed.stderr
    result = run(scripts / "kqlx", "convert", "--to", "all", RULE)
    assert result.returncode == 0, result.stderr
    for expected in ("RecordType=50", "CloudAppEvents", "service: exchange", '"match_phrase"'):
        assert expected in result.stdout
    assert "a.b" in run(scripts / "python", "-c", "import kqlx; print(kqlx.parse('a.b:c'))").stdout
    assert "Usage: kqlx" in run(scripts / "kqlx", "--help").stdout
