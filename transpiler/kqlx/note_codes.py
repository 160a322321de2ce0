"""What to do about each code of a note, and what makes one: for docs/notes.md and ``kqlx explain``.

What the codes mean is said in ``notes.CODES``, beside the notes.
"""

from __future__ import annotations

from kqlx.codes import Code
from kqlx.notes import CODES

_O365 = "event.dataset:o365.audit and"
_SYSMON = "event.dataset:windows.sysmon_operational and"
_SEQUENCE = 'sequence by host.id [process where process.name : "a"] [network where true]'

_ADVICE: dict[str, tuple[str, str]] = {
    "actions-kept": (
        "Set up the connectors in the Kibana that imports the rule, or remove the actions.",
        "",
    ),
    "actions-left-out": ("Set up the actions in the target.", ""),
    "alerts-repeated": (
        "Expect some alerts twice, or widen the interval.",
        "kqlx convert -v --to elasticsearch --format watcher rules/aws_trail_stopped.toml",
    ),
    "alerts-throttled": (
        "Change the throttling in the saved search if alerts must come sooner.",
        "kqlx convert -v --to spl --format savedsearches"
        " rules/aws_many_denied_calls_by_one_user.toml",
    ),
    "any-list-position": (
        "No action needed, unless other positions of the list may hold such values: then add "
        "a test that tells them apart.",
        "kqlx convert --to spl -q 'event.dataset:azure.auditlogs and"
        " azure.auditlogs.properties.target_resources.0.display_name:Global*'",
    ),
    "any-product": (
        "Check that the add-ons or parsers of your products fill the data model, as Elastic's"
        " integrations fill the fields of ECS; `--source` names a product.",
        "kqlx convert --to spl -q 'event.category:authentication and event.outcome:failure'",
    ),
    "approximated": (
        "Check what the result matches; below `not` the effect is narrower, and must be "
        "accepted or the test written differently.",
        f"kqlx convert --to spl -q '{_SYSMON} process.args:whoami'",
    ),
    "argument-of-line": (
        "Usually no action is needed: try the query on command lines of your own.",
        f"kqlx convert -v --to spl -q '{_SYSMON} event.code:1 and not process.args:whoami'",
    ),
    "array-on-the-way": (
        "No action needed, unless the key occurs in several places of the record: the result "
        "finds it there too.",
        "",
    ),
    "attack-version": (
        "No action needed: ids and names are those of the version that the target's tools check.",
        "kqlx convert -v --to sigma rules/aws_trail_stopped.toml",
    ),
    "back-end-support": (
        "Use a tool that supports it, or write the test without it.",
        "kqlx convert --to sigma --source none -q 'not user.name:*'",
    ),
    "case-folded": (
        "Usually no action is needed: the result finds a little more. `--exact` compares letter "
        "case where the target can.",
        f"kqlx convert --to spl -q '{_O365} user.id:alice'",
    ),
    "case-kept": (
        "Leave out `--exact` or `--case sensitive`, so that other spellings are found.",
        "kqlx convert --to sentinel --case sensitive"
        " -q 'event.dataset:endpoint.events.process and process.name:cmd.exe'",
    ),
    "case-of-fixed-values": (
        "No action needed: the vendor documents these values, and no two of them differ only "
        "in letter case. A rule that spells one differently finds it in the target, but "
        "nothing in Elastic. The note is shown with `-v`.",
        "kqlx convert -v --to spl -q 'event.dataset:okta.system and"
        " event.action:user.session.start'",
    ),
    "columns-joined": (
        "No action needed, unless events have different values in several of the columns.",
        "",
    ),
    "connection-assumed": (
        "Replace the address, the user and the password in the watch by your own before it is"
        " stored.",
        f"kqlx convert --to elasticsearch --format watcher --language eql -q '{_SEQUENCE}'",
    ),
    "constant-folded": (
        "No action needed: the test has the same result on all these events.",
        f"kqlx convert --to spl -v -q '{_O365} user.id:alice'",
    ),
    "counted-per-source": (
        "Lower the threshold if the counts of several sources must add up, or convert the "
        "sources separately with `--source`.",
        "",
    ),
    "counted-twice": (
        "Raise the threshold, or convert the rule for one of the data sources with `--source`.",
        "",
    ),
    "data-model": (
        "Make sure that the data model is accelerated and has the events; compare it with a "
        "plain search.",
        "kqlx convert --to spl --format tstats --accept different -q process.name:cmd.exe",
    ),
    "empty-is-missing": (
        "No action needed, unless empty values matter to the rule.",
        "kqlx convert --to sentinel --source none -q 'user.name:\"\"'",
    ),
    "eql-search": (
        "Send the body to `_eql/search`, not to `_search`; or import the rule itself with"
        " `--format rule`.",
        f"kqlx convert --to elasticsearch --language eql -q '{_SEQUENCE}'",
    ),
    "exception-left-out": (
        "Except in the target what turns out to be noise; a comment in the query names the field.",
        'kqlx convert --to spl --language eql -q \'file where host.os.type == "linux" and'
        ' event.action == "creation" and file.path like "/etc/cron.d/*" and not'
        ' file.Ext.original.extension == "dpkg-new"\'',
    ),
    "extraction-limit": (
        "If such events matter, raise the limit that the hint names, or search their text.",
        "",
    ),
    "filters-applied": (
        "No action needed: the filters and exceptions are part of the result.",
        "kqlx convert --to spl -v rules/aws_trail_stopped.toml",
    ),
    "filters-disabled": (
        "Enable the filter in the rule if it should apply.",
        "kqlx convert --to spl -v rules/aws_trail_stopped.toml",
    ),
    "filters-left-out": (
        "Check what is missing, and write it as a query or add it to the result by hand.",
        "",
    ),
    "flattened-keys": (
        "No action needed: the result searches the key that the rule names, as its author meant.",
        "",
    ),
    "free-text": (
        "Name the field that holds the value, or accept it with `--accept different`.",
        "kqlx convert --to spl --source none --accept different -q 'mimikatz'",
    ),
    "grouped-by-substitute": (
        "No action needed, unless the field's own values must be shown: the column identifies "
        "the same things.",
        "",
    ),
    "groups-limited": (
        "Request further pages with the `after_key` of the response if a run may have more groups.",
        "kqlx convert --to elasticsearch --format search"
        " rules/aws_many_denied_calls_by_one_user.toml",
    ),
    "history-window": (
        "Keep events in the target at least that long, or use `--new-terms lookup`.",
        "",
    ),
    "index-assumed": ("Add index patterns to the rule.", ""),
    "indicators": (
        "Load the rule's indicators into the target's own table before you use the result.",
        "",
    ),
    "known-by-others": (
        "No action needed, unless such events are frequent: the other warnings say which they are.",
        "",
    ),
    "known-values-only": (
        "Name the values that you mean, or accept it with `--accept narrower`.",
        "",
    ),
    "language-guessed": (
        "No action needed if it is EQL: `--language` says which one it is.",
        "kqlx convert --to spl --source none -q 'any where user.name == \"alice\"'",
    ),
    "late-events": (
        "Set `--late-events` to how late your events may arrive.",
        "kqlx convert --to spl --format savedsearches rules/aws_many_denied_calls_by_one_user.toml",
    ),
    "leading-wildcard": (
        "Start the value with text if you can, or add a test that narrows the search first.",
        "kqlx convert -v --to spl --source none -q 'process.name:*cmd.exe'",
    ),
    "log-source-custom": (
        "Map this log source in the pipeline of your Sigma tool.",
        "",
    ),
    "log-source-unknown": (
        "Name the data source with `--source`, or write the log source into the rule.",
        "kqlx convert --to sigma --source none -q 'user.name:alice'",
    ),
    "look-back": (
        "Check that the target's own window covers what the rule searches.",
        "",
    ),
    "looked-up": (
        "Check that the table or database is in the target, complete, and spelled as the rule is.",
        "kqlx convert --to sentinel --locations -q"
        " 'event.dataset:aws.cloudtrail and source.geo.country_name:France'",
    ),
    "metadata-assumed": (
        "Add what the format requires to the rule.",
        "",
    ),
    "metadata-changed": (
        "No action needed: the result says the same in the target's terms.",
        "kqlx convert --to sentinel --format arm -v rules/aws_trail_stopped.toml",
    ),
    "metadata-left-out": (
        "Keep the rule's file beside the result: it has what the format cannot hold.",
        "kqlx convert --to spl --format escu rules/aws_trail_stopped.toml",
    ),
    "metadata-not-supported": (
        "No action needed: rules in the target's language do not have it.",
        "kqlx convert --to sigma -v rules/aws_trail_stopped.toml",
    ),
    "name-wildcard": (
        "Name the fields, or list all with `--fields FILE`.",
        "kqlx convert --to sentinel --source none --accept narrower -q 'file.hash.*:abc'",
    ),
    "names-expanded": (
        "No action needed; or list all fields with `--fields FILE` if yours differ.",
        "",
    ),
    "nested-flattened": (
        "No action needed, unless one event holds several such objects: then other events are "
        "found too.",
        "kqlx convert --to spl --source none"
        " -q 'dll.Ext.relative_file_creation_time > 5 or process.parent.Ext:{ a:1 and b:2 }'",
    ),
    "nested-outside": (
        "Write a group: `path:{ field:value }`.",
        "",
    ),
    "no-counterpart": (
        "Remove the test from the rule, drop it with `--unmapped comment`, or map the field "
        "in a pack of your own.",
        f"kqlx convert --to spl --unmapped keep -q '{_O365} source.geo.city_name:Oslo'",
    ),
    "no-data-source": (
        "Name the data source with `--source`, or keep Elastic's names with `--source none`.",
        "kqlx convert --to spl --unmapped keep -q 'user.name:alice'",
    ),
    "null-exists": (
        "No action needed, unless your events contain nulls.",
        "kqlx convert --to sigma --source none -q 'user.name:*'",
    ),
    "optional-field": (
        "Check that the field is mapped in Elasticsearch; if not, the rule there finds nothing.",
        "kqlx convert -v --to spl --source none --language eql"
        " -q 'any where not ?acme.badge == \"blue\"'",
    ),
    "own-table": ("Check that the table has the columns of the pack's table.", ""),
    "pattern-split": (
        "Write a pattern without spaces, or a phrase in quotes.",
        "kqlx convert --to spl --source none -q 'process.command_line:*a b*'",
    ),
    "pipe-left-out": (
        "No action needed for most rules: the target reports what the pipe would keep back.",
        "kqlx convert --to spl --source none --language eql"
        " -q 'any where user.name == \"alice\" | tail 5'",
    ),
    "place-chosen": (
        "No action needed; to choose the other, add a test that only it can express.",
        "kqlx convert --to sentinel -v rules/m365_exchange_mailbox_items_accessed_excessively.toml",
    ),
    "query-too-long": ("Split the rule, or move long lists into a table of the target.", ""),
    "read-once": ("No action needed: no event is counted twice.", ""),
    "refused-value": (
        "Correct the value: in Elasticsearch the rule fails each time it runs.",
        "",
    ),
    "rule-type": (
        "Use a format that carries the whole rule; `kqlx targets` lists them.",
        "kqlx convert --to elasticsearch rules/aws_many_denied_calls_by_one_user.toml",
    ),
    "runs-at-once": (
        "Store it with `active=false`, and activate it after a review.",
        "kqlx convert --to elasticsearch --format watcher rules/aws_trail_stopped.toml",
    ),
    "schedule": (
        "Set the schedule where the rule runs.",
        "",
    ),
    "schedule-assumed": ("Correct the rule's interval or window.", ""),
    "sensor-substituted": (
        "Check that the machines have this sensor, and that it records the activity.",
        "kqlx convert --to spl -q 'event.dataset:endpoint.events.process and process.name:cmd.exe'",
    ),
    "sequence-left-out": (
        "Look at whether the part that is left out had ended or excluded the sequence, or keep the"
        " rule in Elasticsearch.",
        "kqlx convert --to sigma --source none --language eql"
        f" -q '{_SEQUENCE} until [process where process.name : \"b\"]'",
    ),
    "sequence-limits": (
        "Raise the limit that the note names, or make the steps find fewer events.",
        "kqlx convert -v --to spl examples/refused/logon_after_failures.eql",
    ),
    "sequence-order": (
        "Make the conditions of the steps exclude each other, or expect more alerts.",
        f"kqlx convert --to sigma --source none --language eql -q '{_SEQUENCE}'",
    ),
    "sequence-repeated": (
        "Expect some alerts more than once, or let the target suppress repeated ones.",
        f"kqlx convert --to sigma --source none --language eql -q '{_SEQUENCE}'",
    ),
    "sequence-ties": (
        "Where the times of events are whole seconds, let events of the same second follow one"
        " another, as the note says.",
        "kqlx convert -v --to spl examples/refused/logon_after_failures.eql",
    ),
    "sequence-window": (
        "Search over the time that the note names; write `with maxspan=…` in the query if another"
        " is meant.",
        f"kqlx convert --to sigma --source none --language eql -q '{_SEQUENCE}'",
    ),
    "set-by-option": (
        "No action needed, unless the option is on: then what the note names is not found there;"
        " `--source` shows what the rule is for the other data sources.",
        "",
    ),
    "several-sources": (
        "No action needed; `--source` converts for only one of them.",
        "",
    ),
    "source-assumed": (
        "Name the data source with `--source` if it is another.",
        "kqlx convert --to spl -v -q 'event.code:4625'",
    ),
    "source-left-out": (
        "Convert the rule again with `--source` for the data source that was left out.",
        "",
    ),
    "subsearch-limits": (
        "Raise `maxtime` in the search if the part takes longer, or convert the data sources one by"
        " one with `--source`.",
        "",
    ),
    "suppression-grouped": (
        "No action needed: alerts of one group become one incident.",
        "kqlx convert --to sentinel --format rule rules/aws_trail_stopped.toml",
    ),
    "suppression-left-out": (
        "Use a format that throttles, such as savedsearches, or set it up in the target.",
        "kqlx convert --to spl rules/aws_trail_stopped.toml",
    ),
    "table-chosen": (
        "Check how the table differs, and accept it or map the source in a pack of your own.",
        "kqlx convert --to sentinel rules/m365_user_restricted_from_sending_email.toml",
    ),
    "table-coverage": (
        "Check that the connector or add-on that the note names is set up.",
        f"kqlx convert --to spl -q '{_O365} user.id:alice'",
    ),
    "table-unknown": (
        "Name your table with `--table`.",
        "kqlx convert --to sentinel --source none -q 'user.name:alice'",
    ),
    "text-analysis": (
        "No action needed, unless noise matters: the result also finds the letters within "
        "other words.",
        "kqlx convert --to spl --source none -q 'message:error'",
    ),
    "text-length": (
        "No action needed, unless the texts are full of emoji.",
        "kqlx convert -v --to spl --source none --language eql "
        "-q 'any where length(file.name) > 50'",
    ),
    "threshold-assumed": ("Correct the rule's threshold.", ""),
    "threshold-split": (
        "Join the alerts in the target if both thresholds must be reached.",
        "kqlx convert --to sigma rules/aws_many_denied_calls_by_one_user.toml",
    ),
    "threshold-window": (
        "Set the window of the correlation if another is meant.",
        "kqlx convert --to sigma rules/aws_many_denied_calls_by_one_user.toml",
    ),
    "time-range": (
        "No action needed: the query's own time range takes precedence over that of the search.",
        "kqlx convert --to spl --source none -q 'user.name:alice and @timestamp >= now-1d'",
    ),
    "type-assumed": (
        "Set the type with `--fields FILE`, or under `types` in a pack of your own.",
        "kqlx convert --to spl --source none -q 'acme.count > 5'",
    ),
    "types-left-out": (
        "Omit `--fields none`, so that types matter as they do in Kibana.",
        "",
    ),
    "unconfirmed-mapping": (
        "Check one of your events, and correct the mapping in a pack of your own if it differs.",
        "kqlx convert --to sigma rules/m365_user_restricted_from_sending_email.toml",
    ),
    "unmapped-field": (
        "Map the field in a pack of your own, or drop the test with `--unmapped comment`.",
        f"kqlx convert --to spl --unmapped keep -q '{_O365} acme.badge:blue'",
    ),
    "unmapped-left-out": (
        "Map the field in a pack of your own, so that the test is kept.",
        f"kqlx convert --to spl --unmapped comment -q '{_O365} user.id:a and acme.badge:blue'",
    ),
    "value-assumed": (
        "Check that events with other values cannot be in the table, or accept the noise.",
        "kqlx convert --to sentinel rules/m365_user_restricted_from_sending_email.toml",
    ),
    "value-differs": (
        "Check how the values differ; map the field in a pack of your own if you know better.",
        "",
    ),
    "value-never-occurs": (
        "Remove the value from the rule, or convert it for a data source that has it.",
        "",
    ),
    "value-translated": (
        "No action needed: the target's own value finds the same events.",
        "kqlx convert --to spl -v rules/m365_exchange_mailbox_items_accessed_excessively.toml",
    ),
}
"""By code the way out, and an example: a command, or "" where it takes a rule of its own."""

NOTES = tuple(Code(name, CODES[name], *_ADVICE[name]) for name in sorted(CODES))
"""Every code that a note may have."""
