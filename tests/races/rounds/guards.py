"""What keeps the races, taken out: each race is first seen to go wrong without it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db.models import QuerySet

from crm.lib.db import inserts, returning
from leads.follow_up import no_contact
from leads.handoffs import submission, undo
from leads.models import Dispute, Handoff, Lead, Parking, Return
from leads.records import leads
from leads.returns import escalation as return_escalation
from leads.returns import recycling, second_decisions
from sla.clocks import clocks
from tests.races.parallel import Without

PAUSE = 0.02  # seconds before each write, so that the other one has read by then
RACED_FOR = (Handoff, Return, Dispute, Parking)
IDENTITY = ("id", "handoff")


def _then_wait(read: Callable[..., Any]) -> Callable[..., Any]:
    def read_early(*arguments: Any, **named: Any) -> Any:
        found = read(*arguments, **named)
        time.sleep(10 * PAUSE)
        return found

    return read_early


def _wait_and(act: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    def act_late(*arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return act(*arguments, **named)

    return act_late


def no_conditions(patch: pytest.MonkeyPatch, without: Without) -> None:
    """A step writes to the row whatever its state and owner are by now."""
    update = returning.update

    def update_anyway(model: Any, where: Mapping[str, Any], *columns: Any, **values: Any) -> Any:
        if model in RACED_FOR:
            time.sleep(PAUSE)
            where = {name: value for name, value in where.items() if name in IDENTITY}
        return update(model, where, *columns, **values)

    patch.setattr(returning, "update", update_anyway)
    advance = clocks.ADVANCE.replace(clocks.UNCHANGED, "")
    patch.setattr(clocks, "ADVANCE", advance.replace(" AND clock.stopped_at IS NULL", ""))


def no_locks(patch: pytest.MonkeyPatch, without: Without) -> None:
    """Rows are read without a lock, and written a moment later."""

    def look(lead: Lead) -> Lead:
        rows = Lead.objects.select_related("person", "company", "source")
        return rows.get(pk=lead.pk)

    update = returning.update

    def update_late(model: Any, *arguments: Any, **values: Any) -> Any:
        if model in RACED_FOR:
            time.sleep(PAUSE)
        return update(model, *arguments, **values)

    patch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows.all())
    patch.setattr(inserts, "_statement", _wait_and(inserts._statement, PAUSE))
    # The other one has committed when these go on with what they have read.
    patch.setattr(return_escalation, "_hold", _then_wait(return_escalation._hold))
    patch.setattr(leads, "_locked", _then_wait(leads._locked))
    patch.setattr(recycling, "_end", _wait_and(recycling._end, 20 * PAUSE))
    patch.setattr(recycling, "_leave_outcome", _then_wait(recycling._leave_outcome))
    patch.setattr(submission, "_lock", look)
    patch.setattr(returning, "update", update_late)


def no_lock_of_undo(patch: pytest.MonkeyPatch, without: Without) -> None:
    """An undo opens the handoff before it locks the lead."""
    patch.setattr(undo, "_lock", lambda handoff: None)
    patch.setattr(undo, "_happened_since", _wait_and(undo._happened_since, PAUSE))


def no_lock_of_person(patch: pytest.MonkeyPatch, without: Without) -> None:
    """A request not to be contacted locks the rows as it comes to them."""
    patch.setattr(no_contact, "lock", lambda lead: None)
    # A decision at the same time comes between what is read here and what is written.
    patch.setattr(no_contact, "_close", _wait_and(no_contact._close, 15 * PAUSE))
    patch.setattr(second_decisions, "check", _wait_and(second_decisions.check, 5 * PAUSE))


def no_trigger(patch: pytest.MonkeyPatch, without: Without) -> None:
    """The database lets a person be handed off who asked not to be contacted."""
    change = "ALTER TABLE leads_handoff {} TRIGGER leads_handoff_may_be_contacted"
    without.execute(change.format("DISABLE"))
    without.dropped.append(change.format("ENABLE"))


def no_check_of_clock(patch: pytest.MonkeyPatch, without: Without) -> None:
    """The database lets a stopped clock have a next step."""
    without.constraint("sla_clock", "clock_stopped_has_no_step")


# By name, as the races of tests.races.rounds.races have them.
GUARDS: dict[str, Callable[[pytest.MonkeyPatch, Without], None]] = {
    "conditions": no_conditions,
    "locks": no_locks,
    "lock of undo": no_lock_of_undo,
    "lock of person": no_lock_of_person,
    "trigger": no_trigger,
    "check of clock": no_check_of_clock,
}
