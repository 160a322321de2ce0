"""``spath path=…``, with or without an input and an output: the values at one place of a text of
JSON, of an object its text.

https://help.splunk.com/en/splunk-enterprise/spl-search-reference/9.4/search-commands/spath
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.oracles.spl.errors import NotEvaluated
from tests.oracles.spl.events import Event, splunk_event, text_of, values_of
from tests.oracles.spl.json_functions import follow
from tests.oracles.spl.nodes import Simple


def take_out(command: Simple, event: Event) -> Event:
    """The event with what the path leads to. A key with a dot is none that a path leads to, whose
    steps dots part; a text that is no JSON object has nothing.

    Raises NotEvaluated where the whole of a text is to be taken apart.
    """
    options = dict(command.options)
    if "path" not in options:
        raise NotEvaluated("spath without a path")
    options = {"input": "_raw", "output": options["path"], **options}
    found: list[str] = []
    for text in values_of(event, options["input"]):
        try:
            record = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            continue
        if isinstance(record, dict):
            if objects := _objects(record, options["path"]):
                found += objects
                continue
            whole: Any = json.loads(text)
            for step in options["path"].split("."):
                whole = whole.get(step) if isinstance(whole, dict) else None
            if isinstance(whole, dict):
                found.append(json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
                continue
            inner = splunk_event({**_without_dots(record), "_raw": ""}, null="null")
            found += values_of(inner, options["path"])
    if not found:
        return event
    return {**event, options["output"]: found[0] if len(found) == 1 else found}


def _objects(record: Any, path: str) -> list[str]:
    """The texts of the objects in an array; none where it holds others, or is none."""
    found = follow(record, path) if path.endswith("{}") else []
    return [text_of(item) for item in found] if all(isinstance(i, dict) for i in found) else []


def _without_dots(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_dots(item) for key, item in value.items() if "." not in key}
    if isinstance(value, list):
        return [_without_dots(item) for item in value]
    return value
