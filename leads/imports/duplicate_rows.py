"""What a file has said already: 64-bit digests with the row that said them first, 12 bytes each.

A dict of 200,000 rows with three keys each takes some 50 MB, this table 12 to 25.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable


class Repeats:
    """An open hash table in two arrays.

    ``first(keys, row)`` tells the earlier row that said one of ``keys``.
    """

    def __init__(self) -> None:
        self.count, self.size = 0, 1 << 12
        self._clear()

    def _clear(self) -> None:
        self.digests = array("Q", bytes(8 * self.size))
        self.rows = array("I", bytes(4 * self.size))

    def first(self, keys: Iterable[str], row: int) -> int:
        """The number of the first row that said any of ``keys``; 0 where none did, and then ``row``
        said them.
        """
        digests = [digest(key) for key in keys]
        for each in digests:
            if found := self.rows[self._place(each)]:
                return found
        for each in digests:
            self._add(each, row)
        return 0

    def _place(self, wanted: int) -> int:
        place = wanted & (self.size - 1)
        while self.digests[place] not in (0, wanted):
            place = (place + 1) & (self.size - 1)
        return place

    def _add(self, wanted: int, row: int) -> None:
        place = self._place(wanted)
        if self.digests[place] == 0:
            self.count += 1
        self.digests[place], self.rows[place] = wanted, row
        if self.count * 2 > self.size:
            self._grow()

    def _grow(self) -> None:
        digests, rows = self.digests, self.rows
        self.size *= 2
        self._clear()
        for each, row in zip(digests, rows, strict=True):
            if each:
                place = self._place(each)
                self.digests[place], self.rows[place] = each, row


def digest(key: str) -> int:
    """A 64-bit digest, never 0."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") or 1
