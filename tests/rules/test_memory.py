"""What the reading of large rule files costs of memory."""

from __future__ import annotations

import tomllib
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from kqlx.rules.load import read_file

HEAD = '[rule]\nname = "x"\nrule_id = "1"\ntype = "query"\nlanguage = "kuery"\n'
LINES = "".join(f"line {number} of a guide\n" for number in range(10_000))
VALUES = " or\n".join(f"value{number}" for number in range(20_000))
ONE_LINE = VALUES.replace("\n", " ")
ESCAPED = LINES.replace("\n", "\\n")
LARGE = {
    "query": f'{HEAD}query = "a:({ONE_LINE})"\n',
    "long query": f'{HEAD}query = """\na:({VALUES})\n"""\n',
    "guide": f'{HEAD}query = "a:b"\nnote = """\n{LINES}"""\n',
    "quotes": f"{HEAD}query = 'a:b'\nnote = '''\n{LINES}'''\n",
    "escapes": f'{HEAD}query = "a:b"\nnote = "{ESCAPED}"\n',
    "comments": f"{HEAD}query = 'a:b'\n" + "".join(f"# {line}\n" for line in LINES.split("\n")),
    "list": f'{HEAD}query = "a:b"\ntags = [\n' + '"https://example.com/",\n' * 10_000 + "]\n",
}
SMALL_TABLES = f'{HEAD}query = "a:b"\n' + '[[rule.threat]]\nframework = "ATT&CK"\n' * 10_000


def peak(act: Callable[[], object]) -> int:
    act()  # what is loaded once
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", LARGE)
def test_a_file_costs_ten_times_its_size_at_most(tmp_path: Path, name: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(LARGE[name], "utf-8")
    assert len(read_file(path, is_named=True).rules) == 1
    assert peak(lambda: read_file(path, is_named=True)) < 10 * path.stat().st_size


def test_many_small_tables_cost_little_more_than_tomllib_takes(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(SMALL_TABLES, "utf-8")
    least = peak(lambda: tomllib.loads(SMALL_TABLES))
    most = least + 2 * path.stat().st_size  # the text, and a list of the tables
    assert peak(lambda: read_file(path, is_named=True)) < most
