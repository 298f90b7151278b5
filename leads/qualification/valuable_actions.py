"""The catalogue of valuable actions: kinds, their points and their order.

Archived, never deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.bilingual import LANGUAGES
from leads.models import ValuableActionKind
from leads.records import sources

UP, DOWN = "up", "down"


@transaction.atomic
def create(name: Mapping[str, str], points: int, *, by: User, at: datetime) -> ValuableActionKind:
    """A new kind at the end of the list; its code is made of the name and never changes."""
    last = ValuableActionKind.objects.aggregate(last=Max("position"))["last"]
    kind = ValuableActionKind.objects.create(
        code=_code(name),
        name=dict(name),
        points=points,
        position=0 if last is None else min(last + 1, 32767),
    )
    record(
        "action_kind_created",
        kind,
        by=by,
        at=at,
        payload={"code": kind.code, "name": kind.name, "points": points},
    )
    return kind


def _code(name: Mapping[str, str]) -> str:
    """A code that no kind has yet."""
    text = next(name[language] for language in reversed(LANGUAGES) if name.get(language))
    wanted = sources.code_of(text)[:50]
    taken = set(
        ValuableActionKind.objects.filter(code__startswith=wanted).values_list("code", flat=True)
    )
    numbered = (
        wanted if number == 1 else f"{wanted}_{number}" for number in range(1, len(taken) + 2)
    )
    return next(code for code in numbered if code not in taken)


@transaction.atomic
def change(
    kind: ValuableActionKind, name: Mapping[str, str], points: int, *, by: User, at: datetime
) -> ValuableActionKind:
    """Another name or other points. Handoffs keep the scores that they were handed off with."""
    kind = ValuableActionKind.objects.select_for_update(no_key=True).get(pk=kind.pk)
    old = {"name": kind.name, "points": kind.points}
    kind.name, kind.points = dict(name), points
    new = {"name": kind.name, "points": kind.points}
    if new != old:
        kind.save(update_fields=["name", "points"])
        record(
            "action_kind_changed",
            kind,
            by=by,
            at=at,
            payload={"code": kind.code, "old": old, "new": new},
        )
    return kind


@transaction.atomic
def archive(kind: ValuableActionKind, *, by: User, at: datetime) -> None:
    """Nobody notes it any more; what was noted stays and counts.

    Does nothing to one that is archived.
    """
    if ValuableActionKind.objects.filter(pk=kind.pk, archived_at__isnull=True).update(
        archived_at=at
    ):
        record("action_kind_archived", kind, by=by, at=at, payload={"code": kind.code})


@transaction.atomic
def restore(kind: ValuableActionKind, *, by: User, at: datetime) -> None:
    """It may be noted again."""
    if ValuableActionKind.objects.filter(pk=kind.pk, archived_at__isnull=False).update(
        archived_at=None
    ):
        record("action_kind_restored", kind, by=by, at=at, payload={"code": kind.code})


@transaction.atomic
def move(kind: ValuableActionKind, direction: str, *, by: User, at: datetime) -> None:
    """One place UP or DOWN among those in use; at the end of the list nothing moves."""
    rows = list(
        ValuableActionKind.objects.select_for_update(no_key=True).filter(archived_at__isnull=True)
    )
    here = next((number for number, row in enumerate(rows) if row.pk == kind.pk), None)
    there = None if here is None else here + (-1 if direction == UP else 1)
    if here is None or there is None or not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    for position, row in enumerate(rows):
        row.position = position
    ValuableActionKind.objects.bulk_update(rows, ["position"])
    record("action_kind_moved", kind, by=by, at=at, payload={"code": kind.code, "to": there})
