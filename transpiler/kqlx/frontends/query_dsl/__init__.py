"""A clause of Elasticsearch's Query DSL → tree: what Kibana's filters are written in."""
