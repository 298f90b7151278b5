"""Agreements to begin with: three that differ in pace, and the demo's.

Times in business minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personas.states import CriterionKind
from sla.states import Metric, StepKind

WINDOW_LADDER = [
    (StepKind.WARN, -30),
    (StepKind.BREACH, 0),
    (StepKind.TELL_LEAD, 30),
    (StepKind.REQUEUE, 60),
    (StepKind.TELL_DIRECTOR, 120),
]
COMMITMENTS: list[dict[str, Any]] = [
    {
        "side": "sales",
        "metric": Metric.ACCEPT,
        "target": "0.9",
        "window_minutes": 120,
        "steps": WINDOW_LADDER,
    },
    {
        "side": "sales",
        "metric": Metric.FIRST_CONTACT,
        "target": "0.9",
        "window_minutes": 240,
        "steps": [
            (StepKind.WARN, -60),
            (StepKind.BREACH, 0),
            (StepKind.TELL_LEAD, 60),
            (StepKind.REQUEUE, 240),
        ],
    },
    {
        "side": "sales",
        "metric": Metric.SQL_DECISION,
        "target": "0.8",
        "window_minutes": 5 * 480,
        "steps": [(StepKind.WARN, -480), (StepKind.BREACH, 0), (StepKind.TELL_LEAD, 480)],
    },
    {"side": "marketing", "metric": Metric.MQL_VOLUME, "target": "60"},
    {"side": "marketing", "metric": Metric.ACCEPTANCE_RATE, "target": "0.75"},
    {"side": "marketing", "metric": Metric.PACKAGE_COMPLETE, "target": "0.95"},
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
    """How fast sales promises to be and how much marketing promises to bring.

    ``accept``, ``contact``, ``decide``: business minutes, or working days where ``in_days``;
    ``volume``: MQLs a month.
    """

    key: str
    accept: int
    contact: int
    decide: int
    in_days: bool
    volume: int
    acceptance: str
    complete: str
    package: list[str]


HOUR = 60
PACES = {
    "quick": Pace("quick", HOUR, 2 * HOUR, 24 * HOUR, False, 60, "0.8", "0.95", PACKAGE),
    "standard": Pace("standard", 4 * HOUR, 8 * HOUR, 40 * HOUR, False, 40, "0.75", "0.9", PACKAGE),
    "relaxed": Pace(
        "relaxed", 1, 2, 10, True, 20, "0.7", "0.9", ["person.name", "person.email", "company.name"]
    ),
}


def commitments(pace: Pace, *, day_minutes: int, volume: int | None = None) -> list[dict[str, Any]]:
    """What both sides promise at ``pace``, for agreements.draft.

    ``day_minutes``: the length of a working day.
    """
    unit = day_minutes if pace.in_days else 1
    accept, contact, decide = pace.accept * unit, pace.contact * unit, pace.decide * unit
    quarter = accept // 4
    ladder = [
        (StepKind.WARN, -quarter),
        (StepKind.BREACH, 0),
        (StepKind.TELL_LEAD, quarter),
        (StepKind.REQUEUE, accept // 2),
        (StepKind.TELL_DIRECTOR, accept),
    ]
    to_contact = [(StepKind.WARN, -contact // 4), *SHORT, (StepKind.REQUEUE, contact)]
    to_decide = [(StepKind.WARN, -decide // 5), *SHORT]
    return [
        {
            "side": "sales",
            "metric": Metric.ACCEPT,
            "target": "0.9",
            "window_minutes": accept,
            "steps": ladder,
        },
        {
            "side": "sales",
            "metric": Metric.FIRST_CONTACT,
            "target": "0.9",
            "window_minutes": contact,
            "steps": to_contact,
        },
        {
            "side": "sales",
            "metric": Metric.SQL_DECISION,
            "target": "0.8",
            "window_minutes": decide,
            "steps": to_decide,
        },
        {"side": "marketing", "metric": Metric.MQL_VOLUME, "target": str(volume or pace.volume)},
        {"side": "marketing", "metric": Metric.ACCEPTANCE_RATE, "target": pace.acceptance},
        {"side": "marketing", "metric": Metric.PACKAGE_COMPLETE, "target": pace.complete},
    ]


SHORT = [(StepKind.BREACH, 0), (StepKind.TELL_LEAD, HOUR)]
