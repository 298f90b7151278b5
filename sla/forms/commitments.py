"""The commitments of the editor: a form for each, and inside it one for each step of its ladder.

Rows are added and removed by submit buttons, so that it works without scripts. The form's own data
says which rows there are: ``p`` lists the numbers of the commitments, ``p3-s`` those of the steps
of number 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.states import CLOCK_METRICS, COUNTED_METRICS, SIDE_OF, Metric, StepKind
from sla.text import durations

Choices = list[tuple[str, str]]
MOST_ROWS, MOST_STEPS = 60, 12
TIMED = (*CLOCK_METRICS, Metric.ATTEMPTS)
CONDITIONS = ("sources", "actions", "personas")


class Length(forms.CharField):
    """Business time: "2 h", "45 min", "1 d" (a working day)."""

    def __init__(self, *, day: int, **kwargs: Any) -> None:
        self.day = day
        super().__init__(
            max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs
        )

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return durations.read(text, day=self.day)
        except durations.UnreadableDuration as error:
            said = _(
                "“%(text)s” is not read as a length of time. Write for example 2 h, 45 min or 1 d."
            )
            raise ValidationError(said % {"text": text}) from error


class StepForm(forms.Form):
    """One step of a ladder."""

    kind = forms.ChoiceField(label=gettext_lazy("What happens"), choices=StepKind.choices)

    def __init__(self, *args: Any, day: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offset"] = Length(
            label=_("How long before or after the deadline"), required=False, day=day
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if (
            "kind" in data
            and "offset" in data
            and data["kind"] != StepKind.BREACH
            and data["offset"] is None
        ):
            if data["kind"] == StepKind.WARN:
                self.add_error("offset", _("Say how long before the deadline."))
            data["offset"] = 0
        return data

    def step(self) -> tuple[str, int]:
        kind, offset = self.cleaned_data["kind"], self.cleaned_data["offset"]
        signed = {StepKind.WARN: -(offset or 0), StepKind.BREACH: 0}
        return kind, signed.get(kind, offset or 0)


class PromiseForm(forms.Form):
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
        **kw: Any,
    ):
        super().__init__(*args, **kw)
        self.promised, self.varies = metric, is_variant
        counted = metric in COUNTED_METRICS
        self.fields["target"] = forms.DecimalField(
            label=self._target_label(),
            min_value=1,
            max_value=1_000_000 if counted else 100,
            decimal_places=0 if counted else 2,
            help_text="" if counted else _("How many times out of 100 it is kept."),
        )
        if metric in TIMED:
            self.fields["window"] = Length(
                label=_("Within"),
                day=day,
                help_text=_("Business time: 2 h, 45 min, or 1 d for a working day."),
            )
        labels = {"sources": _("Only these sources"), "actions": _("Only these valuable actions")}
        for key in CONDITIONS if is_variant else ():
            self.fields[key] = forms.MultipleChoiceField(
                label=labels.get(key, _("Only these buyer personas")),
                choices=choices[key],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def _target_label(self) -> str:
        labels = {Metric.MQL_VOLUME: _("MQLs a month"), Metric.ATTEMPTS: _("Attempts")}
        return labels.get(self.promised, _("Target in %"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.varies and not any(data.get(key) for key in CONDITIONS) and not self.errors:
            self.add_error(
                "sources",
                _("Say for which leads it differs: choose a source, an action or a persona."),
            )
        return data

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[key] for key in CONDITIONS if key in self.fields]


class Row:
    """A commitment of the editor: its form and its steps."""

    def __init__(
        self, data: MultiValueDict[str, Any], number: int, *, quiet: bool, choices: Any, day: int
    ) -> None:
        self.number, self.prefix = number, f"p{number}"
        raw = data.get(f"{self.prefix}-metric", "")
        self.metric = Metric(raw if raw in Metric.values else Metric.ACCEPT)
        self.side = SIDE_OF[self.metric]
        self.varies = bool(data.get(f"{self.prefix}-is_variant"))
        self.form = PromiseForm(
            data,
            prefix=self.prefix,
            metric=self.metric,
            is_variant=self.varies,
            choices=choices,
            day=day,
        )
        self.step_numbers = (
            _numbers(data, f"{self.prefix}-s", MOST_STEPS) if self.metric in CLOCK_METRICS else []
        )
        self.steps = [
            (n, StepForm(data, prefix=f"{self.prefix}-s{n}", day=day)) for n in self.step_numbers
        ]
        for form in (self.form, *(form for _n, form in self.steps)) if quiet else ():
            form._errors = ErrorDict()

    @property
    def has_ladder(self) -> bool:
        return self.metric in CLOCK_METRICS

    @property
    def title(self) -> str:
        return str(self.metric.label)

    @property
    def has_bad_steps(self) -> bool:
        return any(form.errors for _n, form in self.steps)

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), *(form.is_valid() for _n, form in self.steps)])

    def promise(self) -> dict[str, Any]:
        """As drafts.edit takes it."""
        data = self.form.cleaned_data
        target = data["target"] if self.metric in COUNTED_METRICS else data["target"] / 100
        conditions = {key: data[key] for key in CONDITIONS if data.get(key)}
        steps = sorted((form.step() for _n, form in self.steps), key=lambda step: step[1])
        return {
            "side": self.side,
            "metric": str(self.metric),
            "target": target,
            "window_minutes": data.get("window"),
            "conditions": conditions,
            "steps": steps,
        }


class Promises:
    """All commitments of the editor. ``quiet``: shown without judging them."""

    def __init__(
        self,
        data: MultiValueDict[str, Any],
        *,
        choices: Mapping[str, Choices],
        day: int,
        quiet: bool = False,
    ) -> None:
        numbers = _numbers(data, "p", MOST_ROWS)
        self.rows = [Row(data, number, quiet=quiet, choices=choices, day=day) for number in numbers]

    def of_side(self, side: str) -> list[Row]:
        return [row for row in self.rows if row.side == side]

    @property
    def marketing(self) -> list[Row]:
        return self.of_side("marketing")

    @property
    def sales(self) -> list[Row]:
        return self.of_side("sales")

    def is_valid(self) -> bool:
        judged = [
            row.is_valid() for row in self.rows
        ]  # all of them, so that each says what is wrong
        return all(judged)

    def promises(self) -> list[dict[str, Any]]:
        return [row.promise() for row in self.rows]

    def errors(self) -> list[tuple[str, str, str]]:
        """(id of the field, its label, what is wrong) for the summary above the form."""
        found = []
        for row in self.rows:
            for form in (row.form, *(step for _n, step in row.steps)):
                for name, errors in form.errors.items():
                    field = form[name] if name in form.fields else None
                    label = f"{row.title}: {field.label}" if field else row.title
                    found += [
                        (field.id_for_label if field else "", label, str(error)) for error in errors
                    ]
        return found


def _numbers(data: MultiValueDict[str, Any], key: str, most: int) -> list[int]:
    return [int(raw) for raw in data.getlist(key) if raw.isdecimal() and len(raw) < 4][:most]


def as_data(promises: Iterable[Mapping[str, Any]]) -> MultiValueDict[str, Any]:
    """What the form of these commitments (drafts.promises_of) would send."""
    data: MultiValueDict[str, Any] = MultiValueDict()
    for number, promise in enumerate(promises):
        prefix, target = f"p{number}", Decimal(promise["target"])
        shown = target if promise["metric"] in COUNTED_METRICS else target * 100
        data.appendlist("p", str(number))
        data[f"{prefix}-metric"] = promise["metric"]
        data[f"{prefix}-target"] = f"{shown.normalize():f}"
        data[f"{prefix}-window"] = durations.write(promise["window_minutes"])
        conditions = promise["conditions"] or {}
        if any(conditions.values()):
            data[f"{prefix}-is_variant"] = "1"
        for key, codes in conditions.items():
            data.setlist(f"{prefix}-{key}", list(codes))
        for place, (kind, offset) in enumerate(promise["steps"]):
            data.appendlist(f"{prefix}-s", str(place))
            data[f"{prefix}-s{place}-kind"] = kind
            data[f"{prefix}-s{place}-offset"] = durations.write(offset)
    return data


def restructure(data: MultiValueDict[str, Any], wish: str) -> str:
    """Add or remove what the button ``wish`` says, in ``data``; returns the id of what to look at
    next.

    "add:accept", "vary:3", "remove:3", "step:3", "unstep:3:1"; anything else changes nothing.
    """
    verb, _colon, rest = wish.partition(":")
    if verb == "add":
        return _add(data, rest)
    numbers = [int(raw) for raw in rest.split(":") if raw.isdecimal()]
    if not numbers:
        return ""
    prefix = f"p{numbers[0]}"
    if verb == "remove":
        data.setlist("p", [raw for raw in data.getlist("p") if raw != str(numbers[0])])
        return "commitments"
    if verb == "vary":
        return _vary(data, prefix)
    if verb == "step":
        data.appendlist(f"{prefix}-s", _next(data.getlist(f"{prefix}-s")))
    elif verb == "unstep" and len(numbers) == 2:
        data.setlist(
            f"{prefix}-s", [raw for raw in data.getlist(f"{prefix}-s") if raw != str(numbers[1])]
        )
    return prefix


def _add(data: MultiValueDict[str, Any], metric: str) -> str:
    if metric not in Metric.values:
        return ""
    number = _next(data.getlist("p"))
    data.appendlist("p", number)
    data[f"p{number}-metric"] = metric
    if metric in CLOCK_METRICS:
        data.setlist(f"p{number}-s", ["0"])
        data[f"p{number}-s0-kind"] = StepKind.BREACH
    return f"p{number}"


def _vary(data: MultiValueDict[str, Any], prefix: str) -> str:
    """A copy of a commitment beside it, for some leads."""
    number = _next(data.getlist("p"))
    for key in [key for key in data if key.startswith(f"{prefix}-")]:
        data.setlist(f"p{number}-{key.removeprefix(f'{prefix}-')}", list(data.getlist(key)))
    data[f"p{number}-is_variant"] = "1"
    rows = data.getlist("p")
    rows.insert(rows.index(prefix[1:]) + 1 if prefix[1:] in rows else len(rows), number)
    data.setlist("p", rows)
    return f"p{number}"


def _next(taken: list[str]) -> str:
    return str(max((int(raw) for raw in taken if raw.isdecimal()), default=-1) + 1)
