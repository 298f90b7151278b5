"""Form of the deadline tester: a calendar, a moment in its zone, and a duration or commitment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.number_formats import limit_words
from crm.lib.numbers.fields import WholeField
from sla.forms.calendars import check_day
from sla.models import Calendar, Commitment

MOST_HOURS = 1000


class WallClockField(forms.DateTimeField):
    """A moment as a wall clock shows it, without a zone.

    Django's own field would read it in the zone of the viewer.
    """

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return moment.replace(tzinfo=None)


class DeadlineTesterForm(forms.Form):
    """When is a lead due? ``duration`` is the answer to how long, once the form is valid."""

    calendar = forms.ChoiceField(label=gettext_lazy("Calendar"))
    at = WallClockField(
        label=gettext_lazy("Handed off at"),
        help_text=gettext_lazy("In the time of the calendar, wherever you are."),
        error_messages={"invalid": gettext_lazy("Give a date and a time.")},
    )
    promise = forms.ChoiceField(label=gettext_lazy("Commitment"), required=False)
    hours = WholeField(
        label=gettext_lazy("Hours"),
        required=False,
        min_value=0,
        max_value=MOST_HOURS,
    )
    minutes = WholeField(
        label=gettext_lazy("Minutes"),
        required=False,
        min_value=0,
        max_value=59,
    )

    def __init__(
        self,
        *args: Any,
        calendars: list[Calendar],
        commitments: list[Commitment],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.calendars = {str(calendar.pk): calendar for calendar in calendars}
        self.commitments = {str(commitment.pk): commitment for commitment in commitments}
        self.chosen_commitment: Commitment | None = None
        self.duration = timedelta(0)
        named = [(pk, calendar.name) for pk, calendar in self.calendars.items()]
        self.fields["calendar"].choices = named
        none = ("", _("none: the hours and minutes below"))
        labels = [(pk, commitment_label(each)) for pk, each in self.commitments.items()]
        self.fields["promise"].choices = [none, *labels]

    def clean_at(self) -> datetime:
        moment: datetime = self.cleaned_data["at"]
        check_day(moment.date())
        return moment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        commitment = self.commitments.get(data.get("promise", ""))
        self.chosen_commitment = commitment
        typed = timedelta(
            hours=data.get("hours") or 0,
            minutes=data.get("minutes") or 0,
        )
        if commitment is None:
            self.duration = typed
            # What cannot be read has its own error already.
            has_errors = {"hours", "minutes", "promise"} & set(self.errors)
            if not typed and not has_errors:
                self.add_error("hours", _("Give a duration, or choose a commitment."))
            return data
        self.duration = timedelta(minutes=commitment.window_minutes or 0)
        if typed:
            self.add_error("promise", _("Either a commitment, or hours and minutes; not both."))
        return data

    @property
    def chosen(self) -> Calendar:
        return self.calendars[self.cleaned_data["calendar"]]

    def moment(self) -> datetime | None:
        """Return the instant at which the calendar's wall clock showed this time.

        None where it never did; of an hour that passes twice, the first time.
        """
        # The way to UTC and back changes a time that the clock skips.
        zone = ZoneInfo(self.chosen.time_zone)
        typed = self.cleaned_data["at"]
        moment: datetime = typed.replace(tzinfo=zone)
        shown = moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        if shown != typed:
            return None
        return moment


def commitment_label(commitment: Commitment) -> str:
    """Return a commitment with its conditions and its agreement.

    "Accept or reject: 2 business hours · Marketing and sales".
    """
    limit = limit_words((commitment.window_minutes or 0) * 60)
    parts = [f"{commitment.get_metric_display()}: {limit}"]
    # Several commitments of one metric differ by their conditions only.
    codes = [code for values in commitment.conditions.values() for code in values]
    if codes:
        parts.append(", ".join(codes))
    parts.append(commitment.version.agreement.name)
    return " · ".join(parts)
