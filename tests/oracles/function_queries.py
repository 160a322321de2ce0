"""Functions of values, as EQL has them, and events at their edges, for the engines of the targets.

``a``, ``b`` and ``c`` are keywords, ``n`` and ``m`` whole numbers.
"""

from __future__ import annotations

import random
from itertools import product
from typing import Any

TYPES = {"a": "keyword", "b": "keyword", "n": "long", "m": "long"}
TEXTS = [
    *("", "a", "A", "b", "aa", "ab", "aB", "abc", "aab", "abab", "bc", "B", "é", "É", "aé", "a b"),
    *(
        "1",
        "0x1F",
        "1f",
        "1.5",
        "-3",
        "a.b",
        ".",
        "a*c",
        "a?c",
        "a\\b",
        'a"b',
        "a`b",
        "a|b",
        "abcab",
    ),
    *("a\nb", "%", "_", "a_b", "a%b"),
]
_OF_TEXTS = [
    *("substring(a, 1)", "substring(a, 0, -1)", "substring(a, -2)", "substring(a, 1, 3)"),
    *("substring(a, n)", "substring(a, 0, n)", "substring(a, 0, length(a) - length(b))"),
    *("substring(a, n, 2)", "substring(a, -3, -1)", "substring(a, 3, 1)", "concat(a, b)"),
    *('concat(a, n, "x")', "concat(a)", "string(n)", 'between(a, "a", "b")'),
    *('between(a, "a", "b", true)', 'between~(a, "A", "B")', 'between(a, ".", "b")'),
    'substring(a, 0, indexOf(a, "b"))',
]
_NUMBERS = [
    *("length(a)", "length(concat(a, b))", 'indexOf(a, "b")', 'indexOf~(a, "B")', "indexOf(a, b)"),
    *("indexOf~(a, b)", "number(a)", "number(a, 16)", "number(string(n))"),
    *("n + 1", "n - m", "n * m", "n / m", "n % m", "n / 2", "n % 3", "-n + 1", "n * -2"),
    *("length(a) - (length(b) + 1)", "n - -1"),
]


def queries() -> list[str]:
    """The conditions."""
    found: list[str] = []
    for name, fold in product(("startsWith", "endsWith", "stringContains"), ("", "~")):
        found += [f"{name}{fold}({text}, b)" for text in ("a", *_OF_TEXTS)]
        found += [f'{name}{fold}({text}, "b")' for text in _OF_TEXTS]
        found += [f"{name}{fold}(a, {text})" for text in ("substring(b, 0, 1)", 'concat(b, "c")')]
    for text in _OF_TEXTS:
        found += [f'{text} == "ab"', f'{text} == "1"', f'{text} : "AB"', f'{text} like "a*"']
        found += [f'{text} like~ "*B?"', f'{text} regex "a.*"', f'{text} regex~ "[a-b]B?"']
        found += [f"indexOf({text}, b) == null", f"length({text}) >= 2", f'{text} != "a"']
    for number in _NUMBERS:
        found += [f"{number} == 2", f"{number} > 1", f"{number} <= 0", f"{number} != null"]
        found += [f"not {number} >= 1", f"{number} < 1.5"]
    found += ["startsWith(a, b) == false", "startsWith(a, b) == true", "length(b) > 3"]
    found += [f"not ({query})" for query in found[::3]]
    return list(dict.fromkeys(found))


def events(*, lists: bool) -> list[dict[str, Any]]:
    """Events with the fields, some of them or none; with ``lists`` also several values of one."""
    rng = random.Random(5)
    numbers = [0, 1, 2, 3, -1, -7, 5, 12]
    found: list[dict[str, Any]] = [{"other": "x"}]
    for one, other in product(TEXTS, TEXTS):
        if rng.random() < 0.25 or one in other or other in one:
            event = {"a": one, "b": other, "n": rng.choice(numbers), "m": rng.choice(numbers)}
            found.append({name: event[name] for name in event if rng.random() < 0.97})
    if lists:
        for _ in range(60):
            texts = {"a": rng.sample(TEXTS, 2), "b": rng.sample(TEXTS, 2)}
            found.append({**texts, "n": rng.sample(numbers, 2), "m": rng.choice(numbers)})
    return found
