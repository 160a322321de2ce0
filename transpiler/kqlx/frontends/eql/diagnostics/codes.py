"""Why a text is not EQL: the codes of QuerySyntaxError, all of them stable."""

from __future__ import annotations

from kqlx.codes import Code

CODES: tuple[Code, ...] = ()
