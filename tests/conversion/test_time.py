"""The time of a conversion grows with the query and no faster, and binding does not look at each
value of a list anew. What is compared are times of one run, and the bounds are far from what is
measured: work that grows with the square would take eight times what they allow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, ClassVar

import pytest

import kqlx
from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.condition import Condition
from kqlx.backends.sigma.detection_items import DetectionItem, DetectionItems
from kqlx.backends.sigma.search_identifiers import SearchIdentifiers
from kqlx.backends.spl.search_terms import SearchWriter
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Text
from kqlx.batch.converter import Converter
from kqlx.batch.request import Request
from kqlx.elastic import ecs
from kqlx.frontends.lalr import Parser
from kqlx.mappings import argument_tests, asked_query, asserted_values, recognition
from kqlx.mappings.argument_regexps import _expression
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.binder import Binder
from kqlx.mappings.bound import Bound
from kqlx.mappings.command_line_arguments import in_patterns
from kqlx.mappings.elasticsearch_semantics import as_elasticsearch_asks
from kqlx.mappings.field_names import nearest
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.pack import Destination, KnownValues, Pack
from kqlx.mappings.reader.builtin import builtin
from kqlx.mappings.reader.pack_data import of_data
from kqlx.nodes import CommandLineArgument, FieldTest, Node
from kqlx.records import replace
from kqlx.rules.known_types import known_types
from kqlx.rules.query_tree import query_of
from tests.conftest import DEEP, ROOT

TARGETS = ("elasticsearch", "sentinel", "sigma", "spl")
FEW, MANY = 250, 8_000


def _list(count: int) -> str:
    values = " or ".join(f"value{number}" for number in range(count))
    return f"event.dataset:o365.audit and user.id:({values})"


def _translated_list(count: int) -> str:
    values = " or ".join(f"value{number}" for number in range(count))
    return f"event.dataset:o365.audit and event.action:({values})"


def _folded_list(count: int) -> str:
    values = " or ".join(f"value{number}" for number in range(count))
    return f"event.dataset:o365.audit and user.id.caseless:({values})"


def _and(count: int) -> str:
    return " and ".join(f"f:v{number}" for number in range(count))


def _different_fields(count: int) -> str:
    return " and ".join(f"f{number}.name:v{number}" for number in range(count))


def _negations(count: int) -> str:
    return " and ".join(f"not user.name:v{number}" for number in range(count))


def _branches_of_words(count: int) -> str:
    return " or ".join(f"message:(a{number} and b{number})" for number in range(count))


def _patterns_of_paths(count: int) -> str:
    values = " or ".join(f"HKLM\\\\a{number}\\\\*" for number in range(count))
    return f"event.category:registry and registry.path:({values})"


def _name_of_many_parts(count: int) -> str:
    return "event.dataset:o365.audit and " + ".".join(["a"] * count) + ":b"


def _stars(count: int) -> str:
    return "process.name:" + "a*" * count + "b"


def seconds(query: str, target: str, runs: int = 1) -> float:
    """Processor time of one conversion, or of lint, the least of some runs."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        if target == "lint":
            rule = kqlx.Rule(name="", query=query)
            types = known_types(query_of(rule).fields_tree, rule)
            kqlx.lint(query, types, ecs.arrays(), nearest)
        else:
            kqlx.convert(query, target, accept=("wider", "narrower", "different"), unmapped="keep")
        times.append(time.process_time() - started)
    return min(times)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("write", [_list, _translated_list, _folded_list, _and])
def test_time_is_linear_in_the_query(write: Callable[[int], str], target: str) -> None:
    few, many = write(FEW), write(MANY)
    seconds(write(10), target)  # what is loaded and made once
    assert seconds(many, target) < 4 * (MANY / FEW) * seconds(few, target, runs=3)


SHAPES = (
    *((_different_fields, stage) for stage in ("lint", *TARGETS)),
    (_negations, "sigma"),
    (_branches_of_words, "lint"),
    (_patterns_of_paths, "lint"),
    (_name_of_many_parts, "spl"),
    (_stars, "sentinel"),
)
"""Queries with what was once compared with everything like it, and where that was."""
EVERYWHERE = [
    (shape, stage) for shape in dict.fromkeys(s for s, _ in SHAPES) for stage in ("lint", *TARGETS)
]


@pytest.mark.parametrize(
    ("write", "stage"),
    EVERYWHERE if DEEP else SHAPES,
    ids=lambda value: getattr(value, "__name__", value),
)
def test_nothing_is_compared_with_everything_like_it(
    write: Callable[[int], str], stage: str
) -> None:
    seconds(write(10), stage)
    few, many = seconds(write(100), stage, runs=3), seconds(write(5_000), stage)
    assert many < 4 * 50 * max(few, 0.002)


class Counted(str):
    """A text that counts how often such texts are compared."""

    compared: ClassVar[list[object]] = []

    def __eq__(self, other: object) -> bool:
        self.compared.append(other)
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_term_is_not_compared_with_all_that_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    expression = SearchWriter.expression

    def counted(self: SearchWriter, node: Node) -> Text:
        made = expression(self, node)
        return replace(made, text=Counted(made.text))

    monkeypatch.setattr(SearchWriter, "expression", counted)
    monkeypatch.setattr(Counted, "compared", [])
    kqlx.convert(_and(500), "spl", source="none", exact=True)
    assert len(Counted.compared) < 3 * 500


def test_a_selection_is_not_compared_with_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counted, "compared", [])
    parts = [Counted(f"selection_{number}") for number in range(500)]
    items = DetectionItems(SigmaBackend(Bound(kqlx.parse("a:b")), Options()))
    condition = Condition(items, SearchIdentifiers({part: {} for part in parts}))
    assert condition.shortened([*parts]) == ["all of selection_*"]
    assert len(Counted.compared) < 3 * 500


@pytest.mark.parametrize("field", ["user.id", "file.name", "process.args", "aws.cloudtrail.x"])
def test_what_the_pack_says_of_a_field_is_looked_up_once_for_a_list(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """A column, a part of one, an unknown field, one of another data source."""
    names = []
    known, find = Pack.known_values, Destination._find_field

    def counted_known(self: Pack, name: str, destination: Destination) -> KnownValues | None:
        names.append(("known", name))
        return known(self, name, destination)

    def counted_find(self: Destination, name: str) -> FieldSpec | None:
        names.append(("find", name))
        return find(self, name)

    def looked_up(count: int) -> int:
        names.clear()
        query = _list(count).replace("user.id:(", f"(user.name:z or {field}:(") + ")"
        kqlx.convert(query, "spl", unmapped="keep", accept="different")
        return len(names)

    looked_up(3)  # what is looked up once in a process
    monkeypatch.setattr(Pack, "known_values", counted_known)
    monkeypatch.setattr(Destination, "_find_field", counted_find)
    assert looked_up(200) == looked_up(2)


def test_values_of_a_column_are_bound_as_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    bind_test = Binder.bind_test

    def counted(self: Binder, node: FieldTest) -> Node:
        looked_at.append(node)
        return bind_test(self, node)

    monkeypatch.setattr(Binder, "bind_test", counted)
    kqlx.convert(_list(100), "spl")
    assert len(looked_at) == 1  # the data source


def test_values_of_an_unknown_field_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    bind_test = Binder.bind_test

    def counted(self: Binder, node: FieldTest) -> Node:
        looked_at.append(node)
        return bind_test(self, node)

    monkeypatch.setattr(Binder, "bind_test", counted)
    query = _list(100).replace("user.id", "nobody.knows")
    kqlx.convert(query, "spl", unmapped="comment", accept="wider")
    assert len(looked_at) == 2  # the data source, and the first value


def test_an_argument_is_not_tried_pattern_by_pattern_where_texts_are_as_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def counted(argument: CommandLineArgument) -> Node:
        tried.append(argument)
        return in_patterns(argument)

    monkeypatch.setattr(argument_tests, "in_patterns", counted)
    query = "event.category:process and event.type:start and process.args:(/a or -b)"
    kqlx.convert(query, "sentinel", source="endpoint.events", accept="wider")
    assert not tried


def test_what_groups_assert_is_worked_out_once_for_all_targets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = []
    work_out = asserted_values.asserted_values

    def counted(node: Node) -> dict[str, tuple[asserted_values.Values, ...]]:
        groups.append(node)
        return work_out(node)

    query = " and ".join(f"(user.id:a{n} or (user.name:b{n} and file.name:c))" for n in range(20))
    reading = kqlx.read(f"event.dataset:o365.audit and {query}")
    kqlx.convert(reading, "spl")
    monkeypatch.setattr(asserted_values, "asserted_values", counted)
    kqlx.convert(reading, "sentinel", accept="different")
    kqlx.convert(reading, "sigma", accept="different")
    assert not groups


def test_items_of_a_list_are_spelt_once_for_sigma(monkeypatch: pytest.MonkeyPatch) -> None:
    spelt = []
    spell = DetectionItems._item

    def counted(self: DetectionItems, node: Node) -> DetectionItem:
        spelt.append(node)
        return spell(self, node)

    monkeypatch.setattr(DetectionItems, "_item", counted)
    kqlx.convert(_list(100), "sigma")
    tests = [node for node in spelt if isinstance(node, FieldTest)]
    assert len(tests) == len({id(node) for node in tests}) <= 102


def test_what_is_the_same_in_every_target_is_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: dict[str, int] = {}

    def count(module: ModuleType, name: str) -> None:
        function = getattr(module, name)

        def counted(*arguments: object) -> object:
            calls[name] = calls.get(name, 0) + 1
            return function(*arguments)

        monkeypatch.setattr(module, name, counted)

    count(recognition, "names_of")
    count(asked_query, "as_elasticsearch_asks")
    reading = kqlx.read("event.dataset:o365.audit and event.action:New* and user.id:a")
    for target in TARGETS:
        kqlx.convert(reading, target)
    assert calls == {"names_of": 1, "as_elasticsearch_asks": 1}


def test_a_rule_is_read_once_for_lint_and_all_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    parse = Parser.parse

    def counted(self: Parser, text: str) -> object:
        read.append(text)
        return parse(self, text)

    monkeypatch.setattr(Parser, "parse", counted)
    converter = Converter(Request(targets=tuple((name, None) for name in TARGETS), lint=True))
    outcome = converter.outcome(kqlx.Rule(name="", query="event.dataset:o365.audit and a:(b c)"))
    assert [remark.code for remark in outcome.remarks] == ["value-with-blanks"]
    assert read.count("event.dataset:o365.audit and a:(b c)") == 1


def test_sources_that_agree_on_types_share_what_elasticsearch_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return as_elasticsearch_asks(*arguments)

    monkeypatch.setattr(asked_query, "as_elasticsearch_asks", counted)
    same = AskedQuery(kqlx.parse("process.name:a* and process.pid:1"))
    for source in ("system.security", "windows.forwarded", "endpoint.events"):
        same.of(builtin(source), {})
    assert len(calls) == 1

    packs = [of_data({"source": name, "types": {"x": name}}) for name in ("keyword", "wildcard")]
    query = AskedQuery(kqlx.parse("x:a* b* and y:c"))
    trees = [query.of(pack, {}).node for pack in (*packs, *packs)]
    assert len(calls) == 3
    assert trees[0] is trees[2] and trees[1] is trees[3]
    assert trees[0] != trees[1]  # a pattern of a keyword is whole


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_read_once_is_converted_as_ever(target: str) -> None:
    for rule in kqlx.load_rules(ROOT / "rules").rules:
        reading = kqlx.read(rule, fields="ecs")
        for unmapped in ("comment", "keep"):
            options: dict[str, Any] = {"unmapped": unmapped, "accept": ("narrower", "different")}
            expected = kqlx.convert(rule, target, fields="ecs", **options)
            for _ in range(2):
                assert kqlx.convert(reading, target, **options) == expected


def test_an_argument_of_a_command_line_becomes_one_expression_for_all_targets() -> None:
    values = " or ".join(f"word{number}" for number in range(50))
    query = f"event.category:process and process.name:a.exe and not process.args:({values})"
    reading = kqlx.read(query, source="windows.sysmon_operational")
    _expression.cache_clear()
    for target in ("spl", "sentinel", "sigma"):
        for _ in range(2):
            kqlx.convert(reading, target, accept=("wider", "narrower", "different"))
    known = _expression.cache_info()
    assert known.misses <= 2 * 50 < known.hits  # as it stands, and in lines in quotation marks
