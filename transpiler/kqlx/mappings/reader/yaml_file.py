"""A YAML file of a user → plain data, with the lines of its keys, and strict about keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlx.errors import MappingError
from kqlx.malformed import TOO_DEEP, too_large, yaml_problem
from kqlx.mappings.reader.schema import Path as KeyPath
from kqlx.mappings.reader.schema import dotted

if TYPE_CHECKING:
    import yaml

_DEEPEST = 50


def yaml_documents(path: Path, text: str) -> Iterator[tuple[Any, yaml.Node]]:
    """The documents of a text that are not empty, as plain data and as YAML's nodes.

    Raises MappingError, with the line, where it is no YAML or has a key twice.
    """
    import yaml

    loader_class = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = loader_class(text)
    try:
        _refuse_depth(path, text, loader_class)
        while loader.check_node():
            root = loader.get_node()
            assert root is not None, "check_node has seen one"
            if (twice := _key_given_twice(path, root)) is not None:
                line, key, first = twice
                raise MappingError(f"{path}:{line}: {key}: given already in line {first}")
            if why := too_large(root):
                raise MappingError(f"{path}:{root.start_mark.line + 1}: not read: {why}")
            data = loader.construct_document(root)
            if data is not None:
                yield data, root
    except yaml.YAMLError as error:
        reason, line, _ = yaml_problem(text, error, _DEEPEST)
        raise MappingError(f"{path}:{line}: {reason}") from None
    except ValueError:
        raise MappingError(f"{path}: not YAML: a number or date that cannot be read") from None
    finally:
        loader.dispose()


def _refuse_depth(path: Path, text: str, loader_class: Any) -> None:
    """Raises MappingError for nesting so deep that the reader in C would not survive it."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader_class):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            where = f"{path}:{event.start_mark.line + 1}" if event.start_mark else str(path)
            raise MappingError(f"{where}: {TOO_DEEP}")


def _key_given_twice(file: Path, root: yaml.Node) -> tuple[int, str, int] | None:
    """The line, the path and the first line of a key that a mapping has twice: YAML forbids it,
    and PyYAML takes the last in silence. Raises MappingError for a node that holds itself.
    """
    import yaml

    done: set[int] = set()
    above: set[int] = set()

    def search(node: yaml.Node, path: KeyPath) -> tuple[int, str, int] | None:
        if id(node) in above:
            raise MappingError(f"{file}:{line_of(root, path)}: {dotted(path)} holds itself")
        if id(node) in done or isinstance(node, yaml.ScalarNode):
            return None
        above.add(id(node))
        seen: dict[str, int] = {}
        inner: list[tuple[str | int, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = str(key.value)
                line = key.start_mark.line + 1
                if name in seen:
                    return line, dotted((*path, name)), seen[name]
                seen[name] = line
                inner.append((name, value))
        else:
            inner = list(enumerate(node.value))
        found = next(filter(None, (search(item, (*path, key)) for key, item in inner)), None)
        above.discard(id(node))
        done.add(id(node))
        return found

    return search(root, ())


def line_of(root: yaml.Node, path: KeyPath) -> int:
    """The line of the key at the end of a path, or of the nearest one above it that is there."""
    import yaml

    node, line = root, root.start_mark.line + 1
    for step in path:
        found: tuple[int, yaml.Node] | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:  # of keys that << brought in, one's own is the last
                if str(key.value) == step:
                    found = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node.value[step].start_mark.line + 1, node.value[step]
        if found is None:
            break
        line, node = found
    return line
