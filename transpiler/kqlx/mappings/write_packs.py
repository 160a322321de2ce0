"""Writes ``kept_packs.json``; run it as ``python -m kqlx.mappings.write_packs``."""

from __future__ import annotations

from kqlx.mappings.pack import KEPT, kept_text

if __name__ == "__main__":
    KEPT.write_text(kept_text(), encoding="utf-8")
