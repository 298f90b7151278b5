"""Where a lead stands: its stage and the dates on which it first reached each one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Value
from django.db.models.functions import Coalesce

from leads.models import Lead
from leads.states import MILESTONES, Stage

DATED = (*MILESTONES, Stage.LOST)


def forget(lead: Lead, stage: Stage, *, on: date) -> None:
    """Take back that ``lead`` first reached ``stage`` on ``on``; another date stays."""
    column = f"{stage}_on"
    if Lead.objects.filter(pk=lead.pk, **{column: on}).update(**{column: None}):
        setattr(lead, column, None)


def earlier(lead: Lead, stage: Stage, *, on: date, than: date) -> None:
    """``lead`` first reached ``stage`` on ``on`` and not, as it was noted, on ``than``; another
    date stays.
    """
    column = f"{stage}_on"
    if on < than and Lead.objects.filter(pk=lead.pk, **{column: than}).update(**{column: on}):
        setattr(lead, column, on)


def reach(lead: Lead, stage: Stage, *, on: date, **fields: Any) -> None:
    """Move ``lead`` to ``stage``; the first time, ``on`` becomes that stage's date.

    ``fields`` are saved with it.
    """
    changes: dict[str, Any] = {"stage": stage, **fields}
    if stage in DATED:
        column = f"{stage}_on"
        changes[column] = Coalesce(column, Value(on))
        if getattr(lead, column) is None:
            setattr(lead, column, on)
    Lead.objects.filter(pk=lead.pk).update(**changes)
    lead.stage = stage
    for name, value in fields.items():
        setattr(lead, name, value)
