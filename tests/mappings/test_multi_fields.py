"""Multi-fields of what a pack folds or translates: each has a reading of its own of the value."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.frontends.kql.formatter import format_node
from kqlx.mappings.asserted_values import asserted_values, asserts
from kqlx.mappings.known_types import Types
from kqlx.mappings.letter_case import with_case_of_names
from kqlx.nodes import And, Case, Equals, Literal, Never, Node, Not, Regexp
from kqlx.regular_expressions import from_text

PROCESS = "event.dataset:endpoint.events.process and event.category:process and process.name:x"
TRUE = [
    "event.category.caseless:PROCESS",
    "event.category.caseless:PRO*ss",
    "event.category.keyword:process",
    "event.category.text:(process or other)",
    "event.module.caseless:ENDPOINT",
    "event.kind.caseless:Event",
]
FALSE = [
    "event.category.caseless:FILE",
    "event.category.keyword:PROCESS",
    "event.category.keyword:PRO*",
    "event.module.caseless:other",
]


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize("test", TRUE)
def test_a_constant_is_compared_as_the_multi_field_reads_it(to: str, test: str) -> None:
    plain = kqlx.convert(PROCESS, to, format="query").query
    assert kqlx.convert(f"{PROCESS} and {test}", to, format="query").query == plain
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert(f"{PROCESS} and not {test}", to)


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize("test", FALSE)
def test_another_value_is_never_there(to: str, test: str) -> None:
    plain = kqlx.convert(PROCESS, to, format="query").query
    assert kqlx.convert(f"{PROCESS} and not {test}", to, format="query").query == plain
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert(f"{PROCESS} and {test}", to)


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_a_value_is_translated_as_the_multi_field_reads_it(to: str) -> None:
    query = "event.dataset:o365.audit and event.provider:Exchange and event.outcome{}:{}"
    plain = kqlx.convert(query.format("", "success"), to).query
    assert kqlx.convert(query.format(".caseless", "SUCCESS"), to).query == plain
    assert kqlx.convert(query.format(".keyword", "success"), to).query == plain


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("event.dataset.keyword:okta.system", "okta.system"),
        ("event.dataset.keyword:(okta.system or aws.cloudtrail)", "aws.cloudtrail, okta.system"),
        ("winlog.channel.keyword:Security and event.code:4625", "system.security"),
        ("event.dataset.caseless:OKTA.system", "okta.system"),
        ("event.dataset.caseless:(OKTA.system or aws.CloudTrail)", "aws.cloudtrail, okta.system"),
    ],
)
def test_multi_fields_name_a_data_source_too(query: str, source: str) -> None:
    found = kqlx.convert(f"{query} and source.ip.keyword:10.0.0.1", "spl", accept=["narrower"])
    assert found.source == source


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    ("field", "value", "asked", "exact"),
    [
        ("event.category", "process", "PROCESS", False),  # a constant
        ("event.module", "endpoint", "EndPoint", False),
        ("event.type", "start", "START", False),  # a kind of event
        ("event.category", "process", "PROCESS", True),
    ],
)
def test_what_a_pack_says_is_compared_in_the_case_of_the_test(
    to: str, field: str, value: str, asked: str, exact: bool
) -> None:
    process = kqlx.parse(PROCESS)
    case = Case.EXACT if exact else Case.FOLDED
    test = Equals(Literal(field), Literal(asked, phrase=True), case=case)

    def query(node: Node) -> object:
        return kqlx.convert("*", to, format="query", node=And((process, node))).query

    plain = Equals(Literal(field), Literal(value, phrase=True))
    if exact:
        with pytest.raises(kqlx.MappingError, match="never matches"):
            query(test)
        assert query(Not(test)) == query(Not(Never()))
        return
    assert query(test) == query(plain)
    if field != "event.type":  # which Splunk's data have in events of several kinds
        with pytest.raises(kqlx.MappingError, match="never matches"):
            query(Not(test))


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_values_by_table_and_by_predicate_are_found_in_any_case(to: str) -> None:
    asked = Equals(Literal("event.outcome"), Literal("SUCCESS", phrase=True), case=Case.FOLDED)
    plain = kqlx.parse("event.dataset:o365.audit and event.provider:Exchange")
    query = kqlx.convert("*", to, node=And((plain, asked))).query
    assert query == kqlx.convert(f"{format_node(plain)} and event.outcome:success", to).query


@pytest.mark.parametrize(
    ("query", "when", "found"),
    [
        ("a.caseless:X", {"a": ("x", "y")}, True),
        ("a.caseless:X", {"a": ("X", "y")}, True),
        ("a:X", {"a": ("x", "y")}, False),
        ("a.caseless:(X or z)", {"a": ("x", "y")}, False),
        ("a.caseless:(X or Y) and a.caseless:(y or Z)", {"a": ("y",)}, False),
        ("a.caseless:(X or Y) and a.caseless:(y or Z)", {"a": ("Y", "z")}, True),
    ],
)
def test_what_is_asserted_in_any_case(
    query: str, when: dict[str, tuple[str, ...]], found: bool
) -> None:
    assert asserts(asserted_values(kqlx.parse(query)), [when]) is found


@pytest.mark.parametrize(
    ("name", "case"), [("user.name.caseless", Case.FOLDED), ("user.name", Case.EXACT)]
)
def test_a_regular_expression_has_the_case_of_the_name(name: str, case: Case) -> None:
    test = Regexp(Literal(name), from_text("a"))
    assert with_case_of_names(test, Types()) == Regexp(test.field, test.regexp, case=case)
