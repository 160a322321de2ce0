"""``kqlx.yml`` on the command line: where it is found, what it can say, how it is shown."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from kqlx.backends import find, targets
from kqlx.cli.app import app
from kqlx.errors import UsageError
from kqlx.records import replace
from kqlx.settings import load
from kqlx.settings.first_file import text
from kqlx.settings.keys import KEYS
from kqlx.settings.schema import schema
from tests.cli.test_cli import write
from tests.command_line import kqlx
from tests.conftest import ROOT

RULE_TOML = """\
[rule]
name = "One"
rule_id = "1"
query = "process.name:a"
"""
NOT_SET = {"language", "paths", "query", "config", "check", "force", "update_baseline", "help"}
"""What is said for one run alone."""
OTHER_NAMES = {"mapping": "mappings"}
SECTIONS = ("spl", "sentinel", "elasticsearch")


def options_of_convert() -> set[str]:
    import typer

    command = typer.main.get_command(app).commands["convert"]  # type: ignore[attr-defined] # a group
    return {OTHER_NAMES.get(option.name, option.name) for option in command.params} - NOT_SET


def test_all_options_of_convert_can_be_set() -> None:
    """A new option needs a key in ``settings/keys.py``."""
    inner = {key.name for section in KEYS for key in section.inner}
    top = {key.name for key in KEYS if not key.inner}
    assert options_of_convert() - top - inner == set()
    assert {key.name for key in KEYS if key.is_option} <= options_of_convert()


def uncommented() -> str:
    """The file of ``kqlx init`` with all its keys in force."""
    lines = text().splitlines()[3:]
    return "\n".join(line.removeprefix("# ") for line in lines) + "\n"


def test_the_first_file_is_settings_and_all_of_it_is_true(tmp_path: Path) -> None:
    path = write(tmp_path, "kqlx.yml", text())
    assert load(path).command_line == {}
    data = yaml.safe_load(uncommented())
    assert list(data) == [key.name for key in KEYS]
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(data, schema())
    found = load(write(tmp_path, "kqlx.yml", uncommented()))
    assert found.command_line["jobs"] == 0
    assert found.command_line["fields"] == "ecs"
    assert found.command_line["out"] == str(tmp_path / "converted")
    assert found.command_line["exclude"] == ["drafts/"]
    assert found.options("elasticsearch", None) == {
        "late_events": "2d",  # which targets take what is asked of them later
        "exact": True,
        "annotate": True,
        "compact": True,
        "time_zone": "Europe/Berlin",
        "case_insensitive": True,
        "ignore_unmapped": True,
    }
    assert found.options("spl", "okta.system") == {
        "exact": True,
        "annotate": True,
        "new_terms": "lookup",
        "late_events": "2d",
        "index": "security",
        "macro": "ours",
        "networks": {
            "lookup": "asn",
            "network": "network",
            "number": "autonomous_system_number",
            "organization": "autonomous_system_organization",
        },
        "locations": True,
    }
    assert found.options("sentinel", None)["case"] == "sensitive"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ignore: [case-folder]",
            "ignore: unknown code 'case-folder'\n  hint: did you mean case-f",
        ),
        ("fail_on: [refusd]", "fail_on: unknown condition 'refusd'\n  hint: did you mean refused?"),
        ("fail_on: [never, wider]", "fail_on: never and other conditions\n"),
        ("report: [r.pdf]", "report r.pdf: no report has this suffix\n"),
        ("accept: [same]", "accept takes coverage, wider, narrower, different, not 'same'\n"),
        ("unmapped: drop", "unmapped takes error, keep, comment, not 'drop'\n"),
    ],
)
@pytest.mark.parametrize("more", [(), ("-tspl",)])
def test_an_error_names_the_key_of_the_file_and_no_option(
    tmp_path: Path, text: str, message: str, more: tuple[str, ...]
) -> None:
    write(tmp_path, "kqlx.yml", f"to: spl\n{text}\n")
    write(tmp_path, "rule.toml", RULE_TOML)
    run = kqlx("convert", "rule.toml", *more, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"error: kqlx.yml: {message}"), run.stderr
    assert "--" not in run.stderr


@pytest.mark.parametrize("typed", [("--to", "sigma"), ("-tsigma",), ()])
def test_formats_of_other_targets_may_stand_in_settings(
    tmp_path: Path, typed: tuple[str, ...]
) -> None:
    """They are for the runs that have these targets."""
    to = "" if typed else "to: sigma\n"
    write(tmp_path, "kqlx.yml", f"{to}source: none\nformat: [splunk=savedsearches, query]\n")
    write(tmp_path, "rule.toml", RULE_TOML)
    run = kqlx("convert", *typed, "rule.toml", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("logsource:")
    same = kqlx("diff", *typed, "rule.toml", "rule.toml", cwd=tmp_path)
    assert same.stdout == "0 rules changed; 1 unchanged\n", same.stderr
    both = kqlx("convert", "--to", "spl,sigma", "rule.toml", cwd=tmp_path)
    assert "search = " in both.stdout
    written = kqlx("convert", "--to", "sigma", "--format", "spl=query", "rule.toml", cwd=tmp_path)
    assert "--format spl=query: spl is not among the targets" in written.stderr


_NETWORKS = "sentinel: {networks: {watchlist: asn, network: Net, number: Asn}}"


def test_what_is_looked_up_is_set_in_the_file(tmp_path: Path) -> None:
    query = ("-q", "event.dataset:aws.cloudtrail and source.as.number:64500")
    refused = kqlx("convert", "--to", "sentinel", *query, cwd=tmp_path)
    assert refused.returncode == 1
    assert "sentinel.networks in kqlx.yml has it looked up" in refused.stderr
    write(tmp_path, "kqlx.yml", f"{_NETWORKS}\n")
    done = kqlx("convert", "--to", "sentinel", *query, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '_GetWatchlist("asn")' in done.stdout
    shown = kqlx("config", cwd=tmp_path).stdout
    assert re.search(r"sentinel\.networks\.watchlist +asn +kqlx\.yml:1", shown), shown
    assert re.search(r"sentinel\.networks\.table +- +default", shown), shown
    jsonschema.validate(yaml.safe_load(_NETWORKS), schema())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sentinel: {networks: {network: a, number: b}}",
         "sentinel.networks needs one of the keys watchlist and table"),
        ("sentinel: {networks: {watchlist: a, table: b, network: a, number: b}}",
         "sentinel.networks needs one of the keys watchlist and table"),
        ("spl: {networks: {lookup: asn, number: b}}", "spl.networks needs the key network"),
        ("spl: {networks: {lookup: asn, network: b}}",
         "spl.networks needs the key number or organization"),
        ("spl: {networks: {watchlist: asn}}", "spl.networks has no key 'watchlist'"),
        ("spl: {networks: {lookup: a b, network: b, number: c}}",
         "spl.networks.lookup is not a name that Splunk accepts: 'a b'"),
        ("spl: {networks: {lookup: a, network: 'b | delete', number: c}}",
         "spl.networks.network is not a name that a table of networks accepts: 'b | delete'"),
        ("spl: {networks: asn}", "spl.networks must be a table, not 'asn'"),
        ("sentinel: {signers: scan}", "sentinel.signers takes join, not 'scan'"),
        ("sentinel: {locations: geo}", "sentinel.locations must be true or false, not 'geo'"),
        ("spl: {signers: join}", "spl has no key 'signers'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_what_is_looked_up(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        load(write(tmp_path, "kqlx.yml", text))


def test_the_schema_is_that_of_the_code(request: pytest.FixtureRequest) -> None:
    path = ROOT / "docs/kqlx.schema.json"
    made = json.dumps(schema(), indent=2) + "\n"
    if request.config.getoption("--update-goldens"):
        path.write_text(made, "utf-8")
    assert path.read_text("utf-8") == made, "pytest --update-goldens writes it anew"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: true", "jobs must be a whole number, not True"),
        ("jobs: -1", "jobs must be a whole number, not -1"),
        ("strict: 1", "strict must be true or false, not 1"),
        ("color: allways", "color takes auto, always, never, not 'allways'"),
        ("accpet: [narrower]", "has no key 'accpet'"),
        ("spl: {new_terms: lookups}", "spl.new_terms takes stats, lookup, not 'lookups'"),
        ("elasticsearch: {time_zone: Nowhere/Land}", "elasticsearch.time_zone: "),
        ("out: 5", "out must be a string, not 5"),
        ("spl: {late_events: soon}", "spl.late_events must be a duration"),
        ("ignore: [5]", "ignore must be a list of strings"),
    ],
)
def test_a_wrong_value_is_refused_by_the_reader_and_by_the_schema(
    tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path, "kqlx.yml", text)
    run = kqlx("convert", "-q", "a:b", "--to", "es", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    if "time_zone" not in text:
        assert not jsonschema.Draft202012Validator(schema()).is_valid(yaml.safe_load(text))


def test_a_wrong_key_has_a_near_one(tmp_path: Path) -> None:
    write(tmp_path, "kqlx.yml", "accpet: [narrower]")
    run = kqlx("lint", "-q", "a:b", cwd=tmp_path)
    assert run.stderr == (
        "error: kqlx.yml: the file has no key 'accpet'\n  hint: did you mean accept?\n"
    )
    assert kqlx("lint", "--help", cwd=tmp_path).returncode == 0


def test_the_file_is_found_upward_from_the_rules(tmp_path: Path) -> None:
    folder = tmp_path / "detections/windows/deep"
    folder.mkdir(parents=True)
    write(folder, "one.toml", RULE_TOML)
    settings = "to: spl\nsource: none\nout: results\nfile_names: '{title}'\nquiet: true\n"
    write(tmp_path / "detections", "kqlx.yml", settings)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = kqlx("convert", folder, cwd=elsewhere)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "detections/results/one.spl").read_text("utf-8") == 'process.name="a"\n'
    assert kqlx("convert", folder / "one.toml", "-v", cwd=elsewhere).returncode == 0
    own = write(elsewhere, "own.yml", "to: es\n")
    run = kqlx("convert", folder, "--config", own, cwd=elsewhere)
    assert '"process.name": "a"' in run.stdout or '"process.name": {' in run.stdout
    missing = kqlx("convert", folder, "--config", "no.yml", cwd=elsewhere)
    assert (missing.returncode, missing.stderr) == (2, "error: no.yml: no such settings file\n")


@pytest.mark.parametrize("what", ["folder", "link", "pipe"])
def test_what_has_the_name_of_settings_and_is_none_is_not_passed_over(
    tmp_path: Path, what: str
) -> None:
    """Else a rule would be converted without what its folder says."""
    path = tmp_path / "kqlx.yml"
    if what == "folder":
        path.mkdir()
    elif what == "link":
        path.symlink_to("settings/that/moved.yml")
    else:
        os.mkfifo(path)
    found = "a link that leads nowhere" if what == "link" else "a folder or a pipe"
    write(tmp_path, "one.toml", RULE_TOML)
    for command in ("convert", "check", "config", "lint"):
        to = ("--to", "spl") if command in ("convert", "check") else ()
        run = kqlx(command, *to, tmp_path / "one.toml")
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr == f"error: {path}: not a settings file, but {found}\n"


def test_a_name_that_is_empty_is_told(tmp_path: Path) -> None:
    """A variable of a script that is not set."""
    write(tmp_path, "one.toml", RULE_TOML)
    to = ("--to", "spl")
    for arguments in (
        ("convert", *to, "--config", "", "one.toml"),
        ("convert", *to, "--config=", "one.toml"),
        ("lint", "--config", "", "one.toml"),
        ("diff", *to, "--config", "", "one.toml", "one.toml"),
        ("diff", *to, "--new-config", "", "one.toml", "one.toml"),
    ):
        run = kqlx(*arguments, cwd=tmp_path)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr == "error: --config: the name of the file is empty\n"
    for command in ("convert", "diff"):
        paths = ("",) if command == "convert" else ("", "one.toml")
        run = kqlx(command, *to, *paths, cwd=tmp_path)
        assert run.returncode == 2
        assert run.stderr == "error: the name of a file or folder is empty\n"


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    write(tmp_path, "one.toml", RULE_TOML)
    settings = "to: spl\nsource: none\nexact: true\nstrict: true\njobs: 2\nprune: true\n"
    write(tmp_path, "kqlx.yml", settings)
    exact = kqlx("convert", "one.toml", cwd=tmp_path)
    assert "where" in exact.stdout
    plain = kqlx("convert", "one.toml", "--no-exact", "--no-strict", cwd=tmp_path)
    assert plain.stdout == 'process.name="a"\n'
    assert "changes nothing" not in plain.stderr


def test_a_query_that_is_typed_is_answered_at_once(tmp_path: Path) -> None:
    write(tmp_path, "kqlx.yml", "to: spl\nsource: none\nout: results\nprune: true\n")
    assert kqlx("convert", "-q", "a:b", cwd=tmp_path).stdout == 'a="b"\n'
    assert kqlx("convert", input="a:b", cwd=tmp_path).stdout == 'a="b"\n'
    assert not (tmp_path / "results").exists()


def test_other_commands_take_the_settings_too(tmp_path: Path) -> None:
    write(tmp_path, "types.json", json.dumps({"fields": {"n": {"long": {}}}}))
    write(tmp_path, "kqlx.yml", "fields: types.json\nsource: none\n")
    run = kqlx("lint", "-q", "n:text", cwd=tmp_path)
    assert (run.returncode, "n" in run.stdout) == (1, True)
    assert kqlx("lint", "-q", "n:text", "--fields", "none", cwd=tmp_path).returncode == 0
    own = write(tmp_path, "own.yml", "fields: none\n")
    assert kqlx("lint", "-q", "n:text", "--config", own, cwd=tmp_path).returncode == 0
    for command in (("sources",), ("fields", "-q", "a:b"), ("sources", "show", "o365.audit")):
        run = kqlx(*command, "--config", "no.yml", cwd=tmp_path)
        assert run.returncode == 2, command
        assert "no.yml: no such settings file" in run.stderr


def test_config_shows_what_holds_and_whence(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    write(tmp_path, "kqlx.yml", "# ours\nto: [spl, sigma]\nspl:\n  index: main\nstrict: no\n")
    run = kqlx("config", "rules", cwd=tmp_path)
    rows = {line.split()[0]: re.split(r"\s{2,}", line) for line in run.stdout.splitlines()}
    file = str(tmp_path / "kqlx.yml")
    assert rows["to"] == ["to", "spl, sigma", f"{file}:2"]
    assert rows["spl.index"] == ["spl.index", "main", f"{file}:4"]
    assert rows["strict"] == ["strict", "false", f"{file}:5"]
    assert rows["jobs"] == ["jobs", "1", "default"]
    assert json.loads(kqlx("config", "--schema").stdout) == schema()


def test_init_writes_a_file_once(tmp_path: Path) -> None:
    assert kqlx("init", cwd=tmp_path).stderr == "kqlx.yml: written\n"
    written = (tmp_path / "kqlx.yml").read_bytes()
    assert written.decode() == text()
    again = kqlx("init", cwd=tmp_path)
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    write(tmp_path, "kqlx.yml", "to: spl")
    assert kqlx("init", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "kqlx.yml").read_bytes() == written
    assert kqlx("init", "no/such/kqlx.yml", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("name", ["sigma", "acme"])
def test_any_target_has_a_section_for_the_options_that_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """``acme`` is of another package."""
    acme = replace(find("spl"), name="acme", aliases=(), options=frozenset({"late_events", "case"}))
    monkeypatch.setattr("kqlx.backends.targets", lambda: (*targets(), acme))
    said = {"sigma": "annotate: true", "acme": "late_events: 3d, case: sensitive"}[name]
    write(tmp_path, "kqlx.yml", f"late_events: 2d\n{name}: {{exact: yes, {said}}}\n")
    settings = load(tmp_path / "kqlx.yml")
    expected = {
        "sigma": {"exact": True, "annotate": True, "late_events": "2d"},
        "acme": {"exact": True, "case": "sensitive", "late_events": "3d"},
    }
    assert settings.options(name, None) == expected[name]
    assert settings.options("spl", None) == {"late_events": "2d"}
    data = yaml.safe_load((tmp_path / "kqlx.yml").read_text("utf-8"))
    assert jsonschema.Draft202012Validator(schema()).is_valid(data)
    key = said.partition(":")[0]
    shown = kqlx("config", "--config", "kqlx.yml", cwd=tmp_path).stdout
    assert re.search(rf"^{name}\.{key} .* kqlx\.yml:2$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sigma: {compact: true}", "sigma has no key 'compact'"),
        ("sigma: {annotate: 1}", "sigma.annotate must be true or false, not 1"),
        ("sigma: [1]", "sigma must be a table"),
        ("sigmo: {annotate: true}", "the file has no key 'sigmo'"),
    ],
)
def test_a_section_has_what_its_target_takes(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "kqlx.yml", text)
    run = kqlx("convert", "-q", "a:b", "--to", "es", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
