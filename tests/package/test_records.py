"""The project's ``dataclass`` beside the standard library's, on classes with all that they have."""

from __future__ import annotations

import ast
import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from kqlx import record_methods, records
from tests.conftest import ROOT


def classes(module: Any, frozen: bool, slots: bool) -> list[type]:
    """A class with fields of every kind, one derived from it, and one without fields."""

    decorator, field = module.dataclass, module.field

    class Base:
        shared: ClassVar[str] = "for all"
        first: int
        second: str = "2"
        aside: int = field(default=0, compare=False)
        hidden: int = field(default=0, repr=False)
        listed: list[int] = field(default_factory=list)
        named: int = field(default=5, kw_only=True)
        made: list[int] = field(default_factory=lambda: [1], init=False, compare=False)
        fixed: int = field(default=7, init=False)

        def __post_init__(self) -> None:
            if self.first < 0:
                raise ValueError("negative")

    base: Any = decorator(frozen=frozen, slots=slots)(Base)

    class Derived(base):  # type: ignore[misc] # of Any
        third: int = 3
        second: str = "two"

    class Empty:
        def __repr__(self) -> str:
            return "nothing"

    return [base, *(decorator(frozen=frozen, slots=slots)(each) for each in (Derived, Empty))]


@pytest.fixture(params=[1, 3, 20], autouse=True)
def calls_before_compiling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_methods, "FEW", request.param)


WAYS = [(frozen, slots) for frozen in (True, False) for slots in (True, False)]
CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "b", 3, 4, [5]), {"named": 6}),
    ((), {"first": 1, "listed": [2]}),
    ((1, "2"), {"aside": 9}),
    ((1, "2"), {"hidden": 9}),
    ((2,), {}),
    ((-1,), {}),
    ((), {}),
    ((1,), {"other": 2}),
    ((1,), {"fixed": 2}),
    ((1, "b", 3, 4, [5], 6, 7, 8), {}),
]


def result(act: Callable[[], object]) -> object:
    try:
        return act()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error).rpartition(".")[2]


@pytest.mark.parametrize(("frozen", "slots"), WAYS)
def test_instances_behave_as_those_of_the_standard_library(frozen: bool, slots: bool) -> None:
    ours = classes(records, frozen, slots)
    theirs = classes(dataclasses, frozen, slots)
    for own, other in zip(ours, theirs, strict=True):
        assert vars(own)["__match_args__"] == vars(other)["__match_args__"]
        assert hasattr(own, "__slots__") == hasattr(other, "__slots__")
        made = [[result(partial(c, *a, **k)) for a, k in CALLS] for c in (own, other)]
        assert [*map(repr, made[0])] == [*map(repr, made[1])]
        for mine, its in zip(*made, strict=True):
            assert [mine == each for each in made[0]] == [its == each for each in made[1]]
            if not isinstance(its, tuple):
                hashes = [result(partial(hash, one)) for one in (mine, its)]
                assert hashes[0] == hashes[1]
                assert copy.copy(mine) == mine
                assert mine != its


@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("name", ["first", "unknown"])
def test_attributes_of_frozen_instances_cannot_be_set(name: str, slots: bool) -> None:
    one: Any = classes(records, True, slots)[0](1)
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(one, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        delattr(one, name)
    free: Any = classes(records, False, slots)[0](1)
    free.first = 2
    assert free.first == 2


@pytest.mark.parametrize(("frozen", "slots"), WAYS)
def test_the_standard_library_takes_them_for_its_own(frozen: bool, slots: bool) -> None:
    for own, other in zip(
        classes(records, frozen, slots), classes(dataclasses, frozen, slots), strict=True
    ):
        assert dataclasses.is_dataclass(own)
        named = [
            [(f.name, f.type, f.init, f.repr, f.compare, f.kw_only) for f in dataclasses.fields(c)]
            for c in (own, other)
        ]
        assert named[0] == named[1]
    base: Any = classes(records, frozen, slots)[1]
    one = base(1, listed=[2])
    assert dataclasses.asdict(one)["listed"] == [2]
    assert dataclasses.replace(one, first=3) == base(3, listed=[2])
    assert records.replace(one, first=3) == base(3, listed=[2])
    if sys.version_info >= (3, 13):
        assert copy.replace(one, first=3) == base(3, listed=[2])
    with pytest.raises(ValueError, match="negative"):
        records.replace(one, first=-1)
    with pytest.raises(TypeError, match="nothing"):
        records.replace(one, nothing=1)
    for _ in range(25):
        empty: Any = classes(records, frozen, slots)[2]()
        assert records.replace(empty) == empty
    foreign: Any = classes(dataclasses, frozen, slots)[0](1)
    assert records.replace(foreign, first=2) == dataclasses.replace(foreign, first=2)

    class Further(base):  # type: ignore[misc] # of Any
        more: int = 0

    decorate: Any = dataclasses.dataclass
    assert decorate(frozen=frozen)(Further)(1, more=2).more == 2


def test_faults_of_a_class_are_told_when_it_is_made() -> None:
    class Changing:
        items: list[int] = []  # noqa: RUF012 - the fault

    class Foreign:
        items: list[int] = dataclasses.field(default_factory=list)

    with pytest.raises(ValueError, match=r"Changing\.items: use a factory"):
        records.dataclass(frozen=True)(Changing)
    with pytest.raises(TypeError, match=r"Foreign\.items: take kqlx\.records\.field"):
        records.dataclass(frozen=True)(Foreign)


@records.dataclass(frozen=True, slots=True)
class Pickled:
    name: str
    parts: tuple[Pickled, ...] = ()


def test_instances_are_pickled_and_read_by_a_process_that_made_none() -> None:
    one = Pickled("a", (Pickled("b"),))
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    code = (
        "import pickle, sys; one = pickle.load(sys.stdin.buffer); print(one, one == one.parts[0])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(one), capture_output=True, cwd=ROOT
    )
    assert run.stdout.decode().split() == f"{one} False".split(), run.stderr


class Counted:
    """Counts how often it is hashed."""

    times = 0

    def __hash__(self) -> int:
        Counted.times += 1
        return 1


@records.dataclass(frozen=True, slots=True, keeps_hash=True)
class Kept:
    item: object
    note: str = records.field(default="", compare=False)


def test_a_hash_is_kept_if_it_is_wanted_so_and_stays_in_its_process() -> None:
    each = [Kept(Kept(Kept(Counted()))) for _ in range(30)]
    Counted.times = 0
    for one in each:
        assert hash(one) == hash(one) == hash(Kept(one.item, "another"))
    assert Counted.times < 2 * len(each)  # compiled after some calls, which hash each time
    assert [Kept] * 30 == [type(copy.deepcopy(one)) for one in each]

    one = Kept("a", "b")
    for _ in range(30):
        assert hash(one) == hash(Kept("a"))
    assert one == pickle.loads(pickle.dumps(one)) == Kept("a") != Kept("b")
    assert pickle.dumps(one) == pickle.dumps(Kept("a", "b"))


def test_methods_are_compiled_when_they_have_been_used_some_times() -> None:
    """What it exists for."""
    compiled = []
    audit = [True]
    sys.addaudithook(
        lambda event, _: compiled.append(event) if audit and event == "compile" else None
    )
    base: Any = classes(records, True, True)[0]
    assert not compiled
    for number in range(1, 50):
        base(number)
        assert len(compiled) == (number >= record_methods.FEW)
    one = base(1)
    for number in range(1, 50):
        assert one == base(1)
        assert len(compiled) == 1 + (number >= record_methods.FEW)
    audit.clear()


def test_modules_use_it_where_it_does() -> None:
    """The standard one stays where a class is ordered, which few are."""
    for path in sorted({*(ROOT / "transpiler").rglob("*.py")} - {Path(records.__file__)}):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
                names = {alias.name for alias in node.names}
                assert not names & {"dataclass", "field", "replace"} or "order=True" in text, path
