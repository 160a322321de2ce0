"""A test kit for targets: the law of agreement, and queries and events to judge by it."""
