"""PCRE2 itself, which reads what Splunk reads, from the library that most systems have.

A match may take no more steps, and no deeper ones, than Splunk allows an extraction by default
(MATCH_LIMIT and DEPTH_LIMIT of transforms.conf:
https://docs.splunk.com/Documentation/Splunk/latest/Admin/Transformsconf); what eval functions are
allowed is not documented. Without the just-in-time compiler, which counts otherwise.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache

MATCH_LIMIT = 100_000
DEPTH_LIMIT = 1_000

_UTF = 0x00080000
_NO_MATCH, _MATCH_LIMIT, _DEPTH_LIMIT = -1, -47, -53


class LimitReachedError(Exception):
    """The match was given up."""


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("pcre2-8")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    for function in ("compile", "match_context_create", "match_data_create"):
        getattr(library, f"pcre2_{function}_8").restype = ctypes.c_void_p
    return library


def is_there() -> bool:
    """Whether the library is installed."""
    return _library() is not None


def finds(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text. Raises LimitReachedError, and ValueError for what
    is no pattern.
    """
    library = _library()
    assert library is not None
    compiled = _compiled(pattern)
    data = text.encode()
    limits = ctypes.c_void_p(library.pcre2_match_context_create_8(None))
    library.pcre2_set_match_limit_8(limits, MATCH_LIMIT)
    library.pcre2_set_depth_limit_8(limits, DEPTH_LIMIT)
    found = ctypes.c_void_p(library.pcre2_match_data_create_8(1, None))
    size, start = ctypes.c_size_t(len(data)), ctypes.c_size_t(0)
    result = library.pcre2_match_8(compiled, data, size, start, 0, found, limits)
    library.pcre2_match_data_free_8(found)
    library.pcre2_match_context_free_8(limits)
    if result in (_MATCH_LIMIT, _DEPTH_LIMIT):
        raise LimitReachedError(pattern)
    if result < _NO_MATCH:
        raise ValueError(f"error {result} of PCRE2")
    return bool(result > _NO_MATCH)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> ctypes.c_void_p:
    library = _library()
    assert library is not None
    data = pattern.encode()
    error, offset = ctypes.c_int(), ctypes.c_size_t()
    compiled = library.pcre2_compile_8(
        data, ctypes.c_size_t(len(data)), _UTF, ctypes.byref(error), ctypes.byref(offset), None
    )
    if not compiled:
        raise ValueError(f"PCRE2 refuses {pattern!r} at {offset.value}: error {error.value}")
    return ctypes.c_void_p(compiled)
