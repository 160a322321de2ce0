"""Kibana KQL → Elasticsearch Query DSL, the very JSON that Kibana builds.

The forms were measured on Kibana's own code (package es-query, https://github.com/elastic/kibana).
They follow the types of the fields, as in its detection engine, which loads the fields of a rule's
indices (``loadFields``, https://github.com/elastic/kibana/pull/157981). A field of which no type is
known gets the form that Kibana writes where it finds no such field. Which fields of an index fit a
name with stars, Kibana looks up; unless the user lists the fields, Elasticsearch does it here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kqlx.backends.base import LEAVES, Backend
from kqlx.backends.elasticsearch.compact import compact
from kqlx.backends.elasticsearch.query_string import (
    SPACE,
    pattern_text,
    range_text,
    wildcard_text,
)
from kqlx.backends.elasticsearch.scripted_fields import script_equals, script_range
from kqlx.backends.elasticsearch.types_shown import TypesShown
from kqlx.backends.target import Emission, Options
from kqlx.elastic.literal_values import number_in
from kqlx.elastic.type_names import TEXTS
from kqlx.errors import MappingError
from kqlx.fragments import Piece
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.elasticsearch_semantics import notes_on_refusals
from kqlx.mappings.field_list import Field
from kqlx.mappings.nested import bare_value_test
from kqlx.nodes import (
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Term,
)
from kqlx.records import dataclass, field
from kqlx.regexes import late_regex
from kqlx.regular_expressions import lucene

Json = dict[str, Any]
Clause = Callable[[Field, Any], Json | None]

_VALUE_TESTS = (Equals, Like)
_EPOCH = late_regex(r"[0-9]+")


@dataclass()
class _Dsl(Backend[Json]):
    """``path`` is the nested path that the expression stands in, "" outside of any."""

    knows_case = True
    leaves = (*LEAVES, FunctionTest)

    path: str = ""
    types_shown: TypesShown = field(default_factory=TypesShown)
    found: dict[tuple[str, str], list[Field]] = field(default_factory=dict)
    """By the path and a name without stars the field that this means, if any."""

    def expression(self, node: Node) -> Json:
        # Kibana works on names as they are, wildcards too: columns have no use here.
        before = len(self.pieces)
        if isinstance(node, _VALUE_TESTS):
            if node.case is Case.FOLDED:
                made = self.in_any_case(node)
            elif isinstance(node, Equals):
                made = self.each_field(node.field, self.value_clause, node.value)
            else:
                clause = self.whole_pattern_clause if node.whole else self.pattern_clause
                made = self.each_field(node.field, clause, node.pattern)
        elif isinstance(node, Exists):
            made = self.each_field(node.field, self.exists_clause, None)
        elif isinstance(node, Compare):
            made = self.each_field(node.field, self.range_clause, node)
        else:
            return super().expression(node)
        if self.options.compact and isinstance(node, Equals):  # may become one of several terms
            self.pieces.append(Piece(node.value.value, (node.span,)))
        return self.kept(made, before, node.span)

    def all_of(self, node: And) -> Json:
        key = "must" if self.options.filters_in_must else "filter"
        return {"bool": {key: [self.expression(item) for item in node.items]}}

    def any_of(self, node: Or) -> Json:
        return _should([self.expression(item) for item in node.items])

    def negate(self, node: Not) -> Json:
        return {"bool": {"must_not": self.expression(node.item)}}

    def nested(self, node: Nested) -> Json:
        assert isinstance(node.path, Literal)
        outer = self.path
        # A path that is the bare word null, true or false stays a JSON literal, unless it lies in
        # another.
        path = self.full_name(node.path) if outer else node.path.value
        self.path = "" if path is None else self.full_name(node.path)
        query = self.expression(node.item)
        self.path = outer
        return self.in_nested(path, query)

    def in_nested(self, path: str | bool | None, query: Json) -> Json:
        clause: Json = {"path": path, "query": query, "score_mode": "none"}
        if self.options.ignore_unmapped is not None:
            clause["ignore_unmapped"] = self.options.ignore_unmapped
        return {"nested": clause}

    def free_text(self, node: FreeText) -> Json:
        value = node.value
        if self.path:  # An accident of Kibana's: the missing name is joined to the path as "null".
            return self.expression(bare_value_test(node))
        if isinstance(value, Pattern):
            return {"query_string": {"query": pattern_text(value)}}
        kind = "phrase" if value.phrase else "best_fields"
        return {"multi_match": {"type": kind, "query": value.value, "lenient": True}}

    def regexp(self, column: Column, node: Regexp) -> Json:
        return self.each_field(node.field, self.regexp_clause, node)

    def function_test(self, node: FunctionTest) -> Json:
        from kqlx.backends.elasticsearch.painless import script_query

        return script_query(node, self.column_of, self.refuse, self.prefix)

    def column_of(self, name: Literal) -> Column:
        return self.bound.column(self.full_name(name))

    def always(self) -> Json:
        return {"match_all": {}}

    def never(self) -> Json:
        return {"match_none": {}}

    def in_any_case(self, node: Equals | Like) -> Json:
        """A test without regard to letter case, which Kibana KQL has none of."""
        types = self.bound.types
        if isinstance(node.field, Pattern) and not types.knows_all_names:
            what = f"a test of the fields {node.field.name} in any letter case"
            why = "query_string has no case_insensitive"
            self.refuse(node.span, what, why, "name the fields", code="construct-not-supported")
        if isinstance(node, Equals):
            return self.each_field(node.field, self.folded_value_clause, node.value)
        return self.each_field(node.field, self.folded_pattern_clause, node.pattern)

    # The fields that a name means, and a clause for each

    def each_field(self, name: Term, clause: Clause, what: Any) -> Json:
        if isinstance(name, Pattern):
            return self.starred_field(name, clause, what)
        if fields := self.fields_of(name):
            clauses = [clause(field, what) for field in fields]
            return _should([item for item in clauses if item is not None])
        only = clause(Field(self.full_name(name), "string"), what)
        if name.name == "true" and name == Literal(True) and not self.path:
            only = _true_as_a_name(only)
        return _should([only])

    def starred_field(self, name: Pattern, clause: Clause, what: Any) -> Json:
        types = self.bound.types
        fields = types.fields(name, self.prefix)
        if not types.knows_all_names:
            return self.any_field(name, fields, clause, what)
        if types.is_alone:
            self.types_shown.starred.setdefault(self.full_name(name), name.span)
        if not fields:  # the name is passed on as it is, stars and all
            return _should([clause(Field(self.full_name(name), "string"), what)])
        if self.path:
            self.check_nesting(fields)
        clauses = [self.wrapped(field, clause(field, what)) for field in fields]
        return _should([item for item in clauses if item is not None])

    def fields_of(self, name: Literal) -> list[Field]:
        """The fields that a name means. Raises MappingError for one that is nested elsewhere."""
        key = self.path, name.name
        if (fields := self.found.get(key)) is None:
            fields = self.found[key] = self.bound.types.fields(name, self.prefix)
            self.check_nesting(fields)
        return fields

    def any_field(self, name: Pattern, known: list[Field], clause: Clause, what: Any) -> Json:
        """A clause in which Elasticsearch itself looks up the fields that fit
        (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query).
        It does not look into nested objects, which Kibana does.
        """
        full = self.full_name(name)
        clauses: list[Json]
        if isinstance(what, Compare) and what.value.value is None:
            clauses = [{"exists": {"field": full}}]  # a limit of null is none: any value is met
        elif isinstance(what, Compare):
            zone = self.zone_option(what.value)
            query = {"query": range_text(what), "lenient": True, **zone}
            clauses = [{"query_string": {"fields": [full], **query}}]
        elif isinstance(what, Pattern):
            text = SPACE.sub(r"\\\g<0>", pattern_text(what))
            if SPACE.search(text):
                self.types_shown.whole.setdefault(full, name.span)
            clauses = [{"query_string": {"fields": [full], "query": text, "lenient": True}}]
        elif isinstance(what, Literal):
            kind = "phrase" if what.phrase else "best_fields"
            match = {"fields": [full], "type": kind, "query": what.value, "lenient": True}
            clauses = [{"multi_match": match}]
        else:
            clauses = [{"exists": {"field": full}}]
        if not self.path and name.prefix:
            for field in known:
                if field.nested_path and (inner := clause(field, what)) is not None:
                    group = self.in_nested(field.nested_path, inner)
                    group["nested"]["ignore_unmapped"] = True  # the index may lack it
                    clauses.append(group)
        return _should(clauses)

    def wrapped(self, field: Field, clause: Json | None) -> Json | None:
        """A nested field that a wildcard name found outside of a group gets a group of its own."""
        if clause is None or not field.nested_path or self.path:
            return clause
        return self.in_nested(field.nested_path, clause)

    def check_nesting(self, fields: list[Field]) -> None:
        for found in fields:
            if found.nested_path == self.path:
                continue
            if not self.path:
                problem = f"{found.name} is a nested field: write {found.nested_path}:{{ … }}"
            elif not found.nested_path:
                problem = f"{found.name} is not nested, but stands in the group {self.path}:{{ … }}"
            else:
                problem = f"{found.name} is nested in {found.nested_path}, not in {self.path}"
            raise MappingError(problem)

    @property
    def prefix(self) -> str:
        return f"{self.path}." if self.path else ""

    def full_name(self, name: Term) -> str:
        return self.prefix + name.name

    # Clauses

    def value_clause(self, field: Field, value: Literal) -> Json:
        if field.script is not None:
            return script_equals(field, value)
        if value.kind != "untyped" and field.kind != "date" and not TEXTS.intersection(field.types):
            return {"term": {field.name: {"value": _typed(value)}}}
        if field.is_keyword:
            return {"term": {field.name: {"value": value.value, **self.case_option()}}}
        if field.kind == "date":
            both = {"gte": value.value, "lte": value.value}
            return {"range": {field.name: {**both, **self.zone_option(value)}}}
        return {("match_phrase" if value.phrase else "match"): {field.name: value.value}}

    def pattern_clause(self, field: Field, pattern: Pattern) -> Json:
        if field.script is not None:
            return script_equals(field, Literal(pattern.name))
        text = pattern_text(pattern)
        if field.is_keyword:
            return {"wildcard": {field.name: {"value": text, **self.case_option()}}}
        if SPACE.search(text) and not TEXTS.intersection(field.types):
            is_known = field.types or self.bound.types.knows_all_names
            known = self.types_shown.split if is_known else self.types_shown.guessed
            known.setdefault(field.name, pattern.span)
        return {"query_string": {"fields": [field.name], "query": text}}

    def whole_pattern_clause(self, field: Field, pattern: Pattern) -> Json:
        """A pattern of EQL, which every type takes as a whole, as EQL itself asks for it."""
        if field.script is not None:
            return self.pattern_clause(field, pattern)
        return {"wildcard": {field.name: {"value": wildcard_text(pattern)}}}

    def folded_value_clause(self, field: Field, value: Literal) -> Json:
        if field.script is not None or not _has_case(field):
            return self.value_clause(field, value)
        return {"term": {field.name: {"value": value.name, "case_insensitive": True}}}

    def regexp_clause(self, field: Field, node: Regexp) -> Json:
        body: Json = {"value": lucene(node.regexp)}
        if node.case is Case.FOLDED:
            body["case_insensitive"] = True
        return {"regexp": {field.name: body}}

    def folded_pattern_clause(self, field: Field, pattern: Pattern) -> Json:
        if field.script is not None or not _has_case(field):
            return self.pattern_clause(field, pattern)
        text = wildcard_text(pattern)
        return {"wildcard": {field.name: {"value": text, "case_insensitive": True}}}

    def exists_clause(self, field: Field, _: None) -> Json | None:
        return None if field.script is not None else {"exists": {"field": field.name}}

    def range_clause(self, field: Field, node: Compare) -> Json:
        if field.script is not None:
            return script_range(field, node.op, node.value)
        zone = self.zone_option(node.value) if field.kind == "date" else {}
        return {"range": {field.name: {node.op: _typed(node.value), **zone}}}

    def case_option(self) -> Json:
        case = self.options.case_insensitive
        return {} if case is None else {"case_insensitive": case}

    def zone_option(self, value: Literal) -> Json:
        """Numbers are milliseconds since 1970, and have no time zone."""
        zone = self.options.time_zone
        return {"time_zone": zone} if zone and not _EPOCH.fullmatch(value.name) else {}


def _typed(value: Literal) -> str | int | float | bool | None:
    """A value of its kind, as JSON has it."""
    found = number_in(value.name) if value.kind == "number" else None
    return value.value if found is None else found


def _has_case(field: Field) -> bool:
    """Whether the field holds whole texts, as one of which no type is known is taken to."""
    return field.kind == "string" and not TEXTS.intersection(field.types)


def _should(clauses: Sequence[Json | None]) -> Json:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _true_as_a_name(clause: Json | None) -> Json | None:
    """``true:*``: where the name is a value and not a key, the unquoted word stays a Boolean."""
    return {"exists": {"field": True}} if clause == {"exists": {"field": "true"}} else clause


def query_of(bound: Bound, options: Options) -> Emission:
    """The Query DSL of a tree, as a dict. Raises MappingError for a nested field used outside of
    its group.
    """
    dsl = _Dsl(bound, options)
    query = dsl.expression(bound.node)
    # A rule stays Kibana KQL: its fields are looked up where it runs.
    notes = () if options.format == "rule" else tuple(dsl.types_shown.notes(bound.types.is_alone))
    if not bound.types.is_alone:
        notes = (*notes_on_refusals(bound.node, bound.types.type_asked), *notes)
    if not options.compact:
        return Emission(query, notes, pieces=tuple(dsl.pieces))
    return Emission(compact(query), notes, pieces=tuple(map(_compacted, dsl.pieces)))


def _compacted(piece: Piece) -> Piece:
    made = compact(piece.made) if isinstance(piece.made, dict) else piece.made
    return Piece(made, piece.spans, tuple(map(_compacted, piece.inner)))
