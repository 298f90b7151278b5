"""Reminders about agreements: a version that is not signed, and one that is due for a review."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from crm.accounts import people
from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.clock import local_date
from crm.notifications.models import Channel, Message
from sla.agreements import agreements
from sla.models import AgreementVersion
from sla.states import UNSIGNED, AgreementState

DAY = timedelta(days=1)
# Days without a signature: first the leads of the sides that have not signed are reminded.
UNSIGNED_AFTER = (3, 7)
DIRECTORS_AFTER = 14
# Days before the date of the review; from the date on the directors are notified as well.
RENEW_BEFORE = (30, 14, 7, 0, -7)


def remind(*, at: datetime) -> int:
    """Remind those who should act on an agreement; return how many reminders were due and new.

    Each goes out once, also in parallel. After a time without reminders only the latest due one is
    sent, so that they do not come in a bundle.
    """
    count = 0
    for version in _unsigned():
        count += _remind_to_sign(version, at=at)
    for version in _with_review():
        count += _remind_to_renew(version, at=at)
    return count


def _unsigned() -> QuerySet[AgreementVersion]:
    rows = AgreementVersion.objects.filter(state__in=UNSIGNED)
    return rows.select_related("agreement").order_by("pk")


def _with_review() -> QuerySet[AgreementVersion]:
    rows = AgreementVersion.objects.filter(state=AgreementState.IN_FORCE, renew_by__isnull=False)
    return rows.select_related("agreement").order_by("pk")


def _remind_to_sign(version: AgreementVersion, *, at: datetime) -> bool:
    """Send the latest due reminder; a draft waits since it was created, others since proposed."""
    days = (at - (version.proposed_at or version.created_at)) // DAY
    due = [limit for limit in (*UNSIGNED_AFTER, DIRECTORS_AFTER) if days >= limit]
    if not due:
        return False
    # The limits ascend: the last one that is due is the latest.
    limit = due[-1]
    key = f"unsigned:{version.round}:{version.state}:{limit}"
    if _was_sent(version, key):
        return False
    recipients = _directors() if limit == DIRECTORS_AFTER else _without_signature(version)
    agreements.notify(
        "unsigned", version, recipients, at=at, key=key, days=limit, state=version.state
    )
    return True


def _remind_to_renew(version: AgreementVersion, *, at: datetime) -> bool:
    """Send the latest due reminder of the review, unless the next version is signed already."""
    assert version.renew_by is not None
    days_left = (version.renew_by - local_date(at, people.organisation().time_zone)).days
    due = [limit for limit in RENEW_BEFORE if days_left <= limit]
    if not due:
        return False
    # The limits descend to the date: the last one that is due is the latest.
    limit = due[-1]
    day = version.renew_by.isoformat()
    key = f"renewal:{day}:{limit}"
    if _was_sent(version, key) or _has_signed_successor(version):
        return False
    recipients = agreements.both_sides(version)
    if limit <= 0:
        recipients += _directors()
    agreements.notify(
        "renewal", version, recipients, at=at, key=key, day=day, days=max(days_left, 0)
    )
    return True


def _was_sent(version: AgreementVersion, key: str) -> bool:
    """Return whether anybody got this reminder: new team leads get no reminders of the past."""
    begins = f"agreement:{version.pk}:{key}:"
    return Message.objects.filter(dedup_key__startswith=begins, channel=Channel.IN_APP).exists()


def _has_signed_successor(version: AgreementVersion) -> bool:
    """Return whether the next version is signed and only waits for its date."""
    return version.agreement.versions.filter(state=AgreementState.SIGNED).exists()


def _without_signature(version: AgreementVersion) -> list[User]:
    """Return the team leads of the sides that have not signed."""
    signed = agreements.standing_signatures(version)
    leads = agreements.leads_of(version)
    recipients = []
    for side in Side.values:
        if side not in signed:
            recipients += leads[side]
    return recipients


def _directors() -> list[User]:
    return list(User.objects.filter(is_director=True, is_active=True))
