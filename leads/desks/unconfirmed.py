"""What is worth a question about attempts: contacts by word alone, and equal notes. Read only.

Lists without a score. Rows of a person are for that person, the lead of the team and directors;
a lead outside the reader's sight is masked by the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Lag, Lead, Lower, Trim

from crm.accounts.models import Team, User
from crm.lib.paging import Order, Page, page
from leads.models import Attempt, Event
from leads.states import EventKind

SHOWN = timedelta(days=30)
EQUAL_NOTES = 5
WEEK = timedelta(days=7)
NEWEST = Order("recorded_at", descending=True)
# Case and spaces make no other note.
SAME = Func(
    Lower(Trim("note")),
    Value(r"\s+"),
    Value(" "),
    Value("g"),
    function="regexp_replace",
    output_field=CharField(),
)


def own(user: User) -> QuerySet[Attempt]:
    """Return the attempts of ``user``."""
    return _countable().filter(by=user)


def of_teams(teams: Sequence[Team]) -> QuerySet[Attempt]:
    """Return the attempts on handoffs to ``teams``, which the reader leads (leads.desks.team)."""
    return _countable().filter(handoff__team__in=[team.pk for team in teams])


def _countable() -> QuerySet[Attempt]:
    lead = {"handoff__lead__is_test": False, "handoff__lead__archived_at__isnull": True}
    return Attempt.objects.made().filter(**lead)


# -- The lists


def by_word(attempts: QuerySet[Attempt], *, at: datetime) -> QuerySet[Attempt]:
    """Return those that nothing has confirmed in time (leads.follow_up.confirmation)."""
    later = {"at__gt": OuterRef("recorded_at"), "at__lte": OuterRef("confirm_by")}
    # What the product does by itself confirms nothing; what the lead does is one kind of event.
    acts = Q(actor__isnull=False) | Q(kind=EventKind.VALUABLE_ACTION)
    events = Event.objects.filter(acts, lead=OuterRef("handoff__lead"), **later)
    begun = Attempt.objects.filter(handoff=OuterRef("handoff"), **later)
    due = attempts.filter(confirm_by__lt=at, confirm_by__gte=at - SHOWN)
    return due.filter(~Exists(events), ~Exists(begun))


def equal_notes(attempts: QuerySet[Attempt], *, at: datetime) -> QuerySet[Attempt]:
    """Return the last attempt of each row of five or more equal notes of one person in a week."""
    noted = attempts.exclude(note="").filter(recorded_at__gte=at - SHOWN).annotate(same=SAME)
    in_order: dict[str, Any] = {"partition_by": ["by", "same"], "order_by": ["recorded_at", "pk"]}
    fifth = Window(Lag("recorded_at", EQUAL_NOTES - 1), **in_order)
    following = Window(Lead("recorded_at"), **in_order)
    rows = noted.order_by().annotate(fifth=fifth, following=following)
    rows = rows.filter(fifth__gte=F("recorded_at") - WEEK)
    goes_on = Q(following__lte=F("recorded_at") + WEEK)
    last = rows.exclude(goes_on & Q(following__isnull=False))
    # Apart from the page's own conditions, which would cut the windows.
    return attempts.filter(pk__in=last.values("pk"))


# -- Pages


def page_of(rows: QuerySet[Attempt], *, after: str, size: int) -> Page:
    """Return a page of a list, what was recorded last first, with people and leads' ids."""
    return page(rows.select_related("by", "handoff"), NEWEST, after=after, size=size)


def how_often(shown: Sequence[Attempt]) -> dict[int, int]:
    """Return how often the note of each of ``shown`` was written in the week before; one query."""
    equal = (
        Attempt.objects.made()
        .annotate(same=SAME)
        .filter(
            by=OuterRef("by"),
            same=OuterRef("same"),
            recorded_at__gte=OuterRef("recorded_at") - WEEK,
            recorded_at__lte=OuterRef("recorded_at"),
        )
    )
    numbers = equal.order_by().values("by").annotate(n=Count("pk")).values("n")
    rows: QuerySet[Any] = Attempt.objects.filter(pk__in=[each.pk for each in shown])
    return dict(rows.annotate(same=SAME, n=Subquery(numbers)).values_list("pk", "n"))
