"""Forms of the dates that differ in a calendar: one date, and the public holidays to copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from crm.lib import countries, edit_conflicts
from crm.lib.forms import Line
from crm.lib.moments import long_day
from crm.lib.numbers.fields import WholeField
from sla.calendars import hours_text, special_days
from sla.calendars.special_days import DayData, HolidayMatch, ListedHoliday
from sla.calendars.work_calendars import Hours, hours_of
from sla.forms.calendars import check_day, day_input
from sla.text.deadlines import hours_words
from sla.views.calendar_overview import FIRST_YEAR, LAST_YEAR


class SpecialDayForm(forms.Form):
    """One date with hours of its own."""

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

    def clean_hours(self) -> list[Hours]:
        try:
            return hours_text.read(self.cleaned_data["hours"])
        except hours_text.UnreadableHours as error:
            raise ValidationError(str(error)) from error


def shown_day(posted: Mapping[str, str]) -> DayData:
    """Return the day that the page showed, from its hidden field; empty for a new date."""
    return edit_conflicts.shown_at_first(posted)


def with_values_now(error: special_days.DayChanged) -> special_days.DayChanged:
    """Add to ``error`` what is stored now, beside the fields of the form."""
    if error.now is None:
        error.fields = {"on": _("Somebody else removed this date. Save again to bring it back.")}
        return error
    text = _("By now it is: %(value)s")
    hours = hours_words(hours_of(error.now))
    error.fields = {
        "name": text % {"value": error.now.name},
        "hours": text % {"value": hours},
    }
    return error


class HolidayListForm(forms.Form):
    """Which list of public holidays to show."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))
    region = forms.CharField(
        label=gettext_lazy("Region"),
        required=False,
        max_length=40,
        widget=forms.Select,
    )
    year = WholeField(label=gettext_lazy("Year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)

    def __init__(
        self,
        *args: Any,
        regions: Iterable[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.regions = dict(regions)
        self.fields["country"].choices = countries.choices()
        whole = ("", _("The whole country"))
        self.fields["region"].widget.choices = [whole, *self.regions.items()]

    def clean_region(self) -> str:
        # The region may be one of another country, chosen before: then the whole country counts.
        region = self.cleaned_data["region"]
        if region in self.regions:
            return region
        return ""


class CopyHolidaysForm(forms.Form):
    """Which days of a list come into the calendar."""

    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Days to copy"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        *args: Any,
        rows: list[ListedHoliday],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = [row for row in rows if row.match is not HolidayMatch.SAME]
        choices = []
        ticked = []
        for row in self.rows:
            key = row.on.isoformat()
            choices.append((key, holiday_label(row)))
            # What differs was changed by a person: it is only copied over when it is ticked.
            if row.match is HolidayMatch.NEW:
                ticked.append(key)
        self.fields["keep"].choices = choices
        self.fields["keep"].initial = ticked

    def clean_keep(self) -> list[str]:
        if not self.cleaned_data["keep"]:
            raise ValidationError(_("Choose at least one day."))
        return self.cleaned_data["keep"]

    def chosen(self) -> dict[date, str]:
        """Return the chosen dates with their names."""
        kept = set(self.cleaned_data["keep"])
        return {row.on: row.name for row in self.rows if row.on.isoformat() in kept}


def holiday_label(row: ListedHoliday) -> str:
    """Return a holiday and what is stored: "Friday 25 December · Christmas · new"."""
    if row.stored is None:
        state = pgettext("day", "new")
    else:
        stored = {
            "name": row.stored.name,
            "hours": hours_words(hours_of(row.stored)),
        }
        state = _("differs: now %(name)s, %(hours)s") % stored
    return " · ".join([long_day(row.on), row.name, state])
