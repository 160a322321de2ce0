"""How a query is laid out in lines, as a detection engineer would by hand, in any language.

What fits into the width is one line. Of a longer group each operand has a line of its own, and
lists of values are folded. Comments stay with what they stood before or behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.records import dataclass

INDENT = 2
_TOO_WIDE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Commented:
    """An item with the comments before it, each on a line of its own, and those at the end of its
    line.
    """

    before: tuple[str, ...]
    item: Group | str
    after: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return _TOO_WIDE


@dataclass(frozen=True, slots=True)
class Group:
    """``opening item joint item … closing``; without an opening, operands that need none. The joint
    is what follows an item before the blank: `` and``, ``,``.
    """

    opening: str
    items: Sequence[Group | Commented | str]
    joint: str
    closing: str
    is_list: bool
    """Nothing but single values: to be folded."""
    width: int


def group(
    opening: str,
    items: Sequence[Group | Commented | str],
    joint: str,
    closing: str,
    is_list: bool = False,
) -> Group:
    """The group, with its width."""
    words = all(isinstance(_bare(item), str) for item in items)
    width = sum(map(width_of, items)) + len(opening) + len(closing)
    width += (len(joint) + 1) * (len(items) - 1)
    return Group(opening, items, joint, closing, is_list and words and closing[:1] == ")", width)


def width_of(item: Group | Commented | str) -> int:
    """How wide it is on one line."""
    return len(item) if isinstance(item, str) else item.width


def _bare(item: Group | Commented | str) -> Group | str:
    return item.item if isinstance(item, Commented) else item


class Lines:
    """Groups and words → text. Linear in their number."""

    def __init__(self, width: int) -> None:
        self.pieces: list[str] = []
        self._width = width

    def write(self, item: Group | Commented | str, left: int, hang: int, after: int) -> None:
        """Write what begins at the column ``left``; operands without an opening of their own go on
        at ``hang``. ``after`` characters follow on the last line.
        """
        if isinstance(item, Commented):
            for comment in item.before:
                self.pieces.append(comment)
                self.new_line("", left)
            item = item.item
        if isinstance(item, str):
            self.pieces.append(item)
        elif left + item.width + after <= self._width:
            self._write_flat(item)
        elif item.is_list:
            self._write_list(item, left)
        elif item.closing:
            inside = left + INDENT
            inner_hang = inside + INDENT if len(item.items) > 1 else inside
            self.pieces.append(item.opening.rstrip())
            self.new_line("", inside)
            self._write_items(item, inside, inside, inner_hang, 0)
            self.new_line("", left)
            self.pieces.append(item.closing.lstrip())
        else:
            self._write_items(item, left, hang, hang + INDENT, after)

    def _write_items(self, item: Group, left: int, other: int, hang: int, after: int) -> None:
        """The operands, each on a line; those behind the first begin at ``other``."""
        last = len(item.items) - 1
        for i, part in enumerate(item.items):
            if i:
                self.new_line("", other)
            self.write(part, other if i else left, hang, len(item.joint) if i < last else after)
            if i < last:
                self.pieces.append(item.joint)
            self.write_after(part)

    def write_after(self, part: Group | Commented | str) -> None:
        """The comments behind the item, when all of its line is written."""
        if isinstance(part, Commented):
            self.pieces += [f"  {comment}" for comment in part.after]

    def new_line(self, joint: str, column: int) -> None:
        """A line feed behind the joint, and blanks up to the column."""
        self.pieces.append(f"{joint}\n{' ' * column}")

    def _write_list(self, item: Group, left: int) -> None:
        inside = left + INDENT
        self.pieces.append(item.opening)
        column = self._width  # the first value begins a line
        last = len(item.items) - 1
        for i, part in enumerate(item.items):
            word = _bare(part)
            assert isinstance(word, str)
            needed = len(word) + (len(item.joint) if i < last else 0)
            apart = isinstance(part, Commented) and part.before
            if not i or apart or column + 1 + needed > self._width:
                self.new_line("", inside)
                column = inside + needed
            else:
                self.pieces.append(" ")
                column += 1 + needed
            if isinstance(part, Commented):
                for comment in part.before:
                    self.pieces.append(comment)
                    self.new_line("", inside)
            self.pieces.append(word)
            if i < last:
                self.pieces.append(item.joint)
            if isinstance(part, Commented) and part.after:
                self.write_after(part)
                column = self._width
        self.new_line("", left)
        self.pieces.append(item.closing)

    def _write_flat(self, item: Group) -> None:
        self.pieces.append(item.opening)
        for i, part in enumerate(item.items):
            if i:
                self.pieces.append(f"{item.joint} ")
            part = _bare(part)
            if isinstance(part, str):
                self.pieces.append(part)
            else:
                self._write_flat(part)
        self.pieces.append(item.closing)
