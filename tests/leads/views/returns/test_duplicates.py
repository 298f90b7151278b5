"""The page on which a lead is called a duplicate of another one, and linked by marketing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.models import Handoff, Lead, Return
from leads.returns import duplicates
from tests import factories
from tests.factories import ACCEPTED_AT, Cast

pytestmark = pytest.mark.usefixtures("moment")

SignedIn = Callable[..., Client]


@pytest.fixture
def known(cast: Cast) -> Lead:
    """A lead that Bea works on."""
    return factories.accepted(cast, person={"name": "Inés Lara"}).lead


@pytest.fixture
def unseen(cast: Cast) -> Lead:
    """A lead of Cruz with the same name, which Bea does not see."""
    return factories.accepted(cast, by=cast.cruz, person={"name": "Inés Lara"}).lead


@pytest.fixture
def again(cast: Cast, known: Lead, unseen: Lead) -> Handoff:
    return factories.handed_off(cast, person={"name": "Inés Lara"})


def address(handoff: Handoff) -> str:
    return f"/handoffs/{handoff.pk}/duplicate/"


def offered(answer: object) -> list[int]:
    return [lead.pk for lead in answer.context["offered"]]  # type: ignore[attr-defined]


def test_leads_that_are_alike_and_in_sight_are_offered(
    cast: Cast, signed_in: SignedIn, known: Lead, again: Handoff
) -> None:
    factories.handed_off(cast, person={"name": "Otra Persona"})
    assert offered(signed_in(cast.bea).get(address(again))) == [known.pk]


def test_search_finds_others_and_keeps_what_was_typed(
    cast: Cast, signed_in: SignedIn, known: Lead, again: Handoff
) -> None:
    other = factories.handed_off(cast, person={"name": "Otra Persona"}).lead
    client = signed_in(cast.bea)
    typed = {"search": "1", "q": "Otra Pers", "comment": "La de enero"}
    answer = client.post(address(again), typed)
    assert (answer.status_code, offered(answer)) == (200, [other.pk])
    assert "La de enero</textarea>" in answer.content.decode()
    assert Handoff.objects.get(pk=again.pk).is_pending


def test_rep_marks_it_and_may_undo(
    cast: Cast, signed_in: SignedIn, known: Lead, again: Handoff
) -> None:
    client = signed_in(cast.bea)
    answer = client.post(address(again), {"original": known.pk}, follow=True)
    assert f"/handoffs/{again.pk}/undo/" in answer.content.decode()
    page = client.get(f"/leads/{again.lead_id}/").content.decode()
    assert f'href="/leads/{known.pk}/' in page.split('id="return"')[1]
    client.post(f"/handoffs/{again.pk}/undo/")
    assert Handoff.objects.get(pk=again.pk).is_pending


def test_lead_out_of_sight_cannot_be_picked(
    cast: Cast, signed_in: SignedIn, unseen: Lead, again: Handoff
) -> None:
    client = signed_in(cast.bea)
    for pk in (unseen.pk, 10**30):
        answer = client.post(address(again), {"original": pk, "comment": "La de enero"})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["original"])
        assert "La de enero</textarea>" in answer.content.decode()
    assert Handoff.objects.get(pk=again.pk).is_pending


def test_neither_picked_nor_described_is_refused(
    cast: Cast, signed_in: SignedIn, again: Handoff
) -> None:
    answer = signed_in(cast.bea).post(address(again), {"comment": " "})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["original", "comment"]


def test_marketing_links_what_a_rep_described(
    cast: Cast, signed_in: SignedIn, unseen: Lead, again: Handoff
) -> None:
    duplicates.mark(again, None, by=cast.bea, at=ACCEPTED_AT, comment="La de Cruz")
    client = signed_in(cast.ana)
    page = client.get(f"/leads/{again.lead_id}/").content.decode()
    link = f"/handoffs/{again.pk}/link/"
    assert link in page.split('id="return"')[1]
    assert unseen.pk in offered(client.get(link))
    empty = client.post(link, {})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["original"])
    assert client.post(link, {"original": unseen.pk}).status_code == 302
    assert client.post(link, {"original": unseen.pk}).status_code == 409
    assert Return.objects.get().original == unseen
    # Marketing may take it back.
    page = client.get(f"/leads/{again.lead_id}/").content.decode()
    assert f'href="/leads/{unseen.pk}/' in page.split('id="return"')[1]
    client.post(f"/handoffs/{again.pk}/take-up/")
    assert (Return.objects.get().state, Return.objects.get().original) == ("open", None)


def test_reader_who_does_not_see_the_other_lead_is_not_told_its_name(
    cast: Cast, signed_in: SignedIn, unseen: Lead, again: Handoff
) -> None:
    duplicates.mark(again, None, by=cast.bea, at=ACCEPTED_AT, comment="La de Cruz")
    duplicates.link(Handoff.objects.get(pk=again.pk), unseen, by=cast.ana, at=ACCEPTED_AT)
    page = signed_in(cast.bea).get(f"/leads/{again.lead_id}/").content.decode()
    panel = page.split('id="return"')[1].split("</section>")[0]
    assert "A lead that you do not see" in panel
    assert f"/leads/{unseen.pk}/" not in page


@pytest.mark.parametrize("leads", [1, 6])
def test_page_needs_the_same_queries_however_many_are_alike(
    cast: Cast, signed_in: SignedIn, leads: int
) -> None:
    for _number in range(leads):
        factories.accepted(cast, person={"name": "Inés Lara"})
    handoff, client = factories.handed_off(cast, person={"name": "Inés Lara"}), signed_in(cast.bea)
    client.get(address(handoff))
    with CaptureQueriesContext(connection) as queries:
        assert len(offered(client.get(address(handoff)))) == leads
    assert len(queries) == 6
