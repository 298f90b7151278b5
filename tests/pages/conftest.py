"""The cast as a new organisation has it, at a moment that stands still."""

from __future__ import annotations

import pytest

from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.remembered import Remembered

newcomers = Remembered(factories.cast_of_a_new_organisation)


@pytest.fixture
def cast(moment: Moment) -> Cast:
    """Everybody, reading Spanish, with the catalogues, the persona and the agreement to begin with."""
    found: Cast = newcomers()
    return found
