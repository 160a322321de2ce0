"""Conditions put together with ``and``, ``or`` and ``not``, true and false worked out."""

from __future__ import annotations

from kqlx.backends.text_backend import Group, Text

TRUE, FALSE = Text("true"), Text("false")


def grouped(text: Text, other: Group) -> str:
    return f"({text.text})" if text.group is other else text.text


def all_text(items: list[Text]) -> Text:
    """All of them, true and false worked out."""
    items = [item for item in dict.fromkeys(items) if item != TRUE]
    if not items:
        return TRUE
    if FALSE in items:
        return FALSE
    if len(items) == 1:
        return items[0]
    text = " and ".join(grouped(item, Group.OR) for item in items)
    return Text(text, Group.AND, max(item.rank for item in items))


def any_text(items: list[Text]) -> Text:
    """Any of them, true and false worked out."""
    items = [item for item in dict.fromkeys(items) if item != FALSE]
    if not items:
        return FALSE
    if TRUE in items:
        return TRUE
    if len(items) == 1:
        return items[0]
    texts = [grouped(item, Group.AND) for item in items]
    alternatives = [
        part
        for item, text in zip(items, texts, strict=True)
        for part in (item.alternatives if item.group is Group.OR else (text,))
    ]
    rank = max(item.rank for item in items)
    return Text(" or ".join(alternatives), Group.OR, rank, tuple(alternatives))


def not_text(item: Text) -> Text:
    if item in (TRUE, FALSE):
        return FALSE if item == TRUE else TRUE
    return Text(f"not({item.text})", rank=item.rank)
