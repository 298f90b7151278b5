"""A new password: by a link in a mail, and by who knows the present one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm import tasks
from crm.accounts.models import PasswordRequest, User
from crm.accounts.sign_in import passwords
from crm.api import keys
from crm.audit.models import Entry
from crm.lib import clock
from crm.notifications import password_requests
from crm.notifications.models import Message, Notice
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast

ASK, SENT, CHANGE = (
    "/accounts/password/reset/",
    "/accounts/password/reset/sent/",
    "/accounts/password/",
)
NEW = "a-quite-new-one-2026"


@pytest.fixture(autouse=True)
def on(settings: Settings, moment: Moment) -> None:
    settings.MAIL_ON = True
    cache.clear()


def ask(client: Client, email: str) -> HttpResponse:
    """Ask for a link; the request becomes a mail as it does before each round of mails."""
    answer = client.post(ASK, {"email": email})
    password_requests.answer()
    return answer


def mailed_path(client: Client, email: str = "bea@relevo.test") -> str:
    """The path in the mail that ``email`` gets."""
    ask(client, email)
    tasks.mail()
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def knows(password: str, email: str = "bea@relevo.test") -> bool:
    return authenticate(None, email=email, password=password) is not None


# -- Forgotten


def test_link_in_the_mail_sets_a_new_password(cast: Cast, client: Client) -> None:
    path = mailed_path(client)
    opened = client.get(path)
    assert (opened.status_code, knows(PASSWORD)) == (200, True)  # opening it changes nothing
    done = client.post(path, {"password": NEW})
    assert (done.url, knows(NEW), knows(PASSWORD)) == ("/accounts/password/new/done/", True, False)
    entry = Entry.objects.get(verb="password_changed")
    assert (entry.actor, entry.subject_id, entry.payload) == (cast.bea, cast.bea.pk, {})


def test_link_works_once(cast: Cast, client: Client) -> None:
    path = mailed_path(client)
    client.post(path, {"password": NEW})
    again = [client.get(path).status_code, client.post(path, {"password": PASSWORD}).status_code]
    assert (again, knows(NEW)) == ([404, 404], True)


def test_link_is_void_after_two_hours(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mailed_path(client)
    made = passwords.Tokens()._now()
    for minutes, status in ((119, 200), (121, 404)):
        later = made + timedelta(minutes=minutes)
        monkeypatch.setattr(passwords.Tokens, "_now", lambda _self, later=later: later)
        assert client.get(path).status_code == status


def test_link_of_somebody_else_is_void(cast: Cast, client: Client) -> None:
    path = mailed_path(client).replace(f"/{cast.bea.pk}/", f"/{cast.root.pk}/")
    assert (client.get(path).status_code, client.post(path, {"password": NEW}).status_code) == (
        404,
        404,
    )


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"email": "other@relevo.test"}, {"is_demo": True}]
)
def test_link_is_void_once_the_account_is_another(
    cast: Cast, client: Client, change: dict[str, object]
) -> None:
    path = mailed_path(client)
    User.objects.filter(pk=cast.bea.pk).update(**change)
    assert client.post(path, {"password": NEW}).status_code == 404


def test_link_lies_in_no_row(cast: Cast, client: Client) -> None:
    token = mailed_path(client).split("/")[-2]
    (row,) = Message.objects.values()
    assert (len(token) > 30, token in repr(row), row["path"], row["params"]) == (
        True,
        False,
        "",
        {},
    )


def test_every_session_ends_with_the_old_password(cast: Cast, client: Client) -> None:
    elsewhere = Client()
    elsewhere.force_login(cast.bea)
    client.post(mailed_path(client), {"password": NEW})
    assert elsewhere.get("/preferences/").url == "/accounts/login/?next=/preferences/"


def test_known_and_unknown_addresses_get_the_same_answer_at_the_same_cost(
    cast: Cast, client: Client
) -> None:
    User.objects.filter(pk=cast.cruz.pk).update(is_active=False)
    User.objects.filter(pk=cast.dora.pk).update(is_demo=True)
    client.get(ASK)  # the first page of a process reads the words of the organisation
    found = []
    for name in ("bea", "cruz", "dora", "nobody"):
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(ASK, {"email": f"{name}@relevo.test"})
        statements = [each["sql"].split(" ")[0] for each in asked.captured_queries]
        found.append((answer.status_code, answer.url, statements))
    assert (found[0][:2], found) == ((302, SENT), [found[0]] * 4)
    assert (password_requests.answer(), PasswordRequest.objects.count()) == (4, 0)
    assert list(Message.objects.values_list("recipient__name", flat=True)) == ["Bea Quintero"]


def test_address_is_read_whatever_its_case(cast: Cast, client: Client) -> None:
    ask(client, " BEA@Relevo.Test")
    assert Message.objects.get().recipient == cast.bea


def test_asking_twice_in_a_minute_is_one_mail_and_no_notice(
    cast: Cast, client: Client, moment: Moment
) -> None:
    for seconds in (0, 10, 60):
        moment.advance(seconds=seconds)
        ask(client, "bea@relevo.test")
    tasks.mail()
    assert (len(mail.outbox), Notice.objects.count()) == (2, 0)


def test_asking_without_end_is_refused(cast: Cast, client: Client) -> None:
    answers = [ask(client, "nobody@relevo.test").status_code for _time in range(6)]
    assert answers == [302] * 5 + [429]


def test_bad_address_is_named_and_kept(cast: Cast, client: Client) -> None:
    answer = ask(client, "bea@")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])
    assert 'value="bea@"' in answer.content.decode()


@pytest.mark.parametrize(
    "password", ["short", "x" * 129, "password1234", "bea@relevo.test", "", "nul\x00nul-nul-nul"]
)
def test_bad_password_is_refused(cast: Cast, client: Client, password: str) -> None:
    answer = client.post(mailed_path(client), {"password": password})
    assert (answer.status_code, list(answer.context["form"].errors), knows(PASSWORD)) == (
        422,
        ["password"],
        True,
    )


@pytest.mark.parametrize("password", ["exactly12car", "x1" * 64, "contraseña larga ñ"])
def test_good_password_is_taken_as_typed(cast: Cast, client: Client, password: str) -> None:
    client.post(mailed_path(client), {"password": password})
    assert knows(password) is True


def test_new_password_opens_an_account_that_was_locked_by_wrong_ones(
    cast: Cast, client: Client
) -> None:
    for _try in range(12):
        client.post("/accounts/login/", {"login": "bea@relevo.test", "password": "wrong"})
    client.post(mailed_path(client), {"password": NEW})
    answer = client.post("/accounts/login/", {"login": "bea@relevo.test", "password": NEW})
    assert answer.status_code == 302


def test_without_mail_the_page_says_whom_to_ask(
    cast: Cast, client: Client, settings: Settings
) -> None:
    settings.MAIL_ON = False
    found = [client.get(ASK).content.decode(), ask(client, "bea@relevo.test").content.decode()]
    offers = ['name="email"' in text for text in found]
    assert (offers, Message.objects.count()) == ([False, False], 0)


@pytest.mark.parametrize("on", [True, False])
def test_sign_in_page_offers_the_link_where_there_is_mail(
    client: Client, cast: Cast, settings: Settings, on: bool
) -> None:
    settings.MAIL_ON = on
    assert (f'href="{ASK}"' in client.get("/accounts/login/").content.decode()) is on


# -- Known


def change(client: Client, current: str = PASSWORD, password: str = NEW) -> HttpResponse:
    return client.post(CHANGE, {"current": current, "password": password})


def test_changed_password_keeps_this_session_and_ends_the_others(
    cast: Cast, client: Client
) -> None:
    elsewhere = Client()
    for one in (client, elsewhere):
        one.force_login(cast.bea)
    answer = change(client)
    assert (answer.url, knows(NEW), client.get("/preferences/").status_code) == (
        "/preferences/",
        True,
        200,
    )
    assert elsewhere.get("/preferences/").url == "/accounts/login/?next=/preferences/"


@pytest.mark.parametrize(
    ("current", "password", "wrong"),
    [("wrong", NEW, "current"), (PASSWORD, "short", "password"), ("", NEW, "current")],
)
def test_change_that_is_refused_names_the_field(
    cast: Cast, client: Client, current: str, password: str, wrong: str
) -> None:
    client.force_login(cast.bea)
    answer = change(client, current, password)
    assert (answer.status_code, list(answer.context["form"].errors), knows(PASSWORD)) == (
        422,
        [wrong],
        True,
    )


@pytest.mark.parametrize(("answer", "left"), [("keep", 1), ("revoke", 0)])
@pytest.mark.parametrize("known", [True, False])
def test_new_password_asks_about_keys(
    cast: Cast, client: Client, moment: Moment, known: bool, answer: str, left: int
) -> None:
    keys.create(cast.bea, "BI report", ["read"], days=30, by=cast.bea, at=clock.now())
    path = CHANGE if known else mailed_path(client)
    if known:
        client.force_login(cast.bea)
    data = {"current": PASSWORD, "password": NEW}
    asked = client.post(path, data)
    assert (asked.status_code, list(asked.context["form"].errors)) == (422, ["keys"])
    assert "BI report" in asked.content.decode()
    assert (client.post(path, {**data, "keys": answer}).status_code, knows(NEW)) == (302, True)
    assert keys.live_of(cast.bea, at=clock.now()).count() == left


def test_guessing_the_current_password_is_stopped(cast: Cast, client: Client) -> None:
    client.force_login(cast.bea)
    assert [change(client, f"guess {number}").status_code for number in range(6)] == [422] * 5 + [
        429
    ]


def test_looking_at_the_form_is_no_guess(cast: Cast, client: Client) -> None:
    client.force_login(cast.bea)
    assert [client.get(CHANGE).status_code for _look in range(8)] == [200] * 8
    assert change(client).status_code == 302


def test_demo_people_keep_their_password(cast: Cast, client: Client, settings: Settings) -> None:
    settings.DEMO = True
    User.objects.filter(pk=cast.bea.pk).update(is_demo=True)
    client.force_login(User.objects.get(pk=cast.bea.pk))
    page = client.get(CHANGE)
    assert (page.status_code, change(client).status_code) == (403, 403)
    # The page gives the reason, which is not their role.
    words = ("Demo people keep their password", "your role does not allow")
    assert [said in page.content.decode() for said in words] == [True, False]
    assert f'href="{CHANGE}"' not in client.get("/preferences/").content.decode()


def test_preferences_lead_to_the_change(cast: Cast, client: Client) -> None:
    client.force_login(cast.bea)
    assert f'href="{CHANGE}"' in client.get("/preferences/").content.decode()
    assert client.get(CHANGE).status_code == 200


# -- Preference


LOOK = {"language": "es", "time_zone": "", "theme": "system", "density": "comfortable"}


@pytest.mark.parametrize(("given", "wanted"), [({}, False), ({"mails": "on"}, True)])
def test_mails_are_a_preference(
    cast: Cast, client: Client, given: dict[str, str], wanted: bool
) -> None:
    client.force_login(cast.bea)
    client.post("/preferences/", {**LOOK, **given})
    assert User.objects.get(pk=cast.bea.pk).mails is wanted


@pytest.mark.parametrize("wanted", [True, False])
def test_where_there_is_no_mail_the_preference_stays(
    cast: Cast, client: Client, settings: Settings, wanted: bool
) -> None:
    settings.MAIL_ON = False
    User.objects.filter(pk=cast.bea.pk).update(mails=wanted)
    client.force_login(cast.bea)
    hidden = re.search(
        r'<input type="hidden" name="mails" value="(\w+)"',
        client.get("/preferences/").content.decode(),
    )
    assert hidden is not None
    client.post("/preferences/", {**LOOK, "mails": hidden[1]})
    assert User.objects.get(pk=cast.bea.pk).mails is wanted
