"""The timeline says what happened in words, and people write notes into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from leads.follow_up import attempts
from leads.models import Event
from leads.records import leads
from leads.states import ContactChannel, EventKind
from leads.templatetags.leads import ICONS, event_icon, fact_text
from tests import factories
from tests.conftest import Moment
from tests.factories import CONTACTED_AT, Cast, when

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def later(moment: Moment) -> None:
    moment.set(when("2026-03-03 10:00"))


def said(client: Client, lead_id: int) -> list[tuple[str, str]]:
    """Kind and words of each line, the newest first."""
    lines = client.get(f"/leads/{lead_id}/").context["timeline"].lines
    return [(line.event.kind, line.said) for line in lines]


@pytest.mark.parametrize(("code", "text"), [("budget", "Has a budget"), ("gone", "gone")])
def test_evidence_names_its_criterion(
    cast: Cast, signed_in: SignedIn, code: str, text: str
) -> None:
    handoff = factories.contacted(cast)
    leads.add_evidence(
        handoff.lead, code, "met", value="Yes", source="Call", by=cast.bea, at=CONTACTED_AT
    )
    assert said(signed_in(cast.bea), handoff.lead_id)[0] == ("evidence", text)


@pytest.mark.parametrize("channel", ContactChannel)
@pytest.mark.parametrize(("reached", "kind"), [(True, "contacted"), (False, "attempt")])
def test_contact_and_attempt_name_their_channel(
    cast: Cast, signed_in: SignedIn, channel: ContactChannel, reached: bool, kind: str
) -> None:
    handoff = factories.accepted(cast)
    outcome = "reached" if reached else "no_answer"
    attempts.record(handoff, channel, outcome=outcome, by=cast.bea, at=CONTACTED_AT)
    names = {
        "phone": "Call",
        "whatsapp": "WhatsApp",
        "email": "E-mail",
        "meeting": "Meeting",
        "visit": "Visit",
        "other": "Other",
    }
    expected = names[channel] if reached else f"{names[channel]} · No answer"
    assert said(signed_in(cast.bea), handoff.lead_id)[0] == (kind, expected)


def test_rejection_names_its_reason(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.rejected(cast)
    assert said(signed_in(cast.ana), handoff.lead_id)[0] == ("rejected", "Not the persona")


def test_only_the_newest_lines_are_unfolded(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.sql(cast)
    found = signed_in(cast.bea).get(f"/leads/{handoff.lead_id}/").context["timeline"]
    assert len(found.newest) == 5
    assert found.newest + found.earlier == found.lines


# -- Notes


def note(client: Client, lead_id: int, text: str) -> Any:
    return client.post(f"/leads/{lead_id}/notes/", {"note": text})


@pytest.mark.parametrize("writer", ["ana", "luis", "bea", "dora", "elsa"])
def test_everybody_who_sees_the_lead_writes_and_reads_notes(
    cast: Cast, signed_in: SignedIn, writer: str
) -> None:
    handoff = factories.accepted(cast)
    answer = note(signed_in(getattr(cast, writer)), handoff.lead_id, "Call at ten\nAsk for Cali")
    assert answer.status_code == 302
    event = Event.objects.latest("id")
    assert (event.kind, event.payload["note"]) == ("note", "Call at ten\nAsk for Cali")
    for reader in ("ana", "bea"):
        page = signed_in(getattr(cast, reader)).get(f"/leads/{handoff.lead_id}/")
        assert "Call at ten<br>Ask for Cali" in page.content.decode()


@pytest.mark.parametrize("writer", ["cruz", "root", "extra"])
def test_nobody_else_writes_a_note(cast: Cast, signed_in: SignedIn, writer: str) -> None:
    handoff = factories.accepted(cast)
    assert note(signed_in(getattr(cast, writer)), handoff.lead_id, "Hello").status_code == 404
    assert not Event.objects.filter(kind="note").exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_empty_or_too_long_note_comes_back(cast: Cast, signed_in: SignedIn, text: str) -> None:
    lead = factories.lead(cast)
    page = note(signed_in(cast.ana), lead.pk, text)
    assert (page.status_code, list(page.context["forms"]["note"].errors)) == (422, ["note"])


def test_note_is_kept_for_the_history_of_an_archived_lead_alone(
    cast: Cast, signed_in: SignedIn
) -> None:
    lead = factories.lead(cast)
    type(lead).objects.update(archived_at=when("2026-03-02 12:00"))
    assert note(signed_in(cast.ana), lead.pk, "Too late").status_code == 409


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("attributes.decides", True, "Yes"),
        ("attributes.decides", False, "No"),
        ("company.employees", 1000, "1,000"),
        ("company.employees", 0, "0"),
        ("person.country", "MX", "Mexico"),
        ("person.country", "", "–"),
        ("attributes.decides", None, "–"),
        ("person.name", "Marta", "Marta"),
    ],
)
def test_changed_value_is_shown_as_people_read_it(field: str, value: Any, shown: str) -> None:
    with translation.override("en"):
        assert str(fact_text(value, field)) == shown


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_of_event_has_an_icon_of_its_own(kind: EventKind) -> None:
    assert kind in ICONS
    assert "<svg" in event_icon(kind)
