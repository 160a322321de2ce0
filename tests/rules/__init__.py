"""Rule files: their formats, paths, metadata, filters and exceptions."""
