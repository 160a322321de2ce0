"""Mapping packs: recognition of data sources, binding, values, and events that prove them."""
