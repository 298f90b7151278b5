"""Limits of guesses: what is free, how long the next one waits, and what a right one takes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.accounts.models import Tries
from crm.accounts.sign_in import tries
from crm.accounts.sign_in.tries import ACCOUNT, ADDRESS, DEVICE, PAIR, Limit, TooManyTries
from tests.factories import when

AT = when("2026-03-02 10:00")
SMALL = Limit(2, timedelta(seconds=30), timedelta(minutes=2), timedelta(hours=1))


@pytest.mark.parametrize(
    ("count", "seconds"), [(1, 0), (2, 30), (3, 60), (4, 120), (5, 120), (10_000, 120)]
)
def test_wait_doubles_up_to_the_longest(count: int, seconds: int) -> None:
    assert SMALL.wait_after(count) == timedelta(seconds=seconds)


def guess(limits: dict[str, Limit], after: float = 0) -> int:
    """Return the seconds to wait that one guess is answered with; 0 when it was counted."""
    try:
        tries.count(limits, at=AT + timedelta(seconds=after))
    except TooManyTries as error:
        return error.seconds
    return 0


def test_guesses_wait_longer_and_longer(db: None) -> None:
    limits = {"k": SMALL}
    found = [guess(limits, after) for after in (0, 0, 0, 29.5, 30, 31, 90, 209, 210)]
    assert found == [0, 0, 30, 1, 0, 59, 0, 1, 0]


def test_refused_guess_is_counted_under_no_limit(db: None) -> None:
    free = Limit(1, timedelta(seconds=30), timedelta(minutes=2), timedelta(hours=1))
    guess({"full": free})
    assert guess({"full": free, "other": SMALL}) == 30
    assert not Tries.objects.filter(key="other").exists()


def test_count_begins_anew_after_its_time(db: None) -> None:
    guess({"k": SMALL})
    guess({"k": SMALL})
    over = 30 + 3600
    assert guess({"k": SMALL}, over) == 0
    assert Tries.objects.get().count == 1


def test_right_guess_clears_its_own_counts_and_leaves_those_of_others(db: None) -> None:
    limits = {"pair": PAIR, "address": ADDRESS, "account": ACCOUNT, "device": DEVICE}
    for _time in range(3):
        guess(limits)
    tries.forgive(limits, at=AT)
    assert dict(Tries.objects.values_list("key", "count")) == {"address": 2, "account": 2}


def test_counts_that_are_over_are_deleted(db: None) -> None:
    guess({"old": SMALL})
    guess({"new": SMALL}, 3600)
    assert tries.forget(at=AT + timedelta(seconds=3600)) == 1
    assert list(Tries.objects.values_list("key", flat=True)) == ["new"]


def test_known_device_is_counted_apart_from_everything_else() -> None:
    words = {"network": "192.0.2.1", "account": "bea@relevo.test"}
    stranger = tries.limits_of("password", **words, device="")
    known = tries.limits_of("password", **words, device="d")
    assert (set(stranger.values()), list(known.values())) == ({PAIR, ADDRESS, ACCOUNT}, [DEVICE])
    assert not set(stranger) & set(known)


def test_table_holds_neither_address_nor_account(db: None) -> None:
    limits = tries.limits_of("password", network="192.0.2.1", account="bea@relevo.test", device="")
    guess(limits)
    assert [len(key) for key in Tries.objects.values_list("key", flat=True)] == [64] * 3
