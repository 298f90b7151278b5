"""The counters of the queue: those of every page, and the sizes of its tabs. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Subquery

from crm.accounts.models import User
from crm.lib.db.kept_sql import KeptSql, counted
from leads.handoffs.queue.tabs import Narrow, at_risk, everything
from leads.models import Decision, Handoff, sight
from leads.states import WORKED

# The tabs whose size the counters of every page do not hold.
UNCOUNTED = ("soon", "decided")
# Every page shows these numbers. Each is read from one index (handoff_pending…, handoff_of_owner).
# Written out, because building it from querysets took 2.5 ms of a page, and running it 0.3 ms.
COUNTERS = """
SELECT
    (SELECT count(*) FROM leads_handoff WHERE state = 'pending' AND ({sight})),
    (SELECT count(*) FROM leads_handoff
     WHERE state = 'pending' AND ({sight}) AND accept_due_at < %(at)s),
    (SELECT max(id) FROM leads_handoff WHERE state = 'pending' AND ({sight})),
    (SELECT count(*) FROM leads_handoff WHERE owner_id = %(user)s AND state = ANY(%(worked)s))
"""


def counts(user: User, *, at: datetime) -> dict[str, Any]:
    """Return the counters of the navigation, in one query.

    Visible pending handoffs ("queue"), the overdue ones, the id of the newest, and the person's
    own.
    """
    in_sight, teams = sight.of_pending_in_sql(user)
    if in_sight == "false":
        # Nobody without a team sees a handoff: an admin's pages need no query for that.
        return {"queue": 0, "overdue": 0, "newest": None, "mine": 0}
    values: dict[str, Any] = {
        **teams,
        "user": user.pk,
        "worked": [str(state) for state in WORKED],
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS.format(sight=in_sight), values)
        numbers: tuple[Any, ...] = cursor.fetchall()[0]
    return dict(zip(("queue", "overdue", "newest", "mine"), numbers, strict=True))


def tab_counts(
    user: User, *, at: datetime, since: datetime, narrow: Narrow = everything
) -> dict[str, int]:
    """Return the size of each tab of :func:`queue`, in one query.

    ``narrow``: the filters of the page. Without them :func:`counts` comes with it, in two queries.
    """
    if narrow is everything:
        sizes = TAB_SIZES.rows(user=user, at=at, since=since)
        numbers = {**counts(user, at=at), **dict(zip(UNCOUNTED, *sizes, strict=True))}
    else:
        rows = _tabs(user, at, since, narrow)
        numbers = dict(zip(rows, *_count_all(user, rows), strict=True))
    return {**numbers, "waiting": numbers["queue"]}


def _tabs(
    user: User, at: datetime, since: datetime, narrow: Narrow = everything
) -> dict[str, QuerySet[Handoff]]:
    """Return the handoffs of each tab; those that wait are "queue"."""
    waiting = narrow(Handoff.objects.pending_to(user))
    decisions = Decision.objects.standing().filter(at__gte=since)
    decided = narrow(Handoff.objects.visible_to(user)).filter(pk__in=decisions.values("handoff"))
    return {
        "soon": at_risk(waiting, at=at),
        "decided": decided,
        "queue": waiting,
        "overdue": waiting.filter(accept_due_at__lt=at),
    }


def _tab_sizes(*, user: User, at: datetime, since: datetime) -> QuerySet[User]:
    rows = _tabs(user, at, since)
    return _count_all(user, {name: rows[name] for name in UNCOUNTED})


TAB_SIZES = KeptSql(_tab_sizes)


def _count_all(user: User, rows: Mapping[str, QuerySet[Handoff]]) -> QuerySet[Any]:
    """Return the query of how many there are of each of ``rows``: a subquery for each."""
    columns = {name: Subquery(counted(each)) for name, each in rows.items()}
    # The person's own row carries the numbers.
    return User.objects.filter(pk=user.pk).annotate(**columns).values_list(*columns)


def version(counts: dict[str, int]) -> str:
    """Return a text that changes when a handoff joins or leaves the visible pending ones."""
    # The count alone stays the same when one handoff leaves as another joins.
    return f"{counts['queue']}-{counts['newest'] or 0}"
