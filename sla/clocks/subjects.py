"""Clock subjects: what the ladder needs to know of the kind of row that a clock runs on.

``sla`` knows only clocks. Each app above it describes its subjects in one ClockSubject each, and
crm/tasks.py registers them by subject type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from sla.models import Clock, Firing, Pause


@dataclass(frozen=True)
class Step:
    """One step that fires: its clock, the clock's locked subject, and the row that proves it."""

    clock: Clock
    subject: Any
    firing: Firing


Held = Mapping[int, Any]  # locked subjects by clock id
Act = Callable[[Sequence[Step]], None]


def type_of(subject: models.Model) -> str:
    """Return the ``subject_type`` of the clocks on ``subject``."""
    return str(subject._meta.model_name)


def ignore_pause_end(clock: Clock, subject: Any, pause: Pause, at: datetime) -> None:
    """Do nothing at the end of a pause."""


def no_record(clocks: Sequence[Clock], held: Held) -> dict[int, datetime]:
    """Return nothing: the subject keeps no record of the promised act beside the clock."""
    return {}


def never_single(kind: str, subject: Any) -> bool:
    """Return False: every step of the subject works on a whole batch."""
    return False


@dataclass(frozen=True)
class ClockSubject:
    """What a sweep does to one kind of subject, by batches of clocks.

    ``hold``: lock the subjects of clocks and return them by clock id. It never waits: a subject
    that another transaction holds is left out, and its step waits for the next sweep.
    ``steps``: the function of each step kind.
    ``resume``: called after a pause reached its planned end; the clock runs already.
    ``done_at``: when the promised act was done by the subjects' own records, by clock id; asked
    before breaches are announced.
    ``is_single``: whether a step of this kind works on this subject alone, at the cost of many
    queries; a batch takes few of these.
    """

    hold: Callable[[Sequence[Clock]], Held]
    steps: Mapping[str, Act]
    resume: Callable[[Clock, Any, Pause, datetime], None] = ignore_pause_end
    done_at: Callable[[Sequence[Clock], Held], Mapping[int, datetime]] = no_record
    is_single: Callable[[str, Any], bool] = never_single


Subjects = Mapping[str, ClockSubject]  # by subject_type
