"""Reading stopped at a colon or a sign of comparison: what the writer probably meant."""

from __future__ import annotations

import re

from kqlx.frontends.kql_stop import SPACES, WORDS, Diagnosis, Stop, quote, respelled, short, write

_NAME = re.compile(r"[A-Za-z_@][\w.@*/-]*")
_BLANKS = re.compile(f"[{SPACES}]+")
_HEXADECIMAL = re.compile(r"(?=\D*\d)[0-9a-fA-F]{1,4}")
_CHUNK = re.compile(r'[^\s()"]*')
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*")
_BOUNDS = re.compile(r"\[\s*([^\s\]]+)\s+TO\s+([^\s\]]+)\s*\]")
_SINGLE_QUOTED = re.compile(r"'([^']{0,120})'")
_MARKUP = re.compile(r'<[^\s<>:"()]*>[^\s:"()]*')

_KEYWORD = {"_AND": "and", "_OR": "or", "NOT": "and not"}
_SYMBOLS = {"&&": "and", "&": "and", "||": "or", "|": "or", ",": "and", ";": "and"}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

_NEEDS_QUOTES = "a value that holds a colon needs quotes"


def colon(stop: Stop) -> Diagnosis | None:
    """``url:http://x``, ``a:b c:d``, ``f:(a or b:c)``, ``:b``, ``a::b``."""
    text, offset = stop.text, stop.offset
    chunk = _CHUNK.match(text, offset)
    after = chunk[0] if chunk else ":"
    if after == ":":
        after = text[offset : stop.at.end] + stop.next_value
    previous = stop.kind()
    if previous == "_COLON":
        return _two_colons(stop, after)
    if previous in ("RPAR", "RBRACE"):
        hint = "write out each field: `source.ip:10.0.0.1 or destination.ip:10.0.0.1`"
        return Diagnosis("unexpected-text", "only a field name can stand before a colon", hint)
    if previous == "QUOTED":
        message = "this value ends at its closing quote, and no colon can follow"
        return Diagnosis("unexpected-text", message, 'put "and" or "or" before the next field')
    if previous != "UNQUOTED":
        if after.count(":") > 1 or stop.in_values or previous == "OPERATOR":
            return _quotes(stop, after, back=1)
        message = "a field name must stand before the colon"
        return Diagnosis("unexpected-text", message, write(quote(after)))
    words = _BLANKS.split(stop.word())
    is_field = _is_field(words[-1], after)
    among = stop.in_values and stop.kind(2) != "_COLON"
    if is_field and len(words) > 1 and not among:
        return _missing_before_field(stop, words[:-1], words[-1])
    if is_field and among and not after.startswith("::"):
        return _field_in_values(stop, words, words[-1])
    return _colon_in_value(stop, after)


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
    hint = write(_in_place(stop, respelled(value), back)) or 'such as "a:b"'
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
        hint += f", or for the text with its colons {write(whole)}"
    return Diagnosis("unexpected-text", "one colon too many", hint)


def _missing_before_field(stop: Stop, words: list[str], name: str) -> Diagnosis:
    """``a:b c:d``: the value "b c" and another colon."""
    keyword, code = "and", "missing-operator"
    message = f'"and" or "or" is missing before the field {short(name)}'
    if words[-1] in _SYMBOLS:
        sign = words.pop()
        keyword = _SYMBOLS[sign]
        if sign in ("&&", "||"):
            code, message = "symbol-operator", f'Kibana KQL writes "{keyword}" for {sign}'
    elif words[-1].endswith((",", ";")):
        words[-1] = words[-1][:-1]
    head = in_place(stop, " ".join(words))
    return Diagnosis(code, message, write(f"{head} {keyword} {name}:{stop.next_value or '*'}"))


def _field_in_values(stop: Stop, words: list[str], name: str) -> Diagnosis:
    field = stop.groups[-1].field
    first = " ".join(words[:-1])
    if not first and stop.kind(2) == "LPAR":
        message = f"the field {short(name)} cannot stand among the values of {short(field)}"
        alone, value = f"{name}:{stop.next_value or '*'}", quote(f"{name}: {stop.next_value}")
        hint = write(alone)
        whole = write(f"{field}:{value}")
        hint = f"{hint}, or for the text with its colon {whole}" if hint and whole else hint
        return Diagnosis("field-in-values", message, hint)
    if not first:
        first = stop.word(3) if stop.kind(3) in ("UNQUOTED", "QUOTED") else "*"
    keyword = _KEYWORD.get(stop.kind(2), "and")
    message = f"the field {short(name)} cannot stand among the values of {short(field)}"
    hint = write(f"{field}:{first} {keyword} {name}:{stop.next_value or '*'}")
    return Diagnosis("field-in-values", message, hint and f"close the group first: {hint}")


def comparison(stop: Stop) -> Diagnosis | None:
    """``n:>5``, ``5 < n < 9``, ``n > 5 and < 9``, ``> 5``, ``n <> 5``, ``f:a<b``."""
    sign, previous, value = stop.here, stop.kind(), stop.next_value or "5"
    chunk = _CHUNK.match(stop.rest.lstrip(SPACES))
    if chunk and ":" in chunk[0]:
        value = respelled(chunk[0])
    if previous == "_COLON":
        markup = _MARKUP.match(stop.text, stop.offset)
        if markup:
            hint = write(f"{stop.word(2)}:{respelled(markup[0])}")
            return Diagnosis("special-in-value", f"a value that holds {sign} needs quotes", hint)
        message = f"no colon stands before {sign} in a comparison"
        return Diagnosis("comparison-after-colon", message, write(f"{stop.word(2)} {sign} {value}"))
    if previous == "OPERATOR":
        if (stop.word(), sign) == ("<", ">"):
            hint = write(f"not {stop.word(2)}:{value}")
            return Diagnosis("equals-sign", "Kibana KQL has no sign for unequal", hint)
        message = "two signs of comparison side by side"
        return Diagnosis("comparison-operand", message, "take one of them away")
    if stop.in_values and previous in ("LPAR", "_AND", "_OR", "NOT"):
        return _comparison_in_values(stop, sign, value)
    if previous in ("_AND", "_OR") and any(token.kind == "OPERATOR" for token in stop.before):
        return _without_field(stop, sign, value)
    if previous in ("", "LPAR", "_LBRACE", "NOT", "_AND", "_OR"):
        message = f"a field name must stand before {sign}"
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
        return Diagnosis("special-in-value", f"a value that holds {sign} needs quotes", hint)
    return None


def _comparison_in_values(stop: Stop, sign: str, value: str) -> Diagnosis:
    group = stop.groups[-1]
    values = re.compile(r"\(([^()]{0,240})").match(stop.text, group.start)
    spread = re.sub(
        r"\s*([<>]=?)\s*", lambda match: f" {group.field} {match[1]} ", values[1] if values else ""
    )
    parts = re.split(f"[{SPACES}](?:and|or)[{SPACES}]", spread)
    whole = spread if all(re.search("[<>]", part) for part in parts) else ""
    message = "a comparison cannot stand among the values of a field"
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
    head, field = f"{low} {first_sign} {middle}", low
    if re.fullmatch(r"[-+.\d]+", low):
        head, field = f"{middle} {_FLIPPED.get(first_sign, first_sign)} {low}", middle
    hint = write(f"{head} and {field} {sign} {value}")
    return Diagnosis("comparison-chain", "comparisons cannot be chained", hint)
