"""Every step of the registry has an address, a button and a place for its errors."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from crm.accounts.models import User
from leads.forms.handoff_steps import STEPS
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.sources import ROOT

TEMPLATES = sorted((ROOT / "templates" / "leads").glob("_lead_*.html"))


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
    assert answer.status_code in (409, 422)
    assert 'role="alert"' in page
    assert "Wants to wait until June</textarea>" in page


def test_labelled_step_is_drawn_with_its_fields_and_its_errors(
    cast: Cast, moment: Moment, client: Client
) -> None:
    handoff = factories.sql(cast)
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    page = client.post(f"/handoffs/{handoff.pk}/lose/", {"comment": "Too expensive"})
    drawn = {step.name: list(form.fields) for step, form in page.context["labelled_steps"]}
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
