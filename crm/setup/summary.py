"""Texts and facts for the pages of the set-up. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts.models import Organisation, Team, User
from crm.accounts.states import Side
from crm.lib import countries
from crm.lib.bilingual import in_language
from crm.setup import checklist
from crm.setup.agreement import in_force
from crm.setup.starter.persona_templates import PersonaTemplate
from leads.handoffs import test_lead
from leads.models import Handoff, Lead
from personas import personas
from personas.states import CriterionKind
from sla.agreements.agreements import standing_signatures, unsigned
from sla.calendars import calendars, hours_text, work_calendars
from sla.clocks import readings
from sla.models import AgreementVersion
from sla.text.commitments import CommitmentSummary, summary_of

SHOWN_TEAMS = 6


@dataclass(frozen=True)
class ChecklistRow:
    """A step of the checklist with a summary of what is set."""

    standing: checklist.StepState
    summary: str


def checklist_rows(organisation: Organisation, *, at: datetime) -> list[ChecklistRow]:
    """Return every step of the checklist with its summary."""
    calendar = calendars.main()
    in_use = Team.objects.filter(archived_at__isnull=True)
    teams = in_use.values_list("name", flat=True)[:SHOWN_TEAMS]
    published = [str(version.persona) for version in personas.published()]
    summaries = {
        "organisation": _organisation(organisation),
        "teams": ", ".join(teams),
        "persona": ", ".join(published),
        "agreement": _agreement(),
    }
    if calendar is not None:
        count = calendar.holidays.count()
        days = ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
        _since, windows = work_calendars.in_effect(calendar, at=at)
        summaries["holidays"] = days
        summaries["hours"] = _hours(windows)
    rows = []
    for state in checklist.step_states(organisation):
        # A step without a summary shows its blurb.
        summary = summaries.get(state.step.key, "")
        rows.append(ChecklistRow(state, summary))
    return rows


def _organisation(organisation: Organisation) -> str:
    if organisation._state.adding:
        return ""
    parts = [organisation.name]
    if organisation.country:
        parts.append(countries.name(organisation.country))
    parts.append(organisation.currency)
    return " · ".join(part for part in parts if part)


def _hours(windows: hours_text.Windows) -> str:
    presets = {
        "week": _("Monday to Friday, 9 to 18"),
        "lunch": _("Monday to Friday with a lunch break, 9 to 14 and 15 to 18"),
        "always": _("Always: 24 hours, 7 days"),
    }
    return presets.get(hours_text.preset_of(windows), _("Our own hours, day by day"))


def _agreement() -> str:
    version = in_force()
    if version is not None:
        values = {"name": version.agreement, "number": version.number}
        return _("%(name)s, version %(number)s, in force") % values
    if unsigned() is not None:
        return _("Waits for a signature")
    return ""


def persona_preview(template: PersonaTemplate) -> dict[str, Any]:
    """Return what the page shows of a template: name, description, and criteria by kind."""
    preview: dict[str, Any] = {
        "name": in_language(template.name),
        "who": in_language(template.who),
    }
    for kind in CriterionKind.values:
        of_kind = [criterion for criterion in template.criteria if criterion["kind"] == kind]
        preview[kind] = [in_language(criterion["text"]) for criterion in of_kind]
    return preview


def agreements(user: User) -> dict[str, Any]:
    """Return the version in force and the draft, their promises, and which sides have to sign."""
    current = in_force()
    draft = unsigned()
    # An older draft that was never signed is no successor of the version in force.
    if draft is not None and current is not None and draft.pk < current.pk:
        draft = None
    awaited = []
    if draft is not None:
        signed = standing_signatures(draft)
        awaited = [side for side in Side.values if side not in signed]
    led = [side for side in Side.values if user.team_ids(side, led=True)]
    return {
        "current": current,
        "current_promises": _summary(current),
        "draft": draft,
        "draft_promises": _summary(draft),
        "awaited": [Side(side).label for side in awaited],
        "may_sign": any(side in led for side in awaited),
        "leads_any": bool(led),
        "leads_both": len(led) == len(Side.values),
    }


def _summary(version: AgreementVersion | None) -> CommitmentSummary | None:
    if version is None:
        return None
    return summary_of(version)


@dataclass(frozen=True)
class Trial:
    """The state of the test lead.

    ``notified`` are names and whether the notice is delivered; ``can_open`` is whether the reader
    may see the lead's page.
    """

    lead: Lead
    handoff: Handoff | None
    reading: readings.Reading | None
    notified: list[tuple[str, bool]]
    can_open: bool


def trial(user: User, *, at: datetime) -> Trial | None:
    """Return the state of the present test lead, or None."""
    lead = test_lead.current()
    if lead is None:
        return None
    handoff = test_lead.handoff_of(lead)
    reading = None
    notified = []
    if handoff is not None:
        if handoff.clock is not None:
            reading = readings.reading(handoff.clock, at=at)
        for message in test_lead.messages_of(handoff):
            notified.append((message.recipient.name, message.is_sent))
    # An admin runs the test, but sees no lead by that alone.
    visible = Lead.objects.visible_to(user)
    can_open = visible.filter(pk=lead.pk).exists()
    return Trial(lead, handoff, reading, notified, can_open)
