"""Each promise of the way back broken by hand, in the rows themselves: its check names the row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from crm import invariants
from leads.follow_up import next_steps
from leads.handoffs import undo
from leads.models import Attempt, Dispute, Handoff, Lead, Person, Return
from leads.returns import disputes, duplicates, returns
from leads.states import FollowUp
from sla.models import Clock
from tests import factories
from tests.factories import ACCEPTED_AT, Cast, when
from tests.leads.returns.rows import reason_to_close

NOON = when("2026-03-02 12:00")
Break = Callable[[Cast], object]


def names_of_broken() -> set[str]:
    """The names of the checks of returns and follow-up that find something."""
    return {check.__name__ for check in CHECKED if list(check(NOON))}


CHECKED = (
    invariants.lead_sent_back_waits_for_one_answer,
    invariants.open_return_waits_with_its_lead,
    invariants.open_dispute_waits_with_its_return,
    invariants.answered_return_goes_on,
    invariants.closed_lead_has_its_answer,
    invariants.duplicate_is_closed,
    invariants.lead_in_work_has_a_next_step,
    invariants.begun_attempt_is_no_contact,
    invariants.person_left_alone_has_no_open_handoff,
    invariants.clock_matches_the_awaited_step,
)


def contested(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=NOON)
    return handoff


def closed(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    returns.close(handoff, reason_to_close(), by=cast.ana, at=NOON)
    return handoff


def duplicate(cast: Cast) -> Handoff:
    original = factories.mql(cast, did="sent_form")
    return duplicates.mark(factories.handed_off(cast), original, by=cast.elsa, at=ACCEPTED_AT)


def upheld(cast: Cast) -> Handoff:
    handoff = contested(cast)
    disputes.uphold(handoff, by=cast.elsa, at=NOON, comment="Sí cumple")
    return handoff


def planned(cast: Cast) -> Lead:
    lead = factories.mql(cast)
    next_steps.change(lead, None, FollowUp.OTHER, NOON.date(), by=cast.ana, at=NOON)
    return lead


def change(model: Any, **columns: Any) -> None:
    model.objects.update(**columns)


def without_triggers(model: Any) -> None:
    """Let the rows of ``model`` take what the database refuses; the rollback ends it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")


def stop_clock(clock: Clock | None) -> None:
    assert clock is not None
    without_triggers(Clock)
    Clock.objects.filter(pk=clock.pk).update(state="met", stopped_at=NOON, next_step_at=None)


def lose_return(cast: Cast) -> None:
    factories.rejected(cast)
    change(Return, state="cancelled", answered_at=NOON)


def stop_clock_of_dispute(cast: Cast) -> None:
    contested(cast)
    stop_clock(Dispute.objects.get().clock)


def stop_clock_in_queue(cast: Cast) -> None:
    stop_clock(factories.handed_off(cast).clock)


def fix_without_a_handoff(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    change(Return, state="fixed", answered_at=NOON)
    Lead.objects.filter(pk=handoff.lead_id).update(stage="mql")


def forget_the_dispute(cast: Cast) -> None:
    upheld(cast)
    without_triggers(Dispute)
    change(Dispute, state="denied")


def forget_what_was_upheld(cast: Cast) -> None:
    upheld(cast)
    without_triggers(Return)
    change(Return, state="fixed")


def move_closed_lead(cast: Cast) -> None:
    Lead.objects.filter(pk=closed(cast).lead_id).update(stage="mql")


def close_without_an_answer(cast: Cast) -> None:
    Lead.objects.filter(pk=factories.mql(cast).pk).update(stage="closed")


def keep_copies(cast: Cast) -> None:
    handoff = duplicate(cast)
    Return.objects.update(state="cancelled", original=None)
    Lead.objects.filter(pk=handoff.lead_id).update(stage="handed_off")


def plan_without_the_lead(cast: Cast) -> None:
    Lead.objects.filter(pk=planned(cast).pk).update(stage="lost")


def count_another_contact(cast: Cast) -> None:
    factories.contacted(cast)
    change(Attempt, at=NOON)


def contact_before_the_acceptance(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    change(Attempt, at=handoff.submitted_at)
    Handoff.objects.update(contacted_at=handoff.submitted_at)


def mark_person(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    Person.objects.filter(pk=handoff.lead.person_id).update(no_contact_at=NOON)


BROKEN: dict[Break, str] = {
    lose_return: "lead_sent_back_waits_for_one_answer",
    stop_clock_of_dispute: "open_dispute_waits_with_its_return",
    stop_clock_in_queue: "clock_matches_the_awaited_step",
    fix_without_a_handoff: "answered_return_goes_on",
    forget_the_dispute: "answered_return_goes_on",
    forget_what_was_upheld: "answered_return_goes_on",
    move_closed_lead: "closed_lead_has_its_answer",
    close_without_an_answer: "closed_lead_has_its_answer",
    keep_copies: "duplicate_is_closed",
    plan_without_the_lead: "lead_in_work_has_a_next_step",
    count_another_contact: "begun_attempt_is_no_contact",
    contact_before_the_acceptance: "begun_attempt_is_no_contact",
    mark_person: "person_left_alone_has_no_open_handoff",
}


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda each: each.__name__)
def test_broken_promise_is_named(cast: Cast, breaks: Break) -> None:
    breaks(cast)
    assert names_of_broken() == {BROKEN[breaks]}


def undone(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    undo.undo(handoff, by=cast.bea, at=ACCEPTED_AT)


@pytest.mark.parametrize(
    "make", [contested, closed, duplicate, upheld, planned, undone], ids=lambda each: each.__name__
)
def test_promises_are_kept(cast: Cast, make: Break) -> None:
    make(cast)
    assert names_of_broken() == set()
