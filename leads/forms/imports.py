"""What people type to import a file: the upload, how it is read, what each column is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team
from crm.lib import number_formats
from crm.lib.catalogue import in_use
from crm.lib.files.layout import ENCODINGS, UPLOAD_LIMITS
from leads.imports import columns
from leads.models import CustomField, ImportRun, Source, ValuableActionKind


class UploadForm(forms.Form):
    """A table of new leads. The team is asked for only where there is a choice."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,.tsv"}),
        max_length=None,
    )
    team = forms.ModelChoiceField(label=_("Marketing team"), queryset=None, empty_label=None)

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {
            "mb": UPLOAD_LIMITS.size // 1_000_000,
            "rows": number_formats.number(UPLOAD_LIMITS.rows),
        }
        self.fields["file"].help_text = (
            _("CSV or Excel (.xlsx), up to %(mb)d MB and %(rows)s rows.") % words
        )
        self.fields["file"].error_messages["required"] = _("Choose a file.")
        self.fields["file"].error_messages["empty"] = _("The file is empty.")
        self.fields["team"].queryset = teams
        if len(teams) < 2:
            self.fields["team"].required = False
            self.fields["team"].widget = forms.HiddenInput()


class ReadingForm(forms.Form):
    """How an uploaded file is read."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(
        label=_("Cells are parted by"),
        choices=[(",", _("Comma ,")), (";", _("Semicolon ;")), ("\t", _("Tab")), ("|", _("Bar |"))],
    )
    sheet = forms.ChoiceField(label=_("Sheet"))
    header_row = forms.IntegerField(
        label=_("Row that names the columns"), min_value=1, max_value=100
    )
    decimal = forms.ChoiceField(
        label=_("Decimals are written"), choices=[(".", "1234.5"), (",", "1234,5")]
    )
    day_first = forms.TypedChoiceField(
        label=_("Dates are written"),
        choices=[("1", _("31/12/2026 (day first)")), ("0", _("12/31/2026 (month first)"))],
        coerce=lambda value: value == "1",
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        initial = {**run.reading, "day_first": "1" if run.reading["day_first"] else "0"}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["sheet"].choices = [(name, name) for name in run.reading["sheets"]]
        for name in (
            ("encoding", "delimiter", "decimal") if run.reading["kind"] == "xlsx" else ("sheet",)
        ):
            del self.fields[name]


class ColumnsForm(forms.Form):
    """What each column is, and what holds for rows that do not say it."""

    source = forms.ModelChoiceField(
        label=_("Source of rows that name none"), queryset=None, required=False
    )
    first_action = forms.ModelChoiceField(
        label=_("What did the leads do?"),
        queryset=None,
        required=False,
        empty_label=_("Nothing yet"),
        help_text=_(
            "For rows that name no valuable action. Without one a lead cannot become an MQL."
        ),
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        super().__init__(
            *args, initial={"source": run.source_id, "first_action": run.first_action_id}, **kwargs
        )
        self.fields["source"].queryset, self.fields["source"].empty_label = (
            in_use(Source),
            _("Not given"),
        )
        self.fields["first_action"].queryset = in_use(ValuableActionKind)
        choices = columns.targets(list(in_use(CustomField)))
        self.columns = [f"column_{position}" for position in range(len(run.header))]
        for position, (name, title) in enumerate(zip(self.columns, run.header, strict=True)):
            label = title or _("Column %(number)d") % {"number": position + 1}
            field = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=run.columns[position]
            )
            self.fields[name] = field
        self.run = run

    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """Each column with its first values."""
        cells = [sample for _number, sample in self.run.sample]
        return [
            (
                self[name],
                [row[position] for row in cells if position < len(row) and row[position]][:3],
            )
            for position, name in enumerate(self.columns)
        ]

    @property
    def targets(self) -> list[str]:
        return [self.cleaned_data[name] for name in self.columns]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and (problem := columns.check(self.targets)):
            self.add_error(None, problem)
        return data
