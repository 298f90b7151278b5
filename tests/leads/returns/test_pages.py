"""How marketing answers a return on the lead page, the qualify page and by the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from leads.models import Handoff, Lead, Return, ValuableActionKind
from leads.returns import recycling, returns
from tests import factories
from tests.factories import Cast
from tests.leads.returns.rows import awake, reason_to_close, reason_to_recycle

pytestmark = pytest.mark.usefixtures("moment")


def signed_in(client: Client, person: object) -> Client:
    client.force_login(person, backend="crm.accounts.backend.Backend")  # type: ignore[arg-type]
    return client


@pytest.fixture
def sent_back(cast: Cast, client: Client) -> Handoff:
    """A rejected lead of Ana's, who is signed in."""
    reason_to_close()
    handoff = factories.rejected(cast)
    signed_in(client, cast.ana)
    return handoff


def page(client: Client, handoff: Handoff) -> str:
    return client.get(f"/leads/{handoff.lead_id}/").content.decode()


def test_marketing_closes_it_with_a_reason(sent_back: Handoff, client: Client) -> None:
    assert 'id="return"' in page(client, sent_back)
    data = {"reason": reason_to_close().pk, "comment": "Es estudiante"}
    answer = client.post(f"/handoffs/{sent_back.pk}/close/", data, follow=True)
    assert answer.redirect_chain[-1][1] == 302
    row = Return.objects.get()
    assert (row.state, row.comment) == ("closed", "Es estudiante")
    assert "Es estudiante" in answer.content.decode()


def test_reason_is_asked_for_and_the_comment_stays(sent_back: Handoff, client: Client) -> None:
    answer = client.post(f"/handoffs/{sent_back.pk}/close/", {"comment": "Es estudiante"})
    form = answer.context["forms"]["close"]
    assert (answer.status_code, list(form.errors)) == (422, ["reason"])
    assert "Es estudiante" in answer.content.decode()


@pytest.mark.parametrize("step", ["close", "recycle", "reject", "duplicate", "misroute"])
def test_summary_of_wrong_input_leads_to_each_wrong_field(
    sent_back: Handoff, cast: Cast, client: Client, step: str
) -> None:
    """A group of radios has no id of its own: its first one has."""
    handoff = sent_back
    if step in ("reject", "duplicate", "misroute"):
        handoff = factories.handed_off(cast)
        signed_in(client, cast.bea)
    reason_to_recycle()
    answer = client.post(f"/handoffs/{handoff.pk}/{step}/", {"q": "", "reason": ""})
    text = answer.content.decode()
    summary = text[text.index('class="err-sum"') :].partition("</div>")[0]
    targets = re.findall('href="#([^"]*)"', summary)
    assert answer.status_code == 422 and targets
    assert [target for target in targets if f'id="{target}"' not in text] == []


def test_step_that_wakes_a_lead_says_so(sent_back: Handoff, cast: Cast, client: Client) -> None:
    reason = reason_to_recycle()
    recycling.park(sent_back, reason, wake_on=None, by=cast.ana, at=factories.CONTACTED_AT)
    kind = ValuableActionKind.objects.get(code="asked_for_demo").pk
    data = {"kind": kind, "occurred_on": "2026-03-02"}
    address = f"/leads/{sent_back.lead_id}/actions/"
    page = client.post(address, data, follow=True).content.decode()
    assert "is awake and with marketing, ready to qualify." in page
    # The return is answered; who rejected the lead, and why, still stands at the top.
    assert 'id="return"' not in page
    assert "rejected it</strong>" in page


def test_parked_lead_says_once_who_recycled_it(
    sent_back: Handoff, cast: Cast, client: Client
) -> None:
    parking = recycling.park(
        sent_back,
        reason_to_recycle(),
        wake_on=None,
        comment="En enero tiene presupuesto",
        by=cast.ana,
        at=factories.CONTACTED_AT,
    )
    answer = client.get(f"/leads/{sent_back.lead_id}/")
    main, _history = answer.content.decode().split('id="timeline"')
    assert answer.context["parking"] == parking
    assert ('id="return"' in main, main.count(parking.comment)) == (False, 1)


@pytest.mark.parametrize("address", ["/leads/%s/", "/leads/%s/qualify/"])
def test_woken_lead_says_why_it_slept(
    sent_back: Handoff, cast: Cast, client: Client, address: str
) -> None:
    lead = awake(sent_back, by=cast.ana, at=factories.CONTACTED_AT)
    text = client.get(address % lead.pk).content.decode()
    top = text[text.index('id="before"') :]
    assert "<strong>It was recycled</strong>: Not now" in top
    assert "By hand" in top


def test_closed_lead_is_taken_up_again(sent_back: Handoff, cast: Cast, client: Client) -> None:
    returns.close(sent_back, reason_to_close(), by=cast.ana, at=factories.CONTACTED_AT)
    text = page(client, sent_back)
    assert ("/take-up/" in text, "Nothing more is to be done." in text) == (True, False)
    client.post(f"/handoffs/{sent_back.pk}/take-up/")
    assert Return.objects.get().state == "open"


@pytest.mark.parametrize("step", ["close", "take-up"])
def test_sales_does_not_answer_for_marketing(
    sent_back: Handoff, cast: Cast, client: Client, step: str
) -> None:
    signed_in(client, cast.bea)
    assert "/close/" not in page(client, sent_back)
    assert client.post(f"/handoffs/{sent_back.pk}/{step}/").status_code == 403


def test_answered_return_is_a_conflict_that_keeps_what_was_typed(
    sent_back: Handoff, cast: Cast, client: Client
) -> None:
    factories.handed_off(cast, of=sent_back.lead, at=factories.CONTACTED_AT)
    data = {"reason": reason_to_close().pk, "comment": "Es estudiante"}
    answer = client.post(f"/handoffs/{sent_back.pk}/close/", data)
    assert (answer.status_code, "Es estudiante" in answer.content.decode()) == (409, True)


# -- Handing off again


def test_page_asks_why_only_if_nothing_changed(
    sent_back: Handoff, cast: Cast, client: Client
) -> None:
    address = f"/leads/{sent_back.lead_id}/qualify/"
    assert "unchanged_reason" in client.get(address).content.decode()
    lead = Lead.objects.get(pk=sent_back.lead_id)
    factories.prove(lead, "budget", by=cast.ana)
    answer = client.get(address)
    assert "unchanged_reason" not in answer.content.decode()
    lines = [(line.old, line.new) for line in answer.context["changed"]]
    assert lines == [("Unknown", "Met")]


def test_hand_off_of_an_unchanged_lead_is_refused_with_the_field(
    sent_back: Handoff, cast: Cast, client: Client
) -> None:
    data = {"team": cast.sales.pk, "note": "Va de nuevo"}
    address = f"/leads/{sent_back.lead_id}/hand-off/"
    answer = client.post(address, data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["unchanged_reason"])
    assert "Va de nuevo" in answer.content.decode()
    assert client.post(address, {**data, "unchanged_reason": "Llamé y existe"}).status_code == 302


# -- The API


def test_api_closes_and_takes_up(sent_back: Handoff, cast: Cast, caller: Any) -> None:
    ana, path = caller(cast.ana), f"handoffs/{sent_back.pk}/"
    status, _shown = ana.post(f"{path}close/", {"reason": "not_a_customer"})
    assert (status, Return.objects.get().state) == (200, "closed")
    status, _shown = ana.post(f"{path}take-up/")
    assert (status, Return.objects.get().state) == (200, "open")


def test_api_asks_why_an_unchanged_lead_goes_again(
    sent_back: Handoff, cast: Cast, caller: Any
) -> None:
    ana, path = caller(cast.ana), f"leads/{sent_back.lead_id}/handoffs/"
    status, problem = ana.post(path, {"team": cast.sales.pk})
    assert (status, problem["code"], list(problem["fields"])) == (
        422,
        "nothing_changed",
        ["unchanged_reason"],
    )
    status, _shown = ana.post(path, {"team": cast.sales.pk, "unchanged_reason": "Existe"})
    assert status == 201
