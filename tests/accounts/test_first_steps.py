"""The card of first steps: it stands on the first page, ticks off by deeds, and goes away."""

from __future__ import annotations

import pytest
from django.test import Client

from crm import first_steps
from crm.accounts.models import User
from crm.audit.models import Entry
from leads import handoffs
from leads.follow_up import attempts
from leads.models import Handoff
from tests import factories
from tests.factories import Cast

pytestmark = pytest.mark.django_db
HOMES = {"ana": "/desk/", "bea": "/queue/", "dora": "/desk/team/", "root": "/setup/"}
CARD = 'id="first-title"'


@pytest.fixture
def newcomers(new_organisation: Cast, moment) -> Cast:
    """The cast on its first day."""
    moment.set("2026-03-03 10:00")
    User.objects.update(first_steps={})
    for person in vars(new_organisation).values():
        if isinstance(person, User):
            person.refresh_from_db()
    return new_organisation


def done(client: Client, path: str) -> list[str]:
    """The keys of the steps that are ticked off."""
    card = client.get(path).context["shell"]["first_steps"]
    return [taken.step.key for taken in card if taken.is_done]


def has_card(client: Client, path: str) -> bool:
    return CARD in client.get(path).content.decode()


@pytest.mark.parametrize("name", HOMES)
def test_card_stands_on_the_first_page_only(newcomers: Cast, signed_in, name: str) -> None:
    client = signed_in(getattr(newcomers, name))
    assert (has_card(client, HOMES[name]), has_card(client, "/preferences/")) == (True, False)
    assert len(client.get(HOMES[name]).context["shell"]["first_steps"]) == 3


def test_marketing_ticks_off_by_logging_qualifying_and_handing_off(
    newcomers: Cast, signed_in
) -> None:
    client = signed_in(newcomers.ana)
    assert done(client, "/desk/") == []
    factories.lead(newcomers)
    assert done(client, "/desk/") == ["log"]
    factories.mql(newcomers)
    assert done(client, "/desk/") == ["log", "qualify"]
    factories.handed_off(newcomers)
    assert not has_card(client, "/leads/")


def test_rep_ticks_off_by_accepting_calling_and_reaching_the_person(
    newcomers: Cast, signed_in
) -> None:
    client = signed_in(newcomers.bea)
    handoff = factories.handed_off(newcomers)
    assert done(client, "/queue/") == []
    handoff = handoffs.accept(handoff, by=newcomers.bea, at=factories.ACCEPTED_AT)
    assert done(client, "/queue/") == ["accept"]
    try_to_reach(handoff, newcomers.bea, reached=False)
    assert done(client, "/queue/") == ["accept", "call"]
    try_to_reach(handoff, newcomers.bea, reached=True)
    assert not has_card(client, "/queue/")


def try_to_reach(handoff: Handoff, by: User, *, reached: bool) -> None:
    outcome = "reached" if reached else "no_answer"
    attempts.record(handoff, "phone", outcome=outcome, by=by, at=factories.CONTACTED_AT)


def test_deed_of_a_colleague_ticks_nothing_off(newcomers: Cast, signed_in) -> None:
    factories.accepted(newcomers, by=newcomers.cruz)
    assert done(signed_in(newcomers.bea), "/queue/") == []


def test_team_lead_ticks_off_by_opening_what_the_card_names(newcomers: Cast, signed_in) -> None:
    client = signed_in(newcomers.dora)
    assert done(client, "/desk/team/") == []
    client.get("/alignment/leads/?show=won")
    client.get("/agreement/")
    assert done(client, "/desk/team/") == ["list", "agreement"]
    client.get("/notices/")
    assert not has_card(client, "/desk/team/")


def test_admin_ticks_off_by_inviting(newcomers: Cast, signed_in) -> None:
    client = signed_in(newcomers.root)
    client.get("/calendars/")
    assert done(client, "/setup/") == ["hours"]
    Entry.objects.create(
        verb="person_invited", subject_type="user", actor=newcomers.root, at=factories.WON_AT
    )
    assert done(client, "/setup/") == ["invite", "hours"]


def test_dismissed_card_is_gone_for_good(newcomers: Cast, signed_in) -> None:
    client = signed_in(newcomers.bea)
    answer = client.post("/first-steps/dismiss/", follow=True)
    assert (answer.request["PATH_INFO"], CARD in answer.content.decode()) == ("/queue/", False)
    assert not has_card(client, "/queue/")
    assert has_card(signed_in(newcomers.cruz), "/queue/")
    assert client.get("/first-steps/dismiss/").status_code == 405


def test_card_that_is_over_asks_nothing(
    newcomers: Cast, signed_in, django_assert_num_queries
) -> None:
    first_steps.dismiss(newcomers.bea, at=factories.WON_AT)
    with django_assert_num_queries(0):
        assert first_steps.card(newcomers.bea, at=factories.WON_AT) == []


def test_past_of_the_demo_is_nobodys_first_steps(newcomers: Cast, signed_in) -> None:
    factories.accepted(newcomers)
    later = "2026-03-03T10:00:00-06:00"
    User.objects.filter(pk=newcomers.bea.pk).update(first_steps={"since": later})
    assert done(signed_in(newcomers.bea), "/queue/") == []
