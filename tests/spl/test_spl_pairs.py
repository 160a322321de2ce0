"""Names and values that stand in the objects of an array: the forms, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.spl.rule_form import emit
from kqlx.backends.target import Emission, Options
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.field_spec import Layout
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    Like,
    Literal,
    Node,
    Not,
    Or,
    Pattern,
    transform,
)
from kqlx.testing.agreement import Claim
from kqlx.testing.bounds import Kibana
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import SPLUNK
from tests.plans import query_plan


def emitted(node: Node, exact: bool = False) -> Emission:
    """``p.x`` is the pair x of the array p; ``c.x.NewValue`` and ``c.x.OldValue`` are changes."""
    columns: dict[str, Column] = {}

    def rename(leaf: Node) -> Node:
        if not isinstance(leaf, Equals | Like | Exists | Compare):
            return leaf
        path, _, rest = leaf.field.name.partition(".")
        if path not in ("p", "c"):
            return leaf
        name = f"{path}{{}}.{rest}"
        form: Layout = "pairs" if path == "p" else "changes"
        columns[name] = Column(name, layout=form)
        return replace(leaf, field=Literal(name))

    bound = Bound(transform(node, rename), columns, {"base": "b=1"})
    return emit(query_plan(bound, options=Options(exact=exact)))


def found(path: str, of_name: str, of_value: str) -> str:
    """The condition on an object of an array."""
    return f"mvmap('{path}{{}}', if({of_name} AND {of_value}, 1, null()))"


TO = """json_extract('p{}', "Name")="To\""""
OF_TO = """match(json_extract('p{}', "Value"), "{}")"""
FORMS = [
    ("p.To:x", 'b=1 p{}.Name="To" p{}.Value="x"', "isnotnull",
     found("p", TO, OF_TO.replace("{}\")", r'(?i)\\Ax\\z")'))),
    ("not p.To:x", "b=1", "isnull", found("p", TO, OF_TO.replace("{}\")", r'(?i)\\Ax\\z")'))),
    ("p.To:(x* or 5)", 'b=1 ((p{}.Name="To" p{}.Value="x*") OR (p{}.Name="To" p{}.Value="5"))',
     "isnotnull", found("p", TO, OF_TO.replace("{}\")", r'(?is)\\A(?:x.*|5)\\z")'))),
    ("p.To:*", 'b=1 p{}.Name="To"', "isnotnull",
     found("p", TO, """isnotnull(json_extract('p{}', "Value"))""")),
    ("not p.To:*", "b=1", "isnull",
     found("p", TO, """isnotnull(json_extract('p{}', "Value"))""")),
    ('p.To:""', 'b=1 p{}.Name="To"', "isnotnull",
     found("p", TO, OF_TO.replace("{}\")", r'\\A\\z")'))),
    ("c.A_B.NewValue:x", 'b=1 c{}.Name="A*B" c{}.NewValue="x"', "isnotnull",
     found("c", r"""match(json_extract('c{}', "Name"), "\\AA[ ._]B\\z")""",
           r"""match(json_extract('c{}', "NewValue"), "(?i)\\Ax\\z")""")),
    ("c.A.OldValue:*", 'b=1 c{}.Name="A"', "isnotnull",
     found("c", """json_extract('c{}', "Name")="A\"""",
           """isnotnull(json_extract('c{}', "OldValue"))""")),
]  # fmt: skip


@pytest.mark.parametrize(("query", "search", "begin", "condition"), FORMS)
def test_a_form(query: str, search: str, begin: str, condition: str) -> None:
    emission = emitted(kqlx.parse(query))
    path = condition[len("mvmap('") :].partition("'")[0]
    expected = f'{search}\n| spath path="{path}"\n| where {begin}({condition})'
    assert " ".join(str(emission.query).split()) == " ".join(expected.split())
    SPLUNK.read(str(emission.query))


def test_letter_case_counts_where_it_is_asked_for() -> None:
    emission = emitted(kqlx.parse("p.To:x"), exact=True)
    assert '"\\\\Ax\\\\z"' in str(emission.query)


def test_an_array_is_taken_apart_once() -> None:
    emission = emitted(kqlx.parse("p.To:x or p.To:y or p.Cc:x"))
    assert str(emission.query).count("| spath") == 1


SIZE = found("p", TO.replace("To", "Size"), """isnotnull(json_extract('p{}', "Value"))""")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            "p.Size > 5",
            f'b=1 p{{}}.Name="Size"\n| spath path="p{{}}"\n| where isnotnull({SIZE})',
        ),
        ("not p.Size <= 5", "b=1"),
        ("x:1 and not p.Size <= 5", 'b=1 x="1"'),
    ],
)
def test_a_range_is_widened_and_told(query: str, text: str) -> None:
    emission = emitted(kqlx.parse(query))
    assert " ".join(str(emission.query).split()) == " ".join(text.split())
    assert [str(note.effect) for note in emission.notes if note.code == "approximated"] == ["wider"]


NAMES = ["To", "to", "T", "To x", "To_x"]  # a dot would make objects in objects
TEXTS = st.text(alphabet='aA=T"\\*|.[ \n', max_size=4) | st.sampled_from(["To", "=", "a=To=a"])
PARTS = st.text(alphabet='aA=T"\\|.[', max_size=3)
KEYS = ["p.{}", "c.{}.NewValue", "c.{}.OldValue"]


@st.composite
def fields(draw: st.DrawFn) -> Literal:
    key, name = draw(st.sampled_from(KEYS)), draw(st.sampled_from(NAMES))
    return Literal(key.format(_underscored(name) if key[0] == "c" else name))


def _underscored(name: str) -> str:
    return name.replace(" ", "_").replace(".", "_")


LEAVES = st.one_of(
    st.builds(Equals, fields(), st.builds(Literal, TEXTS, st.just(True))),
    st.builds(Exists, fields()),
    st.builds(Like, fields(), st.tuples(PARTS, PARTS).filter(any).map(Pattern.between_stars)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda a, b: And((a, b)), inner, inner),
        st.builds(lambda a, b: Or((a, b)), inner, inner),
    ),
    max_leaves=4,
)
PAIRS = st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=4)
CHANGES = st.dictionaries(
    st.sampled_from(["To", "T", "To.x", "To x"]), st.tuples(TEXTS, TEXTS), max_size=3
).filter(lambda found: len({_underscored(name) for name in found}) == len(found))


@given(TREES, PAIRS, CHANGES)
def test_the_search_means_what_the_query_means(
    tree: Node, pairs: Mapping[str, str], changes: Mapping[str, tuple[str, str]]
) -> None:
    """Elastic makes maps of the arrays that Splunk holds."""
    elastic = {
        "p": pairs,
        "c": {
            _underscored(name): {"NewValue": new, "OldValue": old}
            for name, (new, old) in changes.items()
        },
    }
    raw = {
        "b": 1,
        "p": [{"Name": name, "Value": value} for name, value in pairs.items()],
        "c": [
            {"Name": name, "NewValue": new, "OldValue": old} for name, (new, old) in changes.items()
        ],
    }
    emission = emitted(tree)
    claim = Claim.of(emission.notes)
    bounds = Kibana(tree, {}).bounds(elastic, folded=claim.folded)
    answer = SPLUNK.keeps(str(emission.query), splunk_event(raw), [])
    assert not claim.broken_by(answer, bounds), emission.query
    assert not claim.may_add
    assert not claim.may_miss


def test_the_wrong_partner_is_not_taken() -> None:
    raw = {"b": 1, "p": [{"Name": "To", "Value": "a"}, {"Name": "Cc", "Value": "x"}]}
    for query, expected in (("p.To:x", False), ("not p.To:x", True), ("p.Cc:x", True)):
        text = str(emitted(kqlx.parse(query)).query)
        assert SPLUNK.keeps(text, splunk_event(raw), []) is expected


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_a_change_without_its_old_or_new_value_is_refused(target: str) -> None:
    rule = "event.dataset:o365.audit and event.provider:AzureActiveDirectory and "
    with pytest.raises(kqlx.MappingError, match="only its old and its new value"):
        kqlx.convert(f"{rule}o365.audit.ModifiedProperties.Role:x", target)
    assert kqlx.convert(f"{rule}o365.audit.ModifiedProperties.Role.NewValue:x", target).query


@pytest.mark.parametrize("name", ["Name", "Value"])
def test_pairs_that_are_called_as_their_names_are(name: str) -> None:
    rest = "event.dataset:o365.audit and o365.audit.Parameters.Enabled:true"
    query = f"{rest} and o365.audit.Parameters.{name}:x"
    text = str(kqlx.convert(query, "spl").query)
    assert f'"Name")="{name}"' in text
    raw = {
        "sourcetype": "o365:management:activity",
        "Parameters": [{"Name": name, "Value": "x"}, {"Name": "Enabled", "Value": "true"}],
    }
    assert SPLUNK.keeps(text, splunk_event(raw), [])
    raw["Parameters"] = [{"Name": "Other", "Value": "x"}, {"Name": "Enabled", "Value": "true"}]
    assert not SPLUNK.keeps(text, splunk_event(raw), [])


ODD = 'say "a\\b" \u00e9\U0001f600 {"Name":"Cc","Value":"x"}'


@pytest.mark.parametrize(
    "before",
    [
        {"Name": "Bcc"},
        {"Value": "To"},
        {"Name": "Bcc", "Value": ""},
        {"Name": "Bcc", "Value": {"Name": "To", "Value": "z"}},
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_an_object_without_one_of_them_shifts_nothing(
    before: Mapping[str, object], backwards: bool
) -> None:
    """Names and values belong together in whatever order they stand, of whatever signs."""
    pair = [("Name", "To"), ("Value", ODD)]
    raw = {"b": 1, "p": [before, dict(reversed(pair) if backwards else pair)]}
    value = ODD.replace("\\", "\\\\").replace('"', '\\"')
    queries = {
        f'p.To:"{value}"': True,
        "p.To:say*": True,
        f'not p.To:"{value}"': False,
        "p.To:*": True,
        "p.Cc:*": False,
        "p.Cc:x": False,
        "p.Bcc:say*": False,
        "p.To:z": False,
        "not p.Cc:*": True,
    }
    for query, expected in queries.items():
        text = str(emitted(kqlx.parse(query)).query)
        assert SPLUNK.keeps(text, splunk_event(raw), []) is expected, query


def test_a_regular_expression_of_the_value() -> None:
    query = 'any where event.dataset == "o365.audit" and o365.audit.Parameters.To regex "a.*b"'
    text = str(kqlx.convert(query, "spl", language="eql").query)
    for value, expected in (("axb", True), ("axbc", False)):
        raw = {
            "sourcetype": "o365:management:activity",
            "Parameters": [{"Name": "Cc", "Value": "ab"}, {"Name": "To", "Value": value}],
        }
        assert SPLUNK.keeps(text, splunk_event(raw), []) is expected


@pytest.mark.parametrize("field", ["o365.audit.Parameters.To", "user_agent.original"])
def test_what_is_counted_is_taken_out_of_the_objects(field: str) -> None:
    rule = kqlx.Rule(
        "r",
        "event.dataset:o365.audit and event.action:a",
        type="threshold",
        data={"threshold": {"field": field, "value": 2}},
    )
    text = str(kqlx.convert(rule, "spl").query)
    array = "Parameters" if "To" in field else "ExtendedProperties"
    assert f'| spath path="{array}{{}}"\n| eval' in text
    assert f"mvindex(mvmap('{array}{{}}', if(json_extract(" in text


def test_what_a_rule_looks_for_is_taken_out_of_objects_that_are_there() -> None:
    rule = kqlx.Rule(
        "r",
        "event.dataset:o365.audit and o365.audit.Parameters.To:a*",
        type="new_terms",
        data={
            "new_terms_fields": ["o365.audit.Parameters.Name", "o365.audit.Parameters.Cc"],
            "history_window_start": "now-7d",
        },
    )
    assert str(kqlx.convert(rule, "spl").query).count("| spath") == 1


def test_a_part_of_a_parameter_and_a_predicate_on_it() -> None:
    """The group of a member is told only beside the member's address."""
    query = "event.dataset:google_workspace.admin and user.target.group.domain:x.example"
    text = str(kqlx.convert(query, "spl").query)
    group = {"name": "GROUP_EMAIL", "value": "staff@x.example"}
    user = {"name": "USER_EMAIL", "value": "ann@y.example"}
    for parameters, expected in (
        ([group, user], True),
        ([user, group], True),
        ([group], False),
        ([group, {**user, "value": "ann"}], False),
        ([{**group, "value": "staff@y.example"}, {**user, "value": "ann@x.example"}], False),
    ):
        raw = {"sourcetype": "gws:reports:admin", "event": {"parameters": parameters}}
        assert SPLUNK.keeps(text, splunk_event(raw), []) is expected
