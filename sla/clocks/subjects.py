"""Clock subjects: what the ladder needs to know of the kind of row that a clock runs on.

``sla`` knows only clocks. Each app above it describes its subjects in one ClockSubject each, and
crm/tasks.py registers them by subject type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from sla.models import Clock, Firing, Pause


class SubjectBusy(Exception):
    """Another transaction holds the subject; the sweep leaves the step for its next round."""


def type_of(subject: models.Model) -> str:
    """Return the ``subject_type`` of the clocks on ``subject``."""
    return str(subject._meta.model_name)


def ignore_pause_end(clock: Clock, pause: Pause, at: datetime) -> None:
    """Do nothing at the end of a pause."""


def no_record(clock: Clock) -> datetime | None:
    """Return None: the subject keeps no record of the promised act beside the clock."""
    return None


@dataclass(frozen=True)
class ClockSubject:
    """What a sweep does to one kind of subject. Every function may raise SubjectBusy.

    ``steps``: the function of each step kind.
    ``resume``: called after a pause reached its planned end; the clock runs already.
    ``done_at``: when the promised act was done by the subject's own records, or None; asked before
    a breach is announced.
    """

    steps: Mapping[str, Callable[[Clock, Firing], None]]
    resume: Callable[[Clock, Pause, datetime], None] = ignore_pause_end
    done_at: Callable[[Clock], datetime | None] = no_record


Subjects = Mapping[str, ClockSubject]  # by subject_type
