"""Tags and filters for every page; a builtin of the template engine, so that no page has to load it.

Words about time live here alone. The browser ticks badges with the very same patterns (see tick_words).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide as draw

from crm.lib import clock, countries, regions
from crm.lib.bilingual import in_language

register = template.Library()

PAGING = ("after", "before")
SLA_ICONS = {
    "ok": "clock",
    "soon": "alarm-clock",
    "late": "triangle-alert",
    "waiting": "moon",
    "paused": "circle-pause",
    "met": "check",
    "missed": "x",
    "cancelled": "ban",
}
TICKING = ("ok", "soon", "late")


# -- Icons and small marks


@lru_cache(maxsize=256)
def drawing(name: str, size: int = 16, css: str = "i") -> SafeString:
    """The Lucide icon ``name`` as inline SVG, hidden from screen readers. LookupError for an unknown name."""
    try:
        svg = draw(name, size=size, **{"class": css, "aria-hidden": "true"})
    except IconDoesNotExist as fault:
        raise LookupError(f"no icon is called {name!r}") from fault
    return mark_safe(" ".join(svg.split()))  # the package's own drawing: no input of people


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    return drawing(name, size, f"i {css}".strip())


@register.filter
def initials(name: object) -> str:
    """Two letters for an avatar: "Mariana Peña Ruiz" -> "MR"."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.simple_tag
def avatar(name: object, css: str = "") -> SafeString:
    """The initials on one of six tones, always the same for a name. Decoration: the name stands beside it."""
    tone = crc32(str(name or "").encode()) % 6
    return format_html('<span class="av av--{} {}" aria-hidden="true">{}</span>', tone, css, initials(name))


@register.simple_tag
def verdict(result: str) -> SafeString:
    """Word and icon of a checked criterion. ``result``: met, not_met (or unmet), anything else is unknown."""
    kinds = {"met": ("met", "circle-check", _("Met")), "not_met": ("not", "circle-x", _("Not met"))}
    kind, name, word = kinds.get(
        "not_met" if result in ("not", "unmet") else str(result), ("unknown", "circle-dashed", _("Unknown"))
    )
    return format_html('<span class="vd vd--{}">{}{}</span>', kind, drawing(name), word)


# -- Durations and moments in words


def patterns() -> dict[str, str]:
    """Every pattern in which a running clock speaks, in the active language."""
    return {
        "under": _("under 1 min"),
        "minutes": _("{minutes} min"),
        "hours": _("{hours} h"),
        "both": _("{hours} h {minutes} min"),
        "left": _("{duration} left"),
        "late": _("{duration} overdue"),
    }


def duration_words(seconds: float, *, days: bool = False) -> str:
    """``seconds`` rounded down to whole minutes in words: "12 min", "2 h 05 min", from 10 h on whole hours.

    Business time never becomes days, because a working day has no fixed length; with ``days`` (calendar time)
    24 hours make one: "3 d 4 h", from 10 days on whole days.
    """
    words, minutes = patterns(), int(max(seconds, 0)) // 60
    hours, minutes = divmod(minutes, 60)
    if days and hours >= 24:
        count, hours = divmod(hours, 24)
        if hours and count < 10:
            return _("{days} d {hours} h").format(days=count, hours=hours)
        return _("{days} d").format(days=count)
    if hours >= 10 or (hours and not minutes):
        return words["hours"].format(hours=hours)
    if hours:
        return words["both"].format(hours=hours, minutes=f"{minutes:02}")
    return words["minutes"].format(minutes=minutes) if minutes else words["under"]


@register.simple_tag
def duration(seconds: float | timedelta | None, days: bool = True) -> str:
    """Calendar time in words; ``days=False`` for business time. Nothing known reads as a dash."""
    if seconds is None:
        return "–"
    seconds = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    return duration_words(float(seconds), days=days)


def limit_words(seconds: int) -> str:
    """The length of a commitment: "2 business hours", "30 business minutes"."""
    if seconds % 3600 == 0:
        count = seconds // 3600
        return ngettext("{count} business hour", "{count} business hours", count).format(count=count)
    if seconds < 3600:
        count = seconds // 60
        return ngettext("{count} business minute", "{count} business minutes", count).format(count=count)
    return _("{duration} of business time").format(duration=duration_words(seconds))


def cities() -> dict[str, str]:
    """Cities of zones whose name is written otherwise than the zone's."""
    return {
        "America/Asuncion": _("Asunción"),
        "America/Bogota": _("Bogotá"),
        "America/Cancun": _("Cancún"),
        "America/Havana": _("Havana"),
        "America/Mexico_City": _("Mexico City"),
        "America/New_York": _("New York"),
        "America/Panama": _("Panama"),
        "America/Sao_Paulo": _("São Paulo"),
    }


def city(zone: str) -> str:
    """The city that names an IANA zone, in the active language where the name differs."""
    return cities().get(zone) or zone.rsplit("/", 1)[-1].replace("_", " ")


@register.simple_tag
def known_cities() -> SafeString:
    """:func:`cities` as JSON data, for the line that offers the device's zone."""
    return json_script(cities(), "relevo-cities")


def absolute_words(moment_: datetime, zone: str | None = None) -> str:
    """ "Mon 23 Nov 2026, 14:42 (Mexico City)" in ``zone``, default the viewer's."""
    local = timezone.localtime(moment_, ZoneInfo(zone) if zone else None)
    named = zone or timezone.get_current_timezone_name()
    when = regions.when(local, pgettext("date format", "D j M Y, H:i"))  # xgettext does not look into f-strings
    return f"{when} ({city(named)})"


def relative_words(moment_: datetime, now: datetime) -> str:
    """How long ago or how soon, in words; beyond a day the weekday, beyond six days the date."""
    seconds = (now - moment_).total_seconds()
    local, today = timezone.localtime(moment_), timezone.localtime(now).date()
    days = (local.date() - today).days
    if abs(seconds) < 60:
        return _("just now")
    if abs(seconds) < 3600 or (abs(seconds) < 6 * 3600 and days == 0):
        minutes = int(abs(seconds)) // 60
        length = duration_words(minutes * 60 if minutes < 60 else minutes // 60 * 3600)
        return (_("{duration} ago") if seconds > 0 else _("in {duration}")).format(duration=length)
    named = {0: _("today {time}"), -1: _("yesterday {time}"), 1: _("tomorrow {time}")}
    if days in named:
        return named[days].format(time=regions.when(local, "H:i"))
    if abs(days) <= 6:
        return regions.when(local, "D H:i")
    this_year = local.year == today.year
    return regions.when(local, pgettext("date format", "j M") if this_year else pgettext("date format", "j M Y"))


def ago_words(moment_: datetime, now: datetime) -> str:
    """As :func:`relative_words`, to the second within the last minute: "10 s ago"."""
    seconds = int((now - moment_).total_seconds())
    return _("{seconds} s ago").format(seconds=seconds) if 0 < seconds < 60 else relative_words(moment_, now)


def day_words(day: date) -> str:
    """A calendar date: "2 Mar 2026"."""
    return regions.when(day, pgettext("date format", "j M Y"))


def page_now(context: Context) -> datetime:
    """The moment at which the page is drawn: the shell's, so that a page asks the database once."""
    shell = context.get("shell")
    stamp = shell.get("now_iso") if isinstance(shell, Mapping) else getattr(shell, "now_iso", None)
    return (parse_datetime(str(stamp)) if stamp else None) or clock.now()


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | date | None, style: str = "relative") -> SafeString | str:
    """``<time>``: relative text, absolute title in the viewer's zone; style "absolute" turns it round."""
    if value is None:
        return "–"
    if not isinstance(value, datetime):
        day = day_words(value)
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), day)
    relative, absolute = relative_words(value, page_now(context)), absolute_words(value)
    shown, title = (absolute, relative) if style == "absolute" else (relative, absolute)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), title, shown)


# -- The badge of a clock


def opens_words(opens_at: datetime, zone: str, now: datetime) -> str:
    """When a waiting clock goes on: the time today, the weekday within six days, else the date."""
    local = opens_at.astimezone(ZoneInfo(zone))
    days = (local.date() - now.astimezone(ZoneInfo(zone)).date()).days
    far = pgettext("date format", "j M, H:i")
    return regions.when(local, "H:i" if days == 0 else "D H:i" if days <= 6 else far)


def sla_words(reading: Any, now: datetime) -> str:
    """What the badge says. ``reading`` is what sla tells about one clock; its seconds are business time."""
    length = duration_words(reading.seconds or 0)
    done = str(getattr(reading, "done_word", "") or _("Done"))
    if reading.status == "waiting" and reading.opens_at:
        return _("Opens {moment}").format(moment=opens_words(reading.opens_at, reading.zone, now))
    return {
        "ok": patterns()["left"].format(duration=length),
        "soon": patterns()["left"].format(duration=length),
        "late": patterns()["late"].format(duration=length),
        "waiting": _("Waiting for opening"),
        "paused": pgettext("clock", "Paused"),
        "met": _("{done} in {duration}").format(done=done, duration=length),
        "missed": _("{done} {duration} late").format(done=done, duration=length),
        "cancelled": pgettext("clock", "Cancelled"),
    }[reading.status]


def sla_title(reading: Any) -> str:
    parts = []
    if reading.due_at:
        parts.append(_("Due {moment}").format(moment=absolute_words(reading.due_at, reading.zone)))
    if reading.limit_seconds:
        parts.append(limit_words(int(reading.limit_seconds)))
    return " · ".join(parts)


@register.simple_tag(takes_context=True)
def sla_badge(context: Context, reading: Any) -> SafeString | str:
    """The badge of one clock: icon, words, and a bar of what is left. Nothing for a lead without a clock."""
    if not reading:
        return ""
    now, status = page_now(context), reading.status
    attrs: dict[str, str | int] = {"class": f"sla sla--{status}", "title": sla_title(reading)}
    if reading.due_at:
        attrs["datetime"] = reading.due_at.isoformat()
    if status in TICKING and reading.is_ticking:
        attrs |= {"data-sla": status, "data-seconds": int(reading.seconds or 0), "data-at": now.isoformat()}
        attrs["data-limit"] = int(reading.limit_seconds or 0)
        if reading.closes_at:
            attrs["data-until"] = reading.closes_at.isoformat()
    bar: SafeString | str = ""
    if status in ("ok", "soon"):
        width = f"{100 * min(max(float(reading.left_ratio or 0), 0), 1):.0f}%"
        bar = format_html(
            '<svg class="sla__bar" width="36" height="4" aria-hidden="true"><rect width="{}" height="4"/></svg>',
            width,
        )
    return format_html(
        "<time {}>{}<span>{}</span>{}</time>",
        format_html_join(" ", '{}="{}"', attrs.items()),
        drawing(SLA_ICONS[status]),
        sla_words(reading, now),
        bar,
    )


@register.simple_tag
def tick_words() -> SafeString:
    """What app.js needs to speak: JSON data (never run as a script), and the icons that a badge may get."""
    words = patterns() | {
        "new_one": ngettext("{count} new – show", "{count} new – show", 1),
        "new_many": ngettext("{count} new – show", "{count} new – show", 2),
        "changed": _("The list has changed – show"),
        "close": _("Close"),
        "unsent": _("The server cannot be reached. Nothing was saved; try again."),
        "refused": _("That did not work. Nothing was saved; reload the page and try again."),
        "show": _("Show password"),
        "hide": _("Hide password"),
        "find": _("Search leads for “{query}”"),
        "find_only": _("No command; search leads for “{query}”"),
        "results": _("{count} results"),
        "other_zone": _("Your device is in the zone of {device}, the organisation in that of {organisation}."),
        "use_zone": _("Use {device}"),
    }
    drawings = ((status, drawing(SLA_ICONS[status])) for status in TICKING)
    return format_html(
        '{}<template id="relevo-icons">{}</template>',
        json_script(words, "relevo-words"),
        format_html_join("", '<span data-icon="{}">{}</span>', drawings),
    )


# -- Values and addresses


@register.filter
def bilingual(value: dict[str, str] | str | None) -> str:
    """The organisation's own text in the active language, else in the other one."""
    return in_language(value)


@register.filter
def money(amount: Decimal | float | None, currency: Any = "") -> str:
    """ "12,500 MXN" as the person's region writes it. ``currency``: a code, or an object that has one."""
    if amount is None or amount == "":
        return "–"
    value = Decimal(str(amount))
    digits = 0 if value == value.to_integral_value() else 2
    code = getattr(currency, "currency", currency)
    written = regions.number(value, digits)
    return f"{written}\u00a0{code}" if code else written


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """The page's own query with ``changes``; an empty value removes. Paging starts anew unless named."""
    request = context["request"]
    query = request.GET.copy()
    for key in PAGING:
        query.pop(key, None)
    if getattr(request, "density", "") != getattr(request.user, "density", ""):
        query["density"] = request.density  # taken out of the address by crm.middleware.Viewer
    for key, value in changes.items():
        query.pop(key, None)
        values = value if isinstance(value, (list, tuple)) else [value]
        query.setlist(key, [str(each) for each in values if each not in (None, "")])
    return "?" + query.urlencode()


@register.simple_tag(takes_context=True)
def remove_from_query(context: Context, name: str) -> str:
    """The page's own query without the parameter ``name``, for the cross of a filter chip."""
    return query_with(context, **{name: ""})


@register.filter
def country(code: str) -> str:
    """The name of a country in the active language."""
    return countries.name(code) if code else ""


@register.filter
def number(value: int | float | Decimal | None) -> str:
    """A count for people: "8,000" or "8.000" by the person's region."""
    return "–" if value is None else regions.number(value)
