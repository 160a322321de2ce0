"""Two things side by side with no operator of Kibana KQL between them: what the writer probably
took for one.
"""

from __future__ import annotations

import re

from kqlx.frontends.kql.diagnostics.foreign_operators import (
    as_pattern,
    explain_equals_sign,
    explain_lucene_syntax,
    explain_sql_operator,
)
from kqlx.frontends.kql.diagnostics.parse_failure import Diagnosis, ParseFailure, expression_at
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import LONGEST_ADVICE, quote, respelled, suggest
from kqlx.regexes import late_regex

_BLANKS = late_regex(f"[{SPACES}]+")
_PRESENCE = {
    "exists": "{}:*",
    "isnotnull": "{}:*",
    "isnotempty": "{}:*",
    "isnull": "not {}:*",
    "isempty": "not {}:*",
}
_FUNCTIONS = frozenset(_PRESENCE) | {
    *("cidrmatch", "contains", "count", "endswith", "has", "len", "length", "lower", "match"),
    *("matches", "startswith", "tolower", "tostring", "toupper", "upper", "wildcard"),
}
_SINGLE_QUOTED = late_regex(r"'([^']{0,120})'")
_NESTED = late_regex(r"\{([^{}]*:[^{}]*)\}")
_EXAMPLES = {"and": "a:1 and (b:2)", "or": "a:1 or (b:2)", "not": "not (a:1)"}
_SYMBOLS = {"&&": "and", "||": "or", "&": "and", "|": "or"}


def explain_missing_operator(failure: ParseFailure) -> Diagnosis | None:
    """What went wrong where something begins that only an operator could precede."""
    if "_AND" not in failure.expected:
        return _out_of_place(failure)
    words = _BLANKS.split(failure.text_before()) if failure.kind_before() == "UNQUOTED" else []
    found_word = _BLANKS.split(failure.found_text)[0] if failure.found.kind == "UNQUOTED" else ""
    for rule in (
        _keyword_glued,
        _symbol,
        explain_sql_operator,
        explain_equals_sign,
        explain_lucene_syntax,
        _comma,
        _star,
        _special,
    ):
        diagnosis = rule(failure, words, found_word)
        if diagnosis is not None:
            return diagnosis
    return _missing(failure)


def _out_of_place(failure: ParseFailure) -> Diagnosis | None:
    """A group where only a value can stand."""
    if failure.kind_before() == "OPERATOR" and failure.found.kind == "LPAR":
        field, sign = failure.text_before(2), failure.text_before()
        inner = re.compile(r"[^()]*").match(failure.text, failure.found.end)
        parts = re.split(r"\s+(or|and)\s+", inner[0].strip() if inner else "")
        parts[::2] = [f"{field} {sign} {part}" for part in parts[::2]]
        message = f"{sign} compares with one value, not with a group"
        return Diagnosis("comparison-operand", message, suggest(" ".join(parts)))
    if failure.found.kind == "_LBRACE":
        message = "a brace opens a nested group, which follows a field and a colon"
        if failure.is_in_values:
            inner = re.compile(r"\{[^{}]*\}").match(failure.text, failure.offset)
            fixed = suggest(f"{failure.open_groups[-1].field}:{inner[0]}") if inner else ""
            return Diagnosis(
                "special-in-value", message, fixed or "put a value that contains a brace in quotes"
            )
        return Diagnosis("special-in-value", message, "put a value that contains a brace in quotes")
    return None


def _keyword_glued(failure: ParseFailure, words: list[str], found_word: str) -> Diagnosis | None:
    """``(a)or(b)``, ``"a"or "b"``, ``not(a)``."""
    message = '"and" and "or" need white space on both sides, and "not" after it'
    following = failure.next_expression
    if words and words[-1].lower() in ("and", "or", "not") and failure.found.kind != "_LBRACE":
        head = " ".join(words[:-1])
        keyword = words[-1].lower()
        if keyword != "not" and not head and failure.kind_before(2) == "_COLON":
            hint = suggest(f"{failure.text_before(3)}:*")
            hint = hint and f"for any value at all {hint}"
            return Diagnosis("missing-value", f'no value precedes "{keyword}"', hint)
        if keyword == "not" and head:
            keyword = "and not"
        elif keyword == "not" and failure.follows_value:
            hint = suggest(f"not {failure.field}:{following}")
            return Diagnosis("blank-missing", message, hint or suggest("not f:(a or b)"))
        if head and failure.kind_before(2) == "_COLON":
            head = f"{failure.field}:{head}"
        fixed = f"{head} {keyword} {following}".strip()
        return Diagnosis("blank-missing", message, suggest(fixed, _EXAMPLES[words[-1].lower()]))
    glued = re.match(r"(?i:and|or)(?![^\s\\():<>\"{}])", found_word)
    if glued or (
        found_word and failure.follows_directly and re.match(r"(?i:and|or)\b", found_word)
    ):
        keyword = "and" if found_word[:1].lower() == "a" else "or"
        value = expression_at(failure.text, failure.found.start + len(keyword))
        fixed = suggest(f"{failure.previous_expression} {keyword} {value}", _EXAMPLES[keyword])
        return Diagnosis("blank-missing", message, fixed)
    return None


def _symbol(failure: ParseFailure, words: list[str], found_word: str) -> Diagnosis | None:
    """``!(a)``, ``a && (b)``, ``"a" || "b"``."""
    last = words[-1] if words else ""
    match = re.match(r"&&?|\|\|?", found_word)
    if match or last in _SYMBOLS:
        sign = match[0] if match else last
        if match:
            following = expression_at(failure.text, failure.found.start + len(sign))
            head = failure.previous_expression
        else:
            following, head = failure.next_expression, " ".join(words[:-1])
            head = (
                f"{failure.field}:{head}" if head and failure.kind_before(2) == "_COLON" else head
            )
        if sign == "|" and ":" not in following:
            return Diagnosis("other-language", "Kibana KQL has no pipes", "write only the filter")
        keyword = _SYMBOLS[sign]
        message = f'Kibana KQL uses "{keyword}" instead of {sign}'
        hint = suggest(f"{head} {keyword} {following}") or f'use "{keyword}" instead of each {sign}'
        return Diagnosis("symbol-operator", message, hint)
    if last == "~" and failure.follows_value:
        return None  # not "not": said with the other signs of equality
    if last in ("!", "-", "~", "+") and len(words) == 1:
        following = (
            f"{failure.field}:{failure.next_expression}"
            if failure.follows_value
            else failure.next_expression
        )
        if last == "+":
            hint = suggest(following) or "remove it"
            return Diagnosis("symbol-operator", "+ is not an operator", hint)
        message = f'Kibana KQL uses "not" instead of {last}'
        return Diagnosis("symbol-operator", message, suggest(f"not {following}", "not (a:1)"))
    return None


def _comma(failure: ParseFailure, words: list[str], found_word: str) -> Diagnosis | None:
    """``f:("a", "b")``, ``f:(a, "b")``."""
    last = words[-1] if words else ""
    if not (found_word.startswith(",") or last.endswith(",")):
        return None
    message = 'a comma does not join values; use "or"'
    if failure.is_in_values:
        group = re.compile(r'\(((?:[^()"]|"(?:[^"\\]|\\.)*")*)').match(
            failure.text, failure.open_groups[-1].start
        )
        if group and len(group[1]) <= 2 * LONGEST_ADVICE:
            parts = re.findall(r'"(?:[^"\\]|\\.)*"|[^,"]+', group[1])
            values = [part.strip() for part in parts if part.strip()]
            fixed = suggest(f"{failure.open_groups[-1].field}:({' or '.join(values)})")
            return Diagnosis("comma-list", message, fixed)
        return Diagnosis(
            "comma-list", message, suggest(f"{failure.open_groups[-1].field}:(a or b)")
        )
    if found_word.startswith(","):
        value = expression_at(failure.text, failure.found.start + 1)
        if failure.kind_before(2) == "_COLON" and not re.search(r":", value):
            fixed = f"{failure.text_before(3)}:({failure.text_before()} or {value})"
        else:
            message = 'a comma does not join tests; use "and" or "or"'
            fixed = f"{failure.previous_expression} and {value}"
        return Diagnosis("comma-list", message, suggest(fixed))
    return Diagnosis(
        "comma-list", message, suggest(f"{failure.field}:(a or b)") if failure.field else ""
    )


def _star(failure: ParseFailure, words: list[str], found_word: str) -> Diagnosis | None:
    """``f:"abc"*``, ``f:*"abc"``."""
    message = "a star next to quotes is not a wildcard"
    if (
        failure.kind_before() == "QUOTED"
        and failure.follows_directly
        and found_word.startswith("*")
    ):
        text = as_pattern(failure.text_before()[1:-1]) + found_word
    elif (
        failure.found.kind == "QUOTED"
        and failure.follows_directly
        and words
        and words[-1].endswith("*")
    ):
        star = re.match(r"\*?", failure.rest)
        text = (
            failure.text_before() + as_pattern(failure.found_text[1:-1]) + (star[0] if star else "")
        )
    else:
        return None
    fixed = f"{failure.field}:{text}" if failure.field else text
    hint = suggest(fixed)
    return Diagnosis("star-after-quote", message, hint and f"remove the quotes: {hint}")


def _special(failure: ParseFailure, words: list[str], found_word: str) -> Diagnosis | None:
    """``f:foo(bar)``, ``f:a{b}``, ``f:C:\\Program Files (x86)``, ``f:5"``."""
    sign = failure.text[failure.offset]
    if _is_quote_in_quotes(failure, found_word):
        hint = 'inside quotes write \\" for a quote'
        return Diagnosis("special-in-value", "the value ends at its closing quote", hint)
    if not words:
        return None
    start = failure.preceding[-1].start
    single = _SINGLE_QUOTED.match(failure.text, start)
    if single and single.end() > failure.offset and failure.follows_value:
        message = f"single quotes do not quote, and a value that contains {sign} needs quotes"
        return Diagnosis(
            "special-in-value", message, suggest(f"{failure.field}:{quote(single[1])}")
        )
    nested = _NESTED.match(failure.text, failure.offset)
    if nested and not failure.follows_value and len(words) == 1:
        hint = suggest(f"{words[0]}:{{ {nested[1].strip()} }}")
        message = "a nested group needs a colon after its field"
        return Diagnosis("special-in-value", message, hint or "put a colon before the brace")
    if sign in "({":
        closing = ")" if sign == "(" else "}"
        rest = re.compile(rf'\{sign}([^(){{}}":]*)\{closing}[^\s():"]*').match(
            failure.text, failure.offset
        )
        is_path = "\\" in failure.text_before() or "/" in failure.text_before()
        if (
            not (failure.follows_directly or (is_path and failure.follows_value and rest))
            and sign == "("
        ):
            return None
        message = f"a value that contains {sign} needs quotes"
        after = failure.text[rest.end() : rest.end() + LONGEST_ADVICE] if rest else ""
        if sign == "(" and not failure.follows_value:
            name = words[-1].lower()
            if name in _FUNCTIONS or (re.match(r"\s*[<>=|]", after) and rest):
                message = "Kibana KQL has no functions"
                inner = re.match(r"\(\s*([\w.@]+)\s*\)", rest[0]) if rest else None
                tested = suggest(_PRESENCE.get(name, "").format(inner[1])) if inner else ""
                return Diagnosis("other-language", message, tested or "test the field itself")
        if rest is None:
            if not failure.follows_value:
                return None
            return Diagnosis("special-in-value", message, "put the value in quotes")
        whole = respelled(failure.text[start : failure.offset] + rest[0])
        prefix = f"{failure.field}:" if failure.field and failure.follows_value else ""
        return Diagnosis("special-in-value", message, suggest(prefix + whole))
    if (
        sign == '"'
        and failure.follows_directly
        and failure.follows_value
        and not words[-1].endswith("[")
    ):
        message = "a quote inside a value needs a backslash before it"
        whole = f'{failure.text_before()}\\"{failure.found_text[1:-1]}\\"'
        return Diagnosis("special-in-value", message, suggest(f"{failure.field}:{whole}"))
    return None


def _is_quote_in_quotes(failure: ParseFailure, found_word: str) -> bool:
    """``"say "hi" now"``."""
    if failure.kind_before() != "QUOTED" or failure.found.kind not in ("UNQUOTED", "QUOTED"):
        return False
    touches_next = failure.rest[:1] == '"' and failure.text[failure.found.end - 1] not in SPACES
    return failure.follows_directly or (
        failure.found.kind == "UNQUOTED" and touches_next and ":" not in found_word
    )


def _missing(failure: ParseFailure) -> Diagnosis:
    message = '"and" or "or" is missing here'
    keyword = "or" if failure.is_in_values else "and"
    first = failure.text_before() if failure.kind_before() in ("UNQUOTED", "QUOTED") else ""
    following = failure.next_expression
    if failure.found.kind == "NOT":
        value = expression_at(failure.text, failure.found.end)
        following = f"not {value}"
        keyword = "and"
    negated = failure.found.kind == "NOT"
    is_field = ":" in following or re.match(r"\s*[:<>]", "" if negated else failure.rest)
    is_value = failure.kind_before(2) == "_COLON" and first and failure.found.kind != "LPAR"
    if failure.is_in_values and failure.open_groups[-1].field:
        fixed = f"{failure.open_groups[-1].field}:({first} {keyword} {following})" if first else ""
    elif is_value and not is_field:
        word = "and" if negated else "or"
        fixed = f"{failure.text_before(3)}:({first} {word} {following})"
    else:
        fixed = f"{failure.previous_expression} {keyword} {following}"
    hint = suggest(fixed) if following.removeprefix("not ") else ""
    hint = hint or 'put "and" or "or" between the two'
    return Diagnosis("missing-operator", message, hint)
