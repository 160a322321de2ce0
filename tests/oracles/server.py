"""A real Elasticsearch, for tests that hold our meaning and our Query DSL against it.

The server is the distribution that Elastic tests its clients with, from Maven Central
(``org.elasticsearch.distribution.integ-test-zip``): it has the field types and queries of the
server alone, no painless, no bucket scripts, and not the field types that modules bring. It needs
Java and Maven. It listens on the loopback address, is unpacked into a folder of its own that goes
away with it, and is ended whatever happens. Elasticsearch refuses to run as root, who gives it to
``nobody``.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import missing

VERSION = "8.19.21"
GROUP = "org.elasticsearch.distribution.integ-test-zip"
LOCAL = Path.home() / ".m2/repository" / GROUP.replace(".", "/") / "elasticsearch"
ZIP = LOCAL / VERSION / f"elasticsearch-{VERSION}.zip"
"""Where Maven keeps it, unless its settings say otherwise."""

DOWNLOAD, START, STOP, REQUEST = 300, 180, 20, 120
"""How long each may take, in seconds."""

CONFIGURATION = """\
cluster.name: kqlx
node.name: one
network.host: 127.0.0.1
http.port: {http}
transport.port: {transport}
discovery.type: single-node
path.data: {home}/data
path.logs: {home}/logs
xpack.security.enabled: false
xpack.security.enrollment.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
action.auto_create_index: false
"""
SETTINGS = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": -1,
    "mapping.total_fields.limit": 100_000,
    "max_result_window": 1_000_000,
    "query.default_field": ["*"],
}
BULK = 2_000
"""Events a request."""

SEARCHES = 100
"""Searches a request."""

_MANY = (
    "/_msearch?filter_path=responses.hits.hits._id,responses.error,responses.status,"
    "responses._shards.failures"
)

STANDS_FOR = {
    "match_only_text": "text",
    "annotated_text": "text",
    "search_as_you_type": "text",
    "scaled_float": "double",
    "wildcard": "keyword",
    "constant_keyword": "keyword",
    "version": "keyword",
    "unsigned_long": "long",
}
"""Types of modules that the distribution lacks → the one that is mapped in their place."""


class Refused(Exception):
    """Elasticsearch refuses a search: what it says of it."""


class Server:
    """A running Elasticsearch. Its methods raise Refused for what it answers with an error."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, str | None) else json.dumps(body)
        kind = "application/x-ndjson" if isinstance(body, str) else "application/json"
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST)
        encoded = None if data is None else data.encode()
        try:
            self._connection.request(method, path, encoded, {"Content-Type": kind})
            answer = self._connection.getresponse()
            found = json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise
        if answer.status >= 400:
            raise Refused(_reason(found))
        return found

    def close(self) -> None:
        """Ends the connection, which the next question would open again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def create(self, index: str, types: Mapping[str, str]) -> None:
        """An index whose fields have these Elasticsearch types."""
        body = {"settings": SETTINGS, "mappings": {"dynamic": True, **mapping(types)}}
        self.ask("PUT", f"/{index}", body)

    def fill(self, index: str, events: Iterable[Mapping[str, Any]]) -> dict[int, str]:
        """Indexes the events under their numbers. Returns by number why some were refused."""
        refused: dict[int, str] = {}
        lines: list[str] = []

        def send() -> None:
            answer = self.ask(
                "POST",
                f"/{index}/_bulk?filter_path=items.*._id,items.*.error",
                "\n".join([*lines, ""]),
            )
            for item in answer.get("items", ()):
                done = item["index"]
                if "error" in done:
                    refused[int(done["_id"])] = _reason({"error": done["error"]})
            lines.clear()

        for number, event in enumerate(events):
            lines += [f'{{"index":{{"_id":"{number}"}}}}', json.dumps(event)]
            if len(lines) >= 2 * BULK:
                send()
        if lines:
            send()
        self.ask("POST", f"/{index}/_refresh")
        return refused

    def search(self, index: str, body: Mapping[str, Any]) -> Any:
        return self.ask("POST", f"/{index}/_search", body)

    def matching(self, index: str, query: Mapping[str, Any]) -> set[int]:
        """The numbers of the events that a query finds."""
        (found,) = self.matching_each(index, [query])
        if isinstance(found, Refused):
            raise found
        return found

    def matching_each(
        self, index: str, queries: Sequence[Mapping[str, Any]]
    ) -> list[set[int] | Refused]:
        """By query the numbers of the events that it finds, or why it is refused."""
        found: list[set[int] | Refused] = []
        for start in range(0, len(queries), SEARCHES):
            found += self._matching(index, queries[start : start + SEARCHES])
        return found

    def _matching(
        self, index: str, queries: Sequence[Mapping[str, Any]]
    ) -> list[set[int] | Refused]:
        lines: list[str] = []
        for query in queries:
            body = {"query": query, "size": 1_000_000, "_source": False, "sort": ["_doc"]}
            lines += [json.dumps({"index": index}), json.dumps(body)]
        try:
            answers = self.ask("POST", _MANY, "\n".join([*lines, ""]))["responses"]
        except Refused as refusal:  # one that cannot be parsed takes the others with it
            if len(queries) == 1:
                return [refusal]
            half = len(queries) // 2
            return [*self._matching(index, queries[:half]), *self._matching(index, queries[half:])]
        found: list[set[int] | Refused] = []
        for answer in answers:
            if "error" in answer or "_shards" in answer:
                found.append(Refused(_reason(answer)))
            else:
                hits = answer.get("hits", {}).get("hits", ())
                found.append({int(hit["_id"]) for hit in hits})
        return found


def mapping(types: Mapping[str, str]) -> dict[str, Any]:
    """The mapping of an index: objects within each other, and multi-fields below their fields."""
    root: dict[str, Any] = {}
    for name in sorted(types):
        kind = STANDS_FOR.get(types[name], types[name])
        here, place = root, ""
        *parts, last = name.split(".")
        for part in parts:
            place = f"{place}.{part}" if place else part
            above = here.setdefault("properties", {}).setdefault(part, {})
            here = above
        within = parts and types.get(place, "object") not in ("object", "nested")
        below = "fields" if within else "properties"
        made = here.setdefault(below, {}).setdefault(last, {})
        if kind != "object":
            made["type"] = kind
        if name.endswith(".caseless") and within and kind == "keyword":
            made["normalizer"] = "lowercase"
    return root


@contextmanager
def running() -> Iterator[Server]:
    """Starts an Elasticsearch, and ends it. Skips the test where Java or Maven is missing."""
    archive = _archive()
    home = Path(tempfile.mkdtemp(prefix="kqlx-elasticsearch-"))
    try:
        home.chmod(0o755)
        (home / "own").mkdir()
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(home)
        (installed,) = home.glob("elasticsearch-*")
        ports = _free_ports(2)
        config = installed / "config" / "elasticsearch.yml"
        text = CONFIGURATION.format(home=home, http=ports[0], transport=ports[1])
        config.write_text(text, encoding="utf-8")
        for script in (installed / "bin").iterdir():
            script.chmod(0o755)
        with _process(installed, home) as process:
            server = Server(ports[0])
            _wait(server, process, home)
            yield server
            server.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _archive() -> Path:
    """The distribution, which Maven gets where it is not there yet."""
    if shutil.which("java") is None:
        missing("Java is not installed")
    if not ZIP.exists():
        if shutil.which("mvn") is None:
            missing("Maven is not installed")
        artifact = f"-Dartifact={GROUP}:elasticsearch:{VERSION}:zip"
        command = ["mvn", "-q", "-B", "dependency:get", artifact, "-Dtransitive=false"]
        try:
            subprocess.run(
                command,
                check=True,
                timeout=DOWNLOAD,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except (subprocess.SubprocessError, OSError) as error:
            missing(f"Maven cannot get Elasticsearch {VERSION}: {error}")
    return ZIP


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in taken]
    for one in taken:
        one.close()
    return ports


@contextmanager
def _process(installed: Path, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(installed / "bin" / "elasticsearch")]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            missing("Elasticsearch refuses to run as root, and there is no setpriv")
        command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *command]
        for path in (home, *home.rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
    java = Path(os.path.realpath(str(shutil.which("java")))).parents[1]
    environment = {
        **os.environ,
        "ES_JAVA_HOME": str(java),
        "ES_JAVA_OPTS": "-Xms1g -Xmx1g -XX:TieredStopAtLevel=1",
        "ES_TMPDIR": str(home / "own"),
        "HOME": str(home / "own"),  # the server may read there, and must not see its own code
    }
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
                process.wait(STOP)
                break
            except ProcessLookupError:
                process.wait(STOP)
                break
            except subprocess.TimeoutExpired:
                continue


def _wait(server: Server, process: subprocess.Popen[bytes], home: Path) -> None:
    end = time.monotonic() + START
    while True:
        try:
            server.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            return
        except (OSError, http.client.HTTPException, Refused):
            if process.poll() is None and time.monotonic() < end:
                time.sleep(0.25)
                continue
        output = (home / "output").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"Elasticsearch did not start:\n{output[-3000:]}")


def _reason(answer: Any) -> str:
    """The innermost reason of an error."""
    found: list[str] = []
    stack = [answer.get("error") or answer.get("_shards")]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(reversed(here))
        elif isinstance(here, dict):
            if isinstance(here.get("reason"), str):
                found.append(here["reason"])
            stack += [
                v for k, v in here.items() if isinstance(v, dict | list) and k != "script_stack"
            ]
        elif isinstance(here, str):
            found.append(here)
    return " / ".join(dict.fromkeys(found)) or json.dumps(answer)[:300]
