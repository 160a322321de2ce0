"""Where a test finds its values in a table of Sentinel, and of which Kusto type they are.

A column of a pack is what the pack says. Where Elastic's names are kept, ECS says it: keyword,
text, ip and the like are columns of type string, whole numbers long, others real, and fields that
ECS normalises to arrays are dynamic, an array or a single value. Fields below a flattened one are
paths in its column.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from kqlx.backends.sentinel.syntax import identifier, quote, steps
from kqlx.elastic import ecs
from kqlx.elastic.type_names import DATES, INTEGERS, NUMBERS
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.json_arrays import all_known, array_places, is_repeated
from kqlx.nodes import FieldTest, walk
from kqlx.records import dataclass, replace

CONTAINERS = frozenset({"object", "nested", "flattened"})
OBJECTS = frozenset({"elements", "pairs", "changes", "path"})
"""Forms of columns that look into the objects of an array."""

ELEMENT = "element"
"""The object at hand of an array that is taken apart."""

PLACES = frozenset({"geo_point", "geo_shape", "point", "shape"})

# What a test costs, and so where it stands: times, indexed columns, numbers and paths, scans,
# regular expressions, arrays taken apart.
TIME, INDEXED, PATH, SCAN, REGEX, EXPANDED = range(6)


def kusto_type(type: str) -> str:
    """The Kusto type of a column that holds values of this Elasticsearch type."""
    return _KUSTO_TYPES.get(type, "string")


_KUSTO_TYPES = {
    **dict.fromkeys(NUMBERS, "real"),
    **dict.fromkeys(INTEGERS, "long"),
    "integer": "int",
    **dict.fromkeys(DATES, "datetime"),
    **dict.fromkeys(CONTAINERS | PLACES, "dynamic"),
    "boolean": "bool",
}
"""By Elasticsearch type, but for those of texts."""


@dataclass(frozen=True, slots=True)
class KeyPath:
    """The keys from a cell, in which arrays may lie, to the values of form ``path``.

    ``listed`` says that the values may stand in an array, ``plain`` is the path to them where no
    array lies on the way, "" where one does; ``sure`` says that the last key stands nowhere else
    below.
    """

    keys: tuple[str, ...]
    listed: bool
    plain: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a column's values are. ``raw`` is the column, or a path in a dynamic one; ``access``
    the same in the type of its values; ``layout`` as in ColumnSpec, "many" for an array or a single
    value; ``key_path`` leads on from there.
    """

    column: Column
    raw: str
    access: str
    form: str
    rank: int
    key_path: KeyPath | None = None

    @property
    def is_string(self) -> bool:
        return kusto_type(self.column.type) == "string"

    @property
    def is_untyped_in_array(self) -> bool:
        """Whether the values stand in an array without being texts: JSON spells them otherwise."""
        within = self.form in OBJECTS and self.column.type == "ip"
        return within or (self.form != "column" and not self.is_string)

    @property
    def keeps_empties(self) -> bool:
        """Whether an empty text is a value that can be told from none: in a dynamic column."""
        within = self.form == "column" and self.raw != self.access and not self.column.port
        return within and self.column.empties


@dataclass()
class Columns:
    """The columns of a query. ``inside`` is the path of an array that is taken apart, with the name
    of the object at hand; ``optional`` says that a column may be missing in the table.
    """

    bound: Bound
    inside: tuple[str, str] | None = None
    optional: bool = False

    @contextmanager
    def within(self, path: str, element: str) -> Iterator[None]:
        before, self.inside = self.inside, (path, element)
        yield
        self.inside = before

    @contextmanager
    def optionally(self) -> Iterator[None]:
        before, self.optional = self.optional, True
        yield
        self.optional = before

    def cell(self, column: Column) -> Cell:
        if self.inside:
            return self.element_cell(column, *self.inside)
        if column.name not in self.bound.columns:
            return ecs_cell(self, column)
        if not column.declared and column.field == column.name:
            # It keeps Elastic's name; its type is but guessed, from the values in the query, among
            # which whole numbers do not say that there are no others.
            raw = self.plain(column.name, "keyword", column)
            type = "double" if column.type in INTEGERS else column.type
            read = raw if kusto_type(type) == "string" else cast(raw, type)
            return Cell(column, raw, read, "column", rank_of(column.type))
        return self.pack_cell(column)

    def element_cell(self, column: Column, path: str, element: str) -> Cell:
        """A key of one object, by the type that ECS gives the whole name."""
        whole = self.bound.column(f"{path}.{column.field or column.name}")
        raw = element + steps(column.name.split("."))
        many = (
            "many"
            if whole.name in ecs.arrays() and kusto_type(whole.type) == "string"
            else "column"
        )
        return Cell(whole, raw, cast(raw, whole.type), many, PATH)

    def pack_cell(self, column: Column) -> Cell:
        if column.run:
            whole = self.pack_cell(replace(column, run="")).access
            text = f"extract({quote(f'[{column.run}]+')}, 0, {whole})"
            return Cell(column, text, text, "column", SCAN)
        first, *rest = column.name.split(".")
        rest = list(column.path) or rest
        if column.extract:
            text = taken_out_of(self.plain(first, "keyword", column), column.extract)
            return Cell(column, text, text, "column", SCAN)
        if column.layout == "xml":
            text = xml_value(self.plain(first, "keyword", column), ".".join(rest))
            text = decoded(text) if column.escaped else text
            kept = kusto_type(column.type) == "string"
            return Cell(column, text, text if kept else cast(text, column.type), "column", SCAN)
        if not rest and not column.json and column.layout in ("column", "words"):
            raw = self.plain(first, column.type, column)
            if column.port:
                return Cell(column, raw, without_port(raw), "column", SCAN)
            return Cell(column, raw, raw, "column", rank_of(column.type))
        within = self.plain(first, "keyword" if column.json else "object", column)
        within = united(first) if column.united else within
        within = f"parse_json({within})" if column.json else within
        rank = SCAN if column.json else PATH
        if column.below:
            return self.key_path_cell(column, within, rest, rank)
        if column.layout in OBJECTS:
            raw = within + steps(rest[: -2 if column.layout == "changes" else -1])
            return Cell(column, raw, f"tostring({raw})", column.layout, SCAN)
        raw = within + steps(rest)
        if column.layout in ("array", "many"):
            return Cell(column, raw, raw, column.layout, rank)
        return Cell(column, raw, cast(raw, column.type), "column", rank)

    def key_path_cell(self, column: Column, within: str, keys: list[str], rank: int) -> Cell:
        """A path on which arrays lie, or may lie."""
        known = column.layout != "path" or all_known(keys, column.arrays)
        start = len(column.below.split(".")) - 1
        places = array_places(keys, column.arrays)
        raw = within + steps(keys)
        last = len(keys) - 1
        if known and not places:
            return Cell(column, raw, cast(raw, column.type), "column", rank)
        first = places[0] if known else start
        if first == last:
            # What may be one value or several may also be a number.
            one = replace(column, declared=known)
            return Cell(one, raw, raw, "array" if places else "many", rank)
        above = within + steps(keys[: first + 1])
        key_path = KeyPath(
            tuple(keys[first + 1 :]),
            listed=last in places or not known,
            plain="" if places else raw,
            sure=(known and first == last - 1)
            if column.layout == "path"
            else not is_repeated(keys[first], keys[-1]),
        )
        return Cell(column, above, f"tostring({above})", "path", SCAN, key_path)

    def plain(self, name: str, type: str, column: Column) -> str:
        """A column of the table, with a default of its type where the table may lack it."""
        if not (self.optional or column.optional):
            return identifier(name)
        kind = kusto_type(type)
        default = '""' if kind == "string" else f"{kind}(null)"
        return f"column_ifexists({quote(name)}, {default})"

    @cached_property
    def have_key_paths(self) -> bool:
        """Whether the values of some column may lie behind a key path."""
        return any([column.below for column in self.bound.columns.values()])

    @cached_property
    def used_names(self) -> frozenset[str]:
        """The names of the query's columns."""
        named = [node.field for node in walk(self.bound.node) if isinstance(node, FieldTest)]
        return frozenset([*(term.name for term in named), *self.bound.columns])

    def free_name(self, wanted: str) -> str:
        """The name for a row's object that no column of the query has."""
        return wanted if wanted not in self.used_names else f"{wanted}_"


def ecs_cell(columns: Columns, column: Column) -> Cell:
    """The cell of a field that keeps Elastic's name."""
    name = column.name
    kind = kusto_type(column.type)
    for above in _above(name):
        if columns.bound.type(above) == "flattened":
            rest = name[len(above) + 1 :].split(".")
            raw = columns.plain(above, "object", column) + steps(rest)
            return Cell(column, raw, raw, "many", PATH)
    if kind == "string" and name in ecs.arrays():
        raw = columns.plain(name, "object", column)
        return Cell(column, raw, raw, "many", PATH)
    raw = columns.plain(name, column.type, column)
    return Cell(column, raw, raw, "column", rank_of(column.type))


def united(name: str) -> str:
    """The text of JSON that is dynamic in some tables of a union, and text in others. The union has
    it under two names; where a workspace has tables of one of the types alone, under its own
    (https://learn.microsoft.com/kusto/query/union-operator?view=microsoft-sentinel).
    """
    return (
        f'coalesce(tostring(column_ifexists("{name}_dynamic", dynamic(null))),'
        f' column_ifexists("{name}_string", ""),'
        f' tostring(column_ifexists("{name}", dynamic(null))))'
    )


def _above(name: str) -> Iterator[str]:
    parts = name.split(".")
    for end in range(1, len(parts)):
        yield ".".join(parts[:end])


def rank_of(type: str) -> int:
    if type in DATES:
        return TIME
    return INDEXED if kusto_type(type) == "string" else PATH


def without_port(address: str) -> str:
    """The address of ``1.2.3.4:443`` and ``[::1]:443``; of IPv6 a port stands behind brackets."""
    return rf'extract(@"^\[?([0-9]+\.[0-9.]+|[0-9A-Fa-f:.]+)", 1, {address})'


def taken_out_of(text: str, expression: str) -> str:
    """What the group of a regular expression matches in a text."""
    return f"extract({quote(f'(?s){expression}')}, 1, {text})"


def xml_value(xml: str, name: str) -> str:
    """The text of the element ``Data`` of this name in the ``EventData`` of a Windows event, signs
    as they stand there (https://learn.microsoft.com/windows/win32/wes/eventschema-datafieldtype-complextype).
    Elastic's agents write ``_`` for the blanks of its name.
    """
    expression = f'Name="{name.replace("_", "[ _]")}"[^>]*>([^<]*)<'
    return f"extract({quote(expression)}, 1, {xml})"


def decoded(text: str) -> str:
    """A text of XML with the signs that its entities stand for."""
    for entity, sign in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ):
        text = f"replace_string({text}, {quote(entity)}, {quote(sign)})"
    return text


def cast(raw: str, type: str) -> str:
    """A value of a dynamic column in its own type."""
    name = {
        "int": "toint",
        "long": "tolong",
        "real": "todouble",
        "bool": "tobool",
        "datetime": "todatetime",
        "dynamic": "",
        "string": "tostring",
    }[kusto_type(type)]
    return f"{name}({raw})" if name else raw
