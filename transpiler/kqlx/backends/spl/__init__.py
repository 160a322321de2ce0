"""Splunk: SPL searches, saved searches, content for contentctl."""

from kqlx.backends.spl.search import TARGET as TARGET
