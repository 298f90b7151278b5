"""Facts of the organisation: what is stored is what the audit says."""

from __future__ import annotations

import pytest

from crm.accounts import organisations
from crm.accounts.models import Organisation
from crm.audit.models import Entry
from tests.factories import Cast, when

NOON = when("2026-03-02 12:00")


@pytest.mark.parametrize(
    ("typed", "stored"), [("  Café  Andino ", "Café Andino"), ("Mariposa", "Mariposa")]
)
def test_audit_holds_the_value_as_it_is_stored(cast: Cast, typed: str, stored: str) -> None:
    before = Organisation.objects.get().name
    organisations.change(by=cast.root, at=NOON, name=typed)
    entry = Entry.objects.filter(verb="organisation_changed").latest("id")
    assert Organisation.objects.get().name == stored
    assert entry.payload == {"changes": {"name": [before, stored]}}


def test_value_that_is_equal_once_it_is_cleaned_is_no_change(cast: Cast) -> None:
    name = Organisation.objects.get().name
    organisations.change(by=cast.root, at=NOON, name=f"  {name} ")
    entry = Entry.objects.filter(verb="organisation_changed").latest("id")
    assert entry.payload == {"changes": {}}
