"""Elasticsearch: Query DSL, search bodies, detection rules, watches."""

from kqlx.backends.elasticsearch.query_dsl import TARGET as TARGET
