"""The Query DSL that we write, full, typed and compact, means what the query means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import matches
from kqlx.frontends.kql.formatter import shown_node
from kqlx.mappings.field_list import Field, FieldList
from kqlx.testing.edges import TYPES
from kqlx.testing.strategies import events_for, trees
from tests.conftest import examples
from tests.oracles.dsl import dsl_matches
from tests.oracles.eql_texts import FIELDS as EQL_FIELDS
from tests.oracles.eql_texts import conditions

NESTED = {name for name, type in TYPES.items() if type == "nested"}
KINDS = {"date": "date"}


def field_list() -> FieldList:
    """The types of the drawn events, as Kibana would list them; fields below nested
    ones are left out.
    """
    return FieldList(
        Field(name, KINDS.get(type, "string"), (type,))
        for name, type in TYPES.items()
        if not any(name == path or name.startswith(f"{path}.") for path in NESTED)
    )


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("fields", ["none", "known", "listed"])
@examples(100)
@given(data=st.data())
def test_dsl_means_what_the_query_means(fields: str, compact: bool, data: st.DataObject) -> None:
    # Only where fields are known and not listed does Elasticsearch look up what fits a name.
    wildcards = fields == "known"
    tree = data.draw(
        trees(wildcard_fields=wildcards, any_case=True, one_character=True, regexps=True)
    )
    event: dict[str, Any] = data.draw(events_for(tree))
    known = {"none": "none", "known": None, "listed": field_list()}[fields]
    text = shown_node(tree)
    node = (
        None if kqlx.parse(text) == tree else tree
    )  # letters in any case, and one character, have no text
    # Of no known type are the fields that ECS does not have: patterns with blanks are split there.
    query = kqlx.convert(
        text, "es", fields=known, compact=compact, accept=["different"], node=node
    ).query
    assert isinstance(query, dict)
    assert dsl_matches(query, event, TYPES) == matches(tree, event, TYPES)


@pytest.mark.parametrize("compact", [False, True])
@examples(60)
@given(data=st.data())
def test_drawn_conditions_mean_what_they_mean_in_eql(compact: bool, data: st.DataObject) -> None:
    """Without functions of values, which are scripts."""
    text = f"any where {data.draw(conditions(functions=False))}"
    tree = kqlx.parse(text, language="eql")
    event: dict[str, Any] = data.draw(events_for(tree, EQL_FIELDS))
    query = kqlx.convert(
        text, "es", language="eql", source="none", compact=compact, accept=["different"]
    ).query
    assert isinstance(query, dict)
    assert dsl_matches(query, event, EQL_FIELDS) == matches(tree, event, EQL_FIELDS)
