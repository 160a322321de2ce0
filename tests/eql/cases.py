"""The cases of ``tests/cases/eql.jsonl``, written from Elasticsearch's documentation: texts that it
accepts, with events and whether they match, and texts that it refuses, with the place and the code.
"""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import ROOT

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (ROOT / "tests/cases/eql.jsonl").read_text("utf-8").split("\n")
    if line
]
ACCEPTED = [case for case in CASES if "error_at" not in case]
REFUSED = [case for case in CASES if "error_at" in case]
READABLE = [case["eql"] for case in ACCEPTED]
