"""The first admin: who becomes it, with which organisation, and only one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from crm.accounts import organisations
from crm.accounts.models import Organisation, User
from crm.lib import clock
from crm.setup import first_admin
from leads.models import Source
from tests.conftest import Moment
from tests.factories import Cast
from tests.setup.conftest import FIRST, create_first_admin


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/queue/", "/leads/1/", "/setup/", "/alignment/"])
def test_every_page_of_an_empty_installation_leads_to_the_first_admin(
    client: Client, path: str
) -> None:
    assert client.get(path, follow=True).redirect_chain[-1] == ("/setup/first/", 302)


def test_first_admin_is_signed_in_with_sensible_guesses(moment: Moment, client: Client) -> None:
    assert create_first_admin(client).url == "/setup/organisation/"
    facts = Organisation.objects.values(
        "name", "currency", "country", "time_zone", "language", "setting_up"
    ).get()
    assert facts == {
        "name": "Cafe Andino",
        "currency": "COP",
        "country": "CO",
        "time_zone": "America/Bogota",
        "language": "es",
        "setting_up": True,
    }
    assert client.get("/").url == "/setup/"


def test_guesses_fall_back_to_mexico(moment: Moment, client: Client) -> None:
    client.post("/setup/first/", {**FIRST, "email": "ana@gmail.com", "zone": "Mars/Olympus"})
    facts = Organisation.objects.values_list("name", "currency", "country", "time_zone").get()
    assert facts == ("Mi empresa", "MXN", "MX", "America/Mexico_City")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "ana@"}, "email"),
        ({"password": "corta"}, "password"),
        ({"password": "ana@cafe-andino.co"}, "password"),
    ],
)
def test_first_admin_with_bad_input_names_the_field(
    moment: Moment, client: Client, changes: dict[str, str], field: str
) -> None:
    response = create_first_admin(client, **changes)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    kept = response.context["form"]["zone"].value()
    assert (kept, User.objects.count()) == ("America/Bogota", 0)


def test_first_admin_page_closes_behind_the_first_admin(cast: Cast, client: Client) -> None:
    assert client.get("/setup/first/").url == "/"
    assert create_first_admin(client).url == "/"
    assert not User.objects.filter(email=FIRST["email"]).exists()


def test_people_who_cannot_sign_in_do_not_close_it(moment: Moment, client: Client) -> None:
    User.objects.create(name="Imported", external_id="7", is_active=False, password="!")
    User.objects.create(name="Demo", email="demo@demo.relevo.test", is_demo=True, password="x")
    assert create_first_admin(client).url == "/setup/organisation/"


@pytest.mark.django_db(transaction=True)
def test_two_first_admins_at_once_make_one() -> None:
    """The second waits for the first one's lock, and is refused."""

    def come(number: int) -> str:
        try:
            first_admin.create_first_admin(
                "Ana",
                f"ana{number}@cafe.mx",
                "caballo batería grapa",
                zone="",
                languages="",
                language="es",
                at=clock.now(),
            )
        except organisations.AlreadySetUp:
            return "refused"
        finally:
            connections.close_all()
        return "founded"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come, range(4))) == ["founded", "refused", "refused", "refused"]
    assert User.objects.filter(is_admin=True).count() == 1


def test_catalogues_are_there_for_the_first_lead(founded: Client) -> None:
    assert Source.objects.count() == 7
