"""Kibana's meaning on events: queries as predicates, and the events that they are asked about."""
