"""Keep the bodies of snapshots; ``Snapshot.objects.body`` reads them.

Policies of handoffs, calendars and ladders of clocks: many rows refer to few bodies.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from crm.lib.db.json_snapshot import SharedObject, canonical
from sla.models.snapshot import REMEMBERED, Hash, Snapshot, remember

_committed: set[Hash] = set()


class _Waiting:
    """Remembers that the snapshot ``key`` is stored, when its transaction is committed."""

    def __init__(self, key: Hash) -> None:
        self.key = key

    def __call__(self) -> None:
        _committed.add(self.key)


def keep(value: Any) -> bytes:
    """Store ``value`` unless an equal one is stored, and return its hash."""
    if isinstance(value, SharedObject):
        key, text = _hashed_once(value)
    else:
        key, text = _hashed(value)
    if not _is_stored(key):
        # Of two at once, the second waits for the first and then inserts nothing.
        Snapshot.objects.bulk_create([Snapshot(hash=key, body=text)], ignore_conflicts=True)
        transaction.on_commit(_Waiting(key))
        remember(key, text)
    return key


def forget_stored() -> None:
    """Forget which snapshots are in the database: for tests, which empty it."""
    _committed.clear()


def _is_stored(key: Hash) -> bool:
    if key in _committed:
        return True
    # Django drops a hook when the savepoint or the transaction with the row is rolled back.
    hooks = (entry[1] for entry in connection.run_on_commit)
    return any(isinstance(hook, _Waiting) and hook.key == key for hook in hooks)


def _hashed(value: Any) -> tuple[bytes, str]:
    text = canonical(value)
    return hashlib.sha256(text.encode()).digest(), text


@lru_cache(maxsize=REMEMBERED)
def _hashed_once(value: SharedObject) -> tuple[bytes, str]:
    return _hashed(value)
