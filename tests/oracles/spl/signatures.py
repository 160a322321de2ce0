"""The functions of ``eval`` that are read, with the number and kind of their arguments.

A kind is one letter: v a value, x one that is no literal, b a condition, a either, l a text
literal, r a literal regular expression, p a literal pattern of LIKE, c a literal network, f a field
name, n a whole number or an expression of numbers. The last kind is repeated up to the most
arguments allowed. Sources:
https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/comparison-and-conditional-functions
https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/multivalue-eval-functions
https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/text-functions
https://docs.splunk.com/Documentation/Splunk/9.3.0/SearchReference/Spath
"""

from __future__ import annotations

from dataclasses import dataclass

MANY = 10_000


@dataclass(frozen=True, slots=True)
class Signature:
    """``kinds`` of the arguments, how few and how many, and whether the result is a condition."""

    kinds: str
    least: int
    most: int
    condition: bool = False


def _exactly(kinds: str, condition: bool = False) -> Signature:
    return Signature(kinds, len(kinds), len(kinds), condition)


SIGNATURES = {
    # conditions
    "isnull": _exactly("x", True),
    "isnotnull": _exactly("x", True),
    "isnum": _exactly("x", True),
    "isint": _exactly("x", True),
    "isstr": _exactly("x", True),
    "match": _exactly("xr", True),
    "like": _exactly("xp", True),
    "cidrmatch": _exactly("cx", True),
    "in": Signature("xv", 2, MANY, True),
    "searchmatch": _exactly("l", True),
    "true": _exactly("", True),
    "false": _exactly("", True),
    # choice
    "if": _exactly("bvv"),
    "case": Signature("bv", 2, MANY),
    "coalesce": Signature("v", 1, MANY),
    "null": _exactly(""),
    "nullif": _exactly("vv"),
    # text and numbers
    "tonumber": Signature("vn", 1, 2),
    "tostring": Signature("al", 1, 2),
    "lower": _exactly("v"),
    "upper": _exactly("v"),
    "len": _exactly("v"),
    "md5": _exactly("x"),
    "substr": Signature("vn", 2, 3),
    "replace": _exactly("vrv"),
    "trim": Signature("vl", 1, 2),
    "urldecode": _exactly("v"),
    "round": Signature("vn", 1, 2),
    "abs": _exactly("v"),
    "ceiling": _exactly("v"),
    "floor": _exactly("v"),
    "max": Signature("v", 1, MANY),
    "min": Signature("v", 1, MANY),
    # many values
    "split": _exactly("vv"),
    "mvappend": Signature("v", 1, MANY),
    "mvcount": _exactly("x"),
    "mvdedup": _exactly("v"),
    "mvfilter": _exactly("b"),
    "mvfind": _exactly("xr"),
    "mvindex": Signature("xn", 2, 3),
    "mvjoin": _exactly("xl"),
    "mvmap": _exactly("fv"),
    "mvzip": Signature("xxl", 2, 3),
    # JSON
    "json_array_to_mv": _exactly("v"),
    "json_extract": Signature("vl", 1, 2),
    "spath": _exactly("vl"),
    # time
    "now": _exactly(""),
    "relative_time": _exactly("vl"),
    "strftime": _exactly("vl"),
    "strptime": _exactly("vl"),
}
