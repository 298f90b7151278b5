"""The form that logs and edits a lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.lib.catalogue import in_use
from crm.lib.forms import Country, Line, SharedFields, plain
from crm.lib.numbers.fields import NumberField, WholeField
from crm.lib.text import clean_line
from leads.models import CustomField, Lead, Source, ValuableActionKind
from leads.records import companies, custom_fields
from leads.records.identity import emails, phones
from leads.records.persons import shown_phone

# No language: the form does not ask for it, and leads.change keeps facts that are not named.
PERSON = ("name", "email", "phone", "job_title", "country")
COMPANY = ("industry", "employees", "domain")
COMPANY_COUNTRY = "company_country"
FIRST_TOUCH = ("first_action", "campaign")
ALWAYS_SHOWN = ("name", "email", "phone", "company", "job_title", "source", "first_action")
# The prefix of a custom field's name in the form, and of the fact that criteria judge.
ATTRIBUTE = "attributes."
UNKNOWN = "unknown"
LARGEST_NUMBER = 10**12  # of a custom field


class Email(forms.EmailField):
    """An e-mail address; of what people paste, "Ana <ana@andino.test>", the address alone.

    ``note`` names the other addresses, which are not taken.
    """

    note = ""
    # A browser would refuse what is read here before it is sent.
    widget = forms.TextInput(attrs={"type": "text", "inputmode": "email"})

    def to_python(self, value: Any) -> str:
        address, rest = emails.split(clean_line(str(value or "")))
        self.note = ""
        if rest:
            text = gettext("One e-mail is kept: %(taken)s. Left out: %(rest)s.")
            self.note = text % {"taken": address, "rest": rest}
        return address


class LeadForm(forms.Form):
    """A lead to log or to edit: a few fields, the others folded away."""

    name = Line(
        label=_("Name"),
        max_length=160,
        required=False,
    )
    email = Email(
        label=_("E-mail"),
        max_length=254,
        required=False,
    )
    phone = Line(
        label=_("Phone"),
        max_length=phones.LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    company = Line(
        label=_("Company"),
        max_length=200,
        required=False,
    )
    job_title = Line(
        label=_("Job title"),
        max_length=120,
        required=False,
    )
    source = forms.ModelChoiceField(
        label=_("Source"),
        queryset=in_use(Source),
        required=False,
        empty_label=_("Not given"),
    )
    first_action = forms.ModelChoiceField(
        label=_("What did the lead do?"),
        queryset=in_use(ValuableActionKind),
        required=False,
        empty_label=_("Nothing yet"),
        help_text=_("Without a valuable action a lead cannot become an MQL."),
    )
    country = Country(
        label=_("Country"),
        required=False,
        help_text=_("Where the person is."),
    )
    company_country = Country(
        label=_("Company's country"),
        required=False,
        # A new company needs a country: its name alone does not identify it.
        help_text=_("If not given, the country of the person."),
    )
    industry = Line(
        label=_("Industry"),
        max_length=80,
        required=False,
    )
    employees = WholeField(
        label=_("Employees"),
        required=False,
        min_value=1,
        # The same limit as in imports (parsers.MOST_PEOPLE).
        max_value=5_000_000,
    )
    domain = Line(
        label=_("Website"),
        max_length=120,
        required=False,
    )
    campaign = Line(
        label=_("Campaign"),
        max_length=120,
        required=False,
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, lead: Lead | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("initial", _values_of(lead))
        reads_new_lead = lead is None and data is not None
        if reads_new_lead:
            self.base_fields = SharedFields(self.base_fields)
        super().__init__(data, **kwargs)
        # A lead of an import may have nothing else to know it by.
        self.has_external_id = bool(lead and lead.external_id)
        self.employer = lead.company if lead else None
        # One types at once; after an error the summary takes the focus.
        if lead is None and not self.is_bound:
            self.fields["name"].widget.attrs["autofocus"] = True
        if self.employer is not None:
            self.fields[COMPANY_COUNTRY].help_text = ""
        if lead is not None:
            # The first touch never changes (rule of the domain).
            for name in FIRST_TOUCH:
                del self.fields[name]
        self.custom: tuple[CustomField, ...] = ()
        self.has_custom = False
        # Where none is answered, the form needs them only to be drawn.
        if not (reads_new_lead and self._has_no_answers()):
            self._add_custom()

    def _has_no_answers(self) -> bool:
        """Return whether nothing was typed or chosen in a custom field."""
        return not any(value for name, value in self.data.items() if name.startswith(ATTRIBUTE))

    def _add_custom(self) -> None:
        if self.has_custom:
            return
        self.has_custom = True
        self.custom = custom_fields.in_use()
        for custom in self.custom:
            self.fields[ATTRIBUTE + custom.code] = field_for(custom)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        identity = data.get("name") or data.get("email") or data.get("phone")
        if not (self.errors or self.has_external_id or identity):
            self.add_error("name", _("Give a name, an e-mail or a phone."))
        if not self.errors:
            try:
                companies.check_named(self._company_data())
            except companies.NoCompanyName as error:
                self.add_error("company", str(error.message))
        return data

    # -- Comparing what two people changed

    def shown(self) -> dict[str, str]:
        """Return what the form shows before a person types, as text."""
        texts = {}
        for name, field in self.fields.items():
            initial = self.get_initial_for_field(field, name)
            texts[name] = as_text(field.prepare_value(initial))
        return texts

    def typed(self) -> dict[str, str]:
        """Return what the person sent, as text."""
        texts = {}
        for name, field in self.fields.items():
            # Not the cleaned values: an invalid form has none for some fields, and all are
            # compared.
            value = field.widget.value_from_datadict(self.data, self.files, name)
            texts[name] = clean_line(as_text(value))
        return texts

    def value_text(self, name: str, text: str) -> str:
        """Return a text of :meth:`shown` as people read it: the label of a choice, or a dash."""
        choices = getattr(self.fields[name].widget, "choices", ())
        labels = {str(key): str(label) for key, label in choices}
        # An unanswered yes-no field sends nothing, and its choice is "unknown".
        if not text and UNKNOWN in labels:
            text = UNKNOWN
        return labels.get(text, text) or "–"

    def fact_of(self, name: str) -> str:
        """Return the name under which events record a change of the field ``name``."""
        if name == "company":
            return "company.name"
        if name == "source":
            return "lead.source"
        if name.startswith(ATTRIBUTE):
            return name
        if name == COMPANY_COUNTRY:
            return "company.country"
        if name in COMPANY:
            return f"company.{name}"
        return f"person.{name}"

    # -- What templates and views read

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that few people fill in, without those of the company."""
        self._add_custom()
        shown = {*ALWAYS_SHOWN, *COMPANY, COMPANY_COUNTRY}
        return [self[name] for name in self.fields if name not in shown]

    @property
    def of_company(self) -> list[forms.BoundField]:
        """The facts of the company besides its name."""
        return [self[name] for name in (COMPANY_COUNTRY, *COMPANY)]

    @property
    def folded_has_errors(self) -> bool:
        return any(field.errors for field in (*self.folded, *self.of_company))

    def data_for_lead(self) -> dict[str, Any]:
        """Return the cleaned values as leads.capture and leads.change take them."""
        data = self.cleaned_data
        attributes = {}
        for custom in self.custom:
            attributes[custom.code] = plain(data.get(ATTRIBUTE + custom.code))
        return {
            "person": {name: data.get(name, "") for name in PERSON},
            "company": self._company_data(),
            "attributes": attributes,
            "campaign": data.get("campaign", ""),
            "source": data.get("source"),
        }

    def _company_data(self) -> dict[str, Any]:
        data = self.cleaned_data
        name = data.get("company", "")
        company = {fact: data.get(fact) for fact in COMPANY}
        company["country"] = data.get(COMPANY_COUNTRY, "")
        if self.employer is not None:
            if companies.same_name(self.employer, name):
                return {**company, "name": name}
            # The lead moves to another company. What the form showed of the old one says nothing of
            # the new one; only what was typed does.
            typed = set(self.changed_data)
            company = {fact: company[fact] for fact in COMPANY if fact in typed}
            if COMPANY_COUNTRY in typed:
                company["country"] = data.get(COMPANY_COUNTRY, "")
        company["country"] = company.get("country") or data.get("country", "")
        return {**company, "name": name}


def _values_of(lead: Lead | None) -> dict[str, Any]:
    """Return the initial values of the form; none for a new lead."""
    if lead is None:
        return {}
    values: dict[str, Any] = {name: getattr(lead.person, name) for name in PERSON}
    values["phone"] = shown_phone(lead.person)
    values["source"] = lead.source
    values["company"] = ""
    if lead.company is not None:
        values["company"] = lead.company.name
        values[COMPANY_COUNTRY] = lead.company.country
        for name in COMPANY:
            values[name] = getattr(lead.company, name)
    for code, value in lead.attributes.items():
        values[ATTRIBUTE + code] = value
    return values


def field_for(custom: CustomField) -> forms.Field:
    """Return the form field of a custom field."""
    types = CustomField.Type
    label = str(custom)
    if custom.type == types.NUMBER:
        return NumberField(
            label=label,
            required=False,
            min_value=-LARGEST_NUMBER,
            max_value=LARGEST_NUMBER,
        )
    if custom.type == types.YES_NO:
        return forms.NullBooleanField(label=label, required=False)
    if custom.type == types.DATE:
        return forms.DateField(
            label=label,
            required=False,
            # A date control takes ISO alone; Django would write the date by the language.
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )
    if custom.type == types.CHOICE:
        return forms.ChoiceField(
            label=label,
            required=False,
            choices=[("", "–"), *custom.form_choices()],
        )
    return Line(
        label=label,
        required=False,
        max_length=500,
    )


def as_text(value: Any) -> str:
    """Return a value of a field as its control sends it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        # NullBooleanSelect sends "true" and "false".
        return str(value).lower()
    # The source is a row, and its control sends the id.
    return str(getattr(value, "pk", value))
