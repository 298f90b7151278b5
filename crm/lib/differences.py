"""Compare two texts, or two lists of texts, word by word.

Pure: plain text in, plain rows out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME = "same"
GONE = "gone"
NEW = "new"
CHANGED = "changed"
MOVED = "moved"
# A token: a word with its apostrophes and hyphens, a number with its separators, one sign, or a run
# of white space.
TOKEN = re.compile(r"\w+(?:[.,'’\-]\w+)*|\s+|[^\w\s]")
# With a lower share of common words two sentences are shown as one gone and one new, since a
# mixture of both cannot be read.
ALIKE = 0.5


@dataclass(frozen=True)
class Part:
    """A piece of text. ``op`` is SAME, GONE (only in the old text) or NEW (only in the new one)."""

    op: str
    text: str


@dataclass(frozen=True)
class Entry:
    """One entry of a list. ``op`` is SAME, GONE, NEW, CHANGED, or MOVED (same words, other place).

    The parts without the new ones make the old text, those without the gone ones the new text.
    """

    op: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Return the entry as it reads now, or as it read before where it is gone."""
        parts = [part for part in self.parts if self.op == GONE or part.op != GONE]
        return "".join(part.text for part in parts)


def words(old: str, new: str) -> list[Part]:
    """Return the words of both texts in reading order, each marked.

    A gone part stands before the new part that replaces it. The parts that are not new make ``old``
    to the letter, those that are not gone make ``new``. Texts with little in common become one gone
    and one new part.
    """
    if old == new:
        return _parts((SAME, old))
    before = TOKEN.findall(old)
    after = TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if share(before, after, matcher) < ALIKE:
        return _parts((GONE, old), (NEW, new))
    return list(joined(stretches(before, after, matcher)))


def _parts(*pairs: tuple[str, str]) -> list[Part]:
    """Return a part for each pair of op and text that is not empty."""
    return [Part(op, text) for op, text in pairs if text]


def lists(old: Sequence[str], new: Sequence[str]) -> list[Entry]:
    """Return the entries of both lists in the order of the new one.

    A gone entry stands where it stood. An entry that kept at least half of its words counts as
    changed, one with the same words at another place as moved.
    """
    codes = SequenceMatcher(None, list(old), list(new), autojunk=False).get_opcodes()
    left: Counter[str] = Counter()
    arrived: Counter[str] = Counter()
    for op, old_start, old_end, new_start, new_end in codes:
        if op != "equal":
            left.update(old[old_start:old_end])
            arrived.update(new[new_start:new_end])
    moved_away = left & arrived
    moved_here = moved_away.copy()
    entries: list[Entry] = []
    for op, old_start, old_end, new_start, new_end in codes:
        after = new[new_start:new_end]
        if op == "equal":
            entries += [Entry(SAME, (Part(SAME, text),)) for text in after]
        else:
            before = [text for text in old[old_start:old_end] if not take(moved_away, text)]
            entries += replaced(before, after, moved_here)
    return entries


def has_changed(entries: Sequence[Entry]) -> bool:
    """Return whether :func:`lists` found any entry that did not stay as it was."""
    return any(entry.op != SAME for entry in entries)


def take(counts: Counter[str], text: str) -> bool:
    """Take one ``text`` out of ``counts``; return False where none is left."""
    if not counts[text]:
        return False
    counts[text] -= 1
    return True


def replaced(before: list[str], after: Sequence[str], moved: Counter[str]) -> Iterator[Entry]:
    """Yield the entries of a stretch of the list in which ``after`` replaced ``before``.

    ``moved`` counts the texts that stood at another place before.
    """
    for text in after:
        if take(moved, text):
            yield Entry(MOVED, (Part(SAME, text),))
            continue
        origin = max(before, key=lambda one: likeness(one, text), default="")
        if not origin or likeness(origin, text) < ALIKE:
            yield Entry(NEW, (Part(NEW, text),))
            continue
        # The old entries above the origin have no counterpart any more, so they come first.
        place = before.index(origin)
        yield from map(_gone, before[:place])
        del before[: place + 1]
        yield Entry(CHANGED, tuple(words(origin, text)))
    yield from map(_gone, before)


def _gone(text: str) -> Entry:
    return Entry(GONE, (Part(GONE, text),))


def likeness(old: str, new: str) -> float:
    """Return the share of words that two texts have in common, from 0 to 1."""
    return share(TOKEN.findall(old), TOKEN.findall(new))


def share(
    before: list[str], after: list[str], matcher: SequenceMatcher[str] | None = None
) -> float:
    """Return the likeness of texts that are cut into tokens; only words and numbers count."""
    matcher = matcher or SequenceMatcher(None, before, after, autojunk=False)
    size = _size(before) + _size(after)
    if not size:
        return 0.0
    common = sum(
        _size(before[block.a : block.a + block.size]) for block in matcher.get_matching_blocks()
    )
    return 2 * common / size


def _size(tokens: list[str]) -> int:
    """Return the number of signs in all words and numbers of ``tokens``."""
    return sum(len(token) for token in tokens if token[0].isalnum())


def stretches(before: list[str], after: list[str], matcher: SequenceMatcher[str]) -> Iterator[Part]:
    """Yield the opcodes of ``matcher`` as parts.

    A lone space or sign between two changes belongs to both of them.
    """
    codes = matcher.get_opcodes()
    last = len(codes) - 1
    for place, (op, old_start, old_end, new_start, new_end) in enumerate(codes):
        old = "".join(before[old_start:old_end])
        new = "".join(after[new_start:new_end])
        is_inside = 0 < place < last
        is_lone = is_inside and not any(sign.isalnum() for sign in old)
        if op == "equal" and not is_lone:
            yield Part(SAME, old)
        else:
            yield Part(GONE, old)
            yield Part(NEW, new)


def joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Yield neighbours of one kind as one part; a gone part stands before a new one."""
    same = ""
    gone = ""
    new = ""
    for part in parts:
        if part.op == SAME:
            yield from _parts((GONE, gone), (NEW, new))
            gone = ""
            new = ""
            same += part.text
            continue
        if same and part.text:
            yield Part(SAME, same)
            same = ""
        if part.op == GONE:
            gone += part.text
        else:
            new += part.text
    yield from _parts((SAME, same), (GONE, gone), (NEW, new))
