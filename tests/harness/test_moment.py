"""The cast and the seam for time work, for one process and for several."""

import threading

import pytest
from django.db import connection
from django.test import Client

from crm.lib import clock
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when


def test_moment_set_is_what_the_clock_says(moment: Moment) -> None:
    moment.set("2026-03-06 16:59:59.999999")
    assert clock.now() == when("2026-03-06 22:59:59.999999+00:00")


def test_moment_advanced_from_standstill(moment: Moment) -> None:
    moment.set("2026-03-02 10:00")
    moment.advance(minutes=90, microseconds=1)
    assert clock.now() == when("2026-03-02 11:30:00.000001")


def test_wall_does_not_move_with_business_time(moment: Moment) -> None:
    moment.set("2001-01-01 00:00")
    assert clock.wall() > when("2026-01-01 00:00")


@pytest.mark.django_db(transaction=True)
def test_moment_committed_is_seen_by_other_connections(moment: Moment) -> None:
    seen = []

    def look() -> None:
        seen.append(clock.now())
        connection.close()

    moment.set("2026-03-02 10:00")
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [when("2026-03-02 16:00+00:00")]


@pytest.mark.django_db
def test_every_step_of_the_way_is_reached_by_the_factories(cast: Cast) -> None:
    steps = (
        "handed_off",
        "accepted",
        "contacted",
        "sql",
        "opportunity",
        "won",
        "lost",
        "rejected",
        "disqualified",
    )
    assert [getattr(factories, step)(cast).state for step in steps] == [
        "pending",
        "accepted",
        "contacted",
        "sql",
        "opportunity",
        "won",
        "lost",
        "rejected",
        "disqualified",
    ]


def test_cast_can_sign_in(cast: Cast, client: Client) -> None:
    client.force_login(cast.ana)
    assert client.get("/preferences/").status_code == 200
