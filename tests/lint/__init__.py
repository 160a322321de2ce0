"""Doubts about queries: what raises each, and what does not."""
