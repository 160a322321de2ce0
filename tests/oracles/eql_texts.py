"""A Hypothesis strategy for conditions in EQL as people write them: every operator, function and
spelling of a value, on fields of each type.

Where ``kqlx.testing.eql_trees`` draws trees, which are then written, these are texts, which are
read: a list may be written with ``in``, ``:`` or several tests, a text raw or with escapes.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from kqlx.testing.edges import TEXTS

FIELDS = {
    "event.action": "keyword",
    "user.name": "keyword",
    "process.args": "keyword",
    "process.pid": "long",
    "process.exit_code": "long",
    "source.ip": "ip",
    "process.code_signature.trusted": "boolean",
    "acme.name": "keyword",
}
"""Fields of each type that EQL has tests for; the last has none but what the query says of it."""

Texts = st.SearchStrategy[str]

KEYWORDS = ("event.action", "user.name", "process.args", "acme.name")
NUMBERS = ("process.pid", "process.exit_code")
_DECLARED = KEYWORDS[:-1]
_SIGNS = (
    "*",
    "?",
    '"',
    '"""',
    "\\",
    "'",
    "\n",
    "\t",
    "`",
    "%",
    "_",
    "$",
    "|",
    "é",
    "😀",
    "5",
    "1e3",
)
_NUMBERS = ("0", "1", "5", "-1", "-3", "127", "1.5", "5.0", "-0.25", "1e3", "65536")
_PATTERNS = (
    "a*",
    "*b",
    "a*b",
    "*a*",
    "a?c",
    "?*",
    "*",
    "??",
    "C:\\\\Win*",
    "*\\\\x?",
    "a**b",
    "*.exe",
)
_NETWORKS = ("10.0.0.0/8", "192.168.1.1", "::1", "fe80::/10", "0.0.0.0/0")
_EXPRESSIONS = ("a.*", "[a-c]+", "a|bc", ".{2,3}", "(ab)*c?", "a\\.b", "[^a]*", ".*exe", "\\d+", "")


def quoted(text: str) -> Texts:
    """A text as EQL writes it: raw where it can be, or with escapes, of which ``\\'`` is one."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    for sign, letter in (("\n", "n"), ("\r", "r"), ("\t", "t"), ("\b", "b"), ("\f", "f")):
        plain = plain.replace(sign, f"\\{letter}")
    forms = [f'"{plain}"', f'"{plain}"'.replace("'", "\\'")]
    forms.append('"' + "".join(f"\\u{{{ord(c):02x}}}" for c in text) + '"')
    if '"""' not in text and "\n" not in text and "\r" not in text and not text.endswith('"'):
        forms.append(f'"""{text}"""')
    return st.sampled_from(forms)


def _plain() -> Texts:
    pieces = st.one_of(st.sampled_from(TEXTS), st.sampled_from(_SIGNS))
    return st.one_of(
        st.sampled_from(["a", "ab", "B", "5"]), st.lists(pieces, max_size=2).map("".join)
    )


def strings() -> Texts:
    """Values of texts, numbers in quotes among them."""
    return _plain().flatmap(quoted)


def _patterns() -> Texts:
    shaped = st.builds(
        lambda parts, sign: sign.join(parts),
        st.lists(_plain(), min_size=2, max_size=3),
        st.sampled_from("*?"),
    )
    return st.one_of(
        st.sampled_from(_PATTERNS).map(lambda text: f'"{text}"'), shaped.flatmap(quoted)
    )


def _listed(values: Texts) -> Texts:
    return st.lists(values, min_size=1, max_size=4).map(lambda each: f"({', '.join(each)})")


def _names(names: Sequence[str]) -> Texts:
    """A field, as it is, in backticks or optional."""

    def spelt(name: str) -> Texts:
        ticked = "`" + name.replace(".", "`.`") + "`"
        return st.sampled_from([name, name, name, f"?{name}", ticked])

    return st.sampled_from(names).flatmap(spelt)


def _joined(*parts: Texts | str, sign: str = " ") -> Texts:
    each = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*each).map(sign.join)


def _tests() -> Texts:
    """A test of one field."""
    field, number = _names(KEYWORDS), _names(NUMBERS)
    compared = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    matched = st.sampled_from([":", "like", "like~"])
    numbers = st.sampled_from(_NUMBERS)
    expressions = st.one_of(
        st.sampled_from(_EXPRESSIONS).map(lambda text: f'"""{text}"""'),
        st.sampled_from(["a", "b c", "x"]).map(lambda text: f'"{text}"'),
    )
    return st.one_of(
        _joined(field, st.sampled_from(["==", "!="]), strings()),
        _joined(field, matched, st.one_of(strings(), _patterns())),
        _joined(field, matched, _listed(st.one_of(strings(), _patterns()))),
        _joined(field, st.sampled_from(["in", "in~", "not in", "not in~"]), _listed(strings())),
        _joined(
            field,
            st.sampled_from(["regex", "regex~"]),
            st.one_of(expressions, _listed(expressions)),
        ),
        _joined(field, compared, strings()),
        _joined(_names(_DECLARED), compared, numbers),
        _joined(number, compared, numbers),
        _joined(number, st.sampled_from(["==", "!="]), st.sampled_from(['"5"', '"0"', "null"])),
        _joined(number, st.sampled_from(["in", "not in"]), _listed(numbers)),
        _joined(_names(list(FIELDS)), st.sampled_from(["==", "!="]), "null"),
        st.sampled_from(["true", "false"]).map("process.code_signature.trusted == {}".format),
        st.sampled_from(
            ["process.code_signature.trusted", "?process.code_signature.trusted != true"]
        ),
        _listed(st.sampled_from(_NETWORKS).map(lambda text: f'"{text}"')).map(
            lambda listed: f"cidrMatch(source.ip, {listed[1:]}"
        ),
        st.sampled_from(_NETWORKS).map(lambda text: f'source.ip == "{text}"'),
    )


def _call(name: str | Texts, *arguments: Texts) -> Texts:
    names = st.just(name) if isinstance(name, str) else name
    return st.tuples(names, st.tuples(*arguments)).map(
        lambda each: f"{each[0]}({', '.join(each[1])})"
    )


_WHOLE = st.sampled_from(["0", "1", "2", "5", "-1", "-2", "-5"])


def _values(names: Sequence[str], depth: int) -> Texts:
    """What functions make: a text."""
    text, number = _names(names), st.sampled_from(NUMBERS)
    if depth:
        text = st.one_of(text, _values(names, depth - 1))
    return st.one_of(
        _call("substring", text, _WHOLE),
        _call("substring", text, _WHOLE, _WHOLE),
        _call("substring", _call("string", number), _WHOLE, _WHOLE),
        _call("concat", text, st.one_of(strings(), number)),
        _call("concat", text, text),
        _call(st.sampled_from(["between", "between~"]), text, strings(), strings()),
        _call("between", text, strings(), strings(), st.sampled_from(["true", "false"])),
        _call("string", st.one_of(text, number)),
        _call("substring", text, st.just("0"), _call("indexOf", text, strings())),
        _call("CONCAT", text),
    )


def _counts(names: Sequence[str], depth: int) -> Texts:
    """What functions make: a number."""
    text, number = _names(names), st.sampled_from(NUMBERS)
    if depth:
        text = st.one_of(text, _values(names, depth - 1))
    sign = st.sampled_from(["+", "-", "*", "/", "%"])
    length = _call("length", text)
    return st.one_of(
        length,
        _call(st.sampled_from(["indexOf", "indexOf~"]), text, strings()),
        _call("indexOf", text, strings(), st.sampled_from(["0", "1", "3"])),
        _call("number", text),
        _call("number", text, st.sampled_from(["10", "16"])),
        _joined(number, sign, st.sampled_from(["1", "2", "-3"])),
        _joined(number, sign, number),
        _joined(length, sign, st.sampled_from(["1", "2"])),
    )


def _of_functions(depth: int) -> Texts:
    """A condition on what functions make of values."""
    field = _names(KEYWORDS)
    text, number = _values(KEYWORDS, depth), _counts(KEYWORDS, depth)
    compared = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    parts = st.sampled_from(
        [name + fold for name in ("startsWith", "endsWith", "stringContains") for fold in ("", "~")]
    )
    return st.one_of(
        _call(parts, field, strings()),
        _call(parts, field, field),
        _call(parts, text, st.one_of(strings(), field)),
        _joined(text, st.sampled_from(["==", "!="]), st.one_of(strings(), st.just("null"))),
        _joined(text, st.sampled_from([":", "like", "like~"]), st.one_of(strings(), _patterns())),
        _joined(text, st.sampled_from(["in", "in~", "not in"]), _listed(strings())),
        _joined(text, st.sampled_from(["regex", "regex~"]), st.sampled_from(['"a.*"', '"[ab]c?"'])),
        _joined(number, compared, st.sampled_from(["0", "1", "2", "5", "1.5", "-3"])),
        _joined(number, st.sampled_from(["==", "!="]), "null"),
        _joined(_call(parts, field, strings()), "==", st.sampled_from(["true", "false"])),
    )


def conditions(depth: int = 2, *, functions: bool = True) -> Texts:
    """A condition; ``functions`` of values occur in it unless they are left out."""
    leaves = [_tests(), _tests()]
    if functions:
        leaves.append(_of_functions(1))
    one = st.one_of(leaves)
    if not depth:
        return one
    inner = conditions(depth - 1, functions=functions)
    word = st.sampled_from([" and ", " or "])
    several = st.builds(
        lambda parts, sign: sign.join(f"({part})" for part in parts),
        st.lists(inner, min_size=2, max_size=3), word,
    )  # fmt: skip
    return st.one_of(one, several, inner.map(lambda text: f"not ({text})"))
