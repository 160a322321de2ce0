"""A clause of Elasticsearch's Query DSL → tree: what filters beside a query are written in.

What the tree cannot say is never guessed. The caller says on which side the result may err: as one
that matches *more* events than the clause (what stands for a part that cannot be said is then
``Always``), or as one that matches *fewer* (``Never``), which is what a clause under a negation
needs. Remarks tell where that was made use of, and why.

What a clause means depends on the type of its field
(https://www.elastic.co/docs/reference/query-languages/query-dsl). On keywords, numbers, addresses,
dates and Booleans ``term``, ``match`` and ``match_phrase`` are the same test. On text ``match``
asks for any word and ``match_phrase`` for all in a row, as in Kibana KQL without and with quotes,
but ``term``, ``wildcard`` and ``prefix`` look at single words as they were indexed, in lower case,
and do not analyse what they look for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import Any

from kqlx.elastic.multi_fields import CASELESS
from kqlx.elastic.type_names import ANALYZED
from kqlx.frontends.query_dsl.values import (
    Inexpressible,
    case_in,
    clauses,
    is_plain_format,
    literal_of,
    minimum,
    pattern_of,
    refuse,
)
from kqlx.nodes import (
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Operator,
    Pattern,
    Term,
    all_of,
    any_of,
    simplify,
)
from kqlx.patterns import ANY_RUN

_WITH_CASE = ("keyword", "constant_keyword", "wildcard", "flattened", "version", "")
"""Types with letter case, "" for a field that no type is known of."""

_OPERATORS: dict[str, Operator] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
_OPPOSITE: dict[Operator, Operator] = {"gt": "lte", "gte": "lt", "lt": "gte", "lte": "gt"}
_WORD = re.compile("[a-z0-9]{1,255}")  # that every analyzer leaves as it is
_MOST = 100  # levels, and groups that a minimum of matches is spelled out as


@dataclass(frozen=True, slots=True)
class Remark:
    """Where the tree is not the clause but errs on its side, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A tree and the remarks on it, each once; it means what the clause means if there are none."""

    node: Node
    remarks: tuple[Remark, ...]


def read(
    clause: Any,
    types: Mapping[str, str],
    arrays: Collection[str] = (),
    *,
    wider: bool = True,
) -> Reading:
    """``types`` maps field names to Elasticsearch types; ``arrays`` are the names of those that may
    hold several values, and so may fields without a type. ``wider`` says on which side to err.
    """
    reader = _Reader(types, arrays)
    node = simplify(reader.tree(clause, wider))
    return Reading(node, tuple(dict.fromkeys(reader.remarks)))


@dataclass
class _Reader:
    types: Mapping[str, str]
    arrays: Collection[str]
    remarks: list[Remark] = field(default_factory=list)
    path: str = ""
    depth: int = 0

    def tree(self, clause: Any, wider: bool) -> Node:
        self.depth += 1
        try:
            return self.clause(clause, wider)
        except Inexpressible as error:
            self.remarks.append(Remark(str(error)))
            return Always() if wider else Never()
        finally:
            self.depth -= 1

    def clause(self, clause: Any, wider: bool) -> Node:
        if self.depth > _MOST:
            refuse("it nests too deeply")
        if not isinstance(clause, Mapping) or len(clause) != 1:
            refuse("it is not one clause of Query DSL")
        ((kind, body),) = clause.items()
        read: Callable[[Any, bool], Node] | None = getattr(self, f"{kind}_clause", None)
        if read is None or not isinstance(body, Mapping):
            refuse(_WHY.get(kind, f"it is a {kind} query"))
        return read(body, wider)

    # Groups

    def bool_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"must", "filter", "should", "must_not", "minimum_should_match", "boost", "_name"}
        if set(body) - known:
            refuse(f"bool with {', '.join(sorted(set(body) - known))}")
        needed = [*clauses(body, "must"), *clauses(body, "filter")]
        should = clauses(body, "should")
        least = minimum(body.get("minimum_should_match"), len(should), 0 if needed else 1)
        items = [self.tree(clause, wider) for clause in needed]
        if least > len(should):
            items.append(Never() if should else Always())
        elif least > 0:
            if comb(len(should), least) > _MOST and least > 1:
                refuse(f"{least} of {len(should)} clauses must match")
            options = [self.tree(clause, wider) for clause in should]
            items.append(any_of([all_of(list(some)) for some in combinations(options, least)]))
        items += [Not(self.tree(clause, not wider)) for clause in clauses(body, "must_not")]
        return all_of(items)

    def constant_score_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        return self.tree(body.get("filter"), wider)

    def nested_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        path = body.get("path")
        if not isinstance(path, str):
            refuse("a nested clause without a path")
        name = Literal(self.short(path))
        outer, self.path = self.path, f"{path}."
        try:
            return Nested(name, simplify(self.tree(body.get("query"), wider)))
        finally:
            self.path = outer

    def match_all_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        return Always()

    def match_none_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        return Never()

    # Values

    def match_phrase_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, options = self.options(body, "query", {"boost", "slop", "zero_terms_query"})
        if options.get("slop") or options.get("zero_terms_query", "none") != "none":
            refuse("a match_phrase clause with slop or zero_terms_query")
        return Equals(name, literal_of(options["query"]))

    def match_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"type", "operator", "boost", "lenient", "zero_terms_query", "slop"}
        name, options = self.options(body, "query", known)
        if options.get("type") == "phrase":
            return self.match_phrase_clause(
                {k: {o: v for o, v in options.items() if o != "type"} for k in body}, wider
            )
        if set(options) & {"type", "zero_terms_query", "slop"}:
            refuse("a match clause with options")
        value = literal_of(options["query"])
        if self.type(name) not in ANALYZED or not isinstance(value.value, str):
            return Equals(name, value)
        if str(options.get("operator", "or")).lower() != "or" and not _WORD.fullmatch(value.name):
            refuse(f"all words of the value must occur in {name.name}, in any order")
        plain = value.value.strip() == value.value and value.value not in ("true", "false", "null")
        return Equals(name, Literal(value.value, quoted=not plain))

    def term_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, options = self.options(body, "value", {"boost", "case_insensitive"})
        return self.term(name, options["value"], case_in(options))

    def terms_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        names = [key for key in body if key not in ("boost", "_name")]
        if len(names) != 1 or not isinstance(body[names[0]], list):
            refuse("a terms lookup")
        name = self.name(names[0])
        return any_of([self.term(name, value, Case.EXACT) for value in body[names[0]]])

    def term(self, name: Literal, value: Any, case: Case) -> Node:
        literal = literal_of(value)
        if self.type(name) in ANALYZED:
            text = literal.name.lower() if case is Case.FOLDED else literal.name
            if not _WORD.fullmatch(text):
                refuse(f"{name.name} is compared word by word, and a term query is not")
            return Equals(name, Literal(text, quoted=True))
        return Equals(name, literal, case=self.case(name, literal.name, case))

    def wildcard_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"wildcard", "case_insensitive", "rewrite", "boost"}
        name, options = self.options(body, "value", known)
        value = options.get("value", options.get("wildcard"))
        return self.pattern(name, pattern_of(literal_of(value).name), case_in(options))

    def prefix_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, options = self.options(body, "value", {"case_insensitive", "rewrite", "boost"})
        pattern = Pattern.of(literal_of(options["value"]).name, ANY_RUN)
        return self.pattern(name, pattern, case_in(options))

    def pattern(self, name: Literal, pattern: Pattern, case: Case) -> Node:
        type = self.type(name)
        if type not in ANALYZED and type not in _WITH_CASE:
            refuse(f"{name.name} is of type {type}, which Elasticsearch does not match by patterns")
        if type in ANALYZED:  # where a text without words has none that fits a lone star either
            pattern = pattern.map_literals(str.lower) if case is Case.FOLDED else pattern
            if not re.fullmatch("[a-z0-9]+", pattern.text):
                refuse(f"{name.name} is compared word by word, and a pattern is not")
        case = self.case(name, pattern.text, case)
        if pattern.is_lone_star:
            return Exists(name)
        if pattern.is_text:
            return Equals(name, Literal(pattern.text, quoted=True), case=case)
        return Like(name, pattern, case=case)

    # Existence and ranges

    def exists_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        text = body.get("field")
        if isinstance(text, str) and "*" in text:
            found: Term = Pattern.from_stars(self.short(text))
            return Exists(found)
        return Exists(self.name(text))

    def range_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, limits = self.options(
            body, "", {*_OPERATORS, "boost", "relation", "format", "time_zone"}
        )
        type = self.type(name)
        if str(limits.get("time_zone") or "UTC").upper() not in _UTC and "date" in (type or "date"):
            refuse(f"a range of {name.name} with its own time zone")
        if type.endswith("_range"):
            refuse(f"{name.name} itself holds ranges")
        values = [limits.get(key) for key in _OPERATORS]
        if limits.get("format") and not is_plain_format(limits["format"], values):
            refuse(f"a range of {name.name} with its own date format")
        tests = [
            Compare(name, op, literal_of(limits[key]))
            for key, op in _OPERATORS.items()
            if limits.get(key) is not None
        ]
        if not tests:
            return Exists(name)
        if len(tests) == 1:
            return tests[0]
        first, *others = tests
        same = {test.op for test in tests} == {"gte", "lte"} and first.value == others[0].value
        if same and type not in ANALYZED:
            return Equals(name, first.value)
        if self.is_single(name):
            return And(tuple(tests))
        self.remarks.append(
            Remark(f"one value of {name.name} must meet both limits, not one value each")
        )
        if wider:
            return And(tuple(tests))
        return And((*tests, *[Not(Compare(name, _OPPOSITE[t.op], t.value)) for t in tests]))

    # What the clauses share

    def options(
        self, body: Mapping[str, Any], main: str, known: Collection[str]
    ) -> tuple[Literal, Mapping[str, Any]]:
        """The field of ``{field: value}`` or ``{field: {main: value, …}}``, and the latter."""
        if len(body) != 1:
            refuse("a clause that does not name exactly one field")
        ((name, found),) = body.items()
        options = found if isinstance(found, Mapping) else {main: found}
        extra = set(options) - set(known) - {main, "_name"}
        if not main and not isinstance(found, Mapping):
            refuse("a range without limits")
        if extra:
            refuse(f"unknown option {', '.join(sorted(map(str, extra)))}")
        if main and main not in options and "wildcard" not in options:
            refuse("a clause without a value")
        return self.name(name), options

    def name(self, text: Any) -> Literal:
        if not isinstance(text, str) or not text or "*" in text:
            refuse("it does not name exactly one field")
        parts = text.split(".")
        for end in range(1, len(parts)):
            above = ".".join(parts[:end])
            if self.types.get(above) == "nested" and not self.path.startswith(f"{above}."):
                refuse(f"{text} is inside the nested objects of {above}, but is not queried there")
        return Literal(self.short(text))

    def short(self, text: str) -> str:
        """The name within the nested objects around it."""
        if not text.startswith(self.path):
            refuse(f"{text} is outside the nested objects of {self.path.rstrip('.')}")
        return text.removeprefix(self.path)

    def type(self, name: Literal) -> str:
        return self.types.get(self.path + name.name, "")

    def is_single(self, name: Literal) -> bool:
        return bool(self.type(name)) and self.path + name.name not in self.arrays

    def case(self, name: Literal, text: str, asked: Case) -> Case:
        """How a test of the field compares letters: exactly where it has none to fold."""
        has_case = self.type(name) in _WITH_CASE and not name.name.endswith(CASELESS)
        return asked if has_case and text.lower() != text.upper() else Case.EXACT


_UTC = ("UTC", "Z", "+00:00", "ZULU", "ETC/UTC", "GMT")

_WHY = {
    "query_string": "it is a Lucene query",
    "simple_query_string": "it is a Lucene query",
    "script": "it is a script",
    "regexp": "it is a regular expression",
}
