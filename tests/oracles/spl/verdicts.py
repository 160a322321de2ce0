"""An event and three verdicts, for the tests of the evaluator."""

from __future__ import annotations

from tests.oracles.spl.errors import Doubtful
from tests.oracles.spl.evaluator import matches
from tests.oracles.spl.events import Event

KEEPS, DROPS, DOUBTS = "keeps", "drops", "doubts"


def verdict(text: str, event: Event, macros: dict[str, str] | None = None) -> str:
    """What becomes of the event, the clock standing at 1,700,000,000."""
    try:
        return KEEPS if matches(text, event, macros, now=1_700_000_000.0) else DROPS
    except Doubtful:
        return DOUBTS


EVENT: Event = {
    "Color": "Bay",
    "n": "5",
    "f": "5.0",
    "word": "N/A",
    "empty": "",
    "ip": "10.1.2.3",
    "ip6": "2001:db8::5",
    "path": r"C:\Temp\a*b.exe",
    "list": ["Alpha", "beta"],
    "none": [],
    "null": None,
    "flag": True,
    "line": "a\nb",
    "p{}.Name": ["ForwardTo", "Name"],
    "p{}.Value": ["x@evil.example", "rule"],
    "user agent": "curl",
    "_raw": 'src=10.0.0.1 Error: access denied for "bob" path /var/log/x.log',
}
