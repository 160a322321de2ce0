"""The meaning of queries on events: the evaluator, its laws, and the reader of events."""
