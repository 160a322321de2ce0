"""Values that a destination does not tell apart: a test of some of them finds events with the
others too, which is told, whether the test names a value or is a pattern that fits it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kqlx
from kqlx.elastic import ecs
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.notes import Effect

OTHER_NAMES = {
    # One event has one of them, by the release of what wrote it.
    ("aws.guardduty", "event.kind"): {"alert", "event"},
    ("aws.waf", "event.kind"): {"alert", "event"},
    ("azure.activitylogs", "log.level"): {"Information", "Informational"},
    ("endpoint.events", "registry.hive"): {"HKEY_USERS", "HKU"},
    ("network_traffic", "network.direction"): {"egress", "outbound", "ingress", "inbound"},
    ("system.security", "event.action"): {"Log clear", "audit-log-cleared"},
    ("windows.forwarded", "event.action"): {"Log clear", "audit-log-cleared"},
    # The names of Sysmon's kinds of events, and the first lines of their texts.
    ("windows.sysmon_operational", "event.action"): {
        *("A process changed a file creation time", "FileCreate", "Network connection"),
        *("Process creation", "Process terminated", "File created (rule: FileCreate)"),
        *("File creation time changed (rule: FileCreateTime)",),
        *("Network connection detected (rule: NetworkConnect)",),
        *("Process Create (rule: ProcessCreate)", "Process terminated (rule: ProcessTerminate)"),
    },
    # Words of one text.
    ("system.application", "message"): {"[CVE-2020-0601]", "CVE-2020-0601"},
    # Elastic has two events of a lookup, for which one of Sysmon stands.
    ("endpoint.events", "event.action"): {"lookup_requested", "lookup_result", "start", "exec"},
}
"""Values with one meaning, by data source and field; and start and exec of one known system."""


def same_predicates() -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """The fields of one value, two values of which a destination asks for in the same way without
    a word.
    """
    for source in sources():
        for target, destinations in builtin(source).targets.items():
            for place in destinations:
                for name in set(place.fields) - ecs.arrays():
                    whole = place.fields[name]
                    for spec in (*whole.alternatives, whole):
                        meanings = spec.value_predicates or {
                            k: str(v) for k, v in spec.values.items()
                        }
                        for meaning in set(meanings.values()) - {"not *:*"}:
                            alike = frozenset(v for v, m in meanings.items() if m == meaning)
                            told = spec.note or alike & set(spec.notes)
                            if (
                                len(alike) > 1
                                and not told
                                and sorted(alike)
                                not in [sorted(group) for group in spec.indistinguishable]
                            ):
                                yield source, target, name, alike


def test_values_with_one_predicate_are_told_or_are_names_of_one_thing() -> None:
    for source, target, name, alike in same_predicates():
        assert alike <= OTHER_NAMES.get((source, name), set()), (source, target, name, alike)


PROCESS = "event.category:process and process.name:a.exe and "


@pytest.mark.parametrize(
    ("query", "wider"),
    [
        ("event.action:star*", True),
        ("event.action:start", True),
        ("event.action:*exec", True),
        ("event.action:(start or ProcessRollup2)", True),
        ("event.action:(start or exec)", False),
        ("event.action:(star* or exe*)", False),
        ("event.action:star* and host.os.type:windows", False),
        ("event.action:exec and host.os.type:(linux or macos)", False),
        ("not event.action:start", True),
        ("not event.action:(start or exec)", None),
    ],
)
def test_a_pattern_finds_what_it_does_not_fit_and_says_so(query: str, wider: bool | None) -> None:
    if wider is None:
        with pytest.raises(kqlx.MappingError, match="never matches"):
            kqlx.convert(PROCESS + query, "sentinel", source="endpoint.events")
        return
    made = kqlx.convert(PROCESS + query, "sentinel", source="endpoint.events", accept=["different"])
    found = [note for note in made.notes if "does not distinguish event.action" in note.message]
    assert bool(found) is wider, made.notes
    assert {note.effect for note in found} <= {Effect.WIDER}
