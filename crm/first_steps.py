"""The card of first steps on the first page of each role.

A step ticks off by what the person really did: an event of a lead, an entry of the audit record, or
a page that was opened. The card is gone when all is done or when the person dismisses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.models import User
from crm.accounts.states import Role
from crm.audit.models import Entry
from leads.models import Event
from leads.states import EventKind

OVER = "over"
SINCE = "since"


@dataclass(frozen=True)
class Step:
    """``url``: where it is done. ``events`` and ``verbs`` of the person, or an opened page of
    ``pages`` (names of URLs), prove it.
    """

    key: str
    label: Promise
    url: str
    events: tuple[EventKind, ...] = ()
    verbs: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """A step of the card, and whether the person took it."""

    step: Step
    is_done: bool


MARKETING = (
    Step("log", _("Log a lead"), "lead_new", events=(EventKind.CAPTURED,)),
    Step("qualify", _("Qualify it as MQL"), "desk", events=(EventKind.QUALIFIED,)),
    Step("hand_off", _("Hand it off to sales"), "desk", events=(EventKind.HANDED_OFF,)),
)
SALES = (
    Step("accept", _("Accept a lead"), "queue", events=(EventKind.ACCEPTED,)),
    Step(
        "call",
        _("Log a call"),
        "lead_mine",
        events=(EventKind.ATTEMPT, EventKind.CONTACTED),
    ),
    Step("reach", _("Reach the person: the clock stops"), "lead_mine", (EventKind.CONTACTED,)),
)
MANAGERS = (
    Step("list", _("Open the list behind a number"), "alignment", pages=("alignment_leads",)),
    Step(
        "agreement",
        _("Read what both sides promise"),
        "agreement",
        pages=("agreement", "agreement_version"),
    ),
    Step("notices", _("Look at what nobody acted on"), "notice_list", pages=("notice_list",)),
)
ADMINS = (
    Step("invite", _("Invite somebody"), "people", verbs=("person_invited",)),
    Step(
        "hours",
        _("Look at your working hours and holidays"),
        "calendars",
        pages=("calendars", "calendar"),
    ),
    Step("due", _("Ask when a lead is due"), "calendar_tester", pages=("calendar_tester",)),
)
STEPS: Mapping[Role, tuple[Step, ...]] = {
    Role.MARKETING: MARKETING,
    Role.SALES_REP: SALES,
    Role.TEAM_LEAD: MANAGERS,
    Role.DIRECTOR: MANAGERS,
    Role.ADMIN: ADMINS,
}


def card(user: User, *, at: datetime) -> list[Taken]:
    """Return the steps of the card, none once it is over. It is over when all are done."""
    if OVER in user.first_steps:
        return []
    steps = STEPS[user.role]
    done = _done(user, steps)
    if len(done) == len(steps):
        people.note_first_step(user, OVER, at=at)
        return []
    return [Taken(step, step.key in done) for step in steps]


def note_page(user: User, page: str, *, at: datetime) -> None:
    """Note that ``user`` opened ``page``, the name of a URL, where a step asks for it."""
    if OVER in user.first_steps:
        return
    for step in STEPS[user.role]:
        if page in step.pages and step.key not in user.first_steps:
            people.note_first_step(user, step.key, at=at)


def dismiss(user: User, *, at: datetime) -> None:
    """Remove the card permanently."""
    if OVER not in user.first_steps:
        people.note_first_step(user, OVER, at=at)


def _done(user: User, steps: Iterable[Step]) -> set[str]:
    """Return the keys of the steps that ``user`` took, in at most two queries."""
    mine: dict[str, Any] = {"actor": user}
    since = user.first_steps.get(SINCE)
    if since:
        mine["at__gte"] = datetime.fromisoformat(since)
    kinds = {kind for step in steps for kind in step.events}
    verbs = {verb for step in steps for verb in step.verbs}
    happened: set[str] = set()
    if kinds:
        events = Event.objects.filter(kind__in=kinds, **mine)
        happened |= set(events.values_list("kind", flat=True).distinct())
    if verbs:
        entries = Entry.objects.filter(verb__in=verbs, **mine)
        happened |= set(entries.values_list("verb", flat=True).distinct())
    done = set()
    for step in steps:
        if step.key in user.first_steps or happened.intersection((*step.events, *step.verbs)):
            done.add(step.key)
    return done
