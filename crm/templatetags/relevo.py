"""Tags and filters for every page; a builtin of the template engine, so that no page has to load
it.

Words about time live here alone. The browser ticks badges with the very same patterns (see
tick_words).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide as draw

from crm.lib import clock, countries, number_formats
from crm.lib.bilingual import in_language
from crm.lib.number_formats import day_words, duration_words, limit_words
from crm.lib.wording import variants

register = template.Library()
register.filter("day_words", day_words)

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
# Attributes of the outer element that app.css gives to every icon.
PAINT = re.compile(
    r' (fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[^"]*"(?=[^>]* class=)'
)


# -- Icons and small marks


def ours(html: str) -> SafeString:
    return mark_safe(
        html
    )  # drawings of the package lucide, pages of the help, states, instants: no input of people


@lru_cache(maxsize=256)
def drawing(name: str, size: int = 16, css: str = "i") -> SafeString:
    """The Lucide icon ``name`` as inline SVG, hidden from screen readers.

    LookupError for an unknown name.
    """
    try:
        svg = draw(name, size=size, **{"class": css, "aria-hidden": "true"})
    except IconDoesNotExist as fault:
        raise LookupError(f"no icon is called {name!r}") from fault
    svg = PAINT.sub("", " ".join(svg.split())).replace("> <", "><").replace(" />", "/>")
    return ours(svg)


@lru_cache(maxsize=64)
def symbol(name: str) -> SafeString:
    """The icon as a symbol, for pages that show it in every row: ``reference`` draws it."""
    inner = drawing(name).partition(">")[2].removesuffix("</svg>")
    return ours(f'<symbol id="i-{name}" viewBox="0 0 24 24">{inner}</symbol>')


@lru_cache(maxsize=64)
def reference(name: str) -> SafeString:
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    return drawing(name, size, f"i {css}".strip())


@register.filter
def initials(name: object) -> str:
    """Two letters for an avatar: "Mariana Peña Ruiz" -> "MR"."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper() or "?"


@register.simple_tag
def avatar(name: object, css: str = "") -> SafeString:
    """The initials on one of six tones, always the same for a name.

    Decoration: the name stands beside it.
    """
    tone = crc32(str(name or "").encode()) % 6
    return format_html(
        '<span class="av av--{} {}" aria-hidden="true">{}</span>', tone, css, initials(name)
    )


@register.simple_tag
def verdict(result: str) -> SafeString:
    """Word and icon of a checked criterion.

    ``result``: met, not_met (or unmet), anything else is unknown.
    """
    kinds = {"met": ("met", "circle-check", _("Met")), "not_met": ("not", "circle-x", _("Not met"))}
    kind, name, word = kinds.get(
        "not_met" if result in ("not", "unmet") else str(result),
        ("unknown", "circle-dashed", _("Unknown")),
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


@register.simple_tag
def duration(seconds: float | timedelta | None, days: bool = True) -> str:
    """Calendar time in words; ``days=False`` for business time. Nothing known reads as a dash."""
    if seconds is None:
        return "–"
    seconds = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    return duration_words(float(seconds), days=days)


CITIES = {
    "America/Asuncion": gettext_lazy("Asunción"),
    "America/Bogota": gettext_lazy("Bogotá"),
    "America/Cancun": gettext_lazy("Cancún"),
    "America/Havana": gettext_lazy("Havana"),
    "America/Mexico_City": gettext_lazy("Mexico City"),
    "America/New_York": gettext_lazy("New York"),
    "America/Panama": gettext_lazy("Panama"),
    "America/Sao_Paulo": gettext_lazy("São Paulo"),
}


@register.filter
def city(zone: str) -> str:
    """The city that names an IANA zone, in the active language where the name differs."""
    return str(CITIES.get(zone) or zone.rsplit("/", 1)[-1].replace("_", " "))


@register.simple_tag
def known_cities() -> SafeString:
    """:data:`CITIES` as JSON data, for the line that offers the device's zone."""
    return json_script({zone: str(name) for zone, name in CITIES.items()}, "relevo-cities")


def absolute_words(moment_: datetime, zone: str | None = None) -> str:
    """ "Mon 23 Nov 2026, 14:42 (Mexico City)" in ``zone``, default the viewer's."""
    local = timezone.localtime(moment_, ZoneInfo(zone) if zone else None)
    named = zone or timezone.get_current_timezone_name()
    when = number_formats.when(
        local, pgettext("date format", "D j M Y, H:i")
    )  # xgettext does not look into f-strings
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
        return named[days].format(time=number_formats.when(local, "H:i"))
    if abs(days) <= 6:
        return number_formats.when(local, "D H:i")
    this_year = local.year == today.year
    return number_formats.when(
        local, pgettext("date format", "j M") if this_year else pgettext("date format", "j M Y")
    )


def ago_words(moment_: datetime, now: datetime) -> str:
    """As :func:`relative_words`, to the second within the last minute: "10 s ago"."""
    seconds = int((now - moment_).total_seconds())
    return (
        _("{seconds} s ago").format(seconds=seconds)
        if 0 < seconds < 60
        else relative_words(moment_, now)
    )


@register.filter
def long_day(day: date) -> str:
    """A date to be read in a sentence: "Monday 30 November"."""
    return number_formats.when(day, pgettext("date format", "l j F"))


def page_now(context: Context) -> datetime:
    """The moment of the request, which asked the database once."""
    return getattr(context.get("request"), "now", None) or clock.now()


@register.simple_tag(takes_context=True)
def moment(
    context: Context, value: datetime | date | None, style: str = "relative"
) -> SafeString | str:
    """``<time>``: relative text, absolute title in the viewer's zone; style "absolute" turns it
    round.
    """
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
    return number_formats.when(local, "H:i" if days == 0 else "D H:i" if days <= 6 else far)


def sla_words(reading: Any, now: datetime) -> str:
    """What the badge says. ``reading`` is what sla tells about one clock; its seconds are business
    time.
    """
    if reading.status in TICKING:
        return _ticking_words(
            reading.status == "late", int(reading.seconds or 0) // 60, get_language()
        )
    length = duration_words(reading.seconds or 0)
    match reading.status:
        case "waiting" if reading.opens_at:
            return _("Opens {moment}").format(
                moment=opens_words(reading.opens_at, reading.zone, now)
            )
        case "waiting":
            return _("Waiting for opening")
        case "paused" if reading.resumes_at:
            return _("Paused until {moment}").format(
                moment=opens_words(reading.resumes_at, reading.zone, now)
            )
        case "paused":
            return pgettext("clock", "Paused")
        case "cancelled":
            return pgettext("clock", "Cancelled")
    pattern = _("{done} in {duration}") if reading.status == "met" else _("{done} {duration} late")
    return pattern.format(done=getattr(reading, "done_word", "") or _("Done"), duration=length)


@lru_cache(maxsize=4096)
def _ticking_words(is_late: bool, minutes: int, _language: str | None) -> str:
    """What all clocks with so many minutes say in one language."""
    pattern = _("{duration} overdue") if is_late else _("{duration} left")
    return pattern.format(duration=duration_words(60 * minutes))


def sla_title(reading: Any) -> SafeString:
    """When a clock is due and what was promised; read a minute at a time, since whole pages fall
    due together.
    """
    due_at = reading.due_at and reading.due_at.replace(second=0, microsecond=0)
    return _title(
        due_at,
        reading.zone,
        int(reading.limit_seconds or 0),
        get_language(),
        number_formats.active(),
    )


@lru_cache(maxsize=1024)
def _title(
    due_at: datetime | None,
    zone: str,
    limit_seconds: int,
    _language: str | None,
    _region: number_formats.Region | None,
) -> SafeString:
    """The words for all who read in the same language and region, escaped."""
    parts = []
    if due_at:
        parts.append(_("Due {moment}").format(moment=absolute_words(due_at, zone)))
    if limit_seconds:
        parts.append(limit_words(limit_seconds))
    return escape(" · ".join(parts))


@register.simple_tag(takes_context=True)
def sla_badge(context: Context, reading: Any) -> SafeString | str:
    """The badge of one clock: icon, words, and a bar of what is left.

    Nothing for a lead without a clock.
    """
    if not reading:
        return ""
    now, status = page_now(context), reading.status
    ticks = status in TICKING and reading.is_ticking
    share = round(100 * min(max(float(reading.left_ratio or 0), 0), 1))
    told = ticking(reading, now if context["request"].htmx else None, ticks)
    left = bar(share) if status in ("ok", "soon") else ""
    opening = f'<time class="sla sla--{status}" title="{sla_title(reading)}"{told}>'
    return ours(
        f"{opening}{reference(SLA_ICONS[status])}"
        f"<span>{escape(sla_words(reading, now))}</span>{left}</time>"
    )


def ticking(reading: Any, at: datetime | None, ticks: bool) -> str:
    """The deadline, and what app.js needs to tick a badge on: its state, seconds and limit, the
    next closing, the moment if not the page's own.
    """
    said = {"datetime": reading.due_at and short(reading.due_at)}
    if ticks:
        said |= {
            "data-sla": reading.status,
            "data-seconds": str(int(reading.seconds or 0)),
            "data-limit": str(int(reading.limit_seconds or 0)),
            "data-until": reading.closes_at and short(reading.closes_at),
            "data-at": at and short(at),
        }
    # Our own words, numbers and instants: nothing in them needs escaping.
    return "".join(f' {name}="{value}"' for name, value in said.items() if value)


def short(moment_: datetime) -> str:
    """The instant in its shortest ISO form, for attributes."""
    return moment_.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@lru_cache(maxsize=128)
def bar(share: int) -> SafeString:
    return format_html(
        '<svg class="sla__bar" aria-hidden="true"><rect width="{}%" height="4"/></svg>', share
    )


@register.simple_tag
def tick_words() -> SafeString:
    """What app.js needs to speak: JSON data (never run as a script), and the icons of badges."""
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
        "other_zone": _(
            "Your device is in the zone of {device}, the organisation in that of {organisation}."
        ),
        "use_zone": _("Use {device}"),
    }
    words |= {f"icon_{status}": f"#i-{SLA_ICONS[status]}" for status in TICKING}
    symbols = format_html_join("", "{}", ((symbol(name),) for name in SLA_ICONS.values()))
    return format_html("{}<svg hidden>{}</svg>", json_script(words, "relevo-words"), symbols)


# -- Values and addresses


@register.simple_block_tag(end_name="end_in_terms")
def in_terms(content: str) -> SafeString:
    """A page that is written in Spanish outside the catalogue, in the words in use."""
    return ours(variants.apply(content))


@register.filter
def bilingual(value: dict[str, str] | str | None) -> str:
    """The organisation's own text in the active language, else in the other one."""
    return in_language(value)


@register.filter
def language_word(code: str) -> str:
    """The name of a language of the product, in the active one."""
    return {"es": _("Spanish"), "en": _("English")}.get(code, code)


@register.filter
def money(amount: Decimal | float | None, currency: Any = "") -> str:
    """ "12,500 MXN" as the person's region writes it.

    ``currency``: a code, or an object that has one.
    """
    if amount is None or amount == "":
        return "–"
    value = Decimal(str(amount))
    digits = 0 if value == value.to_integral_value() else 2
    code = getattr(currency, "currency", currency)
    written = number_formats.number(value, digits)
    return f"{written}\u00a0{code}" if code else written


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """The page's own query with ``changes``; an empty value removes.

    Paging starts anew unless named.
    """
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
    return "–" if value is None else number_formats.number(value)
