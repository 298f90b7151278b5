"""Change one fact of a lead: a field edited in place, or the field that a criterion asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.accounts.models import User
from leads.models import Lead
from leads.records import leads

IDENTITY = ("name", "email", "phone")
COMPANY = ("name", "domain", "country", "industry", "employees")


def change(lead: Lead, fact: str, value: Any, *, by: User, at: datetime) -> Lead:
    """Set ``fact`` ("company.employees") to ``value``; all other facts stay as they are.

    Raises ChangedMeanwhile unless ``lead`` is the newest version, and what leads.change raises.
    """
    data = _data_of(lead)
    part, name = fact.split(".", 1)
    if part == "lead":
        data[name] = value
    else:
        data[part][name] = value
    return leads.change(lead, data, by=by, at=at, version=lead.version)


def _data_of(lead: Lead) -> dict[str, Any]:
    """Return what leads.change needs to leave everything as it is."""
    company: dict[str, Any] = {}
    if lead.company is not None:
        company = {name: getattr(lead.company, name) for name in COMPANY}
    return {
        "person": {name: getattr(lead.person, name) for name in IDENTITY},
        "company": company,
        "attributes": {},
        "source": lead.source,
    }
