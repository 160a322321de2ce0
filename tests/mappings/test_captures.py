"""Fields that are a part of a column, where their values are counted or looked for as new."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.extraction import WHOLE, captures
from kqlx.mappings.field_spec import FieldSpec, Part
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.reader.pack_data import of_data
from kqlx.notes import Effect
from tests.oracles.kusto import analyse

PACK = of_data(
    {
        "source": "example.log",
        "recognise": {"fields": {"event.dataset": ["example.log"]}},
        "constants": {"event.dataset": "example.log"},
        "targets": {
            target: [
                {
                    **place,
                    "fields": {
                        "process.name": {"column": "Image", "part": "name", "separators": "\\/"},
                        "user.name": {"column": "Caller", "fits": ["{}@*", "{}"]},
                        "user.domain": {"column": "Caller", "fits": ["*@{}"]},
                        "process.args": {"column": "Line", "part": "word"},
                        "host.id": {"none": "it has none", "counted_by": "Computer"},
                        "user.id": {
                            "column": "Number",
                            "counted_by": "Number",
                            "note": {"effect": "different", "message": "other numbers"},
                        },
                        "dll.name": {"any": ["Loaded", "Image"], "part": "name"},
                        "url.path": {"column": "Pair", "given": "Kind:path"},
                    },
                }
            ]
            for target, place in {
                "spl": {"base": "sourcetype=example"},
                "sentinel": {"table": "Example_CL"},
            }.items()
        },
    }
)
PACKS = Packs({"example.log": PACK})


def taken_out(spec: FieldSpec, text: str) -> str | None:
    """What the first of the expressions that matches takes out of a text."""
    for expression in captures(spec):
        if expression == WHOLE:
            return text
        if (match := re.search(f"(?is){expression}", text)) is not None:
            return match[1]
    return None


NAMES = st.text(st.characters(exclude_characters="\\/.,=@?", exclude_categories=["Cs"]), min_size=1)


@given(NAMES, NAMES, NAMES, st.sampled_from("\\/"))
def test_parts_of_a_path(folder: str, name: str, extension: str, mark: str) -> None:
    path = f"{mark}{folder}{mark}{name}.{extension}"

    def part(part: Part, text: str) -> str | None:
        return taken_out(FieldSpec(column="Path", value_part=part, separators="\\/"), text)

    assert part("name", path) == f"{name}.{extension}"
    assert part("extension", path) == extension
    assert part("directory", path) == f"{mark}{folder}"
    assert part("name", name) == name
    assert part("extension", f"{folder}.d{mark}{name}") is None


@given(NAMES, NAMES)
def test_pairs_and_patterns(one: str, other: str) -> None:
    pair = FieldSpec(column="Hashes", value_part="pair", separators="SHA1=")
    assert taken_out(pair, f"MD5={other},SHA1={one}") == one
    assert taken_out(pair, f"SHA1={one},MD5={other}") == one
    assert taken_out(pair, f"MD5={other}") is None
    address = f"{one}@{other}"
    assert taken_out(FieldSpec(column="C", value_patterns=("{}@*", "{}")), address) == one
    assert taken_out(FieldSpec(column="C", value_patterns=("{}", "{}@*")), address) == one
    assert taken_out(FieldSpec(column="C", value_patterns=("{}@*", "{}")), one) == one
    assert taken_out(FieldSpec(column="C", value_patterns=("*@{}",)), address) == other
    assert taken_out(FieldSpec(column="C", value_patterns=("*@{}",)), one) is None
    url = FieldSpec(column="U", value_patterns=("https://a.b{}", "https://a.b{}?*"))
    assert taken_out(url, f"https://a.b/{one}?{other}") == f"/{one}"
    assert taken_out(url, f"https://a.b/{one}") == f"/{one}"


def test_what_no_expression_takes_out() -> None:
    assert captures(FieldSpec(column="Line", value_part="word")) == ()
    assert captures(FieldSpec(column="Body", value_patterns=("*{}*",))) == ()
    assert captures(FieldSpec(column="Pair", value_patterns=("{}@*",), guard="Kind:path")) == ()
    assert captures(FieldSpec(column="Plain")) == ()


def rule(*fields: str) -> kqlx.Rule:
    return kqlx.Rule(
        name="new",
        query="event.dataset:example.log",
        type="new_terms",
        data={"new_terms_fields": [*fields], "history_window_start": "now-7d"},
    )


def test_counted_in_splunk() -> None:
    found = kqlx.convert(rule("process.name", "user.name", "host.id"), "spl", mappings=PACKS)
    text = str(found.query)
    assert (
        r'| eval process_name=if(match(Image, "(?is)^(?:.*[\\\\/])?([^\\\\/]+)$"), '
        r'replace(Image, "(?is)^(?:.*[\\\\/])?([^\\\\/]+)$", "\\1"), null())' in text
    )
    assert r'| eval user_name=replace(Caller, "(?is)^(.+?)@.*$", "\\1")' in text
    assert "by process_name user_name Computer" in " ".join(text.split()).replace(",", "")
    assert [n.code for n in found.notes if n.code == "grouped-by-substitute"] == [
        "grouped-by-substitute"
    ]


def test_counted_in_sentinel() -> None:
    found = kqlx.convert(rule("process.name", "user.name", "host.id"), "sentinel", mappings=PACKS)
    text = str(found.query)
    assert r'process_name = extract(@"(?is)([^\\/]+)$", 1, Image)' in text
    assert r'user_name = coalesce(extract("(?is)^(.+?)@", 1, Caller), Caller)' in text


def test_parts_of_the_first_of_several_columns() -> None:
    splunk = str(kqlx.convert(rule("dll.name"), "spl", mappings=PACKS).query)
    sentinel = str(kqlx.convert(rule("dll.name"), "sentinel", mappings=PACKS).query)
    assert "coalesce(if(match(Loaded, " in splunk and "if(match(Image, " in splunk
    taken = [rf'extract(@"(?is)([^\\]+)$", 1, {column})' for column in ("Loaded", "Image")]
    assert f"coalesce({', '.join(taken)})" in " ".join(sentinel.split())


def test_the_analyser_takes_it() -> None:
    query = "event.dataset:azure.activitylogs and event.outcome:success"
    data = {
        "new_terms_fields": ["azure.resource.name", "user.name"],
        "history_window_start": "now-7d",
    }
    new = kqlx.Rule(name="new", query=query, type="new_terms", data=data)
    text = str(kqlx.convert(new, "sentinel", accept=["narrower", "different"]).query)
    assert "extract(" in text
    assert analyse([text]) == [[]]


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_other_values_that_tell_the_same_apart(target: str) -> None:
    found = kqlx.convert(rule("user.id"), target, mappings=PACKS)
    assert "different" not in {str(note.effect) for note in found.notes}
    with pytest.raises(kqlx.KqlxError, match="other numbers"):
        kqlx.convert("event.dataset:example.log and user.id:7", target, mappings=PACKS)
    given = str(kqlx.convert(rule("url.path"), target, mappings=PACKS).query)
    assert "url_path" in given
    assert "Kind" in given  # what must hold beside the column holds where it is counted
    with pytest.raises(kqlx.KqlxError, match=r"no counterpart|no column (of|with) its"):
        kqlx.convert(rule("process.title"), target, mappings=PACKS)


@pytest.mark.parametrize(
    ("to", "source", "field", "effect"),
    [
        ("spl", "aws.cloudtrail", "related.user", Effect.NARROWER),
        ("spl", "o365.audit", "user.email", Effect.SAME),
        ("sentinel", "o365.audit", "user.email", Effect.SAME),
    ],
)
def test_of_several_columns_all_at_once_the_first_is_not_enough(
    to: str, source: str, field: str, effect: Effect
) -> None:
    """An array of ECS has the values of all columns, and Kibana counts by each."""
    data = {"type": "threshold", "threshold": {"field": [field], "value": 2}}
    query = f"event.dataset:{source} and event.action:x"
    of = kqlx.Rule(name="n", query=query, type="threshold", data=data)
    notes = kqlx.convert(of, to, accept=["narrower", "different"]).notes
    assert {note.effect for note in notes if note.code == "columns-joined"} == {effect}


@pytest.mark.parametrize("kind", ["threshold", "new_terms"])
def test_a_part_of_a_text_that_stands_for_none_is_no_value_to_count(kind: str) -> None:
    query = "event.dataset:system.security and event.code:4688"
    counts = {
        "field": [],
        "value": 1,
        "cardinality": [{"field": "process.parent.name", "value": 2}],
    }
    terms = {"new_terms_fields": ["process.parent.name"], "history_window_start": "now-7d"}
    data = {"threshold": counts} if kind == "threshold" else terms
    made = kqlx.convert(kqlx.Rule("r", query, type=kind, data=data), "sentinel").text
    assert 'process_parent_name !in ("", "-")' in " ".join(made.split())
