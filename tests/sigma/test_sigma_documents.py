"""Whole Sigma rules: pySigma and its back ends, ``sigma check``, metadata.

The validators of pySigma and SigmaHQ look up data in the internet; here they get what they need
from the project's own table of ATT&CK and from a few lines below.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sigma.data.mitre_attack as mitre
from sigma.backends.elasticsearch import LuceneBackend
from sigma.backends.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
from sigma.rule import SigmaDetectionItem, SigmaRule
from sigma.validation import SigmaValidator
from sigma.validators.base import SigmaRuleValidator, SigmaValidationIssue
from sigma.validators.base import SigmaValidationIssueSeverity as Severity
from sigma.validators.core.logsources import SpecificInsteadOfGenericLogsourceIssue
from sigma.validators.sigmahq.data import (
    data_filename,
    data_taxonomy,
    data_windows_eventid,
    data_windows_provider,
)
from sigma.validators.sigmahq.fieldname import SigmahqInvalidFieldnameIssue
from sigma.validators.sigmahq.logsource import SigmahqLogsourceUnknownIssue

import kqlx
from kqlx.backends import find
from kqlx.backends.sigma import file_prefixes
from kqlx.backends.sigma.file_names import file_name
from kqlx.batch.file_naming import file_names
from kqlx.rules import mitre_attack as attack
from kqlx.rules.model import Rule, Tactic
from tests import corpus
from tests.conftest import GOLDEN, ROOT, own_rules
from tests.oracles.sigma_rules import documents
from tests.oracles.sigma_schema import SCHEMAS, problems

# Rules that count or compare are several documents, or none; the goldens have them.
OWN = [rule for rule in own_rules() if rule.type == "query"]
COUNTED = [path.parent.name for path in GOLDEN.glob("*/sigma.yml")
           if "\ncorrelation:" in path.read_text("utf-8")]  # fmt: skip
MAPPED = [rule for rule in OWN if "m365" in str(rule.path)]
ALL = ("wider", "narrower", "different")


def sigma(rule: Rule, **options: Any) -> kqlx.Conversion:
    if rule in OWN and rule not in MAPPED:
        options = {"source": "none", "accept": ["different"], **options}
    return kqlx.convert(rule, to="sigma", **options)


def loaded(text: str) -> SigmaCollection:
    collection = SigmaCollection.from_yaml(text)
    assert not [error for rule in collection.rules for error in rule.errors]
    return collection


@pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.path.stem)
def test_own_rules_are_read_and_converted(rule: Rule) -> None:
    text = sigma(rule).text
    for backend in (SplunkBackend(), LuceneBackend()):
        assert all(backend.convert(loaded(text)))
    assert not [line for line in text.splitlines() if line != line.rstrip()]


FACTS = json.loads((SCHEMAS / "sigmahq_facts.json").read_text("utf-8"))


def known_techniques() -> list[str]:
    """Any id may be one, for the table has few sub-techniques; but not those that were revoked."""
    numbers = [f"T{number}" for number in range(1000, 1800)]
    subs = [f"{id}.{sub:03}" for id in numbers for sub in range(1, 25)]
    return [id for id in (*numbers, *subs) if id not in attack._data()["revoked"]]


def _key(log_source: str) -> str:
    product, category, service = (part or "None" for part in log_source.split("/"))
    return f"{product}_{category}_{service}"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the validators would fetch, from here."""
    table = attack._data()
    techniques = [id for ids in table["techniques"].values() for id in ids]
    revoked = [*table["revoked"].values()]
    data = {
        "tactics": table["tactics"],
        "techniques": dict.fromkeys(known_techniques(), ""),
        "techniques_tactics_mapping": {
            id: list(attack._tactics_of(id)) for id in [*techniques, *revoked]
        },
        "intrusion_sets": {},
        "software": {},
        "datasources": {},
        "mitigations": {},
    }
    for name, value in data.items():
        monkeypatch.setitem(vars(mitre), f"mitre_attack_{name}", value)
    fields = {_key(name): known for name, known in FACTS["fields"].items()}
    for module, name, value in [
        (data_taxonomy, "sigmahq_taxonomy_fieldsname", {**fields, "elastic_None_None": []}),
        (data_taxonomy, "sigmahq_taxonomy_redundant_fields", {}),
        (data_taxonomy, "sigmahq_taxonomy_logsource_definition", {}),
        (
            data_filename,
            "sigmahq_filename_pattern",
            {_key(name): prefix for name, prefix in file_prefixes.PREFIXES.items()},
        ),
        (data_windows_eventid, "sigmahq_category_no_eventid", FACTS["no_event_id"]),
        (data_windows_provider, "sigmahq_provider_name", FACTS["providers"]),
    ]:
        monkeypatch.setitem(vars(module), name, value)


@cache
def validators() -> tuple[type[SigmaRuleValidator], ...]:
    """pySigma's and SigmaHQ's; those on D3FEND and the traffic light protocol are left out."""
    found = InstalledSigmaPlugins.autodiscover(include_backends=False, include_pipelines=False)
    chosen = [c for name, c in found.validators.items() if "fend" not in name and "tlp" not in name]
    assert len(chosen) > 70
    return tuple(chosen)


def issues(*paths: Path) -> Iterator[SigmaValidationIssue]:
    """What they say of files, of medium severity or higher."""
    collection = SigmaCollection.load_ruleset([*paths])
    found = [*SigmaValidator(validators()).validate_rules(iter(collection.rules))]
    for issue in found:
        if issue.severity in (Severity.MEDIUM, Severity.HIGH) and not _of_several(issue, found):
            yield issue


def _of_several(issue: SigmaValidationIssue, found: list[SigmaValidationIssue]) -> bool:
    """Whether it asks for the category of one kind of Sysmon's events, where the rule is about
    those of several: connections and looked-up names are both events of the network.
    """
    categories = {
        str(getattr(other, "generic_logsource", None))
        for other in found
        if type(other) is type(issue) and other.rules == issue.rules
    }
    return len(categories) > 1


NOT_OURS = {
    "SigmahqStatusIssue": "a rule that Elastic has given up is deprecated",
    "SigmahqGithubLinkIssue": "a reference is the author's",
    "SigmahqFalsepositivesBannedWordIssue": "a reason is the author's",
    "ControlCharacterIssue": "a value has a tab, which the author wrote",
    "SigmahqFieldUserIssue": "a built-in account is asked for by its English name; a note says so",
    "SigmahqInvalidHashKvIssue": "whether there is a hash of a kind is asked for without a value",
}
"""Findings that are not this project's to mend, with the reason."""

UNKNOWN_LOG_SOURCES = {
    "zeek/conn": "Zeek's connections: the specification lists other logs of Zeek's",
    "network_connection/macos": "sensors on macOS see connections, too",
    "google_workspace.login": "three of SigmaHQ's own rules are about it",
    "google_workspace": "logs of Google Workspace beside that of administrators",
    "platformlogs": "resource logs of Azure: SigmaHQ has none",
    "microsoftgraphactivitylogs": "SigmaHQ has none",
    "powershell": "the service of pySigma's pipelines for all records of the log",
    "process_termination": "of the specification's taxonomy",
}
"""Log sources that SigmaHQ's check does not know, though they are what a rule is about. (SigmaHQ
leaves this check out of its own runs.)
"""


def ours(issue: SigmaValidationIssue) -> bool:
    """Whether a finding is this project's to mend.

    Two come from the taxonomy, which has fewer fields than the logs: pySigma's ``sigma check`` asks
    for ``process_creation`` in place of event 4688, where a rule may ask for fields of the Security
    log that this category lacks, such as the SID of the account; and there is no field for the
    computer of processes on Linux and macOS, by which correlations must tell computers apart.
    """
    if isinstance(issue, SpecificInsteadOfGenericLogsourceIssue):
        known = FACTS["fields"].get(f"windows/{issue.generic_logsource.category}/", ())
        return all({"EventID", *known} >= fields_of(rule) for rule in issue.rules)
    if isinstance(issue, SigmahqInvalidFieldnameIssue) and issue.field == "Computer":
        return any(rule.logsource.product == "windows" for rule in issue.rules)
    if isinstance(issue, SigmahqLogsourceUnknownIssue):
        told = f"{issue.logsource.category}/{issue.logsource.product}/{issue.logsource.service}"
        return not any(name in told for name in UNKNOWN_LOG_SOURCES)
    return type(issue).__name__ not in NOT_OURS


def fields_of(rule: SigmaRule) -> set[str]:
    """The fields that a rule asks for."""

    def of(items: Any) -> Iterator[str]:
        for item in items:
            if isinstance(item, SigmaDetectionItem):
                yield from filter(None, [item.field])
            else:
                yield from of(item.detection_items)

    return {*of(rule.detection.detections.values())}


def found_in(rule: Rule, made: kqlx.Conversion, folder: Path) -> list[str]:
    """What is to be mended in the files that a rule becomes."""
    places = [part.place for part in made.parts] or [made.place]
    texts = [part.text for part in made.parts] or [made.text]
    names = file_names("{title}", rule, find("sigma"), places, made.format)
    paths = [folder / name for name in names]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text + "\n", encoding="utf-8")
    reports = [f"{rule.name}: {issue}" for issue in issues(*paths) if ours(issue)]
    for path in paths:
        path.unlink()
    return reports


@pytest.mark.usefixtures("offline")
def test_sigma_check_finds_nothing_in_own_rules(tmp_path: Path) -> None:
    for rule in OWN:
        path = tmp_path / file_name(rule, {"product": "m365" if rule in MAPPED else "elastic"})
        path.write_text(sigma(rule).text + "\n", encoding="utf-8")
        assert not list(issues(path))


@pytest.mark.usefixtures("offline")
def test_sigma_check_finds_nothing_in_own_rules_by_the_packs(tmp_path: Path) -> None:
    reports: list[str] = []
    converted = 0
    for rule in own_rules():
        with suppress(kqlx.KqlxError):
            made = kqlx.convert(rule, "sigma", accept=["wider", "narrower"])
            converted += 1
            reports += found_in(rule, made, tmp_path)
    assert converted > 10
    assert not reports, "\n".join(reports)


@pytest.mark.usefixtures("offline")
@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
def test_sigma_check_finds_nothing_of_ours_in_real_rules(tmp_path: Path) -> None:
    reports: list[str] = []
    for _, rule in (*corpus.rules(), *corpus.rules_in_eql()):
        with suppress(kqlx.KqlxError):
            reports += found_in(rule, kqlx.convert(rule, "sigma"), tmp_path)
    assert not reports, "\n".join(reports)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", COUNTED)
def test_sigma_check_finds_nothing_in_what_counts(name: str, tmp_path: Path) -> None:
    """A correlation and the rule that it counts, as the golden has them."""
    (rule,) = kqlx.load_rules(ROOT / f"rules/{name}.toml").rules
    path = tmp_path / file_name(rule, {"product": "aws"})
    assert path.name.startswith("correlation_aws_")
    path.write_text((GOLDEN / name / "sigma.yml").read_text("utf-8"), encoding="utf-8")
    assert not list(issues(path))


@pytest.mark.usefixtures("offline")
def test_sigma_check_finds_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "microsoft365_wrong_rule.yml"
    text = sigma(MAPPED[0]).text.replace("attack.t1114\n", "attack.t1562\n")
    path.write_text(text.replace("condition: selection and", "condition: selection or"), "utf-8")
    assert [issue for issue in issues(path) if "t1562" in str(issue)]


def test_file_names_are_those_of_sigmahq() -> None:
    assert [file_name(rule, {"product": "m365"}) for rule in MAPPED] == [
        "microsoft365_exchange_mailbox_items_accessed_excessively.yml",
        "microsoft365_user_restricted_from_sending_email.yml",
    ]


@pytest.mark.parametrize(
    ("name", "logsource", "expected"),
    [
        ("A", {"product": "aws"}, "aws_a_.yml"),
        ("Whoami", {"category": "process_creation", "product": "linux"},
         "proc_creation_lnx_whoami.yml"),
        ("PowerShell Keylogging", {"category": "ps_script", "product": "windows"},
         "posh_ps_keylogging.yml"),
        ("Kubernetes Pod Created", {"product": "kubernetes", "service": "audit"},
         "kubernetes_audit_pod_created.yml"),
        ("Windows Log Cleared", {"product": "windows", "service": "security"},
         "win_security_log_cleared.yml"),
        ("SMB to the Internet", {"category": "firewall"}, "net_firewall_smb_to_the_internet.yml"),
        ("Logins", {"product": "linux", "service": "auditd"}, "lnx_auditd_logins.yml"),
        ("Connections", {"product": "zeek", "service": "conn"}, "zeek_connections.yml"),
        ("Sign-ins", {"product": "azure", "service": "signinlogs"}, "azure_sign_ins.yml"),
        ("Threats", {"product": "acme", "service": "edr"}, "acme_edr_threats.yml"),
        ("Long word " * 30, {"product": "aws"}, f"aws{'_long_word' * 8}.yml"),
        ("x" * 300, {"product": "aws"}, f"aws_{'x' * 82}.yml"),
    ],
)  # fmt: skip
def test_file_names_begin_as_sigmahq_has_them(
    name: str, logsource: dict[str, str], expected: str
) -> None:
    made = file_name(Rule(name=name, query=""), logsource)
    assert made == expected
    assert 10 <= len(made) <= 90


def test_rule_1_has_the_names_of_sigmahqs_own() -> None:
    (rule,) = [rule for rule in MAPPED if "restricted" in rule.name.lower()]
    (document,) = documents(sigma(rule).text)
    assert document["logsource"] == {"product": "m365", "service": "threat_management"}
    assert document["detection"] == {
        "selection": {
            "eventSource": "SecurityComplianceCenter",
            "eventName": "User restricted from sending email",
            "status": "success",
        },
        "condition": "selection",
    }


def test_letter_case_counts_on_demand() -> None:
    found = sigma(MAPPED[0], exact=True)
    assert "eventName|cased: 'MailItemsAccessed'" in found.text
    assert "back-end-support" in {note.code for note in found.notes}
    assert kqlx.notes.worst(found.notes) is kqlx.notes.Effect.SAME
    with pytest.raises(NotImplementedError):
        SplunkBackend().convert(loaded(found.text))


# Metadata


@pytest.mark.parametrize(
    ("tactic", "techniques", "tags"),
    [
        ("Defense Evasion", ["T1562", "T1562.001"], ["defense-impairment", "t1685"]),
        ("Defense Evasion", ["T1027"], ["stealth", "t1027"]),
        ("Defense Evasion", ["T1550"], ["lateral-movement", "t1550"]),
        ("Defense Evasion", [], ["stealth"]),
        ("Stealth", [], ["stealth"]),
        (
            "Defense Evasion",
            ["T1070.001", "T1027.010"],
            ["defense-impairment", "stealth", "t1685.005", "t1027.010"],
        ),
    ],
)
def test_tags_are_those_of_attack_19(tactic: str, techniques: list[str], tags: list[str]) -> None:
    found = attack.in_version_19([Tactic("TA0005", tactic, tuple(techniques))])
    assert [*found.tactics, *[id.lower() for id in found.techniques]] == tags


def test_metadata_follow_the_house_rules() -> None:
    data = {
        "false_positives": ["none", "an admin\n at work", "an admin at work"],
        "references": ["https://a.example", "https://attack.mitre.org/x", "https://a.example"],
        "author": ["A", "B"],
    }
    metadata = {"maturity": "deprecated", "creation_date": "2021/02/30"}
    rule = Rule(name="Things.", query="a:1", id="1" * 32, data=data, metadata=metadata)
    (document,) = documents(sigma(rule, source="none").text)
    assert document["title"] == "Things"
    assert document["falsepositives"] == ["An admin at work"]
    assert document["references"] == ["https://a.example"]
    assert (document["author"], document["status"]) == ("A, B", "deprecated")
    assert document["taxonomy"] == "ecs"
    assert not {"related", "date"} & {*document}  # no UUID, and no day
    assert not problems(document)


@pytest.mark.parametrize("query", ["*:*", "a:1 or *:*", "a:1 or not @timestamp:now-1d"])
def test_what_selects_everything_is_refused(query: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="every event"):
        kqlx.convert(query, to="sigma", source="none")


@pytest.mark.parametrize("query", ["not *:*", 'a:1 and message:""', "file.elf.sections.name:a"])
def test_what_selects_nothing_is_refused(query: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="never match"):
        kqlx.convert(query, to="sigma", source="none")


# Real rules


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
def test_real_rules_are_read() -> None:
    """pySigma's back ends convert them, but for what each says it does not support."""
    reports = []
    for path, rule in corpus.rules():
        text = sigma(rule, source="none", unmapped="keep", accept=ALL).text
        for backend in (SplunkBackend(), LuceneBackend()):
            rules = loaded(text)
            if "\ncorrelation:" in text and isinstance(backend, LuceneBackend):
                continue
            if not backend.convert(rules):
                reports.append(f"{path.name}: nothing")
    assert not reports, "\n".join(reports)


def test_a_log_source_that_says_it_all_is_passed_over_for_one_with_a_test() -> None:
    """A rule of Sigma needs a test: process_creation alone would be every event of it."""
    query = 'event.code:1 and event.provider:"Microsoft-Windows-Sysmon"'
    found = kqlx.convert(query, "sigma", format="query")
    assert "service: sysmon" in str(found.query)
    assert "EventID: 1" in str(found.query)
    assert any("process_creation/windows was passed over" in note.message for note in found.notes)
    script = kqlx.convert(
        "event.dataset:windows.powershell_operational and event.code:4104", "sigma"
    )
    assert "service: powershell" in str(script.query)
    with pytest.raises(kqlx.UnsupportedError, match="every event of okta/okta"):
        kqlx.convert("event.dataset:okta.system", "sigma")
