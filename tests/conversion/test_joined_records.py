"""Events of the Linux audit framework, whose records Splunk and Sentinel put together: what the
texts of records are read for, which records belong together, and what the rest of a rule makes of
the events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kqlx
from kqlx.notes import Effect
from tests.conftest import missing
from tests.conversion.test_joined_record_goldens import FILES, SHELL
from tests.oracles import pcre
from tests.oracles.kusto import analyse, there
from tests.oracles.sentinel_rows import results
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import Event, values_of
from tests.oracles.spl.reader import parse_search

EXECUTED = "event.dataset:auditd_manager.auditd and event.action:executed and "
ACCEPTED = ("wider", "narrower", "different")


def assert_taken(*queries: str) -> None:
    """Microsoft's analyser has no complaint about the queries."""
    if not there():
        missing("Microsoft's analyser is not installed")
    assert analyse([*queries]) == [[]] * len(queries)


# As the kernel writes them


def spelt(value: str) -> str:
    """https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Enrichment: what has
    a blank, a quotation mark, a control character or others than ASCII is in hexadecimal.
    """
    odd = any(not "!" <= character <= "~" or character == '"' for character in value)
    return value.encode().hex().upper() if odd else f'"{value}"'


def records(
    args: Sequence[str], serial: int = 1, *, comm: str = "sh", exe: str = "/usr/bin/sh"
) -> list[str]:
    head = f"msg=audit(1770091561.100:{serial}): "
    each = " ".join(f"a{place}={spelt(value)}" for place, value in enumerate(args))
    title = "\0".join(args).encode().hex().upper()
    return [
        f"type=SYSCALL {head}arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4"
        " items=2 ppid=1 pid=7 auid=1000 uid=1000 gid=0 euid=0 tty=pts0 ses=2"
        f' comm="{comm}" exe="{exe}" subj=unconfined key=(null)',
        f"type=EXECVE {head}argc={len(args)} {each}",
        f'type=CWD {head}cwd="/root"',
        f'type=PATH {head}item=0 name="{exe}" inode=1 dev=08:01 nametype=NORMAL',
        f"type=PROCTITLE {head}proctitle={title}",
        f"type=EOE {head}",
    ]


def interpreted(texts: Iterable[str], args: Sequence[str]) -> list[str]:
    """As ``ausearch -i`` prints them."""
    found = []
    for text in texts:
        text = re.sub(
            r"msg=audit\(\d+\.\d+:(\d+)\):", r"msg=audit(02/03/2026 04:06:01.100:\1) :", text
        )
        if text.startswith("type=EXECVE"):
            each = " ".join(f"a{place}={value}" for place, value in enumerate(args))
            text = text.partition(" a0=")[0] + f" {each} "
        found.append(text.replace('"', "").replace("syscall=59", "syscall=execve"))
    return found


def splunk(texts: Iterable[str], host: str = "web01") -> list[Event]:
    pairs = re.compile(r'(?<=\s)(\w+)=("[^"]*"|\S+)')
    return [
        {
            **{name: value.strip('"') for name, value in pairs.findall(" " + text)},
            "_raw": text,
            "_time": "1770091561.1",
            "host": host,
            "sourcetype": "linux_audit",
        }
        for text in texts
    ]


def spl(query: str) -> str:
    return str(kqlx.convert(query, "spl", accept=ACCEPTED).text)


def found_in_splunk(query: str, events: Iterable[Event]) -> list[Event]:
    return evaluate(parse_search(spl(query)), events, now=1770091600)


def found_in_sentinel(query: str, texts: Iterable[tuple[str, str]]) -> list[dict[str, object]]:
    """The rows of a query about records, each with the machine that has it."""
    text = kqlx.convert(query, "sentinel", accept=ACCEPTED).text
    when = "2026-02-03T04:06:01.100Z"
    rows = [
        (number, "Syslog", {"Computer": machine, "SyslogMessage": one, "TimeGenerated": when})
        for number, (machine, one) in enumerate(texts)
    ]
    return results(str(text), ["Syslog"], rows)


# Arguments

ODD = st.text(st.sampled_from(" \"'\\%+=a1é日-/*?\t"), min_size=1, max_size=6)
HEX = st.text(st.sampled_from("0123456789ABCDEF"), min_size=2, max_size=6)
ARGUMENT = st.one_of(
    ODD, HEX, st.sampled_from(["-p", "a1=b", "two words", 'say "x"', "%41", "a+b"])
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ARGUMENT, min_size=1, max_size=12), st.data())
def test_arguments_are_read_as_the_kernel_writes_them(args: list[str], data: st.DataObject) -> None:
    """Elastic keeps none where one of them is a text that it drops."""
    if any(value.strip("'\" ") in ("", "?", "?,", "(null)") for value in args):
        return
    search = spl(f"{EXECUTED}process.args:*")
    (event,) = evaluate(parse_search(search), splunk(records(args)), now=1770091600)
    assert {*values_of(event, "arguments")} == {*args}


@settings(max_examples=30, deadline=None)
@given(st.lists(ARGUMENT, min_size=1, max_size=6))
def test_arguments_are_read_in_sentinel_too(args: list[str]) -> None:
    texts = [("web01", text) for text in records(args)]
    (row,) = found_in_sentinel(f"{EXECUTED}process.args:*", texts)
    assert {*json.loads(str(row["Arguments"]))} == {*args}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("process.args:-c", True),
        ('process.args:"two words"', True),
        ("process.args:two", False),
        ("not process.args:-x", True),
        ("not process.args:-c", False),
        ("not process.args:*words", False),
        ("(process.name:(bash or zsh) or process.args:-c)", True),
        ("(process.name:bash or process.args:-x)", False),
        ("not (process.name:sh and process.args:-c)", False),
        ('process.title:"sh -c two words"', True),
        ("process.working_directory:/root and not process.working_directory:/tmp", True),
        ("file.path:/usr/bin/sh", True),
        ("auditd.data.argc:3", True),
        ("auditd.data.a1:2", True),
        ("auditd.data.a1:-c", False),
        ("auditd.data.a1:2 and process.args:-c", True),
        ("(auditd.data.a1:-c or process.args:-x)", False),
        ("(auditd.data.a1:2 or process.args:-x)", True),
    ],
)
def test_raw_and_interpreted_records_are_found_alike(query: str, found: bool) -> None:
    args = ["sh", "-c", "two words"]
    raw = records(args)
    assert bool(found_in_splunk(EXECUTED + query, splunk(raw))) is found
    assert bool(found_in_sentinel(EXECUTED + query, [("web01", t) for t in raw])) is found
    if "title" not in query:  # the title would have to be read as well
        printed = splunk(interpreted(raw, args))
        assert bool(found_in_splunk(EXECUTED + query, printed)) is found


# Which records belong together


def test_records_of_other_events_and_machines_are_apart() -> None:
    """One event has the program, another the argument; serial numbers are those of a machine."""
    query = f"{EXECUTED}process.name:sh and process.args:-x"
    one, other = records(["sh", "-c"], 1), records(["ls", "-x"], 2, comm="ls", exe="/usr/bin/ls")
    assert not found_in_splunk(query, splunk([*one, *other]))
    same = records(["ls", "-x"], 1, comm="ls", exe="/usr/bin/ls")
    assert not found_in_splunk(query, [*splunk(one), *splunk(same, "web02")])
    texts = [*(("web01", t) for t in one), *(("web02", t) for t in same)]
    assert not found_in_sentinel(query, [*texts, *(("web01", t) for t in other)])
    assert found_in_sentinel(query, [("web01", t) for t in records(["sh", "-x"])])


def test_records_without_the_main_one_are_no_event() -> None:
    query = f"{EXECUTED}process.args:-x"
    rest = [text for text in records(["sh", "-x"]) if not text.startswith("type=SYSCALL")]
    assert not found_in_splunk(query, splunk(rest))
    assert not found_in_sentinel(query, [("web01", text) for text in rest])
    assert not found_in_splunk(f"{EXECUTED}not process.args:-y", splunk(rest))


def test_an_event_is_one_row_whatever_the_order_of_its_records() -> None:
    texts = [*reversed(records(["sh", "-x", "-x", "y"]))]
    assert len(found_in_splunk(f"{EXECUTED}process.args:(-x or y)", splunk(texts))) == 1
    rows = found_in_sentinel(f"{EXECUTED}process.args:(-x or y)", [("web01", t) for t in texts])
    assert len(rows) == 1


def test_a_record_that_is_split_is_no_other_argument() -> None:
    """Long arguments are in pieces, of which Elastic keeps none."""
    head = "type=EXECVE msg=audit(1770091561.100:1): "
    texts = records(["sh", "-x"])
    texts[1] = f'{head}argc=3 a0="sh" a1_len=9000 a1[0]="-y" a2="-z"'
    assert not found_in_splunk(f"{EXECUTED}process.args:-y", splunk(texts))
    assert not found_in_sentinel(f"{EXECUTED}process.args:-y", [("web01", t) for t in texts])


# The whole query


def test_one_record_is_searched_where_it_answers() -> None:
    query = f"{EXECUTED}process.name:sh and auditd.data.a1:2"
    assert "| stats" not in spl(query)
    assert "| summarize" not in str(kqlx.convert(query, "sentinel").text)


def test_microsofts_analyser_takes_the_queries() -> None:
    queries = [
        str(kqlx.convert(query, "sentinel", accept=ACCEPTED).text)
        for query in (SHELL, FILES, f"{EXECUTED}process.args:a* and not process.args:(b or c*)")
    ]
    assert_taken(*queries)


def test_sigma_looks_at_one_record() -> None:
    """But of programs that start those of another sensor say all."""
    with pytest.raises(kqlx.MappingError, match="separate record"):
        kqlx.convert(FILES, "sigma")
    with pytest.raises(kqlx.MappingError, match=r"user\.effective\.id has no counterpart"):
        kqlx.convert(SHELL, "sigma")
    query = f"{EXECUTED}process.name:sh and process.args:-p and not process.args:-x"
    made = kqlx.convert(query, "sigma")
    assert made.place == {"logsource": {"category": "process_creation", "product": "linux"}}
    assert "CommandLine" in str(made.query)
    (told,) = [note for note in made.notes if note.code == "sensor-substituted"]
    assert told.effect is Effect.COVERAGE
    assert kqlx.convert(f"{EXECUTED}process.name:sh", "sigma").place == {
        "logsource": {"product": "linux", "service": "auditd"}
    }


def test_a_value_without_a_field_cannot_stand_beside_another_record() -> None:
    for target in ("spl", "sentinel"):
        with pytest.raises(kqlx.UnsupportedError, match="full name of a field"):
            kqlx.convert(f"{EXECUTED}(mimikatz or process.args:x)", target, accept=ACCEPTED)


# What a rule makes of the events


def rule(query: str = f"{EXECUTED}process.args:-p", **more: Any) -> kqlx.Rule:
    kind = str(more.get("type", "query"))
    data = {"from": "now-9m", "index": ["logs-auditd_manager.auditd-*"], **more}
    return kqlx.Rule("Shells", query, type=kind, data=data, id="x", format="toml")


NEW_TERMS: dict[str, Any] = {
    "type": "new_terms",
    "new_terms_fields": ["host.name", "process.args"],
    "history_window_start": "now-7d",
}


def test_new_terms_among_arguments() -> None:
    """Each argument of an event is a term."""
    search = str(kqlx.convert(rule(**NEW_TERMS), "spl", accept=ACCEPTED).text)
    assert "by host, audit_event\n" in search
    assert "by host, arguments" in search
    query = str(kqlx.convert(rule(**NEW_TERMS), "sentinel", accept=ACCEPTED).text)
    assert "by Computer, AuditEvent\n" in query
    assert re.search(r"mv-expand .*Arguments.*\n.*arg_min\(TimeGenerated, \*\)", query, re.DOTALL)


def test_new_terms_by_arrival_keep_when_the_records_arrived() -> None:
    """The last record counts: before it comes, the event is not whole."""
    late = rule(**NEW_TERMS, timestamp_override="event.ingested")
    search = str(kqlx.convert(late, "spl", accept=ACCEPTED).text)
    assert "max(_indextime) as _indextime" in search
    query = str(kqlx.convert(late, "sentinel", accept=ACCEPTED).text)
    assert "IngestionTime = max(IngestionTime)" in query
    assert_taken(query)


BESIDE = ["logs-auditd_manager.auditd-*", "logs-endpoint.events.process-*"]
STARTED = "event.category:process and event.type:start and host.os.type:linux"


def sysmon(line: str, name: str = "sh") -> Event:
    return {
        **{"sourcetype": "sysmon:linux", "EventID": "1", "Channel": "Linux-Sysmon/Operational"},
        **{"process_name": name, "CommandLine": line, "process": line, "Image": f"/usr/bin/{name}"},
        **{"_time": "1770091561.1", "_indextime": "1770091561", "host": "web01", "User": "root"},
    }


def found_in_all(made: kqlx.Conversion, events: Iterable[Event]) -> list[Event]:
    text = re.sub(r"\b(_index_)?(earliest|latest)=\S+\s+", "", str(made.text))
    return evaluate(parse_search(text), events, now=1770091600)


def test_records_are_put_together_beside_the_events_of_others() -> None:
    query = f"{STARTED} and process.name:sh and process.args:-p and not process.args:-x"
    made = kqlx.convert(rule(index=BESIDE, query=query), "spl")
    texts = records(["sh", "-p"])
    rest = records(["sh", "-p", "-x"], 2), records(["sh", "-c"], 3)
    audited = splunk([*texts, *rest[0], *rest[1], *records(["ls", "-p"], 4, comm="ls")])
    watched = [sysmon("sh -p"), sysmon("sh -p -x"), sysmon("sh -c"), sysmon("ls -p", "ls")]
    found = found_in_all(made, [*audited, *watched])
    assert [event.get("CommandLine") for event in found] == ["sh -p", None]
    assert [*values_of(found[1], "audit_event")] == ["1770091561.100:1"]
    assert not found_in_all(made, splunk([*rest[0], *rest[1]]))
    (told,) = [note for note in made.notes if "after 300 seconds" in note.message]
    assert told.effect is Effect.COVERAGE
    assert not [note for note in made.notes if "is left out" in note.message]


def test_single_records_stand_beside_the_events_of_others() -> None:
    made = kqlx.convert(rule(index=BESIDE, query=f"{STARTED} and process.name:sh"), "spl")
    assert "| append" not in str(made.text)
    assert not [note for note in made.notes if "subsearch" in note.message]


def test_events_of_all_are_counted_together() -> None:
    threshold = {"field": ["host.name"], "value": 3}
    query = f"{STARTED} and process.args:-p"
    asked = rule(index=BESIDE, query=query, type="threshold", threshold=threshold)
    made = kqlx.convert(asked, "spl")
    text = str(made.text)
    assert text.index("| append") < text.index("| stats count as event_count")
    two = splunk([*records(["sh", "-p"]), *records(["sh", "-p"], 2)])
    (row,) = found_in_all(made, [*two, sysmon("sh -p")])
    assert row["event_count"] == "3"
    assert not found_in_all(made, two)


def test_new_terms_are_those_of_all() -> None:
    query = f"{STARTED} and process.args:-p"
    new = {**NEW_TERMS, "new_terms_fields": ["host.name", "process.name"]}
    made = kqlx.convert(rule(index=BESIDE, query=query, **new), "spl", accept=ACCEPTED)
    assert str(made.text).index("| append") < str(made.text).rindex("| stats")


@pytest.mark.parametrize("format", ["savedsearches", "escu", "query"])
def test_what_is_appended_says_itself_when_records_arrived(format: str) -> None:
    """That a subsearch takes over the index time of a saved search is not documented."""
    query = f"{STARTED} and process.args:-p"
    late = rule(index=BESIDE, query=query, timestamp_override="event.ingested")
    text = str(kqlx.convert(late, "spl", format=format).text)
    appended = text[text.index("| append") :]
    assert ("_index_earliest" in appended) == (format != "query")
    early = str(kqlx.convert(rule(index=BESIDE, query=query), "spl", format=format).text)
    assert "_index_earliest" not in early


def test_what_a_beat_may_ship_is_left_to_the_others() -> None:
    index = ["auditbeat-*", "logs-endpoint.events.process-*"]
    made = kqlx.convert(rule(index=index, query=f"{STARTED} and process.args:-p"), "spl")
    assert "| stats" not in str(made.text)
    told = [note for note in made.notes if note.code == "source-left-out"]
    assert any("auditd_manager.auditd" in note.message for note in told)


def test_kinds_of_events_of_one_source_are_appended_too() -> None:
    """A query over programs that start and files, each as far as it asks for other records."""
    query = (
        "event.dataset:auditd_manager.auditd and (event.action:executed and process.name:sh or"
        " event.action:opened-file and file.path:/etc/shadow)"
    )
    made = kqlx.convert(query, "spl", accept=ACCEPTED)
    assert found_in_all(made, splunk(records(["sh", "-c"])))
    assert parse_search(str(made.text))


@pytest.mark.parametrize("format", ["savedsearches", "escu"])
def test_alerts_of_splunk_name_what_the_events_have(format: str) -> None:
    made = kqlx.convert(rule(query=SHELL), "spl", format=format, accept=ACCEPTED)
    assert "values(exe) as exe" in str(made.text)
    assert "audit_event" in str(made.text)


def test_rules_of_sentinel_show_the_machine_and_the_record() -> None:
    made = kqlx.convert(rule(query=SHELL), "sentinel", format="rule", accept=ACCEPTED)
    assert "columnName: Computer" in str(made.text)


SEQUENCE = """
sequence by host.name with maxspan=1m
  [process where event.action == "executed" and process.name == "sudo"] by process.pid
  [process where event.action == "executed" and process.args == "-p"] by process.parent.pid
"""


def test_sequences_over_several_records() -> None:
    """Splunk's ``multisearch`` takes no ``stats``; Kusto joins what is put together before."""
    asked = kqlx.Rule(
        "Two shells",
        SEQUENCE,
        type="eql",
        data={"from": "now-9m", "index": ["logs-auditd_manager.auditd-*"], "language": "eql"},
        id="y",
        format="toml",
        language="eql",
    )
    with pytest.raises(kqlx.UnsupportedError, match="several records of an event"):
        kqlx.convert(asked, "spl", accept=ACCEPTED)
    made = kqlx.convert(asked, "sentinel", format="rule", accept=ACCEPTED)
    assert "| summarize" in str(made.text)
    assert_taken(str(kqlx.convert(asked, "sentinel", accept=ACCEPTED).text))


# Files and sockets


def event_of(call: int, *others: str, exe: str = "/usr/bin/x") -> list[str]:
    head = "msg=audit(1770091561.100:1): "
    first = (
        f"type=SYSCALL {head}arch=c000003e syscall={call} success=yes exit=0 a0=1 a1=2 a2=3 a3=4"
        f' ppid=1 pid=7 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=2 comm="x" exe="{exe}" key=(null)'
    )
    return [first, *(other.replace(" ", f" {head}", 1) for other in others)]


@pytest.mark.parametrize(
    ("query", "call", "others", "found"),
    [
        ("event.action:connected-to and destination.address:*", 42, "saddr=010000666F6F", False),
        ("event.action:connected-to and network.direction:egress", 42, "saddr=0100006661", True),
        ("event.action:connected-to and destination.address:/a", 42, "saddr=01002F61", True),
        ("event.action:connected-to and destination.address:/a", 42, "saddr=01002F610000", True),
        ("event.action:connected-to and destination.address:*", 42, "saddr=0200", False),
        ("event.action:sent-to and destination.address:/a", 44, "saddr=01002F61", True),
        ("event.category:network and destination.address:/a", 43, "saddr=01002F61", False),
        ("event.category:network and source.address:/a", 43, "saddr=01002F61", True),
        ("event.category:network and network.direction:ingress", 43, "saddr=01002F61", True),
    ],
)
def test_sockets(query: str, call: int, others: str, found: bool) -> None:
    """The name of an abstract socket begins with NUL, at which Elastic ends it."""
    texts = event_of(call, f"type=SOCKADDR {others}")
    asked = f"event.dataset:auditd_manager.auditd and {query}"
    assert bool(found_in_splunk(asked, splunk(texts))) is found
    assert bool(found_in_sentinel(asked, [("web01", text) for text in texts])) is found


@pytest.mark.parametrize(
    ("query", "paths", "found"),
    [
        ("file.path:*", ['item=0 name=(null) inode=1 nametype=NORMAL'], False),
        ("file.path:/b", ['item=10 name="/a" inode=1 nametype=NORMAL',
                          'item=2 name="/b" inode=1 nametype=NORMAL'], True),
        ("not file.path:/a", ['item=0 name="/a" inode=1 nametype=PARENT',
                              'item=1 name="/b" inode=1 nametype=CREATE'], True),
        ("file.path:/a", ['item=0 name="/a" nametype=UNKNOWN cap_fp=0'], True),
        ("file.path:relative", ['item=0 name="relative" inode=1 nametype=NORMAL'], True),
        ("not file.path:*", [], True),
    ],
)  # fmt: skip
def test_of_several_files_one_counts(query: str, paths: list[str], found: bool) -> None:
    texts = event_of(257, *(f"type=PATH {path}" for path in paths))
    asked = f"event.dataset:auditd_manager.auditd and event.action:opened-file and {query}"
    assert bool(found_in_splunk(asked, splunk(texts))) is found
    assert bool(found_in_sentinel(asked, [("web01", text) for text in texts])) is found


@pytest.mark.parametrize(
    "text",
    [
        " argc=2 a0=sh a1=" + "61" * 4000,
        ' argc=2 a0="' + "x" * 8000 + '" a1="b"',
        " ".join(f'a{number}="{number}"' for number in range(500)),
        " argc=2 a0=sh a1=" + "word " * 1600,
    ],
)
def test_long_arguments_are_read_within_splunks_limits(text: str) -> None:
    """The kernel cuts a record at 8,192 characters (MAX_AUDIT_MESSAGE_LENGTH of libaudit.h)."""
    if not pcre.is_there():
        missing("PCRE2 is not installed")
    (found,) = re.findall(r'rex max_match=0 ("(?:\\.|[^"\\])*")', spl(f"{EXECUTED}process.args:x"))
    assert pcre.finds(json.loads(found), text)
