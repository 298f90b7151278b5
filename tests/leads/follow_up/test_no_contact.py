"""A person who asked not to be contacted is left alone on all leads, until a new consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from leads import handoffs
from leads.conflicts import NoContactAsked
from leads.follow_up import attempts, no_contact
from leads.handoffs import outcomes, undo
from leads.handoffs.state_changes import PersonIsMarked
from leads.models import Handoff, Lead, OutcomeReason, Person
from leads.records import leads
from leads.returns import recycling
from leads.states import EventKind
from tests import factories
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_recycle

NOON = when("2026-03-02 12:00")
SignedIn = Callable[[User], Client]
ONE = when("2026-03-02 13:00")


def ask(handoff: Handoff, cast: Cast) -> None:
    attempts.record(handoff, "phone", outcome="no_contact", by=cast.bea, at=NOON)


@pytest.mark.parametrize(
    "make", [factories.accepted, factories.contacted, factories.sql, factories.opportunity]
)
def test_open_handoff_closes_as_disqualified(cast: Cast, make: Any) -> None:
    handoff = make(cast)
    attempts.record(
        handoff, "phone", outcome="no_contact", by=cast.bea, at=when("2026-03-05 12:00")
    )
    handoff.refresh_from_db()
    assert (handoff.state, handoff.outcome_reason.code) == ("disqualified", "no_contact")
    assert Person.objects.get(pk=handoff.lead.person_id).no_contact_at is not None


def twin(cast: Cast, like: Lead, **how: Any) -> Lead:
    """Another lead, of a person with the same e-mail or phone."""
    other = factories.mql(cast)
    person = {name: getattr(like.person, name) for name in how}
    Person.objects.filter(pk=other.person_id).update(**person)
    return Lead.objects.select_related("person").get(pk=other.pk)


@pytest.mark.parametrize("same", ["email", "phone"])
def test_other_lead_of_the_person_cannot_be_handed_off(cast: Cast, same: str) -> None:
    handoff = factories.accepted(cast)
    other = twin(cast, handoff.lead, **{same: True})
    ask(handoff, cast)
    with pytest.raises(NoContactAsked):
        handoffs.hand_off(other, team=cast.sales, by=cast.ana, at=ONE)


def test_pending_handoff_of_the_person_is_withdrawn(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    other = twin(cast, handoff.lead, email=True)
    waiting = handoffs.hand_off(other, team=cast.sales, by=cast.ana, at=NOON)
    ask(handoff, cast)
    waiting.refresh_from_db()
    event = other.events.get(kind=EventKind.WITHDRAWN)
    # By its code, which each reader's page writes in the reader's language.
    assert (waiting.state, event.payload["reason"]) == ("withdrawn", no_contact.CODE)
    assert event.payload["comment"] == ""


def test_parked_lead_of_the_person_does_not_wake(cast: Cast) -> None:
    parked = factories.contacted(cast)
    recycling.park(parked, reason_to_recycle(), wake_on=date(2026, 3, 6), by=cast.bea, at=NOON)
    handoff = factories.accepted(cast)
    twin_of = Person.objects.get(pk=handoff.lead.person_id)
    Person.objects.filter(pk=parked.lead.person_id).update(email=twin_of.email)
    ask(handoff, cast)
    assert recycling.wake_due(at=when("2026-03-09 12:00")) == 0
    with pytest.raises(NoContactAsked):
        recycling.wake_by_hand(parked.lead, by=cast.ana, at=ONE)


@pytest.mark.parametrize("same", ["email", "phone"])
def test_person_who_comes_again_keeps_the_mark(cast: Cast, same: str) -> None:
    handoff = factories.accepted(cast)
    ask(handoff, cast)
    value = getattr(handoff.lead.person, same)
    assert value
    again = Person.objects.create(**{same: value.upper()})
    again.refresh_from_db()
    assert again.no_contact_at == NOON


@pytest.mark.parametrize(
    ("field", "new"), [("email", "correct@andino.test"), ("phone", "+525540009999")]
)
def test_mark_follows_a_corrected_address(cast: Cast, field: str, new: str) -> None:
    """Also to a person who is known by the correct one, and to one who comes later."""
    handoff, known = factories.accepted(cast), Person.objects.create(**{field: new})
    ask(handoff, cast)
    leads.change(handoff.lead, {"person": {field: new}}, by=cast.ana, at=ONE, version=1)
    later = Person.objects.create(**{field: new})
    for person in (known, later):
        person.refresh_from_db()
    assert [known.no_contact_at, later.no_contact_at] == [NOON, NOON]
    no_contact.lift(handoff.lead, "Formulario web", by=cast.ana, at=ONE)
    after = Person.objects.create(**{field: new})
    after.refresh_from_db()
    assert after.no_contact_at is None


def test_reason_that_says_so_binds_the_person_too(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    other = twin(cast, handoff.lead, email=True)
    reason = OutcomeReason.objects.create(
        code=no_contact.CODE, kind="disqualified", name=no_contact.NAME
    )
    outcomes.disqualify(handoff, reason, by=cast.bea, at=NOON)
    with pytest.raises(NoContactAsked):
        handoffs.hand_off(other, team=cast.sales, by=cast.ana, at=ONE)
    kinds = handoff.lead.events.order_by("-id").values_list("kind", flat=True)[:2]
    assert (handoff.state, list(kinds)) == ("disqualified", ["no_contact", "disqualified"])


def test_link_on_a_page_of_before_begins_no_attempt(
    cast: Cast, signed_in: SignedIn, moment: Any
) -> None:
    """The mark comes with an edit, while a rep works on the lead."""
    moment.set(ONE)
    asked, handoff = factories.accepted(cast), factories.accepted(cast)
    ask(asked, cast)
    data = {"person": {"phone": asked.lead.person.phone}}
    leads.change(handoff.lead, data, by=cast.ana, at=ONE, version=1)
    answer = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/begin/", {"channel": "phone"})
    assert (answer.status_code, handoff.attempts.count()) == (409, 0)


def test_new_consent_lifts_the_mark_and_names_its_source(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    ask(handoff, cast)
    lead = handoff.lead
    with pytest.raises(no_contact.NeedsConsent):
        no_contact.lift(lead, " ", by=cast.ana, at=ONE)
    no_contact.lift(lead, "Formulario web, 3 de marzo", by=cast.ana, at=ONE)
    again = Person.objects.create(email=lead.person.email)
    again.refresh_from_db()
    marks = Person.objects.filter(no_contact_at__isnull=False).count()
    event = lead.events.order_by("-id")[0]
    assert (marks, event.kind, event.payload) == (
        0,
        "consent",
        {"note": "Formulario web, 3 de marzo"},
    )


def test_lead_page_has_no_links_until_there_is_a_consent(
    cast: Cast, signed_in: SignedIn, moment: Any
) -> None:
    moment.set(ONE)
    handoff = factories.accepted(cast)
    bea = signed_in(cast.bea)
    address = f"/leads/{handoff.lead_id}/"
    links = ("tel:", "wa.me", "mailto:")
    page = bea.get(address).content.decode()
    assert [link in page for link in links] == [True, True, True]
    bea.post(f"/handoffs/{handoff.pk}/attempt/", {"channel": "phone", "outcome": "no_contact"})
    page = bea.get(address).content.decode()
    assert [link in page for link in links] == [False, False, False]
    ana = signed_in(cast.ana)
    refused = ana.post(f"{address}consent/", {"consent": ""})
    lifted = ana.post(f"{address}consent/", {"consent": "Formulario web"})
    assert (refused.status_code, lifted.status_code) == (422, 302)
    page = ana.get(address).content.decode()
    assert [link in page for link in links] == [True, True, True]


def test_lead_that_nobody_may_contact_is_neither_parked_nor_reopened(
    cast: Cast, signed_in: SignedIn, moment: Any
) -> None:
    moment.set(ONE)
    handoff = factories.contacted(cast)
    bea = signed_in(cast.bea)

    def offered() -> list[str]:
        forms = bea.get(f"/leads/{handoff.lead_id}/").context["forms"]
        return [step for step in ("recycle", "reopen") if step in forms]

    assert offered() == ["recycle"]
    ask(handoff, cast)
    assert offered() == []
    no_contact.lift(handoff.lead, "Formulario web", by=cast.ana, at=ONE)
    assert offered() == ["recycle", "reopen"]


def test_decision_on_a_person_who_asked_since_cannot_be_undone(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    other = twin(cast, handoff.lead, email=True)
    waiting = handoffs.hand_off(other, team=cast.sales, by=cast.ana, at=NOON)
    reason = factories.rejection("not_the_persona")
    handoffs.reject(waiting, reason, by=cast.cruz, at=NOON)
    ask(handoff, cast)
    with pytest.raises(PersonIsMarked):
        undo.undo(waiting, by=cast.cruz, at=NOON)
    waiting.refresh_from_db()
    assert waiting.state == "rejected"


def test_queue_has_no_links_to_a_person_who_asked(
    cast: Cast, signed_in: SignedIn, moment: Any
) -> None:
    """The mark comes with an edit: the phone is that of a person who asked."""
    moment.set(ONE)
    asked, waiting = factories.accepted(cast), factories.handed_off(cast, at=NOON)
    ask(asked, cast)
    bea = signed_in(cast.bea)
    links = ("tel:", "wa.me")
    page = bea.get("/queue/").content.decode()
    assert [link in page for link in links] == [True, True]
    data = {"person": {"phone": asked.lead.person.phone}}
    leads.change(waiting.lead, data, by=cast.ana, at=ONE, version=1)
    page = bea.get("/queue/").content.decode()
    assert [link in page for link in links] == [False, False]
