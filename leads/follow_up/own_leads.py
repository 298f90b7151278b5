"""My leads: what a person works on, by the next step of each lead. Read only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Count,
    F,
    FilteredRelation,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql, number_where
from crm.lib.paging import Order, Page
from leads.models import Handoff, PlannedStep
from leads.states import HandoffState

TABS = ("today", "overdue", "all")
BY_PLACE = Order("place", nullable=True)
# So far before every other step stands a first contact that is overdue.
BEFORE_ALL = timedelta(days=36525)

Narrow = Callable[[QuerySet[Handoff]], QuerySet[Handoff]]


def own_leads(user: User, tab: str, *, at: datetime, until: datetime) -> QuerySet[Handoff]:
    """Return the handoffs that ``user`` works on, of one tab.

    Overdue first contacts come first, then the next step due, then what has nothing due. Tabs:
    "today" has what is due before ``until``, also what is overdue; "overdue"; "all".
    """
    return _of_tab(_with_step(user, at=at), tab, at=at, until=until)


def _with_step(user: User, *, at: datetime) -> QuerySet[Handoff]:
    """Return the handoffs of all tabs. ``due``: of the next step, else of a running clock.

    ``place``: what orders them.
    """
    rows = Handoff.objects.worked_by(user)
    is_open = Q(planned_steps__ended_at__isnull=True)
    # A running clock of a lead in work is its owner's (crm.invariants). Said again, because indexes
    # then find these clocks at once, not one by one.
    runs = Q(clock__stopped_at__isnull=True, clock__accountable=user)
    rows = rows.annotate(
        step=FilteredRelation("planned_steps", condition=is_open),
        running=FilteredRelation("clock", condition=runs),
        due=Coalesce(F("step__due_at"), F("running__due_at")),
    )
    first = When(_owes_contact(at), then=F("running__due_at") - Value(BEFORE_ALL))
    return rows.annotate(place=Case(first, default=F("due")))


def _owes_contact(at: datetime) -> Q:
    """Return the condition that the first contact is overdue, whatever was planned since."""
    return Q(state=HandoffState.ACCEPTED, running__due_at__lt=at)


def _of_tab(
    rows: QuerySet[Handoff], tab: str, *, at: datetime, until: datetime
) -> QuerySet[Handoff]:
    if tab == "all":
        return rows
    return rows.filter(_is_in(tab, at=at, until=until))


def _is_in(tab: str, *, at: datetime, until: datetime) -> Q:
    if tab == "all":
        return Q(pk__isnull=False)
    before = at
    if tab == "today":
        before = until
    return Q(due__lt=before) | _owes_contact(at)


# -- The first page, and how many there are


def first_page(
    user: User, tab: str, *, at: datetime, until: datetime, size: int
) -> tuple[Page, dict[str, int]]:
    """Return the first page of a tab, and the size of each tab, in one query.

    By place, what is due before a moment stands before all else, and so does a first contact that
    is overdue: each tab is the beginning of the whole list.
    """
    rows = FIRST.rows(size + 1, user=user, at=at, until=until)
    sizes = _by_tab([numbers for _place, _pk, *numbers in rows[:1]])
    places = [(place, pk) for place, pk, *_numbers in rows][: sizes[tab]]
    following = ""
    if len(places) > size:
        following = BY_PLACE.write_place(places[size - 1])
    return Page([pk for _place, pk in places[:size]], following), sizes


def _first(count: int, *, user: User, at: datetime, until: datetime) -> QuerySet[Any]:
    numbers = {
        f"n_{tab}": Window(Count("pk", filter=_is_in(tab, at=at, until=until))) for tab in TABS
    }
    rows = BY_PLACE.sort(_with_step(user, at=at).annotate(**numbers))
    return rows.values_list(BY_PLACE.field, "pk", *numbers)[:count]


FIRST = KeptSql(_first)


def sizes(
    user: User, *, at: datetime, until: datetime, narrow: Narrow | None = None
) -> dict[str, int]:
    """Return the size of each tab, in one query. ``narrow``: the filters of the page."""
    if narrow is None:
        return _by_tab(SIZES.rows(user=user, at=at, until=until))
    return _by_tab(list(_numbers(narrow(_with_step(user, at=at)), at=at, until=until)))


def _by_tab(rows: Sequence[Sequence[int]]) -> dict[str, int]:
    """Return the numbers of the one row, by tab."""
    # Of people outside sales PostgreSQL is not even asked.
    if not rows:
        return dict.fromkeys(TABS, 0)
    return dict(zip(TABS, rows[0], strict=True))


def _numbers(rows: QuerySet[Handoff], *, at: datetime, until: datetime) -> QuerySet[Any]:
    numbers = {f"n_{tab}": number_where(_is_in(tab, at=at, until=until)) for tab in TABS}
    return rows.order_by().annotate(**numbers).values_list(*numbers)


def _sizes(*, user: User, at: datetime, until: datetime) -> QuerySet[Any]:
    return _numbers(_with_step(user, at=at), at=at, until=until)


SIZES = KeptSql(_sizes)


# -- What is next


class Planned(NamedTuple):
    """The next step of a handoff. ``text``: in a person's words, else empty."""

    handoff: int
    kind: str
    text: str
    due_at: datetime


def planned(handoffs: Iterable[int]) -> dict[int, Planned]:
    """Return the open step of each of ``handoffs`` that has one, in one query."""
    rows = PLANNED.rows(handoffs=list(handoffs))
    return {values[0]: Planned(*values) for values in rows}


def _planned(*, handoffs: list[int]) -> QuerySet[Any]:
    steps = PlannedStep.objects.open().filter(Among("handoff", handoffs))
    return steps.values_list("handoff", "kind", "text", "due_at")


PLANNED = KeptSql(_planned)
