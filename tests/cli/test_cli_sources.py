"""``kqlx sources``, ``kqlx fields`` and ``convert --mapping`` on the command line."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import yaml

import kqlx as library
from kqlx.mappings.coverage import State
from kqlx.mappings.pack_library import packs_of
from kqlx.mappings.reader import pack_file
from kqlx.mappings.reader.builtin import builtin
from tests.cli.test_cli import write
from tests.command_line import kqlx
from tests.conftest import ROOT
from tests.mappings.test_overlay import NEW, OVER

RULES = sorted((ROOT / "rules").glob("m365_*"))
ODD = "event.dataset:o365.audit and (user.idd:a or event.module:x or o365.audit.OperationCount > 1)"


def test_sources_are_listed_with_what_they_map() -> None:
    lines = [line.split() for line in kqlx("sources").stdout.splitlines()]
    assert lines[0] == ["source", "target", "fields", "destinations"]
    for source in library.sources():
        assert {line[1] for line in lines if line[0] == source} == {"sentinel", "sigma", "spl"}
    (o365,) = [line for line in lines if line[:2] == ["o365.audit", "sentinel"]]
    assert int(o365[2]) > 20
    assert {"SecurityAlert;", "OfficeActivity;", "CloudAppEvents"} <= {*o365[3:]}


def test_one_source_is_shown_for_reading() -> None:
    run = kqlx("sources", "show", "o365.audit")
    assert run.returncode == 0
    assert run.stdout.startswith("o365.audit: Microsoft 365 audit log\n")
    lines = [" ".join(line.split()) for line in run.stdout.splitlines()]
    for line in (
        "sentinel: SecurityAlert",
        "source: TABLES, officeactivity",
        "user.id UserId",
        "event.action Operation 5 values translated",
        "o365.audit.ResultStatus ResultStatus case ignored",
        "on every event event.module: o365",
        "o365.audit.OperationCount - none: there is no such column",
    ):
        assert line in lines


def test_a_source_that_is_not_there() -> None:
    run = kqlx("sources", "show", "no.such")
    assert (run.returncode, run.stdout) == (2, "")
    assert "no mapping pack for the data source 'no.such'" in run.stderr


def test_own_packs_are_sources_too(tmp_path: Path) -> None:
    new = write(tmp_path, "new.yml", NEW)
    assert "acme.firewall" in kqlx("sources", "--mapping", new).stdout
    assert "index=fw" in kqlx("sources", "show", "--mapping", new, "acme.firewall").stdout
    assert "index=fw" in kqlx("sources", "--mapping", new, "show", "acme.firewall").stdout
    query = "event.dataset:acme.firewall and source.ip:10.0.0.1"
    run = kqlx("convert", "--to", "spl", "--mapping", new, "-q", query)
    assert run.stdout == 'index=fw src="10.0.0.1"\n'
    broken = write(tmp_path, "broken.yml", "source: a\nx: 1\n")
    run = kqlx("convert", "--to", "spl", "--mapping", broken, "-q", query)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"error: {broken}:2: x: unknown key; expected source, title")


def test_a_configuration_gives_targets_mappings_and_what_is_unmapped(tmp_path: Path) -> None:
    write(tmp_path, "over.yml", OVER)
    write(tmp_path, "kqlx.yml", "to: [spl, sigma]\nmappings: [over.yml]\nunmapped: comment\n")
    query = "event.dataset:o365.audit and user.id:a and x.y:z"
    out = kqlx("convert", "--format", "query", "-q", query, cwd=tmp_path).stdout
    assert "``` query -> spl ```\n``` left out: x.y:z - x.y has" in out
    assert 'Actor="a"' in out
    assert "# left out: x.y:z" in out
    assert kqlx(
        "convert", "--to", "spl", "--unmapped", "error", "-q", query, cwd=tmp_path
    ).returncode
    write(tmp_path, "kqlx.yml", "to: nowhere\n")
    run = kqlx("convert", "-q", query, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("error: kqlx.yml: to: ")
    write(tmp_path, "kqlx.yml", "spl: {indexes: {o365.audti: m365}}\n")
    run = kqlx("convert", "--to", "spl", "--source", "none", "-q", "a:b", cwd=tmp_path)
    assert run.stdout == 'a="b"\n'
    assert run.stderr.startswith("warning: kqlx.yml: spl.indexes.o365.audti: unknown data source;")


def test_fields_as_a_table_json_and_csv() -> None:
    run = kqlx("fields", "-q", ODD)
    lines = [line.split() for line in run.stdout.splitlines()]
    assert lines[0] == ["source", "field", "rules", "sentinel", "sigma", "spl", "near", "reason"]
    rows = {line[1]: line for line in lines[1:]}
    near = ["user.id", "user.email", "user.target.id"]
    told = ["user.id,", "user.email,", "user.target.id", "-"]
    assert rows["user.idd"][3:] == ["unmapped", "unmapped", "unmapped", *told]
    assert rows["event.module"][3:6] == ["folded"] * 3
    assert rows["o365.audit.OperationCount"][3:6] == ["mapped"] * 3
    found = json.loads(kqlx("fields", "--format", "json", "-q", ODD).stdout)
    (one,) = [item for item in found if item["field"] == "user.idd"]
    assert one["targets"]["spl"] == {"state": "unmapped", "reason": "", "near": near}
    table = list(csv.DictReader(io.StringIO(kqlx("fields", "--format", "csv", "-q", ODD).stdout)))
    assert {row["field"]: row["spl"] for row in table}["event.module"] == "folded"
    assert kqlx("fields", "--format", "xml", "-q", ODD).returncode == 2


def test_fields_count_rules_and_report_what_is_broken(tmp_path: Path) -> None:
    broken = write(tmp_path, "b.toml", '[rule]\nname = "b"\nquery = "a:("\n')
    run = kqlx("fields", *RULES, broken)
    assert run.returncode == 1
    assert str(broken) in run.stderr
    rows = {line.split()[1]: line.split()[2] for line in run.stdout.splitlines()}
    assert rows["event.action"] == "2"


def test_the_fields_of_the_library() -> None:
    node = "event.dataset:o365.audit and a:{b.c:1 or not b.d:*} and o365.*:x and *:x and free"
    uses = library.field_uses([library.Rule(name="", query=node)])
    assert [use.name for use in uses] == ["a.b.c", "a.b.d", "event.dataset", "o365.*"]
    assert uses[3].states["spl"] == State("unmapped", "a field name with a wildcard")
    (use,) = library.field_uses([library.Rule(name="", query="q:1")])
    assert (use.source, use.rules, use.states, use.is_unmapped) == (None, 1, {}, True)
    (use,) = library.field_uses([library.Rule(name="", query="q:1")], source="o365.audit")
    assert use.source == "o365.audit"


def test_the_fields_of_filters_beside_a_query_count() -> None:
    clause = {"query": {"match_phrase": {"x.y": "z"}}, "meta": {"disabled": False}}
    rule = library.Rule(name="r", query="q:1", data={"filters": [clause]})
    assert [use.name for use in library.field_uses([rule])] == ["q", "x.y"]


def test_what_becomes_of_fields_is_what_the_binder_makes_of_them() -> None:
    def states(query: str) -> dict[str, State]:
        found = library.field_uses([library.Rule(name="", query=query)], source="system.security")
        return {use.name: use.states["spl"] for use in found}

    names = ("process.name.caseless", "process.pe.original_file_name", "no.such.name")
    found = states(" and ".join(f"{name}:a" for name in names))
    assert [found[name].kind for name in names] == ["mapped", "folded", "unmapped"]
    assert found["process.pe.original_file_name"].reason == "no event has it"
    assert states("event.code:1 and x.0.y:a")["x.0.y"].kind == "unmapped"


def test_fields_that_a_rule_counts_by_are_used() -> None:
    data = {"threshold": {"field": ["user.id"], "cardinality": [{"field": "source.ip"}]}}
    counts = library.Rule(name="", query="event.code:1", type="threshold", data=data)
    terms = {"new_terms_fields": ["user.name"], "history_window_start": "now-7d"}
    new = library.Rule(name="", query="event.code:1", type="new_terms", data=terms)
    found = {use.name: use.rules for use in library.field_uses([counts, new], source="okta.system")}
    assert found == {"event.code": 2, "user.id": 1, "source.ip": 1, "user.name": 1}


def test_no_stub_where_all_is_known() -> None:
    run = kqlx("fields", "--stub", *RULES)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "all fields are known\n")


def test_a_stub_is_an_overlay_as_it_is_and_when_it_is_filled_in(tmp_path: Path) -> None:
    write(tmp_path, "r.toml", '[rule]\nname = "r"\nindex = ["logs-own.*"]\nquery = "q.r:1"\n')
    odd = f'[rule]\nname = "o"\nquery = "{ODD}"\n'
    write(tmp_path, "odd.toml", odd)
    text = kqlx("fields", "--stub", tmp_path).stdout
    assert "        # user.idd:  # 1 rule; near: user.id" in text
    stub = write(tmp_path, "stub.yml", text)
    assert packs_of([stub]).get("o365.audit") == builtin("o365.audit")
    run = kqlx("convert", "--to", "spl", "--mapping", stub, "-q", ODD)
    assert (run.returncode, run.stdout) == (1, "")
    filled = write(tmp_path, "filled.yml", text.replace("# user.idd:  #", "user.idd: Who  #"))
    run = kqlx("convert", "--to", "spl", "--mapping", filled, "-q", ODD)
    assert 'Who="a"' in run.stdout
    other = text.split("---\n")[1]
    new = re.sub("^# ", "", other.partition("start of each line.\n")[2], flags=re.MULTILINE)
    assert [p.path for p in pack_file.pack_schema().problems(yaml.safe_load(new))] == [
        ("source",),
        ("title",),
        ("targets", "sentinel", 0, "table"),
        ("targets", "sigma", 0, "logsource"),
        ("targets", "spl", 0, "base"),
    ]
    new = new.replace("source:\ntitle:", "source: own.one\ntitle: Own").replace("q.r:", "q.r: Q")
    new = new.replace("table:", "table: T").replace("base:", "base: b")
    write(tmp_path, "new.yml", new.replace("logsource:", "logsource: {product: p}"))
    run = kqlx("convert", "--to", "spl", "--mapping", tmp_path / "new.yml", tmp_path / "r.toml")
    assert run.stdout == 'b Q="1"\n'


def test_a_stub_of_an_own_pack_without_some_target(tmp_path: Path) -> None:
    recognised = "recognise: {fields: {event.dataset: [own]}}\nconstants: {event.dataset: own}\n"
    for targets in ("{spl: [{base: b, fields: {a: A}}]}", "{}"):
        own = f"source: own\ntitle: Own\n{recognised}targets: {targets}\n"
        mapping = ("--mapping", write(tmp_path, "own.yml", own))
        text = kqlx("fields", "--stub", *mapping, "-q", "event.dataset:own and a:1").stdout
        assert "# a:  # 1 rule" in text
        stub = write(tmp_path, "stub.yml", text)
        run = kqlx("fields", *mapping, "--mapping", stub, "-q", "event.dataset:own and a:1")
        assert (run.returncode, run.stderr) == (0, "")


def test_a_stub_spells_odd_names_so_that_yaml_reads_them() -> None:
    run = kqlx(
        "fields", "--stub", "-q", 'event.dataset:o365.audit and (@a\\:b:1 or yes:1 or "#c":1)'
    )
    (found,) = yaml.safe_load_all(run.stdout.replace("        # ", "        "))
    names = set(found["targets"]["spl"][0]["fields"])
    assert {"@a:b", "yes"} <= names
