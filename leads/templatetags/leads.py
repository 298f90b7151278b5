"""Words and marks of leads for templates."""

from __future__ import annotations

from datetime import datetime

import phonenumbers
from django import template
from django.utils.safestring import SafeString

from crm.templatetags.relevo import drawing
from leads import facts
from leads.states import Stage

register = template.Library()

ICONS = {
    "captured": "plus",
    "updated": "pencil",
    "valuable_action": "mouse-pointer-click",
    "evidence": "file-check",
    "qualified": "badge-check",
    "handed_off": "send",
    "accepted": "check",
    "rejected": "x",
    "withdrawn": "undo-2",
    "undone": "undo-2",
    "attempt": "phone-missed",
    "contacted": "phone",
    "sql": "badge-check",
    "opportunity": "handshake",
    "won": "trophy",
    "lost": "circle-x",
    "disqualified": "user-x",
    "escalated": "triangle-alert",
    "requeued": "corner-up-left",
    "reassigned": "user-check",
    "paused": "circle-pause",
    "resumed": "circle-play",
    "corrected": "history",
    "reapplied": "calendar-sync",
    "imported": "file-down",
    "archived": "archive",
}


@register.simple_tag
def event_icon(kind: str) -> SafeString:
    """The icon of a kind of event."""
    return drawing(ICONS.get(kind, "circle"))


@register.filter
def field_label(field: str) -> str:
    """What people call a field of a lead."""
    return facts.labels([field])[field]


@register.filter
def stage_label(stage: str) -> str:
    """A stage in words; anything else as it is."""
    return str(Stage(stage).label) if stage in Stage.values else stage


@register.filter
def instant(text: str | None) -> datetime | None:
    """A moment that an event carries in ISO form."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def phone(number: str) -> str:
    """A stored E.164 number as people read it; anything else as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
