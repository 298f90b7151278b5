"""A clock of the shared agreement on a subject that is no lead."""

from __future__ import annotations

from typing import Any

import pytest

from personas.models import PersonaVersion
from sla.agreements.policies import policy_for
from sla.clocks import clocks
from sla.models import Clock
from tests.factories import Cast, when


@pytest.fixture
def terms(cast: Cast) -> dict[str, Any]:
    return policy_for(cast.agreement, cast.sales, facts={})


@pytest.fixture
def subject(cast: Cast) -> PersonaVersion:
    """Anything with a name and a number: clocks do not know what a lead is."""
    return cast.persona


@pytest.fixture
def clock(cast: Cast, subject: PersonaVersion, terms: dict[str, Any]) -> Clock:
    """Two business hours from Monday 10:00: due at 12:00."""
    started = clocks.start(subject, "accept", terms, team=cast.sales, at=when("2026-03-02 10:00"))
    assert started is not None
    return started
