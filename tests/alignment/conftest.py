"""A world with a case for every number."""

from __future__ import annotations

import pytest

from tests.alignment.made import make_world
from tests.factories import Cast
from tests.harness.remembered import Remembered

remembered = Remembered(make_world)


@pytest.fixture
def world(db: None) -> Cast:
    """The cast, in March 2026."""
    made: Cast = remembered()
    return made
