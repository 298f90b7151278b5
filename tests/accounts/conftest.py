"""People who ask over the API."""

from __future__ import annotations

from tests.api.caller import caller  # noqa: F401
