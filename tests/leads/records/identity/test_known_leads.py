"""The look-up of one person who is logged by hand or over the API."""

from __future__ import annotations

import pytest

from leads.models import Lead
from leads.records.identity import known_leads
from leads.records.identity.rules import Identity
from tests import factories
from tests.factories import Cast

pytestmark = pytest.mark.django_db

EVA = {"name": "Eva Sol", "email": "eva@sol.test", "phone": "+5491123456789", "country": "AR"}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Identity(email="EVA@sol.test"), "person.email"),
        (Identity(name="Eva Sol", phone="+5491123456789"), "person.phone"),
        # Without the 9, which calls within the country do not need.
        (Identity(name="Eva Sol", phone="+541123456789"), "person.phone"),
        (Identity(system="file", external_id="77"), "external_id"),
        (Identity(email="other@sol.test", system="file", external_id="77"), "external_id"),
        (Identity(name="Eva Sol"), None),
        (Identity(name="Eva Sol", email="other@sol.test", phone="+5491100000000"), None),
        (Identity(), None),
    ],
)
def test_one_person_is_found_by_every_field_that_a_row_is_found_by(
    wanted: Identity, field: str | None, cast: Cast
) -> None:
    lead = factories.lead(cast, person=EVA)
    Lead.objects.update(external_system="file", external_id="77")
    match = known_leads.find_one(wanted, user=cast.ana)
    assert match == known_leads.find([wanted], sight=Lead.objects.visible_to(cast.ana))[0]
    assert (match and (match.lead, match.field)) == (field and (lead.pk, field))
