"""Duplicate of another lead: the handoff is closed, and the other lead gets its actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm import invariants
from crm.alignment.numbers import agreement as numbers
from crm.notifications.models import Message
from leads import handoffs
from leads.conflicts import AlreadyTaken, MovedOn
from leads.handoffs import undo
from leads.models import Handoff, Lead, Return
from leads.records import archiving, leads
from leads.returns import duplicates, recycling, returns
from leads.returns.duplicates import NeedsOriginal, WrongOriginal
from sla.models import Clock
from tests import factories
from tests.alignment.made import scope
from tests.factories import ACCEPTED_AT, CONTACTED_AT, HANDED_OFF_AT, Cast, when
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

NOON = when("2026-03-02 12:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock").get(pk=handoff.pk)


def lead_of(handoff: Handoff) -> Lead:
    return Lead.objects.get(pk=handoff.lead_id)


def did(handoff: Handoff) -> list[str]:
    rows = lead_of(handoff).valuable_actions.order_by("id")
    return list(rows.values_list("kind__code", flat=True))


def sound() -> list[str]:
    # At a moment when no step and no notice is due yet.
    return list(invariants.violated(at=HANDED_OFF_AT, moved_time=True))


@pytest.fixture
def known(cast: Cast) -> Handoff:
    """A lead of Cruz in work that asked for a demo."""
    return factories.accepted(cast, by=cast.cruz)


@pytest.fixture
def again(cast: Cast, known: Handoff) -> Handoff:
    """The same person in the queue with another valuable action."""
    return factories.handed_off(cast, did="sent_form")


def mark(handoff: Handoff, original: Handoff | None, cast: Cast, **more: Any) -> Handoff:
    lead = None if original is None else lead_of(original)
    return duplicates.mark(handoff, lead, by=cast.bea, at=ACCEPTED_AT, **more)


# -- Marked by a rep


def test_lead_is_closed_and_its_action_copied(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(again, known, cast, comment="Mismo correo")
    row = Return.objects.get()
    assert (row.state, row.original, row.answered_by, row.clock) == (
        "duplicate",
        lead_of(known),
        cast.bea,
        None,
    )
    assert (stored(again).state, lead_of(again).stage) == ("duplicate", "closed")
    assert did(known) == ["asked_for_demo", "sent_form"]
    clock = Clock.objects.get(subject_id=again.pk, metric="accept")
    assert clock.state == "met"
    assert sound() == []


def test_action_that_is_known_is_not_copied_twice(cast: Cast, known: Handoff) -> None:
    same = factories.handed_off(cast)
    mark(same, known, cast)
    assert did(known) == ["asked_for_demo"]


def test_owner_of_the_other_lead_and_marketing_are_told_after_the_time_to_undo(
    cast: Cast, known: Handoff, again: Handoff
) -> None:
    mark(again, known, cast)
    kinds = ["handoff.action", "handoff.duplicate"]
    told = {
        (row.recipient, row.kind): row.next_try_at for row in Message.objects.filter(kind__in=kinds)
    }
    later = ACCEPTED_AT + timedelta(seconds=10)
    assert told == {
        (cast.cruz, "handoff.action"): later,
        (cast.ana, "handoff.duplicate"): later,
    }


def test_copied_action_wakes_a_parked_lead_if_it_is_newer(cast: Cast) -> None:
    other, again = factories.contacted(cast), factories.handed_off(cast)
    recycling.park(other, reason_to_recycle(), wake_on=None, by=cast.bea, at=CONTACTED_AT)
    action = factories.action("sent_form")
    day = when("2026-03-03 10:00")
    leads.add_action(again.lead, action, occurred_on=day.date(), by=cast.ana, at=day)
    duplicates.mark(again, lead_of(other), by=cast.bea, at=when("2026-03-03 11:00"))
    assert (lead_of(other).stage, did(other)) == ("captured", ["asked_for_demo", "sent_form"])


def not_said(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(again, None, cast, comment="  ")


def itself(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(again, again, cast)


def archived(cast: Cast, known: Handoff, again: Handoff) -> None:
    lead = factories.lead(cast)
    archiving.archive(lead, by=cast.ana, at=ACCEPTED_AT)
    duplicates.mark(again, lead, by=cast.bea, at=ACCEPTED_AT)


def duplicate_itself(cast: Cast, known: Handoff, again: Handoff) -> None:
    first = mark(factories.handed_off(cast), known, cast)
    mark(again, first, cast)


def has_duplicates(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(factories.handed_off(cast), again, cast)
    mark(again, known, cast)


@pytest.mark.parametrize(
    ("attempt", "error", "fields"),
    [
        (not_said, NeedsOriginal, ["original", "comment"]),
        (itself, WrongOriginal, ["original"]),
        (archived, WrongOriginal, ["original"]),
        (duplicate_itself, WrongOriginal, ["original"]),
        (has_duplicates, WrongOriginal, ["original"]),
    ],
)
def test_what_is_no_original_is_refused(
    cast: Cast, known: Handoff, again: Handoff, attempt: Any, error: Any, fields: list[str]
) -> None:
    with pytest.raises(error) as raised:
        attempt(cast, known, again)
    assert list(raised.value.fields) == fields
    assert stored(again).is_pending


def test_only_a_pending_handoff_is_a_duplicate(cast: Cast, known: Handoff) -> None:
    taken = factories.accepted(cast)
    with pytest.raises(AlreadyTaken):
        duplicates.mark(taken, lead_of(known), by=cast.cruz, at=NOON)
    assert stored(taken).state == "accepted"


# -- In words, which marketing links


def test_described_in_words_it_waits_on_marketings_desk(cast: Cast, again: Handoff) -> None:
    mark(again, None, cast, comment="Es la de Grupo Andino de enero")
    assert (Return.objects.get().state, lead_of(again).stage) == ("open", "returned")
    payload = again.events.get(kind="duplicate").payload
    assert payload["comment"] == "Es la de Grupo Andino de enero"


def test_marketing_links_them(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(again, None, cast, comment="Es la de Grupo Andino")
    duplicates.link(stored(again), lead_of(known), by=cast.ana, at=NOON)
    row = Return.objects.get()
    assert (row.state, row.original, row.answered_by) == ("duplicate", lead_of(known), cast.ana)
    assert (lead_of(again).stage, did(known)) == ("closed", ["asked_for_demo", "sent_form"])
    assert sound() == []


def test_marketing_links_a_rejected_lead_too(cast: Cast, known: Handoff) -> None:
    rejected = factories.rejected(cast, did="sent_form")
    duplicates.link(rejected, lead_of(known), by=cast.ana, at=NOON)
    assert (stored(rejected).state, lead_of(rejected).stage) == ("rejected", "closed")


def test_answered_return_is_not_linked(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(again, None, cast, comment="Es la de Grupo Andino")
    returns.close(stored(again), reason_to_close(), by=cast.ana, at=NOON)
    with pytest.raises(MovedOn):
        duplicates.link(stored(again), lead_of(known), by=cast.ana, at=NOON)


# -- Taken back


def test_marketing_takes_it_back_with_the_copied_action(
    cast: Cast, known: Handoff, again: Handoff
) -> None:
    mark(again, known, cast)
    returns.take_up(stored(again), by=cast.ana, at=NOON)
    row = Return.objects.get()
    assert (row.state, row.original, lead_of(again).stage) == ("open", None, "returned")
    assert (did(known), did(again)) == (["asked_for_demo"], ["sent_form"])
    event = lead_of(known).events.order_by("-id")[0]
    assert (event.kind, event.payload["taken_back"]) == ("valuable_action", True)
    # And it may go to sales again.
    assert factories.handed_off(cast, of=lead_of(again), at=NOON).cycle == 2
    assert sound() == []


def test_undo_within_ten_seconds_leaves_nothing(cast: Cast, known: Handoff, again: Handoff) -> None:
    mark(again, known, cast)
    undo.undo(stored(again), by=cast.bea, at=ACCEPTED_AT + timedelta(seconds=9))
    assert (stored(again).state, Return.objects.get().state) == ("pending", "cancelled")
    assert did(known) == ["asked_for_demo"]
    assert not Message.objects.filter(dropped_at=None, cause__startswith="decision:").filter(
        kind__in=["handoff.action", "handoff.duplicate"]
    )
    assert sound() == []
    handoffs.accept(stored(again), by=cast.bea, at=NOON)


# -- The numbers


def test_it_does_not_touch_the_acceptance_rate(cast: Cast, known: Handoff, again: Handoff) -> None:
    factories.rejected(cast)

    def decided() -> tuple[int, int, int]:
        row = numbers.decided(scope())
        return row.decisions, row.accepted_by_sales, row.rejected_by_sales

    assert decided() == (2, 1, 1)
    mark(again, known, cast)
    mark(factories.handed_off(cast), None, cast, comment="Es la de Grupo Andino")
    assert decided() == (2, 1, 1)
