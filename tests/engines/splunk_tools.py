"""Reads detections by contentctl, or apps by AppInspect: run by
``tests/oracles/splunk_tools.py`` in the environment of ``requirements.txt``.

    python splunk_tools.py detections < JSON    {"texts": [of detections], "lookups": [names]}
    python splunk_tools.py apps FOLDER ...      the folders of apps

Prints JSON: for each detection or app a list of what the tool has against it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # contentctl loads it, no test needs git

BAD = ("failure", "error", "future_failure", "warning", "manual_check")

# What a rule itself may ask for: to run each minute, or to look for an address.
OF_THE_RULE = ("check_for_gratuitous_cron_scheduling", "check_hostnames_and_ips")


def detections(texts: list[str], lookups: list[str]) -> list[list[str]]:
    """What contentctl's model of a detection says of each. Of the stories, macros and lookups that
    it could name these lookups alone exist.
    """
    director = importlib.import_module("contentctl.input.director")
    names = {
        name: getattr(importlib.import_module(f"contentctl.objects.{name.lower()}"), name)
        for name in ("Investigation", "Baseline", "Story", "Detection")
    }
    model = names["Detection"]
    model.model_rebuild(_types_namespace={**vars(director), **names})
    without = {"use_enrichment": False}
    context = director.DirectorOutputDto(
        director.AtomicEnrichment(**without),
        director.AttackEnrichment(**without),
        director.CveEnrichment(**without),
    )
    store = importlib.import_module("contentctl.objects.lookup").KVStoreLookup
    for name in lookups:
        table: dict[str, Any] = dict.fromkeys(("description", "author"), "x")
        table |= {"name": name, "id": str(uuid.uuid4()), "date": "2026-01-01", "version": 1}
        table |= {"lookup_type": "kvstore", "fields": ["_key", "value"]}
        lookup = store.model_validate(table, context={"output_dto": context})
        context.addContentToDictMappings(lookup)
    with tempfile.TemporaryDirectory() as folder:
        return [list(_complaints(text, model, context, Path(folder))) for text in texts]


def _complaints(text: str, model: Any, context: Any, folder: Path) -> Iterator[str]:
    """As contentctl itself does: it reads the file, and has the model take what is in it."""
    reader = importlib.import_module("contentctl.input.yml_reader").YmlReader
    base = importlib.import_module("contentctl.objects.security_content_object")
    try:
        name = importlib.import_module("yaml").safe_load(text)["name"]
        path = folder / base.SecurityContentObject.contentNameToFileName(name)
        path.write_text(text, encoding="utf-8")
        detection = model.model_validate(reader.load_file(path), context={"output_dto": context})
        detection.serialize_model()
    except (Exception, SystemExit) as error:  # of whatever kind: it does not take the file
        yield f"{type(error).__name__}: {error}"


def app(folder: str) -> list[str]:
    """What AppInspect says of an app before it is certified."""
    importlib.import_module("pylibmagic")  # first, for AppInspect needs a library that it brings
    main = importlib.import_module("splunk_appinspect.main")
    with tempfile.TemporaryDirectory() as beside:
        output = Path(beside) / "report.json"
        sys.argv = ["splunk-appinspect", "inspect", folder, "--mode", "precert"]
        sys.argv += ["--output-file", str(output)]
        with contextlib.suppress(SystemExit):
            main.execute()
        report = json.loads(output.read_text("utf-8"))["reports"][0]
    checks = [check for group in report["groups"] for check in group["checks"]]
    assert sum(check["result"] == "success" for check in checks) > 50, "it has looked at nothing"
    return [
        f"{check['result']} of {check['name']}: {message['message']}"
        for check in checks
        for message in check["messages"]
        if message["result"] in BAD
        and not (message["result"] == "warning" and check["name"] in OF_THE_RULE)
    ]


if __name__ == "__main__":
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):  # the tools print too
        if sys.argv[1] == "apps":
            answer = [app(folder) for folder in sys.argv[2:]]
        else:
            answer = detections(**json.load(sys.stdin))
    json.dump(answer, sys.stdout)
