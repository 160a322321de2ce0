"""Paths of the registry, whose hives each sensor spells in its own way: patterns that begin
otherwise in a destination, and paths that it keeps in two columns.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

import kqlx
from kqlx.errors import MappingError
from kqlx.mappings.path_patterns import (
    respelled_patterns,
    split_at_last_separator,
    with_unnamed_value,
)
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern

SPELLED_OUT: Mapping[str, list[str]] = {
    "LM\\": ["MACHINE\\"],
    "USERS\\": ["USERS\\", "USER\\"],
    "U\\": ["USERS\\", "USER\\"],
}
SHORT: Mapping[str, list[str]] = {
    "LM\\": ["LM\\"],
    "LM\\SY\\C1\\": ["LM\\SY\\CC\\"],
    "LM\\SO\\CL\\": ["CR\\"],
    "USERS\\": ["U\\"],
}
ANYWHERE: Mapping[str, list[str]] = {"": ["LM\\", "U\\"], "SO\\CL\\": ["CR\\"]}


def drawn_pattern(pieces: list[str]) -> Pattern:
    """The pattern of a text in which stars and question marks are wildcards."""
    wildcards = {"*": ANY_RUN, "?": ANY_ONE}
    return Pattern.of(*(wildcards.get(sign, sign) for sign in "".join(pieces)))


REGISTRY = "event.category:registry and event.type:change and "


@pytest.mark.parametrize(
    ("begins", "pattern", "patterns"),
    [
        (SPELLED_OUT, "LM\\a\\b", ["MACHINE\\a\\b"]),
        (SPELLED_OUT, "LM\\*", ["MACHINE\\*"]),
        (SPELLED_OUT, "*\\Run\\*", ["*\\Run\\*"]),
        (SPELLED_OUT, "U*\\Run\\*", ["U*\\Run\\*"]),
        (SPELLED_OUT, "US*\\Run", ["US*\\Run"]),
        (SPELLED_OUT, "USERS\\*\\Run", ["USERS\\*\\Run", "USER\\*\\Run"]),
        (SPELLED_OUT, "U\\*\\Run", ["USERS\\*\\Run", "USER\\*\\Run"]),
        (SPELLED_OUT, "MACHINE\\*", []),
        (SPELLED_OUT, "*LM\\a", ["*LM\\a", "MACHINE\\a"]),
        (SPELLED_OUT, "\\REGISTRY\\a", ["\\REGISTRY\\a"]),
        (SHORT, "USERS\\*\\Run", ["U\\*\\Run"]),
        (SHORT, "LM\\SY\\C1\\S\\*", ["LM\\SY\\C1\\S\\*", "LM\\SY\\CC\\S\\*"]),
        (SHORT, "*\\SY\\*C*\\S\\*", ["*\\SY\\*C*\\S\\*"]),
        (SHORT, "*\\SO\\CL\\x\\*", ["*\\SO\\CL\\x\\*", "CR\\x\\*"]),
        (ANYWHERE, "a\\b", ["LM\\a\\b", "U\\a\\b"]),
    ],
)
def test_a_pattern_begins_as_the_destination_does(
    begins: Mapping[str, list[str]], pattern: str, patterns: list[str]
) -> None:
    found = respelled_patterns(Pattern.from_stars(pattern), begins)
    assert sorted(one.name for one in found) == patterns


@pytest.mark.parametrize("begins", [SPELLED_OUT, SHORT, ANYWHERE])
def test_patterns_fit_there_what_fits_here(begins: Mapping[str, list[str]]) -> None:
    drawn = random.Random(7)
    pieces = [*"*?\\LMUSCRabc1", "LM\\", "USERS\\", "SY\\", "C1\\", "SO\\CL\\", "*\\", "\\*"]
    rests = ["", "a", "a\\b", "LM\\a", "b\\a\\c", "S\\a", "\\a", "a\\"]
    told = [
        (f"{ours}{rest}", f"{there}{rest}")
        for ours, each in begins.items()
        for there in each
        for rest in rests
        # A text begins as the longest beginning of its has it.
        if not any(len(o) > len(ours) and f"{ours}{rest}".startswith(o) for o in begins)
    ]
    here: dict[str, set[str]] = {}
    for ours, theirs in told:
        here.setdefault(theirs, set()).add(ours)
    matched = 0
    for _ in range(4000):
        pattern = drawn_pattern(drawn.choices(pieces, k=drawn.randint(1, 5)))
        found = [one.matcher() for one in respelled_patterns(pattern, begins)]
        for there, texts in here.items():
            expected = any(map(pattern.matcher(), texts))
            matched += expected
            assert any(fit(there) for fit in found) or not expected, (pattern, there)
            if begins is SPELLED_OUT and not expected:
                assert not any(fit(there) for fit in found), (pattern, there)
    assert matched > 1000


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("A\\B\\v", [("A\\B", "v")]),
        ("A\\B\\", [("A\\B", "")]),
        ("A\\*", [("A", "*"), ("A\\*", "*")]),
        ("*\\v", [("*", "v")]),
        ("A\\*\\v*", [("A\\*", "v*"), ("A\\*\\v*", "*")]),
        ("v", []),
    ],
)
def test_a_path_is_a_key_and_a_name(pattern: str, ways: list[tuple[str, str]]) -> None:
    found = split_at_last_separator(Pattern.from_stars(pattern))
    assert [(key.name, name.name) for key, name in found] == ways


def test_halves_fit_what_the_whole_fits() -> None:
    drawn = random.Random(11)
    texts = ["", "a", "ab", "b", "aa"]
    keys = [*texts, "a\\b", "ab\\a", "b\\\\a", "\\a"]
    matched = 0
    for _ in range(3000):
        pattern = drawn_pattern(drawn.choices("ab\\*?", k=drawn.randint(1, 6)))
        ways = [(k.matcher(), n.matcher()) for k, n in split_at_last_separator(pattern)]
        for key in keys:
            for name in texts:
                expected = pattern.fits(f"{key}\\{name}")
                matched += expected
                assert any(k(key) and n(name) for k, n in ways) is expected, (pattern, key, name)
    assert matched > 1000


def test_a_beginning_of_the_destination_is_none_of_elastics() -> None:
    query = rf"{REGISTRY} registry.path:(HKLM\\a\\b or HKEY_LOCAL_MACHINE\\a\\b)"
    made = kqlx.convert(query, "sentinel", source="endpoint.events")
    alone = kqlx.convert(
        rf"{REGISTRY} registry.path:HKLM\\a\\b", "sentinel", source="endpoint.events"
    )
    assert made.query == alone.query
    with pytest.raises(MappingError, match=r"HKEY_LOCAL_MACHINE.* has another beginning"):
        kqlx.convert(
            rf"{REGISTRY} registry.path:HKEY_LOCAL_MACHINE\\*", "sentinel", source="endpoint.events"
        )


def test_what_has_no_name_is_called_so_there() -> None:
    for pattern, named in (("A*\\B\\", "A*\\B\\(Default)"), ("A*\\B", "A*\\B")):
        found = with_unnamed_value(Pattern.from_stars(pattern), "(Default)")
        assert found == Pattern.from_stars(named)


@pytest.mark.parametrize(
    ("source", "to", "query", "expected"),
    [
        (
            "endpoint.events",
            "sentinel",
            r"registry.path:HKLM\\SOFTWARE\\Run\\x",
            r'(RegistryKey =~ @"HKEY_LOCAL_MACHINE\SOFTWARE\Run" and RegistryValueName =~ "x")',
        ),
        (
            "endpoint.events",
            "sentinel",
            r"registry.path:*\\Run\\*",
            r'or RegistryKey contains @"\Run\"',
        ),
        (
            "endpoint.events",
            "sentinel",
            r"registry.path:HK*\\Run\\x",
            r'and RegistryKey matches regex @"(?is)^HK.*\\Run$" and RegistryValueName =~ "x")',
        ),
        ("endpoint.events", "spl", r"registry.path:HKEY_USERS\\*\\Run", r"HKU\\*\\Run"),
        ("endpoint.events", "spl", r"registry.path:HKLM\\SOFTWARE\\x", r"HKLM\\SOFTWARE\\x"),
        (
            "endpoint.events",
            "spl",
            r"registry.path:*\\InprocServer32\\",
            r"InprocServer32\\(Default)",
        ),
        ("endpoint.events", "sigma", r"registry.path:HKEY_USERS\\*\\Run", r"HKU\\*\Run"),
        (
            "m365_defender.event",
            "sentinel",
            r"registry.path:HKLM\\SOFTWARE\\Run\\x",
            r'(RegistryKey == @"HKEY_LOCAL_MACHINE\SOFTWARE\Run" and (RegistryValueName == "x" or ',
        ),
        (
            "m365_defender.event",
            "spl",
            r"registry.path:HKCU\\S-1-5-21*\\Run\\*",
            r'properties.RegistryKey="HKEY_CURRENT_USER\\S-1-5-21*\\Run"',
        ),
        ("m365_defender.event", "sigma", r"registry.path:HKCU\\S-1*\\Run\\x", r"HKU\S-1*\Run\x"),
        (
            "sentinel_one_cloud_funnel.event",
            "sentinel",
            r"registry.path:MACHINE\\SOFTWARE\\Run\\x",
            r'(RegistryKey =~ @"HKEY_LOCAL_MACHINE\SOFTWARE\Run" and RegistryValueName =~ "x")',
        ),
        (
            "sentinel_one_cloud_funnel.event",
            "spl",
            r"registry.path:USER\\*\\Run\\x",
            r'TargetObject="HKU\\*\\Run\\x"',
        ),
        # As the events have them, in the destination and in Elastic.
        ("windows.sysmon_operational", "spl", r"registry.path:HKLM\\x", r'TargetObject="HKLM\\x"'),
        (
            "system.security",
            "sentinel",
            r"event.code:4657 and registry.path:\\REGISTRY\\MACHINE\\x",
            r'ObjectName == @"\REGISTRY\MACHINE\x"',
        ),
    ],
)
def test_hives_are_spelt_as_the_destination_has_them(
    source: str, to: str, query: str, expected: str
) -> None:
    base = "" if source.startswith(("system", "windows")) else REGISTRY
    base = base.replace("event.type:change and ", "") if "sentinel_one" in source else base
    made = kqlx.convert(base + query, to, source=source)
    assert expected in " ".join(str(made.query).split()), made.query


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("sentinel", "strcat(PreviousRegistryKey, "),
        ("spl", r"""'properties.RegistryKey', ""), "null")."\\".nullif("""),
    ],
)
def test_several_columns_are_counted_with_what_stands_behind_each(target: str, text: str) -> None:
    rule = kqlx.Rule(
        name="Registry",
        type="threshold",
        query="event.dataset:m365_defender.event and event.category:registry",
        data={"threshold": {"field": ["registry.path"], "value": 3}},
    )
    assert text in str(kqlx.convert(rule, target).query)
