"""Words and marks of leads for templates."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import phonenumbers
from django import template
from django.urls import get_script_prefix
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from crm.lib.bilingual import in_language
from crm.templatetags.addresses import address
from crm.templatetags.icons import drawing
from leads.qualification.rules import ASK, CORRECT, Judgement
from leads.qualification.scores import ACTION, CAP, DECAY, Line
from leads.records import fields
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
    return fields.labels([field])[field]


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


@register.filter
def signed(points: int) -> str:
    """Points as a line of a log has them: +20, −10 (with a minus, not a hyphen)."""
    return f"+{points}" if points >= 0 else f"−{-points}"


@register.simple_tag
def score_words(line: Line) -> str:
    """What a line of a score's log is for: "Asked for a demo, 3 Nov 2026", "after 30 days"."""
    if line.kind == CAP:
        return _("above 100, which is the most")
    if line.kind == DECAY:
        days = line.days or 0
        return ngettext("after {n} day", "after {n} days", days).format(n=days)
    text = in_language(line.text)
    if line.kind == ACTION and line.on is not None:
        return f"{text}, {date_format(line.on, pgettext('date format', 'j M Y'))}"
    return text


@register.simple_tag
def settles_words(judgement: Judgement, field: str) -> str:
    """What would settle a judgement that does not speak for the lead."""
    if judgement.settles == ASK:
        return _("To settle it: ask, and note who said so.")
    if judgement.settles == CORRECT and judgement.is_overridden:
        return _("To settle it: add newer evidence if it has changed.")
    if judgement.settles == CORRECT:
        return _("To settle it: correct “{field}” if it is wrong.").format(field=field)
    return _("To settle it: give “{field}”, or ask and note who said so.").format(field=field)


ACCEPT = '<button class="btn" data-key="a" data-in-row formaction="{at}">{word}{{whose}}</button>\n'
REJECT = '<a class="btn btn-quiet" data-key="r" href="{at}">{word}{{whose}}</a>'
ACCEPT_AS_SQL = (
    '\n<button class="btn" data-in-row formaction="{at}" title="{title}">{word}{{whose}}</button>'
)


@register.simple_tag
def decide_buttons(row: dict[str, Any]) -> SafeString:
    """What one may do with a row of the queue.

    Drawn at once, not by nodes of a template: a page has fifty of them.
    """
    pattern = _decide_pattern(row["can_accept_as_sql"], get_language(), get_script_prefix())
    return format_html(
        pattern, pk=row["pk"], whose=format_html('<span class="vh"> {}</span>', row["name"])
    )


@lru_cache(maxsize=16)
def _decide_pattern(as_sql: bool, _language: str | None, _prefix: str) -> str:
    """The buttons in the active language and below the active prefix, with places for the id and
    the name.
    """
    pk = SafeString("{pk}")
    drawn = format_html(ACCEPT, at=address("handoff_accept", pk), word=_("Accept"))
    drawn += format_html(REJECT, at=address("handoff_reject", pk), word=_("Reject"))
    if as_sql:
        title = _("The package proves means and authority")
        at = address("handoff_accept_as_sql", pk)
        drawn += format_html(ACCEPT_AS_SQL, at=at, title=title, word=_("Accept as SQL"))
    return drawn
