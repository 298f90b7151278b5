"""The present of agreement and calendars: a draft under discussion, and holidays."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from crm.demo.people import OFFICE_CALENDAR, ZONE, Cast
from crm.lib import clock
from sla.agreements import comments, drafts
from sla.calendars import special_days
from sla.models import AgreementVersion, Calendar
from sla.states import StepKind

HOLIDAYS = (
    (1, 1, "Año Nuevo"),
    (5, 1, "Día del Trabajo"),
    (9, 16, "Independencia"),
    (12, 25, "Navidad"),
)
CHRISTMAS_EVE = "Nochebuena"
CHRISTMAS_EVE_HOURS = (9 * 60, 13 * 60)
YEAR_END = "Sábado de cierre de año"  # the office opens once on a day on which it never does
YEAR_END_HOURS = (10 * 60, 14 * 60)
YEARS = 3

SHORT_LADDER = [
    (StepKind.WARN, -15),
    (StepKind.BREACH, 0),
    (StepKind.NOTIFY_TEAM_LEAD, 15),
    (StepKind.REQUEUE, 30),
]
ASK = "Quien pide una demo espera respuesta el mismo día. ¿Podemos prometer una hora?"
AGREE = "Sí, si llegan con teléfono. Lo puse como compromiso aparte para las demos."
CAPACITY = "Con el turno de tarde podemos trabajar 80 al mes."
CAP = "Veinticinco abiertos por persona me parece el máximo razonable."


def note_holidays(cast: Cast, *, at: datetime) -> None:
    """Note the holidays of the office from today on.

    The recorded past has none, because it moves by weeks and holidays do not.
    """
    calendar = Calendar.objects.get(name=OFFICE_CALENDAR)
    today = clock.local_date(at, ZONE)
    years = range(today.year, today.year + YEARS)
    closed = {date(year, month, day): name for year in years for month, day, name in HOLIDAYS}
    coming = {on: name for on, name in closed.items() if on >= today}
    special_days.copy_holidays(calendar, coming, by=cast.dora, at=at)
    for year in years:
        days = (
            (date(year, 12, 24), CHRISTMAS_EVE, CHRISTMAS_EVE_HOURS),
            (_second_saturday_of_december(year), YEAR_END, YEAR_END_HOURS),
        )
        for on, name, hours in days:
            if on >= today:
                special_days.set_day(
                    calendar,
                    on,
                    name,
                    [hours],
                    by=cast.dora,
                    at=at,
                )


def _second_saturday_of_december(year: int) -> date:
    first = date(year, 12, 1)
    return first + timedelta(days=7 + (5 - first.weekday()) % 7)


def write_draft(cast: Cast, *, at: datetime) -> None:
    """Write a draft of the next agreement, which both sides have discussed for two days."""
    begun = at - timedelta(days=2)
    draft = drafts.renew(cast.agreement, by=cast.dora, at=begun)
    promises = drafts.commitments_of(draft)
    fast = {
        **promises[0],
        "window_minutes": 60,
        "conditions": {"actions": ["asked_for_demo"]},
        "steps": SHORT_LADDER,
    }
    drafts.edit(
        draft,
        by=cast.dora,
        at=begun,
        seen=0,
        commitments=[promises[0], fast, *promises[1:]],
        capacity=80,
        rep_cap=25,
        renew_by=clock.local_date(at, ZONE) + timedelta(days=180),
    )
    _discuss(draft, cast, begun=begun)


def _discuss(draft: AgreementVersion, cast: Cast, *, begun: datetime) -> None:
    def later(hours: int) -> datetime:
        return begun + timedelta(hours=hours)

    comments.add(draft, "sales", ASK, by=cast.luis, at=later(1))
    question = draft.comments.get()
    comments.add(
        draft,
        "sales",
        AGREE,
        by=cast.dora,
        at=later(3),
        answers=question,
    )
    comments.add(draft, "capacity", CAPACITY, by=cast.dora, at=later(4))
    comments.add(draft, "rules", CAP, by=cast.elsa, at=later(20))
