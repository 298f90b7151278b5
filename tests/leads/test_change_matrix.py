"""What becomes of a clock that runs when something changes under it: the change matrix of the help
topic "clocks".

Each row of it is one test here, named by the row. Handed off on Monday 2 March at 10:00: accept by
12:00. Accepted by Bea at 10:20: contact by 14:20. Contacted at 11:00: SQL decision by Wednesday at
11:00. Monday to Friday, 9 to 17.

row                   | the lead's clock                     | whoever answers for it
undone                | as if never stopped                  | –
requeued              | ends; a new one to accept            | late only if their time was over
reassigned            | goes on                              | the whole time anew
paused-reassigned     | stays paused                         | anew from the end of the pause
paused-holiday        | deadline moves by working time       | moves along
paused-outage         | over on time, whoever was down       | moves along
other-team            | cancelled; a new handoff, a new one  | –
new-agreement         | goes on as it was agreed             | goes on
calendar-edited       | goes on in the hours of its start    | goes on
holiday-added         | goes on                              | goes on
exception-added       | goes on                              | goes on
zone-changed          | goes on                              | goes on
summer-time           | counted on the wall clock            | –
reapplied             | counted anew, never into the past    | counted anew
source-corrected      | goes on                              | goes on
persona-changed       | goes on, judged by the same version  | goes on
person-deactivated    | goes on                              | the whole time anew for the heir
person-away           | goes on                              | goes on
noted-late            | judged by when it happened           | judged by when it happened
contacts-out-of-order | the earliest counts                  | the earliest counts
in-time-after-breach  | met after all; the ledger stays      | kept after all
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from crm import tasks
from crm.accounts import leaves
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import pauses, undo
from leads.handoffs.reapply import reapply
from leads.models import Handoff, Lead
from leads.staff import access
from personas import personas
from sla.models import Calendar, Clock, Firing, Holiday, Pause
from tests import factories, terms
from tests.conftest import Moment
from tests.factories import Cast, pause_reason, when
from tests.sources import ROOT
from tests.terms import COMMITMENTS, FIRST_CONTACT

NOON = when("2026-03-02 12:00")
DUE = when("2026-03-02 14:20")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock").get(pk=handoff.pk)


def clock_of(handoff: Handoff, metric: str = "first_contact") -> Clock:
    return Clock.objects.filter(subject_id=handoff.pk, metric=metric).order_by("-id")[0]


def goes_on(handoff: Handoff) -> bool:
    """Whether the contact clock runs as it was started."""
    clock = clock_of(handoff)
    return (clock.state, clock.due_at, clock.assigned_due_at) == ("running", DUE, DUE)


def newer(cast: Cast, minutes: int) -> None:
    """A second version of the agreement, with another time to the first contact."""
    promises = [COMMITMENTS[0], {**FIRST_CONTACT, "window_minutes": minutes}, *COMMITMENTS[2:]]
    parent = cast.agreement.agreement
    factories.agreement(
        cast.calendar,
        marketing=cast.luis,
        sales=cast.dora,
        of=parent,
        at=NOON,
        commitments=promises,
    )


# -- Somebody acts on the handoff


def test_undone(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    undo.undo(stored(handoff), by=cast.bea, at=when("2026-03-02 10:20:09"))
    accept = clock_of(handoff, "accept")
    assert (accept.state, accept.due_at, clock_of(handoff).state) == ("running", NOON, "cancelled")


def test_requeued(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=cast.dora, at=NOON, cause="by hand")
    contact, accept = clock_of(handoff), clock_of(handoff, "accept")
    assert (contact.state, contact.assigned_met) == ("cancelled", None)
    assert (accept.state, accept.due_at) == ("running", when("2026-03-02 14:00"))


def test_reassigned(cast: Cast) -> None:
    handoff = handoffs.reassign(factories.accepted(cast), cast.cruz, by=cast.dora, at=NOON)
    clock = clock_of(handoff)
    assert (clock.due_at, clock.accountable, clock.assigned_due_at) == (
        DUE,
        cast.cruz,
        when("2026-03-02 16:00"),
    )


def test_paused_reassigned(cast: Cast) -> None:
    handoff, until = factories.accepted(cast), when("2026-03-03 10:00")
    pauses.pause(stored(handoff), pause_reason(), until=until, by=cast.bea, at=NOON)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=when("2026-03-02 13:00"))
    clock = clock_of(handoff)
    assert (clock.state, clock.paused_until, clock.due_at) == (
        "paused",
        until,
        when("2026-03-03 12:20"),
    )
    assert clock.assigned_due_at == when("2026-03-03 14:00")


def test_paused_holiday(cast: Cast) -> None:
    """Paused from Monday 12:00 to Wednesday 10:00 over a Tuesday off: 5 h and 1 h, not 14."""
    Holiday.objects.create(calendar=cast.calendar, on="2026-03-03", name="Día libre")
    handoff = factories.accepted(cast)
    pauses.pause(
        stored(handoff), pause_reason(), until=when("2026-03-04 10:00"), by=cast.bea, at=NOON
    )
    assert clock_of(handoff).due_at == when("2026-03-04 12:20")


def test_paused_outage(cast: Cast, moment: Moment) -> None:
    handoff, until = factories.accepted(cast), when("2026-03-03 10:00")
    pauses.pause(stored(handoff), pause_reason(), until=until, by=cast.bea, at=NOON)
    moment.set("2026-03-03 11:00")
    tasks.sweep()
    assert (Pause.objects.get().ended_at, clock_of(handoff).due_at) == (
        until,
        when("2026-03-03 12:20"),
    )


def test_other_team(cast: Cast) -> None:
    """A lead goes to another team by being withdrawn and handed off again."""
    handoff = factories.handed_off(cast)
    handoffs.withdraw(handoff, by=cast.ana, at=when("2026-03-02 11:00"))
    again = factories.handed_off(cast, of=handoff.lead, to=cast.other_sales, at=NOON)
    first, second = clock_of(handoff, "accept"), clock_of(again, "accept")
    assert (first.state, second.team, second.due_at) == (
        "cancelled",
        cast.other_sales,
        when("2026-03-02 14:00"),
    )


# -- Terms and calendars change


def test_new_agreement(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    newer(cast, 60)
    assert goes_on(handoff)
    assert stored(handoff).agreement_version == cast.agreement


def test_calendar_edited(cast: Cast) -> None:
    own = factories.office("Ventas", team=cast.sales)
    handoff = factories.accepted(cast)
    own.windows.update(closes=13 * 60)
    assert goes_on(handoff)


def test_holiday_added(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    Holiday.objects.create(calendar=cast.calendar, on="2026-03-02", name="Día libre")
    assert goes_on(handoff)


def test_exception_added(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    Holiday.objects.create(
        calendar=cast.calendar, on="2026-03-02", name="Media jornada", opens=540, closes=780
    )
    assert goes_on(handoff)


def test_zone_changed(cast: Cast) -> None:
    own = factories.office("Ventas", team=cast.sales)
    handoff = factories.accepted(cast)
    Calendar.objects.filter(pk=own.pk).update(time_zone="America/Bogota")
    assert goes_on(handoff)


def test_summer_time(cast: Cast) -> None:
    """Madrid puts its clocks forward on Sunday 29 March: Friday 16:00 and 2 h are Monday 10:00
    there, 8:00 UTC.
    """
    factories.office("Madrid", "Europe/Madrid", team=cast.sales)
    handoff = factories.handed_off(cast, at=when("2026-03-27 16:00+01:00"))
    assert clock_of(handoff, "accept").due_at == when("2026-03-30 08:00+00:00")


@pytest.mark.parametrize(
    ("minutes", "due"),
    [(480, when("2026-03-03 10:20")), (110, when("2026-03-02 12:10")), (60, DUE)],
)
def test_reapplied(cast: Cast, minutes: int, due: object) -> None:
    """At noon: 8 h and 110 min lie ahead; 60 min would have been over at 11:20, so the
    clock stays.
    """
    handoff = factories.accepted(cast)
    newer(cast, minutes)
    reapply.apply(reapply.preview(by=cast.dora, at=NOON).token, by=cast.dora, at=NOON)
    clock = clock_of(handoff)
    assert (clock.state, clock.due_at, clock.assigned_due_at) == ("running", due, due)
    assert stored(handoff).agreement_version == cast.agreement


def test_source_corrected(cast: Cast) -> None:
    """Another commitment would hold for an event; what was agreed when it was handed off counts."""
    quick = {**FIRST_CONTACT, "window_minutes": 60, "conditions": {"sources": ["event"]}}
    parent = cast.agreement.agreement
    promises = [*COMMITMENTS, quick]
    factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=parent, commitments=promises
    )
    handoff = factories.accepted(cast)
    Lead.objects.update(source=factories.source("event"))
    assert goes_on(handoff)


# -- People and personas change


def test_persona_changed(cast: Cast) -> None:
    handoff, persona = factories.accepted(cast), cast.persona.persona
    personas.publish_version(persona, cast.persona.content, [terms.SIZE], by=cast.luis, at=NOON)
    assert goes_on(handoff)
    assert stored(handoff).persona_version == cast.persona


def test_person_deactivated(cast: Cast) -> None:
    handoff, parcel = factories.accepted(cast), f"{cast.sales.pk}-new"
    access.deactivate(cast.bea, heirs={parcel: cast.cruz}, by=cast.root, at=NOON)
    clock = clock_of(handoff)
    assert (clock.due_at, clock.accountable, clock.assigned_due_at) == (
        DUE,
        cast.cruz,
        when("2026-03-02 16:00"),
    )


def test_person_away(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    leaves.take(cast.bea, date(2026, 3, 2), date(2026, 3, 6), by=cast.dora, at=NOON)
    assert goes_on(handoff)


# -- What happened is learnt of late


def test_noted_late(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    attempts.record(
        handoff,
        "phone",
        outcome="reached",
        by=cast.bea,
        at=when("2026-03-02 16:00"),
        happened_at=DUE,
    )
    clock = clock_of(handoff)
    assert (clock.state, clock.stopped_at, clock.assigned_met) == ("met", DUE, True)


def test_contacts_out_of_order(cast: Cast) -> None:
    handoff, at, eleven = (
        factories.accepted(cast),
        when("2026-03-02 15:00"),
        when("2026-03-02 11:00"),
    )
    attempts.record(handoff, "phone", outcome="reached", by=cast.bea, at=at)
    attempts.record(handoff, "email", outcome="reached", by=cast.bea, at=at, happened_at=eleven)
    clock = clock_of(handoff)
    assert (clock.state, clock.stopped_at, clock.assigned_met) == ("met", eleven, True)
    assert (stored(handoff).contacted_at, clock_of(handoff, "sql_decision").started_at) == (
        eleven,
        eleven,
    )


def test_in_time_after_breach(cast: Cast, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    for time in ("13:20:01", "14:20:01"):
        at = moment.set(f"2026-03-02 {time}")
        tasks.sweep()
    assert clock_of(handoff).state == "breached"
    attempts.record(
        handoff,
        "phone",
        outcome="reached",
        by=cast.bea,
        at=at,
        happened_at=when("2026-03-02 14:00"),
    )
    assert (clock_of(handoff).state, Firing.objects.filter(kind="breach").count()) == ("met", 1)


# -- The matrix is written down three times


def rows_here() -> list[str]:
    return re.findall(r"^([a-z-]+) +\|", __doc__ or "", re.MULTILINE)[1:]


def rows_of(path: Path) -> list[str]:
    return re.findall(r'<div id="([a-z-]+)">', path.read_text(encoding="utf-8"))


def test_help_and_tests_know_the_same_rows() -> None:
    rows, told = (
        rows_here(),
        [rows_of(ROOT / "crm" / "docs" / language / "clocks.html") for language in ("en", "es")],
    )
    assert told == [rows, rows]
    assert [row for row in rows if f"test_{row.replace('-', '_')}" not in globals()] == []
