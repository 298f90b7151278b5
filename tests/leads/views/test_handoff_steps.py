"""Every step of the registry has an address, a button and a place for its errors."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.accounts.models import User
from leads.forms.handoff_steps import STEPS
from leads.models import Handoff
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.sources import ROOT

TEMPLATES = sorted((ROOT / "templates" / "leads").glob("_lead_*.jinja"))


@pytest.mark.parametrize("name", STEPS)
def test_step_has_an_address_by_its_name(name: str) -> None:
    assert reverse(f"handoff_{name}", args=[7]) == f"/handoffs/7/{name}/"


@pytest.mark.parametrize("name", STEPS)
def test_step_is_drawn_once_by_its_label_or_by_a_template(name: str) -> None:
    own = any(f"'handoff_{name}'" in path.read_text() for path in TEMPLATES)
    assert own != bool(STEPS[name].label)


@pytest.mark.parametrize("name", STEPS)
def test_step_does_not_exist_for_a_person_without_sight(
    cast: Cast, moment: Moment, client: Client, name: str
) -> None:
    handoff = factories.accepted(cast)
    client.force_login(cast.extra, backend="crm.accounts.backend.Backend")
    assert client.post(f"/handoffs/{handoff.pk}/{name}/").status_code == 404


@pytest.mark.parametrize("name", STEPS)
def test_step_takes_no_get(cast: Cast, moment: Moment, client: Client, name: str) -> None:
    handoff = factories.accepted(cast)
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    assert client.get(f"/handoffs/{handoff.pk}/{name}/").status_code == 405


def test_form_with_errors_returns_with_what_was_typed(
    cast: Cast, moment: Moment, client: Client
) -> None:
    handoff = factories.accepted(cast)
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    typed = {"channel": "phone", "note": "Busy line"}
    answer = client.post(f"/handoffs/{handoff.pk}/attempt/", typed)
    assert (answer.status_code, answer.context["failed"]) == (422, "attempt")
    assert "Busy line" in answer.content.decode()


# Step, the handoff that it is taken on, by whom, and the kind of its event.
WITH_WHY = [
    ("withdraw", factories.handed_off, "ana", "withdrawn"),
    ("requeue", factories.handed_off, "dora", "requeued"),
    ("requeue", factories.accepted, "dora", "requeued"),
    ("reassign", factories.contacted, "elsa", "reassigned"),
]


@pytest.mark.parametrize(("step", "make", "person", "kind"), WITH_WHY)
def test_step_asks_why_and_the_history_shows_it(
    cast: Cast, moment: Moment, client: Client, step: str, make: Any, person: str, kind: str
) -> None:
    handoff = make(cast)
    client.force_login(getattr(cast, person), backend="crm.accounts.backend.Backend")
    address = f"/handoffs/{handoff.pk}/{step}/"
    typed = {"owner": str(cast.cruz.pk), "comment": "  "}
    answer = client.post(address, typed)
    assert (answer.status_code, answer.context["failed"]) == (422, step)
    assert list(answer.context["forms"][step].errors) == ["comment"]
    assert not handoff.events.filter(kind=kind).exists()
    assert client.post(address, typed | {"comment": "Se va de viaje"}).status_code == 302
    assert handoff.events.get(kind=kind).payload["comment"] == "Se va de viaje"
    page = client.get(f"/leads/{handoff.lead_id}/").content.decode()
    assert "Se va de viaje" in page


@pytest.mark.parametrize(
    ("step", "person", "typed"),
    [
        ("withdraw", "ana", {"comment": "Wants to wait until June"}),
        ("reassign", "dora", {"owner": "cruz", "comment": "Wants to wait until June"}),
        ("pause", "bea", {"until": "2026-03-05T10:00", "note": "Wants to wait until June"}),
    ],
)
def test_step_that_is_not_offered_any_more_shows_why_and_what_was_typed(
    cast: Cast, moment: Moment, client: Client, step: str, person: str, typed: dict[str, str]
) -> None:
    handoff = factories.won(cast)
    client.force_login(getattr(cast, person), backend="crm.accounts.backend.Backend")
    if "owner" in typed:
        typed["owner"] = str(cast.cruz.pk)
    answer = client.post(f"/handoffs/{handoff.pk}/{step}/", typed)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'role="alert"' in page
    assert "Wants to wait until June</textarea>" in page


def test_labelled_step_is_drawn_with_its_fields_and_its_errors(
    cast: Cast, moment: Moment, client: Client
) -> None:
    handoff = factories.sql(cast)
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    page = client.post(f"/handoffs/{handoff.pk}/lose/", {"comment": "Too expensive"})
    drawn = {s.name: [f.name for f in form] for s, form in page.context["labelled_steps"]}
    assert drawn["lose"] == ["reason", "comment"]
    html = page.content.decode()
    assert f'action="/handoffs/{handoff.pk}/lose/"' in html
    assert "Too expensive" in html


# The amount as typed -> the won amount; None: the question, and the lead is not won.
AMOUNTS = (
    ("es-CO", "185.000", Decimal(185_000)),
    ("es-CO", "185.000,5", Decimal("185000.50")),
    ("es-CO", "185,000", None),
    ("es-MX", "185,000.50", Decimal("185000.50")),
    ("es-MX", "185.000", None),
    ("en-US", "185.000", None),
    ("en-US", "99.999.999", Decimal(99_999_999)),
)


@pytest.mark.parametrize(("region", "typed", "amount"), AMOUNTS)
def test_won_amount_is_read_by_the_region(
    cast: Cast, moment: Moment, client: Client, region: str, typed: str, amount: Decimal | None
) -> None:
    handoff = factories.sql(cast)
    User.objects.filter(pk=cast.bea.pk).update(region=region)
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    answer = client.post(f"/handoffs/{handoff.pk}/win/", {"amount": typed})
    handoff.refresh_from_db()
    assert handoff.amount == amount
    if amount is None:
        assert answer.status_code == 422
        assert "185000 or 185? Write one of the two." in answer.content.decode()


def test_won_amount_is_rounded_with_a_note(cast: Cast, moment: Moment, client: Client) -> None:
    handoff = factories.sql(cast)
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    answer = client.post(f"/handoffs/{handoff.pk}/win/", {"amount": "10.5555"}, follow=True)
    texts = [str(message) for message in answer.context["messages"]]
    assert "Amount in MXN: 10.5555 was rounded to 10.56." in texts


# -- Outcomes on the page


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


def test_won_amount_is_corrected_on_the_lead_page(cast: Cast, moment: Moment) -> None:
    handoff = factories.won(cast, "185000.00")
    client = browser_of(cast.bea)
    page = client.get(f"/leads/{handoff.lead_id}/")
    assert page.context["forms"]["amount"]["amount"].value() == "185000"
    path = f"/handoffs/{handoff.pk}/amount/"
    refused = client.post(path, {"amount": "158,000.50"})
    assert (refused.status_code, refused.context["failed"]) == (422, "amount")
    assert "158,000.50" in refused.content.decode()
    answer = client.post(path, {"amount": "158,000.50", "reason": "Typo"}, follow=True)
    handoff.refresh_from_db()
    assert handoff.amount == Decimal("158000.50")
    html = answer.content.decode()
    assert "Won amount corrected</strong>: 158,000.50\xa0MXN" in html
    assert "Before: 185,000\xa0MXN" in html


def test_outcome_is_reopened_on_the_lead_page(cast: Cast, moment: Moment) -> None:
    handoff = factories.lost(cast)
    client = browser_of(cast.dora)
    assert "reopen" in client.get(f"/leads/{handoff.lead_id}/").context["forms"]
    path = f"/handoffs/{handoff.pk}/reopen/"
    assert client.post(path, {"reason": ""}).status_code == 422
    page = client.post(path, {"reason": "They called back"}, follow=True)
    handoff.refresh_from_db()
    assert (handoff.state, page.context["journey"].step) == ("opportunity", "win")
    assert "They called back" in page.content.decode()


def test_outcome_is_offered_to_be_corrected_to_those_who_may(cast: Cast, moment: Moment) -> None:
    handoff = factories.won(cast)
    offered = {}
    for name in ("ana", "bea", "dora", "elsa"):
        page = browser_of(getattr(cast, name)).get(f"/leads/{handoff.lead_id}/")
        offered[name] = {"amount", "reopen"} <= set(page.context["forms"])
    assert offered == {"ana": False, "bea": True, "dora": True, "elsa": False}


@pytest.mark.parametrize("step", ["amount", "reopen"])
def test_director_and_marketing_change_no_outcome(cast: Cast, moment: Moment, step: str) -> None:
    handoff = factories.won(cast)
    typed = {"amount": "5", "reason": "Why not"}
    statuses = {}
    for name in ("ana", "elsa", "cruz", "extra"):
        answer = browser_of(getattr(cast, name)).post(f"/handoffs/{handoff.pk}/{step}/", typed)
        statuses[name] = answer.status_code
    assert statuses == {"ana": 403, "elsa": 403, "cruz": 404, "extra": 404}
    assert Handoff.objects.get(pk=handoff.pk).amount == Decimal("185000.00")


def test_outcome_that_a_colleague_reopened_says_so(cast: Cast, moment: Moment) -> None:
    handoff = factories.won(cast)
    first = browser_of(cast.dora).post(f"/handoffs/{handoff.pk}/reopen/", {"reason": "Late"})
    second = browser_of(cast.bea).post(f"/handoffs/{handoff.pk}/reopen/", {"reason": "Late"})
    assert (first.status_code, second.status_code) == (302, 409)
    text = "State now: Opportunity. Last change: Outcome reopened, by Dora Salinas."
    assert text in second.content.decode()


def test_opportunity_is_opened_with_what_is_expected_of_it(cast: Cast, moment: Moment) -> None:
    handoff = factories.sql(cast)
    client = browser_of(cast.bea)
    opened = {"expected_amount": "90,000", "expected_close_on": "2026-06-30"}
    assert client.post(f"/handoffs/{handoff.pk}/opportunity/", opened).status_code == 302
    page = client.get(f"/leads/{handoff.lead_id}/")
    form = page.context["forms"]["expect"]
    assert {name: str(form[name].value()) for name in form.fields} == {
        "expected_amount": "90000",
        "expected_close_on": "2026-06-30",
    }
    assert "30 Jun 2026" in page.content.decode()
    changed = {"expected_amount": "80,000", "expected_close_on": "2020-01-01"}
    refused = client.post(f"/handoffs/{handoff.pk}/expect/", changed)
    assert (refused.status_code, refused.context["failed"]) == (422, "expect")
    changed["expected_close_on"] = "2026-07-31"
    assert client.post(f"/handoffs/{handoff.pk}/expect/", changed).status_code == 302
    handoff.refresh_from_db()
    assert (handoff.expected_amount, str(handoff.expected_close_on)) == (80_000, "2026-07-31")


def test_button_of_the_opportunity_sends_what_is_expected_of_it(cast: Cast, moment: Moment) -> None:
    handoff = factories.sql(cast)
    html = browser_of(cast.bea).get(f"/leads/{handoff.lead_id}/").content.decode()
    address = f'action="/handoffs/{handoff.pk}/opportunity/"'
    assert html.count(address) == 1
    assert re.search(rf'<form [^>]*id="opportunity" [^>]*{address}', html)
    assert re.search(r'<button [^>]*data-key="q" form="opportunity"', html)


def test_opportunity_opens_without_expectations(cast: Cast, moment: Moment) -> None:
    handoff = factories.sql(cast)
    assert browser_of(cast.bea).post(f"/handoffs/{handoff.pk}/opportunity/").status_code == 302
    handoff.refresh_from_db()
    assert (handoff.state, handoff.expected_amount) == ("opportunity", None)
