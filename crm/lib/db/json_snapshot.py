"""JSON that is written once and read often: the calendar and the terms that a clock carries."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.db import models


class Snapshot(dict[str, Any]):
    """A JSON object as it came from the database.

    Equal texts share one object, so it must never be changed.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]


class SnapshotField(models.JSONField):
    """A JSONField that parses equal texts once.

    A page of 50 clocks carries the same calendar 50 times.
    """

    def deconstruct(self) -> Any:
        # For the database it is an ordinary JSONField, so migrations do not name this class.
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if isinstance(value, str) and value.startswith("{"):
            return parsed(value)
        return super().from_db_value(value, expression, connection)


@lru_cache(maxsize=512)
def parsed(text: str) -> Snapshot:
    """Return the JSON object in ``text``."""
    return Snapshot(json.loads(text))
