"""Handoffs that left the queue, as far as people may know who no longer see them. Read only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet

from crm.accounts.models import Membership, User
from crm.accounts.states import Side
from crm.lib.db.kept_sql import Among, KeptSql
from leads.conflicts import JustTaken
from leads.models import Decision, Handoff, sight
from leads.states import HandoffState

# How long people are told who took a handoff that they do not see any more.
TOLD_FOR = timedelta(minutes=10)


class Departure(NamedTuple):
    """A handoff that is not pending any more, with the decision that stands, if there is one."""

    pk: int
    state: str
    kind: str | None
    by: str | None
    at: datetime | None


def no_longer_pending(user: User, pks: list[int], *, at: datetime) -> list[Departure]:
    """Return the handoffs of ``pks`` that are not pending now, as far as ``user`` may know.

    Those in sight, and those that have just left a queue of the person (:func:`_just_left`). One
    query while all are pending, else two.
    """
    # Sight is asked only for those that left, which are few: this poll is the most frequent page.
    left = [pk for (pk,) in LEFT.rows(pks=pks)]
    return [Departure(*row) for row in KNOWN.rows(user=user, left=left, since=at - TOLD_FOR)]


def _left(*, pks: list[int]) -> QuerySet[Any]:
    rows = Handoff.objects.filter(Among("pk", pks)).exclude(state=HandoffState.PENDING)
    return rows.values_list("pk")


def _known(*, user: User, left: list[int], since: datetime) -> QuerySet[Any]:
    """Return the query of what ``user`` may know of the handoffs ``left``, as in Departure."""
    known = sight.any_of([*sight.of_handoffs(user), _just_left(user, since)])
    standing = Q(decisions__undone_at__isnull=True, decisions__released_at__isnull=True)
    # At most one decision of a handoff stands (handoff_one_decision): the join repeats no row.
    rows = Handoff.objects.annotate(taken=FilteredRelation("decisions", condition=standing))
    rows = rows.filter(Among("pk", left), known)
    return rows.values_list("pk", "state", "taken__kind", "taken__by__name", "taken__at")


LEFT = KeptSql(_left)
KNOWN = KeptSql(_known)


def check_not_just_taken(user: User, pk: int, *, at: datetime) -> None:
    """Raise JustTaken if handoff ``pk``, which ``user`` does not see, has just left their queue.

    All other handoffs out of sight are answered as if they did not exist.
    """
    taken = Prefetch("decisions", Decision.objects.standing().select_related("by"), to_attr="taken")
    rows = Handoff.objects.filter(_just_left(user, at - TOLD_FOR), pk=pk)
    for handoff in rows.prefetch_related(taken):
        decision = next(iter(handoff.taken), None)
        raise JustTaken(decision)


def _just_left(user: User, since: datetime) -> Q:
    """Return the condition for handoffs that left a queue of ``user`` after ``since``.

    By a decision or by marketing, and while the person was in the team already. A rep loses sight
    of what a colleague takes, but the open page still lists it.
    """
    member = Membership.objects.filter(user=user)
    decided_on = member.filter(team=OuterRef(OuterRef("team")), joined_at__lte=OuterRef("at"))
    decided = Decision.objects.standing().filter(
        Exists(decided_on), handoff=OuterRef("pk"), at__gte=since
    )
    lost = member.filter(team=OuterRef("team"), joined_at__lte=OuterRef("closed_at"))
    withdrawn = Q(Exists(lost), state=HandoffState.WITHDRAWN, closed_at__gte=since)
    return Q(team__in=user.team_ids(Side.SALES)) & (Q(Exists(decided)) | withdrawn)
