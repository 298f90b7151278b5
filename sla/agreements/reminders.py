"""Reminders about agreements: a version that nobody signs, and one that should be looked
at again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from crm.accounts import people
from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.clock import local_date
from crm.notifications.models import Channel, Message
from sla.agreements import agreements
from sla.models import AgreementVersion
from sla.states import UNSIGNED, AgreementState

UNSIGNED_AFTER = (3, 7)  # days, told to the leads of the sides that have not signed
DIRECTORS_AFTER = 14
RENEW_BEFORE = (
    30,
    14,
    7,
    0,
    -7,
)  # days before the date; from the date on the directors hear of it as well


def remind(*, at: datetime) -> int:
    """Tell who should act on an agreement; returns how many reminders were due and new.

    Each goes out once, also in parallel; after a silence only the latest one that is due, so that
    nobody gets them in a bundle.
    """
    return sum(_unsigned(version, at=at) for version in _waiting()) + sum(
        _renewal(version, at=at) for version in _ending()
    )


def _waiting() -> Iterable[AgreementVersion]:
    return (
        AgreementVersion.objects.filter(state__in=UNSIGNED)
        .select_related("agreement")
        .order_by("pk")
    )


def _ending() -> Iterable[AgreementVersion]:
    rows = AgreementVersion.objects.filter(state=AgreementState.IN_FORCE, renew_by__isnull=False)
    return rows.select_related("agreement").order_by("pk")


def _unsigned(version: AgreementVersion, *, at: datetime) -> int:
    """``version`` waits since it was proposed, a draft since it was begun."""
    days = (at - (version.proposed_at or version.created_at)) // timedelta(days=1)
    due = [limit for limit in (*UNSIGNED_AFTER, DIRECTORS_AFTER) if days >= limit]
    if not due:
        return 0
    key = f"unsigned:{version.round}:{version.state}:{due[-1]}"
    if _is_told(version, key):
        return 0
    told = _directors() if due[-1] == DIRECTORS_AFTER else _who_has_not_signed(version)
    agreements.notify("unsigned", version, told, at=at, key=key, days=due[-1], state=version.state)
    return 1


def _renewal(version: AgreementVersion, *, at: datetime) -> int:
    assert version.renew_by is not None
    left = (version.renew_by - local_date(at, people.organisation().time_zone)).days
    due = [limit for limit in RENEW_BEFORE if left <= limit]
    if (
        not due
        or _is_told(version, f"renewal:{version.renew_by}:{due[-1]}")
        or _is_followed(version)
    ):
        return 0
    told = _everybody(version) + (_directors() if due[-1] <= 0 else [])
    key = f"renewal:{version.renew_by}:{due[-1]}"
    agreements.notify(
        "renewal",
        version,
        told,
        at=at,
        key=key,
        day=version.renew_by.isoformat(),
        days=max(left, 0),
    )
    return 1


def _is_told(version: AgreementVersion, key: str) -> bool:
    """Whether this reminder went to anybody: whoever becomes a lead later is not told of what is
    past.
    """
    begins = f"agreement:{version.pk}:{key}:"
    return Message.objects.filter(dedup_key__startswith=begins, channel=Channel.IN_APP).exists()


def _is_followed(version: AgreementVersion) -> bool:
    """Whether the next version is signed and only waits for its date."""
    return version.agreement.versions.filter(state=AgreementState.SIGNED).exists()


def _who_has_not_signed(version: AgreementVersion) -> list[User]:
    signed, leads = agreements.standing_signatures(version), agreements.leads_of(version)
    return [user for side in Side.values if side not in signed for user in leads[side]]


def _everybody(version: AgreementVersion) -> list[User]:
    return [user for users in agreements.leads_of(version).values() for user in users]


def _directors() -> list[User]:
    return list(User.objects.filter(is_director=True, is_active=True))
