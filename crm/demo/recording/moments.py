"""Moments and dates of the recorded past: their places, and how they move to another week."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEK = timedelta(weeks=1)
# A date, or a moment with its offset, as PostgreSQL and isoformat() write them.
WRITTEN = re.compile(
    r"\b(?P<date>\d{4}-\d\d-\d\d)"
    r"(?P<time>[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?))?(?![\d:])"
)

# Every column of a table that holds a moment or a date.
COLUMNS: dict[str, list[str]] = {
    "accounts_leave": ["created_at", "first_on", "last_on", "seen_at"],
    "accounts_membership": ["joined_at"],
    "accounts_team": ["archived_at"],
    "accounts_user": ["created_at", "deactivated_at", "last_login"],
    "audit_entry": ["at"],
    "leads_attempt": ["at", "confirm_by", "recorded_at"],
    "leads_criteriontruth": ["at"],
    "leads_customfield": ["archived_at"],
    "leads_decision": ["at", "released_at", "undone_at"],
    "leads_dispute": ["decided_at", "opened_at"],
    "leads_event": ["at", "occurred_on"],
    "leads_evidence": ["at"],
    "leads_firsttouch": ["seen_at", "seen_on"],
    "leads_handoff": [
        "accept_due_at",
        "accepted_at",
        "closed_at",
        "contacted_at",
        "expected_close_on",
        "opportunity_at",
        "requeued_at",
        "sql_at",
        "submitted_at",
    ],
    "leads_messagetemplate": ["archived_at"],
    "leads_nocontact": ["asked_at", "lifted_at"],
    "leads_person": ["no_contact_at"],
    "leads_plannedstep": ["due_at", "ended_at", "remind_at", "set_at"],
    "leads_lead": [
        "accepted_on",
        "archived_at",
        "contacted_on",
        "created_at",
        "first_seen_on",
        "handed_off_on",
        "lost_on",
        "mql_on",
        "opportunity_on",
        "sql_on",
        "won_on",
    ],
    "leads_outcomereason": ["archived_at"],
    "leads_parking": ["ended_at", "parked_at", "wake_at"],
    "leads_return": ["answered_at", "opened_at"],
    "leads_source": ["archived_at"],
    "leads_valuableaction": ["occurred_at", "occurred_on", "recorded_at", "taken_back_at"],
    "leads_valuableactionkind": ["archived_at"],
    "notifications_message": [
        "created_at",
        "dropped_at",
        "next_try_at",
        "retry_since",
        "sent_at",
    ],
    "notifications_notice": ["created_at", "read_at"],
    "personas_persona": ["archived_at"],
    "personas_personaversion": ["changed_at", "created_at", "published_at"],
    "sla_agreementversion": [
        "created_at",
        "in_force_from",
        "proposed_at",
        "renew_by",
        "starts_on",
        "superseded_at",
    ],
    "sla_calendar": ["archived_at"],
    "sla_clock": [
        "assigned_at",
        "assigned_due_at",
        "assigned_tried_at",
        "breached_at",
        "counted_from",
        "due_at",
        "next_step_at",
        "parked_until",
        "paused_until",
        "soon_at",
        "started_at",
        "stopped_at",
        "tried_at",
    ],
    "sla_firing": ["at", "planned_at"],
    "sla_openwindow": ["starts_on"],
    "sla_pausereason": ["archived_at"],
    "sla_rejectionreason": ["archived_at"],
    "sla_signature": ["at"],
    "sla_validity": ["during"],
}
# Every place in a JSON column that holds one: keys from the top down, "*" for each item of a list.
PATHS: dict[str, list[str]] = {
    "audit_entry": ["payload.first_on", "payload.last_on"],
    "leads_event": ["payload.wake_on"],
    "leads_package": ["payload.actions.*.*", "payload.scores.engagement.log.*.on"],
    "notifications_message": ["params.due_at"],
    "notifications_notice": ["params.due_at"],
    "sla_agreementversion": ["text.renew_by", "text.starts_on"],
}

Listed = Mapping[str, Sequence[str]]
Change = Callable[[str], str]


def paths_in(value: Any, path: str) -> Iterator[str]:
    """Yield the path of each moment and date in ``value``, which is at ``path``. Keys count too."""
    if isinstance(value, str):
        if WRITTEN.search(value):
            yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            if WRITTEN.search(key):
                yield f"{path}.<key>"
            yield from paths_in(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from paths_in(each, f"{path}.*")


def change_at(value: Any, path: Sequence[str], change: Change) -> Any:
    """Return ``value`` with ``change`` made to the text at ``path``; what is not there stays so."""
    if not path:
        return change(value) if isinstance(value, str) else value
    first, rest = path[0], path[1:]
    if first == "*" and isinstance(value, list):
        return [change_at(each, rest, change) for each in value]
    if isinstance(value, dict) and first in value:
        return {**value, first: change_at(value[first], rest, change)}
    return value


@dataclass
class Shift:
    """Moves moments by whole ``weeks`` in the local time of ``zone``, and dates by as many days.

    A person who worked on a Monday at nine still does, even if clocks changed in between.
    """

    weeks: int
    zone: str
    known: dict[str, str] = field(default_factory=dict)

    def moment(self, moment: datetime) -> datetime:
        """Return the moved ``moment``, in UTC."""
        zone = ZoneInfo(self.zone)
        # Added to the wall time: weeks of 168 hours would be an hour off across a clock change.
        local = moment.astimezone(zone) + self.weeks * WEEK
        return local.astimezone(ZoneInfo("UTC"))

    def text(self, text: str) -> str:
        """Return ``text`` with every moment and date in it moved."""
        if text not in self.known:
            self.known[text] = WRITTEN.sub(self._written, text)
        return self.known[text]

    def _written(self, match: re.Match[str]) -> str:
        if match["time"] is None:
            return (date.fromisoformat(match["date"]) + self.weeks * WEEK).isoformat()
        return self.moment(datetime.fromisoformat(match[0])).isoformat()
