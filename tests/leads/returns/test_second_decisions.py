"""Who rejected a lead cannot decide on it again without something newer than the rejection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from leads import handoffs, permissions
from leads.conflicts import RejectedBefore
from leads.models import Handoff, Lead, ValuableAction
from leads.records import leads
from leads.returns import disputes, duplicates, returns
from tests import factories
from tests.factories import Cast, when

NOON = when("2026-03-02 12:00")
LATER = when("2026-03-02 13:00")


def again(cast: Cast, *rejectors: User) -> Handoff:
    """The next pending handoff of a lead that each of ``rejectors`` rejected, unchanged."""
    handoff = factories.handed_off(cast)
    for person in rejectors:
        handoffs.reject(
            handoff, factories.rejection("not_the_persona"), by=person, at=factories.ACCEPTED_AT
        )
        if handoff.cycle == 1:
            lead = Lead.objects.get(pk=handoff.lead_id)
            handoff = factories.handed_off(cast, of=lead, at=NOON)
        else:
            handoff = disputes.hand_off_again(handoff, by=cast.elsa, at=NOON, comment="Sí")
    return Handoff.objects.get(pk=handoff.pk)


def deciding(cast: Cast, handoff: Handoff) -> set[str]:
    """Who may decide, of those whose queue it is in."""
    people = User.objects.filter(is_active=True, memberships__team=cast.sales)
    handoff = Handoff.objects.get(pk=handoff.pk)
    return {
        person.get_short_name().lower()
        for person in people
        if permissions.can_decide(person, handoff)
    }


DECISIONS: dict[str, Callable[[Handoff, User], object]] = {
    "accept": lambda row, person: handoffs.accept(row, by=person, at=LATER),
    "reject": lambda row, person: handoffs.reject(
        row, factories.rejection("not_the_persona"), by=person, at=LATER
    ),
}


@pytest.mark.parametrize("decide", DECISIONS)
def test_rejector_cannot_decide_again(cast: Cast, decide: str) -> None:
    handoff = again(cast, cast.bea)
    assert deciding(cast, handoff) == {"cruz", "dora"}
    with pytest.raises(RejectedBefore):
        DECISIONS[decide](handoff, cast.bea)
    DECISIONS[decide](handoff, cast.cruz)


def test_overturned_rejection_bars_its_author_too(cast: Cast) -> None:
    first = factories.rejected(cast)
    disputes.contest(first, "Sí cumple", by=cast.ana, at=NOON)
    handoff = disputes.uphold(first, by=cast.elsa, at=NOON, comment="Cumple")
    assert deciding(cast, handoff) == {"cruz", "dora"}


def change_field(lead: Lead, cast: Cast) -> None:
    changes = {"person": {"phone": "+52 55 1234 5678"}}
    leads.change(lead, changes, by=cast.ana, at=LATER, version=lead.version)


def note_action(lead: Lead, cast: Cast) -> None:
    kind = factories.action("asked_for_demo")
    leads.add_action(lead, kind, occurred_on=LATER.date(), by=cast.ana, at=LATER)


NEWS = {
    "field": change_field,
    "evidence": lambda lead, cast: factories.prove(lead, "budget", by=cast.ana, at=LATER),
    "action": note_action,
}


@pytest.mark.parametrize("news", NEWS)
def test_newer_package_lets_the_rejector_decide(cast: Cast, news: str) -> None:
    handoff = again(cast, cast.bea)
    NEWS[news](Lead.objects.get(pk=handoff.lead_id), cast)
    assert deciding(cast, handoff) == {"bea", "cruz", "dora"}
    handoffs.accept(handoff, by=cast.bea, at=when("2026-03-02 13:30"))


def test_copied_action_that_is_taken_back_is_nothing_new(cast: Cast) -> None:
    original = factories.mql(cast, did="sent_form")
    other = factories.handed_off(cast)
    duplicates.mark(other, original, by=cast.dora, at=factories.HANDED_OFF_AT)
    handoff = factories.handed_off(cast, of=original)
    handoffs.reject(handoff, factories.rejection(), by=cast.bea, at=factories.ACCEPTED_AT)
    handoff = factories.handed_off(cast, of=original, at=NOON)
    returns.take_up(other, by=cast.ana, at=LATER)
    assert deciding(cast, handoff) == {"cruz", "dora"}


def test_action_that_was_copied_since_and_is_taken_back_is_nothing_new(cast: Cast) -> None:
    handoff = again(cast, cast.bea)
    other = factories.handed_off(cast)
    ValuableAction.objects.filter(lead=other.lead).update(occurred_on=date(2026, 2, 27))
    duplicates.mark(other, handoff.lead, by=cast.dora, at=NOON)
    copied = deciding(cast, handoff)
    returns.take_up(other, by=cast.ana, at=LATER)
    assert [copied, deciding(cast, handoff)] == [{"bea", "cruz", "dora"}, {"cruz", "dora"}]


def test_team_lead_decides_if_nobody_else_is_left(cast: Cast) -> None:
    handoff = again(cast, cast.bea, cast.cruz, cast.dora)
    assert deciding(cast, handoff) == {"dora"}
    handoffs.accept(handoff, by=cast.dora, at=LATER)


def test_inactive_colleague_is_nobody(cast: Cast) -> None:
    handoff = again(cast, cast.bea, cast.dora)
    assert deciding(cast, handoff) == {"cruz"}
    User.objects.filter(pk=cast.cruz.pk).update(is_active=False)
    assert deciding(cast, handoff) == {"dora"}


@pytest.mark.parametrize(("name", "buttons"), [("bea", 0), ("cruz", 1)])
def test_rejector_has_no_button_and_gets_a_conflict(
    cast: Cast, client: Client, caller: Any, moment: Any, name: str, buttons: int
) -> None:
    handoff = again(cast, cast.bea)
    moment.set(LATER)
    person = getattr(cast, name)
    client.force_login(person, backend="crm.accounts.backend.Backend")
    address = f'action="/handoffs/{handoff.pk}/accept/"'
    for path in ("/queue/", f"/leads/{handoff.lead_id}/"):
        page = client.get(path).content.decode()
        assert (path, bool(page.count(address))) == (path, bool(buttons))
    assert ("A colleague decides on it." in page) == (not buttons)
    statuses = [
        client.get(f"/handoffs/{handoff.pk}/reject/").status_code,
        client.post(f"/handoffs/{handoff.pk}/accept/").status_code,
    ]
    assert statuses == ([200, 302] if buttons else [409, 409])
    if not buttons:
        status, problem = caller(person).post(f"handoffs/{handoff.pk}/accept/")
        assert (status, problem["code"]) == (409, "rejected_before")
