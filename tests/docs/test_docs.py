"""The documents say what the code does: the pages of notes, errors and lint are generated, the
README's commands and outputs are run.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kqlx
from kqlx import settings
from kqlx.mappings.reader import pack_file
from kqlx.notes import CODES
from kqlx.refusal_codes import REFUSALS
from tests.conftest import ROOT
from tests.docs.eql_functions import functions_table, functions_without_a_row
from tests.docs.generated_pages import errors_page, lint_page, notes_page
from tests.docs.settings_page import settings_page

README = (ROOT / "README.md").read_text("utf-8")
SOURCES = sorted((ROOT / "transpiler").rglob("*.py"))
PACKS = sorted((ROOT / "transpiler/kqlx/mappings/packs").glob("*.yml"))


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-goldens"))


def test_the_page_of_notes_is_that_of_the_code(update: bool) -> None:
    path = ROOT / "docs/notes.md"
    if update:
        path.write_text(notes_page(), encoding="utf-8")
    assert path.read_text("utf-8") == notes_page(), "pytest --update-goldens writes it anew"


@pytest.mark.parametrize(
    ("name", "page"),
    [("errors", errors_page), ("lint", lint_page), ("settings", settings_page)],
)
def test_the_pages_of_errors_lint_and_settings_are_those_of_the_code(
    name: str, page: Callable[[], str], update: bool
) -> None:
    path = ROOT / f"docs/{name}.md"
    text = page()
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.read_text("utf-8") == text, "pytest --update-goldens writes it anew"


def test_the_functions_of_eql_by_target_are_those_of_the_code(update: bool) -> None:
    path = ROOT / "docs/eql.md"
    before, _, rest = path.read_text("utf-8").partition("<!-- functions -->\n")
    table, mark, after = rest.partition("\n<!-- end -->")
    found = functions_table()
    assert mark
    assert not functions_without_a_row()
    if update:
        path.write_text(f"{before}<!-- functions -->\n{found}{mark}{after}", encoding="utf-8")
    else:
        assert table == found, "pytest --update-goldens writes it anew"


def test_every_code_in_use_is_known_and_every_known_code_is_in_use() -> None:
    made = re.compile(
        r'(?:Note|\w+\.(?:\w*note\w*|remark|say|wider|narrower|differs))\(\s*"([a-z-]+)"'
    )
    used = {code for path in SOURCES for code in made.findall(path.read_text("utf-8"))}
    # The code of a pack's note on a field, where it names none, and one of a choice of two.
    used |= {"value-differs", "unmapped-field", "no-counterpart"}
    noted = re.compile(r"(?<![.\w])code: ([a-z-]+)")  # not the end of a field's name
    used |= {c for p in PACKS for c in noted.findall(p.read_text("utf-8"))}
    used -= {code.name for code in REFUSALS} - set(CODES)
    assert used == set(CODES)


EXAMPLE = re.compile(r"```console\n\$ (kqlx .*?)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLE.findall(README), ids=lambda e: e[0][:50])
def test_the_readmes_examples_are_real(example: tuple[str, str], update: bool) -> None:
    """``$ kqlx …`` in the README prints what stands below it, notes included."""
    command, expected = example
    run = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        text=True,
        check=False,
    )
    if update:
        text = (ROOT / "README.md").read_text("utf-8")
        text = text.replace(f"$ {command}\n{expected}```", f"$ {command}\n{run.stdout}```")
        (ROOT / "README.md").write_text(text, encoding="utf-8")
    else:
        assert run.stdout == expected


COMMANDS = re.findall(r"^(kqlx [^#\n]* rules/)(?:\s+#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("command", [*COMMANDS, "kqlx convert --to all --source none rules/"])
def test_the_readmes_commands_on_the_example_rules_succeed(command: str, tmp_path: Path) -> None:
    """As a newcomer types them: every rule in ``rules/`` converts to every target."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    run = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)], cwd=tmp_path, capture_output=True, text=True
    )
    assert (run.returncode, "error:" in run.stderr) == (0, False), run.stderr
    assert run.stdout or "written" in run.stderr


def test_the_readme_converts_all_example_rules_to_files() -> None:
    assert "kqlx convert --to all --out converted/ rules/" in COMMANDS
    assert len(COMMANDS) > 3


def test_the_readmes_python_runs() -> None:
    for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


def test_the_source_map_leads_somewhere() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rows = re.findall(r"^\|.*\|$", page.partition("## Source map")[2].partition("\n## ")[0], re.M)
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`([\w./-]+(?:\.\w+|/))`", row)
        whole = [name for name in named if "/" in name]
        folders = [ROOT / name if name.endswith("/") else (ROOT / name).parent for name in whole]
        for name in named:
            beside = [ROOT, *folders]
            assert name == "kqlx.yml" or any((f / name).exists() for f in beside), (name, row)


def test_the_pipeline_is_that_of_the_code() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    table = page.partition("## Pipeline")[2].partition("\n## ")[0]
    functions = re.findall(r"^\| \w+ \| `([\w.]+)\.(\w+)\((.*?)\)` \|", table, re.MULTILINE)
    assert len(functions) == 8
    for module, name, arguments in functions:
        found = inspect.signature(getattr(importlib.import_module(f"kqlx.{module}"), name))
        if arguments != "…":
            needed = [p.name for p in found.parameters.values() if p.default is p.empty]
            assert [*map(str.strip, arguments.split(","))] == needed, name


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")]
HOME = re.compile(r"https://github\.com/kqlx/kqlx/(?:blob|tree)/main/")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_the_documents_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        own = HOME.match(link)
        if link.startswith(("http", "#")) and not own:
            continue
        name, _, heading = link[own.end() if own else 0 :].partition("#")
        target = (ROOT if own else page.parent) / name
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.*)", target.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}


def test_the_readmes_links_work_on_a_package_index() -> None:
    assert not re.findall(r"\]\((?!https://)", README)


def test_the_page_of_packs_names_every_key() -> None:
    page = (ROOT / "docs/mappings.md").read_text("utf-8")
    schema = json.loads(pack_file.SCHEMA.read_text("utf-8"))
    parts = [
        schema,
        *(schema["$defs"][name] for name in ("destination", "field", "column", "note")),
    ]
    for part in parts:
        for key in part["properties"]:
            assert re.search(rf"`(?:[a-z]+\.)?{key}[`.:]", page), key
    for key in schema["properties"]["recognise"]["properties"]:
        assert f"`recognise.{key}`" in page


def test_the_examples_of_the_page_of_packs_are_right(tmp_path: Path) -> None:
    page = (ROOT / "docs/mappings.md").read_text("utf-8")
    pack, configuration = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/firewall.yml").write_text(pack, "utf-8")
    (tmp_path / "kqlx.yml").write_text(configuration, "utf-8")
    found = settings.load(tmp_path / "kqlx.yml")
    query = "event.dataset:o365.audit and source.geo.city_name:x"
    text = kqlx.convert(query, "spl", settings=found).text
    assert text == 'index=m365 `o365_management_activity` City="x"'
    query = "event.dataset:o365.audit and user.id:x"
    assert kqlx.convert(query, "sentinel", settings=found).text.startswith("OurOfficeActivity\n")
