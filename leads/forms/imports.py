"""Forms to import a file: the upload, how it is read, the target of each column."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team
from crm.lib import countries, number_formats
from crm.lib.catalogue import in_use
from crm.lib.files.layout import ENCODINGS, UPLOAD_LIMITS
from crm.lib.forms import Line
from crm.lib.numbers.fields import WholeField
from leads.imports.columns import questions, systems, targets
from leads.models import CustomField, ImportRun, Source, ValuableActionKind
from personas.states import FieldType

MEGABYTE = 1_000_000
SHOWN_VALUES = 3
# A spreadsheet knows its sheets; a text file has an encoding and a delimiter.
ONLY_IN_TEXT: tuple[str, ...] = ("encoding", "delimiter")
ONLY_IN_SPREADSHEETS: tuple[str, ...] = ("sheet",)


class UploadForm(forms.Form):
    """A table of new leads. The field for the team is hidden if there is no choice."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,.tsv"}),
        max_length=None,
    )
    team = forms.ModelChoiceField(
        label=_("Marketing team"),
        queryset=None,
        empty_label=None,
    )

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = {
            "mb": UPLOAD_LIMITS.size // MEGABYTE,
            "rows": number_formats.number(UPLOAD_LIMITS.rows),
        }
        help_text = _("CSV or Excel (.xlsx), up to %(mb)d MB and %(rows)s rows.")
        file = self.fields["file"]
        file.help_text = help_text % limits
        file.error_messages["required"] = _("Choose a file.")
        file.error_messages["empty"] = _("The file is empty.")
        team = self.fields["team"]
        team.queryset = teams
        # The view takes the only team (usual_team).
        if len(teams) < 2:
            team.required = False
            team.widget = forms.HiddenInput()


class ReadingForm(forms.Form):
    """How an uploaded file is read."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(
        label=_("Cells are parted by"),
        choices=[
            (",", _("Comma ,")),
            (";", _("Semicolon ;")),
            ("\t", _("Tab")),
            ("|", _("Bar |")),
        ],
    )
    sheet = forms.ChoiceField(label=_("Sheet"))
    header_row = WholeField(
        label=_("Row that names the columns"),
        min_value=1,
        max_value=100,
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        reading = run.reading
        super().__init__(*args, initial=reading, **kwargs)
        self.fields["sheet"].choices = [(name, name) for name in reading["sheets"]]
        unfit = ONLY_IN_SPREADSHEETS
        if reading["kind"] == "xlsx":
            unfit = ONLY_IN_TEXT
        # A field that is not shown sends nothing; left in the form, it would be an error.
        for name in unfit:
            del self.fields[name]


def _as_choice(value: bool | None) -> str:
    """Return a stored yes or no as the value of a control; "" for neither."""
    if value is None:
        return ""
    return str(int(value))


class ColumnsForm(forms.Form):
    """The target of each column, and the values of rows that do not name them."""

    source = forms.ModelChoiceField(
        label=_("Source of rows that name none"),
        queryset=None,
        required=False,
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

    system = Line(
        label=_("System of the external ids"),
        required=False,
        max_length=systems.LONGEST,
        widget=forms.TextInput(attrs={"list": "systems"}),
        help_text=_(
            "The tool that the file is from. Equal ids of two systems are two people; empty: not"
            " known."
        ),
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        initial = {
            "source": run.source_id,
            "first_action": run.first_action_id,
            "system": systems.name_of(run.system),
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.run = run
        source = self.fields["source"]
        source.queryset = in_use(Source)
        source.empty_label = _("Not given")
        self.fields["first_action"].queryset = in_use(ValuableActionKind)
        customs = list(in_use(CustomField))
        choices = targets.choices(customs)
        self.labels = dict(choices)
        self.columns: list[str] = []
        for position, title in enumerate(run.header):
            # By position: two columns of a file may have the same title.
            name = f"column_{position}"
            self.columns.append(name)
            self.fields[name] = forms.ChoiceField(
                label=title or _("Column %(number)d") % {"number": position + 1},
                choices=choices,
                required=False,
                initial=run.columns[position],
            )
        self.open = questions.of_columns(run, self._chosen(), customs)
        self._ask()

    def _chosen(self) -> list[str]:
        """Return the target of each column: as sent, else as suggested."""
        if self.is_bound:
            return [self.data.get(name, "") for name in self.columns]
        return list(self.run.columns)

    def _ask(self) -> None:
        """Add a field for each question that the chosen columns leave open."""
        answers = self.run.answers
        if self.open.dates:
            self.fields["month_first"] = forms.TypedChoiceField(
                label=_("Which comes first in these dates, the day or the month?"),
                choices=[(str(int(key)), text) for key, text in self.open.date_choices()],
                widget=forms.RadioSelect,
                coerce=lambda value: value == "1",
                initial=_as_choice(answers.get("month_first")),
                error_messages={"required": _("Say how the dates of this file are to be read.")},
            )
        if self.open.numbers:
            self.fields["decimal"] = forms.ChoiceField(
                label=_("Which sign is before the decimals of these numbers?"),
                choices=self.open.number_choices(),
                widget=forms.RadioSelect,
                initial=answers.get("decimal"),
                error_messages={"required": _("Say how the numbers of this file are to be read.")},
            )
        for number, text in enumerate(self.open.countries):
            self.fields[f"country_{number}"] = forms.ChoiceField(
                label=text,
                choices=[("", _("Leave empty")), *countries.choices()],
                required=False,
                initial=answers.get("countries", {}).get(text, ""),
            )

    def questions(self) -> list[forms.BoundField]:
        """Return the questions that have to be answered."""
        return [self[name] for name in ("month_first", "decimal") if name in self.fields]

    def unknown_countries(self) -> list[forms.BoundField]:
        """Return a field for each text that names no country; it may stay empty."""
        return [self[f"country_{number}"] for number in range(len(self.open.countries))]

    @property
    def answers(self) -> dict[str, Any]:
        """What the person answered, as ImportRun stores it."""
        answers: dict[str, Any] = {}
        for name in ("month_first", "decimal"):
            if name in self.fields:
                answers[name] = self.cleaned_data[name]
        given = {}
        for number, text in enumerate(self.open.countries):
            given[text] = self.cleaned_data[f"country_{number}"]
        if given:
            answers["countries"] = given
        return answers

    @property
    def chosen(self) -> dict[str, Any]:
        """What the person chose besides the targets, as runs.match takes it."""
        data = self.cleaned_data
        return {
            "source": data["source"],
            "first_action": data["first_action"],
            "answers": self.answers,
            "system": data["system"],
        }

    def clean_system(self) -> str:
        """Return the code of the system; the guess where the page did not ask."""
        if "system" not in self.data:
            return self.run.system
        return systems.code_of(self.cleaned_data["system"])

    @property
    def systems(self) -> list[str]:
        """The names to choose from."""
        return list(systems.NAMES.values())

    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """Return the field of each column with the first values of the column."""
        return [(self[name], self._values(position)) for position, name in enumerate(self.columns)]

    def _values(self, position: int) -> list[str]:
        values = []
        for _number, cells in self.run.sample:
            if position < len(cells) and cells[position]:
                values.append(cells[position])
        return values[:SHOWN_VALUES]

    @property
    def targets(self) -> list[str]:
        return [self.cleaned_data[name] for name in self.columns]

    def say_what_columns_are_by_now(self) -> None:
        """Add an error to each column that another person has given another target."""
        text = _("By now it is: %(value)s")
        self.full_clean()
        for name, stored in zip(self.columns, self.run.columns, strict=True):
            if self.data.get(name, "") != stored:
                self.add_error(name, text % {"value": self.labels.get(stored, stored)})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # A column with an invalid target has no cleaned value, which `targets` reads.
        if self.errors:
            return data
        problem = targets.check(self.targets)
        if problem:
            self.add_error(None, problem)
        return data


class LeftOutForm(forms.Form):
    """A column that is left out, to become a custom field. A list of choices needs its own page."""

    position = WholeField(min_value=0, widget=forms.HiddenInput())
    type = forms.ChoiceField(
        label=_("What it holds"),
        choices=[choice for choice in FieldType.choices if choice[0] != FieldType.CHOICE],
    )
