"""The ``tstats`` form: over an accelerated data model of Splunk, where every field lies in one of
its data sets.

https://help.splunk.com/en/splunk-enterprise/search/spl-search-reference/9.4/search-commands/tstats.
It is approximate by nature: what is in a data set is decided by tags, and add-ons fill its fields
as they see fit.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from kqlx import resources
from kqlx.backends.spl.checks import Checks
from kqlx.backends.spl.multiple_sources import SourceSearch, WrittenSource
from kqlx.backends.spl.search_terms import SearchWriter
from kqlx.backends.spl.syntax import fold
from kqlx.backends.target import Options
from kqlx.elastic.matching import matches_value
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import (
    Always,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Node,
    Pattern,
    Regexp,
    Term,
    simplify,
    transform,
    walk,
)
from kqlx.notes import Effect
from kqlx.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class DataSet:
    """``name`` as ``Model.Dataset``; the tree has its fields, with their prefix."""

    name: str
    node: Node
    by: tuple[str, ...]
    names: dict[str, str]

    def columns(self, bound: Bound) -> list[Column]:
        """The columns of the tree, each with the type of the ECS field that it stands for."""
        return [replace(bound.column(ecs), name=name) for ecs, name in self.names.items()]


def search_in_data_model(bound: Bound, options: Options) -> WrittenSource:
    """The search over a data model. What its ``where`` cannot say is widened, as in a plain
    search. Raises UnsupportedError.
    """
    if options.exact:
        raise UnsupportedError(
            "a data model is always searched without regard to letter case",
            code="case-not-exact",
        )
    if any(isinstance(part, FreeText) for part in walk(bound.node)):
        raise UnsupportedError(
            "a data model has no raw text, in which to search for a value without a field",
            code="raw-text",
        )
    for part in walk(bound.node):
        if isinstance(part, Regexp | FunctionTest):
            what = "a regular expression" if isinstance(part, Regexp) else "functions of values"
            raise UnsupportedError(f"a data model has no {what} beside it", code="data-model")
    data = data_set(bound.node)
    types = {c.name: c for c in data.columns(bound)}
    writer = SearchWriter(replace(bound, node=data.node, columns=types), options)
    writer.beside(Checks).check(data.node)
    writer.note(
        "data-model",
        Effect.DIFFERENT,
        f"{data.name} holds whatever add-ons tag for it, which may be other events",
    )
    for leaf in walk(data.node):
        if isinstance(leaf, Like) and leaf.pattern.has_any_one:
            message = f"{leaf.field.name}: a data model has * alone: any text may stand for ?"
            writer.note("approximated", Effect.WIDER, message, leaf.span)
    wide = simplify(writer.search.widened(data.node))
    where = "" if isinstance(wide, Always) else fold([writer.expression(wide).text])
    search = SourceSearch((), (_written(data, where),))
    return WrittenSource(search, tuple(writer.finished_notes()), pieces=tuple(writer.pieces))


@cache
def _data_sets() -> dict[str, Any]:
    import yaml

    text = (resources.PACKAGE / "mappings/cim.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def data_set(node: Node) -> DataSet:
    """The data set that has every field of the query. Raises UnsupportedError that says
    what is missing.
    """
    missing: dict[str, list[str]] = {}
    for name, spec in _data_sets().items():
        prefix = name.partition(".")[2]
        names = {ecs: f"{prefix}.{field}" for ecs, field in spec["fields"].items()}
        bound = simplify(transform(node, partial(_implied, implied=spec["implied"])))
        unknown = [field for field in _fields(bound) if field not in names]
        if not unknown:
            renamed = transform(bound, partial(_renamed, names=names))
            return DataSet(name, renamed, tuple(f"{prefix}.{field}" for field in spec["by"]), names)
        missing[name] = unknown
    name, fields = min(missing.items(), key=lambda item: len(item[1]))
    raise UnsupportedError(
        f"no data set of the Common Information Model has all fields; {name} lacks "
        + ", ".join(fields),
        code="data-model",
    )


def _implied(leaf: Node, implied: dict[str, list[str]]) -> Node:
    if isinstance(leaf, Equals | Like | Exists) and not isinstance(leaf.field, Pattern):
        for value in implied.get(leaf.field.name, ()):
            if matches_value(leaf, value):
                return Always(leaf.span)
    return leaf


def _fields(node: Node) -> list[str]:
    names = []
    for leaf in walk(node):
        if isinstance(leaf, Nested):
            names.append(f"{leaf.path.name}:{{ ... }}")
        elif isinstance(leaf, FieldTest):
            names.append(leaf.field.name)
    return list(dict.fromkeys(names))


def _renamed(leaf: Node, names: dict[str, str]) -> Node:
    if isinstance(leaf, FieldTest):
        field: Term = Literal(names[leaf.field.name], span=leaf.field.span)
        return replace(leaf, field=field)
    return leaf


def _written(data: DataSet, where: str) -> str:
    """The search, one clause a line."""
    by = " ".join(data.by)
    lines = [
        "| tstats summariesonly=false count min(_time) as firstTime max(_time) as lastTime",
        f"    from datamodel={data.name}",
        *([f"    where {where}"] if where else []),
        f"    by {by}",
    ]
    return "\n".join(lines)
