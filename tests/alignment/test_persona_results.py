"""The page that sets personas side by side with the stages of their leads."""

from __future__ import annotations

import pytest

from personas.models import Persona
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


@pytest.fixture
def persona(cast) -> Persona:
    return cast.persona.persona


def test_results_count_what_became_of_each_personas_leads(cast, signed_in, persona):
    factories.lead(cast)
    factories.contacted(cast)
    refused = factories.handed_off(cast)
    signed_in(cast.bea).post(
        f"/handoffs/{refused.pk}/reject/", {"reason": factories.rejection().pk}
    )
    page = signed_in(cast.ana).get("/personas/results/")
    found = {line.persona: line.group for line in page.context["results"]}
    mine = found[persona]
    assert (mine.leads, mine.mql, mine.handed_off, mine.accepted, mine.refused, mine.won) == (
        2,
        2,
        2,
        1,
        1,
        0,
    )
    assert (found[None].leads, found[None].mql) == (1, 0)
    assert page.context["results"][0].too_few is True


def test_result_opens_the_list_that_counts_to_it(cast, signed_in):
    factories.lead(cast)
    refused = factories.handed_off(cast)
    signed_in(cast.bea).post(
        f"/handoffs/{refused.pk}/reject/", {"reason": factories.rejection().pk}
    )
    client = signed_in(cast.ana)
    for line in client.get("/personas/results/").context["results"]:
        for name in ("leads", "mql", "accepted", "refused", "sql", "won"):
            assert client.get(line.to[name]).context["listing"].count == getattr(
                line.group, name
            ), name


def test_list_of_an_unknown_persona_is_refused(cast, signed_in):
    page = signed_in(cast.ana).get("/alignment/leads/", {"show": "leads", "persona": "999"})
    assert page.status_code == 400
