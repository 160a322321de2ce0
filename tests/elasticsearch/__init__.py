"""The Elasticsearch target: Query DSL, searches, rules, and a real server's answers."""
