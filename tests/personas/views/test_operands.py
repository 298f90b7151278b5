"""Operands of criteria that are numbers, on the page of a draft: read by the region."""

from __future__ import annotations

import pytest

from crm.accounts.models import User
from personas import drafts
from personas.models import Persona, PersonaVersion
from tests import factories
from tests.personas.views.test_personas import path, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


@pytest.fixture
def persona(cast) -> Persona:
    return cast.persona.persona


@pytest.fixture
def draft(cast, persona) -> PersonaVersion:
    return drafts.start(persona, by=cast.luis, at=factories.HANDED_OFF_AT)


# The operand as typed -> the operand as it is stored; None: the question.
OPERANDS = (
    ("es-CO", "company.employees", "50.000", 50_000),
    ("es-MX", "company.employees", "50.000", 50_000),
    ("en-US", "company.employees", "50.000", 50_000),
    ("es-CO", "attributes.budget", "50.000", 50_000),
    ("es-CO", "attributes.budget", "0,5", 0.5),
    ("es-MX", "attributes.budget", "50,000", 50_000),
    ("es-MX", "attributes.budget", "50.000", None),
    ("en-US", "attributes.budget", "50.000", None),
)


@pytest.mark.parametrize(("region", "field", "typed", "operand"), OPERANDS)
def test_operand_is_read_by_the_region(
    cast, signed_in, persona, draft, region, field, typed, operand
):
    User.objects.filter(pk=cast.luis.pk).update(region=region, language="en")
    client = signed_in(cast.luis)
    data = shown(client, persona)
    question = {"field": field, "operator": "at_least", "operand": typed}
    data |= {f"criteria-0-{part}": value for part, value in question.items()}
    answer = client.post(path(persona, "edit/"), data)
    if operand is None:
        assert answer.status_code == 422
        assert answer.context["form"].errors == {
            "criteria-0-operand": ["50000 or 50? Write one of the two."]
        }
        return
    assert draft.criteria.get(code=data["criteria-0-code"]).operand == operand
    # Drawn again, it says the same.
    again = client.post(path(persona, "edit/"), shown(client, persona))
    assert again.status_code == 302
    assert draft.criteria.get(code=data["criteria-0-code"]).operand == operand
