"""Options and helpers of the whole suite: goldens, and engines that a user's machine may lack."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

from kqlx.rules.load import load_rules

if TYPE_CHECKING:
    from kqlx.rules.model import Rule
    from tests.oracles.server import Server

ROOT = Path(__file__).parent.parent
OWN_RULES = sorted(
    [*ROOT.glob("rules/*.toml"), *ROOT.glob("tests/cases/rules/*.toml")], key=lambda path: path.name
)
"""The examples in ``rules/``, which convert as the README says, and the hard cases beside them."""


def own_rules() -> list[Rule]:
    return [rule for path in OWN_RULES for rule in load_rules(path).rules]


GOLDEN = Path(__file__).parent / "golden"

DEEP = os.environ.get("DEEP") == "1"
"""Whether drawn tests have their full sizes: ``make test-deep``."""


def examples(count: int) -> settings:
    """How many examples a test draws: so many, and ten times as many in ``make test-deep``."""
    return settings(max_examples=10 * count if DEEP else count)


# How long an example takes is a matter of the machine, and of what else it does.
settings.register_profile("kqlx", max_examples=500 if DEEP else 50, deadline=None)
settings.load_profile("kqlx")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write the golden files anew; read the diff!"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``golden("folder/file", text)`` compares the text with the file below tests/golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"no golden file {name}: pytest --update-goldens writes it"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Server]:
    """A running Elasticsearch; what asks for it has the mark of the same name."""
    from tests.oracles import server

    with server.running() as found:
        yield found


def missing(what: str) -> NoReturn:
    """Skips a test for want of an engine; in continuous integration the want is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and continuous integration must have it")
    pytest.skip(what)
