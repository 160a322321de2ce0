"""``annotate``: notes as comments in the artifacts, which all readers pass over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.notes import Effect
from tests.conftest import OWN_RULES, missing, own_rules
from tests.oracles import loaders

FORMATS = [
    (target.name, format)
    for target in kqlx.targets()
    if target.name in ("spl", "sentinel", "sigma")
    for format in target.format_names
]
MARKS = {"spl": "``` ", "sentinel": "// ", "sigma": "# "}
ALL = ("coverage", "wider", "narrower", "different")


def converted(rule: kqlx.Rule | str, target: str, format: str, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(rule, target, format=format, accept=ALL, unmapped="keep", **options)


@pytest.mark.parametrize(("target", "format"), FORMATS)
@pytest.mark.parametrize("path", OWN_RULES, ids=lambda path: path.stem)
def test_only_comments_are_added(path: Path, target: str, format: str) -> None:
    """So whatever reads the result without them reads it with them too."""
    (rule,) = kqlx.load_rules(path).rules
    try:
        plain = converted(rule, target, format)
    except kqlx.KqlxError:
        return
    annotated = converted(rule, target, format, annotate=True)
    assert annotated.notes == plain.notes
    told = [note for note in plain.notes if note.effect >= Effect.WIDER]
    query = annotated.query
    assert isinstance(query, str)
    assert isinstance(plain.query, str)
    lines = query.splitlines()
    added = [line for line in lines if line.startswith(MARKS[target])]
    for note in told:
        assert any(f"[{note.code}]" in line and str(note.effect) in line for line in added)
    kept = [line for line in lines if not line.startswith(MARKS[target])]
    before = [line for line in plain.query.splitlines() if not line.startswith(MARKS[target])]
    assert kept == before
    assert (annotated.text == plain.text) is (not told)
    if format in ("rule", "escu") or target == "sigma":
        assert without_query([*yaml.safe_load_all(annotated.text)]) == without_query(
            [*yaml.safe_load_all(plain.text)]
        )


def without_query(value: object) -> object:
    """Parsed YAML with the comments of queries in it taken out."""
    if isinstance(value, dict):
        return {key: without_query(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_query(item) for item in value]
    if isinstance(value, str):
        lines = value.splitlines()
        return "\n".join(line for line in lines if not line.startswith(("``` ", "// ")))
    return value


@pytest.mark.parametrize(("target", "format"), FORMATS)
def test_what_loads_a_format_loads_it_with_comments(target: str, format: str) -> None:
    if loaders.lacking() and (target == "sentinel" or format == "escu"):
        missing(loaders.lacking()[0])
    texts = []
    for rule in own_rules():
        try:
            made = kqlx.convert(rule, target, format=format, accept=ALL, annotate=True)
        except kqlx.KqlxError:
            continue
        if MARKS[target] in str(made.query):
            texts.append(made.text)
    assert texts
    assert loaders.load(target, format, texts) == [[] for _ in texts]


def test_a_comment_cannot_be_left_by_what_it_quotes() -> None:
    query = 'user.name:"a``` | delete ```\nb" and message:"x // y # z ` \'"'
    for target, format in FORMATS:
        if format == "tstats":
            continue
        made = kqlx.convert(query, target, format=format, source="none", annotate=True, accept=ALL)
        assert isinstance(made.query, str)
        for line in made.query.splitlines():
            if line.startswith("``` "):
                assert line.count("`") == 6
                assert line.endswith(" ```")


def test_fragments_are_not_looked_for_in_comments() -> None:
    query = "message:denied and user.name:denied"
    made = kqlx.convert(query, "sentinel", source="none", annotate=True, accept=ALL)
    assert made.query_text.startswith("// wider: ")
    for fragment in made.fragments:
        assert not made.query_text[: fragment.place[0]].rpartition("\n")[2].startswith("//")


def test_elasticsearch_has_no_comments() -> None:
    with pytest.raises(kqlx.UsageError, match="annotate does nothing for elasticsearch"):
        kqlx.convert("a:b", "elasticsearch", annotate=True)


def test_comments_never_make_a_query_too_long() -> None:
    values = " or ".join(f'message:"word{number:04} and more"' for number in range(150))
    plain = kqlx.convert(values, "sentinel", format="rule", source="none", accept=ALL)
    made = kqlx.convert(values, "sentinel", format="rule", source="none", accept=ALL, annotate=True)
    assert made.notes == plain.notes
