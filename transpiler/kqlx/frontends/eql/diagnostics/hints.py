"""The explanations of a text that is not EQL, tried in their order."""

from __future__ import annotations

from kqlx.frontends.eql.diagnostics.foreign import (
    explain_operator,
    explain_quotes,
    explain_whole_text,
)
from kqlx.frontends.eql.diagnostics.parse_failure import (
    CONSTANTS,
    NAMES,
    TEXTS,
    Diagnosis,
    ParseFailure,
)
from kqlx.frontends.eql.syntax import KEYWORDS
from kqlx.frontends.eql.wording import quote, short, suggest

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_BEGINS_TEST = (*NAMES, "FOLDING", "NOT", "OPTIONAL", "LPAR")


def diagnose(failure: ParseFailure) -> Diagnosis | None:
    """What the writer probably meant; None: nothing that is known here."""
    for explain in (
        explain_whole_text,
        explain_quotes,
        _explain_misplaced_not,
        explain_operator,
        _explain_value,
        _explain_list,
        _explain_comparisons,
        _explain_groups,
        _explain_end,
        _explain_keyword,
        _explain_missing_operator,
    ):
        found = explain(failure)
        if found is not None:
            return found
    return None


def _explain_misplaced_not(failure: ParseFailure) -> Diagnosis | None:
    """``f not like "a"``, ``f : not "a"``."""
    if failure.found.kind == "MATCH" and failure.kind() == "NOT":
        field, operator = failure.operand_ending(2), failure.found_text
        hint = suggest(f"not {field} {operator} {failure.next()}")
        message = f"not stands before the field, but for not in: not … {operator} …"
        return Diagnosis("misplaced-not", message, hint or f"write not {field} {operator} …")
    if failure.found.kind == "NOT" and failure.kind() in ("MATCH", "COMPARISON"):
        field = failure.operand_ending(2)
        hint = suggest(f"not {field} {failure.before()} {failure.next()}")
        return Diagnosis("misplaced-not", "not stands before the field", hint)
    return None


def _explain_value(failure: ParseFailure) -> Diagnosis | None:
    """What stands behind ``:``, ``like`` or ``regex`` is no value."""
    if failure.kind() != "MATCH":
        return None
    field, operator = failure.operand_ending(2), failure.before()
    kind = failure.found.kind
    if kind in ("$END", "RPAR", "_AND", "_OR", "_CLOSING"):
        message = f"no value follows {operator}"
        return Diagnosis("missing-value", message, f'write {field} {operator} "…"')
    if kind == "STAR":
        message = "a star alone is no value"
        return Diagnosis("unquoted-value", message, suggest(f"{field} != null"))
    if kind == "SLASH" and (end := failure.rest.find("/", 1)) > 0:
        message = "a regular expression has the operator regex, and stands between quotes"
        hint = suggest(f"{field} regex {quote(failure.rest[1:end])}")
        return Diagnosis("foreign-operator", message, hint, end + 1)
    if kind in (*NAMES, "FOLDING", "$INVALID", "OPTIONAL", "MINUS", "NOT", "IN", "MATCH"):
        word = _word(failure.rest)
        if not word:
            return None
        message = f"a text after {operator} stands between double quotes"
        hint = suggest(f"{field} {operator} {quote(word)}")
        return Diagnosis("unquoted-value", message, hint or "put it in double quotes", len(word))
    return None


def _word(text: str) -> str:
    """What stands up to the next blank, bracket or comma."""
    end = next((i for i, c in enumerate(text) if c in " \t\r\n()[]," or c == '"'), len(text))
    return text[:end]


def _explain_list(failure: ParseFailure) -> Diagnosis | None:
    """Values in parentheses: joined by ``or``, behind ``==``, with a comma too many."""
    field, operator, inside = failure.list_operator
    kind = failure.found.kind
    if kind == "LPAR" and failure.kind() == "IN":
        return None
    if failure.kind() == "LPAR" and kind == "RPAR":
        if operator:
            message = "a list has one value or more"
            return Diagnosis("empty-list", message, f"write {field} != null to test for any value")
        message = "parentheses have nothing between them"
        return Diagnosis("empty-group", message, "remove them")
    if failure.kind() == "_COMMA" and kind == "RPAR":
        message = "a comma is followed by another value"
        return Diagnosis("extra-comma", message, "remove the comma before )")
    if kind == "_COMMA" and operator in ("==", "!=") and inside:
        word = "in" if operator == "==" else "not in"
        values = _list_from(failure)
        message = f"{operator} takes one value"
        hint = suggest(f"{field} {word} ({values})") or f"write {field} {word} (…)"
        return Diagnosis("list-operator", message, hint)
    if not operator or failure.kind() not in CONSTANTS:
        if operator in (":", "like", "like~", "regex", "regex~") and (
            kind in (*NAMES, "FOLDING", "$INVALID", "STAR", "NOT")
            and failure.kind() in ("LPAR", "_COMMA")
        ):
            word = _word(failure.rest)
            message = f"texts after {operator} stand between double quotes"
            return Diagnosis("unquoted-value", message, f"write {quote(word)}", len(word))
        return None
    if kind in ("_OR", "_AND"):
        message = "the values of a list are separated by commas"
        values = ", ".join(
            failure.of(token)
            for token in failure.preceding[failure.open_groups[-1] + 1 :] + failure.following
            if token.kind in CONSTANTS and token.end <= _end_of_list(failure)
        )
        hint = suggest(f"{field} {operator} ({values})") or "write a comma"
        return Diagnosis("comma-list", message, hint)
    if kind in CONSTANTS:
        message = "a comma is missing between two values"
        return Diagnosis("comma-list", message, "write a comma")
    return None


def _end_of_list(failure: ParseFailure) -> int:
    end = failure.text.find(")", failure.offset)
    return end if end >= 0 else len(failure.text)


def _list_from(failure: ParseFailure) -> str:
    """The values of the list that is open, to its end."""
    start = failure.preceding[failure.open_groups[-1]].end
    return failure.text[start : _end_of_list(failure)]


def _explain_comparisons(failure: ParseFailure) -> Diagnosis | None:
    """``1 < x < 5``, ``x == ``."""
    kind = failure.found.kind
    if kind == "COMPARISON" and failure.kind(2) == "COMPARISON":
        low, field, high = failure.before(3), failure.before(), failure.next()
        first = _FLIPPED.get(failure.before(2), "")
        message = "comparisons do not chain"
        hint = suggest(f"{field} {first} {low} and {field} {failure.found_text} {high}")
        return Diagnosis("comparison-chain", message, hint or "write two, joined by and")
    if kind in ("COMPARISON", "MATCH", "IN") and failure.kind() in ("_AND", "_OR", "_WHERE", "NOT"):
        message = f"a field is missing before {failure.found_text}"
        hint = "name the field in each test"
        return Diagnosis("missing-field", message, hint)
    if failure.kind() == "COMPARISON" and kind in ("$END", "RPAR", "_AND", "_OR", "_CLOSING"):
        message = f"no value follows {failure.before()}"
        return Diagnosis("missing-value", message, "add the value, or null")
    if failure.kind() == "COMPARISON" and kind == "STAR":
        field = failure.operand_ending(2)
        negated = failure.before() == "!="
        hint = suggest(f"{field} {'==' if negated else '!='} null")
        return Diagnosis("unquoted-value", "a star alone is no value", hint)
    return None


def _explain_groups(failure: ParseFailure) -> Diagnosis | None:
    """A bracket that is not closed, or not open."""
    kind = failure.found.kind
    if kind in ("RPAR", "_CLOSING") and kind not in failure.expected:
        sign = failure.found_text
        if failure.kind() in ("_AND", "_OR", "NOT"):
            return _dangling(failure)
        kinds = {failure.preceding[place].kind for place in failure.open_groups}
        wanted = {"LPAR"} if kind == "RPAR" else {"OPENING", "MISSING"}
        if not kinds & wanted:
            message = f"there is no bracket that this {sign} closes"
            return Diagnosis("unopened-group", message, "remove it, or open the group")
    if kind in ("$END", "_CLOSING", "OPENING") and failure.open_groups:
        if failure.kind() in ("_AND", "_OR", "NOT"):
            return _dangling(failure)
        opening = failure.preceding[failure.open_groups[-1]]
        closing = ")" if opening.kind == "LPAR" else "]"
        if closing in (")" if "RPAR" in failure.expected else "") + (
            "]" if "_CLOSING" in failure.expected else ""
        ):
            sign = failure.of(opening)
            message = f"the {sign} at {_place(failure, opening.start)} is never closed"
            return Diagnosis("unclosed-group", message, f"add {closing}")
    return None


def _place(failure: ParseFailure, offset: int) -> str:
    from kqlx.errors import place_of

    place = place_of(failure.text, offset)
    return f"line {place.line}, column {place.column}"


def _dangling(failure: ParseFailure) -> Diagnosis:
    word = failure.before()
    message = f'nothing follows "{word}"'
    return Diagnosis("dangling-keyword", message, f"remove {word}, or add the test that is missing")


def _explain_end(failure: ParseFailure) -> Diagnosis | None:
    kind = failure.found.kind
    if failure.kind() in ("_WHERE", "LPAR") and kind in ("_AND", "_OR"):
        word = failure.found_text
        message = f'nothing stands before "{word}"'
        return Diagnosis("dangling-keyword", message, f"remove {word}, or add the test")
    if failure.kind() in ("_AND", "_OR", "NOT") and kind in ("$END", "RPAR", "_AND", "_OR"):
        return _dangling(failure)
    if kind == "$END" and failure.kind() == "_WHERE":
        message = "no condition follows where"
        return Diagnosis("missing-value", message, "write a condition, or true for every event")
    if kind == "$END" and failure.kind() in ("_BY", "_WITH", "_UNTIL", "_PIPE", "SEQUENCE"):
        message = f"the query ends after {short(failure.before())}"
        return Diagnosis("unexpected-text", message, "")
    return None


def _explain_keyword(failure: ParseFailure) -> Diagnosis | None:
    """A keyword where a name stands, such as a field that is called so."""
    word = failure.found_text
    before = failure.kind()
    tested = failure.next_kind() in ("COMPARISON", "MATCH", "IN", "_DOT")
    named = before == "_DOT" or ("IDENTIFIER" in failure.expected and tested)
    if word not in KEYWORDS or not named:
        return None
    message = f"{word} is a keyword: as a name it stands between backquotes"
    return Diagnosis("keyword-as-name", message, f"put backquotes round {word}")


def _explain_missing_operator(failure: ParseFailure) -> Diagnosis | None:
    """Two tests, or a field and its value, with nothing between them."""
    kind = failure.found.kind
    if kind in TEXTS and failure.kind() in NAMES:
        field = failure.operand_ending(1)
        message = "an operator is missing between the field and its value"
        hint = suggest(f"{field} == {failure.found_text}")
        return Diagnosis("missing-operator", message, hint)
    before = failure.before()
    if (
        failure.kind() == "STRING"
        and '\\"' in before
        and failure.preceding[-1].end == failure.offset
    ):
        message = "the text before ends here: a backslash before its quote escapes that"
        hint = "write two backslashes where the text ends in one"
        return Diagnosis("unterminated-quote", message, hint)
    if before.lower() in ("and", "or", "not") and failure.kind() == "IDENTIFIER":
        message = f'keywords are in lower case: "{before.lower()}"'
        return Diagnosis("keyword-case", message, f"write {before.lower()}")
    if kind in _BEGINS_TEST and "_AND" in failure.expected:
        message = '"and" or "or" is missing here'
        return Diagnosis("missing-operator", message, 'put "and" or "or" between the two')
    if kind in ("INTEGER", "DECIMAL") and failure.kind() in ("DECIMAL", "INTEGER", "_DOT"):
        message = "an address, or a version, is a text: it stands between double quotes"
        return Diagnosis("unquoted-value", message, 'for example "10.0.0.1"')
    return None
