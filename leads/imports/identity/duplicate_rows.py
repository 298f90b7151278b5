"""Detect duplicate rows within a file.

The keys of all rows are kept as digests of 64 bits with the number of the row that had them first,
12 bytes each. A dict of 200,000 rows with three keys each takes 50 MB, this table 12 to 25.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from leads.imports.readings import (
    EMAIL,
    EXTENSION,
    EXTERNAL_ID,
    NAME,
    PHONE,
    Reading,
    fingerprint,
)
from leads.records.identity.rules import Field, Identity, keys_to_find, keys_to_keep

# A power of two: a place is the digest under a mask.
FIRST_SIZE = 1 << 12
DIGEST_SIZE = 8  # bytes


# The number of a row takes the lower bits of four bytes, and what it is the upper ones.
ROW_BITS = 28
ROW_MASK = (1 << ROW_BITS) - 1
# In this order: the codes are stored with an import that waits to be carried out.
FIELDS = (None, Field.WHOLE_ROW, Field.EXTERNAL_ID, Field.EMAIL, Field.PHONE)
NOT_THE_SAME = len(FIELDS)


@dataclass(frozen=True)
class EarlierRow:
    """An earlier row of a file that a row repeats, by ``field``.

    With ``is_same`` False it is another person with the same phone.
    """

    row: int
    field: Field | None = None
    is_same: bool = True

    def packed(self) -> int:
        """Return the earlier row as one number of four bytes."""
        code = FIELDS.index(self.field)
        if not self.is_same:
            code = NOT_THE_SAME
        return code << ROW_BITS | self.row

    @staticmethod
    def unpacked(number: int) -> EarlierRow | None:
        """Return the row of :meth:`packed`; of 0 none."""
        row = number & ROW_MASK
        code = number >> ROW_BITS
        if not row:
            return None
        if code == NOT_THE_SAME:
            return EarlierRow(row, Field.PHONE, is_same=False)
        return EarlierRow(row, FIELDS[code])


def identity_of(reading: Reading, system: str) -> Identity:
    """Return what a row is known by; its external id is one of ``system``."""
    external_id = reading.get(EXTERNAL_ID, "")
    return Identity(
        name=reading.get(NAME, ""),
        email=reading.get(EMAIL, ""),
        phone=reading.get(PHONE, ""),
        extension=reading.get(EXTENSION, ""),
        system=system if external_id else "",
        external_id=external_id,
    )


class Rows:
    """The rows of a file so far, by who they are."""

    def __init__(self, system: str) -> None:
        self.system = system
        self.keys = DuplicateRows()

    def earlier(self, reading: Reading) -> EarlierRow | None:
        """Return the earlier row that ``reading`` repeats; remember it where there is none."""
        identity = identity_of(reading, self.system)
        known = self._known(identity) or self._equal(reading, identity)
        if known is None or not known.is_same:
            self.keys.add(keys_to_keep(identity), reading.row.number)
        return known

    def _known(self, identity: Identity) -> EarlierRow | None:
        for verdict, key in keys_to_find(identity):
            row = self.keys.first(key)
            if row:
                return EarlierRow(row, verdict.field, verdict.is_same)
        return None

    def _equal(self, reading: Reading, identity: Identity) -> EarlierRow | None:
        """Return an earlier row with the same cells, for a row that nothing else identifies."""
        if identity.external_id or identity.email or identity.phone:
            return None
        key = fingerprint(reading.parsed)
        row = self.keys.first(key)
        if row:
            return EarlierRow(row, Field.WHOLE_ROW)
        self.keys.add([key], reading.row.number)
        return None


class DuplicateRows:
    """A hash table with open addressing, in two arrays. Digest 0 marks an empty place."""

    def __init__(self) -> None:
        self.count = 0
        self.size = FIRST_SIZE
        self._clear()

    def _clear(self) -> None:
        self.digests = array("Q", bytes(8 * self.size))
        self.rows = array("I", bytes(4 * self.size))

    def first(self, key: str) -> int:
        """Return the number of the first row with ``key``, 0 for none."""
        return self.rows[self._place(digest(key))]

    def add(self, keys: Iterable[str], row: int) -> None:
        """Remember ``keys`` as those of ``row``, except those that an earlier row has."""
        for key in keys:
            wanted = digest(key)
            if not self.rows[self._place(wanted)]:
                self._add(wanted, row)

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
