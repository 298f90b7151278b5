"""The valuable actions of a duplicate, copied to the lead that it is a duplicate of."""

from __future__ import annotations

from datetime import datetime

from crm.accounts.models import User
from crm.lib.db.inserts import insert
from leads import events
from leads.models import Lead, ValuableAction
from leads.states import EventKind


def copy(duplicate: Lead, original: Lead, *, by: User, at: datetime) -> list[ValuableAction]:
    """Copy what ``original`` does not have yet; return the copies, the newest first."""
    known = {(action.kind_id, action.occurred_on) for action in original.valuable_actions.all()}
    copies = []
    for action in duplicate.valuable_actions.select_related("kind"):
        if (action.kind_id, action.occurred_on) not in known:
            copies.append(_copy(action, original, at=at))
    for made in copies:
        _record(made, by=by, at=at, note=made.note)
    return copies


def _copy(action: ValuableAction, original: Lead, *, at: datetime) -> ValuableAction:
    return ValuableAction.objects.create(
        lead=original,
        kind=action.kind,
        occurred_on=action.occurred_on,
        occurred_at=action.occurred_at,
        note=action.note,
        recorded_by=action.recorded_by,
        recorded_at=at,
        copied_from=action,
    )


def take_back(duplicate: Lead, *, by: User, at: datetime) -> None:
    """Take the copies back: the lead is no duplicate."""
    copies = ValuableAction.objects.filter(copied_from__lead=duplicate)
    for made in copies.select_related("kind", "lead"):
        ValuableAction.objects.filter(pk=made.pk).update(taken_back_at=at)
        _record(made, by=by, at=at, taken_back=True)


def _record(action: ValuableAction, *, by: User, at: datetime, **payload: object) -> None:
    event = events.new(
        action.lead,
        EventKind.VALUABLE_ACTION,
        by=by,
        at=at,
        on=action.occurred_on,
        payload={"action": action.kind.code, **payload},
    )
    insert(event)
