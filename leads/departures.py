"""Handoffs that left the queue, as far as people may know who no longer see them. Read only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet

from crm.accounts.models import Membership, User
from crm.accounts.states import Side
from leads.conflicts import JustTaken
from leads.models import Decision, Handoff
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
    still = HandoffState.PENDING
    left = set(Handoff.objects.filter(pk__in=pks).exclude(state=still).values_list("pk", flat=True))
    if not left:
        return []
    in_sight = Handoff.objects.visible_to(user).filter(pk__in=left)
    known = Q(pk__in=in_sight.values("pk")) | _just_left(user, at)
    return _departures(Handoff.objects.filter(known, pk__in=left))


def _departures(handoffs: QuerySet[Handoff]) -> list[Departure]:
    standing = Q(decisions__undone_at__isnull=True, decisions__released_at__isnull=True)
    # At most one decision of a handoff stands (handoff_one_decision): the join repeats no row.
    rows = handoffs.annotate(taken=FilteredRelation("decisions", condition=standing))
    columns = ("pk", "state", "taken__kind", "taken__by__name", "taken__at")
    return [Departure._make(row) for row in rows.values_list(*columns)]


def check_not_just_taken(user: User, pk: int, *, at: datetime) -> None:
    """Raise JustTaken if handoff ``pk``, which ``user`` does not see, has just left their queue.

    All other handoffs out of sight are answered as if they did not exist.
    """
    taken = Prefetch("decisions", Decision.objects.standing().select_related("by"), to_attr="taken")
    rows = Handoff.objects.filter(_just_left(user, at), pk=pk)
    for handoff in rows.prefetch_related(taken):
        decision = next(iter(handoff.taken), None)
        raise JustTaken(decision)


def _just_left(user: User, at: datetime) -> Q:
    """Return the condition for handoffs that left a queue of ``user`` within TOLD_FOR.

    By a decision or by marketing, and while the person was in the team already. A rep loses sight
    of what a colleague takes, but the open page still lists it.
    """
    since = at - TOLD_FOR
    member = Membership.objects.filter(user=user)
    decided_on = member.filter(team=OuterRef("handoff__team"), joined_at__lte=OuterRef("at"))
    decided = Decision.objects.standing().filter(
        Exists(decided_on), handoff=OuterRef("pk"), at__gte=since
    )
    lost = member.filter(team=OuterRef("team"), joined_at__lte=OuterRef("closed_at"))
    withdrawn = Q(Exists(lost), state=HandoffState.WITHDRAWN, closed_at__gte=since)
    return Q(team__in=user.team_ids(Side.SALES)) & (Q(Exists(decided)) | withdrawn)
