"""Statements that lists, counters and numbers rely on, and the indexes that answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from crm.alignment.numbers import slices
from crm.alignment.numbers.scope import Period, Scope
from crm.lib import clock
from crm.notifications.models import Notice
from leads.desks import team
from leads.follow_up import next_steps, own_leads, reminders
from leads.handoffs import test_lead
from leads.handoffs.queue import counters
from leads.lists import owners
from leads.lists.leads import lead_list
from leads.models import Decision, Event, Handoff, Lead
from leads.models.handoff import STANDING
from leads.records import search
from leads.returns import recycling
from leads.states import DecisionKind, EventKind
from leads.views.desks.mine import OWN_RECORD_SPAN
from sla.clocks import assignments
from sla.models import Clock
from tests import factories
from tests.bench.cases import PAGE
from tests.bench.crowds.crowd import Crowd

NO_ACCEPTS = team.Accepts({}, {})


@dataclass(frozen=True)
class Planned:
    """``ask`` runs the statements; their plans use all of ``indexes`` and none of ``without``.

    ``whole``: tables that may not be read from end to end.
    """

    name: str
    ask: Callable[[], object]
    indexes: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def plans(crowd: Crowd) -> Iterator[Planned]:
    """Every question whose plan is checked."""
    at = clock.now()
    yield from _counters(crowd, at)
    yield from _owners(crowd, at)
    for index, rows in _lists(crowd, at).items():
        yield Planned(index, lambda rows=rows: list(rows[:PAGE]), (index,))  # type: ignore[misc]
    yield Planned("newest test lead", test_lead.current, ("lead_not_counted",))
    quarter = Scope(Period(at.date() - timedelta(days=90), at.date()), factories.ZONE, at)
    yield Planned(
        "size of a drill-down",
        lambda: slices.count(quarter, "handed"),
        ("handoff_submitted", "lead_not_counted"),
        ("leads_lead", "leads_handoff"),
    )
    yield from _searches(crowd, at)
    yield Planned(
        "list of a drill-down",
        lambda: list(slices.rows(quarter, "handed").order_by("-lead__first_seen_on", "-pk")[:PAGE]),
        ("lead_newest",),
        ("leads_lead", "leads_handoff", "leads_return"),
    )
    yield from _sweeps(at)
    yield from _desks(crowd, at)


def _sweeps(at: datetime) -> Iterator[Planned]:
    """What is asked every few seconds, and mostly finds nothing."""
    yield Planned(
        "leads in work without a step",
        lambda: next_steps.fill(at=at),
        ("handoff_one_open_per_lead",),
        ("leads_handoff",),
    )
    yield Planned("reminders", lambda: reminders.remind_due(at=at), ("planned_step_to_remind",))
    yield Planned("waking", lambda: recycling.wake_due(at=at), ("parking_to_wake",))


def _desks(crowd: Crowd, at: datetime) -> Iterator[Planned]:
    until = at + timedelta(days=1)
    yield Planned(
        "sizes of the tabs of a rep with many leads",
        lambda: own_leads.sizes(crowd.busy, at=at, until=until),
        ("planned_step_one_open",),
        ("leads_handoff", "leads_plannedstep", "sla_clock"),
    )
    yield Planned(
        "first page of a rep with many leads",
        lambda: own_leads.first_page(crowd.busy, "all", at=at, until=until, size=PAGE),
        ("planned_step_one_open",),
        ("leads_handoff", "leads_plannedstep", "sla_clock"),
    )
    yield Planned(
        "own record of a rep with many leads",
        lambda: assignments.own_record(crowd.busy, since=at - OWN_RECORD_SPAN, at=at),
        ("clock_of_person",),
        ("sla_clock",),
    )
    people = list(crowd.sales_lead.memberships_now)
    teams = [member.team for member in people]
    yield Planned(
        "people of a team",
        lambda: team.colleagues(teams, NO_ACCEPTS, at=at),
        ("return_open_of_team",),
        ("leads_handoff", "leads_plannedstep", "sla_clock"),
    )


def _counters(crowd: Crowd, at: datetime) -> Iterator[Planned]:
    pending = {
        "rep": ("handoff_pending_of_team", "handoff_of_owner"),
        "marketing": ("handoff_pending_brought",),
        "director": ("handoff_pending", "handoff_pending_due"),
    }
    people = {"rep": crowd.rep, "marketing": crowd.marketer, "director": crowd.director}
    for who, indexes in pending.items():
        yield Planned(
            f"counters · {who}",
            lambda who=who: counters.counts(people[who], at=at),  # type: ignore[misc]
            indexes,
            ("leads_handoff", "sla_clock"),
        )
    yield Planned(
        "tabs · rep",
        lambda: counters.tab_counts(crowd.rep, at=at, since=at),
        ("handoff_pending_of_team",),
        ("leads_handoff", "sla_clock"),
        without=("clock_open_due",),
    )


def _owners(crowd: Crowd, at: datetime) -> Iterator[Planned]:
    indexes = {crowd.marketer: "lead_owner_brought", crowd.sales_lead: "handoff_team_owner"}
    for reader, index in indexes.items():
        yield Planned(
            index,
            lambda reader=reader: owners.offered(reader, at=at),  # type: ignore[misc]
            (index,),
            ("leads_lead", "leads_handoff"),
        )


def _lists(crowd: Crowd, at: datetime) -> dict[str, Any]:
    """Return rows by the index that finds them."""
    day = at.date() - timedelta(days=100)
    return {
        "clock_open_due": Clock.objects.filter(stopped_at=None, due_at__lt=at).order_by("due_at"),
        "lead_owner_newest": Lead.objects.filter(owner=crowd.rep, archived_at=None)
        .order_by("-first_seen_on", "-id")
        .values("pk"),
        "lead_qualified_on": Lead.objects.filter(mql_on=day),
        "decision_standing": Decision.objects.filter(
            STANDING, at__gt=at - timedelta(days=100), at__lt=at - timedelta(days=99)
        ),
        "decision_not_taken": Decision.objects.filter(
            STANDING, by=crowd.rep, kind=DecisionKind.REJECT
        ).values("handoff"),
        "event_qualified": Event.objects.filter(kind=EventKind.QUALIFIED, occurred_on=day).values(
            "lead"
        ),
        "handoff_again": Handoff.objects.filter(cycle__gt=1).values("lead"),
        "notice_unread": Notice.objects.filter(recipient=crowd.marketer, read_at=None),
    }


def _searches(crowd: Crowd, at: datetime) -> Iterator[Planned]:
    part = Lead.objects.order_by("pk")[crowd.leads // 2].person.name.split()[1][:4]
    yield Planned(
        "search: part of a name · rep",
        lambda: search.find(crowd.rep, part),
        (),
        ("leads_lead", "leads_person", "leads_company"),
    )
    listed = lead_list(crowd.rep, QueryDict(urlencode({"q": part})), at=at)
    yield Planned(
        "list: part of a name · rep",
        lambda: listed.listing.page(after="", size=PAGE, is_counted=True),
        (),
        ("leads_lead", "leads_handoff"),
        without=("lead_search",),
    )
