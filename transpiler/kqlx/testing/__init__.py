"""A test kit for targets: does what a target's queries match agree with Kibana, as far as the notes
of the conversions claim?

A target, of this package or of another, brings an ``Engine``: a reader of its language, and the
answer of a query on one event. ``check`` converts queries, makes events near the border of each and
reports every event on which the answers differ and no note announces it:

    from kqlx.testing import QUERIES, check

    def test_opensearch_agrees_with_kibana():
        report = check(OpenSearch(), "opensearch", QUERIES)
        assert not report.disagreements, report

The law itself is in ``kqlx.testing.agreement``. ``kqlx.testing.strategies`` draws queries and
events with Hypothesis (the extra ``kqlx[testing]``); nothing else here needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kqlx.nodes import Node
from kqlx.records import dataclass, field
from kqlx.testing.agreement import (
    REFUSALS,
    Claim,
    Engine,
    Impossible,
    Malformed,
    Query,
    Unsettled,
    convert,
)
from kqlx.testing.bounds import types_of
from kqlx.testing.edges import NOW
from kqlx.testing.near import near_events

__all__ = [
    "NOW",
    "QUERIES",
    "Claim",
    "Engine",
    "Impossible",
    "Malformed",
    "Query",
    "Report",
    "Unsettled",
    "check",
    "convert",
    "near_events",
    "types_of",
]

QUERIES = (
    "event.code:4625",
    'event.action:"logged in" or event.action:logged out',
    "process.name:(cmd.exe or powershell.exe or pwsh*)",
    "process.args:(-c and */dev/tcp/*)",
    "not user.id:S-1-5-18 and user.name:*",
    'not (host.os.type:windows or host.name:("a" and "b"))',
    'file.path:C\\:\\\\Windows\\\\*.exe or file.path:"C:\\\\x \\"y\\".txt"',
    'file.name:"a*b" or file.name:a\\*b or file.name:*a*b*',
    "process.command_line:(*\\<script\\>* or *\\{*\\} or *\\(x\\)*)",
    "url.query:(*+or+* or *%27* or *'--* or */* or *&&* or *!*)",
    'user.name:("AND" or \\or or "OR NOT" or TO* or AND*)',
    "source.bytes >= 1000 and destination.port < 1024",
    "not source.port > 5 and event.severity:5",
    "event.risk_score > -1.5 and not event.risk_score:2",
    "source.ip:10.0.0.0/8 or source.ip:2001\\:db8\\:\\:1",
    'not source.ip:("127.0.0.1" or "::1") and destination.ip >= 10.0.0.1',
    "@timestamp >= now-1d and @timestamp < 2024-02-29",
    "process.code_signature.trusted:false and not process.code_signature.exists:true",
    'message:"access denied" and not message:denied*',
    "message:(access denied) or message:日本",
    "message:日本",
    "user.name.text:alice and user.name.caseless:ALICE",
    "winlog.event_data.Param1:x* and not aws.s3.size > 100",
    "process.parent.name:* or not process.parent.pid:*",
    "file.hash.*:0f",
    "mimikatz and not *kiwi*",
    "cloud.account.id:null or user.email:*@*.example",
    "file.elf.sections:{ name:.text and physical_size >= 5 }",
    "*",
)
"""Queries in Kibana KQL that between them ask for all that a target has to say or to refuse."""


@dataclass(slots=True)
class Report:
    """What came of a check.

    ``judged``: how many events were asked about; ``refused``: query → why the target refuses it;
    ``disagreements``: what the target does that no note announces, each with query and event, and
    queries that its own reader does not read.
    """

    judged: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        count = f"{self.judged} events judged, {len(self.refused)} queries refused"
        return "\n\n".join([f"{count}, {len(self.disagreements)} differ", *self.disagreements])


def check(
    engine: Engine,
    to: str,
    queries: Iterable[str | Node] = QUERIES,
    events: Iterable[Mapping[str, Any]] = (),
    *,
    near: int = 30,
    seed: int = 0,
    exact: bool = False,
) -> Report:
    """Holds a target to the law on these queries, on the given events and on ``near`` events that
    lie near the border of each query. The same for the same arguments.

    ``to`` is the target's name; field names stay Elastic's and all effects are accepted, so that
    what is said and not what is refused is judged. ``exact`` as in ``kqlx.convert``.
    """
    report = Report()
    given = [*events]
    for query in queries:
        try:
            found = convert(query, engine, to, exact=exact)
        except REFUSALS as error:
            report.refused[str(query)] = error.message
            continue
        except Malformed as error:
            report.disagreements.append(f"malformed: {error}")
            continue
        asked = found.asked([*given, *near_events(found.node, found.types, near, seed)])
        report.judged += len(asked)
        report.disagreements += filter(None, map(found.disagreement, asked))
    return report
