"""Multi-fields of what a pack folds or translates: each has a reading of its own of the value."""

from __future__ import annotations

import pytest

import kqlx

PROCESS = "event.dataset:endpoint.events.process and process.name:x"
TRUE = [
    "event.category.caseless:PROCESS",
    "event.category.caseless:PRO*ss",
    "event.category.keyword:process",
    "event.category.text:(process or other)",
    "event.module.caseless:ENDPOINT",
    "event.kind.caseless:Event",
]
FALSE = [
    "event.category.caseless:FILE",
    "event.category.keyword:PROCESS",
    "event.category.keyword:PRO*",
    "event.module.caseless:other",
]


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize("test", TRUE)
def test_a_constant_is_compared_as_the_multi_field_reads_it(to: str, test: str) -> None:
    plain = kqlx.convert(PROCESS, to, format="query").query
    assert kqlx.convert(f"{PROCESS} and {test}", to, format="query").query == plain
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert(f"{PROCESS} and not {test}", to)


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize("test", FALSE)
def test_another_value_is_never_there(to: str, test: str) -> None:
    plain = kqlx.convert(PROCESS, to, format="query").query
    assert kqlx.convert(f"{PROCESS} and not {test}", to, format="query").query == plain
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert(f"{PROCESS} and {test}", to)


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_a_value_is_translated_as_the_multi_field_reads_it(to: str) -> None:
    query = "event.dataset:o365.audit and event.provider:Exchange and event.outcome{}:{}"
    plain = kqlx.convert(query.format("", "success"), to).query
    assert kqlx.convert(query.format(".caseless", "SUCCESS"), to).query == plain
    assert kqlx.convert(query.format(".keyword", "success"), to).query == plain


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("event.dataset.keyword:okta.system", "okta.system"),
        ("event.dataset.keyword:(okta.system or aws.cloudtrail)", "aws.cloudtrail, okta.system"),
        ("winlog.channel.keyword:Security and event.code:4625", "system.security"),
    ],
)
def test_keyword_fields_name_a_data_source_too(query: str, source: str) -> None:
    found = kqlx.convert(f"{query} and source.ip.keyword:10.0.0.1", "spl", accept=["narrower"])
    assert found.source == source
