"""Splunk SPL: the very text for each construct, the user's settings, data models, and
the idiom linter.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx import settings
from kqlx.backends.spl.syntax import WIDTH
from kqlx.nodes import And, Like, Literal, Not
from kqlx.notes import Effect
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern
from tests.conftest import GOLDEN
from tests.oracles.spl.reader import parse_search


def spl(query: str, **options: Any) -> str:
    accept = ("different",)
    return kqlx.convert(query, "spl", source="none", accept=accept, **options).text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("f:v", 'f="v"'),
        ('f:"a b"', 'f="a b"'),
        ("f:a b", 'f="a b"'),
        ("process.pid:5", "process.pid=5"),
        ("process.pid >= 5 and process.pid < 10", "process.pid>=5 process.pid<10"),
        ("@timestamp >= now-1h", "earliest=-1h"),
        ("@timestamp < now/d", '*\n| where _time<relative_time(now(), "@d")'),
        ("@timestamp <= now-1d/w", '*\n| where _time<relative_time(now(), "-1d@w1+1w")'),
        ("@timestamp <= now", "*\n| where _time<=now()"),
        ('@timestamp >= "2026-01-01"', "*\n| where _time>=1767225600"),
        ('@timestamp > "2026-01-01"', "*\n| where _time>=1767312000"),
        ('@timestamp <= "2026-01-01T00:00:00.005Z"', "*\n| where _time<1767225600.006"),
        ('@timestamp < "2026-01-01T01:00:00+01:00"', "*\n| where _time<1767225600"),
        ("@timestamp < 1767225600000", "*\n| where _time<1767225600"),
        ('@timestamp >= "2026-01-15||/M"', "*\n| where _time>=1767225600"),
        ("source.ip:\\:\\:ffff\\:10.0.0.1", 'source.ip="10.0.0.1"'),
        ("*", "*"),
        (
            "@timestamp > now-15m",
            'earliest=-15m\n| where _time>relative_time(now(), "-15m")',
        ),
        ("dll.code_signature.trusted:true", "dll.code_signature.trusted=true"),
        ("f:a*b", 'f="a*b"'),
        ("f:*a*", 'f="*a*"'),
        ("f:**", "f=*"),
        ("f:*", "f=*"),
        ("not f:*", "NOT f=*"),
        ("not f:v", 'NOT f="v"'),
        ("not (not f:v)", 'f="v"'),
        ("not (a:1 or b:2)", 'NOT (a="1" OR b="2")'),
        ("not (a:1 and b:2)", 'NOT (a="1" b="2")'),
        ("a:1 or b:2 and c:3", '(a="1" OR (b="2" c="3"))'),
        ("f:(a or b* or a)", 'f IN ("a", "b*")'),
        ("f:(a and b)", 'f="a" f="b"'),
        ('f:(* and not "x")', 'f=* NOT f="x"'),
        ("not f:(a or b)", 'NOT f IN ("a", "b")'),
        ("foo bar", '"foo bar"'),
        ("*:*", "*"),
        ("source.ip:10.0.0.1", 'source.ip="10.0.0.1"'),
        ("source.ip:10.1.2.3/8", 'source.ip="10.0.0.0/8"'),
        ('source.ip:("::1" or "fe80::/10")', 'source.ip IN ("::1/128", "fe80::/10")'),
        (r'f:"a\"b"', r'f="a\"b"'),
        (r"f:C\:\\x\\*", r'f="C:\\x\\*"'),
        ("f:a?b", 'f="a?b"'),
        ("f:IN", 'f="IN"'),
        ("f:a|b,c=[d]", 'f="a|b,c=[d]"'),
        ('f:""', 'f=""'),
        ("user name:x", '"user name"="x"'),
        ("OR:x", '"OR"="x"'),
        ("process.name.caseless:a", 'process.name="a"'),
        (r"f:a\*b", 'f="a*b"\n| where isnotnull(mvfind(f, "(?i)\\\\Aa\\\\*b\\\\z"))'),
        (r"not f:a\*b", '*\n| where isnull(mvfind(f, "(?i)\\\\Aa\\\\*b\\\\z"))'),
        (
            "f:10.0.0.0/8",
            'f="10.0.0.0/8"\n| where isnotnull(mvfind(f, "\\\\A10\\\\.0\\\\.0\\\\.0/8\\\\z"))',
        ),
        ("threat.enrichments:{ a.ip:192.0.2.1 }", 'threat.enrichments.a.ip="192.0.2.1"'),
        ("not threat.enrichments:{ a:1 and b:2 }", "*"),
        (
            "event.risk_score:5",
            "event.risk_score>=5 event.risk_score<=5\n| where isnotnull(mvmap('event.risk_score', "
            "if(tonumber('event.risk_score')=5, 1, null())))",
        ),
        (
            "a.*.b:(x or y*)",
            "*\n| foreach a.*.b [ eval kqlx_match_1=if(isnotnull(mvfind('<<FIELD>>', "
            '"(?is)\\\\A(?:x|y.*)\\\\z")), 1, kqlx_match_1) ]\n| where isnotnull(kqlx_match_1)',
        ),
        ("message:quick", 'message="*quick*"'),
        ("not message:(ç and fox)", "*"),
        (r"not (message:ç or f:a\*b)", '*\n| where isnull(mvfind(f, "(?i)\\\\Aa\\\\*b\\\\z"))'),
        (
            'message:("quick  fox" or "quick c.d" or "quick" or lazy or ç)',
            'message IN ("*quick*fox*", "*quick*c.d*", "*quick*", "*lazy*", "*ç*")\n'
            '| where isnotnull(mvfind(message, "(?is)(?:ç|(?<![a-z0-9_])'
            '(?:quick(?:[^a-z0-9]+(?:fox|c\\\\.d))?|lazy)(?![a-z0-9_]))"))',
        ),
    ],
)  # fmt: skip
def test_the_form_of_each_construct(query: str, expected: str) -> None:
    assert spl(query) == expected
    assert not parse_search(expected).doubtful


def test_letter_case_counts_with_exact_and_no_note_is_left() -> None:
    result = kqlx.convert("f:Ab and not g:cD* and h:42", "spl", source="none", exact=True)
    assert result.text == (
        'f="Ab" h="42"\n'
        '| where isnotnull(mvfind(f, "\\\\AAb\\\\z"))\n'
        '| where isnull(mvfind(g, "(?s)\\\\AcD.*\\\\z"))'
    )
    assert result.fidelity is Effect.SAME


def test_long_lists_are_parted_for_the_regular_expressions() -> None:
    text = spl("f:(" + " or ".join(f"Value{n}" for n in range(5000)) + ")", exact=True)
    patterns = re.findall(r'mvfind\(f, "(.*?)"\)', text)
    assert len(patterns) > 3
    assert max(map(len, patterns)) < 40_000
    assert text.count("Value") == 2 * 5000


def test_a_value_cannot_be_taken_for_the_mark_of_foreach() -> None:
    assert "<<FIELD>>'" in spl('a.*:"<<FIELD>>"')
    assert spl('a.*:"<<FIELD>>"').count("<<FIELD>>") == 1


def test_the_note_says_which_predicate_and_which_way() -> None:
    types = {"f": "keyword", "g": "keyword"}
    notes = kqlx.convert("f:a and not g:b", "spl", source="none", fields=types).notes
    assert [(n.effect, n.message) for n in notes] == [
        (Effect.CASE, "f: Splunk's search ignores letter case"),
        (
            Effect.CASE,
            "g: Splunk's search ignores letter case; under `not` it therefore excludes more events",
        ),
    ]  # fmt: skip


def test_long_searches_are_folded_and_never_within_a_value() -> None:
    values = " or ".join(f'"a value with blanks {n}"' for n in range(40))
    text = spl(f"f:({values}) and (b:1 or c:2)")
    assert all(len(line) <= WIDTH for line in text.splitlines())
    assert " ".join(text.split()) == spl(f"f:({values}) and (b:1 or c:2)").replace("\n    ", " ")
    assert text.count('"') == 84


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("process.name > a", "a range on process.name"),
        ('@timestamp:"2024-01-01"', "Elasticsearch reads it as a time span"),
        ('""', "an empty value without a field"),
        ('"\x1f"', "an empty value without a field"),
        ("earliest:foo", "a meaning of its own in Splunk"),
        ("_index_earliest:foo", "a meaning of its own in Splunk"),
        ("a\\*b:x", "no way to write such a name"),
        ("event.sequence > 9007199254740993", "lose digits"),
        ("a.*:x and k*:y", "foreach would see its own marks"),
        ("user.* > 5", "a range on the fields user.*"),
    ],
)
def test_refusals_name_the_reason(query: str, why: str) -> None:
    with pytest.raises(kqlx.UnsupportedError) as error:
        spl(query)
    assert why in error.value.message


def codes(query: str) -> dict[str, Effect]:
    notes = kqlx.convert(query, "spl", source="none", accept=["different"]).notes
    return {note.code: note.effect for note in notes}


def test_limits_and_assumptions_are_noted() -> None:
    assert codes("f:*abc")["leading-wildcard"] is Effect.SAME
    assert codes("vendor.count > 5")["type-assumed"] is Effect.SAME
    long = " or ".join(f"value{n}" for n in range(1500))
    assert codes(f"f:({long})")["query-too-long"] is Effect.SAME
    assert codes("file.elf.sections.name:a")["nested-outside"] is Effect.SAME
    assert codes("message:fox")["text-analysis"] is Effect.WIDER
    assert codes("@timestamp >= now-1h")["time-range"] is Effect.SAME
    assert codes("mess*:a")["name-wildcard"] is Effect.DIFFERENT


def test_index_and_macro_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "kqlx.yml"
    file.write_text("spl: {index: sec, macros: {o365.audit: o365_logs}}", "utf-8")
    query = "event.dataset:o365.audit and user.id:a"
    text = kqlx.convert(query, "spl", settings=settings.load(file)).text
    assert text == 'index=sec `o365_logs` UserId="a"'
    assert kqlx.convert(query, "spl", index="x").text.startswith("index=x sourcetype=")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spl: 5", "spl must be a table"),
        ("splunk: {}", "has no key 'splunk'"),
        ("spl: {index: 'a b'}", "spl.index is not a name"),
        ("spl: {macros: {o365.audit: '`x`'}}", "spl.macros.o365.audit is not a name"),
        ("spl: [", "not YAML"),
        ("- a", "the file must be a table"),
    ],
)
def test_broken_settings_name_the_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "kqlx.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(kqlx.UsageError) as error:
        settings.load(file)
    assert message in error.value.message
    assert str(file) in error.value.message


def test_settings_are_read_from_the_working_folder_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KQLX_CONFIG", raising=False)
    assert settings.load() == settings.Settings()
    (tmp_path / "kqlx.yml").write_text("spl: {index: here}", "utf-8")
    assert settings.load().index == "here"
    monkeypatch.setenv("KQLX_CONFIG", str(tmp_path / "none.yml"))
    with pytest.raises(kqlx.UsageError, match=r"none\.yml: "):
        settings.load()


def test_tstats_over_a_data_model() -> None:
    query = "event.category:process and process.name:(a.exe or b*) and not user.name:x"
    result = kqlx.convert(query, "spl", format="tstats", accept=["different"])
    assert result.text == (
        "| tstats summariesonly=false count min(_time) as firstTime max(_time) as lastTime\n"
        "    from datamodel=Endpoint.Processes\n"
        '    where Processes.process_name IN ("a.exe", "b*") NOT Processes.user="x"\n'
        "    by Processes.dest Processes.user Processes.process Processes.parent_process"
    )
    assert result.fidelity is Effect.DIFFERENT
    parse_search(result.text)
    with pytest.raises(kqlx.UnsupportedError, match="no data set of the Common Information Model"):
        kqlx.convert("process.name:a and url.path:b", "spl", format="tstats")


@pytest.mark.parametrize(
    ("query", "model", "where"),
    [
        (
            "event.category:authentication and event.outcome:failure and user.name:root",
            "Authentication.Authentication",
            'Authentication.action="failure" Authentication.user="root"',
        ),
        ("dns.question.name:*.example", "Network_Resolution.DNS", 'DNS.query="*.example"'),
    ],
)
def test_the_data_models_of_logons_and_names(query: str, model: str, where: str) -> None:
    text = kqlx.convert(query, "spl", format="tstats", accept=["different"]).text
    assert f"datamodel={model}\n    where {where}\n" in text
    parse_search(text)


@pytest.mark.parametrize("negated", [False, True])
def test_a_data_model_has_no_wildcard_for_one_character(negated: bool) -> None:
    drive = Like(Literal("process.name"), Pattern((ANY_ONE, ":a", ANY_RUN)))
    node = And((kqlx.parse("event.category:process"), Not(drive) if negated else drive))
    result = kqlx.convert("*", "spl", format="tstats", accept=["different"], node=node)
    assert ('Processes.process_name="*:a*"' in result.text) is not negated
    assert [note.effect for note in result.notes if note.code == "approximated"] == [Effect.WIDER]


GOLDENS = sorted(GOLDEN.glob("*/spl.spl"))


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parent.name)
def test_goldens_are_well_formed(path: Path) -> None:
    assert not parse_search(path.read_text("utf-8")).doubtful


def test_the_idiom_linter_finds_nothing_in_goldens() -> None:
    """splint-spl; leading wildcards (SPL002) are excepted, they are the rules' own."""
    run = subprocess.run(
        [sys.executable, "-m", "splint", "--format", "json", *map(str, GOLDENS)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(run.stdout)["diagnostics"]
    assert not [d for d in found if d["severity"] != "info" and d["code"] != "SPL002"]
