"""Reading stopped at a colon or a sign of comparison: what the writer probably meant."""

from __future__ import annotations

import re

from kqlx.frontends.kql.diagnostics.parse_failure import VALUE, WORDS, Diagnosis, Stop
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import quote, respelled, short, write

_NAME = re.compile(r"[A-Za-z_@][\w.@*/-]*")
_BLANKS = re.compile(f"[{SPACES}]+")
_HEXADECIMAL = re.compile(r"(?=\D*\d)[0-9a-fA-F]{1,4}")
_CHUNK = re.compile(r'[^\s()"]*')
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*")
_BOUNDS = re.compile(r"\[\s*([^\s\]]+)\s+TO\s+([^\s\]]+)\s*\]")
_SINGLE_QUOTED = re.compile(r"'([^']{0,120})'")
_MARKUP = re.compile(r'<[^\s<>:"()]*>[^\s:"()]*')

_DRIVE_PATH = re.compile(
    rf"[A-Za-z]:\\(?:(?![{SPACES}]+(?i:and|or)[{SPACES}])(?:\([^()\"]*\)|[^()\":{{}}<>]))*"
)
_EQUALS = {"=", "==", "===", "!=", "!==", "=~", "!~", ":="}

_KEYWORD = {"_AND": "and", "_OR": "or", "NOT": "not"}
_SYMBOLS = {"&&": "and", "&": "and", "||": "or", "|": "or", ",": "and", ";": "and"}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

_NEEDS_QUOTES = "a value that contains a colon needs quotes"


def colon(stop: Stop) -> Diagnosis | None:
    """``url:http://x``, ``a:b c:d``, ``f:(a or b:c)``, ``:b``, ``a::b``."""
    text, offset = stop.text, stop.offset
    path = _path(stop)
    if path is not None:
        return path
    chunk = _CHUNK.match(text, offset)
    after = chunk[0] if chunk else ":"
    if after == ":":
        after = text[offset : stop.at.end] + stop.next_value
    previous = stop.kind()
    if previous == "_COLON":
        return _two_colons(stop, after)
    if previous in ("RPAR", "RBRACE"):
        hint = "name each field: `source.ip:10.0.0.1 or destination.ip:10.0.0.1`"
        return Diagnosis("unexpected-text", "only a field name can precede a colon", hint)
    if previous == "QUOTED":
        message = "this value ends at its closing quote, and no colon can follow"
        return Diagnosis("unexpected-text", message, 'put "and" or "or" before the next field')
    if previous != "UNQUOTED":
        if after.count(":") > 1 or stop.in_values or previous == "OPERATOR":
            return _quotes(stop, after, back=1)
        message = "a field name must precede the colon"
        return Diagnosis("unexpected-text", message, write(quote(after)))
    words = _BLANKS.split(stop.word())
    is_field = _is_field(words[-1], after)
    among = stop.in_values and stop.kind(2) != "_COLON"
    if is_field and len(words) > 1 and not among:
        return _missing_before_field(stop, words[:-1], words[-1])
    if is_field and among and not after.startswith("::"):
        return _field_in_values(stop, words, words[-1])
    return _colon_in_value(stop, after)


def _path(stop: Stop) -> Diagnosis | None:
    """``path:C:\\Program Files\\x``, blanks and all."""
    if stop.kind() != "UNQUOTED" or not stop.follows_value:
        return None
    match = _DRIVE_PATH.match(stop.text, stop.before[-1].start)
    if match is None:
        return None
    hint = "put the path in quotes and double each backslash"
    if stop.text[match.end() : match.end() + 1] in ("", ")", *SPACES) and "\n" not in match[0]:
        hint = write(in_place(stop, respelled(match[0]))) or hint
    return Diagnosis("special-in-value", _NEEDS_QUOTES, hint)


def respelled_value(stop: Stop) -> str:
    """The value after the sign at the stop, in quotes where it needs them, or ""."""
    if stop.next_value:
        return stop.next_value
    chunk = _CHUNK.match(stop.rest.lstrip(SPACES))
    return respelled(chunk[0]) if chunk and chunk[0] else ""


def _is_field(name: str, after: str) -> bool:
    drive = len(name) == 1 and after.startswith(":\\")
    return bool(_NAME.fullmatch(name)) and not after.startswith("://") and not drive


def _colon_in_value(stop: Stop, after: str) -> Diagnosis:
    text, begin = stop.text, stop.before[-1].start
    bounds = _BOUNDS.match(text, begin)
    if bounds and stop.field:
        low, high = (value if ":" not in value else quote(value) for value in bounds.groups())
        hint = write(f"{stop.field} >= {low} and {stop.field} <= {high}")
        return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", hint)
    single = _SINGLE_QUOTED.match(text, begin)
    if single and single.end() > stop.offset:
        message = f"single quotes do not quote, and {_NEEDS_QUOTES}"
        hint = write(_in_place(stop, quote(single[1]), back=2))
        return Diagnosis("special-in-value", message, hint)
    whole = text[begin : stop.offset] + after
    if stop.kind(2) == "_COLON" and whole.startswith("//") and _SCHEME.fullmatch(stop.word(3)):
        url = quote(text[stop.before[-3].start : stop.offset] + after)
        return Diagnosis("special-in-value", _NEEDS_QUOTES, write(url))
    return _quotes(stop, whole, back=2)


def _quotes(stop: Stop, value: str, back: int) -> Diagnosis:
    hint = write(_in_place(stop, respelled(value), back)) or 'for example "a:b"'
    return Diagnosis("special-in-value", _NEEDS_QUOTES, hint)


def _in_place(stop: Stop, value: str, back: int) -> str:
    """The value with its field, where it has one; ``back`` counts to what stands before it."""
    sign = stop.kind(back)
    if sign == "_COLON":
        return f"{stop.word(back + 1)}:{value}"
    if sign == "OPERATOR":
        return f"{stop.word(back + 1)} {stop.word(back)} {value}"
    return f"{stop.groups[-1].field}:{value}" if stop.in_values else value


def in_place(stop: Stop, value: str) -> str:
    """A new spelling of the value before the stop, with its field where it has one."""
    return _in_place(stop, value, back=2)


def _two_colons(stop: Stop, after: str) -> Diagnosis:
    name, first = stop.word(2), stop.before[-1]
    whole = quote(name + stop.text[first.start : first.end].rstrip(SPACES) + after)
    if stop.touches and _HEXADECIMAL.fullmatch(name):
        return Diagnosis("special-in-value", _NEEDS_QUOTES, write(whole))
    if after.count(":") > 1:
        return _quotes(stop, after, back=1)
    hint = write(f"{name}:{after.lstrip(':')}")
    if hint and write(whole):
        hint += f"; if the colons are part of the text, {write(whole)}"
    return Diagnosis("unexpected-text", "one colon too many", hint)


def _missing_before_field(stop: Stop, words: list[str], name: str) -> Diagnosis:
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
    head = in_place(stop, " ".join(words))
    return Diagnosis(code, message, write(f"{head} {keyword} {name}:{stop.next_value or '*'}"))


def _field_in_values(stop: Stop, words: list[str], name: str) -> Diagnosis:
    field = stop.groups[-1].field
    if not words[:-1] and stop.kind(2) == "LPAR":
        message = f"the field {short(name)} cannot appear among the values of {short(field)}"
        alone, value = f"{name}:{stop.next_value or '*'}", quote(f"{name}: {stop.next_value}")
        hint = write(alone)
        whole = write(f"{field}:{value}")
        hint = f"{hint}; if the colon is part of the text, {whole}" if hint and whole else hint
        return Diagnosis("field-in-values", message, hint)
    message = f"the field {short(name)} cannot appear among the values of {short(field)}"
    hint = _closed_before(stop, name)
    hint = f"close the group first: {hint}" if hint else "close the group first"
    return Diagnosis("field-in-values", message, hint)


def _closed_before(stop: Stop, name: str) -> str:
    """The hint to close the group before the field, where that changes no other part of it."""
    group, token = stop.groups[-1], stop.before[-1]
    inner = [part for part in stop.before if part.start > group.start]
    closed = re.match(rf"{re.escape(stop.next_value)}[{SPACES}]*\)", stop.rest.lstrip(SPACES))
    nested = len(stop.groups) > 1 and stop.groups[-2].is_of_values
    if not closed or not stop.next_value or nested:
        return ""
    name_start = stop.text.rindex(name, token.start, stop.offset)
    negated = _BLANKS.split(stop.word())[0] == name and stop.kind(2) == "NOT"
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
    values = stop.text[group.start : end].rstrip(SPACES)
    values = f"{values})" if re.search(f"[{SPACES}]", values[1:]) else values[1:]
    test = f"{'not ' if negated else ''}{name}:{stop.next_value}"
    return write(f"{group.field}:{values} {keyword} {test}")


def comparison(stop: Stop) -> Diagnosis | None:
    """``n:>5``, ``5 < n < 9``, ``n > 5 and < 9``, ``> 5``, ``n <> 5``, ``f:a<b``."""
    sign, previous, value = stop.here, stop.kind(), stop.next_value or "5"
    chunk = _CHUNK.match(stop.rest.lstrip(SPACES))
    if chunk and ":" in chunk[0]:
        value = respelled(chunk[0])
    unequal = re.compile(rf"<>[{SPACES}]*").match(stop.text, stop.offset)
    if previous == "_COLON" and unequal:
        following = VALUE.match(stop.text, unequal.end())
        if following:
            hint = write(f"not {stop.word(2)}:{following[0]}")
            return Diagnosis("equals-sign", "Kibana KQL has no operator for inequality", hint)
    if previous == "_COLON":
        markup = _MARKUP.match(stop.text, stop.offset)
        if markup:
            hint = write(f"{stop.word(2)}:{respelled(markup[0])}")
            return Diagnosis("special-in-value", f"a value that contains {sign} needs quotes", hint)
        message = f"a comparison has no colon before {sign}"
        return Diagnosis("comparison-after-colon", message, write(f"{stop.word(2)} {sign} {value}"))
    if previous == "OPERATOR":
        if (stop.word(), sign) == ("<", ">"):
            hint = write(f"not {stop.word(2)}:{value}")
            return Diagnosis("equals-sign", "Kibana KQL has no operator for inequality", hint)
        message = "two comparison operators in a row"
        return Diagnosis("comparison-operand", message, "remove one of them")
    if stop.in_values and previous in ("LPAR", "_AND", "_OR", "NOT"):
        return _comparison_in_values(stop, sign, value)
    if previous in ("_AND", "_OR") and any(token.kind == "OPERATOR" for token in stop.before):
        return _without_field(stop, sign, value)
    if previous in ("", "LPAR", "_LBRACE", "NOT", "_AND", "_OR"):
        message = f"a field name must precede {sign}"
        hint = write(f"process.args_count {sign} {value}")
        return Diagnosis("comparison-operand", message, hint and f"for example {hint}")
    if stop.kind(2) == "OPERATOR":
        return _chain(stop, sign, value)
    if previous == "UNQUOTED" and stop.follows_value:
        *words, last = _BLANKS.split(stop.word())
        if words and _NAME.fullmatch(last) and not stop.in_values:
            message = f'"and" or "or" is missing before the field {short(last)}'
            head = in_place(stop, " ".join(words))
            return Diagnosis(
                "missing-operator", message, write(f"{head} and {last} {sign} {value}")
            )
        tail = WORDS.match(stop.text, stop.offset)
        whole = stop.text[stop.before[-1].start : tail.end() if tail else stop.offset]
        hint = write(in_place(stop, respelled(whole)))
        return Diagnosis("special-in-value", f"a value that contains {sign} needs quotes", hint)
    return None


def _comparison_in_values(stop: Stop, sign: str, value: str) -> Diagnosis:
    group = stop.groups[-1]
    values = re.compile(r"\(([^()]{0,240})").match(stop.text, group.start)
    spread = re.sub(
        r"\s*([<>]=?)\s*", lambda match: f" {group.field} {match[1]} ", values[1] if values else ""
    )
    parts = re.split(f"[{SPACES}](?:and|or)[{SPACES}]", spread)
    whole = spread if all(re.search("[<>]", part) for part in parts) else ""
    message = "a comparison cannot appear among the values of a field"
    hint = write(whole, f"{group.field} {sign} {value}")
    return Diagnosis("comparison-after-colon", message, hint)


def _without_field(stop: Stop, sign: str, value: str) -> Diagnosis:
    """``n > 5 and < 9``: the field is that of the comparison before."""
    place = max(i for i, token in enumerate(stop.before) if token.kind == "OPERATOR")
    name = stop.before[place - 1]
    field = stop.text[name.start : name.end].strip(SPACES)
    head = stop.text[name.start : stop.offset].strip(SPACES)
    message = "each comparison needs its own field name"
    hint = write(f"{head} {field} {sign} {value}", f"{field} {sign} {value}")
    return Diagnosis("comparison-chain", message, hint)


def _chain(stop: Stop, sign: str, value: str) -> Diagnosis:
    low, first_sign, middle = stop.word(3), stop.word(2), stop.word()
    *words, last = _BLANKS.split(middle)
    if words:
        message = "another test begins here without an operator before it"
        hint = f"{low} {first_sign} {' '.join(words)} and {last} {sign} {value}"
        hint = write(hint) if len(words) == 1 and _NAME.fullmatch(last) else ""
        return Diagnosis("missing-operator", message, hint or 'put "and" or "or" between the two')
    head, field = f"{low} {first_sign} {middle}", low
    if re.fullmatch(r"[-+.\d]+", low):
        head, field = f"{middle} {_FLIPPED.get(first_sign, first_sign)} {low}", middle
    hint = write(f"{head} and {field} {sign} {value}")
    return Diagnosis("comparison-chain", "comparisons cannot be chained", hint)
