"""Passkeys: registered and used by a key in software, and what is wrong with an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from crm.accounts.models import User
from crm.lib import clock
from crm.second_factor import factors, passkeys
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast
from tests.second_factor.devices import (
    CODE,
    HOME,
    ORIGIN,
    SoftKey,
    give_app,
    options_on,
    recovery_codes,
    sign_in,
    type_password,
)

ADD, CONFIRM = f"{HOME}passkey/", f"{HOME}confirm/"
SignedIn = Callable[[User], Client]


def register(client: Client, key: SoftKey, name: str = "Blue key") -> Any:
    answer = key.create(options_on(client.get(ADD)))
    return client.post(ADD, {"name": name, "credential": answer})


@pytest.fixture
def key(cast: Cast, moment: Moment) -> SoftKey:
    """A key that Bea has registered."""
    client, made = Client(), SoftKey()
    type_password(client, cast.bea)
    assert register(client, made).url == f"{HOME}codes/"
    client.post(f"{HOME}codes/", {"kept": "on"})
    cast.bea.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("base_url", "possible"),
    [
        ("https://relevo.example.com", True),
        ("http://localhost:8000", True),
        ("http://relevo.example.com", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost.example.com", False),
    ],
)
def test_passkeys_need_https_or_localhost(
    settings: Settings, base_url: str, possible: bool
) -> None:
    settings.BASE_URL = base_url
    assert passkeys.are_possible() is possible


@pytest.mark.usefixtures("moment")
def test_page_says_why_there_are_no_passkeys(
    cast: Cast, client: Client, settings: Settings
) -> None:
    settings.BASE_URL = "http://relevo.example.com"
    type_password(client, cast.bea)
    assert "Browsers give passkeys only to sites under https" in client.get(HOME).content.decode()
    assert client.get(ADD).url == HOME


def test_passkey_signs_in(cast: Cast, key: SoftKey, client: Client) -> None:
    assert type_password(client, cast.bea, next="/mine/").url == CODE
    answer = client.post(CODE, {"code": "", "credential": key.get(options_on(client.get(CODE)))})
    assert answer.url == "/mine/"
    assert client.session["_auth_user_id"] == str(cast.bea.pk)
    assert factors.of(cast.bea).passkeys[0].last_used_at == clock.now()


def test_passkey_confirms_beside_the_password(
    cast: Cast, key: SoftKey, moment: Moment, client: Client
) -> None:
    type_password(client, cast.bea)
    client.post(CODE, {"credential": key.get(options_on(client.get(CODE)))})
    moment.advance(minutes=11)
    answer = key.get(options_on(client.get(CONFIRM)))
    assert client.post(CONFIRM, {"password": PASSWORD, "credential": answer}).url == HOME


def test_answer_is_used_once(cast: Cast, key: SoftKey, client: Client) -> None:
    type_password(client, cast.bea)
    answer = key.get(options_on(client.get(CODE)))
    client.post(CODE, {"credential": answer})
    thief = Client()
    type_password(thief, cast.bea)
    thief.get(CODE)
    assert thief.post(CODE, {"credential": answer}).status_code == 422


def test_recovery_codes_work_beside_a_passkey(cast: Cast, key: SoftKey, client: Client) -> None:
    type_password(client, cast.bea)
    assert client.post(CODE, {"code": recovery_codes(cast.bea)[0]}).status_code == 302


def test_person_without_passkeys_is_not_asked_for_one(
    cast: Cast, moment: Moment, client: Client
) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.bea)
    assert client.get(CODE).context["options"] is None


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [
        ("http://evil.test", "localhost"),
        ("http://evil.localhost:8000", "localhost"),
        ("http://localhost:9999", "localhost"),
        ("https://localhost:8000", "localhost"),
        (ORIGIN, "evil.test"),
    ],
)
def test_key_that_was_asked_by_another_site_is_refused(
    cast: Cast, key: SoftKey, client: Client, origin: str, rp_id: str
) -> None:
    type_password(client, cast.bea)
    key.origin, key.rp_id = origin, rp_id
    answer = client.post(CODE, {"credential": key.get(options_on(client.get(CODE)))})
    assert (answer.status_code, "_auth_user_id" in client.session) == (422, False)


@pytest.mark.usefixtures("moment")
def test_host_header_does_not_choose_the_site(cast: Cast, client: Client) -> None:
    type_password(client, cast.bea)
    page = client.get(ADD, headers={"Host": "127.0.0.1"})
    assert options_on(page)["rp"]["id"] == "localhost"


def test_key_of_another_person_is_refused(cast: Cast, key: SoftKey, client: Client) -> None:
    give_app(cast.cruz, clock.now())
    register_for = Client()
    sign_in(register_for, cast.cruz, clock.now())
    own = SoftKey()
    register(register_for, own)
    type_password(client, cast.cruz)
    answer = client.post(CODE, {"credential": key.get(options_on(client.get(CODE)))})
    assert (answer.status_code, "_auth_user_id" in client.session) == (422, False)


@pytest.mark.usefixtures("moment")
def test_what_stands_beside_a_sound_answer_is_not_stored(cast: Cast, client: Client) -> None:
    type_password(client, cast.bea)
    sound = SoftKey().create(options_on(client.get(ADD)))
    answer = json.dumps({**json.loads(sound), "more": ["x"]})
    assert client.post(ADD, {"name": "x", "credential": answer}).status_code == 302
    (passkey,) = factors.of(cast.bea).passkeys
    assert set(passkey.data["credential"]) == {"id", "rawId", "type", "response"}


def spoiled() -> list[str]:
    """Answers that no browser gives."""
    sound = json.loads(SoftKey().create({"challenge": "AAAA" * 8}))
    parts = [{**sound, "response": value} for value in (None, {}, "x", {"clientDataJSON": "é"})]
    parts += [{**sound, "more": value} for value in ("\x00", float("nan"), "\ud800")]
    parts += [{**sound, "response": {**sound["response"], "attestationObject": "oWNmbXQ"}}]
    texts = ["{", "[]", "1", "null", '"x"', "NaN", "{}", "[" * 5000, "x" * 30_000, '{"id": 1}']
    return [*texts, *map(json.dumps, parts)]


@pytest.mark.usefixtures("moment")
def test_spoiled_answers_are_refused_by_both_pages(cast: Cast, key: SoftKey) -> None:
    signing, adding = Client(), Client()
    type_password(signing, cast.bea)
    type_password(adding, cast.cruz)
    wrong = []
    for answer in spoiled():
        data = {"name": "x", "credential": answer}
        # 429: the limit of tries comes first on the page of the sign-in.
        if signing.post(CODE, data).status_code not in (422, 429):
            wrong.append(f"{CODE}: {answer[:60]}")
        if adding.post(ADD, data).status_code != 422:
            wrong.append(f"{ADD}: {answer[:60]}")
    assert (wrong, factors.of(cast.cruz).count) == ([], 0)


@pytest.mark.usefixtures("moment")
def test_passkey_without_a_name_names_the_field(cast: Cast, client: Client) -> None:
    type_password(client, cast.bea)
    answer = register(client, SoftKey(), name=" ")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
