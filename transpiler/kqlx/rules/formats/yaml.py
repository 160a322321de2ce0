"""YAML with the keys of the detection engine: one rule, a list of rules, or several documents.

Dates stay the texts that they are written as, since the detection engine's JSON has none, and a key
that is given twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from kqlx.malformed import MAX_NESTING, TOO_DEEP, too_large, yaml_problem
from kqlx.rules.kibana_objects import rule_table
from kqlx.rules.source_text import Broken, Entry, Position

SUFFIXES = (".yml", ".yaml")

_KEYS = "name|description|type|language|rule_id|severity|risk_score|index|enabled|tags|threat"


def looks_like(text: str) -> bool:
    """Whether there is a key of the query and some other at the beginnings of lines. No query in
    Kibana KQL looks so: it has a word between two tests.
    """
    has_query = re.search(r"^(?:- |  )?query[ \t]*:(?:\s|$)", text, re.MULTILINE)
    has_other = re.search(rf"^(?:- |  )?(?:{_KEYS})[ \t]*:(?:\s|$)", text, re.MULTILINE)
    return bool(text.startswith("---") or (has_query and has_other))


def read(text: str) -> Iterator[Entry | Broken]:
    import yaml

    nodes: list[Any] = []
    broken = None
    try:
        nodes.extend(_nodes(text))
    except (yaml.YAMLError, _TooDeep, RecursionError) as error:
        broken = _broken(error, text)
    single = len(nodes) == 1 and broken is None
    for number, node in enumerate(nodes):
        line = node.start_mark.line + 1
        if why := too_large(node):
            yield Broken(f"not read: {why}", line)
            continue
        try:
            value = _loader(text).construct_document(node)
        except yaml.YAMLError as error:
            yield _broken(error, text)
            continue
        except RecursionError:
            yield Broken(TOO_DEEP, line)
            continue
        except ValueError:
            yield Broken("not YAML: a number that cannot be read", line)
            continue
        if isinstance(value, dict):
            find = _finder(text, node)
            yield Entry(rule_table(value), value, {}, 0 if single else line, number, find)
        else:
            yield Broken("expected a mapping", line, node.start_mark.column + 1, is_rule=False)
    if broken is not None:
        yield broken


def replace(text: str, number: int, query: str) -> str | None:
    import yaml

    try:
        node, before = list(_nodes(text))[number], _values(text)
        scalar = _scalar(node, "query")
    except (yaml.YAMLError, _TooDeep, RecursionError):
        return None  # The file is broken elsewhere, and what is not read cannot be kept for sure.
    table = rule_table(before[number])
    table["query"] = query + "\n" if table["query"].endswith("\n") or "\n" in query else query
    start, end = scalar.start_mark.index, scalar.end_mark.index
    for literal in _scalars(table["query"], text[:start], scalar.style in ("|", ">")):
        new = text[:start] + literal + text[end:]
        try:
            if _values(new) == before:
                return new
        except (yaml.YAMLError, _TooDeep, RecursionError):
            continue
    return None


def _scalars(value: str, before: str, is_block: bool) -> Iterator[str]:
    """The spellings of a text that may stand there; a block's takes the end of its line with it."""
    line_feed = "\r\n" if "\r\n" in before else "\n"
    begins = re.search(r"(?:^|\n)([ -]*)[^\n]*\Z", before)
    indent = " " * (len(begins[1] if begins else "") + 2)
    if "\n" in value:
        lines = [f"{indent}{line}" if line else "" for line in value.removesuffix("\n").split("\n")]
        yield line_feed.join(["|", *lines, *[""] * is_block])
    yield _quoted(value) + line_feed * is_block


def _quoted(text: str) -> str:
    """A string in double quotes, with the escapes that JSON and YAML share."""
    import json

    if "\n" not in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def _values(text: str) -> list[Any]:
    return [_loader(text).construct_document(node) for node in _nodes(text)]


def _nodes(text: str) -> Iterator[Any]:
    """The node of each object: of each document, or of each item of a list."""
    import yaml

    loader = _loader(text)
    while loader.check_node():
        node = loader.get_node()
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
        elif not (isinstance(node, yaml.ScalarNode) and node.value == ""):
            yield node


def _finder(text: str, node: Any) -> Any:
    def find(key: str, value: str) -> Position:
        scalar = _scalar(node, key)
        return Position() if scalar is None else _position(text, scalar, value)

    return find


def _scalar(node: Any, key: str) -> Any:
    """The node of the key's value, within the attributes of a saved object too."""
    for name, value in node.value:
        if name.value == key and isinstance(value.value, str):
            return value
        if name.value == "attributes" and (found := _scalar(value, key)) is not None:
            return found
    return None


def _position(text: str, scalar: Any, value: str) -> Position:
    mark = scalar.start_mark
    line, column = mark.line + 1, mark.column + 1
    if scalar.style == "|":
        lines = text[mark.index : scalar.end_mark.index].splitlines()[1:]
        first = value.split("\n", 1)[0]
        indent = len(lines[0]) - len(first) if lines else 0
        plain = [line[indent:] for line in lines]
        if indent >= 0 and "\n".join(plain).rstrip("\n") == value.rstrip("\n"):
            return Position(line + 1, indent + 1, indent)
        return Position(line)
    start = mark.index + (scalar.style in ("'", '"'))
    return Position(line, column + start - mark.index if text.startswith(value, start) else 0)


class _TooDeep(Exception):
    """Lists and mappings nest deeper than the limit, from that line and column on."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.place = line, column


def _broken(error: Exception, text: str) -> Broken:
    if isinstance(error, _TooDeep):
        return Broken(TOO_DEEP, *error.place)
    return Broken(*yaml_problem(text, error))


def _loader(text: str) -> Any:
    return _loader_class()(text)


@cache
def _loader_class() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Without dates, and strict about keys and depth."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()  # type: ignore[no-untyped-call] # so in the stubs
            deeper = isinstance(event, yaml.CollectionStartEvent)
            self.depth += deeper
            if self.depth > MAX_NESTING:
                raise _TooDeep(event.start_mark.line + 1, event.start_mark.column + 1)
            node = super().compose_node(parent, index)
            self.depth -= deeper
            return node

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:merge" and key.value.__class__ is str:
                    if key.value in seen:
                        raise yaml.constructor.ConstructorError(
                            None, None, f"the key {key.value} is given twice", key.start_mark
                        )
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    Loader.yaml_implicit_resolvers = {
        first: [found for found in resolvers if found[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader
