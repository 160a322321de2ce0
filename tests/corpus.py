"""Real rules to try things out on, if there are any beside the project: they belong to others, and
are never part of it.

``CORPUS`` in the environment names the folder; else those in Kibana KQL are in ``shared/corpus``
next to the checkout, and those in EQL in ``shared/corpus_eql``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kqlx
from tests.conftest import ROOT

BESIDE = ROOT.parent / "shared" / "corpus"
BESIDE_IN_EQL = ROOT.parent / "shared" / "corpus_eql"


def folder() -> Path | None:
    """Where the rules are, or None. A folder that ``CORPUS`` names but is not there is an error:
    raises NotADirectoryError.
    """
    named = os.environ.get("CORPUS")
    if not named:
        return BESIDE if BESIDE.is_dir() else None
    if not Path(named).is_dir():
        raise NotADirectoryError(f"CORPUS names {named}, which is no folder")
    return Path(named)


@cache
def _loaded(path: Path) -> kqlx.RuleSet:
    return kqlx.load_rules(path)


def rule_set() -> kqlx.RuleSet:
    """All that the folder holds, broken files and rules in other languages too; empty where there
    is no folder.
    """
    path = folder()
    return kqlx.RuleSet() if path is None else _loaded(path)


def rules() -> Iterator[tuple[Path, kqlx.Rule]]:
    """The rules in Kibana KQL, each with its file."""
    for rule in rule_set().rules:
        if rule.language == "kuery":
            assert rule.path is not None
            yield rule.path, rule


def rules_in_eql() -> list[tuple[Path, kqlx.Rule]]:
    """The rules in EQL, each with its file."""
    apart = not os.environ.get("CORPUS") and BESIDE_IN_EQL.is_dir()
    found = _loaded(BESIDE_IN_EQL) if apart else rule_set()
    return [(rule.path, rule) for rule in found.rules if rule.language == "eql" and rule.path]


def is_of_one_event(rule: kqlx.Rule) -> bool:
    """Whether a rule's query asks for single events, not for sequences or samples of them."""
    try:
        kqlx.parse(rule.query, language=rule.language)
    except kqlx.UnsupportedError as error:
        if error.code == "several-events":
            return False
        raise
    return True
