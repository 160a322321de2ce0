"""What a pack says of one field of Elastic's in a destination, and of one column there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kqlx.notes import Effect
from kqlx.records import dataclass, field

ColumnCase = Literal["same", "ignored", "differs"]
"""Letter case of a column's values: the ``same`` as Elastic's; ``ignored`` by Elastic's pipeline,
and so by the pack's predicates on the column; or the destination's spelling ``differs``.
"""

Layout = Literal[
    "column", "elements", "array", "many", "path", "pairs", "changes", "words", "xml", "line"
]
"""How a column holds values: one (``column``); a key of the objects in an array, whose path is the
column's name without its last part (``elements``); an ``array`` of values, or an array or a single
one (``many``); a ``path`` on which arrays may lie anywhere; the value of the object of that name in
an array of objects with ``Name`` and ``Value``, which Elastic turns into a map (``pairs``); the
value of one key, the last part, of such an object with ``Name``, ``NewValue`` and ``OldValue``,
where Elastic writes ``_`` for the blanks and dots of names (``changes``); a text that is several
values with white space between (``words``); XML as text, of which the element ``Data`` of the name
behind the column's is meant (``xml``); the whole line of a log, which is searched for keywords
without a name (``line``, in Sigma).
"""

Part = Literal["name", "extension", "directory", "word", "count", "pair", "before", "run"]
"""What a field holds of a path (``name``, ``extension`` without the dot, ``directory`` without the
last separator), of a command line (``word``, an argument; ``count``, their number) or of a list
such as ``MD5=1f,SHA1=2e`` (``pair``, the value behind a key); what stands before a mark
(``before``), such as the ``@`` of an address, of which one at most is taken to be there; the first
``run`` of signs of a class.
"""

When = Mapping[str, tuple[str, ...]]
"""By field the values of which a query must assert one; of several such, one must be met."""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a destination's column is like."""

    type: str | None = None
    """An Elasticsearch type; None for that of the field."""
    case: ColumnCase = "same"
    layout: Layout = "column"
    json: bool | str = False
    """Whether the column holds JSON as text, or its name where that is more than the first part."""
    port: bool = False
    """Whether an address may have a port behind it."""
    optional: bool = False
    """Whether some tables lack the column."""
    united: bool = False
    """Whether tables that are read as one have it in different types."""
    ipv4_mapped: bool = False
    """Whether IPv4 addresses may be written as IPv6 ones, ``::ffff:10.0.0.1``."""
    hex: bool = False
    """Whether numbers are written as ``0x1a4``."""
    empties: bool = False
    """Whether it may hold an empty text, which Elastic keeps as a value."""
    dwords: bool = False
    """Whether a whole number may be written as ``DWORD (0x000001a4)``."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Words that stand for a value, as Elastic's pipeline reads them: ``LOCAL``, ``127.0.0.1``."""
    characters: Mapping[str, str] = field(default_factory=dict)
    """Characters of Elastic's values that are others there: ``-``, ``:`` of a MAC address."""
    null_text: bool = False
    """Whether the text ``null`` is a value of it."""
    path: tuple[str, ...] = ()
    """The steps in a dynamic column, where a key has a dot in it; of columns below a name ``*`` is
    the rest of theirs.
    """
    keys: tuple[str, str] = ("Name", "Value")
    """What the two keys of layout ``pairs`` are called."""
    arrays: tuple[str, ...] = ()
    """Keys below the column that hold arrays: all that do, or of layout ``path`` some."""
    below: str = ""
    """The name that the keys of ``arrays`` are below."""
    extract: str = ""
    """A regular expression whose one group is the value, in the text of the column whose name is
    the first part of this one's; a text where it matches nothing has none.
    """


@dataclass(frozen=True, slots=True)
class PackNote:
    """A note that every conversion to a destination, or every test of a field, carries; one that
    ``is_of_test`` names the place of the test, another is told once.
    """

    code: str
    effect: Effect
    message: str
    hint: str = ""
    is_of_test: bool = True
    of_wholes: bool = False
    """Whether it is not true of patterns such as ``*x*``, nor of whether there is a value."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What becomes of one field. One of ``column``, ``any_of``, ``value_predicates``, ``fixed``,
    ``constant``, ``unset`` and ``no_counterpart`` decides.
    """

    column: str | None = None
    any_of: tuple[str, ...] = ()
    """Several columns, some of which holds the value."""
    values: Mapping[str, str | int] = field(default_factory=dict)
    """Elastic's values → the column's."""
    others: Literal["keep", "refuse"] = "keep"
    """What becomes of values that ``values`` does not name."""
    value_predicates: Mapping[str, str] = field(default_factory=dict)
    """By value a predicate in Kibana KQL on the destination's columns."""
    notes: Mapping[str, PackNote] = field(default_factory=dict)
    """By value what a test of it by ``value_predicates`` tells. A value that other events meet too
    (wider, different) is left out below a not, so that nothing is missed.
    """
    exists: bool | str = False
    """Whether every event has the field, or a predicate of those that have it."""
    value_patterns: tuple[str, ...] = ()
    """Patterns of the column's values, in which ``{}`` stands for the field's: ``{}@*`` where the
    field is the beginning of an address.
    """
    lacks: str = ""
    """Beside them: characters that the field never has."""
    takes: str = ""
    """The regular expression of what ``{}`` stands for."""
    counted_as: str = ""
    """The regular expression, with one group, that takes the field out of the column for a count,
    where a pattern does not tell where the field ends.
    """
    indistinguishable: tuple[tuple[str, ...], ...] = ()
    """Groups of values of ``value_predicates`` that the destination does not tell apart."""
    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By how the field's values begin, how the column's do."""
    joined_columns: tuple[str, ...] = ()
    """Columns one of whose values stands behind this one's and a backslash; where there is none,
    the field is this one's by itself.
    """
    alone: bool = False
    """Whether the field is also this column's by itself where a joined one has a value."""
    unnamed: str = ""
    """What stands behind the last backslash where the field's value has nothing there."""
    fixed: str | None = None
    """The value that every event of the destination has."""
    constant: str | None = None
    """A value that events lack, but that the destination stands for."""
    unset: bool = False
    """Whether none of Elastic's events of the kind that the destination holds has the field."""
    no_counterpart: str | None = None
    """Why there is no counterpart; beside ``value_predicates``: of other values."""
    unsupported_characters: str = ""
    """Characters that the destination writes otherwise: a value with one has no counterpart."""
    unsupported_in_names: str = ""
    """Of all fields below a name: characters that the destination writes otherwise in theirs."""
    writes_as_java: bool = False
    """Whether Elastic writes an object as Java does, ``{key=value}``, and the column has JSON."""
    columns_of_keys: str | None = None
    """Beside it, where each key of the object may be a column too: their names, with a star."""
    quoted: bool = False
    """Of arguments: whether Elastic leaves them in the quotation marks of the command line."""
    excepted: bool = False
    """Beside ``no_counterpart``: whether what a query excepts by the field, below one ``not`` that
    every event must meet, is found, and the test left out.
    """
    by_option: str = ""
    """Beside ``no_counterpart``: with which option of Elastic's, off as shipped, events have the
    field. As shipped none has it: what a query excepts by it is found, and where other data sources
    are asked too, a test for it is never met.
    """
    only_required: bool = False
    """Whether it is for tests alone that every event of the query must meet; any other has no
    counterpart, and so has a query of which nothing is left.
    """
    guard: str = ""
    """A predicate in Kibana KQL that must hold beside each test of the field."""
    note: PackNote | None = None
    """What every test of the field must tell."""
    value_part: Part | None = None
    """Which part of what the column holds the field is."""
    separators: str = "\\"
    """The separators of ``value_part``, as of a path."""
    counted_by: str | None = None
    """A column with other values that tells the same things apart: it stands for the field where
    its values are only counted or looked for as new. ``counted_as`` takes a part out of it.
    """
    finer: bool = False
    """Beside ``counted_by``: whether several of its values may belong to one of the field's."""
    when: tuple[When, ...] = ()
    """Of ``alternatives``: the spec is for a query that asserts one of these."""
    unless: When = field(default_factory=dict)
    """Of ``alternatives``: or one that asserts, for one of these fields, other values alone."""
    alternatives: tuple[FieldSpec, ...] = ()
    """Other specs, the first of which that is for the query goes before this one."""
    case_field: str = ""
    """The field by whose values ``cases`` are told apart."""
    cases: tuple[FieldSpec, ...] = ()
    """Specs by the kind of event. Other events lack the field, unless a last one without
    ``case_values`` is for them.
    """
    case_values: tuple[str, ...] = ()
    """Of ``cases``: the values of ``case_field`` that the spec is for."""
    apart: bool = False
    """Of ``cases``: whether other events have nothing in the columns, so that ``case_field`` needs
    no test.
    """
    below: bool = False
    """Whether the column's name was made of one that stands for all below it."""
