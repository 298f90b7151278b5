"""The people whom the owner filter offers: those who own a lead in the reader's sight.

In ten years nine of ten owners have left the firm. No lead is given to a person who has left (the
trigger handoff_owner_is_active), so each process asks only every ten minutes which of them own one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.db.models import BooleanField, OuterRef, Q, QuerySet, Subquery, Value

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.db.kept_sql import KeptSql
from leads.lists.choices import Choices
from leads.models import Handoff, Lead

LEFT_FOR = timedelta(minutes=10)  # long enough that the departure is committed
MOST_READERS = 100


def offered(user: User, *, at: datetime) -> Choices:
    """Return the people who own a lead that ``user`` may see, by name. One query.

    One who has left and whose last lead has gone to another person stays for ten minutes.
    """
    sees_others = (
        user.is_director
        or user.team_ids(Side.SALES, led=True)
        or user.team_ids(Side.MARKETING)
        or user.stands_in_for
    )
    if not sees_others:
        return ((str(user.pk), user.name),) if user.team_ids(Side.SALES) else ()
    _pk, *teams = user.sql_values
    reader = (user.sql_shape, *teams)
    former = FORMER.get(reader)
    if former is None or not former.is_fresh(at):
        return _every_one(user, reader, at)
    stayed = OWNERS.rows(user=user, since=former.since)
    # A person who has come back is in both.
    return _by_name(dict.fromkeys((*former.people, *stayed)))


def _every_one(user: User, reader: Hashable, at: datetime) -> Choices:
    """Return the same as :func:`offered`, and keep who of them has left."""
    rows = EVERY_OWNER.rows(user=user)
    left = [(pk, name) for pk, name, left_at in rows if left_at and left_at < at - LEFT_FOR]
    if len(FORMER) >= MOST_READERS:
        FORMER.clear()
    FORMER[reader] = Former(at, tuple(left))
    return _by_name((pk, name) for pk, name, _left_at in rows)


def _by_name(people: Iterable[tuple[int, str]]) -> Choices:
    return tuple((str(pk), name) for pk, name in sorted(people, key=itemgetter(1, 0)))


@dataclass(frozen=True)
class Former:
    """Id and name of the owners as of ``read_at`` who had left before ``since``."""

    read_at: datetime
    people: tuple[tuple[int, str], ...]

    @property
    def since(self) -> datetime:
        return self.read_at - LEFT_FOR

    def is_fresh(self, at: datetime) -> bool:
        """Return whether a list of the moment ``at`` may take them."""
        return self.read_at <= at < self.read_at + LEFT_FOR


FORMER: dict[Hashable, Former] = {}  # by role and teams of the reader


def forget_former() -> None:
    """Forget who has left: another database may follow (tests)."""
    FORMER.clear()


def _owners(*, user: User, since: datetime) -> QuerySet[Any]:
    has_stayed = Q(deactivated_at__isnull=True) | Q(deactivated_at__gte=since)
    return User.objects.filter(has_stayed, _owns(user)).values_list("pk", "name")


def _every_owner(*, user: User) -> QuerySet[Any]:
    return User.objects.filter(_owns(user)).values_list("pk", "name", "deactivated_at")


OWNERS = KeptSql(_owners)
EVERY_OWNER = KeptSql(_every_owner)


def _owns(user: User) -> Q:
    """Return the condition that a person owns a lead that ``user`` may see."""
    mine = OuterRef("pk")
    led = user.team_ids(Side.SALES, led=True)
    brought = user.team_ids(Side.MARKETING)
    if user.is_director:
        return _exists(Lead.objects.filter(owner=mine))
    owns = Q(pk__in=[user.pk, *user.stands_in_for] if user.team_ids(Side.SALES) else [])
    if brought:
        owns |= _exists(Lead.objects.filter(owner=mine, marketing_team__in=brought))
    if led:
        owns |= _exists(Handoff.objects.filter(owner=mine, team__in=led))
    return owns


def _exists(rows: QuerySet[Any]) -> Q:
    """Return the condition that there is one of ``rows``: one step into an index for each person.

    The indexes are lead_owner_brought and handoff_team_owner. A scalar subquery, which PostgreSQL
    can only ask person by person; for EXISTS it may read all leads.
    """
    first = rows.annotate(is_there=Value(True)).values("is_there")[:1]
    return Q(Subquery(first, output_field=BooleanField()))
