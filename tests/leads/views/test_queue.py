"""The queue shows why marketing handed a lead off."""

from __future__ import annotations

import pytest

from crm.accounts.models import User
from leads import handoffs
from leads.qualification import overrides
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def test_queue_shows_scores_and_why_marketing_knew_better(cast, signed_in):
    User.objects.update(language="en")
    small = factories.lead(cast, company={"employees": 8})
    overrides.override(
        small,
        cast.persona,
        "company-size",
        reason="Abre sucursal",
        by=cast.ana,
        at=factories.HANDED_OFF_AT,
    )
    sent = {
        "team": cast.sales,
        "persona_version": cast.persona,
        "by": cast.ana,
        "at": factories.HANDED_OFF_AT,
    }
    handoff = handoffs.hand_off(small, **sent)
    factories.handed_off(cast)
    answer = signed_in(cast.bea).get("/queue/")
    shown = {row["pk"]: (row["scores"], row["marks"]) for row in answer.context["rows"]}
    assert shown.pop(str(handoff.pk)) == (
        "Fit 50 · engagement 40",
        [("warn", "Overridden: Abre sucursal", True)],
    )
    assert list(shown.values()) == [("Fit 50 · engagement 40", [])]
    page = signed_in(cast.bea).get(f"/leads/{small.pk}/").content.decode()
    assert "“Abre sucursal” · Ana Robles" in page
