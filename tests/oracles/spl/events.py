"""JSON object → event as ``search`` sees it: field name → text, or a list of texts.

Nested keys are joined with dots, the elements of an array stand behind ``{}``:
https://docs.splunk.com/Documentation/Splunk/9.3.0/SearchReference/Spath
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Scalar = str | int | float | bool | None
Event = dict[str, object]
"""Field name → text, number, Boolean or a list of these. ``_raw`` is the event's own text."""


def text_of(value: object) -> str:
    """A scalar as Splunk would have read it from JSON: true is "true", 5 is "5"."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def values_of(event: Mapping[str, object], name: str) -> list[str]:
    """The values of a field as texts; none where the field is missing, null or an empty list."""
    value = event.get(name)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [text_of(item) for item in value if item is not None]
    return [] if value is None else [text_of(value)]


def splunk_event(record: Mapping[str, object] | str, *, null: str | None = None) -> Event:
    """Flatten a JSON object as KV_MODE=json does: ``a.b{}.c``, with ``_raw`` the compact JSON.

    Given as text, the object keeps its numbers as they are written, and the text is ``_raw``.
    JSON null gives no value, or the text ``null`` if one is given: which of both Splunk does is
    unverified. Empty arrays and objects give no field. An empty text stays one (unverified).
    """
    if isinstance(record, str):
        parsed = json.loads(record, parse_float=str, parse_int=str)
        return _finish({**parsed, "_raw": record}, null, "{}")
    return _finish(record, null, "{}")


def flat_event(record: Mapping[str, object]) -> Event:
    """Flatten with dots alone, arrays being fields of many values: for a target that already
    holds the names of the rule.
    """
    return _finish(record, None, "")


def stored_event(record: Mapping[str, object], json: bool, *, null: str | None = None) -> Event:
    """An event whose fields are taken from JSON, or else are as an add-on names them: arrays are
    fields of many values there.
    """
    return splunk_event(record, null=null) if json else flat_event(record)


def _finish(record: Mapping[str, object], null: str | None, array: str) -> Event:
    fields: dict[str, list[str]] = {}
    for key, value in record.items():
        _collect(value, key, null, array, fields)
    event: Event = {
        name: values[0] if len(values) == 1 else values for name, values in fields.items()
    }
    if "_raw" not in event:
        event["_raw"] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return event


def _collect(
    value: object, name: str, null: str | None, array: str, fields: dict[str, list[str]]
) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _collect(item, f"{name}.{key}", null, array, fields)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            _collect(item, name + array, null, array, fields)
    elif value is not None:
        fields.setdefault(name, []).append(text_of(value))
    elif null is not None:
        fields.setdefault(name, []).append(null)
