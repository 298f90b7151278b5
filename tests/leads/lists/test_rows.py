"""The lists by branches of sight show what the plain table of sight says: the same rows in the same
order, page by page, for each role and random filters.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.http import QueryDict

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.paging import Listing
from leads.lists import handoffs as handoff_lists
from leads.lists.leads import lead_list
from leads.models import Decision, Handoff, Lead
from leads.states import Stage
from tests import factories
from tests.factories import Cast, when
from tests.harness.remembered import Remembered
from tests.leads.test_visible_to import make_everything, make_other

pytestmark = pytest.mark.django_db
NOON = when("2026-03-02 12:00")
TODAY = when("2026-03-02 00:00")
ROLES = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra", "of_both")
FILTERS: dict[str, tuple[str, ...]] = {
    "stage": (Stage.HANDED_OFF, Stage.ACCEPTED, Stage.RETURNED, Stage.WON),
    "source": ("~none", "web"),
    "country": ("MX", "CO"),
    "q": ("mariana", "grupo andino s.a.", "gr ma", "55 4000", "@andino.test", "%", "zz"),
    "since": ("2026-02-20", "2026-03-02"),
    "until": ("2026-03-01",),
    "clock": ("ok", "late"),
    "owner": ("{bea}", "{cruz}"),
    "team": ("{sales}", "{marketing}"),
    "persona": ("{persona}",),
}
QUEUE_FILTERS = ["source", "country", "q", "team", "persona"]


def make_whole() -> tuple[Cast, User]:
    cast = factories.cast()
    other = make_other(cast)
    everything = make_everything(cast, other)
    of_both = factories.person("Gil", cast.marketing, leads=[other.sales])
    # A lead that Bea won once and that Cruz works on by now, in its second cycle.
    again = everything["won by Bea"]
    assert isinstance(again, Handoff)
    second = factories.accepted(cast, by=cast.cruz)
    Handoff.objects.filter(pk=second.pk).update(lead=again.lead, cycle=2)
    Lead.objects.filter(pk=again.lead_id).update(owner=cast.cruz, stage=Stage.ACCEPTED)
    # An imported lead has an owner, but no handoff gives sight of it.
    imported = factories.lead(cast)
    Lead.objects.filter(pk=imported.pk).update(owner=cast.cruz, marketing_team=other.marketing)
    archived = factories.lead(cast)
    Lead.objects.filter(pk=archived.pk).update(archived_at=NOON)
    for number, lead in enumerate(Lead.objects.order_by("pk")):
        day = when(f"2026-02-{20 + number % 5} 12:00").date()
        Lead.objects.filter(pk=lead.pk).update(first_seen_on=day)
    return cast, of_both


remembered = Remembered(make_whole)


@pytest.fixture
def whole(db: None) -> tuple[Cast, User]:
    made: tuple[Cast, User] = remembered()
    return made


def reader(whole: tuple[Cast, User], role: str) -> User:
    cast, of_both = whole
    person = of_both if role == "of_both" else getattr(cast, role)
    return User.objects.get(pk=person.pk)


# -- The table of sight, row by row


def sees(user: User, handoff: Handoff) -> bool:
    sales = user.team_ids(Side.SALES)
    reasons = [
        user.is_director,
        handoff.lead.marketing_team_id in user.team_ids(Side.MARKETING),
        bool(sales) and handoff.owner_id == user.pk,
        handoff.team_id in sales and handoff.state == "pending",
        handoff.team_id in user.team_ids(Side.SALES, led=True),
        bool(sales) and handoff.owner_id is None and rejected(user, handoff),
    ]
    return any(reasons)


def rejected(user: User, handoff: Handoff) -> bool:
    decisions = Decision.objects.filter(handoff=handoff, by=user)
    return decisions.filter(undone_at=None, released_at=None).exists()


def handoffs_seen(user: User) -> list[int]:
    every = Handoff.objects.select_related("lead").order_by("pk")
    return [handoff.pk for handoff in every if sees(user, handoff)]


def leads_seen(user: User) -> list[int]:
    brought = user.team_ids(Side.MARKETING)
    own = {lead.pk for lead in Lead.objects.all() if lead.marketing_team_id in brought}
    if user.is_director:
        own = set(Lead.objects.values_list("pk", flat=True))
    passed = Handoff.objects.filter(pk__in=handoffs_seen(user)).values_list("lead", flat=True)
    return sorted(own | set(passed))


def pages(listing: Listing, size: int) -> Iterator[list[int]]:
    after = ""
    while True:
        page = listing.page(after=after, size=size)
        yield list(page.rows)
        after = page.next
        if not after:
            return


def paged(rows: list[int], size: int) -> list[list[int]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]


def queries(seed: str, names: list[str], cast: Cast) -> Iterator[QueryDict]:
    """No filter, a search, and some filters by a fixed seed."""
    chance = random.Random(seed)
    ids = {name: getattr(cast, name).pk for name in ("bea", "cruz", "sales", "marketing")}
    yield QueryDict()
    for number in range(4):
        query = QueryDict(mutable=True)
        chosen = ["q"] if number == 0 else chance.sample(names, chance.choice((1, 2, 2)))
        for name in chosen:
            query[name] = chance.choice(FILTERS[name]).format(
                persona=cast.persona.persona.slug, **ids
            )
        yield query


@pytest.mark.parametrize("role", ROLES)
def test_lead_list_is_the_plain_table_of_sight(whole: tuple[Cast, User], role: str) -> None:
    user = reader(whole, role)
    seen = leads_seen(user)
    assert sorted(Lead.objects.visible_to(user).values_list("pk", flat=True)) == seen
    plain = Lead.objects.filter(pk__in=seen, archived_at=None)
    for query in queries(role, list(FILTERS), whole[0]):
        listed = lead_list(user, query, at=NOON)
        kept = listed.narrow(plain).order_by("-first_seen_on", "-pk")
        assert list(pages(listed.listing, 3)) == paged(list(kept.values_list("pk", flat=True)), 3)


def by_place(row: Any) -> Any:
    return (row.place, row.pk)


def by_decision(row: Any) -> Any:
    return (-row.decided_at.timestamp(), -row.pk)


TABS: dict[str, Callable[[Any], Any]] = {
    "waiting": by_place,
    "soon": by_place,
    "overdue": by_place,
    "decided": by_decision,
}


@pytest.mark.parametrize("role", ROLES)
def test_queue_is_the_plain_table_of_sight(whole: tuple[Cast, User], role: str) -> None:
    user = reader(whole, role)
    seen = handoffs_seen(user)
    assert sorted(Handoff.objects.visible_to(user).values_list("pk", flat=True)) == seen
    director = reader(whole, "elsa")
    at: datetime = when("2026-03-02 12:30")
    for tab, key in TABS.items():
        for query in list(queries(role + tab, QUEUE_FILTERS, whole[0]))[:3]:
            query = query.copy()
            listed = handoff_lists.queue(user, query, tab=tab, at=at, since=TODAY)
            every = handoff_lists.queue(director, query, tab=tab, at=at, since=TODAY)
            rows = sorted(every.listing.rows.filter(pk__in=seen), key=key)
            assert list(pages(listed.listing, 2)) == paged([row.pk for row in rows], 2)
