"""Catalogue of the reasons why a rule is refused, for ``kqlx explain``: the codes of
``UnsupportedError`` and ``MappingError``, all of them stable. ``conversion/judgement.py`` decides.
Any code of a note (``kqlx.notes``) can be the reason too. Examples begin with ``kqlx`` or, of what
Python alone can ask for, with ``>>>``.
"""

from __future__ import annotations

from kqlx.codes import Code

REFUSALS = (
    Code(
        "case-not-exact",
        "the target cannot compare letter case here as the query or `--exact` asks for",
        "Convert without `--exact`, or name the fields that a name with stars matches.",
        "kqlx convert --to spl --format tstats --exact"
        " -q 'event.dataset:endpoint.events.process and process.name:cmd.exe'",
    ),
    Code(
        "construct-not-supported",
        "the target cannot express this construct",
        "Write the test in another way.",
        "kqlx convert --to spl --source none -q 'process.*.caseless:a and *:b'",
    ),
    Code(
        "date-as-value",
        "a date is compared with a value, which Elasticsearch reads as a time span",
        "Write a range with both limits.",
        "kqlx convert --to spl --source none -q '@timestamp:\"2026-11-28\"'",
    ),
    Code(
        "date-not-supported",
        "the target cannot express the date",
        "Write a date within the years that the target knows.",
        "kqlx convert --to sentinel --source none -q '@timestamp:\"now/d+1h\"'",
    ),
    Code(
        "field-name-not-supported",
        "the target cannot spell the name of the field",
        "Map the field to a column of another name in a pack of your own with `--mapping`.",
        "kqlx convert --to sigma --source none -q '\"a|b\":c'",
    ),
    Code(
        "field-without-values",
        "the field is an object, which has no value of its own that could be compared",
        "Test a field below it.",
        "kqlx convert --to spl --source none -q 'container.labels:blue'",
    ),
    Code(
        "indicator-mapping",
        "the rule's `threat_mapping` compares in a way that the target cannot",
        "Change the mapping of the rule.",
        "kqlx convert --to spl examples/refused/indicator_that_must_not_match.toml",
    ),
    Code(
        "matches-every-event",
        "the query matches every event, and the target needs something to select",
        "Add a test.",
        "kqlx convert --to sigma --source none -q '*:*'",
    ),
    Code(
        "matches-no-event",
        "the query can never match",
        "Remove the test that contradicts the others.",
        "kqlx convert --to sigma --source none -q 'not *:*'",
    ),
    Code(
        "name-taken",
        "one file holds all rules, and two of them have the same name or id",
        "Convert one of them separately, to another folder.",
        "kqlx convert --to elasticsearch --format rule --out converted --check"
        " examples/refused/two_rules_with_one_id.ndjson",
    ),
    Code(
        "network-not-supported",
        "the target compares this value as text, so it cannot be a network",
        "List the addresses, or write a pattern.",
        "kqlx convert --to spl --mapping examples/refused/parameters_with_an_address.yml"
        " -q 'event.dataset:o365.audit and o365.audit.Parameters.ClientIP:\"10.0.0.0/8\"'",
    ),
    Code(
        "no-data-source",
        "nothing in the query or the rule says which data source it is about",
        "Name the data source with `--source`, or keep Elastic's field names with `--source none`.",
        "kqlx convert --to spl -q 'user.name:alice'",
        "kqlx convert --to spl --source none -q 'user.name:alice'",
    ),
    Code(
        "no-text",
        "the query language has no text for this tree",
        "Build a tree that the parser could have made.",
        ">>> from kqlx.frontends.kql.formatter import format_node\n"
        ">>> from kqlx.nodes import Exists, Literal, Or\n"
        ">>> format_node(Or((Exists(Literal('user.name')),)))",
    ),
    Code(
        "number-precision",
        "the number has more digits than the target or Elasticsearch keeps",
        "Write a shorter number.",
        "kqlx convert --to spl --source none -q 'process.pid > 9007199254740993'",
    ),
    Code(
        "number-spelling",
        "the number is written in a way that Elasticsearch reads and the target does not",
        "Write it in plain decimal, and zero without a sign.",
        "kqlx convert --to spl --source none -q 'host.cpu.usage:5d'",
        "kqlx convert --to spl --source none -q 'host.cpu.usage:5'",
    ),
    Code(
        "range-not-supported",
        "the target would compare this field in another order than Elasticsearch",
        "Test single values, or a pattern.",
        "kqlx convert --to spl --source none -q 'user.name > m'",
    ),
    Code(
        "raw-text",
        "a value has no field, and the target has no text of the whole event to search in",
        "Name the field.",
        "kqlx convert --to spl --source none -q '\"\"'",
    ),
    Code(
        "sequence-not-joined",
        "the sequence asks for what a join of events cannot say: runs, missing events, an end",
        "Leave out `--sequence join`, or write `--sequence scan`.",
        "kqlx convert --to sentinel --source none --sequence join --language eql"
        " -q 'sequence by host.id with maxspan=1m [any where true] with runs=3'",
        "kqlx convert --to sentinel --source none --language eql"
        " -q 'sequence by host.id with maxspan=1m [any where true] with runs=3'",
    ),
    Code(
        "several-events",
        "the rule is an EQL sequence or sample, which is about several events together",
        "Take another format, convert a rule for each of its events, or keep the rule in"
        " Elasticsearch.",
        "kqlx convert --to spl --format tstats examples/refused/logon_after_failures.eql",
    ),
    Code(
        "sources-not-joined",
        "the query is about several data sources, and the target cannot search them together",
        "Convert for one of them: name it with `--source`.",
        "kqlx convert --to sentinel examples/refused/command_lines_counted_in_two_logs.toml",
        "kqlx convert --to sentinel --source windows.sysmon_operational"
        " examples/refused/command_lines_counted_in_two_logs.toml",
    ),
    Code(
        "template-braces",
        "the query has two braces in a row, which Watcher would read as a template tag",
        "Write the value in another way, such as a pattern.",
        "kqlx convert --to elasticsearch --format watcher -q 'message:\"{{x}}\"'",
    ),
    Code(
        "unmapped-field",
        "a field, value or construct without a counterpart in the target",
        "Keep the Elastic field name with `--unmapped keep`, drop the test with `--unmapped"
        " comment`, or map the field in a pack of your own with `--mapping`.",
        "kqlx convert --to spl -q 'event.dataset:o365.audit and acme.badge:blue'",
        "kqlx convert --to spl --unmapped comment"
        " -q 'event.dataset:o365.audit and acme.badge:blue'",
    ),
)
