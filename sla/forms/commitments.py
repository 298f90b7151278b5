"""Forms of the commitments in the editor: one for each, and in it one for each ladder step.

Rows are added and removed by submit buttons (commitment_rows), so that it works without scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.states import Side
from crm.lib import number_formats
from crm.lib.numbers.fields import NumberField, ShareField, WholeField
from crm.lib.numbers.typed import TwoReadings
from sla.forms.commitment_rows import row_numbers, step_numbers
from sla.states import CLOCK_METRICS, COUNTED_METRICS, REQUEUED, SIDE_OF, Metric, StepKind
from sla.text import durations

Choices = list[tuple[str, str]]
TIMED = (*CLOCK_METRICS, Metric.ATTEMPTS)
CONDITIONS = ("sources", "actions", "personas")


class DurationField(forms.CharField):
    """Business time: "2 h", "45 min", "1 d" (a working day). ``day``: minutes of such a day."""

    def __init__(self, *, day: int, **kwargs: Any) -> None:
        self.day = day
        widget = forms.TextInput(attrs={"autocomplete": "off"})
        super().__init__(max_length=40, widget=widget, **kwargs)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return durations.read(text, day=self.day, decimal=number_formats.decimal_sign())
        except TwoReadings as either:
            raise ValidationError(number_formats.which_of(either)) from either
        except durations.UnreadableDuration as error:
            message = _(
                "“%(text)s” is not read as a length of time. Write for example 2 h, 45 min or 1 d."
            )
            raise ValidationError(message % {"text": text}) from error


class LadderStepForm(forms.Form):
    """One step of the ladder of ``metric``."""

    kind = forms.ChoiceField(label=gettext_lazy("What happens"))

    def __init__(self, *args: Any, day: int, metric: Metric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in StepKind if kind != StepKind.REQUEUE or metric in REQUEUED]
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        self.fields["offset"] = DurationField(
            label=_("How long before or after the deadline"), required=False, day=day
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        # A field with an error is not in the data.
        if "kind" not in data or "offset" not in data or data["offset"] is not None:
            return data
        if data["kind"] == StepKind.BREACH:
            return data
        if data["kind"] == StepKind.WARN:
            self.add_error("offset", _("Say how long before the deadline."))
        data["offset"] = 0
        return data

    def step(self) -> tuple[str, int]:
        """Return (kind, offset in minutes from the deadline)."""
        kind = self.cleaned_data["kind"]
        offset = self.cleaned_data["offset"] or 0
        if kind == StepKind.WARN:
            return kind, -offset
        if kind == StepKind.BREACH:
            return kind, 0
        return kind, offset


class CommitmentForm(forms.Form):
    """One commitment; with conditions, a variant of it for some leads."""

    metric = forms.ChoiceField(choices=Metric.choices, widget=forms.HiddenInput)
    is_variant = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        metric: Metric,
        is_variant: bool,
        choices: Mapping[str, Choices],
        day: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_for_some = is_variant
        self.fields["target"] = _target_field(metric)
        # Rates and volumes have no time limit.
        if metric in TIMED:
            self.fields["window"] = DurationField(
                label=_("Within"),
                day=day,
                help_text=_("Business time: 2 h, 45 min, or 1 d for a working day."),
            )
        if is_variant:
            self._add_conditions(choices)

    def _add_conditions(self, choices: Mapping[str, Choices]) -> None:
        labels = {
            "sources": _("Only these sources"),
            "actions": _("Only these valuable actions"),
            "personas": _("Only these buyer personas"),
        }
        for key in CONDITIONS:
            self.fields[key] = forms.MultipleChoiceField(
                label=labels[key],
                choices=choices[key],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        has_conditions = any(data.get(key) for key in CONDITIONS)
        # Where another field is wrong, that error comes first.
        if self.is_for_some and not has_conditions and not self.errors:
            self.add_error(
                "sources",
                _("Say for which leads it differs: choose a source, an action or a persona."),
            )
        return data

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[key] for key in CONDITIONS if key in self.fields]


def _target_field(metric: Metric) -> NumberField:
    labels = {
        Metric.MQL_VOLUME: _("MQLs a month"),
        Metric.ATTEMPTS: _("Attempts"),
    }
    label = labels.get(metric, _("Target in %"))
    if metric in COUNTED_METRICS:
        return WholeField(
            label=label,
            min_value=1,
            max_value=1_000_000,
        )
    return ShareField(
        label=label,
        min_value=1,
        max_value=100,
        help_text=_("How many times out of 100 it is kept."),
    )


class CommitmentRow:
    """A commitment of the editor: its form and the forms of its ladder.

    ``data`` holds what was posted; ``quiet``: show it without errors.
    """

    def __init__(
        self,
        data: MultiValueDict[str, Any],
        number: int,
        *,
        quiet: bool,
        choices: Any,
        day: int,
    ) -> None:
        self.number = number
        self.prefix = f"p{number}"
        self.metric = _metric(data.get(f"{self.prefix}-metric", ""))
        self.side = SIDE_OF[self.metric]
        self.is_variant = bool(data.get(f"{self.prefix}-is_variant"))
        self.form = CommitmentForm(
            data,
            prefix=self.prefix,
            metric=self.metric,
            is_variant=self.is_variant,
            choices=choices,
            day=day,
        )
        self.steps: list[tuple[int, LadderStepForm]] = []
        if self.has_ladder:
            for step in step_numbers(data, self.prefix):
                prefix = f"{self.prefix}-s{step}"
                step_form = LadderStepForm(data, prefix=prefix, day=day, metric=self.metric)
                self.steps.append((step, step_form))
        # Bound, to show what was typed, and yet unjudged: a row was only added or removed.
        if quiet:
            for form in self.all_forms:
                form._errors = ErrorDict()

    @property
    def all_forms(self) -> list[forms.Form]:
        return [self.form, *(form for _number, form in self.steps)]

    @property
    def has_ladder(self) -> bool:
        return self.metric in CLOCK_METRICS

    @property
    def title(self) -> str:
        return str(self.metric.label)

    @property
    def has_bad_steps(self) -> bool:
        return any(form.errors for _number, form in self.steps)

    def is_valid(self) -> bool:
        # All of them first: each form is judged, also after one with errors.
        results = [form.is_valid() for form in self.all_forms]
        return all(results)

    def commitment(self) -> dict[str, Any]:
        """Return the commitment as drafts.edit takes it."""
        data = self.form.cleaned_data
        target = Decimal(data["target"])
        # Typed in percent, stored as a share.
        if self.metric not in COUNTED_METRICS:
            target /= 100
        # People add steps in any order; a ladder is in the order of time.
        steps = [form.step() for _number, form in self.steps]
        return {
            "side": self.side,
            "metric": str(self.metric),
            "target": target,
            "window_minutes": data.get("window"),
            "conditions": {key: data[key] for key in CONDITIONS if data.get(key)},
            "steps": sorted(steps, key=lambda step: step[1]),
        }


def _metric(text: str) -> Metric:
    """Return the posted metric, else the first one: only a forged form has another."""
    if text in Metric.values:
        return Metric(text)
    return Metric.ACCEPT


class CommitmentRows:
    """All commitments of the editor. ``quiet``: show them without errors."""

    def __init__(
        self,
        data: MultiValueDict[str, Any],
        *,
        choices: Mapping[str, Choices],
        day: int,
        quiet: bool = False,
    ) -> None:
        self.rows = [
            CommitmentRow(
                data,
                number,
                quiet=quiet,
                choices=choices,
                day=day,
            )
            for number in row_numbers(data)
        ]

    def of_side(self, side: str) -> list[CommitmentRow]:
        return [row for row in self.rows if row.side == side]

    @property
    def marketing(self) -> list[CommitmentRow]:
        return self.of_side(Side.MARKETING)

    @property
    def sales(self) -> list[CommitmentRow]:
        return self.of_side(Side.SALES)

    @property
    def forms(self) -> list[forms.Form]:
        return [row.form for row in self.rows]

    def is_valid(self) -> bool:
        # All of them first: each row is judged, also after one with errors.
        results = [row.is_valid() for row in self.rows]
        return all(results)

    def commitments(self) -> list[dict[str, Any]]:
        return [row.commitment() for row in self.rows]

    def errors(self) -> list[tuple[str, str, str]]:
        """Return (id of the field, its label, the error) for the summary above the form."""
        summary = []
        for row in self.rows:
            for form in row.all_forms:
                for name, errors in form.errors.items():
                    id_, label = _field_of(row, form, name)
                    summary += [(id_, label, str(error)) for error in errors]
        return summary


def _field_of(row: CommitmentRow, form: forms.Form, name: str) -> tuple[str, str]:
    """Return the id and the label of a field; of the row for an error of the whole form."""
    if name not in form.fields:
        return "", row.title
    field = form[name]
    return field.id_for_label, f"{row.title}: {field.label}"
