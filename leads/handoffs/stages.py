"""The stage of a lead and the dates on which it first reached each one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from crm.lib.db.returning import Computed, Update, update
from leads.models import Lead
from leads.states import MILESTONES, Stage

# Lost is a way out and no milestone, but its first date is kept, too.
DATED = (*MILESTONES, Stage.LOST)


def reach(lead: Lead, stage: Stage, *, on: date, **fields: Any) -> None:
    """Move ``lead`` to ``stage``; the first time, ``on`` becomes the date of that stage.

    ``fields`` are written with it.
    """
    reach_many([lead], stage, on=on, **fields).run()


def reach_many(leads: Sequence[Lead], stage: Stage, *, on: date, **fields: Any) -> Update:
    """Move the objects of many leads to ``stage`` as :func:`reach` does.

    Return what writes it to their rows, to be run alone or together with the events.
    """
    changes: dict[str, Any] = {"stage": stage, **fields}
    column = ""
    if stage in DATED:
        # The first date stays, even if it was written after the object was read.
        column = f"{stage}_on"
        changes[column] = Computed(f'COALESCE("{column}", %s)', (on,))
    written = update(Lead, {"id": [lead.pk for lead in leads]}, "id", **changes)
    for lead in leads:
        if column and getattr(lead, column) is None:
            setattr(lead, column, on)
        lead.stage = stage
        for name, value in fields.items():
            setattr(lead, name, value)
    return written


def reach_earlier(lead: Lead, stage: Stage, *, on: date, known_on: date) -> None:
    """Correct the date of ``stage`` from ``known_on`` to the earlier ``on``; keep another date."""
    if on < known_on:
        _replace_date(lead, stage, known_on, on)


def unreach(lead: Lead, stage: Stage, *, on: date) -> None:
    """Remove the date of ``stage`` if it is ``on``; keep another date."""
    _replace_date(lead, stage, on, None)


def _replace_date(lead: Lead, stage: Stage, old: date, new: date | None) -> None:
    column = f"{stage}_on"
    rows = Lead.objects.filter(pk=lead.pk, **{column: old})
    if rows.update(**{column: new}):
        setattr(lead, column, new)
