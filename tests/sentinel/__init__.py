"""The Sentinel target: queries, tables, rule types and analytics rules."""
