"""The timeline on the lead page: what happened, in the words of the catalogues and the persona."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from leads.models import Event, Handoff, Lead, OutcomeReason, ValuableActionKind
from leads.qualification import facts
from leads.qualification.rules import Assessment
from leads.records import contact_privacy
from leads.states import ContactChannel, EventKind
from sla.models import PauseReason, RejectionReason
from sla.states import StepKind

# Bounds the page; hardly any lead has more events.
TIMELINE = 200
# The others are folded away, so that what follows on a phone is near.
SHOWN = 5
# The payload of an event points to an entry of one of these catalogues by the key.
CATALOGUES: dict[str, tuple[Any, ...]] = {
    "reason": (RejectionReason, OutcomeReason),
    "action": (ValuableActionKind,),
    "pause_reason": (PauseReason,),
}


# Of an event of the ladder, by the step in its payload.
ESCALATIONS: dict[str, Promise] = {
    StepKind.WARN: _("Warning: time is running out"),
    StepKind.BREACH: _("Overdue: the commitment is broken"),
    StepKind.NOTIFY_TEAM_LEAD: _("The team lead was told"),
    StepKind.REQUEUE: _("Sent back to the queue"),
    StepKind.NOTIFY_DIRECTOR: _("The director was told"),
}


@dataclass(frozen=True)
class TimelineLine:
    """One event. ``said``: the reason, criterion or channel in words; empty without one."""

    event: Event
    said: str = ""

    @property
    def title(self) -> str | Promise:
        """What happened, in words."""
        event = self.event
        if event.kind == EventKind.ESCALATED:
            return ESCALATIONS.get(event.payload.get("step", ""), "")
        if event.kind == EventKind.UPDATED and event.payload.get("company"):
            return _("Company changed")
        return event.get_kind_display()


@dataclass(frozen=True)
class Timeline:
    """The newest lines, and those that are folded away."""

    lines: list[TimelineLine]

    @property
    def newest(self) -> list[TimelineLine]:
        return self.lines[:SHOWN]

    @property
    def earlier(self) -> list[TimelineLine]:
        return self.lines[SHOWN:]


def timeline(rows: list[Event], assessment: Assessment | None) -> Timeline:
    """Return ``rows`` with their words; at most one query for each catalogue."""
    names = _catalogue_names(rows) | _criterion_names(rows, assessment)
    return Timeline([TimelineLine(row, _detail(row, names)) for row in rows])


def events_for(user: User, lead: Lead) -> list[Event]:
    """Return the events that ``user`` may read, the newest first.

    Events of handoffs that they may not see stay out.
    """
    rows = Event.objects.filter(lead=lead).select_related("actor").order_by("-id")
    if not user.is_director:
        handoffs = Handoff.objects.visible_to(user).filter(lead=lead)
        visible = list(handoffs.values_list("pk", flat=True))
        # Events without a handoff belong to the lead, which the viewer sees.
        rows = rows.filter(handoff__isnull=True) | rows.filter(handoff__in=visible)
    events = list(rows[:TIMELINE])
    if contact_privacy.is_hidden(lead, user):
        # Only in memory: events are never changed, and these objects are not saved.
        for event in events:
            event.payload = contact_privacy.masked(event.payload)
    return events


def _detail(event: Event, names: dict[str, str]) -> str:
    payload: dict[str, Any] = event.payload
    if event.kind == EventKind.EVIDENCE:
        code = payload.get("criterion", "")
        return names.get(code, code)
    channel = payload.get("channel", "")
    if channel in ContactChannel.values:
        return str(ContactChannel(channel).label)
    return names.get(_code_of(event), "")


def _catalogue_names(rows: Iterable[Event]) -> dict[str, str]:
    """Return the names of the catalogue entries that the events point to."""
    payloads = [row.payload for row in rows if row.kind != EventKind.EVIDENCE]
    names: dict[str, str] = {}
    for key, models in CATALOGUES.items():
        wanted = {payload[key] for payload in payloads if payload.get(key)}
        # Most leads have no event of most keys.
        if not wanted:
            continue
        for model in models:
            entries = model._default_manager.filter(code__in=wanted)
            names |= {entry.code: str(entry) for entry in entries}
    return names


def _criterion_names(rows: Iterable[Event], assessment: Assessment | None) -> dict[str, str]:
    """Return the texts of the criteria that evidence is about.

    One query where another version of the persona had one of them.
    """
    wanted = {row.payload.get("criterion", "") for row in rows if row.kind == EventKind.EVIDENCE}
    names: dict[str, str] = {}
    if assessment is not None:
        for judgement in assessment.judgements:
            names[judgement.rule.code] = in_language(judgement.rule.text)
    unnamed = wanted - set(names) - {""}
    if unnamed:
        for code, text in facts.criterion_texts(unnamed).items():
            names[code] = in_language(text)
    return names


def _code_of(event: Event) -> str:
    for key in CATALOGUES:
        code = event.payload.get(key)
        if code:
            return code
    return ""
