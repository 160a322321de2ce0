"""The table that ``make bench`` begins with: each figure as a ratio to another one of the same run,
so that it says the same on a slow machine and on one that is busy. Times are the processor's, but
for those of several processes at once, and the least of several runs, which take turns.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import kqlx
from tests.conftest import ROOT
from tests.corpus import folder, rules

EQL_CORPUS = ROOT.parent / "shared/corpus_eql"
RULE = ROOT / "rules/m365_exchange_mailbox_items_accessed_excessively.toml"
KQLX = (sys.executable, "-m", "kqlx")
PASS = (sys.executable, "-c", "pass")
QUERY = (
    "event.dataset:o365.audit and event.provider:Exchange and "
    'event.action:("New-InboxRule" or Set-*) and event.outcome:success and not user.id:bot1'
)
STANDARD = 0.020
"""Seconds that ``python -c pass`` takes where a time is given without a ratio."""

Line = tuple[str, str, str]


def table() -> Iterator[Line]:
    """What is measured, what is to be reached, and what it is here."""
    with tempfile.TemporaryDirectory() as place:
        bare = yield from _starts(Path(place))
        yield from _conversions(bare)
        yield from _long_queries()
        yield from _folders(Path(place), bare)


class Used(NamedTuple):
    """What a process took: seconds of the wall clock and of processors."""

    wall: float
    processor: float


def _run(command: tuple[str, ...]) -> Used:
    """Modules are compiled once, as they are where kqlx is installed, whatever is usual here."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment
    )
    _, _, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    return Used(wall, used.ru_utime + used.ru_stime)


_MEASURED = """\
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.wait4(process.pid, 0)[2].ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def _memory(command: tuple[str, ...]) -> int:
    """The most memory that a process had, in bytes. The system counts with it what the process had
    that started it, hence a small one between.
    """
    small = (sys.executable, "-c", _MEASURED, *command)
    run = subprocess.run(small, capture_output=True, text=True, cwd=ROOT, check=True)
    return int(run.stdout)


def _processor_times(commands: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """The least seconds of processors of each of some processes, which take turns: a busy machine
    adds little to these.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(15):
        for name, command in commands.items():
            times[name].append(_run(command).processor)
    return {name: min(each) for name, each in times.items()}


def _call(function: Callable[[], object], runs: int = 3) -> float:
    """The least seconds of the processor for a call."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        function()
        times.append(time.process_time() - started)
    return min(times)


def _starts(place: Path) -> Generator[Line, None, float]:
    sigma_rule = place / "rule.yml"
    sigma_rule.write_text(kqlx.convert(_rule(), "sigma").text, encoding="utf-8")
    settings = place / "kqlx.yml"
    settings.write_text("to: spl\njobs: 1\n", encoding="utf-8")
    commands = {
        "pass": PASS,
        "kqlx --version": (*KQLX, "--version"),
        "kqlx --help": (*KQLX, "--help"),
        "kqlx convert --help": (*KQLX, "convert", "--help"),
        "kqlx sources": (*KQLX, "sources"),
        "cold kqlx convert --to spl RULE": (*KQLX, "convert", "--to", "spl", str(RULE)),
        "the same with a kqlx.yml": (*KQLX, "convert", "--config", str(settings), str(RULE)),
    }
    if sigma := shutil.which(os.environ.get("SIGMA", "sigma")):
        pipeline = ("--without-pipeline", str(sigma_rule))
        commands["sigma"] = (sigma, "convert", "-t", "splunk", *pipeline)
    found = _processor_times(commands)
    bare = found["pass"]
    for name in [name for name in commands if name not in ("pass", "sigma")]:
        reach = 4 if commands[name][-1] in ("--version", "--help") else 9
        yield f"{name} / python -c pass", f"{reach} ×", f"{found[name] / bare:.1f} ×"
    cold = found["cold kqlx convert --to spl RULE"]
    against = f"{cold / found['sigma']:.2f} ×" if "sigma" in found else "no sigma"
    yield "cold kqlx convert --to spl RULE / sigma convert", "0.25 ×", against
    return bare


def _rule() -> kqlx.Rule:
    (rule,) = kqlx.load_rules(RULE).rules
    return rule


def _convert(rule: kqlx.Rule | kqlx.Reading | str, target: str) -> None:
    with suppress(kqlx.KqlxError):
        kqlx.convert(rule, target, accept=("wider", "narrower", "different"), unmapped="comment")


def _convert_all(each: Iterable[kqlx.Rule], targets: Iterable[str]) -> None:
    for rule in each:
        reading = kqlx.read(rule)
        for target in targets:
            _convert(reading, target)


def _conversions(bare: float) -> Iterator[Line]:
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection

    rule, text = _rule(), kqlx.convert(_rule(), "sigma").text
    targets = [target.name for target in kqlx.targets()]
    ours = _call(lambda: _convert_all([rule], targets), 30)
    theirs = _call(lambda: SplunkBackend().convert(SigmaCollection.from_yaml(text)), 30)
    label = "rule 2 to all targets, warm / pySigma to Splunk alone"
    yield label, "0.5 ×", f"{ours / theirs:.2f} ×"
    parsed = _call(lambda: [kqlx.parse(QUERY) for _ in range(200)], 10) / 200
    microseconds = 1e6 * parsed * STANDARD / bare
    yield (
        f"parse {len(QUERY)} characters, where pass takes 20 ms",
        "60 us",
        f"{microseconds:.0f} us",
    )
    yield from _eql()
    if not (each := [rule for _, rule in rules()]):
        return
    for target in targets:
        took = _call(partial(_convert_all, each, [target]))
        scaled = 1e3 * took / len(each) * STANDARD / bare
        yield f"a corpus rule to {target}, where pass takes 20 ms", "1 ms", f"{scaled:.1f} ms"


def _eql() -> Iterator[Line]:
    """A rule in EQL beside one in Kibana KQL, for each character; where there are corpora of
    both.
    """
    kuery = [rule.query for _, rule in rules()]
    eql = [rule.query for rule in kqlx.load_rules(EQL_CORPUS).rules] if EQL_CORPUS.is_dir() else []
    if not kuery or not eql:
        return

    def each(queries: list[str], language: str) -> float:
        def parse_all() -> None:
            for query in queries:
                _parse(query, language)

        return _call(parse_all, 10) / sum(map(len, queries))

    ratio = each(eql, "eql") / each(kuery, "kuery")
    yield "parse a corpus rule in EQL / in Kibana KQL, for each character", "2 ×", f"{ratio:.1f} ×"


def _parse(query: str, language: str) -> None:
    with suppress(kqlx.UnsupportedError):  # a sequence, which is read all the same
        kqlx.parse(query, language=language)


def _long_queries() -> Iterator[Line]:
    listed = " or ".join(f"value{number}" for number in range(100_000))
    for target in kqlx.targets():
        query = f"event.dataset:o365.audit and user.id:({listed})"
        took = _call(partial(kqlx.convert, query, target.name), 1)
        yield f"a list of 100,000 values to {target.name}", "2 s", f"{took:.1f} s"
    few, many = [
        _call(partial(kqlx.convert, query, "sigma", source="none"), 5)
        for query in (" and ".join(f"f:v{i}" for i in range(count)) for count in (1000, 4000))
    ]
    yield "f:v0 and f:v1 and ... to sigma, 4,000 / 1,000", "4 ×", f"{many / few:.1f} ×"


def _folders(place: Path, bare: float) -> Iterator[Line]:
    if (corpus := folder()) is not None:

        def whole() -> None:
            read = [rule for rule in kqlx.load_rules(corpus).rules if rule.language == "kuery"]
            _convert_all(read, [t.name for t in kqlx.targets()])

        took = _call(whole, 1) * STANDARD / bare
        yield "the corpus to all targets, where pass takes 20 ms", "1.5 s", f"{took:.1f} s"
        for number in range(10):
            shutil.copytree(corpus, place / "copies" / str(number))
        to_all = (*KQLX, "convert", "--to", "all", str(corpus), "--quiet", "--out")
        reports = [
            f"--report={place / f'report.{kind}'}" for kind in ("html", "md", "json", "sarif")
        ]
        alone = _run((*to_all, str(place / "alone"))).processor
        ratio = _run((*to_all, str(place / "reported"), *reports)).processor / alone
        yield "the corpus to all targets, with all reports / without", "1.7 ×", f"{ratio:.2f} ×"
        command = (*KQLX, "convert", "--to", "spl", str(place / "copies"), "--quiet")
        jobs = {n: (*command, "--jobs", n, "--out", str(place / f"out{n}")) for n in ("1", "2")}
        found = {n: _run(each).wall for n, each in jobs.items()}
        yield "ten copies of it, --jobs 1 / --jobs 2", "1.6 ×", f"{found['1'] / found['2']:.2f} ×"
    yield from _memories(place)


def _memories(place: Path) -> Iterator[Line]:
    convert = (*KQLX, "convert", "--to", "spl", "--quiet")
    many = place / "many"
    many.mkdir()
    text = RULE.read_text("utf-8")
    for number in range(10_000):
        (many / f"{number}.toml").write_text(text, encoding="utf-8")
    for label, more in (
        ("10,000 rules, printed", ()),
        ("10,000 rules, to files", ("--out", str(place / "out-many"))),
    ):
        most = _memory((*convert, *more, str(many)))
        yield f"memory of {label}", "300 MB", f"{most / 1e6:.0f} MB"
    for label, text in _long_files():
        path = place / "long.toml"
        path.write_text(text, encoding="utf-8")
        tracemalloc.start()
        kqlx.load_rules(path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        ratio = most / path.stat().st_size
        yield f"memory to read a rule file with {label} / its size", "10 ×", f"{ratio:.1f} ×"


def _long_files() -> Iterator[tuple[str, str]]:
    head = '[rule]\nname = "x"\ntype = "query"\nlanguage = "kuery"\n'
    values = " or ".join(f"value{number}" for number in range(100_000))
    lines = "".join(f"line {number} of a guide\n" for number in range(100_000))
    tables = '[[rule.threat]]\nframework = "MITRE ATT&CK"\n' * 50_000
    yield "a long query", f'{head}query = "a:({values})"\n'
    yield "a long guide", f'{head}query = "a:b"\nnote = """\n{lines}"""\n'
    yield "many small tables", f'{head}query = "a:b"\n{tables}'


def print_table() -> None:
    for what, reach, here in table():
        print(f"{what:62} {here:>12}   (to reach: {reach})", flush=True)
