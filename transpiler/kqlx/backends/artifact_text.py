"""What templates of several targets say alike: lines, lengths, ids."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

from kqlx.regexes import late_regex
from kqlx.rules.labels import one_line
from kqlx.rules.model import Rule


def cut(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1] + "…"


def own_id(rule: Rule, target: str, part: str = "") -> str:
    """A UUID that depends on the Elastic id alone, or on the query where there is none.

    ``part`` names one of several documents of the rule.
    """
    return _uuid(f"{target}:{rule.id or rule.query}{part and ':' + part}")


_NAMESPACE = "08d90c39-eef8-599f-bd54-844a42987602"
"""The UUID of the address https://github.com/kqlx/kqlx."""


def _uuid(name: str) -> str:
    """The same for the same name, always."""
    import uuid  # slow to load, and most results have no ids

    namespace = uuid.UUID(_NAMESPACE)
    return str(uuid.uuid5(namespace, name.encode("utf-8", "backslashreplace").decode()))


LONGEST_STEM = 80

# Names that Windows keeps for devices, whatever stands behind a full stop
# (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
_DEVICES = late_regex(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


def file_stem(rule: Rule) -> str:
    """The rule's name as the name of a file, without a suffix: small letters, digits and
    underscores, of ASCII; at most 80, and none that Windows keeps for itself.

    Letters with marks lose these; of a name in another script the rule's id stands.
    """
    return _stem(rule, (rule.name or one_line(rule.query)).lower(), "a-z0-9")


def same_stem(rule: Rule, text: str) -> str:
    """The same of a text that is the name of a file already, or an id: as it is where every system
    takes it, with capitals, full stops and hyphens.
    """
    return _stem(rule, text, "A-Za-z0-9._-")


def _stem(rule: Rule, text: str, kept: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    lost = sum(character.isalnum() and not character.isascii() for character in plain)
    stem = re.sub(f"[^{kept}]+", "_", plain)[:LONGEST_STEM].strip("._- ")
    if not stem or lost > len(stem):
        return f"{stem}_{distinction(rule)}".strip("_")
    return f"{stem}_rule" if _DEVICES.fullmatch(stem.partition(".")[0].lower()) else stem


def distinction(rule: Rule) -> str:
    """Eight characters that tell the rule from others of its name."""
    return distinction_of(rule.id or rule.query)


def distinction_of(identity: str) -> str:
    """Likewise of the rule with this id, or with this query and without an id."""
    return _uuid(f"file:{identity}")[:8]


_JSON = json.JSONEncoder(ensure_ascii=False)
_CONTAINERS = (dict, list, tuple)
_HIDDEN = late_regex(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)


def json_text(value: Any, indent: int | None = 2) -> str:
    """JSON with so many blanks a level, or on one line. Text stays as it is, but for halves of
    characters, which UTF-8 lacks, and for what a terminal would obey or an eye not see.
    """
    text = _JSON.encode(value) if indent is None else _indented_json(value, " " * indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _indented_json(value: Any, by: str) -> str:
    """As ``json.dumps`` indents it, which takes several times as long."""
    written: list[str] = []
    _write_json("", value, by, "\n", written.append)
    return "".join(written)


def _write_json(before: str, value: Any, by: str, line: str, write: Callable[[str], None]) -> None:
    """Writes a value behind what stands ``before`` it; ``line`` is a line feed and the blanks
    before what ends the value. A part in several writes takes less time than one text of it all.
    """
    inner = line + by
    if not value or not isinstance(value, _CONTAINERS):
        write(before + _on_one_line(value))
    elif isinstance(value, dict):
        before = f"{before}{{{inner}"
        for key, item in value.items():
            name = encode_basestring(key if isinstance(key, str) else _JSON.encode(key))
            if type(item) is str:
                write(f"{before}{name}: {encode_basestring(item)}")
            else:
                _write_json(f"{before}{name}: ", item, by, inner, write)
            before = f",{inner}"
        write(f"{line}}}")
    else:
        before = f"{before}[{inner}"
        for item in value:
            _write_json(before, item, by, inner, write)
            before = f",{inner}"
        write(f"{line}]")


def _on_one_line(value: Any) -> str:
    """The encoder is slow to begin: numbers are most of what is no text."""
    if isinstance(value, str):
        return encode_basestring(value)
    return repr(value) if type(value) is int else _JSON.encode(value)
