"""The form that logs and edits a lead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.catalogue import in_use
from crm.lib.countries import choices as country_choices
from crm.lib.forms import Line, plain
from crm.lib.text import clean_line
from leads.models import CustomField, Lead, Source, ValuableActionKind


class LeadForm(forms.Form):
    """Quick log and edit of a lead: six fields, the rest folded away."""

    name = Line(label=_("Name"), max_length=160, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    phone = Line(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    company = Line(label=_("Company"), max_length=200, required=False)
    job_title = Line(label=_("Job title"), max_length=120, required=False)
    source = forms.ModelChoiceField(
        label=_("Source"), queryset=None, required=False, empty_label=_("Not given")
    )
    first_action = forms.ModelChoiceField(
        label=_("What did the lead do?"),
        queryset=None,
        required=False,
        empty_label=_("Nothing yet"),
        help_text=_("Without a valuable action a lead cannot become an MQL."),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    industry = Line(label=_("Industry"), max_length=80, required=False)
    employees = forms.IntegerField(
        label=_("Employees"), required=False, min_value=1, max_value=5_000_000
    )
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
        values = {
            name: getattr(person, name)
            for name in ("name", "email", "phone", "job_title", "country")
        }
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
        return {
            name: _as_text(self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
        }

    def typed(self) -> dict[str, str]:
        """What came back from the person, as text, for comparing."""
        read = ((name, field.widget.value_from_datadict) for name, field in self.fields.items())
        return {
            name: clean_line(_as_text(value(self.data, self.files, name))) for name, value in read
        }

    def value_text(self, name: str, text: str) -> str:
        """A value of :meth:`shown` as people read it."""
        choices = getattr(self.fields[name].widget, "choices", ())
        named = {str(key): str(label) for key, label in choices}
        return (
            named.get(text or ("unknown" if "unknown" in named else ""), text) if named else text
        ) or "–"

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
        person = {
            name: data.get(name, "") for name in ("name", "email", "phone", "job_title", "country")
        }
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
            label=label,
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )
    if custom.type == types.CHOICE:
        return forms.ChoiceField(
            label=label, required=False, choices=[("", "–"), *custom.form_choices()]
        )
    return Line(label=label, required=False, max_length=500)


def _as_text(value: Any) -> str:
    """A value of a field as its control sends it back."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(getattr(value, "pk", value))
