"""The text of a lead that search looks at: Lead.search_text."""

from __future__ import annotations

from crm.lib.text import digits, fold
from leads.models import Company, Person


def search_text(person: Person, company: Company | None, external_id: str = "") -> str:
    """Return the text that search looks at.

    It has the folded name and company, the e-mail, the digits of the phone and the external id.
    """
    company_name = ""
    if company is not None:
        company_name = company.name
    return search_text_of(
        person.name,
        company_name,
        person.email,
        person.phone,
        external_id,
    )


def search_text_of(name: str, company: str, email: str, phone: str, external_id: str) -> str:
    """Return the text of :func:`search_text` from plain data."""
    parts = (fold(name), fold(company), email.lower(), digits(phone), external_id.lower())
    return " ".join(part for part in parts if part)
