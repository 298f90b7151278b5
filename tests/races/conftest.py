"""Races need committed rows and connections of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.races.parallel import Without


def execute(statement: str) -> Any:
    """Run one statement; its first value, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


@pytest.fixture
def without(transactional_db: None) -> Iterator[Without]:
    taken = Without(execute)
    yield taken
    taken.restore()
