"""A person who asked not to be contacted, over the API: the mark stays until a new consent."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import Handoff
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast


def marked(cast: Cast, moment: Moment, caller: Any) -> Handoff:
    """A lead whose person asks not to be contacted, as its rep notes over the API."""
    moment.set("2026-03-02 11:00")
    handoff = factories.accepted(cast)
    body = {"channel": "phone", "outcome": "no_contact"}
    shown = caller(cast.bea).post(f"handoffs/{handoff.pk}/contact/", body)[1]
    assert (shown["state"], shown["outcome_reason"]) == ("disqualified", "no_contact")
    return handoff


@pytest.mark.parametrize("same", ["email", "phone"])
def test_lead_that_is_logged_again_keeps_the_mark(
    cast: Cast, moment: Moment, caller: Any, same: str
) -> None:
    handoff, ana = marked(cast, moment, caller), caller(cast.ana)
    body = {"name": "Otra vez", same: getattr(handoff.lead.person, same)}
    status, lead = ana.post("leads/", body)
    assert (status, lead["no_contact_at"]) == (201, "2026-03-02T17:00:00Z")
    read = ana.get(f"leads/{lead['id']}/")[1]
    assert read == {name: value for name, value in lead.items() if name != "known"}


def test_other_data_of_a_marked_lead_change_and_the_mark_stays(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff, ana = marked(cast, moment, caller), caller(cast.ana)
    path = f"leads/{handoff.lead_id}/"
    body = {"version": 1, "email": "otra@andino.test", "phone": "+52 55 4999 0000"}
    status, lead = ana.patch(path, body)
    assert (status, lead["no_contact_at"]) == (200, "2026-03-02T17:00:00Z")


def test_marked_lead_is_neither_handed_off_nor_woken(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff, ana = marked(cast, moment, caller), caller(cast.ana)
    person = handoff.lead.person
    lead = ana.post("leads/", {"name": "Otra vez", "email": person.email})[1]
    status, problem = ana.post(f"leads/{lead['id']}/handoffs/", {"team": cast.sales.pk})
    assert (status, problem["code"]) == (409, "no_contact_asked")


def test_new_consent_names_its_source_and_lifts_the_mark(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff, ana = marked(cast, moment, caller), caller(cast.ana)
    path = f"leads/{handoff.lead_id}/"
    assert caller(cast.bea).post(f"{path}consent/", {"consent": "Correo"})[0] == 200
    status, problem = ana.post(f"{path}consent/", {"consent": "Correo"})
    assert (status, problem["code"]) == (409, "moved_on")
    other = marked(cast, moment, caller)
    for body in ({}, {"consent": " "}):
        status, problem = ana.post(f"leads/{other.lead_id}/consent/", body)
        assert (status, list(problem["fields"])) == (422, ["consent"])
    status, lead = ana.post(f"leads/{other.lead_id}/consent/", {"consent": "Formulario web"})
    assert (status, lead["no_contact_at"]) == (200, None)
    event = other.lead.events.order_by("-id")[0]
    assert (event.kind, event.payload) == ("consent", {"note": "Formulario web"})
