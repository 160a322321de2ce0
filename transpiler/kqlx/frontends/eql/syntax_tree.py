"""An EQL query as it is written: what the grammar's names build, before it is given a meaning.

``meaning`` makes nodes of it, which all languages share; ``formatter`` writes it anew.
"""

from __future__ import annotations

from kqlx import records
from kqlx.patterns import NOWHERE as NOWHERE
from kqlx.patterns import Span as Span
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A field; ``optional`` where a question mark says that no index need have it."""

    text: str
    optional: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text; ``raw`` one between three quotes, without escapes. ``foreign`` is the opening quote
    of one that is quoted as in other languages, else "".
    """

    value: str
    span: Span = records.field(default=NOWHERE, compare=False)
    raw: bool = records.field(default=False, compare=False, kw_only=True)
    foreign: str = records.field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a sign, as it is written."""

    text: str
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """``true`` or ``false``."""

    value: bool
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Null:
    """``null``."""

    span: Span = records.field(default=NOWHERE, compare=False)


Constant = Text | Number | Truth | Null


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its name as it is written, without the ``~`` that says ``folding``."""

    name: str
    arguments: tuple[Expression, ...]
    folding: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left + right``; also ``-``, ``*``, ``/``, ``%``."""

    operator: str
    left: Expression
    right: Expression
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """``-operand`` or ``+operand``."""

    operator: str
    operand: Expression
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left == right``; also ``!=``, ``<``, ``<=``, ``>``, ``>=``."""

    operator: str
    left: Expression
    right: Expression
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """``operand : value``; also ``like``, ``like~``, ``regex``, ``regex~``. ``listed`` says that
    the values stand in parentheses.
    """

    operator: str
    operand: Expression
    values: tuple[Constant, ...]
    listed: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """``operand in (values)``; also ``in~`` and ``not in``."""

    operator: str
    operand: Expression
    values: tuple[Expression, ...]
    negated: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Negation:
    """``not item``."""

    item: Expression
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Junction:
    """``item and item``, or with ``or``; two or more."""

    word: str
    items: tuple[Expression, ...]
    span: Span = records.field(default=NOWHERE, compare=False)


Expression = (
    Name
    | Text
    | Number
    | Truth
    | Null
    | Call
    | Arithmetic
    | Sign
    | Comparison
    | Match
    | Member
    | Negation
    | Junction
)


@dataclass(frozen=True, slots=True)
class Filter:
    """``category where condition``; the category None is ``any``."""

    category: Text | None
    condition: Expression
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Option:
    """``with name = number unit``: what a sequence or one of its steps is told beside."""

    name: str
    number: Number
    unit: str = ""
    span: Span = records.field(default=NOWHERE, compare=False)
    unit_span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """``[filter] by keys with runs=3``; ``![filter]`` is ``missing``."""

    filter: Filter
    keys: tuple[Expression, ...] = ()
    runs: Option | None = None
    missing: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Events:
    """Several events: ``kind`` is ``sequence``, ``sample`` or ``join``. ``keys_late`` says that the
    keys stand behind ``maxspan``.
    """

    kind: str
    keys: tuple[Expression, ...]
    max_span: Option | None
    steps: tuple[Step, ...]
    until: Step | None = None
    keys_late: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """``| name arguments``."""

    name: str
    arguments: tuple[Expression, ...] = ()
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, with the pipes behind it."""

    body: Filter | Events
    pipes: tuple[Pipe, ...] = ()
