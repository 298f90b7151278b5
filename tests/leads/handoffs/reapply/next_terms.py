"""The next version of the agreement, and what re-applying it changes.

Handed off on Monday at 10:00, to be accepted by 12:00; accepted at 10:20, contact due at 14:20.
Office hours 9 to 17.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.accounts.models import User
from leads.handoffs.reapply import reapply
from leads.models import Handoff
from sla.models import AgreementVersion
from tests import factories
from tests.factories import Cast, when
from tests.terms import ACCEPT, COMMITMENTS, FIRST_CONTACT

ELEVEN = when("2026-03-02 11:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock").get(pk=handoff.pk)


def due(handoff: Handoff) -> datetime:
    clock = stored(handoff).clock
    assert clock is not None
    return clock.due_at


def agreed(
    cast: Cast, *, accept: int = 120, contact: int = 240, at: datetime = ELEVEN, **steps: Any
) -> AgreementVersion:
    """The next version of the agreement, in force: minutes to accept and to the first contact."""
    ladder = [step for step in FIRST_CONTACT["steps"] if -step[1] <= contact]
    promises = [
        {**ACCEPT, "window_minutes": accept, **steps},
        {**FIRST_CONTACT, "window_minutes": contact, "steps": ladder},
        *COMMITMENTS[2:],
    ]
    parent = cast.agreement.agreement
    return factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=parent, at=at, commitments=promises
    )


def planned(by: User, at: datetime = ELEVEN) -> list[tuple[str, tuple[str, ...]]]:
    return [(line.outcome.value, line.why) for line in reapply.preview(by=by, at=at).changes]


def applied(by: User, at: datetime = ELEVEN) -> reapply.Applied:
    return reapply.apply(reapply.preview(by=by, at=at).token, by=by, at=at)
