"""Results on the standard output, under headings where there are several."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.backends import find
from kqlx.backends.target import Bundle
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleInfo, RuleOutcome, Severity
from kqlx.batch.result_names import Result, key_of, with_own_keys
from kqlx.records import dataclass, field
from kqlx.rules.places import FilePlace


@dataclass(slots=True)
class Printed:
    """``headings`` asks for them, which rules of a file that has several get anyway; ``mixed`` says
    that there are several targets.

    From the first result on that may have to be renamed beside others they are printed at the end.
    """

    headings: bool
    mixed: bool
    first: bool = True
    held: list[Result] = field(default_factory=list)

    def take_rule(self, outcome: RuleOutcome) -> None:
        """Nothing is printed of a rule without its conversions."""

    def take(self, outcome: RuleOutcome, made: ConversionOutcome) -> None:
        """Prints a result, or keeps it."""
        bundle = _bundle(made)
        if self.held or (bundle is not None and bundle.renamed is not None):
            self.held.append(_result(outcome, made, bundle))
        else:
            self._print(outcome.rule, made.target, made.text)

    def finish(self) -> Iterator[tuple[str, Remark]]:
        """Prints what is left; what is to be said of it, with the target."""
        results, renamed = with_own_keys(self.held)
        for result, name in renamed:
            yield result.target, renamed_remark(result, name)
        for result in results:
            self._print(result.rule, result.target, result.read())

    def _print(self, rule: RuleInfo, target: str, result: str) -> None:
        from kqlx.backends.comments import heading

        text = f"{rule.label} -> {target}"
        above = heading(find(target), text, mixed=self.mixed) if self.headings or rule.line else ""
        if above:
            print(above if self.first else f"\n{above}")
        print(result, flush=True)
        self.first = False


def renamed_remark(result: Result, name: str) -> Remark:
    """Says that a result has another name, since a rule before it has the one it would have."""
    message = f"another rule is also called {result.key}: this one becomes {name}"
    place = FilePlace(result.rule.path, result.rule.line)
    return Remark(Severity.WARNING, "name-taken", message, place)


def _bundle(made: ConversionOutcome) -> Bundle | None:
    format = find(made.target).format(made.format)
    return format.bundle if format is not None else None


def _result(outcome: RuleOutcome, made: ConversionOutcome, bundle: Bundle | None) -> Result:
    import hashlib  # slow to load, and most results are printed without a look at others

    text = made.text
    return Result(
        outcome.rule,
        outcome.distinction,
        made.target,
        made.format,
        made.file_name,
        hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest(),
        lambda: text,
        bundle,
        key_of(text, bundle),
    )
