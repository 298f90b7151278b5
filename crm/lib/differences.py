"""What changed between two wordings, in words that a person can follow.

Pure: plain text in, plain rows out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW, CHANGED, MOVED = "same", "gone", "new", "changed", "moved"
# A word with its apostrophes and hyphens, a number with its separators, one sign, or a run of white
# space.
TOKEN = re.compile(r"\w+(?:[.,'’\-]\w+)*|\s+|[^\w\s]")
# Below this share of words in common two sentences are told as one gone and one new: a mixture
# reads as nonsense.
ALIKE = 0.5


@dataclass(frozen=True)
class Part:
    """A stretch of text: ``op`` is ``same``, ``gone`` (only in the old one) or ``new`` (only in the
    new one).
    """

    op: str
    text: str


@dataclass(frozen=True)
class Line:
    """One entry of a list: ``op`` is ``same``, ``gone``, ``new``, ``changed`` or ``moved`` (same
    words, another place).

    ``parts`` put together without the new ones give the old text, without the gone ones the new
    text.
    """

    op: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The entry as it reads now; as it read before, where it is gone."""
        return "".join(part.text for part in self.parts if self.op == GONE or part.op != GONE)


def words(old: str, new: str) -> list[Part]:
    """The words of both texts in reading order, each marked; what is gone stands before what
    replaces it.

    The parts that are not new give ``old``, those that are not gone give ``new``, to the letter.
    Texts that have little in common come as one part that is gone and one that is new.
    """
    if old == new:
        return [Part(SAME, old)] if old else []
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if share(before, after, matcher) < ALIKE:
        return [Part(op, text) for op, text in ((GONE, old), (NEW, new)) if text]
    return list(joined(stretches(before, after, matcher)))


def lists(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """The entries of both lists in the order of the new one; what is gone stands where it stood.

    An entry that kept at least half of its words counts as changed, one with the same words
    elsewhere as moved.
    """
    codes = SequenceMatcher(None, list(old), list(new), autojunk=False).get_opcodes()
    moved = Counter(text for op, i1, i2, _, _ in codes if op != "equal" for text in old[i1:i2])
    moved &= Counter(text for op, _, _, j1, j2 in codes if op != "equal" for text in new[j1:j2])
    leaving, arriving = moved.copy(), moved.copy()
    lines: list[Line] = []
    for op, i1, i2, j1, j2 in codes:
        if op == "equal":
            lines += [Line(SAME, (Part(SAME, text),)) for text in new[j1:j2]]
        else:
            before = [text for text in old[i1:i2] if not taken(leaving, text)]
            lines += replaced(before, new[j1:j2], arriving)
    return lines


def has_changed(lines: Sequence[Line]) -> bool:
    """Whether ``lists`` found anything but entries that stayed as they were."""
    return any(line.op != SAME for line in lines)


def taken(counts: Counter[str], text: str) -> bool:
    """Take one ``text`` out of ``counts``; False where none is left."""
    found = counts[text] > 0
    counts[text] -= found
    return found


def replaced(before: list[str], after: Sequence[str], moved: Counter[str]) -> Iterator[Line]:
    """The lines of one stretch of entries that took the place of others; ``moved``: those that
    stood elsewhere.
    """
    for text in after:
        if taken(moved, text):
            yield Line(MOVED, (Part(SAME, text),))
            continue
        origin = max(before, key=lambda one: likeness(one, text), default="")
        if origin and likeness(origin, text) >= ALIKE:
            # Entries that stood before the one found are over by now; they are told first.
            place = before.index(origin)
            yield from (Line(GONE, (Part(GONE, one),)) for one in before[:place])
            del before[: place + 1]
            yield Line(CHANGED, tuple(words(origin, text)))
        else:
            yield Line(NEW, (Part(NEW, text),))
    yield from (Line(GONE, (Part(GONE, one),)) for one in before)


def likeness(old: str, new: str) -> float:
    """The share of words that two texts have in common, 0 to 1."""
    return share(TOKEN.findall(old), TOKEN.findall(new))


def share(
    before: list[str], after: list[str], matcher: SequenceMatcher[str] | None = None
) -> float:
    """As ``likeness``, of texts already cut into tokens; only letters and digits count."""
    matcher = matcher or SequenceMatcher(None, before, after, autojunk=False)
    sizes = sum(len(token) for token in before + after if token[0].isalnum())
    common = sum(
        len(token)
        for block in matcher.get_matching_blocks()
        for token in before[block.a : block.a + block.size]
        if token[0].isalnum()
    )
    return 2 * common / sizes if sizes else 0.0


def stretches(before: list[str], after: list[str], matcher: SequenceMatcher[str]) -> Iterator[Part]:
    """The opcodes of ``matcher`` as parts; a lone space or sign between two changes belongs to both
    of them.
    """
    codes = matcher.get_opcodes()
    for place, (op, i1, i2, j1, j2) in enumerate(codes):
        old, new = "".join(before[i1:i2]), "".join(after[j1:j2])
        lone = 0 < place < len(codes) - 1 and not any(sign.isalnum() for sign in old)
        if op == "equal" and not lone:
            yield Part(SAME, old)
        else:
            yield Part(GONE, old)
            yield Part(NEW, new)


def joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Neighbours of one kind as one part; between two stretches that stayed, first what is gone,
    then what is new.
    """
    gone = new = same = ""
    for part in parts:
        if part.op == SAME:
            yield from (Part(op, text) for op, text in ((GONE, gone), (NEW, new)) if text)
            gone = new = ""
            same += part.text
            continue
        if same and part.text:
            yield Part(SAME, same)
            same = ""
        gone, new = (gone + part.text, new) if part.op == GONE else (gone, new + part.text)
    yield from (Part(op, text) for op, text in ((SAME, same), (GONE, gone), (NEW, new)) if text)
