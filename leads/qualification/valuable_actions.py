"""The catalogue of valuable actions: kinds with points and an order; archived, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib import catalogue
from leads.models import ValuableActionKind

UP = "up"
DOWN = "down"


@transaction.atomic
def create(name: Mapping[str, str], points: int, *, by: User, at: datetime) -> ValuableActionKind:
    """Create a kind at the end of the list."""
    kind = ValuableActionKind.objects.create(
        # A code of its own: agreements, events and packages refer to it, and names may change.
        code=catalogue.new_code(ValuableActionKind, name, default="action"),
        name=dict(name),
        points=points,
        position=catalogue.last_position(ValuableActionKind),
    )
    payload = {"code": kind.code, "name": kind.name, "points": points}
    record("action_kind_created", kind, by=by, at=at, payload=payload)
    return kind


@transaction.atomic
def change(
    kind: ValuableActionKind, name: Mapping[str, str], points: int, *, by: User, at: datetime
) -> ValuableActionKind:
    """Change name and points. Handoffs keep the scores that they were handed off with."""
    # Locked before it is compared: the audit must hold the values that this change replaces.
    kind = ValuableActionKind.objects.select_for_update(no_key=True).get(pk=kind.pk)
    old = {"name": kind.name, "points": kind.points}
    new = {"name": dict(name), "points": points}
    if new == old:
        return kind
    kind.name = dict(name)
    kind.points = points
    kind.save(update_fields=["name", "points"])
    payload = {"code": kind.code, "old": old, "new": new}
    record("action_kind_changed", kind, by=by, at=at, payload=payload)
    return kind


@transaction.atomic
def archive(kind: ValuableActionKind, *, by: User, at: datetime) -> None:
    """Archive ``kind``; no new action has it. Recorded actions stay and count."""
    if catalogue.archive(kind, at=at):
        record("action_kind_archived", kind, by=by, at=at, payload={"code": kind.code})


@transaction.atomic
def restore(kind: ValuableActionKind, *, by: User, at: datetime) -> None:
    """Take ``kind`` into use again."""
    if catalogue.restore(kind):
        record("action_kind_restored", kind, by=by, at=at, payload={"code": kind.code})


@transaction.atomic
def move(kind: ValuableActionKind, direction: str, *, by: User, at: datetime) -> None:
    """Move ``kind`` one place UP or DOWN among those in use; at the end of the list it stays."""
    step = catalogue.UP if direction == UP else catalogue.DOWN
    place = catalogue.move(kind, step)
    if place is not None:
        payload = {"code": kind.code, "to": place}
        record("action_kind_moved", kind, by=by, at=at, payload=payload)
