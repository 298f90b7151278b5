"""Django's cache in the table relevo_cache, with values as JSON.

Django's own backend for a table stores pickles: whoever can write a row there runs code in every
web process. JSON holds data only. The database's clock says when a value is over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

TIDIED = 20  # values that are over are deleted by each write, up to so many

GET = """
    SELECT cache_key, value FROM relevo_cache
    WHERE cache_key = ANY(%s) AND expires > relevo_now()
"""
# Null seconds: until it is deleted.
PUT = """
    INSERT INTO relevo_cache AS kept (cache_key, value, expires)
    VALUES (%s, %s, coalesce(relevo_now() + %s * interval '1 second', 'infinity'))
    ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""
ONLY_NEW = "WHERE kept.expires <= relevo_now()"
TOUCH = """
    UPDATE relevo_cache
    SET expires = coalesce(relevo_now() + %s * interval '1 second', 'infinity')
    WHERE cache_key = %s AND expires > relevo_now()
"""
TIDY = """
    DELETE FROM relevo_cache WHERE cache_key IN (
        SELECT cache_key FROM relevo_cache WHERE expires <= relevo_now()
        LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


class JsonCache(BaseCache):
    """Values that JSON knows: texts, numbers, lists, dicts, true, false and null."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.get_many([key], version).get(key, default)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        by_stored = {self.make_and_validate_key(key, version=version): key for key in keys}
        with connection.cursor() as cursor:
            cursor.execute(GET, [list(by_stored)])
            return {by_stored[stored]: json.loads(value) for stored, value in cursor.fetchall()}

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._put(PUT, key, value, timeout, version)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Set a value unless there is one, as one statement; return whether there was none."""
        return self._put(f"{PUT} {ONLY_NEW}", key, value, timeout, version)

    def _put(self, put: str, key: str, value: Any, timeout: Any, version: int | None) -> bool:
        stored = self.make_and_validate_key(key, version=version)
        with connection.cursor() as cursor:
            cursor.execute(put, [stored, json.dumps(value), self._seconds(timeout)])
            is_written = cursor.rowcount == 1
            cursor.execute(TIDY, [TIDIED])
        return is_written

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        stored = self.make_and_validate_key(key, version=version)
        return self._execute(TOUCH, [self._seconds(timeout), stored]) == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        stored = self.make_and_validate_key(key, version=version)
        return self._execute("DELETE FROM relevo_cache WHERE cache_key = %s", [stored]) == 1

    def clear(self) -> None:
        self._execute("DELETE FROM relevo_cache", [])

    def _seconds(self, timeout: Any) -> float | None:
        return self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout

    def _execute(self, statement: str, values: list[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.rowcount
