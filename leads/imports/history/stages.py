"""The past of a lead as an import writes it: dates of stages, and events of kind "imported".

Both entrances use it, the browser and the command line. Imported history is not judged: it opens no
handoff, starts no clock and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from leads.imports.columns.targets import NOTE, STAGE, STAGES
from leads.imports.readings import Reading
from leads.states import Stage


class PastStage(NamedTuple):
    """A stage that a row records. ``on`` is None where the row does not say when."""

    stage: str
    on: date | None
    original: str


def recorded(reading: Reading) -> list[PastStage]:
    """Return the stages that a row records, in their order.

    They come from columns of dates, and from the column that names the present stage.
    """
    dates = reading.group("stage")
    named = reading.get(STAGE)
    stages: list[PastStage] = []
    for stage in STAGES:
        if stage in dates:
            original = reading.originals[f"stage.{stage}"]
            stages.append(PastStage(stage.value, dates[stage], original))
        elif named == stage:
            stages.append(PastStage(stage.value, None, reading.originals[STAGE]))
    return stages


def last_stage(reading: Reading) -> str:
    """Return the stage of a lead: the last one that the row records."""
    past = recorded(reading)
    if past:
        return past[-1].stage
    return Stage.CAPTURED.value


def milestones(reading: Reading) -> dict[str, date | None]:
    """Return the date columns of a lead; None for a stage without a recorded date."""
    dates = reading.group("stage")
    return {f"{stage}_on": dates.get(stage) for stage in STAGES}


def happenings(reading: Reading, *, system: str, today: date) -> Iterator[dict[str, Any]]:
    """Yield state, day and payload of an event for each stage that a row records.

    A stage without a date is recorded on ``today`` and marked as undated.
    """
    for past in recorded(reading):
        payload: dict[str, Any] = {"stage": past.stage, "original": past.original}
        payload["system"] = system
        if past.on is None:
            payload["undated"] = True
        yield {"to_state": past.stage, "occurred_on": past.on or today, "payload": payload}


def note_of(reading: Reading) -> dict[str, str] | None:
    """Return the payload of the note of a row, None without one."""
    note = reading.get(NOTE)
    if not note:
        return None
    return {"note": note}
