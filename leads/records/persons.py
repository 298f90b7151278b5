"""Write the contact person of a lead: read what was typed, and change single facts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.lib import countries
from crm.lib.errors import DomainError
from crm.lib.text import clean_line
from leads.models import Person
from leads.records.identity import phones
from leads.records.identity.phones import NoPhone, Phone, Reason
from leads.records.identity.rules import Identity

FIELDS = ("name", "email", "job_title", "country", "language")
PHONE_FIELDS = ("phone", "phone_extension", "phone_typed", "phone_assumed")

NO_PHONE = {
    Reason.PLACEHOLDER: _("This is no phone. Leave the field empty if there is none."),
    Reason.MASKED: _("This phone is masked: its digits are missing. Leave the field empty."),
    Reason.LOST_DIGITS: _("A spreadsheet dropped digits of this phone. Give all of them."),
    Reason.WRONG_LENGTH: _("Too many or too few digits. Begin with + and the country code."),
}

Changes = dict[str, list[Any]]  # old and new value by fact


class NotAPhone(DomainError):
    """The text is no phone; the message says why and what to write instead."""

    code = "not_a_phone"

    def __init__(self, error: NoPhone) -> None:
        message = str(NO_PHONE[error.reason])
        if error.reason == Reason.WRONG_LENGTH and error.country:
            text = _(
                "Too many or too few digits for %(country)s. Begin with + and the country code."
            )
            message = str(text) % {"country": countries.name(error.country)}
        super().__init__(message, fields={"phone": message})


def identity_of(person: Person) -> Identity:
    """Return what a person is known by."""
    return Identity(
        name=person.name,
        email=person.email,
        phone=person.phone,
        extension=person.phone_extension,
    )


def new(data: Mapping[str, Any]) -> Person:
    """Return the unsaved person of a lead to log. Raises NotAPhone."""
    fields = data.get("person", {})
    person = _person(fields)
    country = data.get("company", {}).get("country") or ""
    _set_phone(person, _phone(fields.get("phone") or "", person, country))
    return person


def _person(fields: Mapping[str, Any]) -> Person:
    values = {name: clean_line(fields.get(name) or "") for name in FIELDS}
    # Compared as they are stored: imports and search look for the address in lower case.
    values["email"] = values["email"].lower()
    return Person(**values)


def _phone(text: str, person: Person, company_country: str) -> Phone:
    """Read a phone with the country of person, company or organisation. Raises NotAPhone."""
    given = (person.country, company_country)
    assumed = ""
    if not any(given):
        assumed = people.organisation().country
    try:
        return phones.read(text, countries=given, assumed=assumed)
    except NoPhone as error:
        raise NotAPhone(error) from None


def _set_phone(person: Person, phone: Phone) -> None:
    person.phone = phone.number
    person.phone_extension = phone.extension
    person.phone_typed = phone.typed
    person.phone_assumed = phone.assumed


def change(person: Person, fields: Mapping[str, Any], *, company_country: str) -> Changes:
    """Change the facts that ``fields`` names, and save the person. Raises NotAPhone."""
    cleaned = _person(fields)
    values = {name: getattr(cleaned, name) for name in FIELDS if name in fields}
    changes = _apply(person, values)
    return changes | _change_phone(person, fields, company_country)


def _apply(person: Person, values: Mapping[str, Any]) -> Changes:
    """Set ``values`` on the person and save it; return what changed."""
    changes: Changes = {}
    for name, value in values.items():
        old = getattr(person, name)
        if old != value:
            changes[f"person.{name}"] = [old, value]
            setattr(person, name, value)
    if changes:
        _save(person, *values)
    return changes


def _save(person: Person, *fields: str) -> None:
    # Only what was edited: who asks not to be contacted at the same time keeps the mark.
    person.save(update_fields=fields)


def _change_phone(person: Person, fields: Mapping[str, Any], company_country: str) -> Changes:
    """Change the phone, after the country of the person. Raises NotAPhone.

    A phone that was not edited is read again only if its country was not given before.
    """
    old = _phone_parts(person)
    text = clean_line(fields.get("phone", shown_phone(person)) or "")
    if text not in (shown_phone(person), person.phone, old.full):
        _set_phone(person, _phone(text, person, company_country))
    elif person.phone_assumed or not person.phone.startswith("+"):
        # A stored text that is no phone does not block an edit of something else.
        with suppress(NotAPhone):
            _set_phone(person, _phone(text, person, company_country))
    new = _phone_parts(person)
    if new == old:
        return {}
    _save(person, *PHONE_FIELDS)
    if new.full != old.full:
        return {"person.phone": [old.full, new.full]}
    if new.typed != old.typed:
        return {"person.phone": [old.typed, new.typed]}
    # The number stays, and its country is given now: the change of the country says so.
    return {}


def _phone_parts(person: Person) -> Phone:
    return Phone(
        person.phone,
        person.phone_extension,
        person.phone_typed,
        person.phone_assumed,
    )


def shown_phone(person: Person) -> str:
    """Return the phone as a form shows it: as it was typed, else as it is stored."""
    return person.phone_typed or phones.full(person.phone, person.phone_extension)
