"""Who sees which leads and handoffs: the branches of the sight table, stated here alone.

Each branch is one reason why a person sees a row. Look-ups join them by OR (``visible_to``); lists
read the first rows of each branch by its own index and merge them (crm.lib.paging), because
PostgreSQL cannot walk an OR across tables in the order of a list.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.apps import apps
from django.db.models import Exists, Manager, Model, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.states import NOT_TAKEN, HandoffState

Branches = list[Q]

EVERYTHING = Q()
# An empty Q would match everything.
NOTHING = Q(pk__in=[])


def any_of(branches: Branches) -> Q:
    """Return the condition of a look-up: one of ``branches`` holds."""
    if not branches:
        return NOTHING
    # An empty Q leaves an OR without a trace, and with it the rows that it means.
    if EVERYTHING in branches:
        return EVERYTHING
    return reduce(or_, branches)


def of_handoffs(user: User) -> Branches:
    """Return the reasons why ``user`` sees a handoff."""
    if user.is_director:
        return [EVERYTHING]
    branches = of_open_handoffs(user)
    if user.team_ids(Side.SALES):
        branches.append(_decided(user))
    return branches + _arbitrated(user, "handoff")


def of_open_handoffs(user: User) -> Branches:
    """Return the reasons for an open handoff, at half the cost.

    An open handoff that a rep decided on has an owner, so decisions need no check.
    """
    if user.is_director:
        return [EVERYTHING]
    branches = []
    if user.team_ids(Side.SALES):
        branches += [Q(owner=user), *_covered(user), *_of_queues(user)]
    marketing = user.team_ids(Side.MARKETING)
    if marketing:
        branches.append(Q(marketing_team__in=marketing))
    return branches


def of_pending_handoffs(user: User) -> Branches:
    """Return the reasons for a pending handoff, which has no owner."""
    if user.is_director:
        return [EVERYTHING]
    branches = []
    if user.team_ids(Side.SALES):
        branches.append(Q(team__in=user.team_ids(Side.SALES)))
    if user.team_ids(Side.MARKETING):
        branches.append(Q(marketing_team__in=user.team_ids(Side.MARKETING)))
    return branches


def of_pending_in_sql(user: User) -> tuple[str, dict[str, list[int]]]:
    """Return the same as SQL with its parameters, for the counters of every page."""
    if user.is_director:
        return "true", {}
    teams = {
        "team_id": list(user.team_ids(Side.SALES)),
        "marketing_team_id": list(user.team_ids(Side.MARKETING)),
    }
    conditions = [f"{column} = ANY(%({column})s)" for column, ids in teams.items() if ids]
    return " OR ".join(conditions) or "false", teams


def of_leads(user: User) -> Branches:
    """Return the reasons why ``user`` sees a lead: its team brought it, or a handoff of it."""
    if user.is_director:
        return [EVERYTHING]
    branches = []
    marketing = user.team_ids(Side.MARKETING)
    if marketing:
        branches.append(Q(marketing_team__in=marketing))
    if user.team_ids(Side.SALES):
        branches += _owned(user)
        of_handoffs = [*_covered(user), *_of_queues(user), _decided(user)]
        branches += [_has_handoff(branch) for branch in of_handoffs]
    return branches + _arbitrated(user, "lead")


def _arbitrated(user: User, column: str) -> Branches:
    """Return the reason that ``user`` is the arbiter of a dispute about it.

    Only a person who leads a team can be one (leads.returns.cases).
    """
    if not any(user.team_ids(side, led=True) for side in Side.values):
        return []
    cases = _rows("Dispute").filter(arbiter=user, **{column: OuterRef("pk")})
    return [Q(Exists(cases))]


def of_one_lead(user: User) -> Branches:
    """Return the reasons of :func:`of_leads` for a lead that is looked up by its key.

    All reasons that come from its handoffs are one subquery, which PostgreSQL plans in half the
    time. Among many leads it would run it lead by lead.
    """
    if user.is_director:
        return [EVERYTHING]
    branches = []
    marketing = user.team_ids(Side.MARKETING)
    if marketing:
        branches.append(Q(marketing_team__in=marketing))
    if user.team_ids(Side.SALES):
        # Owning any of them is enough: a lead has the owner of its last one (crm.invariants).
        of_sales = [Q(owner=user), *_covered(user), *_of_queues(user), _decided(user)]
        branches.append(_has_handoff(any_of(of_sales)))
    return branches + _arbitrated(user, "lead")


def _covered(user: User) -> Branches:
    """Return the reason that comes from colleagues who are away: their delegate stands in."""
    if not user.stands_in_for:
        return []
    return [Q(owner__in=user.stands_in_for, team__in=user.team_ids(Side.SALES))]


def _of_queues(user: User) -> Branches:
    """Return the reasons that come from a sales team: its queue; for its lead, all of it."""
    branches = [Q(team__in=user.team_ids(Side.SALES), state=HandoffState.PENDING)]
    led = user.team_ids(Side.SALES, led=True)
    if led:
        branches.append(Q(team__in=led))
    return branches


def _decided(user: User) -> Q:
    """Return the condition for handoffs that ``user`` did not take and that belong to no one now.

    A decision that was undone or released gives no sight. One on an accept needs no check: while
    it stands, the handoff has an owner.
    """
    standing = _rows("Decision").filter(
        by=user,
        kind__in=NOT_TAKEN,
        undone_at__isnull=True,
        released_at__isnull=True,
        handoff=OuterRef("pk"),
    )
    return Q(Exists(standing), owner__isnull=True)


def _owned(user: User) -> Branches:
    """Return the reasons that come from handoffs that ``user`` owns or owned until their end."""
    own = Exists(_rows("Handoff").filter(owner=user, lead=OuterRef("pk")))
    later = Exists(_rows("Handoff").filter(cycle__gt=1, lead=OuterRef("pk")))
    # An index has the leads of each owner in the order of the list; the owner of an imported lead
    # may have no handoff of it. Coalesce lets PostgreSQL check that lead by lead, from the newest
    # on, where it would otherwise join all leads of the owner and sort them.
    is_own = Q(owner=user) & Q(Coalesce(own, Value(False)))
    # A lead has the owner of its last handoff (crm.invariants): a colleague by now.
    was_own = ~Q(owner=user) & Q(later) & Q(own)
    return [is_own, was_own]


def _has_handoff(branch: Q) -> Q:
    """Return the condition that a lead has a handoff that meets ``branch``."""
    # Not "pk IN": for one lead, PostgreSQL would read all handoffs of the person.
    return Q(Exists(_rows("Handoff").filter(branch, lead=OuterRef("pk"))))


def _rows(model: str) -> Manager[Model]:
    # The modules of these models import this one.
    return apps.get_model("leads", model)._default_manager
