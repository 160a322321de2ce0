"""Kibana KQL text → tree, and tree → text."""

from __future__ import annotations

from kqlx.frontends.kql.reader import MAX_DEPTH as MAX_DEPTH
from kqlx.frontends.kql.reader import TRIMMED as TRIMMED
from kqlx.frontends.kql.reader import parse as parse
from kqlx.frontends.kql.reader import refuse_leading_wildcards as refuse_leading_wildcards
