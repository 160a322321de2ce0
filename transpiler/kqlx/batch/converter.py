"""A rule → what becomes of it in each target of a request. Whatever is wrong with a rule stays with
it: no rule stops another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kqlx.backends.options import check_taken, given_options, options_for, that_ask
from kqlx.backends.target import Target
from kqlx.batch import file_naming
from kqlx.batch.option_names import spelled
from kqlx.batch.outcome import (
    ConversionOutcome,
    Meaning,
    Remark,
    RuleInfo,
    RuleOutcome,
    Severity,
    Status,
)
from kqlx.batch.remarks import of_error, of_internal_error, of_lint, of_note, without_rule
from kqlx.batch.request import Request
from kqlx.batch.unused_options import Unused
from kqlx.conversion.choices import check_choices, find_packs, select
from kqlx.conversion.reading import Reading, read
from kqlx.convert import convert
from kqlx.errors import KqlxError, RuleError, UsageError
from kqlx.records import replace
from kqlx.rules.model import NO_RULE, Rule, RuleSet, Skipped
from kqlx.rules.places import FilePlace, file_of
from kqlx.rules.query_tree import query_of
from kqlx.sequences import EventQuery

if TYPE_CHECKING:
    from kqlx.convert import Conversion
    from kqlx.mappings.field_list import FieldList
    from kqlx.settings.model import Settings


class Converter:
    """What one process converts rules with, its packs and settings loaded once.

    Raises UsageError and MappingError for a request that cannot be met whatever the rules are.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.settings = _settings(request)
        self.targets = [
            (target, format) for name, format in request.targets for target in select(name, format)
        ]
        self.packs = find_packs(request.mappings, self.settings)
        unmapped = request.unmapped or "error"
        check_choices(request.source, unmapped, request.accept, self.packs, spelled)
        file_naming.check_form(request.file_names)
        self.given = given_options(request.options, spelled)
        check_taken([target for target, _ in self.targets], self.given, spelled)
        self.fields = _fields(request.fields)
        self.watched = that_ask(self.given)
        self._unused = Unused(self.watched if request.watch_options else {})

    @property
    def strangers(self) -> Iterator[str]:
        """What the settings name that there is not."""
        return iter(()) if self.settings is None else self.settings.strangers(self.packs)

    def outcomes(
        self, found: RuleSet, path: str = "", *, is_named: bool = False
    ) -> Iterator[RuleOutcome]:
        """What becomes of all that a file holds: its rules, those passed over, what is broken."""
        for rule in found.rules:
            yield self.outcome(rule)
        for item in found.skipped:
            yield _skipped(item, is_named and not found.rules)
        for error in found.errors:
            yield _broken(error, path, is_named)

    def outcome(self, rule: Rule) -> RuleOutcome:
        info = _info(rule)
        try:
            query = query_of(rule, self.request.leading_wildcards)
            reading = self._read(rule, query)
            remarks = [*self._linted(rule, query, reading)] if self.request.lint else []
            meaning = self._meaning(rule, query)
        except KqlxError as error:
            return RuleOutcome(info, Status.FAILED, (of_error(error, rule),))
        except Exception as error:
            return RuleOutcome(info, Status.FAILED, (of_internal_error(error, rule),))
        made = [self._conversion(rule, reading, target, format) for target, format in self.targets]
        return RuleOutcome(
            info,
            Status.CONVERTED,
            tuple(remarks),
            tuple(made),
            identity=rule.id or rule.query,
            effective_options=frozenset(self._unused.effective),
            meaning=meaning,
        )

    def _read(self, rule: Rule, query: EventQuery) -> Reading | Rule:
        """The rule as all targets ask it; itself where that fails, which each of them tells."""
        request = self.request
        try:
            return read(
                rule, source=request.source, mappings=self.packs, node=query, fields=self.fields
            )
        except Exception:
            return rule

    def _meaning(self, rule: Rule, query: EventQuery) -> Meaning | None:
        if not self.request.meaning:
            return None
        from kqlx.batch.comparison.meaning import meaning_of_rule

        return meaning_of_rule(rule, query)

    def _conversion(
        self, rule: Rule, reading: Reading | Rule, target: Target, format: str | None
    ) -> ConversionOutcome:
        name = format or target.formats[0].name
        options = self.options(target, format)
        try:
            made = convert(reading, target.name, **options)
            names = file_naming.file_names(
                self.request.file_names,
                rule,
                target,
                [part.place for part in made.parts] or [made.place],
                made.format,
            )
            self._unused.watch(reading, target.name, options, made)
        except UsageError as error:
            remark = of_error(error, rule)
            return ConversionOutcome(
                target.name, name, Status.FAILED, remarks=(remark,), is_unusable=True
            )
        except KqlxError as error:
            return ConversionOutcome(
                target.name, name, Status.REFUSED, remarks=(of_error(error, rule),)
            )
        except Exception as error:
            remark = of_internal_error(error, rule)
            return ConversionOutcome(target.name, name, Status.FAILED, remarks=(remark,))
        outcome = _converted(rule, made, names)
        if self.request.meaning:
            from kqlx.batch.comparison.meaning import meaning_of_query

            events = None
            if isinstance(reading, Reading) and reading.several_events is not None:
                events = reading.asked
            outcome = replace(outcome, meaning=meaning_of_query(made.trees, made.place, events))
        if self.request.fragments:
            return replace(outcome, query=made.query_text, fragments=made.fragments)
        return outcome

    def options(self, target: Target, format: str | None) -> dict[str, Any]:
        """What ``kqlx.convert`` gets for a target."""
        request = self.request
        return {
            "source": request.source,
            "mappings": self.packs,
            "unmapped": request.unmapped,
            "accept": request.accept,
            "strict": request.strict,
            "format": format,
            "fields": self.fields,
            "settings": self.settings,
            "leading_wildcards": request.leading_wildcards,
            **options_for(target, self.given),
        }

    def _linted(self, rule: Rule, query: EventQuery, reading: Reading | Rule) -> Iterator[Remark]:
        from kqlx.elastic import ecs
        from kqlx.lint import lint
        from kqlx.mappings.field_names import nearest
        from kqlx.rules.known_types import known_types

        types = (
            reading.types
            if isinstance(reading, Reading)
            else known_types(query.fields_tree, rule, self.fields, self.request.source, self.packs)
        )
        known = (ecs.arrays(), nearest) if self.request.fields in (None, "ecs") else ()
        found = lint(rule.query, types, *known, language=rule.language, query=query)
        return (of_lint(note, rule) for note in found)


def _settings(request: Request) -> Settings | None:
    if request.config is None:
        return None
    from kqlx.settings.reader import load

    return load(request.config)


def _fields(name: str | None) -> FieldList | None:
    if name is None:
        return None
    from kqlx.mappings.field_list import load

    return load(name)


def _converted(rule: Rule, made: Conversion, names: Sequence[str]) -> ConversionOutcome:
    each = zip(names, made.parts, strict=True) if made.parts else ()
    return ConversionOutcome(
        made.target,
        made.format,
        Status.CONVERTED,
        made.text,
        made.fidelity,
        made.source or "",
        tuple([of_note(note, rule) for note in made.notes]),
        names[0],
        tuple([(name, part.text) for name, part in each]),
    )


def _info(rule: Rule) -> RuleInfo:
    return RuleInfo(
        file_of(rule),
        rule.line,
        rule.id,
        rule.name,
        rule.type,
        rule.language,
        rule.severity,
        rule.query,
    )


def _skipped(item: Skipped, is_named: bool) -> RuleOutcome:
    status = Status.NO_RULE if item.kind == NO_RULE else Status.SKIPPED
    place = FilePlace(str(item.path), item.line)
    code = "no-rule" if status is Status.NO_RULE else "language-skipped"
    remark = Remark(Severity.INFO, code, item.reason, place, is_quiet=status is Status.NO_RULE)
    info = RuleInfo(str(item.path), item.line, language=item.kind)
    return RuleOutcome(info, status, (remark,), kind=item.kind, is_named=is_named)


def _broken(error: RuleError, path: str, is_named: bool) -> RuleOutcome:
    remark = without_rule(error, path)
    return RuleOutcome(
        RuleInfo(remark.place.path, remark.place.line),
        Status.FAILED,
        (remark,),
        is_unusable=not error.readable,
        is_named=is_named,
    )
