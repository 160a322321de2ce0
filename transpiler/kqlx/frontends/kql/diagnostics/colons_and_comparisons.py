"""Reading stopped at a colon or a sign of comparison: what the writer probably meant."""

from __future__ import annotations

import re

from kqlx.frontends.kql.diagnostics.parse_failure import VALUE, WORDS, Diagnosis, ParseFailure
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import quote, respelled, short, suggest
from kqlx.regexes import late_regex

_NAME = late_regex(r"[A-Za-z_@][\w.@*/-]*")
_BLANKS = late_regex(f"[{SPACES}]+")
_HEXADECIMAL = late_regex(r"(?=\D*\d)[0-9a-fA-F]{1,4}")
_CHUNK = late_regex(r'[^\s()"]*')
_SCHEME = late_regex(r"[a-zA-Z][a-zA-Z0-9+.-]*")
_BOUNDS = late_regex(r"\[\s*([^\s\]]+)\s+TO\s+([^\s\]]+)\s*\]")
_SINGLE_QUOTED = late_regex(r"'([^']{0,120})'")
_MARKUP = late_regex(r'<[^\s<>:"()]*>[^\s:"()]*')

_DRIVE_PATH = late_regex(
    rf"[A-Za-z]:\\(?:(?![{SPACES}]+(?i:and|or)[{SPACES}])(?:\([^()\"]*\)|[^()\":{{}}<>]))*"
)
_EQUALS = {"=", "==", "===", "!=", "!==", "=~", "!~", ":="}

_KEYWORD = {"_AND": "and", "_OR": "or", "NOT": "not"}
_SYMBOLS = {"&&": "and", "&": "and", "||": "or", "|": "or", ",": "and", ";": "and"}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

_NEEDS_QUOTES = "a value that contains a colon needs quotes"


def explain_colon(failure: ParseFailure) -> Diagnosis | None:
    """``url:http://x``, ``a:b c:d``, ``f:(a or b:c)``, ``:b``, ``a::b``."""
    text, offset = failure.text, failure.offset
    path = _path(failure)
    if path is not None:
        return path
    chunk = _CHUNK.match(text, offset)
    after = chunk[0] if chunk else ":"
    if after == ":":
        after = text[offset : failure.found.end] + failure.next_value
    previous = failure.kind_before()
    if previous == "_COLON":
        return _two_colons(failure, after)
    if previous in ("RPAR", "RBRACE"):
        hint = "name each field: `source.ip:10.0.0.1 or destination.ip:10.0.0.1`"
        return Diagnosis("unexpected-text", "only a field name can precede a colon", hint)
    if previous == "QUOTED":
        message = "this value ends at its closing quote, and no colon can follow"
        return Diagnosis("unexpected-text", message, 'put "and" or "or" before the next field')
    if previous != "UNQUOTED":
        if after.count(":") > 1 or failure.is_in_values or previous == "OPERATOR":
            return _quotes(failure, after, back=1)
        message = "a field name must precede the colon"
        return Diagnosis("unexpected-text", message, suggest(quote(after)))
    words = _BLANKS.split(failure.text_before())
    is_field = _is_field(words[-1], after)
    among = failure.is_in_values and failure.kind_before(2) != "_COLON"
    if is_field and len(words) > 1 and not among:
        return _missing_before_field(failure, words[:-1], words[-1])
    if is_field and among and not after.startswith("::"):
        return _field_in_values(failure, words, words[-1])
    return _colon_in_value(failure, after)


def _path(failure: ParseFailure) -> Diagnosis | None:
    """``path:C:\\Program Files\\x``, blanks and all."""
    if failure.kind_before() != "UNQUOTED" or not failure.follows_value:
        return None
    match = _DRIVE_PATH.match(failure.text, failure.preceding[-1].start)
    if match is None:
        return None
    hint = "put the path in quotes and double each backslash"
    if failure.text[match.end() : match.end() + 1] in ("", ")", *SPACES) and "\n" not in match[0]:
        hint = suggest(with_field(failure, respelled(match[0]))) or hint
    return Diagnosis("special-in-value", _NEEDS_QUOTES, hint)


def respelled_value(failure: ParseFailure) -> str:
    """The value after the sign at the failure, in quotes where it needs them, or ""."""
    if failure.next_value:
        return failure.next_value
    chunk = _CHUNK.match(failure.rest.lstrip(SPACES))
    return respelled(chunk[0]) if chunk and chunk[0] else ""


def _is_field(name: str, after: str) -> bool:
    drive = len(name) == 1 and after.startswith(":\\")
    return bool(_NAME.fullmatch(name)) and not after.startswith("://") and not drive


def _colon_in_value(failure: ParseFailure, after: str) -> Diagnosis:
    text, begin = failure.text, failure.preceding[-1].start
    bounds = _BOUNDS.match(text, begin)
    if bounds and failure.field:
        low, high = (value if ":" not in value else quote(value) for value in bounds.groups())
        hint = suggest(f"{failure.field} >= {low} and {failure.field} <= {high}")
        return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", hint)
    single = _SINGLE_QUOTED.match(text, begin)
    if single and single.end() > failure.offset:
        message = f"single quotes do not quote, and {_NEEDS_QUOTES}"
        hint = suggest(_with_field(failure, quote(single[1]), back=2))
        return Diagnosis("special-in-value", message, hint)
    whole = text[begin : failure.offset] + after
    if (
        failure.kind_before(2) == "_COLON"
        and whole.startswith("//")
        and _SCHEME.fullmatch(failure.text_before(3))
    ):
        url = quote(text[failure.preceding[-3].start : failure.offset] + after)
        return Diagnosis("special-in-value", _NEEDS_QUOTES, suggest(url))
    return _quotes(failure, whole, back=2)


def _quotes(failure: ParseFailure, value: str, back: int) -> Diagnosis:
    hint = suggest(_with_field(failure, respelled(value), back)) or 'for example "a:b"'
    return Diagnosis("special-in-value", _NEEDS_QUOTES, hint)


def _with_field(failure: ParseFailure, value: str, back: int) -> str:
    """The value with its field, where it has one; ``back`` counts to what stands before it."""
    sign = failure.kind_before(back)
    if sign == "_COLON":
        return f"{failure.text_before(back + 1)}:{value}"
    if sign == "OPERATOR":
        return f"{failure.text_before(back + 1)} {failure.text_before(back)} {value}"
    return f"{failure.open_groups[-1].field}:{value}" if failure.is_in_values else value


def with_field(failure: ParseFailure, value: str) -> str:
    """A new spelling of the value before the failure, with its field where it has one."""
    return _with_field(failure, value, back=2)


def _two_colons(failure: ParseFailure, after: str) -> Diagnosis:
    name, first = failure.text_before(2), failure.preceding[-1]
    whole = quote(name + failure.text[first.start : first.end].rstrip(SPACES) + after)
    if failure.follows_directly and _HEXADECIMAL.fullmatch(name):
        return Diagnosis("special-in-value", _NEEDS_QUOTES, suggest(whole))
    if after.count(":") > 1:
        return _quotes(failure, after, back=1)
    hint = suggest(f"{name}:{after.lstrip(':')}")
    if hint and suggest(whole):
        hint += f"; if the colons are part of the text, {suggest(whole)}"
    return Diagnosis("unexpected-text", "one colon too many", hint)


def _missing_before_field(failure: ParseFailure, words: list[str], name: str) -> Diagnosis:
    """``a:b c:d``: the value "b c" and another colon."""
    keyword, code = "and", "missing-operator"
    message = f'"and" or "or" is missing before the field {short(name)}'
    if words[-1] in _EQUALS:
        hint = "give each test its own field and colon"
        return Diagnosis("equals-sign", f"{words[-1]} is not an operator", hint)
    if words[-1] in _SYMBOLS and len(words) > 1:
        sign = words.pop()
        keyword = _SYMBOLS[sign]
        if sign in ("&&", "||"):
            code, message = "symbol-operator", f'Kibana KQL uses "{keyword}" instead of {sign}'
    elif words[-1].endswith((",", ";")):
        words[-1] = words[-1][:-1]
    head = with_field(failure, " ".join(words))
    return Diagnosis(code, message, suggest(f"{head} {keyword} {name}:{failure.next_value or '*'}"))


def _field_in_values(failure: ParseFailure, words: list[str], name: str) -> Diagnosis:
    field = failure.open_groups[-1].field
    if not words[:-1] and failure.kind_before(2) == "LPAR":
        message = f"the field {short(name)} cannot appear among the values of {short(field)}"
        alone, value = f"{name}:{failure.next_value or '*'}", quote(f"{name}: {failure.next_value}")
        hint = suggest(alone)
        whole = suggest(f"{field}:{value}")
        hint = f"{hint}; if the colon is part of the text, {whole}" if hint and whole else hint
        return Diagnosis("field-in-values", message, hint)
    message = f"the field {short(name)} cannot appear among the values of {short(field)}"
    hint = _closed_before(failure, name)
    hint = f"close the group first: {hint}" if hint else "close the group first"
    return Diagnosis("field-in-values", message, hint)


def _closed_before(failure: ParseFailure, name: str) -> str:
    """The hint to close the group before the field, where that changes no other part of it."""
    group, token = failure.open_groups[-1], failure.preceding[-1]
    inner = [part for part in failure.preceding if part.start > group.start]
    closed = re.match(rf"{re.escape(failure.next_value)}[{SPACES}]*\)", failure.rest.lstrip(SPACES))
    nested = len(failure.open_groups) > 1 and failure.open_groups[-2].is_of_values
    if not closed or not failure.next_value or nested:
        return ""
    name_start = failure.text.rindex(name, token.start, failure.offset)
    negated = _BLANKS.split(failure.text_before())[0] == name and failure.kind_before(2) == "NOT"
    keyword = "and"
    end = name_start
    if name_start == token.start:
        joining = inner[-3 if negated else -2] if len(inner) > 1 + negated else None
        if joining is None or joining.kind not in ("_AND", "_OR"):
            return ""
        keyword, end = _KEYWORD[joining.kind], joining.start
    others = [part for part in inner if part.start < end and part.kind == "_OR"]
    if others and keyword == "and":
        return ""
    values = failure.text[group.start : end].rstrip(SPACES)
    values = f"{values})" if re.search(f"[{SPACES}]", values[1:]) else values[1:]
    test = f"{'not ' if negated else ''}{name}:{failure.next_value}"
    return suggest(f"{group.field}:{values} {keyword} {test}")


def explain_comparison(failure: ParseFailure) -> Diagnosis | None:
    """``n:>5``, ``5 < n < 9``, ``n > 5 and < 9``, ``> 5``, ``n <> 5``, ``f:a<b``."""
    sign, previous, value = failure.found_text, failure.kind_before(), failure.next_value or "5"
    chunk = _CHUNK.match(failure.rest.lstrip(SPACES))
    if chunk and ":" in chunk[0]:
        value = respelled(chunk[0])
    unequal = re.compile(rf"<>[{SPACES}]*").match(failure.text, failure.offset)
    if previous == "_COLON" and unequal:
        following = VALUE.match(failure.text, unequal.end())
        if following:
            hint = suggest(f"not {failure.text_before(2)}:{following[0]}")
            return Diagnosis("equals-sign", "Kibana KQL has no operator for inequality", hint)
    if previous == "_COLON":
        markup = _MARKUP.match(failure.text, failure.offset)
        if markup:
            hint = suggest(f"{failure.text_before(2)}:{respelled(markup[0])}")
            return Diagnosis("special-in-value", f"a value that contains {sign} needs quotes", hint)
        message = f"a comparison has no colon before {sign}"
        return Diagnosis(
            "comparison-after-colon", message, suggest(f"{failure.text_before(2)} {sign} {value}")
        )
    if previous == "OPERATOR":
        if (failure.text_before(), sign) == ("<", ">"):
            hint = suggest(f"not {failure.text_before(2)}:{value}")
            return Diagnosis("equals-sign", "Kibana KQL has no operator for inequality", hint)
        message = "two comparison operators in a row"
        return Diagnosis("comparison-operand", message, "remove one of them")
    if failure.is_in_values and previous in ("LPAR", "_AND", "_OR", "NOT"):
        return _comparison_in_values(failure, sign, value)
    if previous in ("_AND", "_OR") and any(token.kind == "OPERATOR" for token in failure.preceding):
        return _without_field(failure, sign, value)
    if previous in ("", "LPAR", "_LBRACE", "NOT", "_AND", "_OR"):
        message = f"a field name must precede {sign}"
        hint = suggest(f"process.args_count {sign} {value}")
        return Diagnosis("comparison-operand", message, hint and f"for example {hint}")
    if failure.kind_before(2) == "OPERATOR":
        return _chain(failure, sign, value)
    if previous == "UNQUOTED" and failure.follows_value:
        *words, last = _BLANKS.split(failure.text_before())
        if words and _NAME.fullmatch(last) and not failure.is_in_values:
            message = f'"and" or "or" is missing before the field {short(last)}'
            head = with_field(failure, " ".join(words))
            return Diagnosis(
                "missing-operator", message, suggest(f"{head} and {last} {sign} {value}")
            )
        tail = WORDS.match(failure.text, failure.offset)
        whole = failure.text[failure.preceding[-1].start : tail.end() if tail else failure.offset]
        hint = suggest(with_field(failure, respelled(whole)))
        return Diagnosis("special-in-value", f"a value that contains {sign} needs quotes", hint)
    return None


def _comparison_in_values(failure: ParseFailure, sign: str, value: str) -> Diagnosis:
    group = failure.open_groups[-1]
    values = re.compile(r"\(([^()]{0,240})").match(failure.text, group.start)
    spread = re.sub(
        r"\s*([<>]=?)\s*", lambda match: f" {group.field} {match[1]} ", values[1] if values else ""
    )
    parts = re.split(f"[{SPACES}](?:and|or)[{SPACES}]", spread)
    whole = spread if all(re.search("[<>]", part) for part in parts) else ""
    message = "a comparison cannot appear among the values of a field"
    hint = suggest(whole, f"{group.field} {sign} {value}")
    return Diagnosis("comparison-after-colon", message, hint)


def _without_field(failure: ParseFailure, sign: str, value: str) -> Diagnosis:
    """``n > 5 and < 9``: the field is that of the comparison before."""
    place = max(i for i, token in enumerate(failure.preceding) if token.kind == "OPERATOR")
    name = failure.preceding[place - 1]
    field = failure.text[name.start : name.end].strip(SPACES)
    head = failure.text[name.start : failure.offset].strip(SPACES)
    message = "each comparison needs its own field name"
    hint = suggest(f"{head} {field} {sign} {value}", f"{field} {sign} {value}")
    return Diagnosis("comparison-chain", message, hint)


def _chain(failure: ParseFailure, sign: str, value: str) -> Diagnosis:
    low, first_sign, middle = (
        failure.text_before(3),
        failure.text_before(2),
        failure.text_before(),
    )
    *words, last = _BLANKS.split(middle)
    if words:
        message = "another test begins here without an operator before it"
        hint = f"{low} {first_sign} {' '.join(words)} and {last} {sign} {value}"
        hint = suggest(hint) if len(words) == 1 and _NAME.fullmatch(last) else ""
        return Diagnosis("missing-operator", message, hint or 'put "and" or "or" between the two')
    head, field = f"{low} {first_sign} {middle}", low
    if re.fullmatch(r"[-+.\d]+", low):
        head, field = f"{middle} {_FLIPPED.get(first_sign, first_sign)} {low}", middle
    hint = suggest(f"{head} and {field} {sign} {value}")
    return Diagnosis("comparison-chain", "comparisons cannot be chained", hint)
