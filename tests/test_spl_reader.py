"""The reader of SPL that other tests rely on: what it reads, what it refuses, and where."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spl.errors import Doubtful, NotEvaluated, SplSyntaxError
from spl.eval_nodes import Call, Field, Junction, Negation, Relation
from spl.evaluator import evaluate
from spl.nodes import (
    Aggregation,
    And,
    Comparison,
    InList,
    Lookup,
    Macro,
    Not,
    Or,
    Pipeline,
    Search,
    Stats,
    Term,
    Tstats,
    Where,
    Word,
)
from spl.reader import parse_search


def shape(term: Term) -> object:
    """The term without its spans: how it is grouped, and what it compares."""
    match term:
        case And(items=items):
            return ("and", *map(shape, items))
        case Or(items=items):
            return ("or", *map(shape, items))
        case Not(item=item):
            return ("not", shape(item))
        case Comparison():
            return f"{term.field}{term.operator}{term.value.text}"
        case InList():
            return (term.field, "in", *(value.text for value in term.values))
        case Word():
            return term.value.text
        case Macro():
            return f"`{term.name}`"
        case _:
            return (term.name, term.text)


def term_of(text: str) -> Term:
    command = parse_search(text).commands[0]
    assert isinstance(command, Search)
    return command.term


def codes(text: str) -> list[str]:
    return [doubt.code for doubt in parse_search(text).doubtful]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # OR before AND, NOT before both: the examples of Splunk's page on Boolean expressions
        ("A=1 AND B=2 OR C=3", ("and", "A=1", ("or", "B=2", "C=3"))),
        ("a=1 b=2 OR c=3", ("and", "a=1", ("or", "b=2", "c=3"))),
        ("error NOT 403 OR 404", ("and", "error", ("or", ("not", "403"), "404"))),
        ("error NOT (403 OR 404)", ("and", "error", ("not", ("or", "403", "404")))),
        ("NOT a=1 b=2", ("and", ("not", "a=1"), "b=2")),
        ("(a=1 b=2) OR c=3", ("or", ("and", "a=1", "b=2"), "c=3")),
        ("search web error", ("and", "web", "error")),
        ("search = x", "search=x"),
        ("*", "*"),
        # names
        ('Parameters{}.Name="x"', "Parameters{}.Name=x"),
        ('a.b{0}.c-d/e="x"', "a.b{0}.c-d/e=x"),
        ('"user agent" = "x"', "user agent=x"),
        ('"attachment{}.file" IN ("a*", b)', ("attachment{}.file", "in", "a*", "b")),
        ("status IN(400, 401)", ("status", "in", "400", "401")),
        # quotes and escapes
        (r'f="a \"b\" \\ \| \s"', 'f=a "b" \\ | \\s'),
        (r"file_path=*Windows\\System32\\*", "file_path=*Windows\\System32\\*"),
        (r'ShareName="\\\\*\\SYSVOL"', "ShareName=\\\\*\\SYSVOL"),
        ("f=\"a | b, (c) [d] `e` 'g'\"", "f=a | b, (c) [d] `e` 'g'"),
        ('country="IN"', "country=IN"),
        ('f=""', "f="),
        ("src_ip = 10.0.0.0/8", "src_ip=10.0.0.0/8"),
        # the rest
        ("`m` a=1 ```why``` b=2", ("and", "`m`", "a=1", "b=2")),
        ("earliest=-1h@h a=1", ("and", ("earliest", "-1h@h"), "a=1")),
        ("host=CASE(LOCALHOST) TERM(10.0.0.1)", ("and", "host=LOCALHOST", "10.0.0.1")),
        ("a=1\n  b=2", ("and", "a=1", "b=2")),
    ],
)
def test_terms_of_search(text: str, expected: object) -> None:
    assert shape(term_of(text)) == expected


def test_a_star_is_a_wildcard_even_after_a_backslash() -> None:
    value = term_of(r'f="a\*b\\*"')
    assert isinstance(value, Comparison)
    assert value.value.parts == ("a\\", "b\\", "")
    assert codes(r'f="a\*b"') == ["escaped-star"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('f="v"', []),
        ('NOT f="v"', []),
        ('f!="v"', ["not-equals"]),
        ("a=1 b=2 OR c=3", ["relies-on-precedence"]),
        ("a=1 (b=2 OR c=3)", []),
        ("(a=1) OR (b=2) c=1", ["relies-on-precedence"]),
        ("(a=1 b=2) OR c=3", []),
        (r'f="a\s"', ["unknown-escape"]),
        ('f>"abc"', ["ordering-of-text"]),
        ("f>-1.5", []),
        ('a=1 | where b="1" AND c="2" OR d="3"', ["relies-on-precedence"]),
        ('a=1 | where (b="1" AND c="2") OR d="3"', []),
        (r'a=1 | where match(b, "a\.b")', ["unknown-escape"]),
        (r'a=1 | where match(b, "a\\.b")', []),
    ],
)
def test_doubts_that_an_emitter_can_be_held_to(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


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
    "a=1 | stats count as⟨⟩",
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


def test_lower_case_operators_are_words_when_not_strict() -> None:
    pipeline = parse_search("a=1 or b=2", strict=False)
    assert isinstance(pipeline.commands[0], Search)
    assert shape(pipeline.commands[0].term) == ("and", "a=1", "or", "b=2")
    assert [doubt.code for doubt in pipeline.doubtful] == ["lenient"]


def condition_of(text: str) -> object:
    command = parse_search(f"a=1 | where {text}").commands[1]
    assert isinstance(command, Where)
    return command.expression


def test_where_binds_and_before_or_and_not_before_both() -> None:
    top = condition_of("NOT b=1 AND c=2 OR d=3 XOR e=4")
    assert isinstance(top, Junction) and top.operator == "XOR"
    left = top.items[0]
    assert isinstance(left, Junction) and left.operator == "OR"
    conjunction = left.items[0]
    assert isinstance(conjunction, Junction) and conjunction.operator == "AND"
    negation = conjunction.items[0]
    assert isinstance(negation, Negation) and isinstance(negation.item, Relation)


def test_single_quotes_hold_names_and_spans_point_at_the_text() -> None:
    text = "a=1 | where isnull('Actor{}.ID')"
    command = parse_search(text).commands[1]
    assert isinstance(command, Where) and isinstance(command.expression, Call)
    field = command.expression.arguments[0]
    assert isinstance(field, Field) and field.name == "Actor{}.ID"
    assert text[slice(*field.span)] == "'Actor{}.ID'"
    assert text[slice(*command.expression.span)] == "isnull('Actor{}.ID')"
    assert text[slice(*command.span)] == "where isnull('Actor{}.ID')"


WHOLE_SEARCHES = [
    # a rule that gives one row an event
    """`o365_management_activity` Workload="Exchange" Operation="Set-DkimSigningConfig"
    Enabled="False" NOT ResultStatus IN ("failed", "false")
| table _time, UserId, src_ip, Workload, Operation, ObjectId, Enabled, ResultStatus""",
    # first seen
    """`o365_management_activity` Workload="Exchange" Operation="MailItemsAccessed"
    NOT ResultStatus IN ("failed", "false") LogonType IN ("0", "1", "6")
    OperationProperties{}.Value="Bind" NOT ClientAppId IN ("a-1", "b-2")
| stats min(_time) as firstTime max(_time) as lastTime count values(UserId) as UserId
    by ClientAppId
| where firstTime>=relative_time(now(), "-9m@m")""",
    # threshold
    """`o365_management_activity` Workload="AzureActiveDirectory" Operation="UserLoggedIn"
    Target{}.Type IN ("0", "10") UserId=* NOT UserId="Not Available"
| iplocation src_ip | where isnotnull(Country)
| stats count as event_count dc(Country) as dc_Country min(_time) as firstTime
    max(_time) as lastTime values(src_ip) as src_ip by UserId
| where event_count>=1 AND dc_Country>=2""",
    """`azure_monitor_aad` operationName="Update user"
    properties.targetResources{}.modifiedProperties{}.displayName="UserType"
    properties.targetResources{}.modifiedProperties{}.oldValue="*Guest*" """,
    """| tstats summariesonly=false count min(_time) as firstTime max(_time) as lastTime
    from datamodel=Endpoint.Processes where Processes.process_name="cmd.exe"
    NOT Processes.parent_process_name IN ("explorer.exe", "svc*")
    by Processes.dest, Processes.user, Processes.process
| `drop_dm_object_name(Processes)` | `security_content_ctime(firstTime)` | `my_filter`""",
    r"""sourcetype="o365:management:activity" Operation="New-InboxRule"
| where isnotnull(mvfind(mvzip('Parameters{}.Name', 'Parameters{}.Value', "="),
    "(?i)^ForwardTo=.*@evil\\.example$"))
| eval role=mvindex('ModifiedProperties{}.NewValue',
    mvfind('ModifiedProperties{}.Name', "^Role\\.DisplayName$")), n=mvcount('Parameters{}.Name')
| fillnull value="unknown" user src_ip | lookup known_bad ip as src_ip OUTPUT threat, owner
| rename Processes.* as *, "a b" as c | dedup 1 user src_ip | mvexpand role limit=5
| spath input=payload output=id path=a.b{}.c | head 20 | fields - _raw tmp_*""",
    """source="XmlWinEventLog:Security" EventCode=4688 (NewProcessName="*\\\\powershell.exe" OR
    NewProcessName="*\\\\pwsh.exe") CommandLine IN ("*-enc*", "*FromBase64String*")
    NOT (ParentProcessName="*\\\\explorer.exe" User="*$")
| regex CommandLine="(?i)-e(nc|ncodedcommand)?\\\\s+[A-Za-z0-9+/=]{20,}"
| stats count by User, ParentProcessName""",
]


@pytest.mark.parametrize("text", WHOLE_SEARCHES)
def test_reads_whole_searches_without_a_doubt(text: str) -> None:
    assert parse_search(text).doubtful == ()


def test_parts_of_commands() -> None:
    stats = parse_search('a=1 | stats count, dc(b) as n BY "c d", e').commands[1]
    assert isinstance(stats, Stats) and stats.by == ("c d", "e")
    assert stats.aggregations == (
        Aggregation("count", "", "", (12, 17)),
        Aggregation("dc", "b", "n", (19, 29)),
    )
    lookup = parse_search("a=1 | lookup t x as y, z OUTPUTNEW v AS w").commands[1]
    assert isinstance(lookup, Lookup)
    assert (lookup.inputs, lookup.mode) == ((("x", "y"), ("z", "z")), "OUTPUTNEW")
    assert lookup.outputs == (("v", "w"),)
    tstats = parse_search("| tstats `o` count from datamodel=A.B where c=1 OR d=2 by e").commands[0]
    assert isinstance(tstats, Tstats) and tstats.datamodel == "A.B" and tstats.by == ("e",)
    assert tstats.where is not None and shape(tstats.where) == ("or", "c=1", "d=2")
    assert [macro.name for macro in tstats.macros] == ["o"]


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


@given(st.text(alphabet="ab\"\\|*()=, '`", max_size=12))
def test_any_quoted_text_is_one_value(text: str) -> None:
    if "```" in text:
        return
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    term = term_of(f'f="{quoted}"')
    assert isinstance(term, Comparison) and term.value.text == text
