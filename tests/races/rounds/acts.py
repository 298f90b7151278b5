"""What people and sweeps do to the lead of a scene, by name."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from crm import tasks
from crm.accounts.models import Team, User
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import corrections, outcomes, undo
from leads.models import Dispute, Handoff, Lead, Return
from leads.records import archiving, leads
from leads.returns import disputes, duplicates, giving_back, misrouting, recycling, returns
from sla.clocks import ladder
from tests import factories
from tests.factories import Cast
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

FRIDAY = date(2026, 3, 6)
NORTH = "Ventas Norte"


@dataclass
class Scene:
    """A lead of its own with its handoff, and another of each where the race needs one.

    ``at``: when both people act. ``seen``: what both had read before either acted; empty where
    each of them reads first.
    """

    cast: Cast
    at: datetime
    handoff_id: int
    lead_id: int
    other_handoff_id: int = 0
    other_lead_id: int = 0
    seen: dict[tuple[type, int], Any] = field(default_factory=dict)

    @property
    def lead_ids(self) -> list[int]:
        return [pk for pk in (self.lead_id, self.other_lead_id) if pk]

    @property
    def handoff(self) -> Handoff:
        found: Handoff = self._read(Handoff, self.handoff_id)
        return found

    @property
    def other_handoff(self) -> Handoff:
        found: Handoff = self._read(Handoff, self.other_handoff_id)
        return found

    @property
    def lead(self) -> Lead:
        found: Lead = self._read(Lead, self.lead_id)
        return found

    @property
    def other_lead(self) -> Lead:
        found: Lead = self._read(Lead, self.other_lead_id)
        return found

    def look(self) -> None:
        """Read now what both will act on."""
        for model, pk in (
            (Handoff, self.handoff_id),
            (Handoff, self.other_handoff_id),
            (Lead, self.lead_id),
            (Lead, self.other_lead_id),
        ):
            if pk:
                self.seen[model, pk] = self._read(model, pk)

    def _read(self, model: Any, pk: int) -> Any:
        if (model, pk) in self.seen:
            # Each act has an object of its own, as each request has.
            return copy.copy(self.seen[model, pk])
        return model.objects.get(pk=pk)


Act = Callable[[Scene], Any]


def _record(row: Handoff, outcome: str, by: User, at: datetime) -> Any:
    return attempts.record(row, "phone", outcome=outcome, by=by, at=at)


def _reassign(it: Scene, to: User, by: User) -> Any:
    return handoffs.reassign(it.handoff, to, by=by, at=it.at, why="Vacaciones")


def _misroute(row: Handoff, team: Team, by: User, at: datetime) -> Any:
    return misrouting.misroute(row, team, by=by, at=at)


def _duplicate(row: Handoff, of: Lead, by: User, at: datetime) -> Any:
    return duplicates.mark(row, of, by=by, at=at)


def _hand_off(lead: Lead, it: Scene) -> Any:
    return factories.handed_off(it.cast, of=lead, at=it.at)


def _park(it: Scene, by: User) -> Any:
    reason = reason_to_recycle()
    return recycling.park(it.handoff, reason, wake_on=FRIDAY, by=by, at=it.at)


def _add_action(it: Scene) -> Any:
    kind = factories.action("sent_form")
    # Only what happens after a parking wakes the lead.
    at = it.at + timedelta(minutes=1)
    return leads.add_action(
        it.lead, kind, occurred_on=at.date(), occurred_at=at, by=it.cast.luis, at=at
    )


def _sweep(subject: str, pk: int) -> int:
    """Sweep as the product does, but the clocks of one subject: the rounds share the database."""
    rows = Q(subject_type=subject, subject_id=pk)
    return ladder._take(ladder.Run(tasks.SUBJECTS), rows, 1)[1]


def _row_of(model: Any, it: Scene) -> int:
    pk: int = model.objects.filter(handoff=it.handoff_id).values_list("pk", flat=True)[0]
    return pk


ACTS: dict[str, Act] = {
    # Of a pending handoff
    "accept": lambda it: handoffs.accept(it.handoff, by=it.cast.bea, at=it.at),
    "accept, Cruz": lambda it: handoffs.accept(it.handoff, by=it.cast.cruz, at=it.at),
    "reject": lambda it: handoffs.reject(
        it.handoff, factories.rejection(), by=it.cast.cruz, at=it.at
    ),
    "reject, Bea": lambda it: handoffs.reject(
        it.handoff, factories.rejection("wrong_team"), by=it.cast.bea, at=it.at
    ),
    "misroute": lambda it: _misroute(it.handoff, it.cast.other_sales, it.cast.cruz, it.at),
    "misroute, Bea": lambda it: _misroute(
        it.handoff, Team.objects.get(name=NORTH), it.cast.bea, it.at
    ),
    "misroute other": lambda it: _misroute(
        it.other_handoff, it.cast.other_sales, it.cast.cruz, it.at
    ),
    "duplicate": lambda it: _duplicate(it.handoff, it.other_lead, it.cast.cruz, it.at),
    "duplicate other": lambda it: _duplicate(it.other_handoff, it.lead, it.cast.bea, it.at),
    "withdraw": lambda it: handoffs.withdraw(it.handoff, by=it.cast.ana, at=it.at),
    "requeue": lambda it: handoffs.requeue(
        it.handoff, by=it.cast.dora, at=it.at, cause=handoffs.cause_by_hand(it.at)
    ),
    "sweep": lambda it: _sweep("handoff", it.handoff_id),
    # Of one in work
    "reassign": lambda it: _reassign(it, it.cast.cruz, it.cast.dora),
    "reassign, to Dora": lambda it: _reassign(it, it.cast.dora, it.cast.elsa),
    "attempt": lambda it: _record(it.handoff, "no_answer", it.cast.bea, it.at),
    "contact": lambda it: _record(it.handoff, "reached", it.cast.bea, it.at),
    "no contact": lambda it: _record(it.handoff, "no_contact", it.cast.bea, it.at),
    "no contact, other": lambda it: _record(it.other_handoff, "no_contact", it.cast.cruz, it.at),
    "accept other": lambda it: handoffs.accept(it.other_handoff, by=it.cast.cruz, at=it.at),
    "give back": lambda it: giving_back.give_back(it.handoff, by=it.cast.bea, at=it.at),
    "disqualify": lambda it: outcomes.disqualify(
        it.handoff, factories.outcome("no_budget"), by=it.cast.bea, at=it.at
    ),
    "recycle": lambda it: _park(it, it.cast.bea),
    "recycle, Luis": lambda it: _park(it, it.cast.luis),
    "action": _add_action,
    # Of one that came back
    "undo": lambda it: undo.undo(it.handoff, by=it.cast.cruz, at=it.at),
    "undo other": lambda it: undo.undo(it.other_handoff, by=it.cast.bea, at=it.at),
    "contest": lambda it: disputes.contest(it.handoff, "Sí cumple", by=it.cast.ana, at=it.at),
    "close": lambda it: returns.close(it.handoff, reason_to_close(), by=it.cast.luis, at=it.at),
    "hand off": lambda it: _hand_off(it.lead, it),
    "hand off other": lambda it: _hand_off(it.other_lead, it),
    "sweep of return": lambda it: _sweep("return", _row_of(Return, it)),
    "archive": lambda it: archiving.archive(it.lead, by=it.cast.luis, at=it.at),
    # Of the arbiter
    "uphold": lambda it: disputes.uphold(it.handoff, by=it.cast.elsa, at=it.at, comment="Sí"),
    "deny": lambda it: disputes.deny(it.handoff, by=it.cast.elsa, at=it.at, comment="No"),
    "once more": lambda it: disputes.hand_off_again(
        it.handoff, by=it.cast.elsa, at=it.at, comment="Sí"
    ),
    "close case": lambda it: disputes.close(
        it.handoff, reason_to_close(), by=it.cast.elsa, at=it.at
    ),
    "sweep of dispute": lambda it: _sweep("dispute", _row_of(Dispute, it)),
    # Of one that is parked or has an outcome
    "wake by date": lambda it: recycling.wake_due(at=it.at),
    "wake": lambda it: recycling.wake_by_hand(it.lead, by=it.cast.ana, at=it.at),
    "reopen": lambda it: corrections.reopen(it.handoff, why="Volvió", by=it.cast.bea, at=it.at),
}
