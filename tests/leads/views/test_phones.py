"""Phones on pages and over the API: how they are shown, dialled and refused."""

from __future__ import annotations

import pytest

from leads.models import Lead
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def page(client, **person) -> str:
    person = {"name": "Mariana", "country": "", **person}
    lead = factories.lead(client.cast, person=person, company={"country": ""})
    return client.get(f"/leads/{lead.pk}/").content.decode()


@pytest.fixture
def client(cast, signed_in):
    found = signed_in(cast.ana)
    found.cast = cast
    return found


def test_national_number_gets_links_to_call_and_write(client):
    text = page(client, phone="55 4000 1000", country="MX")
    assert 'href="tel:+525540001000"' in text
    assert 'href="https://wa.me/525540001000"' in text


def test_extension_is_shown_and_dialled(client):
    text = page(client, phone="+52 55 4000 1000 ext. 204")
    assert 'href="tel:+525540001000,204"' in text
    assert "+52 55 4000 1000 ext. 204" in text


@pytest.mark.parametrize(("country", "is_shown"), [("", True), ("MX", False)])
def test_assumed_country_is_shown(client, country, is_shown):
    text = page(client, phone="55 4000 1000", country=country)
    assert ("“55 4000 1000”" in text and "México" in text) is is_shown


def test_form_refuses_a_placeholder_and_names_the_field(client):
    answer = client.post("/leads/new/", {"name": "Mariana", "phone": "000000000"})
    assert (answer.status_code, Lead.objects.count()) == (422, 0)
    assert list(answer.context["form"].errors) == ["phone"]
    assert 'value="000000000"' in answer.content.decode()


def test_form_takes_the_address_out_of_what_is_pasted(client):
    client.post("/leads/new/", {"name": "Mariana", "email": "Mariana <Mariana@Andino.test>"})
    assert Lead.objects.get().person.email == "mariana@andino.test"


def test_form_says_which_address_it_left_out(client):
    typed = {"name": "Mariana", "email": "mariana@andino.test, otra@andino.test"}
    answer = client.post("/leads/new/", typed, follow=True)
    assert Lead.objects.get().person.email == "mariana@andino.test"
    assert any("otra@andino.test" in str(message) for message in answer.context["messages"])


def test_form_shows_the_phone_as_typed(client):
    lead = factories.lead(client.cast, person={"name": "Mariana", "phone": "(55) 4000-1000"})
    assert 'value="(55) 4000-1000"' in client.get(f"/leads/{lead.pk}/edit/").content.decode()
