"""A pack's file → plain data that has been checked: YAML, its shape by ``pack.schema.json``, and
what no schema can say.

Messages name the file, the line and the key: ``own.yml:12: targets.spl[0].fields.user.id: …``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlx import named_pipes, resources
from kqlx.errors import MappingError, QuerySyntaxError
from kqlx.mappings.predicates import read_predicate
from kqlx.mappings.reader.schema import Path as KeyPath
from kqlx.mappings.reader.schema import Problem, Schema, dotted
from kqlx.mappings.reader.yaml_file import line_of, yaml_documents
from kqlx.nodes import FreeText, Nested, Pattern, walk
from kqlx.records import dataclass

if TYPE_CHECKING:
    import yaml

SCHEMA = resources.PACKAGE / "mappings/pack.schema.json"


MOST_PROBLEMS = 50
"""So many an error tells of."""


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of one pack or overlay, and the YAML that it was."""

    path: Path
    data: dict[str, Any]
    root: yaml.Node

    def errors(self, problems: Iterable[Problem]) -> MappingError:
        """The error for problems, each on a line of its own with the line of its key; of many the
        first ones.
        """
        found = [*islice(problems, MOST_PROBLEMS + 1)]
        lines = [self._told(problem) for problem in found[:MOST_PROBLEMS]]
        if len(found) > MOST_PROBLEMS:
            lines.append(f"{self.path}: more is wrong")
        return MappingError("\n".join(lines), problems=tuple(lines))

    def _told(self, problem: Problem) -> str:
        key = f" {dotted(problem.path)}:" if problem.path else ""
        return f"{self.path}:{line_of(self.root, problem.path)}:{key} {problem.message}"


@cache
def pack_schema() -> Schema:
    """The schema of packs; read from disk at the first call."""
    return Schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


def read_data(path: Path) -> dict[str, Any]:
    """The data of a whole pack, without what is shared by anchors.

    Raises MappingError where it is none.
    """
    documents = read_documents(path)
    if len(documents) != 1:
        raise MappingError(f"{path}: must be one pack, and there are {len(documents)}")
    check_whole(documents[0])
    return documents[0].data


def read_documents(path: Path) -> list[Document]:
    """The packs and overlays of a file, checked by the schema and field by field.

    Raises MappingError with all that is wrong, or where the file cannot be read.
    """
    try:
        named_pipes.refuse(path)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: not UTF-8 at byte {error.start}") from None
    documents = [Document(path, data, root) for data, root in yaml_documents(path, text)]
    if not documents:
        raise MappingError(f"{path}: there is no pack in it")
    for document in documents:
        _refuse(document, pack_schema().problems(document.data))
        _drop_blank_fields(document.data)
        _refuse(document, _of_fields(document.data))
        document.data.pop("shared", None)  # anchors, which YAML has put in their places
    return documents


def _drop_blank_fields(data: Mapping[str, Any]) -> None:
    """Takes away ``fields`` with nothing below, as in a stub that is not filled in yet."""
    for destinations in data.get("targets", {}).values():
        for destination in destinations:
            if destination.get("fields", ()) is None:
                del destination["fields"]


def check_whole(document: Document) -> None:
    """Raises MappingError for what is wrong with a pack that stands by itself."""
    _refuse(document, _removals(document.data, ()))
    _refuse(document, columns_without_a_field(document.data))


def _refuse(document: Document, problems: Iterator[Problem]) -> None:
    found = list(islice(problems, MOST_PROBLEMS + 1))
    if found:
        raise document.errors(found)


# What no schema can say

_DECIDING = ("column", "any", "where", "fixed", "constant", "unset", "none")

_TOGETHER = (["column", "where"], ["any", "where"], ["where", "none"])
"""What where does not name has a column, or one of several, or no counterpart."""


def _of_fields(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with single fields of the destinations."""
    if data["source"] == "none":
        yield Problem(("source",), "none means no data source, and cannot be the name of one")
    for field, values in data.get("recognise", {}).get("aliases", {}).items():
        for value, predicate in values.items():
            if why := _why_no_predicate(predicate):
                yield Problem(("recognise", "aliases", field, value), f"is not a predicate: {why}")
    for target, destinations in data.get("targets", {}).items():
        for number, destination in enumerate(destinations):
            path = ("targets", target, number)
            if why := _why_no_predicate(destination.get("filter", "*:*")):
                yield Problem((*path, "filter"), f"is not a predicate: {why}")
            for predicate in destination.get("kinds", ()):
                if why := _why_no_predicate(predicate):
                    yield Problem((*path, "kinds", predicate), f"is not a predicate: {why}")
            yield from _of_records(destination.get("records", {}), (*path, "records"))
            for name, field in destination.get("fields", {}).items():
                key = (*path, "fields", name)
                if isinstance(field, dict):
                    yield from _of_field(field, key)
                for at, one in enumerate(field if isinstance(field, list) else ()):
                    if isinstance(one, dict):
                        yield from _of_field(one, (*key, at))
                if any(by not in destination["fields"] for by in _told_by(field)):
                    yield Problem(key, "by names no field of the destination")


def _told_by(field: Any) -> Iterator[str]:
    for one in field if isinstance(field, list) else [field]:
        if isinstance(one, dict) and "by" in one:
            yield one["by"]


def _of_cases(field: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
    """What is wrong with a field that is another column by the kind of event."""
    if said := [key for key in (*_DECIDING, "of", "fits", "part") if key in field]:
        yield Problem(path, f"says by and {said[0]}; its cases say that")
    if "by" not in field or "cases" not in field:
        yield Problem(path, "by and cases stand together")
    for at, case in enumerate(field.get("cases", ())):
        key = (*path, "cases", at)
        last = at == len(field["cases"]) - 1
        if "of" not in case and not last:
            yield Problem(key, "needs the key of; the last one alone may do without")
        yield from _of_field(case, key)


_BESIDE = (
    ("values", ("column", "any")),
    ("others", ("values",)),
    ("alike", ("where",)),
    ("begins", ("column", "any")),
    ("joined", ("column", "any")),
    ("alone", ("joined",)),
    ("excepted", ("none",)),
    ("by_option", ("none",)),
    ("quoted", ("part",)),
    ("unnamed", ("column", "any")),
)
"""Keys of a field that have a meaning beside some others alone."""


def _of_field(field: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
    if "by" in field or "cases" in field:
        yield from _of_cases(field, path)
        return
    said = [key for key in _DECIDING if key in field]
    if not said:
        yield Problem(path, f"says none of {', '.join(_DECIDING)}")
    elif len(said) > 1 and said not in _TOGETHER:
        yield Problem(path, f"says {' and '.join(said)}, and one of them decides")
    for key, beside in _BESIDE:
        if key in field and not any(name in field for name in beside):
            yield Problem((*path, key), f"has a meaning beside {' or '.join(beside)} alone")
    if "takes" in field and "{}" not in field.get("fits", ()):
        yield Problem((*path, "takes"), "has a meaning beside fits with {} alone")
    run = f"[{field.get('separators', '')}]" if field.get("part") == "run" else ""
    for key, text in (("takes", field.get("takes", "")), ("separators", run)):
        if why := _why_no_expression(text):
            yield Problem((*path, key), f"is not a regular expression: {why}")
    for value in field.get("notes", {}):
        if value not in field.get("where", {}):
            yield Problem((*path, "notes", value), "where has no such value")
    for at, predicate in _predicates(field):
        if why := _why_no_predicate(predicate):
            yield Problem((*path, *at), f"is not a predicate: {why}")


def _predicates(field: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """The predicates of a field, each with its keys."""
    for value, predicate in field.get("where", {}).items():
        yield ("where", value), predicate
    for key in ("given", "exists"):
        if isinstance(field.get(key), str):
            yield (key,), field[key]


def _of_records(records: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
    """What is wrong with the regular expressions that take records apart."""
    columns = records.get("columns", {}).items()
    taking: list[tuple[KeyPath, str]] = [
        ((key,), records[key]) for key in ("event", "type") if key in records
    ]
    taking += [
        (("columns", name, key), column[key])
        for name, column in columns
        for key in ("takes", "order")
        if key in column
    ]
    others: list[tuple[KeyPath, str]] = [
        ((key,), records[key]) for key in ("plain",) if key in records
    ]
    others += [
        (("columns", n, "last"), column["last"]) for n, column in columns if "last" in column
    ]
    for at, text in (*taking, *others):
        if why := _why_no_expression(text):
            yield Problem((*path, *at), f"is not a regular expression: {why}")
        elif (at, text) in taking and re.compile(text).groups != 1:
            yield Problem((*path, *at), "needs one group, for the value")


def _why_no_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        return error.msg
    return ""


def _why_no_predicate(text: str) -> str:
    try:
        node = read_predicate(text)
    except QuerySyntaxError as error:
        return error.message
    for part in walk(node):
        if isinstance(part, FreeText | Nested) or isinstance(getattr(part, "field", None), Pattern):
            return "it takes tests of columns by their names"
    return ""


def _removals(data: Any, path: KeyPath) -> Iterator[Problem]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if value is None:
            message = "null removes an entry of a built-in pack, and there is none for this source"
            yield Problem((*path, key), message)
        elif isinstance(value, dict | list):
            yield from _removals(value, (*path, key))


def columns_without_a_field(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Entries of ``columns``, ``unconfirmed`` and ``unread`` that are about no column of a field.
    What several destinations share may be about a column of another one.
    """
    for target, destinations in data.get("targets", {}).items():
        named = {name for destination in destinations for name in named_columns(destination)}
        for number, destination in enumerate(destinations):
            for part in ("columns", "unconfirmed", "unread"):
                for column in destination.get(part, {}):
                    if not any(_meet(column, name) for name in named):
                        path = ("targets", target, number, part, column)
                        yield Problem(path, "no field of a destination has this column")


def named_columns(destination: Mapping[str, Any]) -> set[str]:
    """The columns that a destination's fields and predicates name."""
    named: set[str] = set()
    predicates = [destination.get("filter", "*:*"), *destination.get("kinds", ())]
    for said in destination.get("fields", {}).values():
        for field in _each(said):
            if isinstance(field, str):
                named.add(field)
            elif field is not None:
                named |= {*filter(None, [field.get("column")]), *field.get("any", ())}
                joined = field.get("joined", ())
                named |= {joined} if isinstance(joined, str) else {*joined}
                predicates += [predicate for _, predicate in _predicates(field)]
    for predicate in predicates:
        terms = (getattr(part, "field", None) for part in walk(read_predicate(predicate)))
        named |= {term.name for term in terms if term is not None}
    return named


def _each(said: Any) -> Iterator[Any]:
    """What is said of a field, each of a list and each of its cases."""
    for field in said if isinstance(said, list) else [said]:
        yield from field["cases"] if isinstance(field, dict) and "cases" in field else [field]


def _meet(one: str, other: str) -> bool:
    """Whether two names of columns are the same, or one is below the other that ends in ``.*``."""
    return (
        one == other
        or "*" in (one, other)
        or (one.endswith(".*") and other.startswith(one[:-1]))
        or (other.endswith(".*") and one.startswith(other[:-1]))
    )
