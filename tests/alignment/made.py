"""Leads with literal dates, and the numbers of a period."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from crm.alignment.numbers.scope import Period, Scope
from leads import handoffs
from leads.models import Handoff, Lead, Person, Source
from leads.qualification import overrides
from leads.states import MILESTONES, Stage
from sla.models import Outage
from tests import factories
from tests.factories import ZONE, Cast, when

NOW = when("2026-03-31 12:00")


def seen(on: str, *, source: str | None = None, **dates: str) -> Lead:
    """A lead first seen ``on`` that reached stages on ``dates`` (won="2026-03-09"); made directly,
    as an import is.
    """
    reached = [stage for stage in MILESTONES if stage in dates]
    return Lead.objects.create(
        person=Person.objects.create(name=f"Persona {Person.objects.count() + 1}"),
        source=Source.objects.get(code=source) if source else None,
        stage=reached[-1] if reached else Stage.CAPTURED,
        first_seen_on=date.fromisoformat(on),
        is_imported=True,
        **{f"{stage}_on": date.fromisoformat(day) for stage, day in dates.items()},
    )


def scope(
    begins: str = "2026-03-01", ends: str = "2026-03-31", *, at: datetime = NOW, **more: Any
) -> Scope:
    """March 2026 in Mexico City, looked at on its last day at noon."""
    period = Period(date.fromisoformat(begins), date.fromisoformat(ends))
    return Scope(period, more.pop("zone", ZONE), at, **more)


def decided(cast: Cast, accepted_at: str, *, handed_off_at: str = "2026-03-02 10:00") -> Handoff:
    """Handed off and accepted by Bea."""
    handoff = factories.handed_off(cast, at=when(handed_off_at))
    return handoffs.accept(handoff, by=cast.bea, at=when(accepted_at))


def fill_march(cast: Cast) -> None:
    """A case for every number in March 2026."""
    seen("2026-03-05", mql="2026-03-05", won="2026-03-01", source="event")
    seen("2026-03-05", opportunity="2026-03-06")
    factories.won(cast)
    factories.rejected(cast)
    factories.withdrawn(cast)
    factories.handed_off(cast)
    small = factories.lead(cast, company={"employees": 9})
    overrides.override(
        small, cast.persona, "size", reason="Grows", by=cast.ana, at=factories.LOGGED_AT
    )
    factories.handed_off(cast, of=small)
    factories.handed_off(cast, at=when("2026-03-31 11:30"), from_source="event")
    Outage.objects.create(started_at=when("2026-03-05 11:00"), ended_at=when("2026-03-05 11:30"))
    decided(cast, "2026-03-05 13:00", handed_off_at="2026-03-05 10:00")
    again = factories.lead(cast, from_source="event")
    factories.prove(again, by=cast.ana)
    # Another rep each time: who rejected a lead does not decide on it again.
    for day, rep in (("2026-03-10", cast.bea), ("2026-03-12", cast.cruz)):
        handoff = factories.handed_off(cast, of=again, at=when(f"{day} 10:00"))
        handoffs.reject(handoff, factories.rejection(), by=rep, at=when(f"{day} 10:30"))


def make_world() -> Cast:
    """The cast, and March 2026 with a case for every number."""
    cast = factories.cast()
    fill_march(cast)
    return cast
