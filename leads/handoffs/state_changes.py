"""The parts of every transition of a handoff: conditional UPDATE, clock, event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Model
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.db.inserts import Many, insert, next_id
from crm.lib.db.returning import Computed, Update, constraint_of, update_returning
from crm.lib.errors import Conflict
from leads import events
from leads.conflicts import AlreadyTaken, NoContactAsked
from leads.handoffs import stages
from leads.models import Decision, Handoff, Lead
from leads.staff import stand_ins
from leads.states import STAGE_OF, EventKind, HandoffState, Stage, check_move
from sla.clocks import clocks
from sla.models import Clock
from sla.states import Metric

OWNER_GUARD = "handoff_owner_is_active"  # the trigger that refuses an inactive owner

ONE_OPEN = "handoff_one_open_per_lead"  # the constraint on the open handoffs of a lead
# The triggers on handoffs of people who asked not to be contacted.
MAY_BE_CONTACTED = "handoff_may_be_contacted"


class OwnerLeft(Conflict):
    """The database refused an owner whose account is not active any more (OWNER_GUARD)."""

    code = "owner_left"
    message = gettext_lazy("This account is not active any more, so it cannot take a lead.")


class AnotherIsOpen(Conflict):
    """The database refused a second open handoff of one lead (ONE_OPEN)."""

    code = "another_is_open"
    message = gettext_lazy("This lead has been handed off again in the meantime.")


class PersonIsMarked(Conflict):
    """The database refused to open a handoff again (MAY_BE_CONTACTED)."""

    code = NoContactAsked.code
    message = NoContactAsked.reason


def claim(
    handoff: Handoff, state: HandoffState, *, of: tuple[HandoffState, ...], **fields: Any
) -> str:
    """Move ``handoff`` to ``state`` by one conditional UPDATE and return its previous state.

    ``of``: the states it may come from. ``fields`` are written with it.

    Raises AlreadyTaken if the row has another state or owner by now; the caller's object is
    changed only on success.
    """
    # If the object is in another state, no row matches, and AlreadyTaken says who changed it.
    from_state = handoff.state if handoff.state in of else of[0]
    check_move(from_state, state)
    unchanged = {"id": handoff.pk, "state": from_state, "owner": handoff.owner_id}
    if not write(handoff, unchanged, state=state, **fields):
        raise AlreadyTaken(Handoff.objects.get(pk=handoff.pk))
    return from_state


def write(
    handoff: Handoff,
    unchanged: Mapping[str, Any],
    *,
    next_metric: Metric | None = None,
    decision: Decision | None = None,
    **fields: Any,
) -> bool:
    """Write ``fields`` to the row and to the object; return False if no row matched.

    ``unchanged``: the values that the row must still have, with its id. The object also takes the
    row's policy, because the agreement may have been re-applied since it was read.

    ``next_metric``: the metric whose clock starts next. The row gets the id of that clock at once,
    and :func:`next_clock` makes it. ``decision``: an unsaved one, which gets its id.

    Raises OwnerLeft, AnotherIsOpen or PersonIsMarked, which end the transaction, if the database
    refuses the owner, a second open handoff of the lead, or one of a person who asked not to be
    contacted.
    """
    has_clock = next_metric is not None and next_metric in handoff.policy["clocks"]
    changes = dict(fields)
    if has_clock:
        changes["clock"] = next_id(Clock)
    taken = [] if decision is None else [next_id(Decision)]
    written = _update(unchanged, changes, taken)
    if not written:
        return False
    clock_id, policy_ref, *decision_id = written[0]
    handoff.policy_ref_id = bytes(policy_ref)
    if decision is not None:
        [decision.pk] = decision_id
    if has_clock:
        handoff.clock_id = clock_id
        # The re-applied policy has no time for the next step.
        if next_metric not in handoff.policy["clocks"]:
            Handoff.objects.filter(pk=handoff.pk).update(clock=None)
            handoff.clock_id = None
    for name, value in fields.items():
        setattr(handoff, name, value)
    return True


def _update(
    unchanged: Mapping[str, Any], changes: dict[str, Any], taken: Sequence[Computed]
) -> list[tuple[Any, ...]]:
    """Update the row; return its clock id, the hash of its policy as written, and ``taken``."""
    try:
        return update_returning(Handoff, unchanged, "clock", "policy_ref", *taken, **changes)
    except IntegrityError as error:
        name = constraint_of(error)
        if name == OWNER_GUARD:
            raise OwnerLeft from error
        if name == ONE_OPEN:
            raise AnotherIsOpen from error
        if name == MAY_BE_CONTACTED:
            raise PersonIsMarked from error
        raise


def start_clock(
    handoff: Handoff,
    metric: Metric,
    *,
    at: datetime,
    accountable: User | None = None,
) -> None:
    """Start the clock of ``metric`` under the handoff's policy; the queue shows this clock."""
    clock = clocks.start(
        handoff, metric, handoff.policy, team=handoff.team, at=at, accountable=accountable
    )
    if clock is not None:
        Handoff.objects.filter(pk=handoff.pk).update(clock=clock)
        handoff.clock = clock


def next_clock(
    handoff: Handoff, metric: Metric, *, at: datetime, accountable: User | None = None
) -> list[Clock]:
    """Return the clock of :func:`start_clock` unsaved, to be inserted with the other changes.

    The row already has its id (:func:`write`). Empty if the policy has no time for this metric.
    """
    clock = clocks.new(
        handoff,
        metric,
        handoff.policy,
        team=handoff.team,
        at=at,
        accountable=accountable,
        pk=handoff.clock_id,
    )
    if clock is None:
        return []
    handoff.clock = clock
    return [clock]


@dataclass(frozen=True)
class Change:
    """A change of a handoff to record. ``from_state``: its state before, None for its state now.

    ``represented``: on whose behalf it is made, None for the one that leads.staff.stand_ins finds.
    """

    handoff: Handoff
    from_state: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    represented: User | None = None


def update_lead(
    handoff: Handoff,
    kind: EventKind,
    *rows: Model | Many | Update,
    from_state: str,
    by: User | None,
    at: datetime,
    happened_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
    represented: User | None = None,
    **fields: Any,
) -> None:
    """Give the lead the stage of its handoff's new state, and record the event.

    ``from_state``: the handoff's state before. ``happened_at``: decides the date of the stage,
    default ``at``. ``represented`` as in :class:`Change`. ``fields`` are written to the lead.
    ``rows`` are inserted with the event.
    """
    change = Change(handoff, from_state, payload or {}, represented)
    on = events.today(happened_at or at)
    update_leads([change], kind, *rows, by=by, at=at, on=on, **fields)


def update_leads(
    changes: Sequence[Change],
    kind: EventKind,
    *rows: Model | Many | Update,
    by: User | None,
    at: datetime,
    on: date,
    **fields: Any,
) -> None:
    """Do what :func:`update_lead` does for many handoffs, in few statements.

    ``on``: the date of their stages and events.
    """
    alike: dict[tuple[Stage, bool], list[Lead]] = {}
    for change in changes:
        handoff = change.handoff
        # Contact data are hidden only in the queue: the owner reads them.
        is_hidden = handoff.is_pending and bool(handoff.policy.get("hide_contact"))
        stage = STAGE_OF[HandoffState(handoff.state)]
        alike.setdefault((stage, is_hidden), []).append(handoff.lead)
    moves = [
        stages.reach_many(leads, stage, on=on, contact_hidden=is_hidden, **fields)
        for (stage, is_hidden), leads in alike.items()
    ]
    insert(*moves, *rows, events_of(changes, kind, by=by, at=at, on=on))


def record(
    handoff: Handoff,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    from_state: str | None = None,
    on: date | None = None,
    payload: dict[str, Any] | None = None,
    represented: User | None = None,
) -> None:
    """Record an event of the handoff.

    ``from_state``: its state before, default its state now. ``on``: the date, default today's.
    ``represented`` as in :class:`Change`.
    """
    change = Change(handoff, from_state, payload or {}, represented)
    insert(events_of([change], kind, by=by, at=at, on=on))


def events_of(
    changes: Iterable[Change],
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    on: date | None = None,
) -> Many:
    """Return the same kind of event of many handoffs, to be inserted.

    ``on``: the date, default today's.
    """
    rows = []
    for change in changes:
        handoff = change.handoff
        from_state = handoff.state if change.from_state is None else change.from_state
        person = change.represented or stand_ins.represented(handoff, kind, by=by, at=at)
        rows.append(
            {
                "lead_id": handoff.lead_id,
                "handoff_id": handoff.pk,
                "from_state": str(from_state),
                "to_state": str(handoff.state),
                "on_behalf_of_id": person.pk if person is not None else None,
                "payload": {"cycle": handoff.cycle, **change.payload},
            }
        )
    return events.many(rows, kind, by=by, at=at, on=on or events.today(at))
