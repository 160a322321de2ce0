"""What is said once for many rules, or for several targets of a rule."""

from __future__ import annotations

from kqlx.batch.messages import Choice, lines_of
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleInfo, RuleOutcome, Severity, Status
from kqlx.batch.repeated import Repeated
from kqlx.notes import Effect
from kqlx.rules.places import FilePlace

MANY = Choice(grouped=True)


def note(
    message: str,
    *,
    line: int = 1,
    effect: Effect = Effect.WIDER,
    code: str = "approximated",
    hint: str = "",
    is_about_rules: bool = False,
) -> Remark:
    severity = Severity.WARNING if effect >= Effect.COVERAGE else Severity.NOTE
    span = None if is_about_rules else (0, 1)
    place = FilePlace("a.toml", line, 1)
    return Remark(severity, code, message, place, effect, hint, span=span)


def refusal(message: str) -> Remark:
    place = FilePlace("a.toml", 1, 1)
    return Remark(Severity.ERROR, "no-counterpart", message, place, snippet=" 1 | a:b\n   | ^")


def said(*rules: dict[str, list[Remark]], choice: Choice = MANY) -> list[str]:
    """What is said of rules, each the remarks on it by target, without what is the same in all."""
    repeated, lines = Repeated(), list[str]()
    for remarks in rules:
        made = [
            ConversionOutcome(target, "query", Status.CONVERTED, remarks=tuple(of_target))
            for target, of_target in remarks.items()
        ]
        outcome = RuleOutcome(RuleInfo("a.toml"), Status.CONVERTED, conversions=tuple(made))
        for label, left in repeated.left(outcome, choice):
            lines += lines_of(label, left, choice)
    lines.append("end")
    lines += repeated.lines(choice)
    return [line.replace("a.toml:", "") for line in lines]


def test_a_note_stands_with_the_first_rule_and_counts_the_others() -> None:
    rules = [{"spl": [note("m", line=number)]} for number in (1, 2, 3)]
    assert said(*rules) == [
        "1:1: warning: spl: m [wider: approximated]",
        "end",
        "warning: spl: 2 more rules: m [wider: approximated]",
    ]


def test_all_is_said_of_each_rule_where_that_is_asked_for() -> None:
    rules = [{"spl": [note("m", line=number, hint="h")]} for number in (1, 2)]
    each = [
        "1:1: warning: spl: m [wider: approximated]",
        "  hint: h",
        "2:1: warning: spl: m [wider: approximated]",
        "  hint: h",
        "end",
    ]
    assert said(*rules, choice=Choice(verbose=True, grouped=True)) == each
    assert said(*rules, choice=Choice()) == each


def test_what_another_note_of_a_rule_stood_for_is_said_when_it_stands_alone() -> None:
    """A note behind ``×2`` was not read by anybody: it is no repetition later."""
    rules = [{"spl": [note("m"), note("other")]}, {"spl": [note("other")]}]
    assert said(*rules) == [
        "1:1: warning: spl: m ×2 [wider: approximated]",
        "1:1: warning: spl: other [wider: approximated]",
        "end",
    ]


def test_a_rule_with_known_and_new_notes_shows_the_new_ones() -> None:
    rules = [{"spl": [note("m")]}, {"spl": [note("m", line=2), note("new", line=3)]}]
    assert said(*rules) == [
        "1:1: warning: spl: m [wider: approximated]",
        "3:1: warning: spl: new [wider: approximated]",
        "end",
        "warning: spl: 1 more rule: m [wider: approximated]",
    ]


def test_a_rule_counts_once_whatever_it_has_of_a_kind() -> None:
    rules = [{"spl": [note("m")]}, {"spl": [note("m", line=2), note("m", line=3)]}]
    assert said(*rules)[-1] == "warning: spl: 1 more rule: m [wider: approximated]"


def test_what_is_the_same_in_several_targets_is_one_line() -> None:
    rule = {"sentinel": [refusal("r"), note("m")], "spl": [refusal("r"), note("other")]}
    assert said(rule, {"spl": [note("m")]}) == [
        "1:1: error: sentinel, spl: r [no-counterpart]",
        "1:1: warning: sentinel: m [wider: approximated]",
        "1:1: warning: spl: other [wider: approximated]",
        "1:1: warning: spl: m [wider: approximated]",
        "end",
    ]


def test_refusals_are_said_of_each_rule() -> None:
    """Nothing came of these: each is to be found, however many there are."""
    assert said(*[{"spl": [refusal("r")]}] * 3) == [
        *["1:1: error: spl: r [no-counterpart]"] * 3,
        "end",
    ]


def test_another_effect_is_another_note() -> None:
    rules = [{"spl": [note("m")]}, {"spl": [note("m", effect=Effect.NARROWER)]}]
    assert len(said(*rules)) == 3


def test_a_hint_stands_once() -> None:
    rules = [{"spl": [note("m", hint="h")]}, {"spl": [note("n", hint="h")]}]
    assert said(*rules).count("  hint: h") == 1


def test_notes_about_rules_as_a_whole_are_at_the_end_with_the_most_frequent_text() -> None:
    def window(text: str) -> dict[str, list[Remark]]:
        effect = Effect.SAME
        return {"spl": [note(text, effect=effect, code="history-window", is_about_rules=True)]}

    rules = [window("5d"), window("7d"), window("7d")]
    assert said(*rules) == ["end", "note: spl: 3 rules, such as: 7d [same: history-window]"]
    assert said(window("7d"), window("7d"))[1:] == ["note: spl: 2 rules: 7d [same: history-window]"]
    assert said(window("7d"))[1:] == ["1:1: note: spl: 7d [same: history-window]"]


def test_what_destinations_lack_is_told_apart_by_what_it_begins_with() -> None:
    def lacks(text: str, *targets: str) -> dict[str, list[Remark]]:
        effect = Effect.COVERAGE
        one = note(text, effect=effect, code="table-coverage", is_about_rules=True)
        return {target: [one] for target in targets}

    rules = [lacks("A; b", "spl"), lacks("A; c", "sentinel", "spl"), lacks("B", "spl")]
    assert said(*rules) == [
        "end",
        "warning: spl, sentinel: 2 rules, such as: A; b [coverage: table-coverage]",
        "1:1: warning: spl: B [coverage: table-coverage]",
    ]


def test_the_end_is_the_same_whatever_the_order_of_equals() -> None:
    one, two = {"spl": [note("m")]}, {"spl": [note("n")]}
    ends = [said(*order)[-2:] for order in ([one, two, one, two], [two, one, two, one])]
    assert ends[0] == ends[1]


def test_letter_case_is_one_line_with_the_place_of_its_example() -> None:
    def folds(text: str, line: int) -> dict[str, list[Remark]]:
        return {"spl": [note(text, line=line, effect=Effect.CASE, code="case-folded")]}

    rules = [folds("user", 1), folds("host", 2), folds("host", 3)]
    assert said(*rules) == [
        "end",
        "3:1: note: spl: 3 rules, such as: host [case: case-folded]",
    ]
    assert said(rules[0]) == ["end", "1:1: note: spl: user [case: case-folded]"]
