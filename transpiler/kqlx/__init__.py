"""kqlx ports detection rules in Kibana KQL (kuery) to other SIEMs and says where the meaning
changes.

Kibana KQL is Elastic's language; Microsoft's Sentinel KQL (Kusto) is one of the targets:

    >>> import kqlx
    >>> rule = 'process.name:cmd.exe and not user.id:("S-1-5-18" or "S-1-5-19")'
    >>> print(kqlx.convert(rule, to="spl", source="none").text)
    process.name="cmd.exe" NOT user.id IN ("S-1-5-18", "S-1-5-19")

Every conversion carries notes with their effect on what is matched; what would lose events is
refused unless it is accepted. Names are loaded when they are first used, so that ``import kqlx``
costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False  # as in typing, whose import would cost more than all the rest
if TYPE_CHECKING:
    from typing import Any

    from kqlx.backends import targets as targets
    from kqlx.conversion.data_sources import field_uses as field_uses
    from kqlx.conversion.data_sources import sources as sources
    from kqlx.conversion.reading import Reading as Reading
    from kqlx.conversion.reading import read as read
    from kqlx.convert import Conversion as Conversion
    from kqlx.convert import convert as convert
    from kqlx.errors import KqlSyntaxError as KqlSyntaxError
    from kqlx.errors import KqlxError as KqlxError
    from kqlx.errors import MappingError as MappingError
    from kqlx.errors import QuerySyntaxError as QuerySyntaxError
    from kqlx.errors import RuleError as RuleError
    from kqlx.errors import UnsupportedError as UnsupportedError
    from kqlx.errors import UsageError as UsageError
    from kqlx.evaluate.compiler import compile as compile
    from kqlx.evaluate.compiler import explain as explain
    from kqlx.evaluate.compiler import matches as matches
    from kqlx.evaluate.event_reader import read_events as read_events
    from kqlx.evaluate.sequences import EventsTogether as EventsTogether
    from kqlx.evaluate.sequences import find_sequences as find_sequences
    from kqlx.explanations import explain_code as explain_code
    from kqlx.frontends import format_text as format
    from kqlx.frontends import parse as parse
    from kqlx.lint import lint as lint
    from kqlx.mappings.coverage import FieldUse as FieldUse
    from kqlx.notes import Effect as Effect
    from kqlx.notes import Note as Note
    from kqlx.rules.load import load_rules as load_rules
    from kqlx.rules.model import Rule as Rule
    from kqlx.rules.model import RuleSet as RuleSet

__version__ = "0.1.0"

# Public name → the module that has it, and its name there if that is another.
_HOMES = {
    "Conversion": "kqlx.convert",
    "Effect": "kqlx.notes",
    "EventsTogether": "kqlx.evaluate.sequences",
    "FieldUse": "kqlx.mappings.coverage",
    "KqlSyntaxError": "kqlx.errors",
    "KqlxError": "kqlx.errors",
    "MappingError": "kqlx.errors",
    "Note": "kqlx.notes",
    "QuerySyntaxError": "kqlx.errors",
    "Reading": "kqlx.conversion.reading",
    "Rule": "kqlx.rules.model",
    "RuleError": "kqlx.errors",
    "RuleSet": "kqlx.rules.model",
    "UnsupportedError": "kqlx.errors",
    "UsageError": "kqlx.errors",
    "compile": "kqlx.evaluate.compiler",
    "convert": "kqlx.convert",
    "explain": "kqlx.evaluate.compiler",
    "explain_code": "kqlx.explanations",
    "field_uses": "kqlx.conversion.data_sources",
    "find_sequences": "kqlx.evaluate.sequences",
    "format": "kqlx.frontends:format_text",
    "lint": "kqlx.lint",
    "load_rules": "kqlx.rules.load",
    "matches": "kqlx.evaluate.compiler",
    "parse": "kqlx.frontends",
    "read": "kqlx.conversion.reading",
    "read_events": "kqlx.evaluate.event_reader",
    "sources": "kqlx.conversion.data_sources",
    "targets": "kqlx.backends",
}

__all__ = [
    "Conversion",
    "Effect",
    "EventsTogether",
    "FieldUse",
    "KqlSyntaxError",
    "KqlxError",
    "MappingError",
    "Note",
    "QuerySyntaxError",
    "Reading",
    "Rule",
    "RuleError",
    "RuleSet",
    "UnsupportedError",
    "UsageError",
    "__version__",
    "compile",
    "convert",
    "explain",
    "explain_code",
    "field_uses",
    "find_sequences",
    "format",
    "lint",
    "load_rules",
    "matches",
    "parse",
    "read",
    "read_events",
    "sources",
    "targets",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kqlx' has no attribute {name!r}")
    module, _, other = _HOMES[name].partition(":")
    value = getattr(import_module(module), other or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


class _Package(ModuleType):
    """Python sets a submodule as an attribute of its package; the function ``convert`` must not be
    hidden so.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
