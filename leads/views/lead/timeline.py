"""The timeline on the lead page: what happened, in the words of the catalogues and the persona."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from crm.lib.db.kept_sql import Among, KeptSql
from leads.models import CustomField, Event, Handoff, Lead, OutcomeReason, ValuableActionKind
from leads.qualification import facts
from leads.qualification.rules import Assessment
from leads.records import contact_privacy, fields
from leads.returns import misrouting
from leads.states import AttemptOutcome, ContactChannel, EventKind, FollowUp
from leads.templatetags.leads import fact_text
from sla.models import PauseReason, RejectionReason
from sla.states import StepKind

# Bounds the page; hardly any lead has more events.
TIMELINE = 200
# The others are folded away, so that what follows on a phone is near.
SHOWN = 5
SHOWN_COLUMNS = ("kind", "at", "occurred_on", "payload", "actor__name", "on_behalf_of_id")
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
    """One event.

    ``said``: the reason, criterion or channel in words; empty without one. ``changes``: label,
    old and new value of each field that it changed, as the viewer reads them. ``represented``: the
    name of the person who was away, in whose place the actor acted.
    """

    event: Event
    said: str = ""
    represented: str = ""
    changes: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def title(self) -> str | Promise:
        """What happened, in words."""
        event = self.event
        if event.kind == EventKind.ESCALATED:
            return ESCALATIONS.get(event.payload.get("step", ""), "")
        if event.kind == EventKind.UPDATED and event.payload.get("company"):
            return _("Company changed")
        if event.kind == EventKind.VALUABLE_ACTION and event.payload.get("taken_back"):
            return _("Valuable action taken back: it was of no duplicate")
        return event.kind_label


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


def timeline(
    rows: list[Event], assessment: Assessment | None, customs: list[CustomField]
) -> Timeline:
    """Return ``rows`` with their words; at most one query for each catalogue, and one for names.

    ``customs``: all custom fields.
    """
    names = _catalogue_names(rows) | _criterion_names(rows, assessment)
    changed = [field for row in rows for field in row.payload.get("changes", ())]
    labels = fields.labels(changed, customs)
    absent = _names_of_absent(rows)
    lines = []
    for row in rows:
        represented = absent.get(row.on_behalf_of_id, "")
        changes = tuple(_changes(row, labels))
        lines.append(TimelineLine(row, _detail(row, names), represented, changes))
    return Timeline(lines)


def _names_of_absent(rows: Iterable[Event]) -> dict[int | None, str]:
    """Return the names of those who were away while others acted; no query without one."""
    ids = {row.on_behalf_of_id for row in rows if row.on_behalf_of_id is not None}
    if not ids:
        return {}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))


def _changes(event: Event, labels: dict[str, str]) -> Iterator[tuple[str, Any, Any]]:
    for field, (before, after) in event.payload.get("changes", {}).items():
        yield labels[field], fact_text(before, field), fact_text(after, field)


def events_for(user: User, lead: Lead, handoffs: list[Handoff]) -> list[Event]:
    """Return the events that ``user`` may read, the newest first.

    ``handoffs``: those of the lead that they may see; events of others stay out.
    """
    visible = None
    if not user.is_director:
        visible = [handoff.pk for handoff in handoffs]
    events: list[Event] = EVENTS.objects(lead=lead.pk, handoffs=visible)
    if contact_privacy.is_hidden(lead, user):
        # Only in memory: events are never changed, and these objects are not saved.
        for event in events:
            event.payload = contact_privacy.masked(event.payload)
    return events


def _events(lead: int, handoffs: list[int] | None) -> QuerySet[Event]:
    """Return the events of the lead and of ``handoffs``; None for those of all its handoffs."""
    rows = Event.objects.filter(lead=lead).order_by("-id")
    if handoffs is not None:
        # Events without a handoff belong to the lead, which the viewer sees.
        rows = rows.filter(Q(handoff__isnull=True) | Q(Among("handoff_id", handoffs)))
    return rows.select_related("actor").only(*SHOWN_COLUMNS)[:TIMELINE]


EVENTS = KeptSql(_events)


def _detail(event: Event, names: dict[str, str]) -> str:
    payload: dict[str, Any] = event.payload
    if event.kind == EventKind.EVIDENCE:
        code = payload.get("criterion", "")
        return names.get(code, code)
    if event.kind == EventKind.MISROUTED:
        return misrouting.cause_text(payload)
    channel = payload.get("channel", "")
    if channel in ContactChannel.values:
        return _attempt(channel, payload.get("outcome", ""))
    if payload.get("step") in FollowUp.values:
        return payload["text"] or str(FollowUp(payload["step"]).label)
    return names.get(_code_of(event), "")


def _attempt(channel: str, outcome: str) -> str:
    """Return how a person was tried, and what came of it where the event does not say it."""
    words = str(ContactChannel(channel).label)
    if outcome in AttemptOutcome.values and outcome != AttemptOutcome.REACHED:
        words = f"{words} · {AttemptOutcome(outcome).label}"
    return words


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
