"""Sessions of a person: listed, seen, ended by hand and by time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from crm.accounts import invitations
from crm.accounts.models import Organisation, User
from crm.accounts.sign_in import browsers, demo, known_devices, sessions
from crm.audit.models import Entry
from crm.lib import clock
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast
from tests.setup.conftest import FIRST

LIST = "/preferences/sessions/"
OUT = "/accounts/login/?next=/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(
    email: str = "bea@relevo.test", address: str = "192.0.2.1", agent: str = FIREFOX
) -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/").url != OUT


def addresses(client: Client) -> list[str]:
    return [row.address for row in client.get(LIST).context["rows"]]


# -- The list


def test_list_shows_each_session_with_its_browser(cast: Cast, moment: Moment) -> None:
    sign_in(address="192.0.2.1")
    moment.advance(minutes=1)
    sign_in("ana@relevo.test")
    here = sign_in(address="192.0.2.2", agent="curl/8")
    first, second = here.get(LIST).context["rows"]
    assert (first.address, first.browser, first.is_current) == ("192.0.2.2", "", True)
    assert (second.address, second.browser) == ("192.0.2.1", "Firefox · Linux")
    assert clock.now() - second.seen_at == timedelta(minutes=1)


def test_list_costs_the_same_for_many_sessions(cast: Cast, moment: Moment) -> None:
    here, found = sign_in(), []
    for _more in range(2):
        with CaptureQueriesContext(connection) as asked:
            count = len(addresses(here))
        found.append((count, len(asked)))
        sign_in()
        sign_in()
    (few, cost), (many, cost_of_many) = found
    assert (few, many, cost_of_many) == (1, 3, cost)


def test_ended_session_ends_with_its_next_request(cast: Cast, moment: Moment) -> None:
    lost, here = sign_in(address="192.0.2.1"), sign_in(address="192.0.2.2")
    row = UserSession.objects.get(ip="192.0.2.1")
    assert here.post(f"{LIST}{row.pk}/end/").url == LIST
    assert (is_in(lost), is_in(here), addresses(here)) == (False, True, ["192.0.2.2"])
    entry = Entry.objects.get(verb="session_ended")
    assert (entry.actor, entry.payload) == (cast.bea, {"address": "192.0.2.1"})


def test_session_of_another_person_is_not_there(cast: Cast, moment: Moment) -> None:
    other, here = sign_in("ana@relevo.test"), sign_in()
    row = UserSession.objects.get(user=cast.ana)
    assert (here.post(f"{LIST}{row.pk}/end/").status_code, is_in(other)) == (404, True)


def test_all_others_end_and_their_devices_are_forgotten(cast: Cast, moment: Moment) -> None:
    lost, here = sign_in(address="192.0.2.1"), sign_in(address="192.0.2.2")
    device = lost.cookies["relevo_device"].value
    assert here.post(f"{LIST}end-others/").url == LIST
    assert (is_in(lost), is_in(here), addresses(here)) == (False, True, ["192.0.2.2"])
    bea = User.objects.get(pk=cast.bea.pk)
    remembered = [is_known(cookie, bea) for cookie in (device, here.cookies["relevo_device"].value)]
    assert remembered == [False, True]


def is_known(cookie: str, person: User) -> bool:
    return bool(known_devices.device_of(cookie, person, at=clock.now()))


def test_people_of_the_demo_see_and_end_only_their_own_visit(
    cast: Cast, moment: Moment, settings: Settings
) -> None:
    other, here = by_demo_button(cast, settings), Client(REMOTE_ADDR="192.0.2.2")
    here.post("/accounts/demo/", {"as": "sales_rep"})
    assert addresses(here) == ["192.0.2.2"]
    row = UserSession.objects.get(ip="192.0.2.1")
    ends = [here.post(f"{LIST}{path}/").status_code for path in (f"{row.pk}/end", "end-others")]
    assert (ends, is_in(other)) == ([403, 403], True)


def test_changed_password_ends_the_others_and_keeps_this_one_listed(
    cast: Cast, moment: Moment
) -> None:
    lost, here = sign_in(address="192.0.2.1"), sign_in(address="192.0.2.2")
    here.post("/accounts/password/", {"current": PASSWORD, "password": "a-quite-new-one-2026"})
    assert (is_in(lost), addresses(here)) == (False, ["192.0.2.2"])


# -- Every way in


def by_password(cast: Cast, settings: Settings) -> Client:
    return sign_in()


def by_invitation(cast: Cast, settings: Settings) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.1")
    path = invitations.path_of(invitations.create(cast.bea, by=cast.root, at=clock.now()))
    data = {"name": "Bea", "language": "es", "password": "a-quite-new-one-2026"}
    assert client.post(path, data).status_code == 302
    return client


def by_demo_button(cast: Cast, settings: Settings) -> Client:
    settings.DEMO = True
    Organisation.objects.update(is_demo=True)
    User.objects.filter(pk=cast.bea.pk).update(is_demo=True, email=f"bea@{demo.DOMAIN}")
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.post("/accounts/demo/", {"as": "sales_rep"})
    return client


@pytest.mark.parametrize("way", [by_password, by_invitation, by_demo_button])
def test_every_way_in_is_listed_and_its_device_known(
    cast: Cast, moment: Moment, settings: Settings, way: Callable[[Cast, Settings], Client]
) -> None:
    client = way(cast, settings)
    assert (addresses(client), "relevo_device" in client.cookies) == (["192.0.2.1"], True)


def test_session_of_the_first_admin_is_listed(moment: Moment, client: Client) -> None:
    client.post("/setup/first/", FIRST)
    assert addresses(client) == ["127.0.0.1"]


# -- Time


@pytest.mark.parametrize(
    ("hours", "stays"), [([71], True), ([72], False), ([71, 71, 71, 71], True), ([71] * 5, False)]
)
def test_session_ends_when_it_is_idle_or_old(
    cast: Cast, moment: Moment, hours: list[int], stays: bool
) -> None:
    client = sign_in()
    for each in hours:
        moment.advance(hours=each)
        stayed = is_in(client)
    assert stayed is stays


def test_ends_are_settings(cast: Cast, moment: Moment, settings: Settings) -> None:
    settings.SESSION_IDLE_AFTER = timedelta(hours=1)
    client = sign_in()
    moment.advance(hours=1)
    assert not is_in(client)
    assert not Session.objects.filter(session_key=client.cookies["relevo_session"].value).exists()


def test_open_page_is_no_use(cast: Cast, moment: Moment) -> None:
    client = sign_in()
    found = []
    for _poll in range(2):
        moment.advance(hours=36)
        found.append(client.get("/pulse").status_code)
    assert found == [200, 302]


def test_last_use_is_noted_every_five_minutes_without_a_query_in_between(
    cast: Cast, moment: Moment
) -> None:
    client = sign_in()
    is_in(client)
    costs = []
    for seconds in (299, 1, 1):
        moment.advance(seconds=seconds)
        with CaptureQueriesContext(connection) as asked:
            is_in(client)
        costs.append(len(asked))
    assert costs[1] > costs[0] == costs[2]
    seen = UserSession.objects.get().last_seen_at
    assert clock.now() - seen == timedelta(seconds=1)


def test_sessions_whose_time_is_over_are_deleted(cast: Cast, moment: Moment) -> None:
    sign_in()
    sign_in("ana@relevo.test")
    old = UserSession.objects.get(user=cast.bea).session_key
    past = timezone.now() - timedelta(days=400)
    Session.objects.filter(session_key=old).update(expire_date=past)
    assert sessions.tidy(at=clock.now()) == 1
    assert (Session.objects.count(), UserSession.objects.get().user) == (1, cast.ana)


# -- Browsers


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605",
            "Safari · macOS",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) CriOS/130.0", "Chrome · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.5.0", ""),
    ],
)
def test_browser_is_named(agent: str, words: str) -> None:
    assert browsers.browser_words(agent) == words
