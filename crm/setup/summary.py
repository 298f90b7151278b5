"""What the pages of the set-up show of what is there already. Reads only."""

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
from sla.agreements import agreements as standing
from sla.calendars import calendars, hours_text, work_calendars
from sla.clocks import readings
from sla.text.commitments import summary_of


@dataclass(frozen=True)
class Line:
    """A step of the checklist with what was set there."""

    standing: checklist.Standing
    said: str


def lines(organisation: Organisation, *, at: datetime) -> list[Line]:
    """Every step with a few words on what is set."""
    calendar = calendars.main()
    said = {
        "organisation": _organisation(organisation),
        "holidays": "",
        "hours": "",
        "teams": ", ".join(
            Team.objects.filter(archived_at__isnull=True).values_list("name", flat=True)[:6]
        ),
        "persona": ", ".join(str(version.persona) for version in personas.published()),
        "agreement": _agreement(),
        "test": "",
    }
    if calendar is not None:
        count = calendar.holidays.count()
        said["holidays"] = ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
        said["hours"] = _hours(work_calendars.in_effect(calendar, at=at)[1])
    return [
        Line(standing, said[standing.step.key]) for standing in checklist.standings(organisation)
    ]


def _organisation(organisation: Organisation) -> str:
    if organisation._state.adding:
        return ""
    country = countries.name(organisation.country) if organisation.country else ""
    return " · ".join(part for part in (organisation.name, country, organisation.currency) if part)


def _hours(windows: hours_text.Windows) -> str:
    known = {
        "week": _("Monday to Friday, 9 to 18"),
        "lunch": _("Monday to Friday with a lunch break, 9 to 14 and 15 to 18"),
        "always": _("Always: 24 hours, 7 days"),
    }
    return known.get(hours_text.preset_of(windows), _("Our own hours, day by day"))


def _agreement() -> str:
    version = in_force()
    if version is not None:
        return _("%(name)s, version %(number)s, in force") % {
            "name": version.agreement,
            "number": version.number,
        }
    return _("Waits for a signature") if standing.unsigned() else ""


def persona(template: PersonaTemplate) -> dict[str, Any]:
    """A template as its page previews it: who, and the criteria by kind."""
    texts = {
        kind: [in_language(each["text"]) for each in template.criteria if each["kind"] == kind]
        for kind in CriterionKind.values
    }
    return {"name": in_language(template.name), "who": in_language(template.who), **texts}


def agreements(user: User) -> dict[str, Any]:
    """The version in force and the one that waits, in words, and who has to sign it."""
    current, draft = in_force(), standing.unsigned()
    if draft is not None and current is not None and draft.pk < current.pk:
        draft = None
    signed = set(standing.standing_signatures(draft)) if draft else set()
    awaited = [side for side in Side.values if side not in signed] if draft else []
    return {
        "current": current,
        "current_words": summary_of(current) if current else None,
        "draft": draft,
        "draft_words": summary_of(draft) if draft else None,
        "awaited": [Side(side).label for side in awaited],
        "may_sign": any(user.team_ids(side, led=True) for side in awaited),
        "leads_any": any(user.team_ids(side, led=True) for side in Side.values),
        "leads_both": all(user.team_ids(side, led=True) for side in Side.values),
    }


@dataclass(frozen=True)
class Trial:
    """The test lead as it stands. ``can_open``: whether the reader may see its page."""

    lead: Lead
    handoff: Handoff | None
    reading: readings.Reading | None
    told: list[tuple[str, bool]]  # name, and whether it is delivered
    can_open: bool


def trial(user: User, *, at: datetime) -> Trial | None:
    """The test lead that is there now."""
    lead = test_lead.current()
    if lead is None:
        return None
    handoff = test_lead.handoff_of(lead)
    reading = readings.reading(handoff.clock, at=at) if handoff and handoff.clock else None
    told = (
        [(m.recipient.name, m.sent_at is not None) for m in test_lead.messages_of(handoff)]
        if handoff
        else []
    )
    can_open = Lead.objects.visible_to(user).filter(pk=lead.pk).exists()
    return Trial(lead, handoff, reading, told, can_open)
