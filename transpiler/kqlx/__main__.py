"""``python -m kqlx``."""

from kqlx.cli import main

main()
