"""The functions of EQL: their names, and what each takes
(https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref).
"""

from __future__ import annotations

from typing import Literal as OneOf

from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.syntax_tree import Call as WrittenCall
from kqlx.hints import did_you_mean
from kqlx.nodes import Call, FieldValue, Function, Literal, Operand
from kqlx.records import dataclass

Type = OneOf["any", "string", "number", "integer", "boolean", "null"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives; the last parameter may be repeated where it is ``repeated``,
    and those beyond ``required`` may be left out. ``folds`` says that there is a form with ``~``.
    """

    name: str
    function: Function
    parameters: tuple[Type, ...]
    gives: Type
    required: int
    folds: bool = False
    repeated: bool = False


_SIGNATURES = (
    Signature("add", "add", ("number", "number"), "number", 2),
    Signature("between", "between", ("string",) * 3 + ("boolean",), "string", 3, folds=True),
    Signature("cidrMatch", "cidr_match", ("any", "string"), "boolean", 2, repeated=True),
    Signature("concat", "concat", ("any",), "string", 1, repeated=True),
    Signature("divide", "divide", ("number", "number"), "number", 2),
    Signature("endsWith", "ends_with", ("string", "string"), "boolean", 2, folds=True),
    Signature("indexOf", "index_of", ("string", "string", "integer"), "number", 2, folds=True),
    Signature("length", "length", ("string",), "number", 1),
    Signature("modulo", "modulo", ("number", "number"), "number", 2),
    Signature("multiply", "multiply", ("number", "number"), "number", 2),
    Signature("number", "number", ("string", "integer"), "number", 1),
    Signature("startsWith", "starts_with", ("string", "string"), "boolean", 2, folds=True),
    Signature("string", "string", ("any",), "string", 1),
    Signature("stringContains", "contains", ("string", "string"), "boolean", 2, folds=True),
    Signature("substring", "substring", ("string", "integer", "integer"), "string", 2),
    Signature("subtract", "subtract", ("number", "number"), "number", 2),
)
NAMES = tuple(signature.name for signature in _SIGNATURES)
_BY_NAME = {signature.name.lower(): signature for signature in _SIGNATURES}
BY_FUNCTION = {signature.function: signature for signature in _SIGNATURES}

_GIVES: dict[Function, Type] = {signature.function: signature.gives for signature in _SIGNATURES}
_PLACES = ("first", "second", "third", "fourth")
_COUNTS = ("no argument", "one argument", "two arguments", "three arguments", "four arguments")

_OF_OTHERS = {
    "match": 'a regular expression has the operator regex: field regex "a.*"',
    "matchlite": 'a regular expression has the operator regex: field regex "a.*"',
    "wildcard": 'a pattern has the operator like, or a colon: field like "a*"',
    "arraycontains": 'a test holds if any element passes it: field == "a"',
    "arraysearch": "a test holds if any element passes it: test the field itself",
    "arraycount": "a test holds if any element passes it: test the field itself",
    "contains": 'write stringContains(field, "a")',
    "has": 'write stringContains~(field, "a")',
    "startswith_cs": 'write startsWith(field, "a")',
    "tolower": "the colon ignores letter case: field : value",
    "lower": "the colon ignores letter case: field : value",
    "toupper": "the colon ignores letter case: field : value",
    "upper": "the colon ignores letter case: field : value",
    "strlen": "write length(field)",
    "len": "write length(field)",
    "isnull": "write field == null",
    "isnotnull": "write field != null",
    "isempty": 'write field == null or field == ""',
    "isnotempty": 'write field like "?*"',
    "ipv4_is_in_range": 'write cidrMatch(field, "10.0.0.0/8")',
    "cidr_match": 'write cidrMatch(field, "10.0.0.0/8")',
    "concat_ws": "write concat(…)",
    "in": "write field in (…)",
    "safe": "Elasticsearch has no safe()",
}
"""Functions of other languages, and of Endgame's EQL."""


def signature_of(call: WrittenCall) -> Signature:
    """What the function takes. Raises Refused where there is no such function, or the number of
    arguments is wrong.
    """
    lower = call.name.lower()
    start = call.span[0]
    name_span = (start, start + len(call.name) + call.folding)
    found = _BY_NAME.get(lower)
    if found is None:
        shown = f"{call.name}{'~' * call.folding}"
        hint = _OF_OTHERS.get(lower) or did_you_mean(call.name, NAMES)
        raise Refused("unknown-function", f"there is no function {shown}", name_span, hint)
    if call.folding and not found.folds:
        message = f"{found.name} has no form with ~"
        raise Refused("unknown-function", message, name_span, f"write {found.name}(…)")
    given, most = len(call.arguments), len(found.parameters)
    if given < found.required or (given > most and not found.repeated):
        raise Refused("wrong-arguments", _wanted(found, given), name_span, _example(found))
    return found


def _wanted(found: Signature, given: int) -> str:
    least, most = found.required, len(found.parameters)
    if found.repeated:
        takes = f"at least {_COUNTS[least]}"
    elif least < most:
        takes = f"{_COUNTS[least].split()[0]} or {_COUNTS[most]}"
    else:
        takes = _COUNTS[least]
    return f"{found.name} takes {takes}, not {given}"


_EXAMPLES = {
    "between": 'between(file.path, "\\\\", ".exe")',
    "cidrMatch": 'cidrMatch(source.ip, "10.0.0.0/8")',
    "concat": 'concat(user.domain, "\\\\", user.name)',
    "endsWith": 'endsWith(file.name, ".exe")',
    "indexOf": 'indexOf(file.path, "\\\\")',
    "length": "length(process.command_line)",
    "number": "number(process.pid)",
    "startsWith": 'startsWith(file.name, "a")',
    "string": "string(process.pid)",
    "stringContains": 'stringContains(file.path, "temp")',
    "substring": "substring(user.name, 0, 3)",
}


def _example(found: Signature) -> str:
    shown = _EXAMPLES.get(found.name, f"{found.name}(process.args_count, 1)")
    return f"for example `{shown}`"


def type_of(operand: Operand) -> Type:
    """What is known of the values: those of a field can be any."""
    match operand:
        case Literal(value=None):
            return "null"
        case Literal(kind="number"):
            return "integer" if operand.name.lstrip("+-").isdigit() else "number"
        case Literal(value=bool()):
            return "boolean"
        case Call():
            return _GIVES.get(operand.function, "boolean") if operand.function not in (
                "negate",
            ) else "number"  # fmt: skip
        case FieldValue():
            return "any"
    return "string"


def check_arguments(found: Signature, written: WrittenCall, operands: list[Operand]) -> None:
    """Raises Refused for an argument of another type than the function takes."""
    for i, operand in enumerate(operands):
        wanted = found.parameters[min(i, len(found.parameters) - 1)]
        given = type_of(operand)
        if wanted in ("any", given) or given in ("any", "null"):
            continue
        if wanted == "number" and given == "integer":
            continue
        if wanted == "integer" and isinstance(operand, Call) and given == "number":
            continue
        message = (
            f"the {_PLACES[min(i, 3)]} argument of {found.name} must be {_named(wanted)}, not"
            f" {_named(given)}"
        )
        span = written.arguments[i].span
        hint = "put it in double quotes" if wanted == "string" else "leave the quotes out"
        raise Refused("wrong-arguments", message, span, hint if given != "boolean" else "")
    if found.function == "cidr_match":
        for operand, argument in zip(operands[1:], written.arguments[1:], strict=True):
            if not isinstance(operand, Literal):
                message = "the networks of cidrMatch must be texts, not fields"
                raise Refused("wrong-arguments", message, argument.span, _example(found))


def _named(type: Type) -> str:
    return {
        "any": "a value",
        "string": "a text",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "null": "null",
    }[type]
