"""Guessing a secret over HTTP: where it is stopped, what is said, and whom it never locks out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm.accounts.models import User
from crm.accounts.sign_in import tries
from crm.audit.models import Entry
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast

LOGIN = "/accounts/login/"
FREE = {"PAIR": 2, "DEVICE": 3, "ADDRESS": 5, "ACCOUNT": 8}


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fewer guesses be free, in the order of the real limits: each is a request."""
    real = [getattr(tries, name).free for name in FREE]
    assert real == sorted(real)
    for name, free in FREE.items():
        monkeypatch.setattr(tries, name, replace(getattr(tries, name), free=free))


BEA = "bea@relevo.test"


def sign_in(client: Client, password: str = "wrong", email: str = BEA, **more: Any) -> HttpResponse:
    return client.post(LOGIN, {"login": email, "password": password}, **more)


def from_addresses(count: int) -> Iterator[str]:
    return (f"198.51.100.{number}" for number in range(count))


# -- Every place where a secret is guessed

PLACES = {
    "sign-in": (LOGIN, {"login": BEA, "password": "wrong"}, "PAIR"),
    "forgotten password": ("/accounts/password/reset/", {"email": BEA}, "PAIR"),
    "set-up code": ("/setup/first/", {"code": "AAAA-BBBB-CCCC-DDDD"}, "ADDRESS"),
    "invitation": ("/join/1/forged/", {}, "ADDRESS"),
    "link to a new password": ("/accounts/password/new/1/forged/", {}, "ADDRESS"),
}
SIGNED_IN_PLACES = {
    "changed password": ("/accounts/password/", {"current": "wrong"}, "PAIR"),
    "new API key": ("/preferences/keys/", {"password": "wrong"}, "PAIR"),
}


@pytest.mark.parametrize("place", PLACES)
def test_guesses_of_a_stranger_are_stopped(
    place: str, moment: Moment, client: Client, settings: Settings
) -> None:
    settings.MAIL_ON = settings.PRODUCTION = True
    check_stopped(client, *PLACES[place])


@pytest.mark.parametrize("place", SIGNED_IN_PLACES)
def test_guesses_of_a_signed_in_person_are_stopped(
    place: str, cast: Cast, moment: Moment, client: Client
) -> None:
    client.force_login(cast.bea)
    check_stopped(client, *SIGNED_IN_PLACES[place])


def check_stopped(client: Client, path: str, data: dict[str, str], name: str) -> None:
    """Guess once more than the limit allows: the last answer says how long to wait."""
    statuses = [client.post(path, data).status_code for _time in range(FREE[name])]
    assert 429 not in statuses
    client.cookies["relevo_language"] = "en"
    answer = client.post(path, data)
    seconds = int(getattr(tries, name).first.total_seconds())
    assert (answer.status_code, answer["Retry-After"]) == (429, str(seconds))
    if "_auth_user_id" not in client.session:  # else the page is in the person's language
        assert f"Too many tries. Wait {seconds} s, then try again." in answer.content.decode()


def test_wrong_api_keys_are_stopped_and_right_ones_never(
    cast: Cast, moment: Moment, client: Client
) -> None:
    headers = {"Authorization": "Bearer rlv_forged.key"}
    answers = [client.get("/api/v1/leads/", headers=headers) for _ in range(FREE["ADDRESS"] + 1)]
    assert [each.status_code for each in answers] == [401] * FREE["ADDRESS"] + [429]
    assert answers[-1]["Retry-After"] == "10"
    client.force_login(cast.bea)
    assert client.get("/api/v1/leads/").status_code == 200


# -- The answer


def test_stopped_sign_in_keeps_the_email_and_goes_on_after_the_wait(
    cast: Cast, moment: Moment, client: Client
) -> None:
    for _time in range(FREE["PAIR"]):
        sign_in(client)
    stopped = sign_in(client, PASSWORD)
    assert (stopped.status_code, f'value="{BEA}"' in stopped.content.decode()) == (429, True)
    moment.advance(seconds=int(stopped["Retry-After"]))
    assert sign_in(client, PASSWORD).status_code == 302


def test_known_and_unknown_accounts_get_the_same_answers_at_the_same_cost(
    cast: Cast, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=cast.cruz.pk).update(is_active=False)
    User.objects.filter(pk=cast.dora.pk).update(password="!")
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *args: hashed.append("once") or encode(*args)
    )

    def cost_of(name: str, address: str) -> tuple[Any, ...]:
        client, email = Client(), f"{name}@relevo.test"
        hashed.clear()
        with CaptureQueriesContext(connection) as asked:
            answers = [sign_in(client, email=email, REMOTE_ADDR=address) for _time in range(3)]
        said = [(each.status_code, each.context["form"].errors) for each in answers]
        return said, [each.get("Retry-After") for each in answers], len(asked), len(hashed)

    Client().get(LOGIN)  # the first page of a process reads the words of the organisation
    names = ("bea", "cruz", "dora", "nobody")
    known, inactive, without_password, unknown = map(cost_of, names, from_addresses(4))
    assert known[3] == FREE["PAIR"]
    assert [inactive, without_password, unknown] == [known] * 3


# -- Nobody is locked out by others


def test_guesses_from_one_address_do_not_close_the_account_for_another(
    cast: Cast,
    moment: Moment,
    client: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.RELEVO_PROXIES = 1
    for _time in range(FREE["PAIR"] + 1):
        stopped = sign_in(client, HTTP_X_FORWARDED_FOR="198.51.100.1")
    other = sign_in(Client(), PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9")
    assert (stopped.status_code, other.status_code) == (429, 302)
    assert caplog.messages[0] == "too many guesses of password from 198.51.100.1"
    assert Entry.objects.get(verb="signed_in").payload == {"address": "203.0.113.9"}


def test_forwarded_addresses_count_only_where_proxies_are_declared(
    cast: Cast, moment: Moment, client: Client
) -> None:
    found = [
        sign_in(client, HTTP_X_FORWARDED_FOR=each).status_code
        for each in from_addresses(FREE["PAIR"] + 1)
    ]
    assert found[-1] == 429


def test_guesses_from_everywhere_do_not_close_a_known_device(
    cast: Cast, moment: Moment, client: Client
) -> None:
    assert sign_in(client, PASSWORD).status_code == 302
    client.post("/accounts/logout/")
    strangers = [
        sign_in(Client(), REMOTE_ADDR=address).status_code
        for address in from_addresses(FREE["ACCOUNT"] + 1)
    ]
    assert strangers[-1] == 429
    assert sign_in(Client(), PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 429
    assert sign_in(client, PASSWORD).status_code == 302


def test_known_device_has_a_limit_of_its_own(cast: Cast, moment: Moment, client: Client) -> None:
    sign_in(client, PASSWORD)
    client.post("/accounts/logout/")
    found = [sign_in(client).status_code for _time in range(FREE["DEVICE"] + 1)]
    assert found == [200] * FREE["DEVICE"] + [429]


def test_cookie_of_a_known_device_is_kept_from_scripts(
    cast: Cast, moment: Moment, client: Client
) -> None:
    sign_in(client, PASSWORD)
    cookie = client.cookies["relevo_device"]
    found = [cookie[name] for name in ("httponly", "max-age", "samesite", "path")]
    assert found == [True, 180 * 24 * 3600, "Lax", "/"]


def test_one_password_on_many_accounts_is_stopped(
    cast: Cast, moment: Moment, client: Client
) -> None:
    found = [
        sign_in(client, email=f"n{number}@relevo.test").status_code
        for number in range(FREE["ADDRESS"] + 1)
    ]
    assert found == [200] * FREE["ADDRESS"] + [429]
