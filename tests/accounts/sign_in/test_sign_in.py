"""Who can sign in, and who stays signed in."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from crm.accounts.models import Organisation, User
from crm.accounts.sign_in import demo
from tests import factories
from tests.factories import PASSWORD, Cast

LOGIN = "/accounts/login/"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def try_password(client: Client, email: str, password: str = PASSWORD) -> bool:
    client.post(LOGIN, {"login": email, "password": password})
    return signed_in(client)


def test_person_signs_in_by_email(cast: Cast, client: Client) -> None:
    assert try_password(client, "bea@relevo.test") is True


def test_email_is_read_whatever_its_case(cast: Cast, client: Client) -> None:
    assert try_password(client, "BEA@Relevo.Test") is True


@pytest.mark.parametrize(
    ("email", "password"), [("bea@relevo.test", "wrong"), ("nobody@relevo.test", PASSWORD)]
)
def test_wrong_sign_in_is_refused(cast: Cast, client: Client, email: str, password: str) -> None:
    assert try_password(client, email, password) is False


def test_known_and_unknown_accounts_get_the_same_answer(cast: Cast, client: Client) -> None:
    known = (
        client.post(LOGIN, {"login": "bea@relevo.test", "password": "wrong"}).context["form"].errors
    )
    unknown = (
        client.post(LOGIN, {"login": "nobody@relevo.test", "password": "wrong"})
        .context["form"]
        .errors
    )
    assert (known, bool(known)) == (unknown, True)


def test_inactive_person_cannot_sign_in(cast: Cast, client: Client) -> None:
    User.objects.filter(pk=cast.bea.pk).update(is_active=False)
    assert try_password(client, "bea@relevo.test") is False


def test_session_of_a_deactivated_person_ends(cast: Cast, client: Client) -> None:
    client.force_login(cast.bea)
    User.objects.filter(pk=cast.bea.pk).update(is_active=False)
    assert client.get("/preferences/").url == f"{LOGIN}?next=/preferences/"


def test_session_ends_when_the_password_changes(cast: Cast, client: Client) -> None:
    client.force_login(cast.bea)
    cast.bea.set_password("another-password-2026")
    cast.bea.save()
    assert client.get("/preferences/").url == f"{LOGIN}?next=/preferences/"


def test_stranger_is_sent_to_sign_in(cast: Cast, client: Client) -> None:
    assert client.get("/preferences/").url == f"{LOGIN}?next=/preferences/"


def test_imported_person_cannot_sign_in(cast: Cast, client: Client) -> None:
    User.objects.create(name="Rep", email="rep@relevo.test", is_active=True, password="!")
    assert try_password(client, "rep@relevo.test", "!") is False


# -- Demo people: known passwords, three locks


@pytest.fixture
def demo_bea(cast: Cast) -> User:
    """A demo person in a demo organisation; the tests take one lock away at a time."""
    Organisation.objects.update(is_demo=True)
    bea = factories.person("Fay", cast.sales, is_demo=True)
    User.objects.filter(pk=bea.pk).update(email=f"bea@{demo.DOMAIN}")
    bea.refresh_from_db()
    return bea


def test_demo_person_signs_in_by_the_button_in_demo_mode(
    demo_bea: User, client: Client, settings: Settings
) -> None:
    settings.DEMO = True
    client.post(reverse("demo_sign_in"), {"as": "sales_rep"})
    assert client.session["_auth_user_id"] == str(demo_bea.pk)


def test_demo_button_is_not_there_outside_demo_mode(demo_bea: User, client: Client) -> None:
    assert client.post(reverse("demo_sign_in"), {"as": "sales_rep"}).status_code == 404


def test_demo_button_is_not_there_beside_a_real_organisation(
    demo_bea: User, client: Client, settings: Settings
) -> None:
    settings.DEMO = True
    Organisation.objects.update(is_demo=False)
    assert client.post(reverse("demo_sign_in"), {"as": "sales_rep"}).status_code == 404


@pytest.mark.parametrize("key", ["bea", "", "root", "SALES_REP"])
def test_demo_button_of_another_name_is_not_there(
    demo_bea: User, client: Client, settings: Settings, key: str
) -> None:
    settings.DEMO = True
    assert client.post(reverse("demo_sign_in"), {"as": key}).status_code == 404


def test_demo_button_never_signs_in_a_real_person(
    demo_bea: User, client: Client, settings: Settings
) -> None:
    settings.DEMO = True
    User.objects.filter(pk=demo_bea.pk).update(is_demo=False)
    assert client.post(reverse("demo_sign_in"), {"as": "sales_rep"}).status_code == 404


def test_demo_button_needs_a_post(demo_bea: User, client: Client, settings: Settings) -> None:
    settings.DEMO = True
    assert client.get(reverse("demo_sign_in"), {"as": "sales_rep"}).status_code == 405


def test_demo_person_cannot_sign_in_by_password_outside_demo_mode(
    demo_bea: User, client: Client
) -> None:
    assert try_password(client, demo_bea.email or "") is False


def test_demo_persons_session_ends_outside_demo_mode(
    demo_bea: User, client: Client, settings: Settings
) -> None:
    settings.DEMO = True
    client.force_login(demo_bea)
    assert client.get("/preferences/").status_code == 200
    settings.DEMO = False
    assert client.get("/preferences/").url == f"{LOGIN}?next=/preferences/"


def test_people_to_try_are_those_of_the_demo(demo_bea: User, settings: Settings) -> None:
    settings.DEMO = True
    assert [(person.key, person.email) for person in demo.people()] == [
        ("sales_rep", f"bea@{demo.DOMAIN}")
    ]


def test_nobody_can_be_tried_outside_demo_mode(demo_bea: User) -> None:
    assert demo.people() == []
