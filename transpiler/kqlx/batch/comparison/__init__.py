"""Two sets of rules, or one set with two sets of mappings: which conversions change, and how."""
