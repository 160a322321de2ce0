"""The keys of packs beyond plain names, and rules that are about several data sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import kqlx
from kqlx.backends import find
from kqlx.backends.target import Options
from kqlx.elastic import ecs
from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery, all_assert
from kqlx.mappings.asserted_values import Groups, asserted_values, spelt, together
from kqlx.mappings.destinations import bind
from kqlx.mappings.multiple_sources import bind_each
from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin, load, sources
from kqlx.mappings.reader.pack_data import of_data
from kqlx.mappings.recognition import implied_values
from kqlx.nodes import And
from kqlx.notes import Effect, Note
from kqlx.rules.query_tree import query_of
from tests.conftest import ROOT
from tests.plans import query_plan

EXAMPLE = """
source: example.log
title: an example
recognise:
  fields: {event.dataset: [example.log]}
  indices: [logs-example.log-*]
  implied:
    "logs-example.log-process*": {event.category: process}
constants: {event.dataset: example.log}
only: {event.category: [process, file]}
types: {example.count: long, example.args.*: keyword}
targets:
  sentinel:
    - table: Processes
      when: {event.category: [process]}
      fields:
        event.category: {fixed: process}
        process.name: FileName
        source.ip: {any: [ClientIP, ActorIP]}
        example.args.*: Arguments.*
        example.count: {column: Count, note: {effect: different, message: they count otherwise}}
      columns:
        ClientIP: {port: true}
        Arguments.*: {json: true}
    - table: [FilesA, FilesB]
      when: {event.category: [file]}
      fields: {event.category: {fixed: file}, file.name: FileName}
"""
OTHER = """
source: other.log
title: another
recognise: {fields: {event.dataset: [other.log]}, indices: [logs-other.log-*]}
constants: {event.dataset: other.log}
targets:
  sentinel:
    - table: Others
      filter: 'Vendor:"Example" and Kind:(1 or 2)'
      columns: {Kind: {type: integer}}
      fields: {process.name: FileName, event.category: Category}
"""


OTHER_DATA = yaml.safe_load(OTHER)


@pytest.fixture
def packs(tmp_path: Path) -> tuple[Pack, Pack]:
    """Two packs for Sentinel."""
    found = []
    for name, text in (("example.log", EXAMPLE), ("other.log", OTHER)):
        path = tmp_path / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        found.append(load(path))
    return found[0], found[1]


def written(pack: Pack, query: str, **implied: str) -> str:
    names = {name.replace("_", "."): (value,) for name, value in implied.items()}
    bound = bind(kqlx.parse(query), pack, "sentinel", implied=names)
    return str(find("sentinel").emit(query_plan(bound)).query)


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("event.category:process and process.name:a", ["Processes", '| where FileName == "a"']),
        ("event.category:file and file.name:a", ["union isfuzzy=true FilesA, FilesB",
                                                 '| where FileName == "a"']),
        ("event.category:process and example.args.a.b:x",
         ["Processes", '| where tostring(parse_json(Arguments).a.b) == "x"']),
        ("event.category:process and not source.ip:1.2.3.4", [
            "Processes",
            '| where not(extract(@"^\\[?([0-9]+\\.[0-9.]+|[0-9A-Fa-f:.]+)", 1, ClientIP)'
            ' == "1.2.3.4"',
            '    or ActorIP == "1.2.3.4")']),
    ],
)  # fmt: skip
def test_what_a_pack_can_say(packs: tuple[Pack, Pack], query: str, lines: list[str]) -> None:
    assert written(packs[0], query).splitlines() == lines


def test_what_index_patterns_imply(packs: tuple[Pack, Pack]) -> None:
    implied = implied_values(packs[0], ["logs-example.log-process-*", "filebeat-*"])
    assert implied == {"event.category": ("process",)}
    assert written(packs[0], "process.name:a", event_category="process").startswith("Processes\n")
    both = ["logs-example.log-process-*", "logs-example.log-file-*"]
    assert implied_values(packs[0], both) == {}
    with pytest.raises(kqlx.MappingError, match=r"one of: event\.category:"):
        written(packs[0], "process.name:a")


def test_a_note_of_a_field_is_told(packs: tuple[Pack, Pack]) -> None:
    node = kqlx.parse("event.category:process and example.count > 5")
    (note,) = [n for n in bind(node, packs[0], "sentinel").notes if n.code == "value-differs"]
    assert note.effect is Effect.DIFFERENT


def test_a_value_that_the_source_never_has_can_never_match(packs: tuple[Pack, Pack]) -> None:
    with pytest.raises(kqlx.MappingError, match=r"of an example is process or file"):
        written(packs[0], "event.category:network and process.name:a", event_category="process")


def joined(packs: tuple[Pack, ...], query: str) -> tuple[str, list[Note]]:
    bounds = bind_each(AskedQuery(kqlx.parse(query)), packs, "sentinel", "error")
    text = str(find("sentinel").emit(query_plan(*bounds)).query)
    return text, [note for bound in bounds for note in bound.notes]


def test_several_sources_are_one_union(packs: tuple[Pack, Pack]) -> None:
    query = "event.dataset:(example.log or other.log) and event.category:process"
    text, notes = joined(packs, f"{query} and process.name:a")
    assert text.splitlines() == [
        "union isfuzzy=true",
        "    (Processes",
        '    | where FileName == "a"),',
        "    (Others",
        '    | where Vendor == "Example"',
        '    | where Category == "process"',
        '    | where FileName == "a"',
        "    | where Kind in (1, 2))",
    ]
    assert "several-sources" in [note.code for note in notes]


def test_two_sources_in_one_place_are_one_query(packs: tuple[Pack, Pack]) -> None:
    data = {**OTHER_DATA, "source": "third.log", "constants": {"event.dataset": "third.log"}}
    query = " or ".join(
        f"(event.dataset:{source}.log and process.name:{name})"
        for source, name in (("other", "a"), ("third", "b"))
    )
    text, _ = joined((packs[1], of_data(data)), query)
    assert text.splitlines() == [
        "Others",
        '| where Vendor == "Example"',
        '| where FileName in ("a", "b")',
        "| where Kind in (1, 2)",
    ]


def test_a_source_that_cannot_match_is_left_out(packs: tuple[Pack, Pack]) -> None:
    text, notes = joined(packs, "event.dataset:other.log and process.name:a")
    assert text.splitlines()[0] == "Others"
    assert [n.effect for n in notes if n.code == "source-left-out"] == [Effect.SAME]


def test_a_source_that_lacks_a_field_is_a_gap(packs: tuple[Pack, Pack]) -> None:
    query = "event.dataset:(example.log or other.log) and event.category:process"
    _, notes = joined(packs, f"{query} and example.args.x:a")
    assert [n.effect for n in notes if n.code == "source-left-out"] == [Effect.NARROWER]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a:1 and b:2", {"a": ["1"], "b": ["2"]}),
        ("a:(1 or 2)", {"a": ["1 2"]}),
        ("(a:1 and b:2) or (a:3 and c:4)", {"a": ["1 3"]}),
        ("(a:1 or b:2) and a:3", {"a": ["3"]}),
        ("not a:1", {}),
        ("a:1* or a:2", {}),
        # An event may have both values, and is then of either kind.
        ("a:(1 and 2)", {"a": ["1", "2"]}),
        ("a.keyword:1 and a:(1 or 2)", {"a": ["1"]}),
        ("event.type:(1 or 2) and event.type:(2 or 3)", {"event.type": ["1 2", "2 3"]}),
        ("event.type:(1 and 2) or event.type:3", {"event.type": ["1 3", "2 3"]}),
        ("event.type:(1 and 2) or event.type:(1 and 3)", {"event.type": ["1", "2 3"]}),
        # ECS has one value of it.
        ("event.action:(1 or 2) and event.action:(2 or 3)", {"event.action": ["2"]}),
    ],
)
def test_asserted_values(query: str, values: dict[str, list[str]]) -> None:
    found = asserted_values(kqlx.parse(query))
    assert {
        n: [" ".join(sorted(spelt(one, ()))) for one in sets] for n, sets in found.items()
    } == values


def test_what_a_tree_asserts_it_asserts_no_more_in_itself() -> None:
    """What its outermost group asserts is taken from there, and not worked out once more."""
    implied = all_assert({"event.category": ("process", "file"), "host.os.type": ("linux",)})
    for rule in (
        kqlx.load_rules(ROOT / "rules").rules + kqlx.load_rules(ROOT / "tests/cases/rules").rules
    ):
        node = query_of(rule).fields_tree
        for around in ({}, implied):
            asserted = together(around, asserted_values(node))
            assert together(asserted, asserted_values(node)) == asserted
            groups = Groups()
            groups.keep(node, asserted)
            if isinstance(node, And):
                assert groups.asserted_in(node, asserted) is asserted


@pytest.mark.parametrize(
    ("query", "table"),
    [
        ("event.type:(user and deletion)", "CloudAppEvents"),
        ("event.type:user and event.type:deletion", "CloudAppEvents"),
        ("event.type:(deletion and user)", "CloudAppEvents"),
        ("event.category:(iam and configuration)", "CloudAppEvents"),
        ("event.category:iam and event.type:(group and creation)", "CloudAppEvents"),
        ("event.category:authentication and event.type:(start and access)", "SigninLogs"),
        ("event.type:(deletion and access)", "OfficeActivity"),
    ],
)
def test_several_values_of_one_field_choose_a_destination(query: str, table: str) -> None:
    made = kqlx.convert(query, "sentinel", source="o365.audit", accept=["narrower", "different"])
    there = made.place["table"]
    assert (there[0] if isinstance(there, list) else there) == table


@pytest.mark.parametrize(
    ("query", "table", "effect"),
    [
        (
            'event.action:("Set-Mailbox" or "Add member to role.")',
            "CloudAppEvents",
            Effect.COVERAGE,
        ),
        ('event.action:("Set-Mailbox" or FileAccessed)', "OfficeActivity", Effect.COVERAGE),
        ('event.action:"Add member to role."', "CloudAppEvents", Effect.COVERAGE),
        # No table holds both.
        ("event.action:(UserLoggedIn or Set-Mailbox)", "OfficeActivity", Effect.NARROWER),
    ],
)
def test_a_place_that_holds_all_goes_before_one_that_holds_some(
    query: str, table: str, effect: Effect
) -> None:
    made = kqlx.convert(query, "sentinel", source="o365.audit", accept=["narrower"])
    assert (made.place["table"], made.fidelity) == (table, effect)
    passed = [note.message for note in made.notes if note.code == "place-chosen"]
    assert len([one for one in passed if "never holds" in one]) == (table == "CloudAppEvents")


def test_values_of_one_field_choose_as_each_of_them_does() -> None:
    tried = 0
    for pack in map(builtin, sources()):
        for target, destinations in pack.targets.items():
            for name in {n for d in destinations for w in d.when for n in w} & ecs.arrays():
                named = {v: None for d in destinations for w in d.when for v in w.get(name, ())}
                values = [v for v in named if _is_meant(f"{name}:{v}", pack, target)]
                for first in values:
                    for second in {*named, "other"} - {first}:
                        query = f'{name}:("{second}" and "{first}")'
                        assert _is_meant(query, pack, target), (pack.source, target, query)
                        tried += 1
    assert tried > 100


def _is_meant(query: str, pack: Pack, target: str) -> bool:
    """Whether some destination is for the query, which its tests may yet refuse."""
    try:
        bind(kqlx.parse(query), pack, target)
    except MappingError as error:
        return not re.match("no mapping is known|which events of", error.message)
    return True


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_a_name_that_the_target_lacks_is_refused_or_kept_alone(to: str) -> None:
    query = "event.dataset:o365.audit and event.action:a and source.geo.city_name:x"
    with pytest.raises(kqlx.MappingError, match=r"source\.geo\.city_name has no counterpart"):
        kqlx.convert(query, to)
    kept = kqlx.convert(query, to, unmapped="keep", format="query")
    assert kept.fidelity is Effect.UNMAPPED
    assert "source.geo.city_name" in kept.text
    assert "event.action" not in kept.text
    with pytest.raises(kqlx.UnsupportedError):
        kqlx.convert(query, to, unmapped="keep", strict=True)
    left_out = kqlx.convert(query, to, unmapped="comment", format="query")
    assert left_out.fidelity is Effect.WIDER
    assert "left out: source.geo.city_name:x" in left_out.text


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("list:{a:x and b:y}", 'A="x" B="y"'),
        ("list:{a:x and not b:y}", 'A="x"'),
        ("list:{not b:y} and c:z", 'C="z"'),
        ("c:z and not list:{a:x}", 'C="z"'),
        ("c:z or list:{a:x or b:y}", '(C="z" OR A="x" OR B="y")'),
    ],
)
def test_a_nested_group_is_met_by_any_objects(query: str, test: str) -> None:
    fields = {"list.a": "A", "list.b": "B", "c": "C"}
    pack = of_data({"source": "x", "targets": {"spl": [{"base": "x", "fields": fields}]}})
    bound = bind(kqlx.parse(query), pack, "spl")
    assert [note.effect for note in bound.notes] == [Effect.WIDER]
    assert find("spl").emit(query_plan(bound)).query == f"x {test}"


NAMES = {
    "x.a": "A",
    "x.b": "B",
    "x.ip": "IP",
    "x.address": "IP",
    "x.n": "N",
    "x.gone": {"none": "no"},
}
TYPES = {"x.ip": "ip", "x.n": "long"}


@pytest.mark.parametrize(
    ("query", "test", "effect"),
    [
        ("x.*:abc", '(A="abc" OR IP="abc" OR B="abc")', Effect.NARROWER),
        (
            "x.*:10.0.0.0/8",
            '(A="10.0.0.0/8" OR B="10.0.0.0/8" OR IP="10.0.0.0/8")',
            Effect.NARROWER,
        ),
        ("x.*:5", '(A="5" OR IP="5" OR B="5" OR N=5)', Effect.NARROWER),
        ("x.a*:v", '(A="v" OR IP="v")', Effect.SAME),
        ("not x.*:abc", 'NOT (A="abc" OR IP="abc" OR B="abc")', Effect.WIDER),
    ],
)
def test_a_name_with_stars_is_the_fields_that_fit(query: str, test: str, effect: Effect) -> None:
    targets = {"spl": [{"base": "x", "fields": NAMES}]}
    pack = of_data({"source": "x", "types": TYPES, "targets": targets})
    bound = bind(kqlx.parse(query), pack, "spl")
    (note,) = [note for note in bound.notes if note.code == "names-expanded"]
    assert note.effect is effect
    text = str(find("spl").emit(query_plan(bound, options=Options(exact=False))).query)
    assert text.splitlines()[0] == f"x {test}"


BELOW = {"x.a": "A", "x.keys.*": "Keys.*", "x.keys.b": "B", "x.list.*.id": "List{}.id"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("x.keys.*:v", 'B="v"'),
        ("not x.keys.*:v", 'NOT B="v"'),
        ("x.*:v", '(A="v" OR B="v")'),
        ("x.list.*.id:v", 'List{}.id="v"'),
        ("x.list.0.id:v", 'List{}.id="v"'),
    ],
)
def test_a_star_is_never_a_key_of_what_lies_below(query: str, expected: str) -> None:
    pack = of_data({"source": "x", "targets": {"spl": [{"base": "x", "fields": BELOW}]}})
    bound = bind(kqlx.parse(query), pack, "spl")
    assert str(find("spl").emit(query_plan(bound)).query) == f"x {expected}"
    effects = {note.effect for note in bound.notes if note.code == "names-expanded"}
    if "list" not in query:
        assert effects == {Effect.WIDER if "not" in query else Effect.NARROWER}


def test_a_star_that_fits_no_field_by_name_has_no_counterpart() -> None:
    place = {"base": "x", "fields": {"x.keys.*": "Keys.*"}}
    pack = of_data({"source": "x", "targets": {"spl": [place]}})
    with pytest.raises(kqlx.MappingError, match=r"the field name x\.keys\.\*, a wildcard"):
        bind(kqlx.parse("x.keys.*:v"), pack, "spl")


def test_drivers_are_in_the_data_set_of_libraries() -> None:
    pack = builtin("endpoint.events")
    implied = implied_values(pack, ["logs-endpoint.events.library-*"])
    assert implied == {"event.category": ("library", "driver")}
    asked = AskedQuery(kqlx.parse("dll.name:a.sys and process.name:b"))
    bounds = bind_each(asked, [pack], "sentinel", "error", ["logs-endpoint.events.library-*"])
    assert [bound.place["table"] for bound in bounds] == ["DeviceImageLoadEvents", "DeviceEvents"]
    (bound,) = bind_each(asked, [pack], "sigma", "error", ["logs-endpoint.events.library-*"])
    assert any("driver_load/windows is not read" in note.message for note in bound.notes)
    (bound,) = bind_each(asked, [pack], "spl", "error", ["logs-endpoint.events.library-*"])
    assert any("for a driver it never records the process" in note.message for note in bound.notes)
