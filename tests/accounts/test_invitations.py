"""Invitations: a link that opens an account once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from crm.accounts import invitations
from crm.accounts.models import Invitation, User
from crm.audit.models import Entry
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

TEN = when("2026-03-02 10:00")
PASSWORD = "una frase muy larga"
GOOD = {"name": "Fabi Ríos", "language": "es", "password": PASSWORD}


@pytest.fixture
def fabi(cast: Cast, moment: Moment) -> User:
    """Somebody who cannot sign in yet."""
    person = factories.person("Fabi", cast.sales, is_active=False)
    person.set_unusable_password()
    person.save()
    return person


@pytest.fixture
def invitation(cast: Cast, fabi: User) -> Invitation:
    return invitations.create(fabi, by=cast.root, at=TEN)


def now(person: User) -> User:
    return User.objects.get(pk=person.pk)


def join(path: str, **changes: str) -> int:
    return Client().post(path, {**GOOD, **changes}).status_code


# -- The link


def test_link_is_the_same_whenever_it_is_asked_for(invitation: Invitation) -> None:
    assert invitations.path_of(invitation) == invitations.path_of(Invitation.objects.get())


def test_link_needs_the_servers_key(invitation: Invitation, settings: object) -> None:
    before = invitations.path_of(invitation)
    settings.SECRET_KEY = "another" * 10  # type: ignore[attr-defined]
    assert invitations.path_of(invitation) != before
    assert join(before) == 404


def test_link_needs_the_rows_nonce(invitation: Invitation) -> None:
    before = invitations.path_of(invitation)
    Invitation.objects.update(nonce="0" * 64)
    assert join(before) == 404


def test_link_with_another_end_is_another_link(invitation: Invitation) -> None:
    before = invitations.path_of(invitation)
    Invitation.objects.update(expires_at=invitation.expires_at + timedelta(days=300))
    assert join(before) == 404


@pytest.mark.parametrize("cut", [1, 10])
def test_link_cut_off_is_unknown(invitation: Invitation, cut: int) -> None:
    assert Client().get(f"{invitations.path_of(invitation)[: -1 - cut]}/").status_code == 404


def test_link_of_another_invitation_is_unknown(cast: Cast, invitation: Invitation) -> None:
    other = invitations.create(cast.bea, by=cast.root, at=TEN)
    mixed = invitations.path_of(other).replace(f"/{other.pk}/", f"/{invitation.pk}/")
    assert join(mixed) == 404


# -- Coming in


def test_looking_changes_nothing(invitation: Invitation, fabi: User, client: Client) -> None:
    entries = Entry.objects.count()
    assert client.get(invitations.path_of(invitation)).status_code == 200
    assert (now(fabi).is_active, Invitation.objects.get().accepted_at, Entry.objects.count()) == (
        False,
        None,
        entries,
    )


def test_page_speaks_the_language_of_the_invitation(invitation: Invitation, fabi: User) -> None:
    User.objects.update(language="es")
    path = invitations.path_of(invitation)
    assert (
        Client().get(path, headers={"Accept-Language": "en"}).context["form"].initial["language"]
        == "es"
    )


def test_person_sets_a_password_and_is_in(
    invitation: Invitation, fabi: User, client: Client
) -> None:
    response = client.post(invitations.path_of(invitation), GOOD)
    person = now(fabi)
    assert (response.status_code, client.session["_auth_user_id"]) == (302, str(fabi.pk))
    assert (person.is_active, person.name, person.language) == (True, "Fabi Ríos", "es")
    assert person.check_password(PASSWORD) is True
    assert (
        Entry.objects.filter(
            verb="invitation_accepted", subject_id=fabi.pk, actor=fabi, at=TEN
        ).count()
        == 1
    )


def test_password_may_have_spaces_at_its_ends(invitation: Invitation, fabi: User) -> None:
    assert join(invitations.path_of(invitation), password=" una frase larga ") == 302
    assert now(fabi).check_password(" una frase larga ") is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "x7Hq-9Lm_2z"),  # 11 characters
        ("password", "x" * 129),
        ("password", "password1234"),
        ("password", "fabi@relevo.test"),
        ("password", ""),
        ("name", " \x00 "),
        ("language", "xx"),
    ],
)
def test_bad_input_is_named_and_opens_nothing(
    invitation: Invitation, fabi: User, field: str, value: str
) -> None:
    response = Client().post(invitations.path_of(invitation), {**GOOD, field: value})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert now(fabi).is_active is False


def test_password_of_128_characters_is_taken(invitation: Invitation) -> None:
    assert join(invitations.path_of(invitation), password="Aa1-" * 32) == 302


# -- A link that is over


def over(invitation: Invitation) -> tuple[int, int]:
    """What the page and the form answer."""
    path = invitations.path_of(invitation)
    return Client().get(path).status_code, join(path)


def test_link_works_once(invitation: Invitation, fabi: User) -> None:
    join(invitations.path_of(invitation))
    assert over(invitation) == (410, 410)


def test_link_runs_out_after_14_days(invitation: Invitation, fabi: User, moment: Moment) -> None:
    moment.set("2026-03-16 09:59:59")
    assert Client().get(invitations.path_of(invitation)).status_code == 200
    moment.set("2026-03-16 10:00:00")
    assert over(invitation) == (410, 410)
    assert now(fabi).is_active is False


def test_new_invitation_makes_the_old_link_invalid(
    cast: Cast, invitation: Invitation, fabi: User
) -> None:
    newer = invitations.create(fabi, by=cast.root, at=TEN)
    assert (over(invitation), join(invitations.path_of(newer))) == ((410, 410), 302)


def test_link_taken_back_is_invalid(cast: Cast, invitation: Invitation, fabi: User) -> None:
    assert invitations.revoke(fabi, by=cast.root, at=TEN) == 1
    assert over(invitation) == (410, 410)
    assert invitations.revoke(fabi, by=cast.root, at=TEN) == 0


def test_page_of_a_link_that_is_over_says_whom_to_ask(
    cast: Cast, invitation: Invitation, fabi: User
) -> None:
    invitations.revoke(fabi, by=cast.root, at=TEN)
    page = Client().get(invitations.path_of(invitation)).content.decode()
    assert "Root Otero" in page


# -- Somebody who lost the password


def test_new_link_for_an_active_person_replaces_the_password_and_ends_sessions(
    cast: Cast, moment: Moment
) -> None:
    elsewhere = Client()
    elsewhere.force_login(cast.bea)
    path = invitations.path_of(invitations.create(cast.bea, by=cast.root, at=TEN))
    assert elsewhere.get("/preferences/").status_code == 200
    assert join(path, name="Bea Quintero") == 302
    assert elsewhere.get("/preferences/").status_code == 302


def test_deactivated_person_gets_no_link(cast: Cast, moment: Moment) -> None:
    User.objects.filter(pk=cast.bea.pk).update(is_active=False, deactivated_at=TEN)
    with pytest.raises(invitations.NotInvitable):
        invitations.create(cast.bea, by=cast.root, at=TEN)


def test_invited_person_cannot_sign_in_before(invitation: Invitation, client: Client) -> None:
    client.post("/accounts/login/", {"login": "fabi@relevo.test", "password": factories.PASSWORD})
    assert "_auth_user_id" not in client.session
