"""What ``make demo`` shows: both Microsoft 365 rules in all four targets, with all notes."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import kqlx

RULES = (
    "m365_user_restricted_from_sending_email.toml",
    "m365_exchange_mailbox_items_accessed_excessively.toml",
)


def main() -> None:
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8")
    for file in RULES:
        (rule,) = kqlx.load_rules(Path(__file__).parent.parent / "rules" / file).rules
        print(f"{'=' * 100}\n{rule.name}\n{'=' * 100}\n\n{rule.query.strip()}\n")
        for target in kqlx.targets():
            result = kqlx.convert(rule, to=target.name)
            heading = f"{target.title}, fidelity: {result.fidelity}"
            print(f"{heading}\n{'-' * len(heading)}\n\n{result.text}\n")
            for note in result.notes:
                print(f"  [{note.effect}] {note.message}")
            print()


if __name__ == "__main__":
    main()
