"""Numbers in the targets that write text: what is one, and its spelling there."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.errors import UnsupportedError


def spl(value: str) -> str:
    text = kqlx.convert(f"process.pid:{value}", to="spl", source="none").text
    return text.removeprefix("process.pid=")


@pytest.mark.parametrize(
    "value",
    [
        "1e99999999",
        "1e5000",
        "1e-99999999",
        "1e401",
        f"1e{'9' * 5000}",
        "1_000",
        "\u0661\u0662",  # Arabic digits
        "\uff11",  # a full-width digit
        "nan",
        "-inf",
        "Infinity",
        "0x10",
        "1e",
        ".",
        "+",
        "--1",
        '" 1"',
        '"1\\n"',
        '""',
    ],
)
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(UnsupportedError, match=r"is not a number|in plain decimal"):
        spl(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("007", "7"),
        ("+5", "5"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("5.", "5"),
        (".5", "0.5"),
        ("-.50", "-0.5"),
        ("1.0", "1"),
        ("100", "100"),
        ("1e3", "1000"),
        ("1E+03", "1000"),
        ("12e-2", "0.12"),
        ("1e0000000000003", "1000"),
        ("1e400", "1" + "0" * 400),
        ("0." + "1" * 40, "0." + "1" * 40),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_numbers_are_written_in_plain_decimal(value: str, written: str) -> None:
    assert spl(value) == written
