"""The forms of holidays and working hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from crm.lib.forms import Line
from crm.setup.calendar import HolidayChoice
from sla.calendars import hours_text
from sla.worktime import calendar as worktime

OWN_DAYS = 3  # empty rows for days that no list of holidays has


class HolidaysForm(forms.Form):
    """The holidays to keep, and a few days of the organisation's own."""

    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Days off"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, days: Iterable[HolidayChoice], **kwargs: Any) -> None:
        self.days = list(days)
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = [(day.on.isoformat(), _label(day)) for day in self.days]
        self.fields["keep"].initial = [day.on.isoformat() for day in self.days if day.keep]
        for row in range(OWN_DAYS):
            self.fields[f"on-{row}"] = forms.DateField(
                label=_("Date"),
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"name-{row}"] = Line(
                label=_("What day it is"),
                required=False,
                max_length=120,
            )

    @property
    def own(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the fields of the own days: date and name."""
        return [(self[f"on-{row}"], self[f"name-{row}"]) for row in range(OWN_DAYS)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for row in range(OWN_DAYS):
            lacks_date = not data.get(f"on-{row}") and f"on-{row}" not in self.errors
            if data.get(f"name-{row}") and lacks_date:
                self.add_error(f"on-{row}", _("Give the date of this day."))
        return data

    def chosen(self) -> dict[date, str]:
        """Return the names of the days off by date."""
        kept = set(self.cleaned_data["keep"])
        days = {day.on: day.name for day in self.days if day.on.isoformat() in kept}
        for row in range(OWN_DAYS):
            on = self.cleaned_data.get(f"on-{row}")
            if on:
                days[on] = self.cleaned_data[f"name-{row}"] or _("Day off")
        return days


def _label(day: HolidayChoice) -> str:
    when = date_format(day.on, pgettext("date format", "D j M Y"))
    return f"{when} · {day.name}"


class HoursForm(forms.Form):
    """A preset of working hours, or windows for each weekday."""

    preset = forms.ChoiceField(
        label=gettext_lazy("When do you work?"),
        widget=forms.RadioSelect,
        choices=[
            ("week", gettext_lazy("Monday to Friday, 9 to 18")),
            ("lunch", gettext_lazy("Monday to Friday with a lunch break, 9 to 14 and 15 to 18")),
            ("always", gettext_lazy("Always: 24 hours, 7 days")),
            ("own", gettext_lazy("Our own hours, day by day")),
        ],
    )

    def __init__(self, *args: Any, windows: hours_text.Windows, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preset"].initial = hours_text.preset_of(windows)
        for weekday, name in WEEKDAYS.items():
            self.fields[f"day-{weekday}"] = Line(
                label=str(name).capitalize(),
                required=False,
                max_length=80,
                initial=hours_text.write(hours_text.of_day(windows, weekday)),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )

    @property
    def own_days(self) -> list[forms.BoundField]:
        return [self[f"day-{weekday}"] for weekday in WEEKDAYS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        preset = data.get("preset") or ""
        if preset != "own":
            data["windows"] = hours_text.PRESETS.get(preset, [])
            return data
        data["windows"] = self._read_own_days(data)
        if not data["windows"] and not self.errors:
            self.add_error(
                "preset", _("Open on at least one day: a clock has to run at some time.")
            )
        if not self.errors:
            self._check_overlaps(data["windows"])
        return data

    def _read_own_days(self, data: dict[str, Any]) -> hours_text.Windows:
        windows = []
        for weekday in WEEKDAYS:
            key = f"day-{weekday}"
            try:
                day_windows = hours_text.read(data.get(key, ""))
            except hours_text.UnreadableHours as error:
                self.add_error(key, str(error))
                continue
            windows += [(weekday, opens, closes) for opens, closes in day_windows]
        return windows

    def _check_overlaps(self, windows: hours_text.Windows) -> None:
        """Refuse hours over midnight that overlap with those of the next day."""
        try:
            worktime.WorkCalendar("UTC", tuple(worktime.Window(*window) for window in windows))
        except ValueError as error:
            self.add_error("preset", str(error))
