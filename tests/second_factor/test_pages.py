"""The pages on which people set up, use and lose a second factor, by the test client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm.accounts import invitations
from crm.accounts.models import User
from crm.accounts.sign_in import known_devices
from crm.accounts.sign_in.proofs import Proof
from crm.api import keys
from crm.audit.models import Entry
from crm.lib import clock
from crm.second_factor import factors
from tests.browser.screens.words import Page, judge_policy
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast
from tests.second_factor.devices import (
    CODE,
    HOME,
    LOGIN,
    code_at,
    give_app,
    recovery_codes,
    sign_in,
    type_password,
)

SignedIn = Callable[[User], Client]
APP, CODES, CONFIRM = f"{HOME}app/", f"{HOME}codes/", f"{HOME}confirm/"
HERE = {"SERVER_NAME": "localhost"}


def key_on(page: Any) -> str:
    """The key as a person types it into the app."""
    return "".join(page.context["groups"])


def asks(answer: Any) -> bool:
    """Whether the page that asks for fresh proofs comes first."""
    location: str = answer.headers.get("Location", "")
    return location.startswith(CONFIRM)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# -- Set-up


def test_director_sets_up_an_app_and_gets_in(
    cast: Cast, moment: Moment, client: Client, settings: Settings
) -> None:
    settings.SECOND_FACTOR_DEMANDED = True
    assert type_password(client, cast.elsa, next="/alignment/").url == "/alignment/"
    assert client.get("/alignment/").url == HOME
    page = client.get(APP)
    assert '<svg class="qr"' in page.content.decode()
    answer = client.post(APP, {"code": code_at(clock.now(), key_on(page))})
    assert answer.url == CODES
    assert client.get("/alignment/").url == HOME  # the codes are not kept yet
    assert client.get(HOME).url == CODES
    codes = client.get(CODES).context["codes"]
    file = client.get(f"{CODES}file/")
    assert [code[:4] + " " + code[4:] in file.content.decode() for code in codes] == [True] * 10
    assert client.post(CODES, {"kept": ""}).status_code == 422
    assert client.post(CODES, {"kept": "on"}).url == "/"
    assert client.get("/alignment/").status_code == 200
    assert (client.get(CODES).url, client.get(f"{CODES}file/").url) == (HOME, HOME)


def test_wrong_code_of_a_new_app_adds_nothing(cast: Cast, moment: Moment, client: Client) -> None:
    type_password(client, cast.bea)
    key = key_on(client.get(APP))
    answer = client.post(APP, {"code": "000000"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["code"])
    assert (key_on(answer), factors.of(cast.bea).count) == (key, 0)


def test_key_that_waits_in_the_session_is_encrypted(
    cast: Cast, moment: Moment, client: Client
) -> None:
    type_password(client, cast.bea)
    key = key_on(client.get(APP))
    assert key not in str(dict(client.session))


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", APP), ("get", f"{HOME}passkey/"), ("get", CODES), ("post", f"{HOME}codes/renew/")],
)
def test_changes_ask_for_the_password_again(
    cast: Cast, moment: Moment, client: Client, settings: Settings, method: str, path: str
) -> None:
    type_password(client, cast.bea)
    moment.advance(minutes=11)
    answer = getattr(client, method)(path)
    assert asks(answer)
    wrong = client.post(answer.url, {"password": "wrong"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["password"])
    assert client.post(answer.url, {"password": PASSWORD}).url in (path, HOME)
    assert not asks(getattr(client, method)(path))


def test_removing_asks_for_password_and_code(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    sign_in(client, cast.bea, clock.now())
    moment.advance(minutes=11)
    app = factors.of(cast.bea).app
    assert app is not None
    path = f"{HOME}{app.pk}/remove/"
    ask = client.post(path).url
    for missing in ({"password": PASSWORD}, {"password": PASSWORD, "code": "000000"}):
        assert client.post(ask, missing).status_code == 422
    assert client.post(ask, {"password": PASSWORD, "code": code_at(clock.now())}).url == HOME
    assert client.post(path).url == HOME
    assert (factors.of(cast.bea).count, client.get("/queue/").status_code) == (0, 200)
    assert Proof.COMPLETE.value not in client.session


def test_right_code_is_not_used_up_beside_a_wrong_password(
    cast: Cast, moment: Moment, client: Client
) -> None:
    give_app(cast.bea, clock.now())
    sign_in(client, cast.bea, clock.now())
    moment.advance(minutes=11)
    code = code_at(clock.now())
    assert client.post(CONFIRM, {"password": "wrong", "code": code}).status_code == 422
    assert client.post(CONFIRM, {"password": PASSWORD, "code": code}).status_code == 302


@pytest.mark.parametrize(
    "path", ["//evil.test/", "https://evil.test/", "abc", "/\\evil.test", "//["]
)
def test_confirmation_leads_to_no_other_site(
    cast: Cast, moment: Moment, client: Client, path: str
) -> None:
    type_password(client, cast.bea)
    assert client.get(CONFIRM, {"next": path}).url == HOME


# -- Sign-in


def test_sign_in_asks_for_the_code(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    assert type_password(client, cast.bea, next="/mine/").url == CODE
    assert (is_signed_in(client), client.get("/mine/").status_code) == (False, 302)
    answer = client.post(CODE, {"code": code_at(clock.now())})
    assert (answer.url, is_signed_in(client)) == ("/mine/", True)


def test_recovery_code_signs_in(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.bea)
    assert client.post(CODE, {"code": recovery_codes(cast.bea)[3]}).status_code == 302
    assert is_signed_in(client)


@pytest.mark.parametrize("typed", ["", "000000", "x" * 41, "\x00", "{}"])
def test_wrong_code_says_so_and_signs_nobody_in(
    cast: Cast, moment: Moment, client: Client, typed: str
) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.bea)
    answer = client.post(CODE, {"code": typed})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["code"])
    assert not is_signed_in(client)


def test_code_of_one_sign_in_is_refused_at_the_next(cast: Cast, moment: Moment) -> None:
    give_app(cast.bea, clock.now())
    sign_in(Client(), cast.bea, clock.now())
    thief = Client()
    type_password(thief, cast.bea)
    assert thief.post(CODE, {"code": code_at(clock.now())}).status_code == 422
    assert not is_signed_in(thief)


def test_page_of_the_code_needs_the_password_first(cast: Cast, client: Client) -> None:
    assert client.get(CODE).url == LOGIN
    assert client.post(CODE, {"code": "123456"}).url == LOGIN


def test_guesses_of_codes_are_limited(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.bea)
    statuses = [client.post(CODE, {"code": f"00000{n}"}).status_code for n in range(7)]
    assert statuses == [422] * 5 + [429] * 2
    right = client.post(CODE, {"code": code_at(clock.now())})
    assert (right.status_code, is_signed_in(client)) == (429, False)


def test_right_codes_do_not_add_up(cast: Cast, moment: Moment) -> None:
    give_app(cast.bea, clock.now())
    for _number in range(7):
        moment.advance(minutes=1)
        client = Client()
        sign_in(client, cast.bea, clock.now())
        assert is_signed_in(client)


def test_reset_between_password_and_code_starts_again(
    cast: Cast, moment: Moment, client: Client
) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.bea)
    factors.reset(cast.bea, by=cast.root, at=clock.now())
    assert client.get(CODE).url == LOGIN


def test_changed_secret_key_is_explained_at_sign_in(cast: Cast, moment: Moment) -> None:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    give_app(cast.bea, clock.now())
    app = factors.of(cast.bea).app
    assert app is not None
    app.data["secret"] = "encrypted with another key"
    app.save()
    type_password(client, cast.bea)
    answer = client.post(CODE, {"code": code_at(clock.now())})
    assert "secret key of this server has changed" in answer.content.decode()


def test_invited_again_person_still_needs_the_code(
    cast: Cast, moment: Moment, client: Client
) -> None:
    give_app(cast.bea, clock.now())
    link = invitations.path_of(invitations.create(cast.bea, by=cast.root, at=clock.now()))
    data = {"name": "Bea", "language": "en", "password": "caballo batería grapa"}
    assert (client.post(link, data).url, is_signed_in(client)) == (CODE, False)


def test_session_from_before_the_role_proves_the_code(
    cast: Cast, moment: Moment, signed_in: SignedIn, settings: Settings
) -> None:
    settings.SECOND_FACTOR_DEMANDED = True
    give_app(cast.elsa, clock.now())
    client = signed_in(cast.elsa)
    ask = client.get(HOME).url
    assert ask.startswith(CONFIRM)
    answer = client.post(ask, {"password": PASSWORD, "code": code_at(clock.now())})
    assert (answer.url, client.get("/alignment/").status_code) == (HOME, 200)


def test_person_without_a_factor_signs_in_by_password(
    cast: Cast, moment: Moment, client: Client
) -> None:
    assert type_password(client, cast.bea).url == "/"
    assert is_signed_in(client)


def test_person_may_give_up_at_the_code(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.bea)
    assert client.post(CODE, {"cancel": "1"}).url == LOGIN
    assert client.get(LOGIN).status_code == 200


def test_device_stays_known_when_a_factor_is_added(
    cast: Cast, moment: Moment, client: Client
) -> None:
    type_password(client, cast.bea)
    client.post(APP, {"code": code_at(clock.now(), key_on(client.get(APP)))})
    cookie = client.cookies["relevo_device"].value
    person = User.objects.get(pk=cast.bea.pk)
    assert known_devices.device_of(cookie, person, at=clock.now())


# -- Making an API key

KEYS = "/preferences/keys/"
KEY = {"name": "Website", "scopes": ["read"], "days": "90", "password": PASSWORD}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 422),
        ({"code": "000000"}, 422),
        ({"code": "right", "password": "wrong"}, 422),
        ({"code": "right", "name": ""}, 422),
        ({"code": "right"}, 201),
    ],
)
def test_key_asks_for_password_and_code(
    cast: Cast, moment: Moment, client: Client, more: dict[str, str], status: int
) -> None:
    give_app(cast.bea, clock.now())
    sign_in(client, cast.bea, clock.now())
    moment.advance(minutes=11)
    right = code_at(clock.now())
    if more.get("code") == "right":
        more = {**more, "code": right}
    assert client.post(KEYS, {**KEY, **more}).status_code == status
    assert cast.bea.api_keys.count() == (status == 201)
    # A right code beside another mistake is not used up.
    again = client.post(KEYS, {**KEY, "code": right})
    assert again.status_code == (422 if status == 201 else 201)


def test_key_asks_for_no_code_that_was_just_given(
    cast: Cast, moment: Moment, client: Client
) -> None:
    give_app(cast.bea, clock.now())
    sign_in(client, cast.bea, clock.now())
    assert client.post(KEYS, KEY).status_code == 201


def test_key_works_without_a_second_factor(
    cast: Cast, moment: Moment, client: Client, settings: Settings
) -> None:
    _key, text = keys.create(cast.elsa, "BI", ["read"], days=90, by=cast.elsa, at=clock.now())
    settings.SECOND_FACTOR_DEMANDED = True
    answer = client.get("/api/v1/leads/", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200


# -- Reset by an admin


def reset_path(person: User) -> str:
    return f"/people/{person.pk}/second-factor/reset/"


def test_admin_resets_the_factor_of_another(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    browser = Client()
    sign_in(browser, cast.bea, clock.now())
    type_password(client, cast.root)
    page = client.get(f"/people/{cast.bea.pk}/").content.decode()
    assert reset_path(cast.bea) in page
    assert client.post(reset_path(cast.bea)).url == f"/people/{cast.bea.pk}/"
    assert (factors.of(cast.bea).count, browser.get("/queue/").status_code) == (0, 302)
    entry = Entry.objects.get(verb="second_factor_reset")
    assert (entry.actor_id, entry.subject_id) == (cast.root.pk, cast.bea.pk)


def test_reset_asks_the_admin_again(cast: Cast, moment: Moment, client: Client) -> None:
    give_app(cast.bea, clock.now())
    type_password(client, cast.root)
    moment.advance(minutes=11)
    assert asks(client.post(reset_path(cast.bea)))
    assert factors.of(cast.bea).count == 1


@pytest.mark.parametrize(("who", "status"), [("root", 403), ("elsa", 403), ("dora", 403)])
def test_reset_is_for_admins_and_not_of_oneself(
    cast: Cast, moment: Moment, client: Client, who: str, status: int
) -> None:
    person = getattr(cast, who)
    type_password(client, person)
    assert client.post(reset_path(cast.root)).status_code == status


# -- What every page of it says


@pytest.mark.parametrize("language", ["en", "es"])
def test_pages_speak_one_language_under_the_policy(
    cast: Cast, moment: Moment, settings: Settings, language: str
) -> None:
    settings.SECOND_FACTOR_DEMANDED = True
    User.objects.filter(pk=cast.elsa.pk).update(language=language)
    client = Client(**HERE, HTTP_ACCEPT_LANGUAGE=language)
    type_password(client, cast.elsa)
    pages = [client.get(HOME), client.get(APP), client.get(f"{HOME}passkey/")]
    client.post(APP, {"code": code_at(clock.now(), key_on(pages[1]))})
    pages += [client.get(CODES), client.get(f"{CODES}file/")]
    client.post(CODES, {"kept": "on"})
    pages += [client.get(HOME), client.get(f"/people/{cast.elsa.pk}/")]
    moment.advance(minutes=11)
    pages.append(client.get(CONFIRM))
    client.post("/accounts/logout/")
    type_password(client, cast.elsa)
    pages.append(client.get(CODE))
    faults = [fault for page in pages for fault in faults_of(page, language)]
    assert faults == []


def faults_of(page: Any, language: str) -> list[str]:
    found = judge_policy(page.headers.get("Content-Security-Policy", ""))
    if page.headers["Content-Type"].startswith("text/html"):
        html = page.content.decode()
        found += Page(html).faults(language)
        found += ["a component was not rendered"] if "<c-" in html else []
        found += ["style in the page"] if "style=" in html else []
    path = page.request["PATH_INFO"]
    return [f"{path}: {fault}" for fault in found]


def test_overview_asks_as_many_queries_whatever_there_is(
    cast: Cast, moment: Moment, signed_in: SignedIn
) -> None:
    now = clock.now()
    with CaptureQueriesContext(connection) as without:
        signed_in(cast.extra).get(HOME)
    give_app(cast.extra, now - timedelta(days=1))
    for number in range(5):
        factors.add_passkey(cast.extra, f"Key {number}", {"id": "x"}, at=now)
    with CaptureQueriesContext(connection) as with_six:
        signed_in(User.objects.get(pk=cast.extra.pk)).get(HOME)
    assert len(with_six) == len(without) + 1  # the person, read again by this test
