"""What people type about calendars.

Forms read and check; sla.calendars.calendars and sla.calendars.special_days write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from crm.accounts.forms import zone_choices
from crm.accounts.models import Team
from crm.lib import countries
from crm.lib.forms import Line
from crm.lib.moments import long_day
from crm.lib.number_formats import limit_words
from sla.calendars import calendars, work_calendars
from sla.calendars import hours_text as hours
from sla.calendars.special_days import HolidayMatch, ListedHoliday
from sla.models import Calendar, Commitment
from sla.text.deadlines import hours_words
from sla.views import calendar_page

MOST_HOURS = 1000
FIRST_DAY, LAST_DAY = date(calendar_page.FIRST_YEAR, 1, 1), date(calendar_page.LAST_YEAR, 12, 31)


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def check_day(day: date) -> date:
    """Refuses dates that nobody means."""
    if not FIRST_DAY <= day <= LAST_DAY:
        text = _("Between %(first)s and %(last)s, please.")
        raise ValidationError(
            text % {"first": calendar_page.FIRST_YEAR, "last": calendar_page.LAST_YEAR}
        )
    return day


class WeekForm(forms.Form):
    """Hours for each weekday, as text.

    ``was``: what the page showed, so that nothing is overwritten unseen.
    """

    was = forms.JSONField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, windows: work_calendars.Windows, frozen: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for day, name in WEEKDAYS.items():
            self.fields[f"day-{day}"] = Line(
                label=str(name).capitalize(),
                required=False,
                max_length=80,
                disabled=frozen,
                initial=hours.write(hours.of_day(windows, day)),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )

    @property
    def now(self) -> str:
        """What is stored, for the hidden field: also after a refusal, which has said what
        changed.
        """
        return json.dumps(self._stored(), ensure_ascii=False)

    def _stored(self) -> dict[str, str]:
        names = (name for name in self.fields if name not in ("was", "since"))
        return {
            name: str(self.get_initial_for_field(self.fields[name], name) or "") for name in names
        }

    def check_unmoved(self) -> None:
        """Raises calendars.HoursMoved where somebody saved other values since the page was shown,
        each named with its value now. What both changed alike is no difference.
        """
        was, stored = self.cleaned_data["was"], self._stored()
        if not isinstance(was, dict):
            return
        text = _("By now it is: %(value)s")
        moved = {
            name: text % {"value": value or _("closed")}
            for name, value in stored.items()
            if was.get(name, value) != value != str(self.data.get(self.add_prefix(name), ""))
        }
        if moved:
            raise calendars.HoursMoved(fields=moved)

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[f"day-{day}"] for day in range(7)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["windows"] = []
        for day in range(7):
            try:
                data["windows"] += [
                    (day, *window) for window in hours.read(data.get(f"day-{day}", ""))
                ]
            except hours.UnreadableHours as error:
                self.add_error(f"day-{day}", str(error))
        return data


def zones(current: str) -> list[tuple[str, str]]:
    found = dict(zone_choices()[1:])
    found.setdefault(current, current)
    return list(found.items())


class CalendarForm(WeekForm):
    """Name, zone and weekly hours; what a signature stands for is shown and cannot be changed."""

    name = Line(label=gettext_lazy("Name"), max_length=80)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    def __init__(self, *args: Any, zone: str, frozen: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, frozen=frozen, **kwargs)
        self.fields["time_zone"].choices = zones(zone)
        self.fields["time_zone"].initial = zone
        self.fields["time_zone"].disabled = frozen


class NewCalendarForm(CalendarForm):
    """A new calendar also says whose it is."""

    team = forms.ChoiceField(
        label=gettext_lazy("For"),
        required=False,
        help_text=gettext_lazy(
            "A team's own calendar counts for its leads, whatever the agreement says."
        ),
    )
    field_order = ["name", "team", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = Calendar.objects.filter(team__isnull=False, archived_at=None).values("team")
        teams = Team.objects.filter(archived_at__isnull=True).exclude(pk__in=taken).order_by("name")
        self.teams = {str(team.pk): team for team in teams}
        everybody = ("", _("the organisation, to be named by agreements"))
        self.fields["team"].choices = [
            everybody,
            *((pk, team.name) for pk, team in self.teams.items()),
        ]

    @property
    def chosen_team(self) -> Team | None:
        return self.teams.get(self.cleaned_data.get("team", ""))


class LaterWeekForm(WeekForm):
    """Hours from a date on."""

    since = forms.DateField(label=gettext_lazy("From this date on"), widget=day_input())
    field_order = ["since"]

    def clean_since(self) -> date:
        return check_day(self.cleaned_data["since"])


class DayForm(forms.Form):
    """One date that differs."""

    on = forms.DateField(label=gettext_lazy("Date"), widget=day_input())
    name = Line(label=gettext_lazy("What day it is"), max_length=120)
    hours = Line(
        label=gettext_lazy("Hours"),
        required=False,
        max_length=80,
        help_text=gettext_lazy(
            "Empty: closed. Otherwise the hours of this date, for example 9:00-13:00."
        ),
        widget=forms.TextInput(
            attrs={"placeholder": gettext_lazy("closed"), "autocomplete": "off"}
        ),
    )

    def clean_on(self) -> date:
        return check_day(self.cleaned_data["on"])

    def clean_hours(self) -> list[tuple[int, int]]:
        try:
            return hours.read(self.cleaned_data["hours"])
        except hours.UnreadableHours as error:
            raise ValidationError(str(error)) from error


class ListForm(forms.Form):
    """Which list of holidays to look at."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))
    region = forms.CharField(
        label=gettext_lazy("Region"), required=False, max_length=40, widget=forms.Select
    )
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=calendar_page.FIRST_YEAR,
        max_value=calendar_page.LAST_YEAR,
    )

    def __init__(self, *args: Any, regions: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.regions = dict(regions)
        self.fields["country"].choices = countries.choices()
        self.fields["region"].widget.choices = [("", _("The whole country")), *self.regions.items()]

    def clean_region(self) -> str:
        # The region of another country, chosen before: the list is then that of the whole country.
        region = self.cleaned_data["region"]
        return region if region in self.regions else ""


class CopyForm(forms.Form):
    """Which days of a list come into the calendar."""

    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Days to copy"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, rows: list[ListedHoliday], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = [row for row in rows if row.match is not HolidayMatch.SAME]
        self.fields["keep"].choices = [(row.on.isoformat(), listed_words(row)) for row in self.rows]
        self.fields["keep"].initial = [
            row.on.isoformat() for row in self.rows if row.match is HolidayMatch.NEW
        ]

    def clean_keep(self) -> list[str]:
        if not self.cleaned_data["keep"]:
            raise ValidationError(_("Choose at least one day."))
        return self.cleaned_data["keep"]

    def chosen(self) -> dict[date, str]:
        kept = set(self.cleaned_data["keep"])
        return {row.on: row.name for row in self.rows if row.on.isoformat() in kept}


def listed_words(row: ListedHoliday) -> str:
    """ "Friday 25 December · Christmas · new"."""
    parts = [long_day(row.on), row.name]
    if row.stored is None:
        parts.append(pgettext("day", "new"))
    else:
        now = {"name": row.stored.name, "hours": hours_words(work_calendars.hours_of(row.stored))}
        parts.append(_("differs: now %(name)s, %(hours)s") % now)
    return " · ".join(parts)


class WallClockField(forms.DateTimeField):
    """A moment as a wall clock shows it, of no zone yet: neither the viewer's nor the server's zone
    has a say.
    """

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values or isinstance(value, datetime):
            return value or None
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return moment.replace(tzinfo=None)


class TesterForm(forms.Form):
    """When is a lead due? A calendar, a moment in its zone, and a duration or a commitment."""

    calendar = forms.ChoiceField(label=gettext_lazy("Calendar"))
    at = WallClockField(
        label=gettext_lazy("Handed off at"),
        help_text=gettext_lazy("In the time of the calendar, wherever you are."),
        error_messages={"invalid": gettext_lazy("Give a date and a time.")},
    )
    promise = forms.ChoiceField(label=gettext_lazy("Commitment"), required=False)
    hours = forms.IntegerField(
        label=gettext_lazy("Hours"), required=False, min_value=0, max_value=MOST_HOURS
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), required=False, min_value=0, max_value=59
    )

    def __init__(
        self, *args: Any, found: list[Calendar], promises: list[Commitment], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.found = {str(calendar.pk): calendar for calendar in found}
        self.promises = {str(promise.pk): promise for promise in promises}
        self.fields["calendar"].choices = [
            (pk, calendar.name) for pk, calendar in self.found.items()
        ]
        named = [(pk, promise_words(promise)) for pk, promise in self.promises.items()]
        self.fields["promise"].choices = [("", _("none: the hours and minutes below")), *named]

    def clean_at(self) -> datetime:
        check_day(self.cleaned_data["at"].date())
        return self.cleaned_data["at"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.chosen_promise = self.promises.get(data.get("promise", ""))
        typed = timedelta(hours=data.get("hours") or 0, minutes=data.get("minutes") or 0)
        if self.chosen_promise and typed:
            self.add_error("promise", _("Either a commitment, or hours and minutes; not both."))
        elif (
            not self.chosen_promise
            and not typed
            and not {"hours", "minutes", "promise"} & set(self.errors)
        ):
            self.add_error("hours", _("Give a duration, or choose a commitment."))
        self.duration = (
            timedelta(minutes=self.chosen_promise.window_minutes or 0)
            if self.chosen_promise
            else typed
        )
        return data

    @property
    def chosen(self) -> Calendar:
        return self.found[self.cleaned_data["calendar"]]

    def moment(self) -> datetime | None:
        """The instant that the wall clock of the calendar showed; None where the clock never showed
        it. An hour that passes twice is meant the first time.
        """
        zone = ZoneInfo(self.chosen.time_zone)
        moment = self.cleaned_data["at"].replace(tzinfo=zone)
        shown = moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        return moment if shown == self.cleaned_data["at"] else None


def promise_words(promise: Commitment) -> str:
    """ "Accept or reject: 2 business hours", with what narrows it, and of which agreement."""
    limit = limit_words((promise.window_minutes or 0) * 60)
    narrowed = ", ".join(value for values in promise.conditions.values() for value in values)
    parts = [f"{promise.get_metric_display()}: {limit}", narrowed, promise.version.agreement.name]
    return " · ".join(part for part in parts if part)
