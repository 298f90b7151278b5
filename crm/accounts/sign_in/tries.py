"""Limits of guesses: some tries are free, then each one has to wait longer.

A guess is counted in PostgreSQL before the secret is compared, so that tries at the same moment
cannot pass together. What is counted is stored hashed: the table holds no e-mail and no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Tries
from crm.lib import number_formats
from crm.lib.errors import DomainError

SALT = "crm.accounts.tries"
BATCH = 1000


@dataclass(frozen=True)
class Limit:
    """``free`` tries without a wait; each one after them doubles the wait, up to ``longest``.

    The count begins anew after ``forgotten_after`` without a try.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgotten_after: timedelta

    def wait_after(self, count: int) -> timedelta:
        """Return how long the next try has to wait after ``count`` tries."""
        doublings = count - self.free
        if doublings < 0:
            return timedelta(0)
        # Bounded before it is multiplied: 2**1000 seconds are more than a timedelta holds.
        return min(self.first * 2 ** min(doublings, 20), self.longest)


DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# One account from one address.
PAIR = Limit(5, timedelta(seconds=30), timedelta(minutes=15), DAY)
# One address, whatever the account: one password tried on many accounts.
ADDRESS = Limit(30, timedelta(seconds=10), timedelta(minutes=15), HOUR)
# One account from all addresses together. The wait is short, because it also hits its owner on a
# new device; a mailed link to a new password makes that device known.
ACCOUNT = Limit(50, timedelta(seconds=5), timedelta(minutes=1), HOUR)
# One account on a device that it has signed in on before, which no other device can use up.
DEVICE = Limit(10, timedelta(seconds=30), timedelta(minutes=15), HOUR)


class TooManyTries(DomainError):
    """The next try has to wait ``seconds``."""

    status = 429
    code = "too_many_tries"
    message = _("Too many tries. Wait %(wait)s, then try again.")

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(str(self.message) % {"wait": wait_words(seconds)})


def wait_words(seconds: int) -> str | Promise:
    """Return the wait as text: "30 s", "4 min"."""
    if seconds < 60:
        return f"{seconds} s"
    return number_formats.duration_words(seconds, at_most=True)


def limits_of(kind: str, *, network: str, account: str, device: str) -> dict[str, Limit]:
    """Return the limits of one guess, by the hash of what each of them counts.

    ``kind`` names the secret, ``account`` whose it is ("" for a secret of nobody), ``device`` a
    device that this account has signed in on ("" for another one).
    """
    if device:
        return {_key(kind, "device", account, device): DEVICE}
    limits = {_key(kind, "address", network): ADDRESS}
    if account:
        limits[_key(kind, "pair", account, network)] = PAIR
        limits[_key(kind, "account", account)] = ACCOUNT
    return limits


def _key(*parts: str) -> str:
    # With the length of each part: no other parts then give the same text.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return salted_hmac(SALT, text, algorithm="sha256").hexdigest()


@transaction.atomic
def count(limits: Mapping[str, Limit], *, at: datetime) -> None:
    """Count one try under each of ``limits``, or under none of them.

    Raises TooManyTries while one of them has to wait.
    """
    keys = sorted(limits)
    new = [Tries(key=key, open_at=at, forgotten_at=at) for key in keys]
    Tries.objects.bulk_create(new, ignore_conflicts=True)
    # Locked in one order, so that two requests never wait for each other.
    rows = list(Tries.objects.select_for_update().filter(key__in=keys).order_by("key"))
    wait = max(row.open_at for row in rows) - at
    if wait > timedelta(0):
        raise TooManyTries(ceil(wait.total_seconds()))
    for row in rows:
        limit = limits[row.key]
        if row.forgotten_at <= at:
            row.count = 0
        row.count += 1
        row.open_at = at + limit.wait_after(row.count)
        row.forgotten_at = row.open_at + limit.forgotten_after
        row.save(update_fields=["count", "open_at", "forgotten_at"])


@transaction.atomic
def forgive(limits: Mapping[str, Limit], *, at: datetime) -> None:
    """Take back the count of a right guess.

    The counts of this account from here begin anew. Those of the address and of the account as a
    whole only lose this try: somebody with an account of their own must not be able to wipe them.
    """
    shared = [key for key, limit in limits.items() if limit in (ADDRESS, ACCOUNT)]
    own = [key for key in limits if key not in shared]
    Tries.objects.filter(key__in=own).delete()
    counted = Tries.objects.filter(key__in=_locked(shared), count__gt=0)
    counted.update(count=F("count") - 1, open_at=at)


def _locked(keys: Iterable[str]) -> list[str]:
    rows = Tries.objects.select_for_update().filter(key__in=list(keys)).order_by("key")
    return list(rows.values_list("key", flat=True))


def forget(*, at: datetime) -> int:
    """Delete counts that are over, at most BATCH of them, and return how many."""
    over = Tries.objects.filter(forgotten_at__lte=at)[:BATCH]
    deleted, _by_model = Tries.objects.filter(key__in=over.values("key")).delete()
    return deleted
