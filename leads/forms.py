"""What people type about leads and handoffs. Forms check and clean; the noun modules decide."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib import regions
from crm.lib.countries import choices as country_choices
from crm.lib.tables import ENCODINGS, LARGEST, MOST_ROWS
from crm.lib.text import clean_line, clean_text
from leads import columns
from leads.models import CustomField, ImportRun, Lead, OutcomeReason, Source, ValuableActionKind
from leads.states import ContactChannel, Verdict
from personas.models import PersonaVersion
from sla.models import PauseReason, RejectionReason
from sla.pauses import Allowed

DAY = timedelta(days=1)
NOTE = forms.Textarea(attrs={"rows": 3})


def in_use(model: Any) -> QuerySet[Any]:
    """The rows of a catalogue that are not archived."""
    return model.objects.filter(archived_at__isnull=True)


def sales_teams() -> QuerySet[Team]:
    """The teams whose queue a lead may be handed off to."""
    return in_use(Team).filter(side=Side.SALES)


class Line(forms.CharField):
    """One line of text by the written rule of crm.lib.text."""

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value))


class Lines(forms.CharField):
    """Text of several lines by the written rule of crm.lib.text."""

    widget = NOTE

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value))


class Moment(forms.DateTimeField):
    """A date with a time of day, to the minute, in the zone of who types it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


def autofill(name: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": name})


class LeadForm(forms.Form):
    """Quick log and edit of a lead: six fields, the rest folded away."""

    name = Line(label=_("Name"), max_length=160, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    phone = Line(label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    company = Line(label=_("Company"), max_length=200, required=False)
    job_title = Line(label=_("Job title"), max_length=120, required=False)
    source = forms.ModelChoiceField(label=_("Source"), queryset=None, required=False, empty_label=_("Not given"))
    first_action = forms.ModelChoiceField(
        label=_("What did the lead do?"),
        queryset=None,
        required=False,
        empty_label=_("Nothing yet"),
        help_text=_("Without a valuable action a lead cannot become an MQL."),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    industry = Line(label=_("Industry"), max_length=80, required=False)
    employees = forms.IntegerField(label=_("Employees"), required=False, min_value=1, max_value=5_000_000)
    domain = Line(label=_("Website"), max_length=120, required=False)
    campaign = Line(label=_("Campaign"), max_length=120, required=False)

    FIRST_TOUCH = ("first_action", "campaign")

    def __init__(self, *args: Any, lead: Lead | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {} if lead is None else self._of(lead))
        super().__init__(*args, **kwargs)
        self.known_by_id = bool(lead and lead.external_id)
        self.fields["country"].choices = [("", _("Not given")), *country_choices()]
        self.fields["source"].queryset = in_use(Source)
        self.fields["first_action"].queryset = in_use(ValuableActionKind)
        if lead is not None:
            for name in self.FIRST_TOUCH:
                del self.fields[name]
        self.custom = list(in_use(CustomField))
        for custom in self.custom:
            self.fields[f"attributes.{custom.code}"] = _custom_field(custom)

    @staticmethod
    def _of(lead: Lead) -> dict[str, Any]:
        person, company = lead.person, lead.company
        values = {name: getattr(person, name) for name in ("name", "email", "phone", "job_title", "country")}
        values |= {"source": lead.source, "company": company.name if company else ""}
        if company:
            values |= {name: getattr(company, name) for name in ("industry", "employees", "domain")}
        return values | {f"attributes.{code}": value for code, value in lead.attributes.items()}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        known = self.known_by_id or data.get("name") or data.get("email") or data.get("phone")
        if not (self.errors or known):
            self.add_error("name", _("Give a name, an e-mail or a phone."))
        return data

    def shown(self) -> dict[str, str]:
        """What the form shows before anything is typed, as text, for comparing."""
        return {name: _as_text(self.get_initial_for_field(field, name)) for name, field in self.fields.items()}

    def typed(self) -> dict[str, str]:
        """What came back from the person, as text, for comparing."""
        read = ((name, field.widget.value_from_datadict) for name, field in self.fields.items())
        return {name: clean_line(_as_text(value(self.data, self.files, name))) for name, value in read}

    def words(self, name: str, text: str) -> str:
        """A value of :meth:`shown` as people read it."""
        choices = getattr(self.fields[name].widget, "choices", ())
        named = {str(key): str(label) for key, label in choices}
        return (named.get(text or ("unknown" if "unknown" in named else ""), text) if named else text) or "–"

    def fact_of(self, name: str) -> str:
        """The name under which an event tells of a change of the field ``name``."""
        if name.startswith("attributes."):
            return name
        places = {"company": "company.name", "source": "lead.source"}
        holder = "company" if name in ("industry", "employees", "domain") else "person"
        return places.get(name, f"{holder}.{name}")

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that most people leave alone."""
        first = ("name", "email", "phone", "company", "job_title", "source", "first_action")
        return [self[name] for name in self.fields if name not in first]

    @property
    def folded_has_errors(self) -> bool:
        return any(field.errors for field in self.folded)

    def data_for_lead(self) -> dict[str, Any]:
        """The cleaned values as leads.capture and leads.change take them."""
        data = self.cleaned_data
        person = {name: data.get(name, "") for name in ("name", "email", "phone", "job_title", "country")}
        company = {name: data.get(name) for name in ("industry", "employees", "domain", "country")}
        attributes = {c.code: plain(data.get(f"attributes.{c.code}")) for c in self.custom}
        return {
            "person": person,
            "company": {"name": data.get("company", ""), **company},
            "attributes": attributes,
            "campaign": data.get("campaign", ""),
            "source": data.get("source"),
        }


def _custom_field(custom: CustomField) -> forms.Field:
    types = CustomField.Type
    label = str(custom)
    if custom.type == types.NUMBER:
        return forms.DecimalField(label=label, required=False, max_digits=16, decimal_places=4)
    if custom.type == types.YES_NO:
        return forms.NullBooleanField(label=label, required=False)
    if custom.type == types.DATE:
        return forms.DateField(
            label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        )
    if custom.type == types.CHOICE:
        return forms.ChoiceField(label=label, required=False, choices=[("", "–"), *((c, c) for c in custom.choices)])
    return Line(label=label, required=False, max_length=500)


def _as_text(value: Any) -> str:
    """A value of a field as its control sends it back."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(getattr(value, "pk", value))


def plain(value: Any) -> Any:
    """A cleaned value as JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (bool, int, str)) or value is None else float(value)


class ActionForm(forms.Form):
    """A valuable action of a lead."""

    kind = forms.ModelChoiceField(label=_("What did the lead do?"), queryset=None, empty_label=None)
    occurred_on = forms.DateField(label=_("When"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    note = Lines(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"occurred_on": today}, **kwargs)
        self.fields["kind"].queryset = in_use(ValuableActionKind)
        self.fields["occurred_on"].validators.append(MaxValueValidator(today, _("This day has not come yet.")))


class ActionKindForm(forms.Form):
    """A kind of valuable action: its name in both languages, one of which may be missing, and its points."""

    name_es = Line(label=_("Name in Spanish"), max_length=80, required=False)
    name_en = Line(label=_("Name in English"), max_length=80, required=False)
    points = forms.IntegerField(
        label=_("Points"),
        min_value=0,
        max_value=100,
        help_text=_("Engagement on the day it happens, of 100; with time it fades."),
    )

    def __init__(self, *args: Any, kind: ValuableActionKind | None = None, **kwargs: Any) -> None:
        names = kind.name if kind else {}
        initial = {
            "name_es": names.get("es", ""),
            "name_en": names.get("en", ""),
            "points": kind.points if kind else 20,
        }
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (self.errors or data.get("name_es") or data.get("name_en")):
            self.add_error("name_es", _("Write the name in at least one language."))
        return data

    @property
    def name(self) -> dict[str, str]:
        """The bilingual name, without the language that is missing."""
        found = {"es": self.cleaned_data["name_es"], "en": self.cleaned_data["name_en"]}
        return {language: text for language, text in found.items() if text}


class EvidenceForm(forms.Form):
    """What proves or disproves one criterion."""

    verdict = forms.ChoiceField(
        label=_("Is it so?"),
        choices=[(Verdict.MET, _("Yes, it is met")), (Verdict.NOT_MET, _("No, it is not met"))],
        widget=forms.RadioSelect,
        initial=Verdict.MET,
    )
    value = Line(label=_("What proves it"), max_length=500)
    source = Line(label=_("Who or what says so"), max_length=200, required=False)


class OverrideForm(forms.Form):
    """Why a person knows better than the fact."""

    reason = Line(label=_("Why do you know better?"), max_length=500)
    source = Line(label=_("Who or what says so"), max_length=200, required=False)


class HandOffForm(forms.Form):
    """Where an MQL goes. ``score_reason``: only where the score is below what the agreement asks for."""

    team = forms.ModelChoiceField(label=_("To the queue of"), queryset=None, empty_label=None)
    score_reason = Line(label=_("Why hand it off below the minimum fit score?"), required=False, max_length=500)
    note = Lines(label=_("Note for sales"), required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = sales_teams()


class PersonaForm(forms.Form):
    """By which persona a lead is judged."""

    persona = forms.ModelChoiceField(label=_("Persona"), queryset=PersonaVersion.objects.none(), empty_label=None)


class RejectForm(forms.Form):
    """Why a rep does not take a lead."""

    reason = forms.ModelChoiceField(
        label=_("Why is it not for sales?"), queryset=None, empty_label=None, widget=forms.RadioSelect
    )
    comment = Lines(label=_("Comment for marketing"), required=False, max_length=2000)

    def __init__(self, *args: Any, reasons: QuerySet[RejectionReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = reasons


class AttemptForm(forms.Form):
    """A try to reach the lead."""

    channel = forms.ChoiceField(label=_("How"), choices=ContactChannel.choices, widget=forms.RadioSelect)
    reached = forms.TypedChoiceField(
        label=_("Did you reach a person?"),
        choices=[("1", _("Yes, we talked")), ("0", _("No, not yet"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    happened_at = Moment(label=_("When was it?"), required=False, help_text=_("Leave it empty if it was just now."))
    note = Lines(label=_("Note"), required=False, max_length=2000)


class PauseForm(forms.Form):
    """Why the clock pauses, and until when. ``allowed``: the reasons of the agreement, each with its cap."""

    reason = forms.ChoiceField(label=_("Why does it wait?"), widget=forms.RadioSelect)
    until = Moment(
        label=_("Until when?"), help_text=_("Nights and weekends count; the deadline moves by working time.")
    )
    note = Lines(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, allowed: list[Allowed], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons = {str(each.reason.pk): each.reason for each in allowed}
        self.fields["reason"].choices = [(str(each.reason.pk), pause_words(each)) for each in allowed]

    def clean_reason(self) -> PauseReason:
        return self.reasons[self.cleaned_data["reason"]]


def pause_words(choice: Allowed) -> str:
    """ "Is away, at most 21 days"."""
    if choice.longest < 2 * DAY:
        hours = choice.longest // timedelta(hours=1)
        text = ngettext("{reason}, at most {n} hour", "{reason}, at most {n} hours", hours)
        return text.format(reason=choice.reason, n=hours)
    days = choice.longest // DAY
    return ngettext("{reason}, at most {n} day", "{reason}, at most {n} days", days).format(
        reason=choice.reason, n=days
    )


class WinForm(forms.Form):
    """What a deal is worth."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=14, decimal_places=2)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}


class EndForm(forms.Form):
    """Why a lead ends without a sale. ``kind``: lost or disqualified."""

    reason = forms.ModelChoiceField(label=_("Reason"), queryset=None, empty_label=None, widget=forms.RadioSelect)
    comment = Lines(label=_("Comment"), required=False, max_length=2000)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = in_use(OutcomeReason).filter(kind=kind)


class ReassignForm(forms.Form):
    """Who works on the lead from now on."""

    owner = forms.ChoiceField(label=_("New owner"))
    comment = Lines(label=_("Comment"), required=False, max_length=2000)

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(person.pk): person for person in colleagues}
        self.fields["owner"].choices = [("", _("Choose")), *((pk, p.name) for pk, p in self.colleagues.items())]

    def clean_owner(self) -> User:
        return self.colleagues[self.cleaned_data["owner"]]


class NoteForm(forms.Form):
    """A step that needs no words but may have some."""

    comment = Lines(label=_("Comment"), required=False, max_length=2000)


class UploadForm(forms.Form):
    """A table of new leads. The team is asked for only where there is a choice."""

    file = forms.FileField(
        label=_("File"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,.tsv"}), max_length=None
    )
    team = forms.ModelChoiceField(label=_("Marketing team"), queryset=None, empty_label=None)

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"mb": LARGEST // 1_000_000, "rows": regions.number(MOST_ROWS)}
        self.fields["file"].help_text = _("CSV or Excel (.xlsx), up to %(mb)d MB and %(rows)s rows.") % words
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
    header_row = forms.IntegerField(label=_("Row that names the columns"), min_value=1, max_value=100)
    decimal = forms.ChoiceField(label=_("Decimals are written"), choices=[(".", "1234.5"), (",", "1234,5")])
    day_first = forms.TypedChoiceField(
        label=_("Dates are written"),
        choices=[("1", _("31/12/2026 (day first)")), ("0", _("12/31/2026 (month first)"))],
        coerce=lambda value: value == "1",
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        initial = {**run.reading, "day_first": "1" if run.reading["day_first"] else "0"}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["sheet"].choices = [(name, name) for name in run.reading["sheets"]]
        for name in ("encoding", "delimiter", "decimal") if run.reading["kind"] == "xlsx" else ("sheet",):
            del self.fields[name]


class ColumnsForm(forms.Form):
    """What each column is, and what holds for rows that do not say it."""

    source = forms.ModelChoiceField(label=_("Source of rows that name none"), queryset=None, required=False)
    first_action = forms.ModelChoiceField(
        label=_("What did the leads do?"),
        queryset=None,
        required=False,
        empty_label=_("Nothing yet"),
        help_text=_("For rows that name no valuable action. Without one a lead cannot become an MQL."),
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        super().__init__(*args, initial={"source": run.source_id, "first_action": run.first_action_id}, **kwargs)
        self.fields["source"].queryset, self.fields["source"].empty_label = in_use(Source), _("Not given")
        self.fields["first_action"].queryset = in_use(ValuableActionKind)
        choices = columns.targets(list(in_use(CustomField)))
        self.columns = [f"column_{position}" for position in range(len(run.header))]
        for position, (name, title) in enumerate(zip(self.columns, run.header, strict=True)):
            label = title or _("Column %(number)d") % {"number": position + 1}
            field = forms.ChoiceField(label=label, choices=choices, required=False, initial=run.columns[position])
            self.fields[name] = field
        self.run = run

    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """Each column with its first values."""
        cells = [sample for _number, sample in self.run.sample]
        return [
            (self[name], [row[position] for row in cells if position < len(row) and row[position]][:3])
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
