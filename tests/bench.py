"""What ``make bench`` prints: the table of ratios (``bench_table``), then medians of whole
processes and of single calls, here and now.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import kqlx
from kqlx.backends.elasticsearch.query_dsl import query_of
from kqlx.backends.target import Options
from kqlx.evaluate.event_fields import Event
from kqlx.evaluate.schema import Predicate
from kqlx.mappings.bound import Bound
from tests.bench_table import print_table
from tests.corpus import rules as corpus_rules

ROOT = Path(__file__).parent.parent
RULE = ROOT / "rules/m365_exchange_mailbox_items_accessed_excessively.toml"
RUNS = 15


def process(*arguments: str) -> float:
    """Wall seconds of one run of Python."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


def call(function: Callable[[], object], seconds: float = 0.5) -> float:
    """Median seconds of one call, over batches that together take about so long."""
    started = time.perf_counter()
    function()
    once = max(time.perf_counter() - started, 1e-7)
    batch = max(1, int(seconds / 10 / once))
    times = []
    for _ in range(10):
        started = time.perf_counter()
        for _ in range(batch):
            function()
        times.append((time.perf_counter() - started) / batch)
    return statistics.median(times)


def cold_start() -> None:
    command = ("-m", "kqlx", "convert", "--to", "spl", str(RULE))
    pairs = [(process("-c", "pass"), process(*command)) for _ in range(RUNS)]
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"python -c pass                       {bare * 1e3:8.1f} ms")
    print(f"kqlx convert --to spl RULE, cold     {ours * 1e3:8.1f} ms, {ratio:.1f} times as long")


def warm_conversion() -> None:
    (rule,) = kqlx.load_rules(RULE).rules
    for target in kqlx.targets():
        seconds = call(partial(kqlx.convert, rule, to=target.name))
        print(f"convert rule 2 to {target.name:18} {seconds * 1e6:8.0f} us")


QUERY = (
    "event.dataset:o365.audit and event.provider:Exchange and "
    'event.action:("New-InboxRule" or Set-*) and event.outcome:success and not user.id:bot1'
)


def language() -> None:
    """Parsing alone, and parsing with the Query DSL."""
    rules = [*kqlx.load_rules(ROOT / "rules").rules]
    mapped = [rule for rule in rules if rule.path and rule.path.stem.startswith("m365_")]
    texts = {rule.path.stem[:30]: [rule.query] for rule in mapped if rule.path}
    texts[f"{len(QUERY)} characters"] = [QUERY]
    if corpus := [rule.query for _, rule in corpus_rules()]:
        texts[f"{len(corpus)} rules of the corpus"] = corpus
    for name, queries in texts.items():

        def parse_all(queries: list[str] = queries) -> None:
            for query in queries:
                kqlx.parse(query)

        def dsl_all(queries: list[str] = queries) -> None:
            for query in queries:
                query_of(Bound(kqlx.parse(query)), Options())

        parsed, written = call(parse_all) / len(queries), call(dsl_all) / len(queries)
        print(f"parse {name:32} {parsed * 1e6:8.0f} us, with Query DSL {written * 1e6:6.0f} us")
    for count in (10, 100, 1_000, 10_000, 100_000):
        text = "f:(" + " or ".join(f"value{n}" for n in range(count)) + ")"
        seconds = call(partial(kqlx.parse, text), 0.2)
        print(f"parse a list of {count:7,} values        {seconds * 1e3:10.2f} ms")


def _count(matches: Predicate, events: Sequence[Event]) -> int:
    return sum(map(matches, events))


def evaluator() -> None:
    """Events a second, over audit records of which one in ten matches."""
    for rule in kqlx.load_rules(ROOT / "rules").rules:
        if rule.path is None or not rule.path.stem.startswith("m365_"):
            continue
        events = [audit_record(number) for number in range(5000)]
        seconds = call(partial(_count, kqlx.compile(rule.query), events))
        print(f"evaluate {rule.path.stem[:34]:34} {len(events) / seconds:12,.0f} events a second")


def audit_record(number: int) -> dict[str, object]:
    kind = number % 10
    return {
        "@timestamp": "2026-11-22T10:00:00.000Z",
        "data_stream": {"dataset": "o365.audit", "namespace": "default", "type": "logs"},
        "event": {
            "dataset": "o365.audit",
            "provider": "Exchange" if kind else "SecurityComplianceCenter",
            "category": ["web", "file"],
            "action": "MailItemsAccessed"
            if kind < 5 and kind
            else "User restricted from sending email",
            "code": "ExchangeItemAggregated",
            "outcome": "success",
            "id": f"id-{number}",
        },
        "user": {"id": f"user{number}@example.com", "name": f"user{number}"},
        "source": {"ip": f"192.0.2.{number % 250}"},
        "o365": {
            "audit": {
                "OperationCount": number % 130,
                "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"}],
                "UserType": "0",
                "LogonType": "1",
            }
        },
        "host": {"name": "tenant"},
        "tags": ["forwarded"],
    }


def main() -> None:
    print_table()
    cold_start()
    warm_conversion()
    language()
    evaluator()


if __name__ == "__main__":
    main()
