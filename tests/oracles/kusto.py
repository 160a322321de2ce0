"""Microsoft's analyser of Kusto (npm @kusto/language-service-next), by a process of Node.js that
is started once and asked line by line.
"""

from __future__ import annotations

import atexit
import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any

from tests.conftest import missing

ENGINES = Path(__file__).parents[1] / "engines"
TABLES = Path(__file__).parent / "sentinel_tables.json"
TIMEOUT = 300
"""Seconds after which an analyser that does not answer is ended."""


def there() -> bool:
    """Whether the analyser is installed."""
    installed = (ENGINES / "node_modules/@kusto/language-service-next").is_dir()
    return installed and shutil.which("node") is not None


def analyse(
    queries: Sequence[str],
    schema: Mapping[str, Mapping[str, str]] | None = None,
    own: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
) -> list[list[str]]:
    """By query the analyser's complaints: none where Sentinel would take it.

    ``schema`` is {table: {column: Kusto type}}, by default the tables that the packs use; ``own``
    has that of queries which are on others.
    """
    if shutil.which("node") is None:
        missing("Node.js is not installed")
    if not (ENGINES / "node_modules/@kusto/language-service-next").is_dir():
        missing("Microsoft's analyser is not installed (make setup, with Node.js)")
    process = _analyser()
    limit = Timer(TIMEOUT, process.kill)
    limit.start()
    try:
        return [_ask(process, query, (own or {}).get(query, schema)) for query in queries]
    finally:
        limit.cancel()


_OF_SESSIONS = {
    "srcipaddr_has_any_prefix": "SrcIpAddr",
    "dstipaddr_has_any_prefix": "DstIpAddr",
    "dstportnumber": "DstPortNumber",
}
PARAMETERS = {
    "_Im_NetworkSession": _OF_SESSIONS,
    "_Im_WebSession": {
        "srcipaddr_has_any_prefix": "SrcIpAddr",
        "eventresultdetails_in": "EventResultDetails",
    },
    "_Im_Dns": {"domain_has_any": "DnsQuery"},
}
"""By parser of ASIM the parameters that are used of it, each with the column that it filters
(https://learn.microsoft.com/azure/sentinel/normalization-schema-network, -web and -dns).
"""
_CALL = re.compile(r"\b(_Im_\w+)\(((?:[^()]|\([^()]*\))*)\)")
_PARAMETER = re.compile(r"(\w+) = (\d+|dynamic\(\[[^\]]*\]\))(?:, |$)")


def without_parameters(query: str, filtered: bool = False) -> str:
    """The query with parsers as tables, ``filtered`` as their parameters filter. Raises ValueError
    for a parameter that there is not, or of another type.
    """

    def table(match: re.Match[str]) -> str:
        known, given = PARAMETERS.get(match[1], {}), _PARAMETER.findall(match[2])
        spelt = ", ".join(f"{name} = {value}" for name, value in given)
        if not given or spelt != match[2]:
            raise ValueError(match[0])
        tests = []
        for name, value in given:
            if name not in known or (name == "dstportnumber") is not value.isdecimal():
                raise ValueError(match[0])
            tests.append(_filter(name, known[name], value))
        if not filtered:
            return match[1]
        text = f"{match[1]} | where {' and '.join(tests)}"
        line = query[query.rfind("\n", 0, match.start()) + 1 : match.start()]
        alone = line.strip() in ("", "(")
        return text if alone and query[match.end() : match.end() + 1] != "," else f"({text})"

    return _CALL.sub(table, query)


def _filter(name: str, column: str, value: str) -> str:
    if name == "dstportnumber":
        return f"{column} == {value}"
    texts = json.loads(value[len("dynamic(") : -1])
    if name == "eventresultdetails_in":
        return f"{column} in ({json.dumps(texts)[1:-1]})"
    if name == "domain_has_any":
        return "(" + " or ".join(f'{column} has "{text}"' for text in texts) + ")"
    bad = [text for text in texts if text.count(".") != 3 and text[-1:] != "."]
    if bad:
        raise ValueError(f"no prefix of an address: {bad}")
    tests = [f'{column} {"startswith" if t[-1] == "." else "=="} "{t}"' for t in texts]
    return f"({' or '.join(tests)})"


def _ask(process: subprocess.Popen[str], query: str, schema: object) -> list[str]:
    assert process.stdin
    assert process.stdout
    try:
        query = without_parameters(query)
    except ValueError as error:
        return [f"a parser does not take this: {error}"]
    process.stdin.write(json.dumps({"query": query, "schema": schema}) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"the analyser ended with status {process.wait()} at: {query}"
    answer: dict[str, Any] = json.loads(line)
    return [*answer["errors"], *answer["warnings"]]


@cache
def _analyser() -> subprocess.Popen[str]:
    """The process, which ends with this one."""
    process = subprocess.Popen(
        ["node", str(ENGINES / "kusto.js"), str(TABLES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    @atexit.register
    def end() -> None:
        process.kill()
        process.communicate()

    return process
