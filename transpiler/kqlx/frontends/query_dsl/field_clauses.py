"""Clauses on one field: values, patterns, existence and ranges.

What a clause means depends on the type of its field
(https://www.elastic.co/docs/reference/query-languages/query-dsl). On keywords, numbers, addresses,
dates and Booleans ``term``, ``match`` and ``match_phrase`` are the same test. On text ``match``
asks for any word and ``match_phrase`` for all in a row, as in Kibana KQL without and with quotes,
but ``term``, ``wildcard`` and ``prefix`` look at single words as they were indexed, in lower case,
and do not analyse what they look for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kqlx.elastic.asked_tests import PARTED
from kqlx.elastic.type_names import ANALYZED
from kqlx.frontends.lucene import RegexpError, in_case
from kqlx.frontends.lucene import parse as parse_regexp
from kqlx.frontends.query_dsl.fields import WITH_CASE, Fields
from kqlx.frontends.query_dsl.values import (
    case_in,
    is_plain_format,
    literal_of,
    pattern_of,
    refuse,
)
from kqlx.nodes import (
    And,
    Case,
    Compare,
    Equals,
    Exists,
    Like,
    Literal,
    Node,
    Not,
    Operator,
    Pattern,
    Regexp,
    Term,
    any_of,
)
from kqlx.patterns import ANY_RUN
from kqlx.records import dataclass
from kqlx.regexes import late_regex

_OPERATORS: dict[str, Operator] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
_OPPOSITE: dict[Operator, Operator] = {"gt": "lte", "gte": "lt", "lt": "gte", "lte": "gt"}
_WORD = late_regex("[a-z0-9]{1,255}")  # that every analyzer leaves as it is
_UTC = ("UTC", "Z", "+00:00", "ZULU", "ETC/UTC", "GMT")


@dataclass(frozen=True, slots=True)
class FieldClauses:
    """A method for each kind of clause, of the clause's body and the side to err on. ``reasons``
    are added to where a tree errs. Raises Inexpressible.
    """

    fields: Fields
    reasons: list[str]

    # Values

    def match_phrase_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, options = self.fields.options(body, "query", {"boost", "slop", "zero_terms_query"})
        if options.get("slop") or options.get("zero_terms_query", "none") != "none":
            refuse("a match_phrase clause with slop or zero_terms_query")
        return Equals(name, literal_of(options["query"]))

    def match_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"type", "operator", "boost", "lenient", "zero_terms_query", "slop"}
        name, options = self.fields.options(body, "query", known)
        if options.get("type") == "phrase":
            return self.match_phrase_clause(
                {k: {o: v for o, v in options.items() if o != "type"} for k in body}, wider
            )
        if set(options) & {"type", "zero_terms_query", "slop"}:
            refuse("a match clause with options")
        value = literal_of(options["query"])
        if self.fields.type(name) not in ANALYZED or not isinstance(value.value, str):
            return Equals(name, value)
        if str(options.get("operator", "or")).lower() != "or" and not _WORD.fullmatch(value.name):
            refuse(f"all words of the value must occur in {name.name}, in any order")
        plain = value.value.strip() == value.value and value.value not in ("true", "false", "null")
        return Equals(name, Literal(value.value, phrase=not plain))

    def term_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, options = self.fields.options(body, "value", {"boost", "case_insensitive"})
        return self.term(name, options["value"], case_in(options))

    def terms_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        names = [key for key in body if key not in ("boost", "_name")]
        if len(names) != 1 or not isinstance(body[names[0]], list):
            refuse("a terms lookup")
        name = self.fields.name(names[0])
        return any_of([self.term(name, value, Case.EXACT) for value in body[names[0]]])

    def term(self, name: Literal, value: Any, case: Case) -> Node:
        literal = literal_of(value)
        if self.fields.type(name) in ANALYZED:
            text = literal.name.lower() if case is Case.FOLDED else literal.name
            if not _WORD.fullmatch(text):
                refuse(f"{name.name} is compared word by word, and a term query is not")
            return Equals(name, Literal(text, phrase=True))
        return Equals(name, literal, case=self.fields.case(name, literal.name, case))

    def wildcard_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"wildcard", "case_insensitive", "rewrite", "boost"}
        name, options = self.fields.options(body, "value", known)
        value = options.get("value", options.get("wildcard"))
        return self.pattern(name, pattern_of(literal_of(value).name), case_in(options))

    def prefix_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, options = self.fields.options(body, "value", {"case_insensitive", "rewrite", "boost"})
        pattern = Pattern.of(literal_of(options["value"]).name, ANY_RUN)
        return self.pattern(name, pattern, case_in(options))

    def regexp_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"flags", "case_insensitive", "max_determinized_states", "rewrite", "boost"}
        name, options = self.fields.options(body, "value", known)
        text, type = literal_of(options["value"]).name, self.fields.type(name)
        if type not in WITH_CASE:
            refuse(f"{name.name} is of type {type}, which has no regular expressions of values")
        if str(options.get("flags") or "ALL").upper() != "ALL" and set(text) & set("~&<#@"):
            refuse("a regular expression with flags of its own")
        try:
            expression, case = in_case(parse_regexp(text), case_in(options))
        except RegexpError as error:
            refuse(f"the regular expression {text}: {error.message}")
        return Regexp(name, expression, case=case)

    def pattern(self, name: Literal, pattern: Pattern, case: Case) -> Node:
        type = self.fields.type(name)
        if type not in ANALYZED and type not in WITH_CASE:
            refuse(f"{name.name} is of type {type}, which Elasticsearch does not match by patterns")
        if type in ANALYZED:  # where a text without words has none that fits a lone star either
            pattern = pattern.map_literals(str.lower) if case is Case.FOLDED else pattern
            if not re.fullmatch("[a-z0-9]+", pattern.text):
                refuse(f"{name.name} is compared word by word, and a pattern is not")
        case = self.fields.case(name, pattern.text, case)
        if pattern.is_lone_star:
            return Exists(name)
        if pattern.is_text:
            return Equals(name, Literal(pattern.text, phrase=True), case=case)
        return Like(name, pattern, case=case, whole=type in PARTED and type != "flattened")

    # Existence and ranges

    def exists_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        text = body.get("field")
        if isinstance(text, str) and "*" in text:
            found: Term = Pattern.from_stars(self.fields.short(text))
            return Exists(found)
        return Exists(self.fields.name(text))

    def range_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        name, limits = self.fields.options(
            body, "", {*_OPERATORS, "boost", "relation", "format", "time_zone"}
        )
        type = self.fields.type(name)
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
        if self.fields.is_single(name):
            return And(tuple(tests))
        self.reasons.append(f"one value of {name.name} must meet both limits, not one value each")
        if wider:
            return And(tuple(tests))
        return And((*tests, *[Not(Compare(name, _OPPOSITE[t.op], t.value)) for t in tests]))
