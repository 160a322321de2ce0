"""Kibana KQL: the parser, its error messages and the formatter."""
