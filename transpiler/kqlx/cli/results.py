"""Where ``kqlx convert`` puts its results: the standard output, or files in a folder."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from kqlx.cli.common import Exit, label, report
from kqlx.cli.streams import say
from kqlx.errors import OutputError, UnsupportedError
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.backends.target import Bundle, Target
    from kqlx.cli.result_folder import File, Folder
    from kqlx.convert import Conversion


class Output(Protocol):
    """Takes results one by one; ``finish`` returns the status of what is left to do."""

    def take(self, rule: Rule, target: Target, result: Conversion) -> None: ...

    def finish(self) -> Exit: ...


@dataclass(frozen=True, slots=True)
class _Result:
    rule: Rule
    target: Target
    format: str
    text: str
    name: str = ""

    @property
    def made(self) -> str:
        """What the file is, for the manifest."""
        return f"{self.target.name} {self.format}"

    @property
    def key(self) -> str:
        """What must not be the same in two results of a file that holds them all."""
        form = self.bundle
        found = re.search(form.unique, self.text, re.MULTILINE) if form is not None else None
        return found[1] if found else self.text

    @property
    def bundle(self) -> Bundle | None:
        format = self.target.format(self.format)
        return format.bundle if format is not None else None


@dataclass(slots=True)
class Printed:
    """Results on the standard output, under headings where there are several.

    From the first on that may have to be renamed beside others they are printed at the end.
    """

    headings: bool
    mixed: bool
    first: bool = True
    held: list[_Result] = field(default_factory=list)

    def take(self, rule: Rule, target: Target, result: Conversion) -> None:
        found = _Result(rule, target, result.format, result.text)
        if self.held or (found.bundle is not None and found.bundle.renamed is not None):
            self.held.append(found)
        else:
            self._print(found)

    def _print(self, result: _Result) -> None:
        from kqlx.backends.comments import heading

        text = f"{label(result.rule)} -> {result.target.name}"
        above = heading(result.target, text, mixed=self.mixed) if self.headings else ""
        if above:
            print(above if self.first else f"\n{above}")
        print(result.text, flush=True)
        self.first = False

    def finish(self) -> Exit:
        for result in _uniquely_named(self.held):
            self._print(result)
        return Exit.DONE


@dataclass(slots=True)
class InFolder:
    """Results as files of a folder, a folder for each of several targets.

    Nothing is written before all rules are converted, for their names may depend on one another.
    """

    folder: Folder
    apart: bool
    verbose: bool = False
    results: list[_Result] = field(default_factory=list)

    def take(self, rule: Rule, target: Target, result: Conversion) -> None:
        from kqlx.render import file_name

        name = file_name(rule, target, result.place, result.format)
        name = f"{target.name}/{name}" if self.apart else name
        self.results.append(_Result(rule, target, result.format, result.text, name))

    def finish(self) -> Exit:
        status = Exit.DONE
        collected = [result for result in self.results if result.bundle is not None]
        alone = [result for result in self.results if result.bundle is None]
        files = [_file(result) for result in _told_apart(alone)]
        for name, results in self._together(collected).items():
            kept, others = _unlike(_uniquely_named(results))
            status = max([status, *map(_report_other, others)])
            files.append(_collected_file(name, kept))
        try:
            written = self.folder.write(files)
        except OutputError as error:
            return report(error)
        for item in written:
            if item.error is not None:
                status = max(status, report(item.error))
            elif item.changed or self.verbose:
                say(f"{item.path}: {'written' if item.changed else 'unchanged'}")
        return status

    def _together(self, results: list[_Result]) -> dict[str, list[_Result]]:
        """By the name of the file that holds them all, in the order of their own names."""
        found: dict[str, list[_Result]] = {}
        for result in sorted(results, key=lambda result: (result.name, result.text)):
            assert result.bundle is not None
            folder = f"{result.target.name}/" if self.apart else ""
            found.setdefault(folder + result.bundle.name, []).append(result)
        return found


def _file(result: _Result) -> File:
    from kqlx.cli.result_folder import File

    rule = result.rule.id or result.rule.name
    return File(result.name, _bytes(result.text), result.made, rule)


def _collected_file(name: str, results: list[_Result]) -> File:
    from kqlx.cli.result_folder import File

    form = results[0].bundle
    assert form is not None
    text = form.between.join([result.text for result in results])
    if form.between == "\n":  # of a stream of lines each is needed once: two rules may share lists
        text = "\n".join(dict.fromkeys(text.split("\n")))
    return File(name, _bytes(text), results[0].made)


def _bytes(text: str) -> bytes:
    """As it is printed: in UTF-8, what that lacks as escapes, a line feed at the end."""
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _told_apart(results: list[_Result]) -> list[_Result]:
    """Those of one name get a part of their rule's id, and of one id too a number, by their texts.

    So the names do not depend on the order of the rules.
    """
    from kqlx.backends.artifact_text import distinction

    once = {(result.name, result.text): result for result in results}  # one rule, given twice
    shared = Counter(name for name, _ in once)
    used: set[str] = set()
    found = []
    for _, result in sorted(once.items(), key=lambda item: item[0]):
        if shared[result.name] > 1:
            result = _renamed(result, distinction(result.rule))
        number, base = 1, result
        while result.name in used:
            number += 1
            result = _renamed(base, str(number))
        used.add(result.name)
        found.append(result)
    return found


def _renamed(result: _Result, more: str) -> _Result:
    """With more at the end of the file's name, which is shortened so as to be no longer."""
    folder, slash, name = result.name.rpartition("/")
    stem, dot, suffix = name.partition(".")
    stem = stem[: 90 - len(more) - 1].rstrip("_")
    return replace(result, name=f"{folder}{slash}{stem}_{more}{dot}{suffix}")


def _uniquely_named(results: list[_Result]) -> list[_Result]:
    """Those that a target knows by one name get a part of their rule's id, if they can be renamed,
    and that is told.
    """
    from kqlx.backends.artifact_text import distinction

    texts: dict[tuple[str, str], set[str]] = {}
    for result in results:
        texts.setdefault((result.made, result.key), set()).add(result.text)
    found = []
    for result in results:
        form = result.bundle
        if form is None or form.renamed is None or len(texts[result.made, result.key]) < 2:
            found.append(result)
            continue
        name = form.renamed(result.key, distinction(result.rule))
        message = f"another rule is called {result.key} too: this one becomes {name}"
        say(f"{label(result.rule)}: warning: {result.target.name}: {message}")
        found.append(replace(result, text=result.text.replace(result.key, name, 1)))
    return found


def _unlike(results: list[_Result]) -> tuple[list[_Result], list[tuple[_Result, str, _Result]]]:
    """Those that the target can tell apart, each once, and others with what they have in common
    with one of them.
    """
    known: dict[str, _Result] = {}
    others = []
    for result in results:
        key = result.key
        if key not in known:
            known[key] = result
        elif known[key].text != result.text:
            others.append((result, key, known[key]))
    return [*known.values()], others


def _report_other(found: tuple[_Result, str, _Result]) -> Exit:
    result, key, first = found
    assert result.bundle is not None
    error = UnsupportedError(
        f"{result.bundle.name} cannot hold a second {key}; the first is of {label(first.rule)}",
        code="name-taken",
        hint="convert it by itself, to another folder",
    )
    return report(error, result.rule, result.target.name)
