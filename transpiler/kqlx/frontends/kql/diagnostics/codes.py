"""Why a text is not Kibana KQL: the codes of QuerySyntaxError, all of them stable."""

from __future__ import annotations

from kqlx.codes import Code
from kqlx.frontends.kql.syntax import MAX_DEPTH

CODES = (
    Code(
        "bad-escape",
        "a backslash stands before a character that needs no escape",
        "Double the backslash, or put the value in quotes.",
        r"process.executable:C\:\Windows\explorer.exe",
        r'process.executable:"C:\\Windows\\explorer.exe"',
    ),
    Code(
        "blank-missing",
        "`and`, `or` or `not` has no white space next to it",
        "Put white space on both sides of `and` and `or`, and after `not`; parentheses do not"
        " replace it.",
        "(user.name:alice)and(host.name:web01)",
        "user.name:alice and host.name:web01",
    ),
    Code(
        "comma-list",
        "values are separated by commas",
        "Join the values with `or`.",
        'process.name:("cmd.exe", "powershell.exe")',
        'process.name:("cmd.exe" or "powershell.exe")',
    ),
    Code(
        "comparison-after-colon",
        "a comparison follows a colon",
        "Leave the colon out: the comparison stands right after the field name.",
        "process.args_count:>5",
        "process.args_count > 5",
    ),
    Code(
        "comparison-chain",
        "two comparisons share one field name",
        "Write each comparison with its own field name, and join them with `and`.",
        "5 < process.args_count < 9",
        "process.args_count > 5 and process.args_count < 9",
    ),
    Code(
        "comparison-operand",
        "a comparison has no field name before it, or no single value after it",
        "Write one field name before the operator and one value after it.",
        "process.args_count > (5 or 9)",
        "process.args_count > 5",
    ),
    Code(
        "dangling-keyword",
        "the query or a group ends with `and`, `or` or `not`",
        "Remove the keyword, or add the test that is missing.",
        "process.name:(cmd.exe or )",
        "process.name:cmd.exe",
    ),
    Code(
        "double-not",
        "`not` follows `not`",
        "Remove both: they cancel out.",
        "not not user.name:alice",
        "user.name:alice",
    ),
    Code(
        "empty-group",
        "parentheses or braces have nothing between them",
        "Remove the group; to test that the field exists write a star.",
        "user.name:()",
        "user.name:*",
    ),
    Code(
        "equals-sign",
        "`=`, `==`, `!=`, `<>` or `like` is used instead of the colon",
        "Write a colon, and for an inequality `not` before the field name.",
        'user.name != "alice"',
        'not user.name:"alice"',
    ),
    Code(
        "field-in-values",
        "a field name stands inside the list of values of another field",
        "Close the list first, or put a value that contains a colon in quotes.",
        "user.name:(alice or host.name:web01)",
        "user.name:alice or host.name:web01",
    ),
    Code(
        "hidden-keyword",
        'a word ends in "not" and a blank follows, which Kibana reads as the keyword',
        "Put the value in quotes.",
        "message:cannot open",
        'message:"cannot open"',
    ),
    Code(
        "leading-wildcard",
        "a value begins with a star, and leading wildcards are turned off",
        "Begin the value with its first characters, or allow leading wildcards. Only"
        " `--no-leading-wildcards` turns them off.",
        "process.name:*.exe",
        "process.name:cmd*.exe",
    ),
    Code(
        "lucene-syntax",
        "the query uses Lucene syntax: ranges in brackets, regular expressions, `~` or `^`",
        "Write a range as two comparisons, list the values that a regular expression matches,"
        " and remove `~` and `^`.",
        "source.port:[1024 TO 65535}",
        "source.port >= 1024 and source.port < 65535",
    ),
    Code(
        "misplaced-not",
        "`not` stands between a field name and its value",
        "Write `not` before the field name, or inside parentheses.",
        "user.name:not alice",
        "not user.name:alice",
    ),
    Code(
        "missing-operator",
        "two tests or values have no operator between them",
        "Write `and` or `or` between them: Kibana KQL has no implicit operator.",
        "user.name:alice host.name:web01",
        "user.name:alice and host.name:web01",
    ),
    Code(
        "missing-value",
        "no value follows a colon or a comparison operator",
        "Add the value; to test that the field exists write a star.",
        "user.name:",
        "user.name:*",
    ),
    Code(
        "nested-too-deep",
        f"the query nests more than {MAX_DEPTH} levels deep",
        "Merge inner groups, or split the rule in two.",
        "not (" * (MAX_DEPTH + 1) + "user.name:alice" + ")" * (MAX_DEPTH + 1),
    ),
    Code(
        "other-language",
        "the text is SQL, Kusto (Sentinel KQL), ES|QL, EQL, Splunk SPL or JSON",
        "Write only the filter, as tests of fields joined by `and` and `or`.",
        'SecurityEvent | where Account == "alice"',
        "user.name:alice",
    ),
    Code(
        "special-in-value",
        "an unquoted value contains a colon, a parenthesis, a brace, `<` or `>`",
        "Put the value in quotes; with a wildcard in it, write a backslash before the character.",
        "url.full:https://example.com/login",
        'url.full:"https://example.com/login"',
    ),
    Code(
        "sql-operator",
        "an operator of SQL is used: `in (…)`, `is not null`, `not like`",
        "List values in parentheses, joined by `or`; test that a field exists with a star.",
        'user.name in ("alice", "bob")',
        'user.name:("alice" or "bob")',
    ),
    Code(
        "star-after-quote",
        "a star is right next to a quoted value, where it is not a wildcard",
        "Remove the quotes, and write a backslash before each special character of the value.",
        'process.name:"power"*',
        "process.name:power*",
    ),
    Code(
        "symbol-operator",
        "`&&`, `||`, `!`, `-` or `+` is used instead of a keyword",
        "Write `and`, `or` or `not`.",
        'user.name:"alice" && host.name:"web01"',
        'user.name:"alice" and host.name:"web01"',
    ),
    Code(
        "unclosed-group",
        "a parenthesis or brace is never closed",
        "Close it; put a value that contains one in quotes.",
        "user.name:(alice or bob",
        "user.name:(alice or bob)",
    ),
    Code(
        "unexpected-text",
        "something is at a place where Kibana KQL does not allow it",
        "Read what the message says was expected at that place.",
        "(user.name):alice",
        "user.name:alice",
    ),
    Code(
        "unopened-group",
        "a parenthesis or brace is closed that is not open, or that is of the other kind",
        "Remove it, or open the group; put a value that contains one in quotes.",
        "user.name:alice)",
        "user.name:alice",
    ),
    Code(
        "unterminated-quote",
        "a quotation mark is never closed",
        "Close it. In quotes write a backslash as two, and a quotation mark with a backslash"
        " before it.",
        'process.executable:"C:\\Windows\\"',
        'process.executable:"C:\\\\Windows\\\\"',
    ),
)
