"""Texts and icons of leads for templates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import phonenumbers
from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.lib import countries, number_formats
from crm.lib.bilingual import in_language
from crm.lib.number_formats import day_words
from crm.templatetags.icons import drawing
from leads.journey import next_step
from leads.models import Person
from leads.qualification.rules import ASK, CORRECT, Judgement
from leads.qualification.scores import ACTION, CAP, DECAY, ScoreLine
from leads.records.identity import emails, phones
from leads.states import STAGE_OF, HandoffState, Stage

register = template.Library()

# Fields whose values are codes of countries.
COUNTRIES = ("person.country", "company.country")
PHONE = "person.phone"

ICONS = {
    "captured": "plus",
    "updated": "pencil",
    "valuable_action": "mouse-pointer-click",
    "evidence": "file-check",
    "qualified": "badge-check",
    "handed_off": "send",
    "accepted": "check",
    "rejected": "x",
    "misrouted": "arrow-right-left",
    "duplicate": "copy",
    "withdrawn": "undo-2",
    "undone": "undo-2",
    "attempt": "phone-missed",
    "contacted": "phone",
    "sql": "badge-check",
    "opportunity": "handshake",
    "won": "trophy",
    "lost": "circle-x",
    "disqualified": "user-x",
    "expected": "pencil",
    "amount_corrected": "history",
    "reopened": "undo-2",
    "escalated": "triangle-alert",
    "requeued": "corner-up-left",
    "reassigned": "user-check",
    "paused": "circle-pause",
    "resumed": "circle-play",
    "corrected": "history",
    "reapplied": "calendar-sync",
    "imported": "file-down",
    "archived": "archive",
    "disputed": "scale",
    "upheld": "gavel",
    "denied": "gavel",
    "closed": "circle-slash",
    "recycled": "recycle",
    "woken": "sun",
    "given_back": "undo-2",
    "next_step": "calendar-clock",
    "no_contact": "phone-off",
    "consent": "shield-check",
    "note": "notebook-pen",
}


@register.simple_tag
def event_icon(kind: str) -> SafeString:
    """Return the icon of a kind of event."""
    return drawing(ICONS.get(kind, "circle"))


@register.filter
def iso_day(text: str | None) -> str:
    """Return the date in an event's payload as people read it; a dash for None."""
    if not text:
        return "–"
    return day_words(date.fromisoformat(text))


def value_text(value: Any) -> Any:
    """Return yes, no and numbers as the viewer reads them; everything else as it is."""
    # Before the numbers: in Python, True is an int.
    if value is True:
        return _("Yes")
    if value is False:
        return _("No")
    if isinstance(value, int | float):
        return number_formats.number(value)
    return value


@register.filter
def fact_text(value: Any, field: str) -> Any:
    """Return a value of ``field`` from an event as the viewer reads it; a dash for none."""
    if value in (None, ""):
        return "–"
    if field in COUNTRIES:
        return countries.name(value)
    if field == PHONE:
        return phone(value)
    return value_text(value)


@register.filter
def stage_label(stage: str) -> str:
    """Return the label of a stage; anything else as it is."""
    if stage not in Stage.values:
        return stage
    return str(Stage(stage).label)


@register.simple_tag
def next_step_label(state: str) -> str:
    """Return the next step of a handoff in ``state`` (leads.journey); a dash after the last one."""
    step = next_step(STAGE_OF[HandoffState(state)])
    if step is None:
        return "–"
    return str(step.label)


@register.filter
def instant(text: str | None) -> datetime | None:
    """Return the moment that an event carries in ISO form."""
    if not text:
        return None
    return datetime.fromisoformat(text)


@register.filter
def phone(number: str) -> str:
    """Return a stored E.164 number in international form; anything else as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def phone_link(person: Person) -> str:
    """Return the address that dials the person's phone, with a pause before the extension."""
    return phones.dial(person.phone, person.phone_extension)


@register.filter
def mail_link(email: str) -> str:
    """Return the address that opens a mail to a stored e-mail."""
    return emails.write_to(email)


@register.filter
def country_name(code: str) -> str:
    """Return the name of a country in the active language."""
    return countries.name(code)


@register.filter
def signed(points: int) -> str:
    """Return points with their sign: +20, −10 (with a minus, not a hyphen)."""
    if points < 0:
        return f"−{-points}"
    return f"+{points}"


@register.filter
def more_actions(count: int) -> str:
    return ngettext("%(n)s more action", "%(n)s more actions", count) % {"n": count}


@register.filter
def earlier_entries(count: int) -> str:
    return ngettext("%(n)s earlier entry", "%(n)s earlier entries", count) % {"n": count}


@register.simple_tag
def overdue_word() -> str:
    return pgettext("clock", "Overdue")


@register.simple_tag
def score_text(line: ScoreLine) -> str:
    """Return the reason of a line of a score's log: "Asked for a demo, 3 Nov 2026"."""
    if line.kind == CAP:
        return _("above 100, which is the most")
    if line.kind == DECAY:
        days = line.days or 0
        return ngettext("after {n} day", "after {n} days", days).format(n=days)
    text = in_language(line.text)
    if line.kind == ACTION and line.on is not None:
        day = day_words(line.on)
        return f"{text}, {day}"
    return text


@register.simple_tag
def settles_text(judgement: Judgement, field: str) -> str:
    """Return how to settle a judgement that does not speak for the lead."""
    if judgement.settles == ASK:
        return _("To settle it: ask, and note who said so.")
    if judgement.settles == CORRECT and judgement.is_overridden:
        return _("To settle it: add newer evidence if it has changed.")
    if judgement.settles == CORRECT:
        return _("To settle it: correct “{field}” if it is wrong.").format(field=field)
    return _("To settle it: give “{field}”, or ask and note who said so.").format(field=field)
