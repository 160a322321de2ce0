"""What is doubtful in the text of a query in Kibana KQL, beyond what its tree says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.lint import field_tests
from kqlx.nodes import Node
from kqlx.notes import Note


def check(root: Node, text: str, types: Mapping[str, str]) -> Iterator[Note]:
    """The doubts about how values and names of fields are written."""
    yield from field_tests.check(root, text, types)
