"""Patterns and ranges in the syntax of Lucene, as Kibana writes them for ``query_string`` and
``wildcard`` queries.
"""

from __future__ import annotations

import re
from functools import partial

from kqlx.nodes import Compare, Pattern
from kqlx.regexes import late_regex

# What Lucene's query_string syntax gives a meaning to. Kibana leaves AND, OR and NOT alone, and so
# do we.
_RESERVED = late_regex(r'[-+=&|><!(){}\[\]^"~*?:\\/]')

_WILDCARDS = late_regex(r"[*?\\]")

SPACE = late_regex(r"[ \t\r\n\u3000]")
"""Where query_string parts one term from the next."""


def pattern_text(pattern: Pattern) -> str:
    """A pattern in the syntax of query_string and wildcard queries, escaped as Kibana does it."""
    return pattern.as_regex(partial(_RESERVED.sub, r"\\\g<0>"), any_run="*", any_one="?")


def wildcard_text(pattern: Pattern) -> str:
    """A pattern for a wildcard query, with only what has a meaning there escaped."""
    return pattern.as_regex(partial(_WILDCARDS.sub, r"\\\g<0>"), any_run="*", any_one="?")


def range_text(node: Compare) -> str:
    """A range in the syntax of query_string."""
    value = '"' + re.sub(r'["\\]', r"\\\g<0>", node.value.name) + '"'
    forms = {"gt": "{%s TO *]", "gte": "[%s TO *]", "lt": "[* TO %s}", "lte": "[* TO %s]"}
    return forms[node.op] % value
