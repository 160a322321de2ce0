"""A report as one page that needs nothing else: the totals, a table of rules to search, and for
each rule its query beside what the targets make of it.

The page is a template, ``templates/report/``; outcomes wait on the disk until the totals are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kqlx import __version__, resources
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleOutcome, Status
from kqlx.batch.reports.matching_parts import Part, PartNames, marked, shown
from kqlx.batch.reports.report import RunEnd, Subject, Write
from kqlx.batch.spool import OutcomeSpool
from kqlx.nodes import Span
from kqlx.notes import Effect
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from jinja2 import Environment

GRADES = (*map(str, Effect), str(Status.REFUSED), str(Status.FAILED))
"""What may become of a rule in a target, from the best."""
_VERDICTS = {0: "The run passed.", 1: "The run failed."}
_OTHER = "The run could not use all that it was given."
_Totals = dict[str, Counter[str]]


@dataclass(slots=True)
class HtmlReport:
    """``totals`` has the grades by target, source and type of rule."""

    subject: Subject
    write: Write
    spool: OutcomeSpool = field(default_factory=OutcomeSpool)
    totals: dict[str, _Totals] = field(
        default_factory=lambda: {"target": {}, "data source": {}, "type of rule": {}}
    )

    def take(self, outcome: RuleOutcome) -> None:
        if outcome.status in (Status.SKIPPED, Status.NO_RULE):
            return
        self.spool.add(outcome)
        source, type = _source(outcome) or "not recognised", outcome.rule.type or "not known"
        for target, grade in _grades(outcome, self._targets).items():
            for kind, name in (("target", target), ("data source", source), ("type of rule", type)):
                self.totals[kind].setdefault(name, Counter())[grade] += 1

    def finish(self, end: RunEnd) -> None:
        files: dict[tuple[str, str], list[str]] = {}
        for file in end.files:
            for rule in file.rules:
                path = PurePath(file.path).as_posix()
                files.setdefault((rule.path, file.target), []).append(path)
        environment = _environment()
        from markupsafe import Markup

        page = environment.get_template("report.html.j2").generate(
            version=__version__,
            rules=end.summary.rules,
            summary=str(end.summary),
            hidden=end.told_of_hidden,
            verdict=_VERDICTS.get(end.exit_status, _OTHER),
            totals=[(kind, _sorted(found, kind)) for kind, found in self.totals.items()],
            targets=self.subject.targets,
            grades=GRADES,
            late=[(target, remark) for target, remark in end.remarks],
            files=[file for file in end.files if file.kind.is_wrong],
            rows=(self._row(outcome, files) for outcome in self.spool.all()),
            script=Markup(resources.read("templates/report/report.js")),
        )
        for piece in page:
            self.write(piece)
        self.spool.close()

    @property
    def _targets(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.subject.targets)

    def _row(
        self, outcome: RuleOutcome, files: Mapping[tuple[str, str], list[str]]
    ) -> dict[str, Any]:
        """What the table shows of a rule, and what opens below it."""
        rule = outcome.rule
        grades = _grades(outcome, self._targets)
        source = _source(outcome)
        remarks = [*outcome.remarks, *(r for made in outcome.conversions for r in made.remarks)]
        remarks = [remark for remark in remarks if self.subject.takes(remark)]
        names = PartNames()
        translations = [
            [part for one in made.fragments for part in names.parts(one.sources, [one.place])]
            for made in outcome.conversions
        ]
        for remark in remarks:
            if remark.span is not None:
                names.of([remark.span])
        parts = names.parts_of_query()
        words = [rule.name, rule.label, rule.id, rule.type, source, rule.query]
        return {
            "name": rule.name or PurePath(rule.path).name or rule.label,
            "path": rule.label,
            "id": rule.id,
            "type": rule.type,
            "source": source,
            "language": {"kuery": "Kibana KQL"}.get(rule.language, rule.language),
            "grades": [
                (grades.get(name, ""), GRADES.index(grades[name]) if name in grades else -1)
                for name in self._targets
            ],
            "words": " ".join(f"{target}={grade}" for target, grade in grades.items()),
            "search": " ".join([*words, *(remark.code for remark in remarks)]).lower(),
            "query": marked(rule.query, parts),
            "remarks": self._remarks(outcome.remarks, parts),
            "conversions": [
                self._conversion(made, own, parts, files.get((rule.path, made.target), []))
                for made, own in zip(outcome.conversions, translations, strict=True)
            ],
        }

    def _conversion(
        self, made: ConversionOutcome, own: list[Part], parts: list[Part], files: list[str]
    ) -> dict[str, Any]:
        query = made.query or made.text
        return {
            "target": made.target,
            "format": made.format,
            "grade": str(made.status if made.fidelity is None else made.fidelity),
            "source": made.source,
            "query": marked(query, own) if query else "",
            "artifact": made.text if made.query != made.text else "",
            "remarks": self._remarks(made.remarks, parts),
            "files": files,
        }

    def _remarks(self, remarks: Iterable[Remark], parts: list[Part]) -> list[dict[str, Any]]:
        return [
            {
                "said": str(remark.severity if remark.effect is None else remark.effect),
                "grade": "failed" if remark.effect is None else str(remark.effect),
                "message": remark.message,
                "count": remark.count,
                "code": remark.code,
                "place": str(remark.place),
                "hint": remark.hint,
                "parts": " ".join(_around(remark.span, parts)),
            }
            for remark in remarks
            if self.subject.takes(remark)
        ]


def _around(span: Span | None, parts: Iterable[Part]) -> Iterator[str]:
    """The names of the parts around a place in the query, outermost first, and its own."""
    if span is None:
        return
    around = [part for part in parts if part.place[0] <= span[0] and span[1] <= part.place[1]]
    around.sort(key=lambda part: (-part.size, part.name))
    yield from dict.fromkeys(part.name for part in around)


def _grades(outcome: RuleOutcome, targets: Iterable[str]) -> dict[str, str]:
    """The grade in each target; of a broken rule that it failed in all."""
    if outcome.status is Status.FAILED:
        return dict.fromkeys(targets, str(Status.FAILED))
    return {
        made.target: str(made.status if made.fidelity is None else made.fidelity)
        for made in outcome.conversions
    }


def _source(outcome: RuleOutcome) -> str:
    found = [made.source for made in outcome.conversions if made.source]
    return ", ".join(dict.fromkeys(name for text in found for name in text.split(", ")))


def _sorted(found: _Totals, kind: str) -> list[tuple[str, list[tuple[str, int]]]]:
    """Rows of a table of totals: targets in their order, others from the most frequent."""
    names = [*found]
    if kind != "target":
        names.sort(key=lambda name: (-found[name].total(), name))
    return [(name, [(g, found[name][g]) for g in GRADES if found[name][g]]) for name in names]


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resources.ROOT / "templates" / "report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        finalize=_seen,
    )


def _seen(value: object) -> object:
    """What a template writes: texts with nothing that cannot be seen, whatever they are of. HTML
    has been made of them by ``marked``.
    """
    return shown(value) if type(value) is str else value
