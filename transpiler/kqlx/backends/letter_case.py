"""Whether letter case counts in a test, by what the test, its column and the user say."""

from __future__ import annotations

from kqlx.mappings.bound import Column
from kqlx.nodes import Case, Compare, Equals, Like, Regexp


def effective_case(
    test: Equals | Like | Compare | Regexp, column: Column, wanted: Case | None, own: Case
) -> Case:
    """How a target compares the letters of a test.

    A test that folds them is always folded. One that does not is compared as the user wants it
    (None: no matter), else without regard to case where the column's values may be spelt otherwise
    than Elastic's, else in the target's ``own`` way, the cheaper one.
    """
    if test.case is Case.FOLDED:
        return Case.FOLDED
    if wanted is not None:
        return wanted
    return Case.FOLDED if column.case == "differs" else own
