"""Message templates over the API, filled in for the lead of a handoff."""

from __future__ import annotations

from typing import Any

from leads.follow_up import templates
from leads.models import Person
from tests import factories
from tests.factories import ACCEPTED_AT, Cast


def test_template_is_filled_in_for_who_works_on_the_lead(cast: Cast, caller: Any) -> None:
    handoff = factories.accepted(cast, person={"name": "Eva Ríos", "phone": "+52 55 4000 1234"})
    made = templates.create(
        cast.sales,
        channel="whatsapp",
        language="es",
        name="Saludo",
        subject="",
        body="Hola {first_name}",
        by=cast.dora,
        at=ACCEPTED_AT,
    )
    path = f"handoffs/{handoff.pk}/messages/"
    assert caller(cast.bea).get(path)[1]["results"] == [
        {
            "template": made.pk,
            "channel": "whatsapp",
            "language": "es",
            "name": "Saludo",
            "url": "https://wa.me/525540001234?text=Hola%20Eva",
        }
    ]
    assert [caller(who).get(path)[0] for who in (cast.ana, cast.cruz)] == [403, 404]
    # Nobody writes to a person who asked not to be contacted.
    Person.objects.filter(pk=handoff.lead.person_id).update(no_contact_at=ACCEPTED_AT)
    assert caller(cast.bea).get(path)[1]["results"] == []
