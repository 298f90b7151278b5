"""The lead page at each stage, as marketing, as the rep and as others: they all agree on what is
next, and a step that is refused comes back in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from leads import handoffs
from leads.models import Handoff, Lead
from leads.states import NextStep
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def later(moment: Moment) -> None:
    """A moment after everything that the factories record."""
    moment.set(when("2026-03-10 10:00"))


def captured(cast: Cast) -> Lead:
    return factories.lead(cast)


def requeued(cast: Cast) -> Handoff:
    handoff = factories.accepted(cast)
    return handoffs.requeue(handoff, by=cast.dora, at=when("2026-03-02 12:00"), cause="by hand")


# The lead, its next step, who has its button, and the stage that the stepper marks.
STATES: list[tuple[Callable[..., Any], str | None, str, str]] = [
    (captured, "qualify", "ana luis", "captured"),
    (factories.mql, "hand_off", "ana luis", "mql"),
    (factories.handed_off, "decide", "bea cruz dora", "handed_off"),
    (factories.accepted, "attempt", "bea dora", "accepted"),
    (requeued, "decide", "bea cruz dora", "handed_off"),
    (factories.contacted, "sql", "bea dora", "contacted"),
    (factories.sql, "opportunity", "bea dora", "sql"),
    (factories.opportunity, "win", "bea dora", "opportunity"),
    (factories.won, None, "", "won"),
    (factories.lost, None, "", "lost"),
    (factories.disqualified, None, "", "disqualified"),
    (factories.rejected, "fix", "ana luis", "returned"),
    (factories.withdrawn, "hand_off", "ana luis", "mql"),
]


def lead_of(made: Any) -> Lead:
    return made if isinstance(made, Lead) else made.lead


@pytest.mark.parametrize(("make", "step", "takers", "stage"), STATES)
def test_step_button_stepper_and_stage_agree(
    cast: Cast,
    signed_in: SignedIn,
    make: Callable[..., Any],
    step: str | None,
    takers: str,
    stage: str,
) -> None:
    lead = lead_of(make(cast))
    for name in ("ana", "luis", "bea", "cruz", "dora", "elsa"):
        page = signed_in(getattr(cast, name)).get(f"/leads/{lead.pk}/")
        if page.status_code == 404:
            assert name not in takers.split()
            continue
        journey = page.context["journey"]
        assert (journey.step, journey.is_own) == (step, name in takers.split())
        assert [mark.stage for mark in journey.marks if mark.state in ("now", "out")] == [stage]
        buttons = head(page)
        assert ("btn-primary" in buttons) == journey.is_own
        if step not in (None, "decide"):
            assert (in_english(journey.step) in buttons) == journey.is_own


def in_english(step: NextStep) -> str:
    """The label in the language of the cast."""
    with override("en"):
        return str(step.label)


def head(page: Any) -> str:
    """The HTML of the buttons beside the name."""
    found = re.search(r'<div class="top-a">(.*?)</div>', page.content.decode(), re.DOTALL)
    assert found
    return found[1]


def test_own_leads_name_the_step_that_the_page_names(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.sql(cast)
    client = signed_in(cast.bea)
    step = client.get(f"/leads/{handoff.lead_id}/").context["journey"].step
    assert in_english(step) in client.get("/mine/").content.decode()


# -- Steps that are refused


def test_sql_without_proof_opens_the_missing_proofs_in_place(
    cast: Cast, signed_in: SignedIn
) -> None:
    handoff = factories.contacted(cast)
    page = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/sql/")
    assert page.status_code == 422
    assert next(each.name for each in page.templates) == "leads/lead.jinja"
    assert set(page.context["refused"].fields) == {"budget", "decides"}
    html = page.content.decode()
    assert html.count('class="is-missing"') == 2
    assert f'action="/leads/{handoff.lead_id}/evidence/budget/fact/"' in html
    assert "Go to my start page" not in html


REFUSED = [
    ("bea", "accepted", "sql", 422),
    ("bea", "accepted", "resume", 409),
]


@pytest.mark.parametrize(("who", "state", "step", "status"), REFUSED)
def test_refused_step_without_a_form_says_why_on_the_lead_page(
    cast: Cast, signed_in: SignedIn, who: str, state: str, step: str, status: int
) -> None:
    handoff = getattr(factories, state)(cast)
    page = signed_in(getattr(cast, who)).post(f"/handoffs/{handoff.pk}/{step}/")
    assert (page.status_code, page.context["lead"]) == (status, handoff.lead)
    assert page.context["refused"].message in page.content.decode()


WRONG = [
    ("accepted", "attempt", {"note": "Busy line"}),
    ("accepted", "pause", {"note": "Busy line"}),
    ("contacted", "disqualify", {"comment": "Busy line"}),
    ("sql", "win", {"amount": "Busy line"}),
    ("sql", "lose", {"comment": "Busy line"}),
    ("accepted", "reassign", {"comment": "Busy line"}),
]


@pytest.mark.parametrize(("state", "step", "typed"), WRONG)
def test_refused_form_comes_back_in_its_place_with_what_was_typed(
    cast: Cast, signed_in: SignedIn, moment: Moment, state: str, step: str, typed: dict[str, str]
) -> None:
    moment.set(when("2026-03-02 12:30"))
    handoff = getattr(factories, state)(cast)
    page = signed_in(cast.dora).post(f"/handoffs/{handoff.pk}/{step}/", typed)
    assert (page.status_code, page.context["failed"]) == (422, step)
    assert "Busy line" in page.content.decode()
    assert page.content.decode().count("data-focus") == 1


def test_refused_rejection_comes_back_with_its_comment(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.handed_off(cast)
    typed = {"comment": "The number does not exist"}
    page = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/reject/", typed)
    assert page.status_code == 422
    assert "The number does not exist" in page.content.decode()


def test_accept_that_a_colleague_was_faster_with_says_so_where_the_lead_is_still_seen(
    cast: Cast, signed_in: SignedIn
) -> None:
    handoff = factories.accepted(cast)
    page = signed_in(cast.dora).post(f"/handoffs/{handoff.pk}/accept/")
    assert (page.status_code, page.context["lead"]) == (409, handoff.lead)
    assert "Bea Quintero" in page.context["refused"].message


def test_marking_as_mql_without_an_action_comes_back_on_the_qualify_page(
    cast: Cast, signed_in: SignedIn
) -> None:
    lead = factories.lead(cast, did=None)
    page = signed_in(cast.ana).post(f"/leads/{lead.pk}/mql/", {"persona": cast.persona.pk})
    assert (page.status_code, page.context["lead"]) == (422, lead)
    assert page.context["refused"] in page.content.decode()
