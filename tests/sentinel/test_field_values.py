"""The values of fields as expressions of Kusto, for rules that count, compare or show them."""

from __future__ import annotations

import pytest

from kqlx.backends.sentinel.aggregation import value_notes
from kqlx.backends.sentinel.field_values import single_values, values_of
from kqlx.mappings.bound import Bound
from kqlx.mappings.reader.pack_data import of_data
from kqlx.nodes import Always
from kqlx.notes import Effect

PACK = of_data(
    {
        "source": "acme.log",
        "constants": {"event.dataset": "acme.log"},
        "targets": {
            "sentinel": [
                {
                    "table": "Acme",
                    "columns": {
                        "Items.Id": {"layout": "elements"},
                        "Tags": {"layout": "array"},
                        "Bag": {"type": "object"},
                    },
                    "absent": {"Account": ["-"]},
                    "fields": {
                        "user.name": "User",
                        "user.id": {"none": "is not logged", "counted_by": "Sid"},
                        "user.email": "Properties.mail",
                        "source.as.number": {
                            "none": "is looked up",
                            "counted_by": "Src",
                            "counted_as": "^([0-9]+)",
                            "finer": True,
                        },
                        "source.ip": {"any": ["Src", "Client"]},
                        "client.user.name": {"any": ["User", "Account"]},
                        "file.name": {"column": "Path", "part": "name"},
                        "user.domain": {"column": "Upn", "part": "before", "separators": "@"},
                        "process.args": {"column": "Command", "part": "word"},
                        "event.outcome": {"fixed": "success"},
                        "host.name": {
                            "by": "event.code",
                            "cases": [{"of": ["1"], "column": "Host"}, {"column": "Computer"}],
                        },
                        "event.code": "Code",
                        "tags": "Tags",
                        "items.*.id": "Items.Id",
                        "items.id": "Items.Id",
                        "labels": "Bag",
                        "url.domain": {"none": "is not logged"},
                    },
                }
            ]
        },
    }
)
BOUND = Bound(Always(), pack=PACK, destination=PACK.targets["sentinel"][0], source="acme.log")


@pytest.mark.parametrize(
    ("field", "name", "expression"),
    [
        ("event.dataset", "", '"acme.log"'),
        ("event.outcome", "", '"success"'),
        ("user.name", "User", "User"),
        ("user.id", "Sid", "Sid"),
        ("user.email", "Properties_mail", "tostring(Properties.mail)"),
        ("source.ip", "Src_or_other", "coalesce(Src, Client)"),
        (
            "client.user.name",
            "client_user_name",
            'coalesce(User, iff(Account == "-", "", Account))',
        ),
        ("user.domain", "user_domain", 'tostring(split(Upn, "@")[0])'),
        ("host.name", "host_name", 'iff(Code == "1", Host, Computer)'),
        ("items.0.id", "Items_Id_0", "tostring(Items[0].Id)"),
    ],
)
def test_what_an_event_has_one_value_of(field: str, name: str, expression: str) -> None:
    values = single_values(BOUND, field, grouped_by=[]) or values_of(BOUND, field)
    assert values is not None
    assert (values.name, values.expression) == (name, expression)
    assert not values.multivalue


@pytest.mark.parametrize("field", ["process.args", "labels", "url.domain", "rule.name"])
@pytest.mark.parametrize("counted", [False, True])
def test_what_has_no_values_of_its_own(field: str, counted: bool) -> None:
    assert values_of(BOUND, field, counted) is None


def test_a_part_of_a_column_is_counted_and_not_shown() -> None:
    assert values_of(BOUND, "file.name") is None
    values = values_of(BOUND, "file.name", counted=True)
    assert values is not None
    assert values.expression == r"""extract(@"(?is)([^\\]+)$", 1, Path)"""


def test_arrays_are_taken_apart() -> None:
    tags, ids = values_of(BOUND, "tags"), values_of(BOUND, "items.id")
    assert tags is not None
    assert ids is not None
    assert (tags.multivalue, tags.stored, tags.array) == (True, "Tags", "")
    assert (ids.multivalue, ids.expression, ids.array) == (True, "tostring(element.Id)", "Items")
    assert single_values(BOUND, "tags", grouped_by=["tags"]) is None


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("user.id", "grouped-by-substitute"),
        ("source.ip", "columns-joined"),
        ("host.name", "columns-joined"),
    ],
)
def test_what_those_are_told_who_count_values(field: str, code: str) -> None:
    values = values_of(BOUND, field)
    assert values is not None
    assert [note.code for note in values.notes] == [code]


@pytest.mark.parametrize(
    ("by", "effect"), [(["source.as.number"], Effect.NARROWER), ([], Effect.WIDER)]
)
def test_what_is_told_apart_more_finely_makes_smaller_groups_and_more_values(
    by: list[str], effect: Effect
) -> None:
    values = values_of(BOUND, "source.as.number", counted=True)
    assert values is not None
    assert values.expression == 'extract("(?is)^([0-9]+)", 1, Src)'
    notes = [note for note in value_notes([values], BOUND, by) if note.effect is not Effect.SAME]
    assert [(note.code, note.effect) for note in notes] == [("value-differs", effect)]
