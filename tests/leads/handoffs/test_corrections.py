"""Corrections of outcomes: the won amount, and the way back to the state before the outcome."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm.alignment.numbers import cohort
from crm.lib.errors import Conflict, DomainError
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs import corrections, outcomes
from leads.models import Handoff, Lead
from sla.models import Clock
from tests import factories
from tests.alignment.made import scope
from tests.factories import Cast, when
from tests.leads.returns.rows import awake

AFTER = when("2026-03-10 10:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock", "owner").get(pk=handoff.pk)


def clocks_of(handoff: Handoff) -> list[dict[str, Any]]:
    return list(Clock.objects.filter(subject_id=handoff.pk).order_by("id").values())


def won_of(cast: Cast) -> tuple[int, Decimal | None]:
    """Count and amount of the won leads on the alignment page."""
    groups = cohort.by_source(scope())
    return sum(group.won for group in groups), groups[0].amount


# -- The won amount


def test_corrected_amount_is_that_of_handoff_lead_and_figures(cast: Cast) -> None:
    handoff = factories.won(cast, "185000.00")
    assert won_of(cast) == (1, Decimal("185000.00"))
    corrections.correct_amount(handoff, Decimal("158000.50"), why="Typo", by=cast.bea, at=AFTER)
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (stored(handoff).amount, lead.won_amount, lead.won_by) == (
        Decimal("158000.50"),
        Decimal("158000.50"),
        cast.bea,
    )
    assert won_of(cast) == (1, Decimal("158000.50"))


def test_correction_is_an_event_with_old_and_new(cast: Cast) -> None:
    handoff = factories.won(cast, "185000.00")
    corrections.correct_amount(handoff, Decimal("158000.50"), why="Typo", by=cast.dora, at=AFTER)
    event = handoff.events.order_by("-id")[0]
    assert (event.kind, event.actor, event.at, event.from_state, event.to_state) == (
        "amount_corrected",
        cast.dora,
        AFTER,
        "won",
        "won",
    )
    assert event.payload == {
        "cycle": 1,
        "was": "185000.00",
        "amount": "158000.50",
        "comment": "Typo",
    }


@pytest.mark.parametrize(
    ("amount", "why", "field"),
    [
        ("0", "Typo", "amount"),
        ("-1", "Typo", "amount"),
        ("NaN", "Typo", "amount"),
        ("185000", "Typo", "amount"),  # as it is
        ("1", "", "reason"),
    ],
)
def test_correction_without_sense_is_refused_by_the_name_of_the_field(
    cast: Cast, amount: str, why: str, field: str
) -> None:
    handoff = factories.won(cast, "185000.00")
    with pytest.raises(DomainError) as refused:
        corrections.correct_amount(handoff, Decimal(amount), why=why, by=cast.bea, at=AFTER)
    assert list(refused.value.fields) == [field]
    assert (stored(handoff).amount, handoff.events.filter(kind="amount_corrected").count()) == (
        Decimal(185_000),
        0,
    )


def test_correction_of_an_amount_that_was_corrected_meanwhile_is_a_conflict(cast: Cast) -> None:
    handoff = factories.won(cast, "185000.00")
    mine, theirs = stored(handoff), stored(handoff)
    corrections.correct_amount(theirs, Decimal(1), why="Typo", by=cast.dora, at=AFTER)
    with pytest.raises(corrections.OutcomeChanged):
        corrections.correct_amount(mine, Decimal(2), why="Typo", by=cast.bea, at=AFTER)
    assert stored(handoff).amount == 1


@pytest.mark.parametrize("state", ["opportunity", "lost", "disqualified"])
def test_only_a_won_handoff_has_an_amount_to_correct(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(corrections.OutcomeChanged):
        corrections.correct_amount(handoff, Decimal(1), why="Typo", by=cast.bea, at=AFTER)


# -- Reopening


def lost_as_sql(cast: Cast) -> Handoff:
    reason = factories.outcome("price")
    return outcomes.lose(factories.sql(cast), reason, by=cast.bea, at=factories.WON_AT)


def disqualified_as_sql(cast: Cast) -> Handoff:
    reason = factories.outcome("no_budget")
    return outcomes.disqualify(factories.sql(cast), reason, by=cast.bea, at=factories.WON_AT)


# The outcome, and the state that it goes back to.
BACK = (
    (factories.won, "opportunity"),
    (factories.lost, "opportunity"),
    (lost_as_sql, "sql"),
    (factories.disqualified, "contacted"),
    (disqualified_as_sql, "sql"),
)


@pytest.mark.parametrize(("close", "state"), BACK)
def test_reopened_outcome_goes_back_to_the_state_before(cast: Cast, close: Any, state: str) -> None:
    handoff = close(cast)
    outcome = handoff.state
    corrections.reopen(handoff, why="Wrong lead", by=cast.bea, at=AFTER)
    row = stored(handoff)
    assert (row.state, row.closed_at, row.amount, row.outcome_reason) == (state, None, None, None)
    assert (row.owner, row.lead.stage, row.lead.owner) == (cast.bea, state, cast.bea)
    event = handoff.events.order_by("-id")[0]
    assert (event.kind, event.from_state, event.to_state) == ("reopened", outcome, state)


@pytest.mark.parametrize(("close", "state"), BACK)
def test_reopening_starts_no_clock_and_changes_none(cast: Cast, close: Any, state: str) -> None:
    handoff = close(cast)
    before = clocks_of(handoff)
    assert before
    corrections.reopen(handoff, why="Wrong lead", by=cast.bea, at=AFTER)
    assert clocks_of(handoff) == before


def test_reopened_sale_is_in_no_figure_until_it_is_won_again(cast: Cast) -> None:
    handoff = factories.won(cast, "185000.00")
    corrections.reopen(handoff, why="Not signed yet", by=cast.dora, at=AFTER)
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.won_on, lead.won_amount, lead.won_by) == (None, None, None)
    assert won_of(cast) == (0, None)
    event = handoff.events.order_by("-id")[0]
    assert (event.payload["amount"], event.payload["comment"]) == ("185000.00", "Not signed yet")
    outcomes.win(stored(handoff), Decimal(90_000), by=cast.bea, at=when("2026-03-12 10:00"))
    lead.refresh_from_db()
    assert (str(lead.won_on), lead.won_amount) == ("2026-03-12", 90_000)
    assert won_of(cast) == (1, Decimal(90_000))


def test_second_win_is_told_to_marketing_again(cast: Cast) -> None:
    handoff = factories.won(cast)
    corrections.reopen(handoff, why="Not signed yet", by=cast.dora, at=AFTER)
    outcomes.win(stored(handoff), Decimal(90_000), by=cast.bea, at=when("2026-03-12 10:00"))
    assert Message.objects.filter(kind="handoff.won", recipient=cast.ana).count() == 2


def test_reopened_loss_keeps_its_reason_in_the_event(cast: Cast) -> None:
    handoff = factories.lost(cast)
    corrections.reopen(handoff, why="They called back", by=cast.bea, at=AFTER)
    event = handoff.events.order_by("-id")[0]
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (event.payload["reason"], lead.lost_on) == ("price", None)


def test_reopening_needs_a_reason(cast: Cast) -> None:
    handoff = factories.won(cast)
    with pytest.raises(corrections.NeedsReason) as refused:
        corrections.reopen(handoff, why="", by=cast.bea, at=AFTER)
    assert (list(refused.value.fields), stored(handoff).state) == (["reason"], "won")


@pytest.mark.parametrize("state", ["handed_off", "accepted", "sql", "rejected", "withdrawn"])
def test_handoff_without_an_outcome_is_not_reopened(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    before = handoff.state
    with pytest.raises(Conflict):
        corrections.reopen(handoff, why="Why not", by=cast.bea, at=AFTER)
    assert stored(handoff).state == before


def test_lead_with_another_open_handoff_is_a_conflict(cast: Cast) -> None:
    handoff = factories.lost(cast)
    lead = awake(handoff, by=cast.bea, at=AFTER)
    again = handoffs.hand_off(
        lead, team=cast.sales, persona_version=cast.persona, by=cast.ana, at=AFTER
    )
    with pytest.raises(corrections.HandedOffAgain):
        corrections.reopen(stored(handoff), why="Late", by=cast.bea, at=AFTER)
    assert (stored(handoff).state, stored(again).state) == ("lost", "pending")


def test_owner_who_left_is_replaced_by_the_person_who_reopens(cast: Cast) -> None:
    handoff = factories.won(cast)
    type(cast.bea).objects.filter(pk=cast.bea.pk).update(is_active=False)
    corrections.reopen(handoff, why="Not signed yet", by=cast.dora, at=AFTER)
    row = stored(handoff)
    assert (row.owner, row.lead.owner) == (cast.dora, cast.dora)


def test_database_refuses_to_open_a_handoff_again_for_an_owner_who_left(cast: Cast) -> None:
    handoff = factories.won(cast)
    type(cast.bea).objects.filter(pk=cast.bea.pk).update(is_active=False)
    rows = Handoff.objects.filter(pk=handoff.pk)
    with pytest.raises(IntegrityError, match="is not active"), transaction.atomic():
        rows.update(state="opportunity", closed_at=None)


# -- What is expected of an opportunity


def test_expectation_is_set_at_opening_and_changed_while_open(cast: Cast) -> None:
    first = outcomes.Expected(Decimal(90_000), AFTER.date())
    handoff = outcomes.open_opportunity(factories.sql(cast), first, by=cast.bea, at=AFTER)
    second = outcomes.Expected(Decimal(80_000), None)
    outcomes.expect(handoff, second, by=cast.dora, at=AFTER)
    assert outcomes.expected_of(stored(handoff)) == second
    events = handoff.events.order_by("-id").values_list("kind", "actor__name", "payload")[:2]
    assert list(events) == [
        (
            "expected",
            "Dora Salinas",
            {
                "cycle": 1,
                "expected_amount": ["90000.00", "80000"],
                "expected_close_on": ["2026-03-10", None],
            },
        ),
        (
            "opportunity",
            "Bea Quintero",
            {
                "cycle": 1,
                "expected_amount": [None, "90000"],
                "expected_close_on": [None, "2026-03-10"],
            },
        ),
    ]


def test_same_expectation_is_no_event(cast: Cast) -> None:
    handoff = factories.opportunity(cast)
    outcomes.expect(handoff, outcomes.NOTHING_EXPECTED, by=cast.bea, at=AFTER)
    assert handoff.events.filter(kind="expected").count() == 0


@pytest.mark.parametrize(
    ("expected", "field"),
    [
        (outcomes.Expected(Decimal(0)), "expected_amount"),
        (outcomes.Expected(None, when("2026-03-09 10:00").date()), "expected_close_on"),
    ],
)
def test_expectation_without_sense_is_refused_by_name(
    cast: Cast, expected: outcomes.Expected, field: str
) -> None:
    handoff = factories.opportunity(cast)
    with pytest.raises(DomainError) as refused:
        outcomes.expect(handoff, expected, by=cast.bea, at=AFTER)
    assert list(refused.value.fields) == [field]


def test_date_that_has_passed_does_not_block_another_amount(cast: Cast) -> None:
    day = AFTER.date()
    handoff = outcomes.open_opportunity(
        factories.sql(cast), outcomes.Expected(None, day), by=cast.bea, at=AFTER
    )
    later = when("2026-03-20 10:00")
    outcomes.expect(handoff, outcomes.Expected(Decimal(5), day), by=cast.bea, at=later)
    assert outcomes.expected_of(stored(handoff)) == outcomes.Expected(Decimal(5), day)


@pytest.mark.parametrize("state", ["sql", "won", "lost"])
def test_only_an_open_opportunity_has_expectations(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(outcomes.NotAnOpportunity):
        outcomes.expect(handoff, outcomes.Expected(Decimal(5)), by=cast.bea, at=AFTER)


@pytest.mark.parametrize(
    ("state", "change", "constraint"),
    [
        ("opportunity", {"expected_amount": 0}, "handoff_expected_positive"),
        ("sql", {"expected_amount": 5}, "handoff_expected_has_opportunity"),
        ("sql", {"expected_close_on": "2026-03-10"}, "handoff_expected_has_opportunity"),
    ],
)
def test_database_refuses_expectations_without_sense(
    cast: Cast, state: str, change: dict[str, Any], constraint: str
) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Handoff.objects.filter(pk=handoff.pk).update(**change)
