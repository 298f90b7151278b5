"""The sight table: who sees which leads and handoffs, and that nothing leaks beside it.

Every lead of the second pair of teams is one that could leak; each test looks at all of them at
once.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.accounts.models import Team, User
from leads import handoffs
from leads.models import Handoff, Lead
from tests import factories
from tests.factories import Cast, when
from tests.harness.remembered import Remembered

NOON = when("2026-03-02 12:00")


def make_other(cast: Cast) -> Cast:
    """The same organisation seen from its other two teams: Nora (marketing), Omar and Pia (sales
    reps), Rita (sales lead).
    """
    marketing, sales = cast.other_marketing, cast.other_sales
    return Cast(
        **{
            **vars(cast),
            "marketing": marketing,
            "sales": sales,
            "ana": factories.person("Nora", marketing),
            "bea": factories.person("Omar", sales),
            "cruz": factories.person("Pia", sales),
            "dora": factories.person("Rita", leads=[sales]),
        }
    )


def make_everything(cast: Cast, other: Cast) -> dict[str, Handoff | Lead]:
    """One of everything on each side, by a name that says where it stands."""
    return {
        "captured": factories.lead(cast),
        "pending": factories.handed_off(cast),
        "accepted by Bea": factories.accepted(cast),
        "accepted by Cruz": factories.accepted(cast, by=cast.cruz),
        "won by Bea": factories.won(cast),
        "rejected by Bea": factories.rejected(cast),
        "withdrawn": factories.withdrawn(cast),
        "ours to them": factories.handed_off(cast, to=other.sales),
        "theirs to us": factories.handed_off(other, to=cast.sales),
        "their captured": factories.lead(other),
        "their pending": factories.handed_off(other),
        "accepted by Omar": factories.accepted(other),
        "rejected by Omar": factories.rejected(other),
    }


Whole = tuple[Cast, Cast, dict[str, Handoff | Lead]]


def make_whole() -> Whole:
    cast = factories.cast()
    other = make_other(cast)
    return cast, other, make_everything(cast, other)


remembered = Remembered(make_whole)


@pytest.fixture
def whole(db: None) -> Whole:
    made: Whole = remembered()
    return made


@pytest.fixture
def cast(whole: Whole) -> Cast:
    return whole[0]


@pytest.fixture
def other(whole: Whole) -> Cast:
    return whole[1]


@pytest.fixture
def everything(whole: Whole) -> dict[str, Handoff | Lead]:
    return whole[2]


def seen(user: User, everything: dict[str, Handoff | Lead]) -> list[str]:
    """Names of what ``user`` sees; the sight of handoffs and of their leads has to be the same."""
    fresh = User.objects.get(pk=user.pk)
    leads, passed = Lead.objects.visible_to(fresh), Handoff.objects.visible_to(fresh)
    by_lead = [name for name, row in everything.items() if leads.filter(pk=lead_id(row)).exists()]
    by_key = [name for name, row in everything.items() if is_found(fresh, lead_id(row))]
    assert by_key == by_lead
    by_handoff = [
        n
        for n, row in everything.items()
        if isinstance(row, Lead) or passed.filter(pk=row.pk).exists()
    ]
    assert [name for name in by_lead if name in by_handoff] == by_lead
    return by_lead


def is_found(user: User, lead: int) -> bool:
    """Whether the look-up of one lead finds it, which has a shorter condition."""
    return Lead.objects.one_visible_to(user, lead).exists()


def lead_id(row: Handoff | Lead) -> int:
    return row.pk if isinstance(row, Lead) else row.lead_id


OURS = [
    "captured",
    "pending",
    "accepted by Bea",
    "accepted by Cruz",
    "won by Bea",
    "rejected by Bea",
    "withdrawn",
    "ours to them",
]
SALES = [
    "pending",
    "accepted by Bea",
    "accepted by Cruz",
    "won by Bea",
    "rejected by Bea",
    "withdrawn",
    "theirs to us",
]
TABLE = {
    "ana": OURS,
    "luis": OURS,
    "bea": ["pending", "accepted by Bea", "won by Bea", "rejected by Bea", "theirs to us"],
    "cruz": ["pending", "accepted by Cruz", "theirs to us"],
    "dora": SALES,
    "root": [],
    "extra": [],
}


@pytest.mark.parametrize("name", TABLE)
def test_sight_of_a_person(cast: Cast, everything: dict[str, Handoff | Lead], name: str) -> None:
    assert seen(getattr(cast, name), everything) == TABLE[name]


def test_director_sees_all(cast: Cast, everything: dict[str, Handoff | Lead]) -> None:
    assert seen(cast.elsa, everything) == list(everything)


THEIR_TABLE = {
    "ana": [
        "theirs to us",
        "their captured",
        "their pending",
        "accepted by Omar",
        "rejected by Omar",
    ],
    "bea": ["ours to them", "their pending", "accepted by Omar", "rejected by Omar"],
    "cruz": ["ours to them", "their pending"],
    "dora": ["ours to them", "their pending", "accepted by Omar", "rejected by Omar"],
}


@pytest.mark.parametrize("name", THEIR_TABLE)
def test_sight_from_the_other_teams(
    other: Cast, everything: dict[str, Handoff | Lead], name: str
) -> None:
    assert seen(getattr(other, name), everything) == THEIR_TABLE[name]


def test_visible_rows_come_once_each(cast: Cast, everything: dict[str, Handoff | Lead]) -> None:
    both = factories.person("Gil", cast.marketing, leads=[cast.sales])
    found = [
        list(model.objects.visible_to(both).values_list("pk", flat=True))
        for model in (Lead, Handoff)
    ]
    assert [len(ids) for ids in found] == [len(set(ids)) for ids in found]


def test_admin_in_a_team_sees_what_the_team_sees(
    cast: Cast, everything: dict[str, Handoff | Lead]
) -> None:
    assert seen(factories.person("Gil", cast.sales, is_admin=True), everything) == [
        "pending",
        "theirs to us",
    ]


def test_person_of_both_sides_sees_both(
    cast: Cast, other: Cast, everything: dict[str, Handoff | Lead]
) -> None:
    both = factories.person("Gil", cast.marketing, other.sales)
    assert seen(both, everything) == [*OURS, "their pending"]


# -- Sight follows what happens


def sees(user: User, handoff: Handoff) -> tuple[bool, bool]:
    """Whether ``user`` sees the handoff and its lead."""
    fresh = User.objects.get(pk=user.pk)
    seen_lead = Lead.objects.visible_to(fresh).filter(pk=handoff.lead_id).exists()
    assert is_found(fresh, handoff.lead_id) == seen_lead
    return Handoff.objects.visible_to(fresh).filter(pk=handoff.pk).exists(), seen_lead


BOTH, NEITHER = (True, True), (False, False)


def test_accepted_handoff_leaves_the_sight_of_the_other_reps(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    assert (sees(cast.bea, handoff), sees(cast.cruz, handoff)) == (BOTH, BOTH)
    handoffs.accept(handoff, by=cast.bea, at=NOON)
    assert (sees(cast.bea, handoff), sees(cast.cruz, handoff)) == (BOTH, NEITHER)


def test_withdrawn_handoff_leaves_the_sight_of_the_reps(cast: Cast) -> None:
    assert sees(cast.bea, factories.withdrawn(cast)) == NEITHER


def test_requeued_handoff_is_seen_by_the_whole_team_again(cast: Cast) -> None:
    handoff = handoffs.requeue(factories.accepted(cast), by=None, at=NOON, cause="firing:7")
    assert [sees(getattr(cast, name), handoff) for name in ("bea", "cruz", "dora", "ana")] == [
        BOTH
    ] * 4


def test_rep_who_lost_a_requeued_handoff_sees_it_no_more_once_another_has_it(cast: Cast) -> None:
    handoff = handoffs.requeue(factories.accepted(cast), by=None, at=NOON, cause="firing:7")
    handoffs.accept(handoff, by=cast.cruz, at=when("2026-03-02 12:30"))
    assert (sees(cast.bea, handoff), sees(cast.cruz, handoff)) == (NEITHER, BOTH)


def test_marketing_sees_its_lead_for_life(cast: Cast, other: Cast) -> None:
    handoff = factories.won(cast, to=other.sales, by=other.bea)
    assert (sees(cast.ana, handoff), sees(cast.luis, handoff), sees(other.ana, handoff)) == (
        BOTH,
        BOTH,
        NEITHER,
    )


def test_rep_who_leaves_the_team_keeps_only_ones_own(cast: Cast) -> None:
    pending, own = factories.handed_off(cast), factories.accepted(cast)
    cast.bea.memberships.all().delete()
    factories.person("Gil", cast.sales)
    assert (sees(cast.bea, pending), sees(cast.bea, own)) == (NEITHER, NEITHER)


def archive(team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(archived_at=NOON)


def leave_nothing(team: Team) -> None:
    team.memberships.all().delete()


@pytest.mark.parametrize("close", [archive, leave_nothing])
def test_people_of_a_closed_team_see_nothing_of_it(
    cast: Cast, close: Callable[[Team], None]
) -> None:
    handoff = factories.handed_off(cast)
    close(cast.sales)
    assert [sees(getattr(cast, name), handoff) for name in ("bea", "dora")] == [NEITHER] * 2
