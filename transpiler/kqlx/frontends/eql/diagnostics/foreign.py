"""What other languages have and EQL has not: whole texts of theirs, operators, quotes."""

from __future__ import annotations

import re

from kqlx.errors import KqlxError
from kqlx.frontends.eql.diagnostics.parse_failure import (
    NAMES,
    TEXTS,
    Diagnosis,
    ParseFailure,
    tokens_of,
)
from kqlx.frontends.eql.wording import quote, reads, short, suggest
from kqlx.frontends.language_guess import recognise
from kqlx.regexes import late_regex

_FORMS = {
    "contains": '{} : "*{}*"',
    "has": '{} : "*{}*"',
    "hasprefix": '{} : "{}*"',
    "startswith": '{} : "{}*"',
    "endswith": '{} : "*{}"',
    "hassuffix": '{} : "*{}"',
    "is": '{} == "{}"',
    "eq": '{} == "{}"',
    "ne": '{} != "{}"',
    "match": '{} regex "{}"',
    "matches": '{} regex "{}"',
    "rlike": '{} regex "{}"',
    "ilike": '{} like~ "{}"',
}
_UPPER = frozenset({"and", "or", "not", "in", "like", "regex", "where", "by", "with", "any"})
_SYMBOLS = {"&&": "and", "&": "and", "||": "or", "!": "not"}
_EXAMPLE = 'any where user.name == "alice" and event.outcome == "success"'
_PLAIN_TEXT = late_regex(r"[\w.*?@$%+-]+")
_OPERATOR = late_regex(r"=~|==|=|!~|!:|!=|<>|&&|\|\||&|!")


def explain_whole_text(failure: ParseFailure) -> Diagnosis | None:
    """A text without ``where``, or of another language."""
    at_start = len(failure.preceding) == (failure.kind() in ("IDENTIFIER", *TEXTS, "ANY"))
    if not at_start:
        return None
    text = failure.text
    if not text.strip():
        message = "there is no query"
        return Diagnosis("missing-where", message, f"write for example `{_EXAMPLE}`")
    other = recognise(text)
    if other is not None and other.name != "EQL":
        message = f"this looks like {other.name}, not EQL"
        return Diagnosis("other-language", message, f"write for example `{_EXAMPLE}`")
    if failure.preceding and failure.found_text.lower() == "where":
        return _upper_case(failure, "where")
    if failure.preceding and failure.kind() != "ANY" and "_WHERE" in failure.expected:
        category = failure.before()
        if hint := suggest(f"{category} where {failure.rest}"):
            return Diagnosis("missing-where", f'"where" is missing after {short(category)}', hint)
    if hint := suggest(f"any where {text}"):
        message = "a query begins with a category of events and where"
        return Diagnosis("missing-where", message, hint)
    if (kibana := _as_kibana_kql(text)) is not None:
        hint = suggest(kibana) or f"write for example `{_EXAMPLE}`"
        return Diagnosis("other-language", "this looks like Kibana KQL, not EQL", hint)
    if failure.preceding and "_WHERE" in failure.expected and failure.kind() != "ANY":
        message = f'"where" is missing after {short(failure.before())}'
        return Diagnosis("missing-where", message, f"write for example `{_EXAMPLE}`")
    if failure.found.kind in NAMES or failure.found.kind in ("OPTIONAL", "NOT", "LPAR", "FOLDING"):
        message = "a query begins with a category of events and where"
        return Diagnosis("missing-where", message, f"write for example `{_EXAMPLE}`")
    return None


def _as_kibana_kql(text: str) -> str | None:
    """The EQL of a text in Kibana KQL, as far as it has one, "" without; None for other texts."""
    from kqlx.frontends.kql.parser import parse
    from kqlx.nodes import FreeText, walk

    try:
        node = parse(text)
    except KqlxError:
        return None
    if any(isinstance(part, FreeText) for part in walk(node)):
        return None
    from kqlx.frontends.eql.formatter import format_node

    try:
        return format_node(node, 1_000_000)
    except KqlxError:
        return ""


def explain_operator(failure: ParseFailure) -> Diagnosis | None:
    """``=``, ``=~``, ``!:``, ``&&``, ``contains``, ``AND``."""
    rest = failure.rest
    match = _OPERATOR.match(rest)
    sign = match[0] if match else ""
    if failure.found.kind == "_PIPE" and failure.kind() == "_PIPE":
        sign = "||"
    if rest[:1] == ">" and failure.before() == "<":
        field, value = failure.operand_ending(2), _first_value(rest[1:].lstrip())
        hint = suggest(f"{field} != {value}") or "write !="
        return Diagnosis("equals-sign", "EQL has != instead of <>", hint)
    if sign in ("&&", "&", "||"):
        word = _SYMBOLS[sign]
        message = f'EQL has "{word}" instead of {sign}'
        return Diagnosis("symbol-operator", message, f"write {word}", len(sign))
    if sign in ("=", "=~", "!~", "!:", "<>") and (field := failure.operand_ending(1)):
        return _sign_of_comparison(failure, field, sign)
    if sign == "!" and failure.found.kind == "$INVALID":
        after = rest[1:].lstrip()
        hint = "write not" if not after else suggest(f"not {_first_test(after)}") or "write not"
        return Diagnosis("symbol-operator", 'EQL has "not" instead of !', hint, 1)
    if failure.found.kind != "IDENTIFIER":
        return None
    word = failure.found_text
    if word.lower() in _UPPER and word != word.lower():
        return _upper_case(failure, word.lower())
    field = failure.operand_ending(1)
    if not field:
        return None
    lower = word.lower().removesuffix("_cs")
    value = failure.next()
    if lower == "is":
        if failure.next().lower() == "null":
            return Diagnosis("foreign-operator", "EQL has no is", suggest(f"{field} == null"))
        if failure.next().lower() == "not":
            return Diagnosis("foreign-operator", "EQL has no is not", suggest(f"{field} != null"))
    if lower in ("exists", "exist"):
        return Diagnosis("foreign-operator", "EQL has no exists", suggest(f"{field} != null"))
    if lower == "between":
        message = "EQL has no between for numbers"
        bounds = [failure.next(i) for i in (0, 2)]
        hint = suggest(f"{field} >= {bounds[0]} and {field} <= {bounds[1]}")
        return Diagnosis("foreign-operator", message, hint or "write two comparisons")
    if lower in ("has_any", "has_all", "hasany"):
        message = f"EQL has no {word}"
        return Diagnosis("foreign-operator", message, f'write {field} : ("*…*", "*…*")')
    if lower in _FORMS:
        if lower == "matches" and value == "regex":
            value = failure.next(1)
        text = _inner(value)
        hint = suggest(_FORMS[lower].format(field, text)) if value else ""
        return Diagnosis("foreign-operator", f"EQL has no operator {word}", hint)
    return None


def _inner(value: str) -> str:
    """What stands between the quotes of a value, as it would between double ones."""
    if value[:1] == '"' or value[:1] == "'":
        return value[1:-1]
    return value


def _upper_case(failure: ParseFailure, word: str) -> Diagnosis:
    message = f'keywords are in lower case: "{word}"'
    fixed = failure.text[: failure.offset] + word + failure.text[failure.offset + len(word) :]
    for upper in ("AND", "OR", "NOT", "IN", "LIKE", "WHERE"):
        if not reads(fixed):
            fixed = re.sub(rf"\b{upper}\b", upper.lower(), fixed)
    return Diagnosis("keyword-case", message, suggest(fixed) or f"write {word}")


def _sign_of_comparison(failure: ParseFailure, field: str, sign: str) -> Diagnosis:
    after = failure.rest[len(sign) :].lstrip()
    value = _first_value(after)
    wild = "*" in value or "?" in value
    forms = {
        "=": f"{field} {':' if wild else '=='} {value}",
        "=~": f"{field} : {value}",
        "!~": f"not {field} : {value}",
        "!:": f"not {field} : {value}",
        "<>": f"{field} != {value}",
    }
    words = {
        "=": "EQL compares with == or with a colon, not with =",
        "=~": "a colon compares without regard to letter case, not =~",
        "!~": "EQL has no !~",
        "!:": "EQL has no !:",
        "<>": "EQL has != instead of <>",
    }
    if failure.kind(2) == "NOT" and sign in ("!~", "!:"):
        forms[sign] = f"{field} : {value}"
    hint = suggest(forms[sign]) if value else ""
    return Diagnosis("equals-sign", words[sign], hint or "write ==", len(sign))


def _first_value(text: str) -> str:
    """The value that the text begins with, between double quotes where it needs them."""
    tokens = tokens_of(text)
    first = tokens[0]
    shown = text[first.start : first.end]
    if first.kind in ("STRING", "RAW", "INTEGER", "DECIMAL", "BOOLEAN", "NULL"):
        return shown
    if first.kind == "MINUS" and len(tokens) > 1:
        return text[first.start : tokens[1].end]
    if shown[:1] == "'":
        end = text.find("'", 1)
        return quote(text[1:end]) if end > 0 else ""
    match = _PLAIN_TEXT.match(text)
    return quote(match[0]) if match else ""


def _first_test(text: str) -> str:
    """The test that the text begins with, as far as it is simple."""
    tokens = tokens_of(text)
    if tokens[0].kind == "LPAR":
        depth = 0
        for token in tokens:
            depth += (token.kind == "LPAR") - (token.kind == "RPAR")
            if not depth:
                return text[: token.end]
        return ""
    return text[: tokens[2].end] if len(tokens) > 3 else text


def explain_quotes(failure: ParseFailure) -> Diagnosis | None:
    """A text whose quotes do not close, or that has an escape that there is not."""
    text, start = failure.text, failure.offset
    sign = text[start : start + 1]
    if failure.found.kind != "$INVALID" or sign not in ("'", '"', "`"):
        return None
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    if sign == "`":
        message = "a backquote is never closed"
        return Diagnosis("unterminated-quote", message, "close it: it quotes names of fields")
    close = line.find(sign, 1)
    if sign == "'" and close > 0:
        hint = suggest(quote(line[1:close]))
        message = "a text stands between double quotes"
        return Diagnosis("foreign-quotes", message, hint or "write double quotes", close + 1)
    if line.startswith('"""'):
        message = "three double quotes are never closed on their line"
        return Diagnosis("unterminated-quote", message, 'close them with """')
    escapes = re.finditer(r"\\(u\{[0-9a-fA-F]+\}|.|$)", line)
    bad = next((e for e in escapes if not re.fullmatch(r"[btnfr\"'\\]|u\{.*", e[1])), None)
    whole = re.match(r'"((?:[^"\\]|\\.)*)"', line)
    if bad is not None and (whole is None or bad.start() < whole.end()):
        shown = f"\\{short(bad[1])}"
        body = whole[1] if whole else line[1:].rstrip()
        doubled = re.sub(r"\\(\\|(?=.|$))", r"\\\\", body)
        hint = suggest(f'"{doubled}"')
        message = f"{shown} is no escape: a backslash is written as two"
        width = whole.end() if whole else len(line)
        return Diagnosis("bad-escape", message, hint or "double each backslash", width)
    if line.endswith('\\"') or re.search(r'\\"[\s)]*(and|or|$)', line):
        message = "the backslash before the last quote escapes it: the text is never closed"
        body = re.split(r'\\"', line[1:])[0]
        body = re.sub(r"\\+", lambda _: "\\\\", body)
        fixed = suggest(f'"{body}\\\\"') or "write two backslashes before the quote"
        return Diagnosis("unterminated-quote", message, fixed)
    return Diagnosis("unterminated-quote", "a double quote is never closed on its line", "close it")
