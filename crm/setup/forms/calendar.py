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
from crm.setup import calendar
from sla.calendars import hours_text
from sla.worktime.calendar import Window, WorkCalendar

MOST_OWN = 3


def day_label(day: calendar.Day) -> str:
    when = date_format(day.on, pgettext("date format", "D j M Y"))
    return f"{when} · {day.name}"


class HolidaysForm(forms.Form):
    """Which days stay, and a few of one's own."""

    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Days off"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, days: Iterable[calendar.Day], **kwargs: Any) -> None:
        self.days = list(days)
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = [(day.on.isoformat(), day_label(day)) for day in self.days]
        self.fields["keep"].initial = [day.on.isoformat() for day in self.days if day.keep]
        for number in range(MOST_OWN):
            self.fields[f"on-{number}"] = forms.DateField(
                label=_("Date"),
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"name-{number}"] = Line(
                label=_("What day it is"), required=False, max_length=120
            )

    @property
    def own(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"on-{number}"], self[f"name-{number}"]) for number in range(MOST_OWN)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for number in range(MOST_OWN):
            if (
                data.get(f"name-{number}")
                and not data.get(f"on-{number}")
                and f"on-{number}" not in self.errors
            ):
                self.add_error(f"on-{number}", _("Give the date of this day."))
        return data

    def chosen(self) -> dict[date, str]:
        kept = set(self.cleaned_data["keep"])
        found = {day.on: day.name for day in self.days if day.on.isoformat() in kept}
        for number in range(MOST_OWN):
            if on := self.cleaned_data.get(f"on-{number}"):
                found[on] = self.cleaned_data[f"name-{number}"] or _("Day off")
        return found


class HoursForm(forms.Form):
    """A preset, or several windows for each weekday."""

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
        for day, name in WEEKDAYS.items():
            self.fields[f"day-{day}"] = Line(
                label=str(name).capitalize(),
                required=False,
                max_length=80,
                initial=hours_text.write(hours_text.of_day(windows, day)),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )

    @property
    def own_days(self) -> list[forms.BoundField]:
        return [self[f"day-{day}"] for day in range(7)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        preset = data.get("preset")
        if preset != "own":
            data["windows"] = hours_text.PRESETS.get(preset or "", [])
            return data
        data["windows"] = []
        for day in range(7):
            try:
                data["windows"] += [
                    (day, *window) for window in hours_text.read(data.get(f"day-{day}", ""))
                ]
            except hours_text.UnreadableHours as error:
                self.add_error(f"day-{day}", str(error))
        if not data["windows"] and not self.errors:
            self.add_error(
                "preset", _("Open on at least one day: a clock has to run at some time.")
            )
        self._check_neighbours(data)
        return data

    def _check_neighbours(self, data: dict[str, Any]) -> None:
        if self.errors:
            return
        try:
            WorkCalendar("UTC", tuple(Window(*window) for window in data["windows"]))
        except ValueError as error:
            self.add_error("preset", str(error))
