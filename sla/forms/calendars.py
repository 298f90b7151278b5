"""Forms of a calendar: its name, its zone and its weekly hours."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.forms import zone_choices
from crm.accounts.models import Team
from crm.lib import edit_conflicts
from crm.lib.forms import JsonField, Line
from sla.calendars import calendars, hours_text
from sla.calendars.work_calendars import Windows
from sla.models import Calendar
from sla.views.calendar_overview import FIRST_YEAR, LAST_YEAR

FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)


def day_input() -> forms.DateInput:
    """Return the browser's own input of a date."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def check_day(day: date) -> date:
    """Return ``day``. Raises ValidationError outside the supported years."""
    if not FIRST_DAY <= day <= LAST_DAY:
        text = _("Between %(first)s and %(last)s, please.")
        raise ValidationError(text % {"first": FIRST_YEAR, "last": LAST_YEAR})
    return day


class WeekForm(forms.Form):
    """Hours for each weekday, as text.

    ``was``: what the page showed, so that nothing is overwritten unseen.
    """

    was = JsonField(required=False)

    def __init__(
        self,
        *args: Any,
        windows: Windows,
        frozen: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # In the language of the request, so not at import.
        for day, name in WEEKDAYS.items():
            day_windows = hours_text.of_day(windows, day)
            hints = {"placeholder": _("closed"), "autocomplete": "off"}
            self.fields[f"day-{day}"] = Line(
                # Django's Spanish names of weekdays are in lower case.
                label=str(name).capitalize(),
                required=False,
                max_length=80,
                disabled=frozen,
                initial=hours_text.write(day_windows),
                widget=forms.TextInput(attrs=hints),
            )

    @property
    def now(self) -> str:
        """Return what is stored, for the hidden field.

        Also after a refusal, whose message has shown what changed.
        """
        return json.dumps(self._stored(), ensure_ascii=False)

    def _stored(self) -> dict[str, str]:
        stored = {}
        for name, field in self.fields.items():
            # The date is the key of these hours, not one of their values.
            if name not in ("was", "since"):
                stored[name] = str(self.get_initial_for_field(field, name) or "")
        return stored

    def check_unmoved(self) -> None:
        """Raise calendars.HoursMoved where other values were saved since the page was shown.

        Each is named with its value now. What both changed alike is no difference.
        """
        was = self.cleaned_data["was"]
        stored = self._stored()
        # What the hidden field does not name was not shown.
        before = was if isinstance(was, dict) else {}
        text = _("By now it is: %(value)s")
        moved = {}
        for difference in edit_conflicts.compare(before, self._typed(), stored, {}):
            # "Mine" is what this person alone has changed.
            if difference.choice != edit_conflicts.MINE:
                value = difference.theirs or _("closed")
                moved[difference.field] = text % {"value": value}
        if moved:
            raise calendars.HoursMoved(fields=moved)

    def _typed(self) -> dict[str, str]:
        """Return what was sent for each value; a browser sends no field that cannot be changed."""
        typed = {}
        for name in self._stored():
            key = self.add_prefix(name)
            if key in self.data or not self.fields[name].disabled:
                typed[name] = str(self.data.get(key, ""))
        return typed

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[f"day-{day}"] for day in range(7)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        windows: Windows = []
        for day in range(7):
            name = f"day-{day}"
            try:
                hours = hours_text.read(data.get(name, ""))
            except hours_text.UnreadableHours as error:
                self.add_error(name, str(error))
            else:
                windows += [(day, opens, closes) for opens, closes in hours]
        data["windows"] = windows
        return data


def zones(current: str) -> list[tuple[str, str]]:
    """Return the time zones to choose from, with ``current`` where it is not one of them."""
    # Without the first, empty choice: a calendar has a zone.
    choices = dict(zone_choices()[1:])
    choices.setdefault(current, current)
    return list(choices.items())


class CalendarForm(WeekForm):
    """Name, zone and weekly hours. ``frozen``: zone and hours are signed and cannot be changed."""

    name = Line(label=gettext_lazy("Name"), max_length=80)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    def __init__(
        self,
        *args: Any,
        zone: str,
        frozen: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, frozen=frozen, **kwargs)
        self.fields["time_zone"].choices = zones(zone)
        self.fields["time_zone"].initial = zone
        self.fields["time_zone"].disabled = frozen


class NewCalendarForm(CalendarForm):
    """A new calendar, of a team or of the organisation."""

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
        # The database allows one calendar in use for each team.
        in_use = Calendar.objects.filter(team__isnull=False, archived_at=None)
        teams = Team.objects.filter(archived_at__isnull=True)
        teams = teams.exclude(pk__in=in_use.values("team"))
        self.teams = {str(team.pk): team for team in teams.order_by("name")}
        organisation = ("", _("the organisation, to be named by agreements"))
        named = [(pk, team.name) for pk, team in self.teams.items()]
        self.fields["team"].choices = [organisation, *named]

    @property
    def chosen_team(self) -> Team | None:
        return self.teams.get(self.cleaned_data.get("team", ""))


class LaterWeekForm(WeekForm):
    """Weekly hours from a date on. ``replaced``: the date of those that the page edits."""

    since = forms.DateField(label=gettext_lazy("From this date on"), widget=day_input())
    field_order = ["since"]

    def __init__(self, *args: Any, replaced: date | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.replaced = str(replaced or "")

    @property
    def now(self) -> str:
        return json.dumps(self._shown(), ensure_ascii=False)

    def _shown(self) -> dict[str, str]:
        return {**self._stored(), "replaced": self.replaced}

    def check_unmoved(self) -> None:
        """Raise calendars.HoursMoved as well where other hours begin on the date by now."""
        was = self.cleaned_data["was"]
        if isinstance(was, dict) and was.get("replaced") != self.replaced:
            text = _("Other hours began on this date when the page was opened.")
            raise calendars.HoursMoved(fields={"since": text})
        super().check_unmoved()

    def check_removed_as_shown(self) -> None:
        """Raise calendars.HoursMoved where the hours to be removed are not as they were shown."""
        was = self.cleaned_data.get("was")
        if was == self._shown():
            return
        stored = self._stored()
        text = _("By now it is: %(value)s")
        moved = {}
        for name, value in stored.items():
            if not isinstance(was, dict) or was.get(name) != value:
                moved[name] = text % {"value": value or _("closed")}
        raise calendars.HoursMoved(fields=moved)

    def clean_since(self) -> date:
        return check_day(self.cleaned_data["since"])
