"""Devices that a person has signed in on before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing

from crm.accounts.models import User
from crm.accounts.sign_in import known_devices
from crm.accounts.sign_in.known_devices import KNOWN_FOR, device_of, remember
from tests.factories import when

AT = when("2026-03-02 10:00")


def bea(**changes: object) -> User:
    return User(**{"pk": 1, "email": "bea@relevo.test", "password": "hash", **changes})


def test_device_is_known_for_180_days() -> None:
    cookie = remember("", bea(), at=AT)
    last = AT + KNOWN_FOR - timedelta(seconds=1)
    found = [bool(device_of(cookie, bea(), at=at)) for at in (AT, last, AT + KNOWN_FOR)]
    assert found == [True, True, False]


@pytest.mark.parametrize("changes", [{"pk": 2}, {"password": "new"}, {"session_round": 1}])
def test_device_of_another_person_or_password_is_not_known(changes: dict[str, object]) -> None:
    cookie = remember("", bea(), at=AT)
    assert device_of(cookie, bea(**changes), at=AT) == ""


def test_unknown_account_has_no_device() -> None:
    assert device_of(remember("", bea(), at=AT), None, at=AT) == ""


SIGNED_FOR_ELSEWHERE = signing.dumps(["d", [[1, "m", 9e9]]], salt="other")


# The signature holds the time, so the case needs a name of its own.
@pytest.mark.parametrize("cookie", ["", "x", pytest.param(SIGNED_FOR_ELSEWHERE, id="signed")])
def test_cookie_that_is_not_ours_knows_nobody(cookie: str) -> None:
    assert device_of(cookie, bea(), at=AT) == ""


def test_one_device_knows_its_latest_people() -> None:
    cookie = ""
    for pk in range(1, known_devices.MOST_PEOPLE + 2):
        cookie = remember(cookie, bea(pk=pk), at=AT)
    found = {device_of(cookie, bea(pk=pk), at=AT) for pk in range(2, known_devices.MOST_PEOPLE + 2)}
    assert (len(found), device_of(cookie, bea(), at=AT)) == (1, "")
    assert len(cookie) < 1000
