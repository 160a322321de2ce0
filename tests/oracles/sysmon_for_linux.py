"""Events of Sysmon for Linux as Splunk's add-on for them extracts them
(https://splunkbase.splunk.com/app/6652, 1.0.0): the elements ``Data`` as they stand in the XML, and
what it calculates of them. It does not extract the channel, nor a field EventCode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SOURCETYPE = "sysmon:linux"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_NAME = re.compile(r"(?:.*\.)?\w*", re.DOTALL)
_OF_CONNECTIONS = "3"


def escaped(text: str) -> str:
    """A text as libxml2 writes it (``xmlEncodeSpecialChars``), with which Sysmon for Linux writes
    its records.
    """
    return "".join(_ENTITIES.get(sign, sign) for sign in text)


def extracted(event: Mapping[str, Any], *, plain: bool = False) -> dict[str, Any]:
    """The fields of an event that is given by its ``Data`` and the ID of the event; ``plain`` for
    an add-on that reads what the signs of XML stand for.
    """
    number = str(event.get("EventID", event.get("EventCode")))
    left = {"EventCode", "Channel", "user", "process_name", "parent_process_name"}
    given = {name: value for name, value in event.items() if name not in left}
    kept = {
        name: value if plain or not isinstance(value, str) else escaped(value)
        for name, value in given.items()
    }
    found = {**kept, "EventID": number}
    if "Image" in kept:
        found["process_name"] = _name(kept["Image"])
    if "ParentImage" in kept:
        found["parent_process_name"] = _name(kept["ParentImage"])
    found["user"] = kept.get("User") if number == _OF_CONNECTIONS else "root"  # Sysmon's own
    return {name: value for name, value in found.items() if value is not None}


def _name(path: str) -> str:
    """What the add-on takes for the name of a program: the whole path where the name has other
    signs than letters, digits and ``_``, and does not end in a dot and some of these.
    """
    name = path.rpartition("/")[2]
    return name if name and _NAME.fullmatch(name) else path
