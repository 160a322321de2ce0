"""A user's own packs: over those of this package, beside them, and from ``kqlx.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx import settings
from kqlx.mappings.pack_library import packs_of
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect

SOURCE = "event.dataset:o365.audit and "
OVER = """
source: o365.audit
recognise: {fields: {event.dataset: [own.o365]}, indices: [own-o365-*]}
constants: {cloud.provider: azure, event.module: null}
types: {own.count: long}
targets:
  spl:
    - base: sourcetype="o365:management:activity"
      fields:
        user.id: Actor
        source.geo.city_name: City
        event.id: null
        own.count: Count
      columns: {City: {case: differs}}
    - base: sourcetype="own"
      fields: {own.only: Only}
"""
NEW = """
source: acme.firewall
title: a firewall
recognise: {fields: {event.dataset: [acme.firewall]}, indices: [logs-acme.*]}
constants: {event.dataset: acme.firewall}
targets:
  spl: [{base: index=fw, fields: {source.ip: src, host.id: host, user.name: user}}]
  sigma: [{logsource: {category: firewall}, fields: {source.ip: src_ip, user.name: user}}]
"""


@pytest.fixture
def over(tmp_path: Path) -> Path:
    return write(tmp_path, "over.yml", OVER)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def spl(query: str, *files: Path, **options: Any) -> str:
    return kqlx.convert(query, "spl", mappings=files, **options).text


def test_an_overlay_adds_to_a_pack_and_changes_it(over: Path) -> None:
    base = 'sourcetype="o365:management:activity" '
    assert spl(SOURCE + "user.id:a", over) == base + 'Actor="a"'
    assert spl(SOURCE + "source.geo.city_name:a", over) == base + 'City="a"'
    assert spl(SOURCE + "own.count > 5", over) == base + 'Count>5 Count!="null"'
    assert spl(SOURCE + "file.extension:a", over) == base + 'SourceFileExtension="a"'
    assert spl(SOURCE + "cloud.provider:azure and user.id:a", over) == base + 'Actor="a"'
    assert spl(SOURCE + "own.only:a", over) == 'sourcetype="own" Only="a"'
    for gone in ("event.id:a", "event.module:o365"):
        with pytest.raises(kqlx.MappingError, match="has no counterpart"):
            spl(SOURCE + gone, over)
    assert spl(SOURCE + "user.id:a") == base + 'UserId="a"'


def test_an_overlays_index_patterns_are_beside_elastics(over: Path) -> None:
    for index in ("own-o365-a", "logs-o365.audit-*"):
        rule = kqlx.Rule(name="r", query="user.id:a", data={"index": [index]})
        assert 'Actor="a"' in kqlx.convert(rule, "spl", mappings=[over]).text


def test_an_overlays_names_are_beside_elastics(over: Path) -> None:
    found = packs_of(over).get("o365.audit").recognise
    assert found.fields["event.dataset"] == ("o365.audit", "own.o365")


def test_a_file_of_another_source_is_a_pack(tmp_path: Path) -> None:
    new = write(tmp_path, "new.yml", NEW)
    assert "acme.firewall" in kqlx.sources([new])
    assert (
        spl("event.dataset:acme.firewall and source.ip:10.0.0.1", new) == 'index=fw src="10.0.0.1"'
    )
    assert spl("source.ip:10.0.0.1", new, source="acme.firewall").startswith("index=fw")
    with pytest.raises(kqlx.UsageError, match="no mapping pack"):
        spl("source.ip:10.0.0.1", source="acme.firewall")


def test_a_threshold_rule_of_an_own_source_counts_by_its_columns(tmp_path: Path) -> None:
    new = write(tmp_path, "new.yml", NEW)
    data = {"threshold": {"field": ["user.name"], "value": 5}, "index": ["logs-acme.a"]}
    rule = kqlx.Rule(name="r", query="source.ip:10.0.0.1", type="threshold", data=data)
    text = kqlx.convert(rule, "sigma", mappings=[new]).text
    assert "group-by:\n        - user\n" in text


def test_later_files_go_over_earlier_ones_and_one_file_may_hold_several(tmp_path: Path) -> None:
    both = write(tmp_path, "both.yml", f"{OVER}---\n{NEW}")
    last = write(
        tmp_path,
        "last.yml",
        "source: acme.firewall\ntargets: {spl: [{base: index=fw, fields: {host.id: null}}]}",
    )
    pack = packs_of([both, last]).get("acme.firewall")
    assert sorted(pack.targets["spl"][0].fields) == ["source.ip", "user.name"]
    assert packs_of([both]).get("o365.audit").types["own.count"] == "long"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("constants: {no.such: null}", ":2: constants.no.such: null removes an entry"),
        ("targets: {spl: [{base: new, fields: {a: null}}]}", "spl[0].fields.a: null removes"),
        ("targets: {sentinel: [{table: new, fields: {a: A}, columns: {B: {}}}]}",
         "sentinel[0].columns.B: no field of a destination has this column"),
        ("tragets: {}", ":2: tragets: unknown key"),
        ("targets: {splunk: [{base: b}]}", ":2: targets.splunk: unknown target; the targets are"),
    ],
)  # fmt: skip
def test_a_wrong_overlay_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "x.yml", f"source: o365.audit\n{text}\n")
    with pytest.raises(kqlx.MappingError) as error:
        kqlx.convert("a:b", mappings=[path])
    assert f"{path}:2" in error.value.message
    assert message in error.value.message


def test_columns_of_the_built_in_pack_may_be_described(tmp_path: Path) -> None:
    text = "targets: {sentinel: [{table: OfficeActivity, columns: {UserId: {case: differs}}}]}"
    path = write(tmp_path, "x.yml", f"source: o365.audit\n{text}\n")
    pack = packs_of([path]).get("o365.audit")
    (place,) = [d for d in pack.targets["sentinel"] if d.name == "OfficeActivity"]
    assert place.column("UserId").case == "differs"


def test_an_overlay_is_about_all_destinations_of_its_place(tmp_path: Path) -> None:
    """The pack has two of this source type, one of them for ConsoleLogin."""
    place = "source: aws.cloudtrail\ntargets: {spl: [{base: 'sourcetype=\"aws:cloudtrail\"', "
    path = write(tmp_path, "x.yml", place + "fields: {user.id: Mine, x.y: Z}, columns: {Z: {}}}]}")
    login = "event.action:ConsoleLogin"
    for test in ("", f" and {login}"):
        for name, column in (("user.id", "Mine"), ("x.y", "Z")):
            query = f"event.dataset:aws.cloudtrail{test} and {name}:a"
            assert kqlx.convert(query, "spl", mappings=path).text.endswith(f' {column}="a"')
    when = "when: {event.action: [ConsoleLogin]}, fields: {user.id: Mine}"
    path = write(tmp_path, "y.yml", f"{place}{when}}}]}}")
    query = "event.dataset:aws.cloudtrail and user.id:a"
    assert "Mine" not in kqlx.convert(query, "spl", mappings=path).text
    assert "Mine" in kqlx.convert(f"{query} and {login}", "spl", mappings=path).text
    path = write(tmp_path, "z.yml", place + "fields: {x.y: null}}]}")
    with pytest.raises(kqlx.MappingError, match=r"x\.y: null removes an entry"):
        packs_of([path])


# kqlx.yml


def test_settings_name_mappings_beside_them(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    write(tmp_path / "own", "over.yml", OVER)
    file = write(tmp_path, "kqlx.yml", "mappings: [own/over.yml]")
    found = kqlx.convert(SOURCE + "user.id:a", "spl", settings=settings.load(file))
    assert 'Actor="a"' in found.text


def test_settings_give_defaults_that_a_call_may_change(tmp_path: Path) -> None:
    text = "unmapped: keep\naccept: [narrower]\nspl: {index: all, indexes: {o365.audit: m365}}"
    own = settings.load(write(tmp_path, "kqlx.yml", text))
    found = kqlx.convert(SOURCE + "no.such:a", "spl", settings=own)
    assert found.text.startswith('index=m365 sourcetype="o365:management:activity"')
    assert found.fidelity is Effect.UNMAPPED
    assert kqlx.convert("a:b", "spl", settings=own).text == 'index=all a="b"'
    narrower = kqlx.convert(SOURCE + "event.code:SharePoint*", "spl", settings=own)
    assert narrower.fidelity is Effect.NARROWER
    with pytest.raises(kqlx.MappingError):
        kqlx.convert(SOURCE + "no.such:a", "spl", settings=own, unmapped="error")


@pytest.mark.parametrize(
    ("tables", "expected", "told"),
    [
        ("{OfficeActivity: MyOffice}", "MyOffice\n", False),
        ("{CloudAppEvents: Other}", "OfficeActivity\n", False),
        ("MyOffice", "MyOffice\n", True),
    ],
)
def test_own_tables_stand_for_the_packs(
    tmp_path: Path, tables: str, expected: str, told: bool
) -> None:
    text = f"sentinel: {{tables: {{o365.audit: {tables}}}}}"
    own = settings.load(write(tmp_path, "kqlx.yml", text))
    found = kqlx.convert(SOURCE + "user.id:a", "sentinel", settings=own)
    assert found.text.startswith(expected)
    assert [n.is_quiet for n in found.notes if n.code == "own-table"] == [False] * told
    assert kqlx.convert(SOURCE + "user.id:a", "sentinel", settings=own, table="T").text[:2] == "T\n"


def test_an_own_table_for_all_that_has_no_other(tmp_path: Path) -> None:
    own = settings.load(write(tmp_path, "kqlx.yml", "sentinel: {table: Mine}"))
    for source, query in (("none", "a:b"), (None, SOURCE + "user.id:a")):
        found = kqlx.convert(query, "sentinel", source=source, settings=own)
        assert found.text.startswith("Mine\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("to: [1, '']", "to must be target names"),
        ("unmapped: drop", "unmapped takes error, keep, comment, not 'drop'"),
        ("accept: [same]", "accept takes coverage, wider, narrower, different, not 'same'"),
        ("mappings: [5]", "mappings must be a list of strings"),
        ("spl: {indexes: {o365.audit: 'a b'}}", "spl.indexes.o365.audit is not a name"),
        ("sentinel: {table: a b}", "sentinel.table is not a name that Sentinel accepts"),
        ("sentinel: {tables: {o365.audit: {A: 1}}}", "sentinel.tables.o365.audit.A is not a name"),
        ("sentinel: {tables: []}", "sentinel.tables must be a table"),
        ("spl: {1: x}", "spl has no key 1"),
        ("spl: {index: a}\nspl: {index: b}", ":2: spl: given already in line 1"),
        ("to: spl\n---\nto: spl\n", "has 2 YAML documents, but must have one"),
        (f"to: {'[' * 100_000}{']' * 100_000}", ":1: nested too deeply"),
        (f"to: spl\nunmapped: {'{a: ' * 100_000}", ":2: nested too deeply"),
        (f"to:\n{'- ' * 10_000}a", ":2: nested too deeply"),
        ("\n".join(f"{' ' * i}a:" for i in range(2_000)), ":51: nested too deeply"),
        ("to: 9999-99-99", ": not YAML: a number or date that cannot be read"),
        ("to: [", ":2: not YAML: "),
    ],
)
def test_broken_settings_name_the_key(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, "kqlx.yml", text)
    with pytest.raises(kqlx.UsageError) as error:
        settings.load(file)
    assert message in error.value.message
    assert str(file) in error.value.message


def test_settings_for_what_is_not_there_are_named(tmp_path: Path) -> None:
    text = (
        "spl: {indexes: {o365.audti: a}, macros: {okta.system: b}}\n"
        "sentinel: {tables: {o365.audit: {Office: Mine, OfficeActivity: Ours}, own: {T: U}}}\n"
    )
    file = write(tmp_path, "kqlx.yml", text)
    told = list(settings.load(file).strangers(packs_of([])))
    assert [line.removeprefix(f"{file}: ") for line in told] == [
        "spl.indexes.o365.audti: unknown data source; did you mean o365.audit?",
        "sentinel.tables.own: unknown data source",
        "sentinel.tables.o365.audit.Office: the data source has no such table; it has "
        "SecurityAlert, SigninLogs, AADNonInteractiveUserSignInLogs, OfficeActivity,"
        " CloudAppEvents",
    ]


def test_what_is_added_to_a_data_model_takes_nothing_from_it(tmp_path: Path) -> None:
    """Those that stand for others, and the kinds of events, are kept."""
    added = "source: {}\nrecognise: {{any: {{categories: [api]}}}}\n"
    for source in ("any.web", "any.malware"):
        base = builtin(source).recognise
        file = write(tmp_path, f"{source}.yml", added.format(source))
        marks = packs_of([file]).get(source).recognise
        assert marks.categories == (*base.categories, "api")
        assert (marks.stands_for, marks.model_kinds) == (base.stands_for, base.model_kinds)
    assert builtin("any.web").recognise.stands_for and builtin("any.malware").recognise.model_kinds
