"""What becomes of a test of a field that has a counterpart: another name, another value, a
predicate, a part of a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from kqlx.elastic.type_names import INTEGERS, STRINGS
from kqlx.mappings.bound import FIRST_RUN, OF_TYPE, Column, holds
from kqlx.mappings.event_kinds import either
from kqlx.mappings.pack import Case, FieldSpec
from kqlx.mappings.path_patterns import SEPARATOR, halves, named, respelt
from kqlx.mappings.predicates import read_predicate
from kqlx.mappings.value_parts import Part, in_whole
from kqlx.mappings.value_spellings import CANONICAL_INTEGER, Spellings, test_of
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Never,
    Node,
    Not,
    Span,
    any_of,
    transform,
)
from kqlx.notes import Effect, Note

# Types whose tests are written in a way of their own: a column has one type in a query.
_OWN_SYNTAX = frozenset({"ip", "boolean", "date"}) | INTEGERS


class Translation(Spellings):
    """The ways in which a pack says a field."""

    def fit(self, node: FieldTest, spec: FieldSpec) -> Node:
        """The test on a column that holds more than the field does."""
        if isinstance(node, Compare):
            return self.unmapped(node, f"{node.field.name}, compared as text,")
        inner: tuple[str, ...] = ("", "")
        if isinstance(node, Equals):
            inner = (node.value.name,)
        elif isinstance(node, Like):
            inner = node.pattern.parts
        fits = spec.value_patterns
        if spec.takes and isinstance(node, Equals):
            name = node.value.name
            if any(_takes_part(text, spec.takes, name) for text in fits if text != "{}"):
                message = f'{node.field.name} is never "{name}": Elastic takes a part of it'
                self.say("constant-folded", message, node.span)
                return self.constant(False, message, node.span)
            if not re.fullmatch(spec.takes, name):
                fits = ("{}",)
        patterns = []
        for text in fits:
            before, _, after = text.partition("{}")
            patterns.append(_joined(before.split("*"), _joined(inner, after.split("*"))))
        needed = [one for one in patterns if not any(_covers(other, one) for other in patterns)]
        message = f"{node.field.name} is part of {spec.column} in {self.destination.name}"
        if isinstance(node, Like) and any("*" in text for text in spec.value_patterns):
            self.say("approximated", f"{message}; a star may reach beyond it", None, Effect.WIDER)
        else:
            self.say("value-translated", message, None)
        tests = [
            self.rename(test_of(node, parts), replace(spec, value_patterns=())) for parts in needed
        ]
        return any_of(tests, node.span)

    def rename(self, node: FieldTest, spec: FieldSpec, type: str | None = None) -> Node:
        """The test on the column, with Elastic's meaning where the column holds another type."""
        assert spec.column is not None
        name = node.field.name
        of_field = self.types.get(name, "keyword")
        before = self.columns.get(spec.column)
        column = self.column(spec.column, type or of_field, name, below=spec.below)
        if before and before.type != column.type and {before.type, column.type} & _OWN_SYNTAX:
            return self.unmapped(
                node, f"{name} beside {before.field}, which is in the same column,"
            )
        if type is None and column.type in INTEGERS and of_field not in INTEGERS:
            if isinstance(node, Compare | Like):
                return self.unmapped(node, f"{name}, compared as text,")
            if isinstance(node, Equals) and not CANONICAL_INTEGER.fullmatch(node.value.name):
                message = f'{name} is an integer there, and never "{node.value.name}"'
                self.say("constant-folded", message, node.span)
                return self.constant(False, message, node.span)
        test = replace(node, field=Literal(column.name, span=node.field.span))
        return self.present(test, column) if column.null_values else self.spelt(test, column)

    def path(self, node: FieldTest, spec: FieldSpec) -> Node:
        """A test of a path that begins otherwise there, or is kept in two columns."""
        name, there = node.field.name, spec.column or ""
        if isinstance(node, Exists):
            return self.rename(node, spec)
        if isinstance(node, Compare):
            return self.unmapped(node, f"{name}, compared as text,")
        asked = node.pattern.parts if isinstance(node, Like) else (node.value.name,)
        patterns = respelt(asked, spec.prefixes, ignore_case=name.endswith(".caseless"))
        if not patterns:
            message = f'{name} "{"*".join(asked)}" begins otherwise in Elastic, and so never holds'
            self.say("constant-folded", message, node.span)
            return self.constant(False, message, node.span)
        if spec.joined_columns:
            message = f"{name} is {there}, and {' or '.join(spec.joined_columns)} behind it"
            self.say("value-translated", message, None)
            tests = [test for parts in patterns for test in self.in_two(node, spec, parts)]
        else:
            patterns = [named(parts, spec.unnamed) for parts in patterns]
            each = [test_of(node, parts) for parts in patterns]
            part = spec.value_part
            tests = [self.part(one, spec, part) if part else self.rename(one, spec) for one in each]
        if patterns != [asked]:
            shown = " or ".join("*".join(parts) for parts in patterns)
            self.say("value-translated", f'{name} "{"*".join(asked)}" is {shown} there', node.span)
        return either(tests, node.span)

    def in_two(self, node: FieldTest, spec: FieldSpec, parts: tuple[str, ...]) -> Iterator[Node]:
        """The tests of a column, and of the one that is joined to it, by a pattern of both."""
        whole = self.rename(test_of(node, parts), spec)
        present = self.behind(Exists(node.field, node.span), spec)
        both = spec.alone
        for key, value in halves(parts):
            if value == ("", ""):
                behind = present
                both |= key == parts
            elif value == ("",):
                # The default value may be called so, or have no name.
                none: Node = Not(present, node.span)
                unnamed = self.behind(test_of(node, (spec.unnamed,)), spec)
                behind = any_of((unnamed, none), node.span) if spec.unnamed else none
            else:
                behind = self.behind(test_of(node, value), spec)
            if key != parts:
                yield And((self.rename(test_of(node, key), spec), behind), node.span)
        if both or not parts[-1].endswith(SEPARATOR):
            yield whole if both else And((whole, Not(present, node.span)), node.span)

    def behind(self, test: FieldTest, spec: FieldSpec) -> Node:
        """The test of what stands behind the last separator, in a column of its own."""
        each = [self.rename(test, FieldSpec(column=column)) for column in spec.joined_columns]
        return any_of(each, test.span)

    def part(self, node: FieldTest, spec: FieldSpec, part: Part) -> Node:
        """A test of a part of what the column holds."""
        name = node.field.name
        if part == "run" and not isinstance(node, Exists):
            return self.run(node, spec)
        whole = in_whole(node, part, spec.separators)
        if whole is None:
            return self.unmapped(node, f"{name}, compared as text,")
        test, wider = whole
        if isinstance(test, Never):
            message = f"{name} is {spec.column} up to its {spec.separators}, and so has none"
            self.say("constant-folded", message, node.span)
            return self.constant(False, message, node.span)
        if part == "before":
            message = f"{name} is {spec.column} up to its {spec.separators}"
            self.say("value-translated", message, None)
        if wider:
            how = "as a whole word anywhere" if part == "word" else "anywhere"
            message = f"{name}: matched {how} in {spec.column}"
            self.say("approximated", message, None, Effect.WIDER)

        def rename(item: Node) -> Node:
            return self.rename(item, spec) if isinstance(item, Equals | Like | Exists) else item

        return transform(test, rename)

    def run(self, node: FieldTest, spec: FieldSpec) -> Node:
        """A test of the first run of signs of a class, as grok finds it."""
        assert spec.column is not None and not isinstance(node, Exists)
        name, signs = node.field.name, f"[{spec.separators}]"
        if isinstance(node, Compare):
            return self.unmapped(node, f"{name}, compared as text,")
        message = f"{name} is the first run of {signs} in {spec.column}"
        parts = (node.value.name,) if isinstance(node, Equals) else node.pattern.parts
        if not re.fullmatch(f"{signs}*", "".join(parts)) or parts == ("",):
            message += ", and so has no other signs"
            self.say("constant-folded", message, node.span)
            return self.constant(False, message, node.span)
        if "logsource" in self.destination.place:
            # Sigma's patterns have no classes of signs.
            message += "; names that go on with other letters are found too"
            self.say("approximated", message, node.span, Effect.WIDER)
            return self.rename(
                test_of(node, (*parts[:-1], parts[-1], "")), replace(spec, value_part=None)
            )
        self.say("value-translated", message, None)
        column = self.column(spec.column, "keyword", name)
        within = f"{column.name}{FIRST_RUN}"
        self.columns[within] = replace(column, run=spec.separators)
        return replace(node, field=Literal(within, span=node.field.span))

    def column(
        self, name: str, type: str, field: str, predicate: bool = False, below: bool = False
    ) -> Column:
        """A column; letter case is ignored for what Elastic's pipeline did so, not for
        the field itself. How a text is read, whole or by words, the user knows better than the
        pack; what else a column holds, the pack knows.
        """
        spec = self.destination.column(name, below)
        case: Case = "same" if spec.case == "ignored" and not predicate else spec.case
        if field.endswith(".caseless") and case == "same":
            case = "ignored"
        if name in self.columns and self.columns[name].case != case:
            case = "differs"  # two readings of one column
        own = self.types.is_own(field) and {spec.type, type} <= STRINGS
        column = Column(
            name,
            type if own or spec.type is None else spec.type,
            case,
            spec.layout,
            field,
            json=spec.json,
            port=spec.port,
            optional=spec.optional,
            united=spec.united,
            empties=spec.empties,
            null_text=spec.null_text,
            path=spec.path,
            keys=spec.keys,
            null_values=self.destination.absent_in(name),
            arrays=spec.arrays,
            below=spec.below,
        )
        self.columns[name] = column
        if reason := self.destination.unconfirmed.get(name):
            self.say("unconfirmed-mapping", f"{field} as {name} is not confirmed: {reason}", None)
        return column

    def translate(self, node: FieldTest, spec: FieldSpec) -> Node:
        """Values by the table; a pattern stands for all values of the table that fit it."""
        name = node.field.name
        numeric = all(isinstance(value, int) for value in spec.values.values())
        type = "long" if numeric else None
        if isinstance(node, Exists):
            if spec.others == "refuse":
                return self.unmapped(node, f"the existence of {name}")
            return self.rename(node, spec, type)
        if isinstance(node, Compare):
            return self.unmapped(node, f"{name}, compared as text,")
        known = [value for value in spec.values if holds(node, value)]
        tests: list[Node] = []
        for value in known:
            literal = Literal(str(spec.values[value]), True, node.span)
            tests.append(self.rename(Equals(node.field, literal, node.span), spec, type))
            there = f"{spec.column} {spec.values[value]} in {self.destination.name}"
            self.say("value-translated", f'{name} "{value}" is {there}', node.span)
        if spec.others == "keep":
            if not known or isinstance(node, Like):
                tests.append(self.untranslated(node, spec, known))
        elif known and isinstance(node, Like):
            message = f'"{node.pattern.name}" stands for the values of {name} that are known here'
            self.say("known-values-only", message, node.span, Effect.NARROWER)
        if not tests:
            value = node.value.name if isinstance(node, Equals) else node.pattern.name
            return self.unmapped(node, f'the value "{value}" of {name}')
        return any_of(tests, node.span)

    def untranslated(self, node: Equals | Like, spec: FieldSpec, known: list[str]) -> Node:
        """Values that stay as they are, less the raw ones that the pipeline makes others of."""
        raw = [
            str(there)
            for value, there in spec.values.items()
            if value not in known and holds(node, str(there))
        ]
        if not raw:
            return self.rename(node, spec)
        name = node.field.name
        message = f'{name} is never "{raw[0]}": Elastic renames it'
        self.say("value-translated", message, node.span)
        if isinstance(node, Equals):
            return self.constant(False, message, node.span)
        others = [
            Not(self.rename(Equals(node.field, Literal(r, True), node.span), spec)) for r in raw
        ]
        return And((self.rename(node, spec), *others), node.span)

    def presence(self, node: FieldTest, spec: FieldSpec) -> Node:
        """Which events have the field, where that is more than a value in the column."""
        name, meaning = node.field.name, str(spec.exists)
        message = f"that {name} exists is {meaning} in {self.destination.name}"
        self.say("value-translated", message, node.span)
        of_field = self.types.get(name, "keyword")
        types = {spec.column: of_field} if spec.column else {}
        return self.parse_predicate(meaning, node.span, name, types)

    def predicate(self, node: FieldTest, spec: FieldSpec) -> Node:
        name = node.field.name
        if isinstance(node, Exists) and spec.exists:
            message = f"{name} is set on every event of {self.pack.title}"
            self.say("constant-folded", message, node.span)
            return Always(node.span)
        known = (
            []
            if isinstance(node, Exists | Compare)
            else [v for v in spec.value_predicates if holds(node, v)]
        )
        if not known and spec.column:
            return self.in_column(node, spec)
        if not known:
            value = f'the value "{node.value.name}" of ' if isinstance(node, Equals) else ""
            return self.unmapped(node, f"{value}{name}", spec.no_counterpart or "")
        if self.not_apart(node, spec, known):
            return Never(node.span)
        items: list[Node] = []
        for value in known:
            meaning = spec.value_predicates[value]
            if self.left_out(node, spec, value):
                items.append(Never(node.span))
                continue
            if meaning == "*:*" and self.negative:
                self.kinds.append(f'{name} is "{value}"')
            there = "true" if meaning == "*:*" else meaning
            message = f'{name} "{value}" is {there} in {self.destination.name}'
            self.say("value-translated", message, node.span)
            items.append(self.parse_predicate(meaning, node.span, name))
        if spec.column and isinstance(node, Like):
            # The values beside them, less those that stand in the column for other ones.
            raw = [Equals(node.field, Literal(value, True), node.span) for value in known]
            others = [Not(self.in_column(test, spec), node.span) for test in raw]
            items.append(And((self.in_column(node, spec), *others), node.span))
        return any_of(items, node.span)

    def in_column(self, node: FieldTest, spec: FieldSpec) -> Node:
        """The test on the column that has the values which ``value_predicates`` does not name."""
        plain = replace(spec, value_predicates={}, exists=False)
        if plain.value_patterns:
            return self.fit(node, plain)
        part = self.part(node, plain, plain.value_part) if plain.value_part else None
        return part or self.rename(node, plain)

    def not_apart(self, node: FieldTest, spec: FieldSpec, known: list[str]) -> bool:
        """Tells where events with other values than those that are asked for are found too, as the
        destination does not tell them apart. Below a not, where they would be taken away, the test
        is left out.
        """
        beside = [
            test
            for test in self.alternatives_beside
            if isinstance(test, Equals | Like) and test.field == node.field
        ]
        name, there = node.field.name, self.destination.name
        for group in spec.indistinguishable:
            asked = [value for value in group if value in known]
            others = [
                value
                for value in group
                if value not in known and not any(holds(test, value) for test in beside)
            ]
            if not asked or not others:
                continue
            end = "; that it is not so is left out" if self.negative else ", which is found too"
            message = f'{there} does not tell {name} "{asked[0]}" from "{others[0]}"{end}'
            self.notes.append(Note("approximated", Effect.WIDER, message, node.span))
            if self.negative:
                return True
        return False

    def left_out(self, node: FieldTest, spec: FieldSpec, value: str) -> bool:
        """Tells the note of a value. What events without it meet too would, below a not, take them
        away, and is left out there.
        """
        if (note := spec.notes.get(value)) is None:
            return False
        if not (self.negative and note.effect in (Effect.WIDER, Effect.DIFFERENT)):
            self.say(note.code, note.message, node.span, note.effect)
            return False
        message = f'{note.message}; that {node.field.name} is not "{value}" is left out'
        self.notes.append(Note(note.code, Effect.WIDER, message, node.span))
        return True

    def parse_predicate(
        self, text: str, span: Span, field: str, types: Mapping[str, str] = MappingProxyType({})
    ) -> Node:
        """A pack's predicate, its columns known and its places those of the test it stands for.

        Texts that stand for no value meet none of its tests but those that name them. ``types`` are
        the Elasticsearch types of columns that are not keywords.
        """

        def place(node: Node) -> Node:
            if isinstance(node, FieldTest):
                name = node.field.name
                before = self.columns.get(name)
                column = self.column(name, types.get(name, "keyword"), field, predicate=True)
                test = replace(node, span=span)
                if before is not None and before.type != column.type:
                    # Other tests of the query read the column so: this one must not change that.
                    self.columns[name] = replace(before, case=column.case)
                    if not isinstance(node, Exists):
                        own = f"{name}{OF_TYPE}{column.type}"
                        self.columns[own] = column
                        test = replace(test, field=Literal(own, span=node.field.span))
                return self.values_alone(test, test, column)
            return replace(node, span=span)

        return replace(transform(read_predicate(text), place), span=span)


def _joined(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Two patterns as one, by their parts."""
    return (*first[:-1], first[-1] + second[0], *second[1:])


def _takes_part(text: str, takes: str, value: str) -> bool:
    """Whether the value is of the pattern's form, so that the field is a part of it."""
    before, _, after = text.partition("{}")
    start, end = (".+".join(map(re.escape, each.split("*"))) for each in (before, after))
    return re.fullmatch(f"{start}(?:{takes}){end}", value) is not None


def _covers(pattern: Sequence[str], other: Sequence[str]) -> bool:
    """Whether another pattern only asks for more behind the star in which this one ends."""
    ends = len(pattern) > 1 and not pattern[-1]
    return ends and pattern != other and other[: len(pattern) - 1] == pattern[:-1]
