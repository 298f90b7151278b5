"""What stands at the top of the lead page, for whoever works the lead next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from leads import handoffs
from leads.handoffs import undo
from leads.models import Handoff
from leads.records import leads
from leads.returns import duplicates, misrouting
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, Cast, when

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
NOON = when("2026-03-02 12:00")


@pytest.fixture(autouse=True)
def later(moment: Moment) -> None:
    moment.set(when("2026-03-03 10:00"))


def top(client: Client, lead_id: int) -> Any:
    return client.get(f"/leads/{lead_id}/").context["before_call"]


def html(client: Client, lead_id: int) -> str:
    return " ".join(client.get(f"/leads/{lead_id}/").content.decode().split())


def handed_off_again(cast: Cast) -> Handoff:
    """Rejected by Cruz with a comment, corrected by Ana, and back in the queue."""
    first = factories.handed_off(cast, note="Opened two warehouses")
    reason = factories.rejection("bad_contact_data")
    comment = "The number does not exist"
    handoffs.reject(first, reason, comment=comment, by=cast.cruz, at=ACCEPTED_AT)
    lead = first.lead
    lead.refresh_from_db()
    data = {"person": {"phone": "+52 55 4000 9999"}}
    leads.change(lead, data, by=cast.ana, at=NOON, version=lead.version)
    return factories.handed_off(cast, of=lead, at=NOON, note="Ask for Cali")


def test_act_and_note_of_marketing_stand_at_the_top(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.handed_off(cast, note="Opened two warehouses")
    client = signed_in(cast.bea)
    found = top(client, handoff.lead_id)
    assert (found.action.kind.code, found.note, found.refusals) == (
        "asked_for_demo",
        "Opened two warehouses",
        [],
    )
    page = html(client, handoff.lead_id)
    assert page.index("Opened two warehouses") < page.index('id="next-title"')


@pytest.mark.parametrize("who", ["bea", "cruz", "dora", "ana", "elsa"])
def test_earlier_refusal_says_who_when_why_and_what_changed_since(
    cast: Cast, signed_in: SignedIn, who: str
) -> None:
    handoff = handed_off_again(cast)
    client = signed_in(getattr(cast, who))
    [refusal] = top(client, handoff.lead_id).refusals
    decision = refusal.decision
    assert (decision.by, refusal.at, decision.reason.code, decision.comment) == (
        cast.cruz,
        ACCEPTED_AT,
        "bad_contact_data",
        "The number does not exist",
    )
    assert refusal.changed == ["Phone"]
    page = html(client, handoff.lead_id)
    for words in ("Cruz Medina rejected it", "Bad data", "The number does not exist", "Phone"):
        assert words in page
    assert page.index("Cruz Medina rejected it") < page.index("Ask for Cali")


def test_returned_lead_tells_marketing_why(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.handed_off(cast)
    reason = factories.rejection("bad_contact_data")
    handoffs.reject(handoff, reason, comment="No such number", by=cast.bea, at=ACCEPTED_AT)
    page = html(signed_in(cast.ana), handoff.lead_id)
    assert page.index("No such number") < page.index('id="next-title"')
    assert "cycle 1 · Clerical: incomplete" in page
    # Where the lead is mended it is in sight, too.
    mend = signed_in(cast.ana).get(f"/leads/{handoff.lead_id}/qualify/").content.decode()
    assert mend.index("No such number") < mend.index('id="hand-off"')


def test_changed_phone_reads_as_everywhere_else(cast: Cast, signed_in: SignedIn) -> None:
    handoff = handed_off_again(cast)
    assert "→ +52 55 4000 9999" in html(signed_in(cast.ana), handoff.lead_id)


def test_decision_that_is_no_rejection_tells_marketing_why(cast: Cast, signed_in: SignedIn) -> None:
    misrouted, duplicate = factories.handed_off(cast), factories.handed_off(cast)
    misrouting.misroute(misrouted, None, by=cast.bea, at=ACCEPTED_AT, comment="Wants spare parts")
    duplicates.mark(duplicate, None, by=cast.bea, at=ACCEPTED_AT, comment="Seen in January")
    for handoff, words in (
        (
            misrouted,
            "it is for another team</strong>. No other team was named. “Wants spare parts”",
        ),
        (duplicate, "it is a duplicate of another lead</strong>. “Seen in January”"),
    ):
        assert f"Bea Quintero: {words}" in html(signed_in(cast.ana), handoff.lead_id)


def test_accept_without_a_contact_is_told_to_the_next_rep(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=cast.dora, at=NOON, cause="by hand")
    [refusal] = top(signed_in(cast.cruz), handoff.lead_id).refusals
    assert (refusal.is_rejection, refusal.decision.by, refusal.at) == (False, cast.bea, NOON)


@pytest.mark.parametrize("make", [factories.accepted, factories.contacted, factories.sql])
def test_usual_way_has_no_refusal(
    cast: Cast, signed_in: SignedIn, make: Callable[..., Handoff]
) -> None:
    assert top(signed_in(cast.bea), make(cast).lead_id).refusals == []


def test_undone_rejection_is_no_refusal(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.rejected(cast)
    at = when("2026-03-02 10:20:05")
    undo.undo(handoff, by=cast.bea, at=at)
    assert top(signed_in(cast.cruz), handoff.lead_id).refusals == []


def test_hidden_contact_data_stay_hidden_in_what_changed(cast: Cast, signed_in: SignedIn) -> None:
    handoff = handed_off_again(cast)
    handoff.lead.contact_hidden = True
    handoff.lead.save()
    page = html(signed_in(cast.bea), handoff.lead_id)
    assert "9999" not in page
    assert "Changed since then: Phone" in page
