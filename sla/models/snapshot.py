"""What a clock or a handoff was judged by: texts that are stored once and never change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

from crm.lib.db.json_snapshot import parsed

Hash = bytes | memoryview  # a view equals, and hashes as, the bytes that it shows

# A stored body never changes, so a process may keep it; many more than are in use at a time.
REMEMBERED = 512
_bodies: dict[Hash, Any] = {}


class HashField(models.BinaryField):
    """A SHA-256 digest as bytes, which the driver returns as a memory view."""

    def deconstruct(self) -> Any:
        # For the database it is an ordinary field, so migrations do not name this class.
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.BinaryField", args, options

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else bytes(value)


class SnapshotReference(models.ForeignKey["Snapshot", "Snapshot"]):
    """The hash of the snapshot that a row carries. Never changed or removed, so without an index.

    Only :meth:`SnapshotQuerySet.body` reads what it refers to.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options |= {"to": "sla.Snapshot", "on_delete": models.PROTECT}
        super().__init__(*args, **options | {"related_name": "+", "db_index": False})

    def deconstruct(self) -> Any:
        # As above.
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, options


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def body(self, key: Hash) -> Any:
        """Return the JSON value with the hash ``key``. It is shared, and refuses changes."""
        if key not in _bodies:
            self.load([key])
        return _bodies[key]

    def load(self, keys: Iterable[Hash]) -> None:
        """Fetch the bodies among ``keys`` that this process does not have, in one query."""
        missing = {key for key in keys if key not in _bodies}
        if missing:
            rows = self.filter(hash__in=missing)
            for key, text in rows.values_list("hash", "body"):
                remember(key, text)


def remember(key: Hash, text: str) -> None:
    """Keep the body ``text`` with the hash ``key`` in this process."""
    if len(_bodies) >= REMEMBERED:
        # One at a time, the oldest first: other threads read meanwhile.
        _bodies.pop(next(iter(list(_bodies))), None)
    _bodies[key] = parsed(text)


class Snapshot(models.Model):
    """A JSON text under its own hash: whoever knows the hash can prove what the text was.

    Policies, calendars and ladders refer to it. It holds no personal data, so that erasing a
    person never touches it.
    """

    hash = HashField(primary_key=True)
    body = models.TextField()

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    hash=Func(
                        Func(F("body"), Value("UTF8"), function="convert_to"),
                        function="sha256",
                        output_field=models.BinaryField(),
                    )
                ),
                name="snapshot_hash_is_of_body",
            ),
            # Equal values have one text, and with it one row.
            models.CheckConstraint(
                condition=Q(body=Cast(Cast("body", models.JSONField()), models.TextField())),
                name="snapshot_is_canonical",
            ),
        ]

    def __str__(self) -> str:
        return self.hash.hex()
