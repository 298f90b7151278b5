"""People who ask over the API, and ways to take a lock away."""

from __future__ import annotations

from tests.api.caller import caller  # noqa: F401
from tests.races.conftest import without  # noqa: F401
