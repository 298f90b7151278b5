"""Agreements to start from: three that differ in pace, and the demo's.

All durations are business minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personas.states import CriterionKind
from sla.states import Metric, StepKind

HOUR = 60  # minutes
DAY = 8 * HOUR  # a working day of the demo
ACCEPT_LADDER = [
    (StepKind.WARN, -30),
    (StepKind.BREACH, 0),
    (StepKind.NOTIFY_TEAM_LEAD, 30),
    (StepKind.REQUEUE, 60),
    (StepKind.NOTIFY_DIRECTOR, 120),
]
RETURN_LADDER = [
    (StepKind.WARN, -4 * HOUR),
    (StepKind.BREACH, 0),
    (StepKind.NOTIFY_TEAM_LEAD, 4 * HOUR),
    (StepKind.NOTIFY_DIRECTOR, DAY),
]
SHORT_LADDER = [(StepKind.BREACH, 0), (StepKind.NOTIFY_TEAM_LEAD, HOUR)]
COMMITMENTS: list[dict[str, Any]] = [
    {
        "side": "sales",
        "metric": Metric.ACCEPT,
        "target": "0.9",
        "window_minutes": 120,
        "steps": ACCEPT_LADDER,
    },
    {
        "side": "sales",
        "metric": Metric.FIRST_CONTACT,
        "target": "0.9",
        "window_minutes": 240,
        "steps": [
            (StepKind.WARN, -60),
            (StepKind.BREACH, 0),
            (StepKind.NOTIFY_TEAM_LEAD, 60),
            (StepKind.REQUEUE, 240),
        ],
    },
    {
        "side": "sales",
        "metric": Metric.SQL_DECISION,
        "target": "0.8",
        "window_minutes": 5 * 480,
        "steps": [(StepKind.WARN, -480), (StepKind.BREACH, 0), (StepKind.NOTIFY_TEAM_LEAD, 480)],
    },
    {"side": "marketing", "metric": Metric.MQL_VOLUME, "target": "60"},
    {"side": "marketing", "metric": Metric.ACCEPTANCE_RATE, "target": "0.75"},
    {"side": "marketing", "metric": Metric.PACKAGE_COMPLETE, "target": "0.95"},
    {
        "side": "marketing",
        "metric": Metric.RETURN_ANSWER,
        "target": "0.9",
        "window_minutes": 2 * DAY,
        "steps": RETURN_LADDER,
    },
    {"side": "sales", "metric": Metric.ATTEMPTS, "target": "6", "window_minutes": 10 * DAY},
    {"side": "sales", "metric": Metric.FEEDBACK, "target": "0.9"},
]
PACKAGE = ["person.name", "person.email", "person.phone", "company.name", "lead.source"]
DEFINITIONS: dict[str, Any] = {
    "mql_definition": {
        "es": (
            "Cumple los criterios de encaje de la buyer persona e hizo al menos una acción de"
            " valor."
        ),
        "en": "Meets the fit criteria of the buyer persona and did at least one valuable action.",
    },
    "sql_definition": {
        "es": (
            "Un MQL que además tiene los medios (presupuesto) y la autoridad para decidir, con"
            " evidencia."
        ),
        "en": "An MQL that also has the means (budget) and the authority to decide, with evidence.",
    },
    "package_fields": PACKAGE,
    "sql_blocks": [CriterionKind.MEANS, CriterionKind.AUTHORITY],
}


@dataclass(frozen=True)
class Pace:
    """How fast sales promises to act and how much marketing promises to deliver.

    ``accept``, ``contact``, ``decide`` and ``answer`` (to a return) are business minutes, or
    working days when ``in_days`` is set. ``volume`` is MQLs a month; ``acceptance`` and
    ``complete`` are shares.
    """

    key: str
    accept: int
    contact: int
    decide: int
    answer: int
    in_days: bool
    volume: int
    acceptance: str
    complete: str
    package: list[str]


PACES = {
    "quick": Pace(
        key="quick",
        accept=HOUR,
        contact=2 * HOUR,
        decide=24 * HOUR,
        answer=8 * HOUR,
        in_days=False,
        volume=60,
        acceptance="0.8",
        complete="0.95",
        package=PACKAGE,
    ),
    "standard": Pace(
        key="standard",
        accept=4 * HOUR,
        contact=8 * HOUR,
        decide=40 * HOUR,
        answer=16 * HOUR,
        in_days=False,
        volume=40,
        acceptance="0.75",
        complete="0.9",
        package=PACKAGE,
    ),
    "relaxed": Pace(
        key="relaxed",
        accept=1,
        contact=2,
        decide=10,
        answer=3,
        in_days=True,
        volume=20,
        acceptance="0.7",
        complete="0.9",
        package=["person.name", "person.email", "company.name"],
    ),
}


def commitments(pace: Pace, *, day_minutes: int, volume: int | None = None) -> list[dict[str, Any]]:
    """Return the commitments of both sides at ``pace``, as drafts.create takes them.

    ``day_minutes`` is the length of a working day; ``volume`` replaces the MQLs of the pace.
    """
    volume_target = str(volume or pace.volume)
    answer = pace.answer * (day_minutes if pace.in_days else 1)
    return [
        *_sales_commitments(pace, day_minutes),
        {"side": "marketing", "metric": Metric.MQL_VOLUME, "target": volume_target},
        {"side": "marketing", "metric": Metric.ACCEPTANCE_RATE, "target": pace.acceptance},
        {"side": "marketing", "metric": Metric.PACKAGE_COMPLETE, "target": pace.complete},
        {
            "side": "marketing",
            "metric": Metric.RETURN_ANSWER,
            "target": "0.9",
            "window_minutes": answer,
            "steps": [
                (StepKind.WARN, -answer // 4),
                *SHORT_LADDER,
                (StepKind.NOTIFY_DIRECTOR, answer),
            ],
        },
        {
            "side": "sales",
            "metric": Metric.ATTEMPTS,
            "target": "6",
            "window_minutes": 10 * day_minutes,
        },
        {"side": "sales", "metric": Metric.FEEDBACK, "target": "0.9"},
    ]


def _sales_commitments(pace: Pace, day_minutes: int) -> list[dict[str, Any]]:
    unit = day_minutes if pace.in_days else 1
    accept = pace.accept * unit
    contact = pace.contact * unit
    decide = pace.decide * unit
    return [
        {
            "side": "sales",
            "metric": Metric.ACCEPT,
            "target": "0.9",
            "window_minutes": accept,
            "steps": _accept_ladder(accept),
        },
        {
            "side": "sales",
            "metric": Metric.FIRST_CONTACT,
            "target": "0.9",
            "window_minutes": contact,
            "steps": [
                (StepKind.WARN, -contact // 4),
                *SHORT_LADDER,
                (StepKind.REQUEUE, contact),
            ],
        },
        {
            "side": "sales",
            "metric": Metric.SQL_DECISION,
            "target": "0.8",
            "window_minutes": decide,
            "steps": [(StepKind.WARN, -decide // 5), *SHORT_LADDER],
        },
    ]


def _accept_ladder(window: int) -> list[tuple[StepKind, int]]:
    quarter = window // 4
    return [
        (StepKind.WARN, -quarter),
        (StepKind.BREACH, 0),
        (StepKind.NOTIFY_TEAM_LEAD, quarter),
        (StepKind.REQUEUE, window // 2),
        (StepKind.NOTIFY_DIRECTOR, window),
    ]
