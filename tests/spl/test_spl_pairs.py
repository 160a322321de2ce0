"""Names and values that stand in two lists of Splunk's: the forms, and what they mean."""

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


FORMS = [
    ("p.To:x", 'b=1 p{}.Name="To" p{}.Value="x"',
     '''isnotnull(mvfind(mvzip('p{}.Name', 'p{}.Value', "="), "\\\\ATo=(?i:x)\\\\z"))'''),
    ("not p.To:x", "b=1",
     '''isnull(mvfind(mvzip('p{}.Name', 'p{}.Value', "="), "\\\\ATo=(?i:x)\\\\z"))'''),
    ("p.To:(x* or 5)", 'b=1 ((p{}.Name="To" p{}.Value="x*") OR (p{}.Name="To" p{}.Value="5"))',
     '''isnotnull(mvfind(mvzip('p{}.Name', 'p{}.Value', "="), "\\\\ATo=(?is:x.*|5)\\\\z"))'''),
    ("p.To:*", 'b=1 p{}.Name="To"', '''isnotnull(mvfind('p{}.Name', "\\\\ATo\\\\z"))'''),
    ("not p.To:*", "b=1", '''isnull(mvfind('p{}.Name', "\\\\ATo\\\\z"))'''),
    ("c.A_B.NewValue:x", 'b=1 c{}.Name="A*B" c{}.NewValue="x"',
     '''isnotnull(mvfind(mvzip('c{}.Name', 'c{}.NewValue', "="), "\\\\AA[ ._]B=(?i:x)\\\\z"))'''),
    ("c.A.OldValue:*", 'b=1 c{}.Name="A"', '''isnotnull(mvfind('c{}.Name', "\\\\AA\\\\z"))'''),
]  # fmt: skip


@pytest.mark.parametrize(("query", "search", "condition"), FORMS)
def test_a_form(query: str, search: str, condition: str) -> None:
    emission = emitted(kqlx.parse(query))
    assert emission.query == f"{search}\n| where {condition}"
    SPLUNK.read(str(emission.query))


def test_letter_case_counts_where_it_is_asked_for() -> None:
    emission = emitted(kqlx.parse("p.To:x"), exact=True)
    assert '"\\\\ATo=(?:x)\\\\z"' in str(emission.query)


def test_that_the_places_decide_is_told() -> None:
    codes = [note.code for note in emitted(kqlx.parse("p.To:x or p.To:y or p.Cc:x")).notes]
    assert codes.count("pairs-by-position") == 1


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            "p.Size > 5",
            """b=1 p{}.Name="Size"\n| where isnotnull(mvfind('p{}.Name', "\\\\ASize\\\\z"))""",
        ),
        ("not p.Size <= 5", "b=1"),
        ("x:1 and not p.Size <= 5", 'b=1 x="1"'),
    ],
)
def test_a_range_is_widened_and_told(query: str, text: str) -> None:
    emission = emitted(kqlx.parse(query))
    assert emission.query == text
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
    assert f'"\\\\A{name}=(?i:x)\\\\z"' in text
    raw = {
        "sourcetype": "o365:management:activity",
        "Parameters": [{"Name": name, "Value": "x"}, {"Name": "Enabled", "Value": "true"}],
    }
    assert SPLUNK.keeps(text, splunk_event(raw), [])
    raw["Parameters"] = [{"Name": "Other", "Value": "x"}, {"Name": "Enabled", "Value": "true"}]
    assert not SPLUNK.keeps(text, splunk_event(raw), [])
