"""Two things side by side with no operator of Kibana KQL between them: what the writer probably
took for one.
"""

from __future__ import annotations

import re

from kqlx.frontends.kql.diagnostics.foreign_operators import equals, lucene, pattern, sql
from kqlx.frontends.kql.diagnostics.parse_failure import Diagnosis, Stop, expression_at
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import LONGEST_ADVICE, quote, respelled, write

_BLANKS = re.compile(f"[{SPACES}]+")
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
_SINGLE_QUOTED = re.compile(r"'([^']{0,120})'")
_NESTED = re.compile(r"\{([^{}]*:[^{}]*)\}")
_EXAMPLES = {"and": "a:1 and (b:2)", "or": "a:1 or (b:2)", "not": "not (a:1)"}
_SYMBOLS = {"&&": "and", "||": "or", "&": "and", "|": "or"}


def juxtaposed(stop: Stop) -> Diagnosis | None:
    """What went wrong where something begins that only an operator could precede."""
    if "_AND" not in stop.expected:
        return _out_of_place(stop)
    words = _BLANKS.split(stop.word()) if stop.kind() == "UNQUOTED" else []
    here = _BLANKS.split(stop.here)[0] if stop.at.kind == "UNQUOTED" else ""
    for rule in (_keyword_glued, _symbol, sql, equals, lucene, _comma, _star, _special):
        diagnosis = rule(stop, words, here)
        if diagnosis is not None:
            return diagnosis
    return _missing(stop)


def _out_of_place(stop: Stop) -> Diagnosis | None:
    """A group where only a value can stand."""
    if stop.kind() == "OPERATOR" and stop.at.kind == "LPAR":
        field, sign = stop.word(2), stop.word()
        inner = re.compile(r"[^()]*").match(stop.text, stop.at.end)
        parts = re.split(r"\s+(or|and)\s+", inner[0].strip() if inner else "")
        parts[::2] = [f"{field} {sign} {part}" for part in parts[::2]]
        message = f"{sign} compares with one value, not with a group"
        return Diagnosis("comparison-operand", message, write(" ".join(parts)))
    if stop.at.kind == "_LBRACE":
        message = "a brace opens a nested group, which follows a field and a colon"
        if stop.in_values:
            inner = re.compile(r"\{[^{}]*\}").match(stop.text, stop.offset)
            fixed = write(f"{stop.groups[-1].field}:{inner[0]}") if inner else ""
            return Diagnosis(
                "special-in-value", message, fixed or "put a value that contains a brace in quotes"
            )
        return Diagnosis("special-in-value", message, "put a value that contains a brace in quotes")
    return None


def _keyword_glued(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``(a)or(b)``, ``"a"or "b"``, ``not(a)``."""
    message = '"and" and "or" need white space on both sides, and "not" after it'
    following = stop.following
    if words and words[-1].lower() in ("and", "or", "not") and stop.at.kind != "_LBRACE":
        head = " ".join(words[:-1])
        keyword = words[-1].lower()
        if keyword != "not" and not head and stop.kind(2) == "_COLON":
            hint = write(f"{stop.word(3)}:*")
            hint = hint and f"for any value at all {hint}"
            return Diagnosis("missing-value", f'no value precedes "{keyword}"', hint)
        if keyword == "not" and head:
            keyword = "and not"
        elif keyword == "not" and stop.follows_value:
            hint = write(f"not {stop.field}:{following}")
            return Diagnosis("blank-missing", message, hint or write("not f:(a or b)"))
        if head and stop.kind(2) == "_COLON":
            head = f"{stop.field}:{head}"
        fixed = f"{head} {keyword} {following}".strip()
        return Diagnosis("blank-missing", message, write(fixed, _EXAMPLES[words[-1].lower()]))
    glued = re.match(r"(?i:and|or)(?![^\s\\():<>\"{}])", here)
    if glued or (here and stop.touches and re.match(r"(?i:and|or)\b", here)):
        keyword = "and" if here[:1].lower() == "a" else "or"
        value = expression_at(stop.text, stop.at.start + len(keyword))
        fixed = write(f"{stop.preceding} {keyword} {value}", _EXAMPLES[keyword])
        return Diagnosis("blank-missing", message, fixed)
    return None


def _symbol(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``!(a)``, ``a && (b)``, ``"a" || "b"``."""
    last = words[-1] if words else ""
    match = re.match(r"&&?|\|\|?", here)
    if match or last in _SYMBOLS:
        sign = match[0] if match else last
        if match:
            following = expression_at(stop.text, stop.at.start + len(sign))
            head = stop.preceding
        else:
            following, head = stop.following, " ".join(words[:-1])
            head = f"{stop.field}:{head}" if head and stop.kind(2) == "_COLON" else head
        if sign == "|" and ":" not in following:
            return Diagnosis("other-language", "Kibana KQL has no pipes", "write only the filter")
        keyword = _SYMBOLS[sign]
        message = f'Kibana KQL uses "{keyword}" instead of {sign}'
        hint = write(f"{head} {keyword} {following}") or f'use "{keyword}" instead of each {sign}'
        return Diagnosis("symbol-operator", message, hint)
    if last == "~" and stop.follows_value:
        return None  # not "not": said with the other signs of equality
    if last in ("!", "-", "~", "+") and len(words) == 1:
        following = f"{stop.field}:{stop.following}" if stop.follows_value else stop.following
        if last == "+":
            hint = write(following) or "remove it"
            return Diagnosis("symbol-operator", "+ is not an operator", hint)
        message = f'Kibana KQL uses "not" instead of {last}'
        return Diagnosis("symbol-operator", message, write(f"not {following}", "not (a:1)"))
    return None


def _comma(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``f:("a", "b")``, ``f:(a, "b")``."""
    last = words[-1] if words else ""
    if not (here.startswith(",") or last.endswith(",")):
        return None
    message = 'a comma does not join values; use "or"'
    if stop.in_values:
        group = re.compile(r'\(((?:[^()"]|"(?:[^"\\]|\\.)*")*)').match(
            stop.text, stop.groups[-1].start
        )
        if group and len(group[1]) <= 2 * LONGEST_ADVICE:
            parts = re.findall(r'"(?:[^"\\]|\\.)*"|[^,"]+', group[1])
            values = [part.strip() for part in parts if part.strip()]
            fixed = write(f"{stop.groups[-1].field}:({' or '.join(values)})")
            return Diagnosis("comma-list", message, fixed)
        return Diagnosis("comma-list", message, write(f"{stop.groups[-1].field}:(a or b)"))
    if here.startswith(","):
        value = expression_at(stop.text, stop.at.start + 1)
        if stop.kind(2) == "_COLON" and not re.search(r":", value):
            fixed = f"{stop.word(3)}:({stop.word()} or {value})"
        else:
            message = 'a comma does not join tests; use "and" or "or"'
            fixed = f"{stop.preceding} and {value}"
        return Diagnosis("comma-list", message, write(fixed))
    return Diagnosis("comma-list", message, write(f"{stop.field}:(a or b)") if stop.field else "")


def _star(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``f:"abc"*``, ``f:*"abc"``."""
    message = "a star next to quotes is not a wildcard"
    if stop.kind() == "QUOTED" and stop.touches and here.startswith("*"):
        text = pattern(stop.word()[1:-1]) + here
    elif stop.at.kind == "QUOTED" and stop.touches and words and words[-1].endswith("*"):
        star = re.match(r"\*?", stop.rest)
        text = stop.word() + pattern(stop.here[1:-1]) + (star[0] if star else "")
    else:
        return None
    fixed = f"{stop.field}:{text}" if stop.field else text
    hint = write(fixed)
    return Diagnosis("star-after-quote", message, hint and f"remove the quotes: {hint}")


def _special(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``f:foo(bar)``, ``f:a{b}``, ``f:C:\\Program Files (x86)``, ``f:5"``."""
    sign = stop.text[stop.offset]
    if _is_quote_in_quotes(stop, here):
        hint = 'inside quotes write \\" for a quote'
        return Diagnosis("special-in-value", "the value ends at its closing quote", hint)
    if not words:
        return None
    start = stop.before[-1].start
    single = _SINGLE_QUOTED.match(stop.text, start)
    if single and single.end() > stop.offset and stop.follows_value:
        message = f"single quotes do not quote, and a value that contains {sign} needs quotes"
        return Diagnosis("special-in-value", message, write(f"{stop.field}:{quote(single[1])}"))
    nested = _NESTED.match(stop.text, stop.offset)
    if nested and not stop.follows_value and len(words) == 1:
        hint = write(f"{words[0]}:{{ {nested[1].strip()} }}")
        message = "a nested group needs a colon after its field"
        return Diagnosis("special-in-value", message, hint or "put a colon before the brace")
    if sign in "({":
        closing = ")" if sign == "(" else "}"
        rest = re.compile(rf'\{sign}([^(){{}}":]*)\{closing}[^\s():"]*').match(
            stop.text, stop.offset
        )
        is_path = "\\" in stop.word() or "/" in stop.word()
        if not (stop.touches or (is_path and stop.follows_value and rest)) and sign == "(":
            return None
        message = f"a value that contains {sign} needs quotes"
        after = stop.text[rest.end() : rest.end() + LONGEST_ADVICE] if rest else ""
        if sign == "(" and not stop.follows_value:
            name = words[-1].lower()
            if name in _FUNCTIONS or (re.match(r"\s*[<>=|]", after) and rest):
                message = "Kibana KQL has no functions"
                inner = re.match(r"\(\s*([\w.@]+)\s*\)", rest[0]) if rest else None
                tested = write(_PRESENCE.get(name, "").format(inner[1])) if inner else ""
                return Diagnosis("other-language", message, tested or "test the field itself")
        if rest is None:
            if not stop.follows_value:
                return None
            return Diagnosis("special-in-value", message, "put the value in quotes")
        whole = respelled(stop.text[start : stop.offset] + rest[0])
        prefix = f"{stop.field}:" if stop.field and stop.follows_value else ""
        return Diagnosis("special-in-value", message, write(prefix + whole))
    if sign == '"' and stop.touches and stop.follows_value and not words[-1].endswith("["):
        message = "a quote inside a value needs a backslash before it"
        whole = f'{stop.word()}\\"{stop.here[1:-1]}\\"'
        return Diagnosis("special-in-value", message, write(f"{stop.field}:{whole}"))
    return None


def _is_quote_in_quotes(stop: Stop, here: str) -> bool:
    """``"say "hi" now"``."""
    if stop.kind() != "QUOTED" or stop.at.kind not in ("UNQUOTED", "QUOTED"):
        return False
    touches_next = stop.rest[:1] == '"' and stop.text[stop.at.end - 1] not in SPACES
    return stop.touches or (stop.at.kind == "UNQUOTED" and touches_next and ":" not in here)


def _missing(stop: Stop) -> Diagnosis:
    message = '"and" or "or" is missing here'
    keyword = "or" if stop.in_values else "and"
    first = stop.word() if stop.kind() in ("UNQUOTED", "QUOTED") else ""
    following = stop.following
    if stop.at.kind == "NOT":
        value = expression_at(stop.text, stop.at.end)
        following = f"not {value}"
        keyword = "and"
    is_field = ":" in following or re.match(r"\s*[:<>]", stop.rest if stop.at.kind != "NOT" else "")
    if stop.in_values and stop.groups[-1].field:
        fixed = f"{stop.groups[-1].field}:({first} {keyword} {following})" if first else ""
    elif stop.kind(2) == "_COLON" and first and not is_field and stop.at.kind != "LPAR":
        fixed = f"{stop.word(3)}:({first} {'and' if stop.at.kind == 'NOT' else 'or'} {following})"
    else:
        fixed = f"{stop.preceding} {keyword} {following}"
    hint = write(fixed) if following.removeprefix("not ") else ""
    hint = hint or 'put "and" or "or" between the two'
    return Diagnosis("missing-operator", message, hint)
