"""The terms that hold where a signed text does not say them, until the next draft names them.

"What a signed text does not say is not judged" holds for commitments; these three have a default of
the product, which every page shows as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.accounts.states import Side
from sla.agreements import policies
from sla.calendars import hours_text, work_calendars
from sla.clocks import snapshots
from sla.models import AgreementVersion, Calendar
from sla.states import DISPUTE, Metric, StepKind
from sla.worktime.calendar import WorkCalendar

DISPUTE_DAYS = 3  # working days
ATTEMPTS = 6
ATTEMPT_DAYS = 10  # working days
REVIEW_MONTHS = 6

# Columns of a version and the values that they get in a draft.
COLUMNS = {"dispute_days": DISPUTE_DAYS, "review_months": REVIEW_MONTHS}


@dataclass(frozen=True)
class Term:
    """A number, and whether it is a default of the product that nobody has signed."""

    number: int
    is_default: bool


@dataclass(frozen=True)
class AttemptsTerm:
    """How many attempts, within how many business minutes; ``is_default`` as in :class:`Term`."""

    count: int
    window_minutes: int
    is_default: bool


def dispute_days(version: AgreementVersion) -> Term:
    """Return within how many working days the arbiter decides a dispute."""
    return term_of(version.dispute_days, DISPUTE_DAYS)


def review_months(version: AgreementVersion) -> Term:
    """Return every how many months both sides review the personas."""
    return term_of(version.review_months, REVIEW_MONTHS)


def term_of(number: int | None, default: int) -> Term:
    """Return the term for the ``number`` of a text, None where the text does not say it."""
    if number is None:
        return Term(default, is_default=True)
    return Term(number, is_default=False)


def attempts(version: AgreementVersion, facts: Mapping[str, Any] | None = None) -> AttemptsTerm:
    """Return how often sales tries to reach a lead before it counts as not reached.

    ``facts``: those of policies.policy_for; a commitment counts where they meet its conditions.
    """
    promised = policies.commitment_of(version, Metric.ATTEMPTS, facts or {})
    if promised is None:
        return attempts_by_default(version.calendar)
    count = int(promised.target)
    if promised.window_minutes is not None:
        return AttemptsTerm(count, promised.window_minutes, is_default=False)
    # The text says how often, and not within which time.
    usual = attempts_by_default(version.calendar)
    return AttemptsTerm(count, usual.window_minutes, is_default=False)


def attempts_of(policy: Mapping[str, Any], version: AgreementVersion) -> AttemptsTerm:
    """Return the term that a handoff with ``policy`` follows; ``version``: that of its hand-off."""
    # A policy from before attempts were a part of it.
    if "attempts" not in policy:
        return attempts(version)
    promised = policy["attempts"]
    if promised is None:
        return AttemptsTerm(ATTEMPTS, _usual_window(policy), is_default=True)
    window = promised["window_minutes"] or _usual_window(policy)
    return AttemptsTerm(promised["count"], window, is_default=False)


def _usual_window(policy: Mapping[str, Any]) -> int:
    return ATTEMPT_DAYS * day_minutes(snapshots.calendar(policy["calendar"]))


def day_minutes(calendar: WorkCalendar) -> int:
    """Return the length of the longest working day of ``calendar``."""
    windows = [(each.weekday, each.opens, each.closes) for each in calendar.windows]
    return hours_text.day_minutes(windows)


def attempts_by_default(calendar: Calendar) -> AttemptsTerm:
    """Return the default for an agreement in ``calendar``."""
    day = hours_text.day_minutes(work_calendars.windows_of(calendar))
    return AttemptsTerm(ATTEMPTS, ATTEMPT_DAYS * day, is_default=True)


def attempts_for_draft(calendar: Calendar) -> dict[str, Any]:
    """Return the default as a commitment, as drafts.create takes it."""
    term = attempts_by_default(calendar)
    return {
        "side": Side.SALES,
        "metric": Metric.ATTEMPTS,
        "target": term.count,
        "window_minutes": term.window_minutes,
        "conditions": {},
        "steps": [],
    }


def dispute_policy(version: AgreementVersion, calendar: WorkCalendar) -> dict[str, Any]:
    """Return the terms of the clock of a dispute, as clocks.new takes a policy.

    ``calendar``: that of the arbiter. No commitment promises the decision: it is a term.
    """
    day = day_minutes(calendar)
    limit = dispute_days(version).number * day
    ladder = [(StepKind.WARN, -day), (StepKind.BREACH, 0), (StepKind.NOTIFY_DIRECTOR, day)]
    # Shorter than a day there is no time to warn.
    if limit <= day:
        ladder = ladder[1:]
    steps = [
        {"level": level, "kind": kind, "offset_minutes": offset}
        for level, (kind, offset) in enumerate(ladder, start=1)
    ]
    terms = {"commitment": None, "limit_seconds": limit * 60, "ladder": steps}
    return {"calendar": calendar.to_json(), "clocks": {DISPUTE: terms}}
