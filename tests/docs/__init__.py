"""The documents: generated pages, examples of codes, commands of the README."""
