"""JSON text and a path → a value: what json_extract(), json_array_to_mv() and spath() share.

https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/json-functions
https://docs.splunk.com/Documentation/Splunk/9.3.0/SearchReference/Spath
"""

from __future__ import annotations

import json
import re

from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.values import Single, Value, pack

STEP = re.compile(r"([^.{}]+)((?:\{\d{0,9}\})*)(?:\.|$)|((?:\{\d{0,9}\})+)(?:\.|$)")


def members(text: str) -> Value:
    """json_array_to_mv(): the elements of an array, texts without their quotes."""
    array = _load(text)
    return pack([_write(item) for item in array]) if isinstance(array, list) else None


def extract(text: str, path: str) -> Value:
    """json_extract(): the part at the path; ``{}`` gives an array as JSON text."""
    found = follow(_load(text), path)
    if "{}" in path:
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else None
    if not found:
        return None
    if found[0] is None:
        raise Doubtful("json_extract() of a JSON null")
    return _write(found[0])


def extract_path(text: str | None, path: str) -> Value:
    """spath(): the part at the path, of many values where it passes arrays."""
    if text is None:
        return None
    return pack([_write(item) for item in follow(_load(text), path) if item is not None])


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _write(item: object) -> Single:
    if isinstance(item, str):
        return item
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def follow(start: object, path: str) -> list[object]:
    at = 0
    found = [start]
    while at < len(path):
        step = STEP.match(path, at)
        if not step:
            raise NotEvaluated(f"this path: {path}")
        at = step.end()
        if step[1]:
            found = [item[step[1]] for item in found if isinstance(item, dict) and step[1] in item]
        for index in re.findall(r"\{(\d*)\}", step[2] or step[3] or ""):
            arrays = [item for item in found if isinstance(item, list)]
            if index:
                found = [array[int(index)] for array in arrays if int(index) < len(array)]
            else:
                found = [item for array in arrays for item in array]
    return found
