"""What a rule excepts by a field that a destination lacks."""

from __future__ import annotations

from typing import Literal

import pytest

import kqlx
from kqlx.errors import KqlxError
from kqlx.notes import Effect

BEGIN = 'file where host.os.type == "linux" and event.action == "creation" and '
PATH = 'file.path like "/etc/cron.d/*" and '
RENAMED = 'file.Ext.original.extension == "dpkg-new"'


def converted(query: str, target: str, unmapped: Literal["keep"] | None = None) -> kqlx.Conversion:
    return kqlx.convert(
        BEGIN + query, target, source="endpoint.events", language="eql", unmapped=unmapped
    )


@pytest.mark.parametrize("target", ["spl", "sigma"])
@pytest.mark.parametrize(
    "exception",
    [
        RENAMED,
        f'(process.name == "x" or {RENAMED})',
        f'(process.name == "x" or (file.extension == "y" and {RENAMED}))',
        '(file.size in (0, 165) and process.name == "x")',
    ],
)
def test_what_is_excepted_is_found(target: str, exception: str) -> None:
    made = converted(f"{PATH} not {exception}", target)
    (note,) = (note for note in made.notes if note.code == "exception-left-out")
    assert note.effect is Effect.WIDER
    assert note.message in made.text
    without = exception.replace(RENAMED, "false").replace("file.size in (0, 165)", "false")
    other = converted(f"{PATH} not {without}", target)
    comment = {"spl": f"``` {note.message} ```\n", "sigma": f"# {note.message}\n"}[target]
    assert str(made.query).replace(comment, "") == other.query


@pytest.mark.parametrize("target", ["spl", "sigma"])
@pytest.mark.parametrize(
    "query",
    [
        f"{PATH} {RENAMED}",
        f'{PATH} (process.name == "x" or not {RENAMED})',
        f'{PATH} not (process.name == "x" and not {RENAMED})',
        f"not {RENAMED}",
        f"not ({RENAMED} or file.size == 0)",
        f'{PATH} not file.Ext.header_bytes : "4d5a*"',
    ],
)
def test_elsewhere_it_has_no_counterpart(target: str, query: str) -> None:
    with pytest.raises(kqlx.MappingError, match="no counterpart"):
        converted(query, target)


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_signers_are_no_single_cases(target: str) -> None:
    query = (
        'process where host.os.type == "windows" and user.name : "SQLAGENT*" and '
        'not (process.name : "sqlservr.exe" and process.code_signature.trusted == true)'
    )
    with pytest.raises(kqlx.MappingError, match=r"code_signature\.trusted has no counterpart"):
        kqlx.convert(query, target, source="endpoint.events", language="eql")


def test_a_user_can_still_keep_the_name() -> None:
    """Nothing is left out where names are kept."""
    made = converted(f"{PATH} not {RENAMED}", "sigma", unmapped="keep")
    assert "file.Ext.original.extension" in str(made.query)


def test_in_sentinel_the_earlier_name_is_known() -> None:
    made = converted(f"{PATH} not {RENAMED}", "sentinel")
    assert 'PreviousFileName endswith_cs ".dpkg-new"' in str(made.query)


def test_other_tests_without_a_counterpart_are_named_alone() -> None:
    query = f'{PATH} not {RENAMED} and file.Ext.header_bytes : "7f45*"'
    with pytest.raises(kqlx.MappingError, match="header_bytes") as error:
        converted(query, "sigma")
    assert "original" not in error.value.message


@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_states_of_signatures_that_sysmon_names_are_excepted_and_others_found(target: str) -> None:
    query = (
        'library where host.os.type == "windows" and process.name : "lsass.exe" and '
        'not dll.code_signature.status : ("trusted", "errorExpired", {})'
    )
    unknown = '"errorCode_endpoint*", "errorChaining"'
    made, without = (
        kqlx.convert(query.format(states), target, source="endpoint.events", language="eql")
        for states in (unknown, '"trusted"')
    )
    noted = [note for note in made.notes if note.code == "exception-left-out"]
    assert [note.effect for note in noted] == [Effect.WIDER] * 2
    assert '"errorChaining" of dll.code_signature.status' in noted[1].message
    assert all(state in str(made.query) for state in ("Valid", "Expired"))
    assert "Chaining" not in str(without.query)


@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_states_of_signatures_whose_names_are_not_known_are_looked_for_by_nobody(
    target: str,
) -> None:
    query = 'library where host.os.type == "windows" and dll.code_signature.status : "{}"'
    cases = (("errorChaining", "has no counterpart"), ("error*", "only the known values"))
    for state, why in cases:
        with pytest.raises(KqlxError, match=why):
            kqlx.convert(query.format(state), target, source="endpoint.events", language="eql")
