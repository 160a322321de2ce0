"""Query text → tree. One module a source language."""
