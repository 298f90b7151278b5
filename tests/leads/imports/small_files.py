"""Imports of files small enough to read: their text, a mapping for it, and what they come to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
LEADS = {
    "system": "old",
    "columns": {
        "external_id": "id",
        "first_seen_on": "seen",
        "stage.mql": "mql",
        "source": "origin",
        "person.name": "name",
    },
}
OUTCOMES = {
    "system": "old",
    "person_name": "Old {short}",
    "constants": {"outcome": "won"},
    "columns": {
        "external_id": "id",
        "won_on": "won",
        "amount": "amount",
        "won_by": "rep",
        "qualified_by": "sdr",
        "attributes.segment": "segment",
    },
}
TWO_LEADS = "id,seen,mql,origin,name\n1,2018-02-01,2018-02-03,paid_search,Ana\n2,2018-02-02,,,\n"
ONE_WIN = "id,won,amount,rep,sdr,segment\n1,2018-02-26 19:58:54,1500.00,r1234567890,s1,pet\n"


def mapped(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """``base`` with its columns, constants… extended by ``changes``."""
    extended = {k: base.get(k, {}) | v if isinstance(v, dict) else v for k, v in changes.items()}
    return base | extended


def problems(rows: list[list[str]]) -> list[tuple[str, str]]:
    """(row, problem) of each rejected row."""
    return [(row[0], row[1]) for row in rows[1:]]
