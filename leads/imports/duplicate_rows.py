"""Detect duplicate rows within a file.

The keys of all rows are kept as digests of 64 bits with the number of the row that had them first,
12 bytes each. A dict of 200,000 rows with three keys each takes 50 MB, this table 12 to 25.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

# A power of two: a place is the digest under a mask.
FIRST_SIZE = 1 << 12
DIGEST_SIZE = 8  # bytes


class DuplicateRows:
    """A hash table with open addressing, in two arrays. Digest 0 marks an empty place."""

    def __init__(self) -> None:
        self.count = 0
        self.size = FIRST_SIZE
        self._clear()

    def _clear(self) -> None:
        self.digests = array("Q", bytes(8 * self.size))
        self.rows = array("I", bytes(4 * self.size))

    def first(self, keys: Iterable[str], row: int) -> int:
        """Return the number of the first row with any of ``keys``, 0 for none.

        Only where there is none, the keys are remembered as those of ``row``.
        """
        digests = [digest(key) for key in keys]
        for each in digests:
            earlier = self.rows[self._place(each)]
            if earlier:
                return earlier
        for each in digests:
            self._add(each, row)
        return 0

    def _place(self, wanted: int) -> int:
        """Return where the digest is, or the empty place where it belongs."""
        place = wanted & (self.size - 1)
        while self.digests[place] not in (0, wanted):
            place = (place + 1) & (self.size - 1)
        return place

    def _add(self, wanted: int, row: int) -> None:
        place = self._place(wanted)
        if self.digests[place] == 0:
            self.count += 1
        self.digests[place] = wanted
        self.rows[place] = row
        # At most half full: with open addressing, searches in a fuller table get long.
        if self.count * 2 > self.size:
            self._grow()

    def _grow(self) -> None:
        digests = self.digests
        rows = self.rows
        self.size *= 2
        self._clear()
        for each, row in zip(digests, rows, strict=True):
            if each:
                place = self._place(each)
                self.digests[place] = each
                self.rows[place] = row


def digest(key: str) -> int:
    """Return a digest of 64 bits, never 0."""
    data = hashlib.blake2b(key.encode(), digest_size=DIGEST_SIZE).digest()
    return int.from_bytes(data, "big") or 1
