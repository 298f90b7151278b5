"""The bodies of leads over the API: what is shown of a lead, and what a request may set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.forms import DateField
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.lib import rest
from crm.lib.catalogue import in_use
from crm.lib.forms import plain
from crm.lib.numbers.fields import NumberField
from crm.lib.text import clean_line
from leads.follow_up import next_steps
from leads.forms.leads import LeadForm
from leads.models import Lead, Source, ValuableActionKind
from leads.records import contact_privacy
from leads.records.identity import emails, phones
from leads.returns import cases, recycling
from leads.states import FollowUp, Stage

# Bounds the work for one body; no organisation has that many fields.
MOST_ATTRIBUTES = 200
MOST_DIGITS = 16  # of a number
ISO_DATE = "%Y-%m-%d"

# -- Answers


class PersonaShown(rest.Answer):
    """The version of a persona that judged."""

    id = serializers.IntegerField()
    slug = serializers.CharField(source="persona.slug")
    number = serializers.IntegerField()


class NextStepShown(rest.Answer):
    """What is to be done next with the lead. ``text``: in a person's words, else empty."""

    kind = serializers.ChoiceField(choices=FollowUp.choices)
    text = serializers.CharField()
    due_at = rest.Moment()
    owner = rest.Named()


class ParkingShown(rest.Answer):
    """Since when and why the lead is parked. ``wakes_at``: null, a new action alone wakes it."""

    parked_at = rest.Moment()
    parked_by = rest.Named()
    reason = serializers.CharField(source="reason.code")
    comment = serializers.CharField()
    wakes_at = rest.Moment(source="wake_at", allow_null=True)


class LeadShown(rest.Answer):
    """A lead. Dates say when it first reached a stage; null: not yet, or not recorded."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(help_text=_("Send it back with a change."))
    stage = serializers.ChoiceField(choices=Stage.choices)
    name = serializers.CharField(source="person.name")
    # Methods, because what is shown depends on the reader (contact_privacy).
    email = serializers.SerializerMethodField(
        help_text=_("Masked while the agreement hides it from sales.")
    )
    phone = serializers.SerializerMethodField(
        help_text=_("Masked while the agreement hides it from sales.")
    )
    phone_extension = serializers.SerializerMethodField()
    phone_typed = serializers.SerializerMethodField(
        help_text=_("The phone as it was typed or imported.")
    )
    phone_assumed_country = serializers.CharField(
        source="person.phone_assumed",
        help_text=_("The country that the number was read with, if nobody gave it."),
    )
    job_title = serializers.CharField(source="person.job_title")
    country = serializers.CharField(source="person.country", help_text=_("Of the person."))
    company = serializers.CharField(source="company.name", default="")
    company_country = serializers.CharField(source="company.country", default="")
    industry = serializers.CharField(source="company.industry", default="")
    employees = serializers.IntegerField(source="company.employees", default=None, allow_null=True)
    domain = serializers.CharField(source="company.domain", default="")
    source = serializers.CharField(source="source.code", default=None, allow_null=True)
    attributes = serializers.DictField(child=serializers.JSONField())
    marketing_team = rest.Named(allow_null=True)
    owner = rest.Named(allow_null=True)
    persona = PersonaShown(source="persona_version", allow_null=True)
    first_seen_on = serializers.DateField()
    mql_on = serializers.DateField(allow_null=True)
    handed_off_on = serializers.DateField(allow_null=True)
    accepted_on = serializers.DateField(allow_null=True)
    contacted_on = serializers.DateField(allow_null=True)
    sql_on = serializers.DateField(allow_null=True)
    opportunity_on = serializers.DateField(allow_null=True)
    won_on = serializers.DateField(allow_null=True)
    lost_on = serializers.DateField(allow_null=True)
    won_amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    external_id = serializers.CharField()
    created_at = rest.Moment()
    no_contact_at = rest.Moment(
        source="person.no_contact_at",
        allow_null=True,
        help_text=_("Since when the person asks not to be contacted; null: may be contacted."),
    )
    next_step = serializers.SerializerMethodField()
    parking = serializers.SerializerMethodField(help_text=_("Of a recycled lead."))
    standing_rejections = serializers.SerializerMethodField(
        help_text=_("How many rejections stand since the lead was last woken.")
    )

    @extend_schema_field(NextStepShown(allow_null=True))
    def get_next_step(self, lead: Lead) -> dict[str, Any] | None:
        step = next_steps.open_of(lead)
        return dict(NextStepShown(step).data) if step else None

    @extend_schema_field(ParkingShown(allow_null=True))
    def get_parking(self, lead: Lead) -> dict[str, Any] | None:
        parking = recycling.parked(lead)
        return dict(ParkingShown(parking).data) if parking else None

    def get_standing_rejections(self, lead: Lead) -> int:
        return cases.standing_rejections().filter(lead=lead).count()

    def get_email(self, lead: Lead) -> str:
        return contact_privacy.email(lead, self.context["user"])

    def get_phone(self, lead: Lead) -> str:
        return contact_privacy.phone(lead, self.context["user"])

    def get_phone_extension(self, lead: Lead) -> str:
        return self._of_phone(lead, lead.person.phone_extension)

    def get_phone_typed(self, lead: Lead) -> str:
        return self._of_phone(lead, lead.person.phone_typed)

    def _of_phone(self, lead: Lead, text: str) -> str:
        if contact_privacy.is_hidden(lead, self.context["user"]):
            return ""
        return text


class KnownLead(rest.Answer):
    """A lead in sight that is the same person, or another one with the same phone."""

    lead = serializers.IntegerField()
    field = serializers.CharField(help_text=_("The field by which it is known."))
    is_same_person = serializers.BooleanField()


class LoggedLead(LeadShown):
    """A lead that was logged. ``known`` is there where a lead in sight is alike."""

    known = KnownLead()


class LeadPage(rest.Answer):
    """Leads, the newest first.

    There is no count: counting a large set costs more than reading it.
    """

    results = LeadShown(many=True)
    next_cursor = serializers.CharField(allow_null=True)


# -- Requests


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Attributes(serializers.Field):
    """Values of the organisation's own fields by code, judged by the same form fields as on the
    page.
    """

    default_error_messages = {
        "unknown": _("There is no such field."),
        "object": _("Give an object."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("object")
        # The page's form: both ways in accept and refuse the same values. Numbers and dates differ:
        # people type them by their region, programs never do.
        form = LeadForm()
        stored = self.context.get("stored", {})
        known = {custom.code for custom in form.custom}
        cleaned: dict[str, Any] = {}
        errors: dict[str, list[Any]] = {}
        for code, value in list(data.items())[:MOST_ATTRIBUTES]:
            if code not in known:
                # A name of a megabyte would come back whole.
                errors[str(code)[:60]] = [self.error_messages["unknown"]]
                continue
            try:
                # What a client sends back as it read it never stands in the way.
                if code in stored and _is_same(stored[code], value):
                    cleaned[code] = stored[code]
                else:
                    cleaned[code] = _clean_attribute(form, code, value)
            except InvalidValue as error:
                errors[code] = [str(text) for text in error.messages]
        if errors:
            raise serializers.ValidationError(errors)
        return cleaned

    def to_representation(self, value: Any) -> Any:
        return value


def _clean_attribute(form: LeadForm, code: str, value: Any) -> Any:
    """Return ``value`` as JSON keeps it, cleaned by the field of the page's form."""
    if isinstance(value, dict | list):
        # Form fields would take the text of a list or an object for the value.
        raise InvalidValue(_("Give one value."))
    field = form.fields[f"attributes.{code}"]
    if isinstance(field, NumberField) and value not in (None, ""):
        return plain(_exact(field, value))
    if isinstance(field, DateField):
        field.input_formats = [ISO_DATE]
    return plain(field.clean(value))


def _is_same(stored: Any, value: Any) -> bool:
    """Return whether both are equal as JSON: for Python true is 1, too."""
    return type(stored) is type(value) and stored == value


def _exact(field: NumberField, value: Any) -> Decimal:
    """Return the number, within the bounds and the decimals of the page's field."""
    number = rest.Number(max_digits=MOST_DIGITS, decimal_places=field.places)
    try:
        return number.run_validation(value)
    except serializers.ValidationError as error:
        raise InvalidValue([str(text) for text in error.detail]) from None


class PastedEmail(rest.Email):
    """An e-mail address; of "Ana <ana@andino.test>" the address alone, as on the page."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str):
            data, _rest = emails.split(clean_line(data))
        return super().to_internal_value(data)


class LeadBody(rest.Body):
    """The fields of a lead that a request may set."""

    name = rest.OptionalLine(max_length=160)
    email = PastedEmail(max_length=254, allow_blank=True, required=False)
    phone = rest.OptionalLine(
        max_length=phones.LONGEST,
        help_text=_("With +, or read with the country of the lead, else of the organisation."),
    )
    job_title = rest.OptionalLine(max_length=120)
    country = rest.Country(allow_blank=True, required=False, help_text=_("Of the person."))
    company = rest.OptionalLine(
        max_length=200,
        help_text=_(
            "Another name moves this lead alone. Other accents or another legal form change the"
            " company for all of its leads, and so do company_country, industry, employees and"
            " domain."
        ),
    )
    company_country = rest.Country(
        allow_blank=True,
        required=False,
        help_text=_("For a new company that names none: the country of the person."),
    )
    industry = rest.OptionalLine(max_length=80)
    employees = rest.Whole(min_value=1, max_value=5_000_000, allow_null=True, required=False)
    domain = rest.OptionalLine(max_length=120)
    source = rest.Code(queryset=in_use(Source), allow_null=True, required=False)
    attributes = Attributes(required=False)


class NewLead(LeadBody):
    """A lead to log; name, e-mail or phone is needed."""

    first_action = rest.Code(
        queryset=in_use(ValuableActionKind),
        allow_null=True,
        required=False,
        help_text=_("What the lead did."),
    )
    campaign = rest.OptionalLine(max_length=120)
    refuse_known = serializers.BooleanField(
        required=False,
        default=False,
        help_text=_("409 with the id of the lead where the same person is one in sight already."),
    )


class LeadChange(LeadBody):
    """What is not given stays as it is."""

    version = rest.Whole(
        # The range of the column; PostgreSQL answers a larger number with an error.
        min_value=1,
        max_value=2**31 - 1,
        help_text=_("The version that you read."),
    )
