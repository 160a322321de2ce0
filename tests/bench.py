"""What ``make bench`` prints: medians of whole processes and of single calls, here and now."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import kqlx

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
        seconds = call(lambda name=target.name: kqlx.convert(rule, to=name))  # type: ignore[misc]
        print(f"convert rule 2 to {target.name:18} {seconds * 1e6:8.0f} us")


def main() -> None:
    cold_start()
    warm_conversion()


if __name__ == "__main__":
    main()
