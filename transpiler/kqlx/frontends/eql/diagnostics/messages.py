"""From a text that Elasticsearch does not read to the error for the user."""

from __future__ import annotations

from kqlx.errors import QuerySyntaxError
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.wording import quote
from kqlx.frontends.lalr import UnexpectedInput


def syntax_error(text: str, error: UnexpectedInput | Refused) -> QuerySyntaxError:
    """The error for the user, from where reading stopped or what was refused."""
    if isinstance(error, Refused):
        start, end = error.span
        hint = error.hint
        if error.code == "foreign-quotes":
            hint = f"write `{quote(hint)}`"
        return QuerySyntaxError(
            text, start, found=text[start:end], code=error.code, message=error.message,
            hint=hint, language="eql",
        )  # fmt: skip
    found = text[error.offset : error.offset + 1]
    message = f"unexpected {found!r}" if found else "unexpected end of input"
    return QuerySyntaxError(text, error.offset, found=found, message=message, language="eql")
