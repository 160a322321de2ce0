"""Writes the packs as JSON, which conversions read, into ``compiled/``; run it as
``python -m kqlx.mappings.compile_packs``. A pack that is wrong is named, and nothing is written.
"""

from __future__ import annotations

import sys
from typing import Any

from kqlx import resources
from kqlx.errors import MappingError
from kqlx.mappings.overview import OVERVIEW, overview_data
from kqlx.mappings.reader.builtin import INDEX, KEPT, NAMES, as_json, digest, kept_text, names_in
from kqlx.mappings.reader.pack_data import of_data
from kqlx.mappings.reader.pack_file import read_data


def kept_texts() -> dict[str, str]:
    """What ``compiled/`` must hold for the packs as they are: name of file → text.

    Raises MappingError for a pack that is wrong.
    """
    texts: dict[str, str] = {}
    index: dict[str, Any] = {}
    names: set[str] = set()
    overview: dict[str, Any] = {}
    for path in sorted(resources.PACKS.glob("*.yml")):
        data = read_data(path)
        if data["source"] != path.stem:
            raise MappingError(f"{path}: source: must be {path.stem}, as the file is named")
        texts[f"{path.stem}.json"] = kept_text(data, digest(path.read_bytes()))
        index[path.stem] = data.get("recognise", {})
        names.update(names_in(data))
        overview[path.stem] = overview_data(of_data(data))
    of_names = "\n".join([" ".join(index), *sorted(names), ""])
    return {**texts, INDEX: as_json(index), NAMES: of_names, OVERVIEW: as_json(overview)}


def main() -> None:
    """Brings ``compiled/`` up to date."""
    try:
        texts = kept_texts()
    except MappingError as error:
        sys.exit(str(error))
    KEPT.mkdir(exist_ok=True)
    for path in KEPT.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (KEPT / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
