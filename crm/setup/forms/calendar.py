"""The forms of holidays and working hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from crm.lib import number_formats
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
        choices = []
        ticked = []
        for day in self.days:
            key = day.on.isoformat()
            choices.append((key, _label(day)))
            if day.keep:
                ticked.append(key)
        self.fields["keep"].choices = choices
        self.fields["keep"].initial = ticked
        for row in range(OWN_DAYS):
            self._add_own_day(row)

    def _add_own_day(self, row: int) -> None:
        # A date input of a browser understands the ISO form only, whatever the page's language.
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
        pairs = []
        for row in range(OWN_DAYS):
            on = self[f"on-{row}"]
            name = self[f"name-{row}"]
            pairs.append((on, name))
        return pairs

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for row in range(OWN_DAYS):
            on = f"on-{row}"
            # A date that cannot be read is missing from the data too, and has its own error.
            lacks_date = not data.get(on) and on not in self.errors
            if data.get(f"name-{row}") and lacks_date:
                self.add_error(on, _("Give the date of this day."))
        return data

    def chosen(self) -> dict[date, str]:
        """Return the names of the days off by date."""
        kept = set(self.cleaned_data["keep"])
        days = {}
        for day in self.days:
            if day.on.isoformat() in kept:
                days[day.on] = day.name
        # Own days last: a name that was typed wins over that of the list.
        for row in range(OWN_DAYS):
            on = self.cleaned_data.get(f"on-{row}")
            if on:
                name = self.cleaned_data[f"name-{row}"]
                days[on] = name or _("Day off")
        return days


def _label(day: HolidayChoice) -> str:
    pattern = pgettext("date format", "D j M Y")
    when = number_formats.when(day.on, pattern)
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
            day_windows = hours_text.of_day(windows, weekday)
            hints = {"placeholder": _("closed"), "autocomplete": "off"}
            self.fields[f"day-{weekday}"] = Line(
                # Django's Spanish names of weekdays are in lower case.
                label=str(name).capitalize(),
                required=False,
                max_length=80,
                initial=hours_text.write(day_windows),
                widget=forms.TextInput(attrs=hints),
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
        windows = self._read_own_days(data)
        data["windows"] = windows
        if not windows and not self.errors:
            text = _("Open on at least one day: a clock has to run at some time.")
            self.add_error("preset", text)
        if not self.errors:
            self._check_overlaps(windows)
        return data

    def _read_own_days(self, data: dict[str, Any]) -> hours_text.Windows:
        windows = []
        for weekday in WEEKDAYS:
            key = f"day-{weekday}"
            typed = data.get(key, "")
            try:
                day_windows = hours_text.read(typed)
            except hours_text.UnreadableHours as error:
                # The other days are read all the same: every wrong one gets its message.
                self.add_error(key, str(error))
                continue
            for opens, closes in day_windows:
                windows.append((weekday, opens, closes))
        return windows

    def _check_overlaps(self, windows: hours_text.Windows) -> None:
        """Refuse hours over midnight that overlap with those of the next day."""
        # The calendar of the pure module checks them; in any zone, because a week has no dates.
        try:
            week = tuple(worktime.Window(*window) for window in windows)
            worktime.WorkCalendar("UTC", week)
        except ValueError as error:
            self.add_error("preset", str(error))
