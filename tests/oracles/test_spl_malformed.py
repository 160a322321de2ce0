"""What the reader of SPL refuses, and where; and that it never fails in another way."""

from __future__ import annotations

import random
import string

import pytest

from tests.oracles.spl.errors import Doubtful, NotEvaluated, SplSyntaxError
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.nodes import Pipeline
from tests.oracles.spl.reader import parse_search
from tests.oracles.spl.samples import WHOLE_SEARCHES

# ⟨⟩ marks the offset that the error has to name; it is taken out before reading
MALFORMED = [
    "⟨⟩",
    "⟨⟩   ",
    "| ⟨⟩search a=1",
    "|⟨⟩",
    "a=1 |⟨⟩",
    "a=1 |⟨⟩| table a",
    "a=1 | ⟨⟩frobnicate b",
    "a=1 | ⟨⟩tstats count from datamodel=X",
    "⟨⟩where a=1",
    "search⟨⟩ | table a",
    # parentheses and quotes
    "⟨⟩(a=1",
    "a=1⟨⟩)",
    "(⟨⟩)",
    "a=1 ⟨⟩(b=2 OR c=3",
    'a=⟨⟩"x',
    'a=⟨⟩"x\\"',
    "⟨⟩'user name'=\"x\"",
    "a=⟨⟩'x'",
    "⟨⟩[search b=1]",
    "a=⟨⟩[x]",
    'a="x"⟨⟩b=2',
    '"a"⟨⟩"b"',
    # operators
    "a=1 OR⟨⟩",
    "⟨⟩OR a=1",
    "⟨⟩AND a=1",
    "a=1 AND⟨⟩",
    "a=1 OR ⟨⟩OR b=2",
    "a=1 AND ⟨⟩AND b=2",
    "NOT⟨⟩",
    "a=1 NOT⟨⟩ | table a",
    "NOT ⟨⟩NOT a=1",
    "a=1 ⟨⟩or b=2",
    "⟨⟩not a=1",
    "a=1 ⟨⟩XOR b=2",
    "a⟨⟩==1",
    "a⟨⟩<>1",
    "a=⟨⟩",
    "a=⟨⟩ | table a",
    "⟨⟩=1",
    "a=1⟨⟩=2",
    "a>⟨⟩5*",
    'a>⟨⟩""',
    "a=⟨⟩IN",
    "a=⟨⟩and",
    "a=⟨⟩OR b=1",
    "f ⟨⟩IN",
    "f NOT ⟨⟩IN (a)",
    # lists
    "f IN (⟨⟩)",
    "f IN (a,⟨⟩)",
    "f IN (⟨⟩,a)",
    "f IN (a ⟨⟩b)",
    "f IN ⟨⟩(a, b",
    "f IN (a, ⟨⟩(b))",
    "f ⟨⟩in (a)",
    # characters that need quotes
    "a=x⟨⟩,y",
    "a=x⟨⟩;y",
    "a=x⟨⟩&y",
    "⟨⟩{}=1",
    "⟨⟩@timestamp=1",
    "⟨⟩a*=1",
    '⟨⟩"a*"=1',
    '⟨⟩""=1',
    '⟨⟩""',
    'match⟨⟩(a, "x")',
    "a=1⟨⟩, b=2",
    # macros, comments, directives
    "⟨⟩`m",
    "⟨⟩`a b`",
    "⟨⟩``",
    "`m`⟨⟩x",
    "a=1 ⟨⟩```b",
    'a=⟨⟩"x```y"',
    "a=CASE(⟨⟩)",
    'a=CASE(⟨⟩"x y")',
    "a=CASE(x⟨⟩ y)",
    "a=⟨⟩TERM(x)",
    "earliest=⟨⟩yesterday",
    # where and eval
    "a=1 | where⟨⟩",
    "a=1 | where ⟨⟩b",
    'a=1 | where ⟨⟩"b"="c"',
    'a=1 | where isnull(⟨⟩"b")',
    'a=1 | where ⟨⟩user.name="x"',
    'a=1 | where ⟨⟩b{}.c="x"',
    'a=1 | where ⟨⟩5min="x"',
    'a=1 | where b="x" ⟨⟩and c="y"',
    'a=1 | where b="x" ⟨⟩c="y"',
    'a=1 | where ⟨⟩not b="x"',
    'a=1 | where NOT ⟨⟩NOT b="x"',
    'a=1 | where (⟨⟩b="x") = (c="y")',
    "a=1 | where 1<b⟨⟩<3",
    'a=1 | where b=⟨⟩"x',
    "a=1 | where ⟨⟩'b=1",
    "a=1 | where ⟨⟩(b=1",
    "a=1 | where b=1⟨⟩)",
    "a=1 | where b=1 AND⟨⟩",
    "a=1 | where ⟨⟩frob(b)",
    "a=1 | where ⟨⟩ISNULL(b)",
    "a=1 | where ⟨⟩isnull()",
    "a=1 | where ⟨⟩isnull(b, c)",
    "a=1 | where isnull(b⟨⟩",
    "a=1 | where isnull(⟨⟩b=1)",
    'a=1 | where match(b, ⟨⟩"(")',
    'a=1 | where match(b, ⟨⟩"a{")',
    "a=1 | where match(b, ⟨⟩c)",
    'a=1 | where cidrmatch(⟨⟩"10.0.0.0/99", b)',
    'a=1 | where cidrmatch(⟨⟩b, "10.0.0.0/8")',
    'a=1 | where like(b, ⟨⟩"a\\\\%")',
    "a=1 | where in(b, ⟨⟩c)",
    "a=1 | where b IN (⟨⟩)",
    "a=1 | where isnotnull(⟨⟩mvfilter(b=c))",
    "a=1 | where b=⟨⟩true",
    'a=1 | where b="x" + "y" ⟨⟩. "z"',
    "a=1 | where b=⟨⟩5x",
    "a=1 | eval b=⟨⟩isnull(c)",
    "a=1 | eval b⟨⟩",
    "a=1 | eval b=⟨⟩",
    "a=1 | eval b⟨⟩==1",
    "a=1 | eval b=1,⟨⟩",
    "a=1 | eval b=⟨⟩case(c=1)",
    "a=1 | eval b=⟨⟩case(c=1, 2, 3)",
    # other commands
    "a=1 | table⟨⟩",
    "a=1 | table b,⟨⟩",
    "a=1 | table b,⟨⟩,c",
    "a=1 | table ⟨⟩'b'",
    "a=1 | fields -⟨⟩",
    "a=1 | regex b=⟨⟩x",
    'a=1 | regex b=⟨⟩"["',
    "a=1 | regex⟨⟩",
    "a=1 | stats⟨⟩",
    "a=1 | stats ⟨⟩frob(b)",
    "a=1 | stats ⟨⟩min by c",
    "a=1 | stats count by⟨⟩",
    "a=1 | stats count by b⟨⟩*",
    'a=1 | stats count by ⟨⟩"b*"',
    "a=1 | stats count(b⟨⟩*)",
    "a=1 | stats count as⟨⟩",
    "a=1 | stats count as n ⟨⟩dc(b) as n",
    "a=1 | stats count,⟨⟩ by b",
    "a=1 | stats count ⟨⟩where b=1",
    "a=1 | stats dc(⟨⟩)",
    "a=1 | rename b⟨⟩",
    "a=1 | rename b as⟨⟩",
    "a=1 | head ⟨⟩x",
    "a=1 | head 55⟨⟩x",
    "a=1 | dedup⟨⟩",
    "a=1 | mvexpand⟨⟩",
    "a=1 | mvexpand b⟨⟩ c",
    "a=1 | lookup⟨⟩",
    "a=1 | lookup t⟨⟩",
    "a=1 | lookup t b OUTPUT⟨⟩",
    "a=1 | fillnull ⟨⟩size=3",
    "| ⟨⟩frob",
    "| tstats count⟨⟩",
    "| tstats count from ⟨⟩x",
    "| tstats count from datamodel=X where⟨⟩",
    "| tstats count from datamodel=X where ⟨⟩by b",
    "| tstats ⟨⟩size=1 count from datamodel=X",
]


@pytest.mark.parametrize("marked", MALFORMED)
def test_refuses_malformed_text_at_its_place(marked: str) -> None:
    text = marked.replace("⟨⟩", "")
    with pytest.raises(SplSyntaxError) as error:
        parse_search(text)
    offset = error.value.offset
    assert 0 <= offset <= len(text)
    # Blanks before the place are no part of it.
    wanted = marked.index("⟨⟩")
    assert text[min(offset, wanted) : max(offset, wanted)].strip() == "", (
        f"named {offset} instead of {wanted}: {error.value}"
    )


FRAGMENTS = [
    *'()"\'`|=!<>,*\\[]{}.+- \t\n$@:/',
    "a", "f=", "NOT ", "OR ", "AND ", " IN ", "(b,c)", '"x"', "'y'", "| where ", "| eval z=",
    "| stats count by ", "| table ", "| regex f=", "match(", "mvfind(", "isnull(", "1", "0.5",
    "```", "CASE(", "TERM(", "`m`", "| tstats ", "from datamodel=", "| search ", "(?i)", "[a-",
    "10.0.0.0/8", "earliest=", "-1h", "é", "case(", "if(", "mvfilter(", "strptime(", "%Y",
    "substr(", "mvindex(", "split(", "replace(", "XOR ", "LIKE ", "{2}", "\\d",
]  # fmt: skip


def _read_and_run(text: str) -> Pipeline | None:
    try:
        pipeline = parse_search(text)
        evaluate(pipeline, [{"a": "x", "f": ["1", "y"], "_raw": "a x"}], {"m": "a=x"}, now=0.0)
    except (SplSyntaxError, Doubtful, NotEvaluated):
        return None
    return pipeline


def test_nothing_else_is_raised_on_garbage() -> None:
    generator = random.Random(20_24)
    read = 0
    for _ in range(6000):
        count = generator.randint(1, 12)
        text = "".join(generator.choice(FRAGMENTS) for _ in range(count))
        read += _read_and_run(text) is not None
    assert read > 50  # or the fragments say nothing


def test_nothing_else_is_raised_on_damaged_searches() -> None:
    generator = random.Random(7)
    for text in WHOLE_SEARCHES * 60:
        at = generator.randrange(len(text))
        length = generator.choice((0, 1, 1, 5))
        put = generator.choice(["", generator.choice(string.printable), *FRAGMENTS[:8]])
        _read_and_run(text[:at] + put + text[at + length :])


@pytest.mark.parametrize(
    "text", ["(" * 5000, "a=1 | where " + "(" * 5000, "NOT (" * 3000, "a=1 | where " + "-" * 5000]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(SplSyntaxError):
        parse_search(text)
