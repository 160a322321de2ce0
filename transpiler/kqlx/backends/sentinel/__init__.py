"""Microsoft Sentinel: queries in Kusto KQL, analytics rules as YAML and ARM."""

from kqlx.backends.sentinel.query import TARGET as TARGET
