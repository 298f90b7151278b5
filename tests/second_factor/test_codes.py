"""Codes: valid for a moment, each once, also for two requests at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from pytest_django import Settings

from crm.audit.models import Entry
from crm.lib import clock
from crm.notifications.models import Message
from crm.second_factor import codes, encryption, factors
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.second_factor.devices import SECRET, code_at, give_app, recovery_codes

NOW = when("2026-03-02 10:00")


@pytest.mark.parametrize(
    ("periods", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_code_counts_a_period_earlier_and_later(periods: int, is_right: bool) -> None:
    found = codes.period_of(SECRET, code_at(NOW, periods=periods), at=NOW)
    assert (found is not None) is is_right


def test_code_is_that_of_the_standard() -> None:
    """RFC 6238, appendix B: the last six digits at 59 s, for the secret 12345678901234567890."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert codes.period_of(secret, "287082", at=when("1970-01-01 00:00:59+00:00")) == 1


@pytest.mark.parametrize("typed", ["", "1", "00000a", "１２３４５６", "9" * 40])
def test_what_is_no_code_is_not_right(typed: str) -> None:
    assert codes.period_of(SECRET, typed, at=NOW) is None


def test_code_is_used_once(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    give_app(cast.bea, now)
    codes.use(cast.bea, code_at(now), at=now)
    for later in (0, 20):
        with pytest.raises(codes.WrongCode):
            codes.use(cast.bea, code_at(now), at=now + timedelta(seconds=later))
    with pytest.raises(codes.WrongCode):  # the one before it was never used, and is older
        codes.use(cast.bea, code_at(now, periods=-1), at=now)
    codes.use(cast.bea, code_at(now, periods=1), at=now)


def test_code_that_set_up_the_app_is_used(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    period = codes.period_of(SECRET, code_at(now), at=now)
    factors.add_app(cast.bea, SECRET, period=period or 0, at=now)
    with pytest.raises(codes.WrongCode):
        codes.use(cast.bea, code_at(now), at=now)


def test_code_of_another_person_is_wrong(cast: Cast, moment: Moment) -> None:
    now = clock.now()
    give_app(cast.bea, now)
    factors.add_app(cast.cruz, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", period=0, at=now)
    with pytest.raises(codes.WrongCode):
        codes.use(cast.cruz, code_at(now), at=now)


@pytest.mark.parametrize("spell", [str, lambda code: f" {code[:4]} {code[4:]} "])
def test_recovery_code_works_once_and_is_told(
    cast: Cast, moment: Moment, settings: Settings, spell: object
) -> None:
    settings.MAIL_ON = True
    now = clock.now()
    give_app(cast.bea, now)
    first, *rest = recovery_codes(cast.bea)
    codes.use(cast.bea, spell(first), at=now)  # type: ignore[operator]
    assert recovery_codes(cast.bea) == rest
    with pytest.raises(codes.WrongCode):
        codes.use(cast.bea, first, at=now)
    entry = Entry.objects.get(verb="recovery_code_used")
    assert (entry.subject_id, entry.actor_id, entry.payload) == (
        cast.bea.pk,
        cast.bea.pk,
        {"left": 9},
    )
    told = Message.objects.get(params__change="recovery_code_used")
    assert (told.recipient_id, told.kind) == (cast.bea.pk, "second_factor")


def test_changed_secret_key_is_said(cast: Cast, moment: Moment, settings: Settings) -> None:
    now = clock.now()
    give_app(cast.bea, now)
    settings.SECRET_KEY = "another-" + "y" * 50
    with pytest.raises(encryption.UnreadableSecret):
        codes.use(cast.bea, code_at(now), at=now)
    assert factors.of(cast.bea).codes_left is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_code_typed_by_many_at_once_passes_once(kind: str) -> None:
    now = clock.now()
    person = factories.person("Bea")
    give_app(person, now)
    code = code_at(now) if kind == "app" else recovery_codes(person)[0]

    def use(_number: int) -> bool:
        try:
            codes.use(person, code, at=now)
        except codes.WrongCode:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [False, False, False, True]
