"""Who may do what. Each test asks everybody, so that a right too many shows as much as one
too few.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.accounts.models import User
from leads import handoffs, permissions
from leads.models import Lead
from tests import factories
from tests.factories import Cast, when

PEOPLE = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


def allowed(cast: Cast, predicate: Callable[..., bool], *subject: object) -> list[str]:
    """Who of the cast, of the other teams and of none may."""
    people = {name: getattr(cast, name) for name in PEOPLE}
    people["nora"] = User.objects.get(name="Nora")
    people["omar"] = User.objects.get(name="Omar")
    people["rita"] = User.objects.get(name="Rita")
    return [
        name for name, user in people.items() if predicate(User.objects.get(pk=user.pk), *subject)
    ]


@pytest.fixture(autouse=True)
def others(cast: Cast) -> None:
    """People of the other two teams: whatever is not theirs, they may not."""
    factories.person("Nora", cast.other_marketing)
    factories.person("Omar", cast.other_sales)
    factories.person("Rita", leads=[cast.other_sales])


def test_marketing_logs(cast: Cast) -> None:
    assert allowed(cast, permissions.can_log) == ["ana", "luis", "nora"]


def test_the_bringing_team_qualifies_and_hands_off(cast: Cast) -> None:
    lead = factories.lead(cast)
    assert allowed(cast, permissions.can_qualify, lead) == ["ana", "luis"]
    assert allowed(cast, permissions.can_hand_off, lead) == ["ana", "luis"]


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("handed_off", []),
        ("accepted", []),
        ("sql", []),
        ("won", []),
        ("disqualified", []),
        ("rejected", ["ana", "luis"]),
        ("withdrawn", ["ana", "luis"]),
    ],
)
def test_lead_is_handed_off_again_only_from_marketings_desk(
    cast: Cast, state: str, may: list[str]
) -> None:
    lead = Lead.objects.get(pk=getattr(factories, state)(cast).lead_id)
    assert allowed(cast, permissions.can_hand_off, lead) == may


def test_lead_of_no_team_is_nobodys_to_hand_off(cast: Cast) -> None:
    lead = factories.lead(cast)
    lead.marketing_team = None
    assert allowed(cast, permissions.can_hand_off, lead) == []


def test_pending_handoff_is_decided_by_the_team_of_its_queue(cast: Cast) -> None:
    assert allowed(cast, permissions.can_decide, factories.handed_off(cast)) == [
        "bea",
        "cruz",
        "dora",
    ]


def test_pending_handoff_of_the_other_queue_is_decided_by_the_other_team(cast: Cast) -> None:
    assert allowed(
        cast, permissions.can_decide, factories.handed_off(cast, to=cast.other_sales)
    ) == ["omar", "rita"]


@pytest.mark.parametrize("state", ["accepted", "rejected", "withdrawn", "won"])
def test_decided_handoff_is_nobodys_to_decide(cast: Cast, state: str) -> None:
    assert allowed(cast, permissions.can_decide, getattr(factories, state)(cast)) == []


def test_accept_as_sql_needs_the_proofs(cast: Cast) -> None:
    assert allowed(cast, permissions.can_accept_as_sql, factories.handed_off(cast)) == []
    assert allowed(cast, permissions.can_accept_as_sql, factories.proven(cast)) == [
        "bea",
        "cruz",
        "dora",
    ]


def test_pending_handoff_is_withdrawn_by_who_brought_it(cast: Cast) -> None:
    assert allowed(cast, permissions.can_withdraw, factories.handed_off(cast)) == ["ana", "luis"]


def test_accepted_handoff_is_not_withdrawn(cast: Cast) -> None:
    assert allowed(cast, permissions.can_withdraw, factories.accepted(cast)) == []


@pytest.mark.parametrize("state", ["accepted", "contacted", "sql", "opportunity"])
def test_accepted_handoff_is_worked_by_its_owner_or_the_lead(cast: Cast, state: str) -> None:
    assert allowed(cast, permissions.can_work, getattr(factories, state)(cast)) == ["bea", "dora"]


@pytest.mark.parametrize(
    "state", ["handed_off", "rejected", "withdrawn", "won", "lost", "disqualified"]
)
def test_handoff_that_nobody_has_is_not_worked(cast: Cast, state: str) -> None:
    assert allowed(cast, permissions.can_work, getattr(factories, state)(cast)) == []


@pytest.mark.parametrize("state", ["won", "lost", "disqualified"])
def test_outcome_is_reopened_by_its_owner_or_the_lead(cast: Cast, state: str) -> None:
    assert allowed(cast, permissions.can_reopen, getattr(factories, state)(cast)) == ["bea", "dora"]


@pytest.mark.parametrize(
    "state", ["handed_off", "accepted", "opportunity", "rejected", "withdrawn"]
)
def test_handoff_without_an_outcome_is_not_reopened(cast: Cast, state: str) -> None:
    assert allowed(cast, permissions.can_reopen, getattr(factories, state)(cast)) == []


def test_won_amount_is_corrected_by_its_owner_or_the_lead(cast: Cast) -> None:
    won = factories.won(cast)
    assert allowed(cast, permissions.can_correct_amount, won) == ["bea", "dora"]


@pytest.mark.parametrize("state", ["opportunity", "lost", "disqualified", "rejected"])
def test_only_a_won_handoff_has_an_amount_to_correct(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    assert allowed(cast, permissions.can_correct_amount, handoff) == []


def test_outcome_of_an_archived_lead_stays(cast: Cast) -> None:
    handoff = factories.won(cast)
    handoff.lead.archived_at = when("2026-03-10 10:00")
    assert allowed(cast, permissions.can_reopen, handoff) == []
    assert allowed(cast, permissions.can_correct_amount, handoff) == []


@pytest.mark.parametrize(
    ("state", "may"),
    [("handed_off", ["dora"]), ("accepted", ["dora"]), ("contacted", []), ("won", [])],
)
def test_lead_of_the_team_requeues_before_contact(cast: Cast, state: str, may: list[str]) -> None:
    assert allowed(cast, permissions.can_requeue, getattr(factories, state)(cast)) == may


def test_data_are_changed_by_who_brought_it_and_who_works_it(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    assert allowed(cast, permissions.can_change, Lead.objects.get(pk=handoff.lead_id)) == [
        "ana",
        "luis",
        "bea",
        "dora",
    ]


def test_data_are_not_changed_by_who_lost_it(cast: Cast) -> None:
    handoff = handoffs.requeue(
        factories.accepted(cast), by=None, at=when("2026-03-02 12:00"), cause="firing:7"
    )
    assert allowed(cast, permissions.can_change, Lead.objects.get(pk=handoff.lead_id)) == [
        "ana",
        "luis",
    ]


def test_numbers_are_read_by_both_sides_and_the_director(cast: Cast) -> None:
    assert allowed(cast, permissions.can_read_alignment) == [
        "ana",
        "luis",
        "bea",
        "cruz",
        "dora",
        "elsa",
        "nora",
        "omar",
        "rita",
    ]
