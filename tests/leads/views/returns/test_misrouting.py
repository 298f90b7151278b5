"""The page on which a rep says that a handoff is for another team."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from leads.models import Handoff, Return
from leads.returns import misrouting
from tests import factories
from tests.factories import ACCEPTED_AT, Cast
from tests.leads.returns.rows import rep_of_other_sales

pytestmark = pytest.mark.usefixtures("moment")

SignedIn = Callable[..., Client]


def address(handoff: Handoff) -> str:
    return f"/handoffs/{handoff.pk}/misroute/"


def test_queue_and_lead_page_lead_there_behind_one_more(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.handed_off(cast)
    client = signed_in(cast.bea)
    queue = client.get("/queue/").content.decode()
    lead = client.get(f"/leads/{handoff.lead_id}/").content.decode()
    for page in (queue, lead):
        more = page.split('<details class="fold more">')[1].split("</details>")[0]
        assert f'data-key="w" href="{address(handoff)}' in more
        assert f'data-key="d" href="/handoffs/{handoff.pk}/duplicate/' in more


def test_rep_passes_it_on_and_may_undo(cast: Cast, signed_in: SignedIn) -> None:
    handoff, client = factories.handed_off(cast), signed_in(cast.bea)
    choices = client.get(address(handoff)).context["form"].fields["team"].choices
    assert [str(name) for key, name in choices if key.isdigit()] == [
        "Ventas Sur",
    ]
    typed = {"team": cast.other_sales.pk, "comment": "Del sur"}
    answer = client.post(address(handoff), typed, follow=True)
    assert f"/handoffs/{handoff.pk}/undo/" in answer.content.decode()
    assert "is in the queue of Ventas Sur now" in answer.content.decode()
    assert Handoff.objects.get(cycle=2).team == cast.other_sales
    client.post(f"/handoffs/{handoff.pk}/undo/")
    states = Handoff.objects.order_by("cycle").values_list("state", flat=True)
    assert list(states) == ["pending", "withdrawn"]
    # The pending one is what everybody sees.
    page = signed_in(cast.ana).get(f"/leads/{handoff.lead_id}/")
    assert page.context["handoff"].pk == handoff.pk


def test_team_is_asked_for_and_the_comment_stays(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.handed_off(cast)
    answer = signed_in(cast.bea).post(address(handoff), {"comment": "Del sur"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["team"])
    assert "Del sur</textarea>" in answer.content.decode()


def test_second_time_no_team_is_asked_for(cast: Cast, signed_in: SignedIn) -> None:
    rep = rep_of_other_sales(cast)
    first = factories.handed_off(cast)
    following = misrouting.misroute(first, cast.other_sales, by=cast.bea, at=ACCEPTED_AT)
    assert following is not None
    client = signed_in(rep)
    assert "misrouted once before" in client.get(address(following)).content.decode()
    client.post(address(following), {"comment": "Tampoco"})
    assert Return.objects.get().handoff_id == following.pk
    # Marketing reads on the lead page why it is back.
    page = signed_in(cast.ana).get(f"/leads/{first.lead_id}/").content.decode()
    assert "It is misrouted for the second time." in page
    assert "Tampoco" in page


WRONG = [("extra", 404), ("ana", 403), ("elsa", 403)]


@pytest.mark.parametrize(("person", "status"), WRONG)
@pytest.mark.parametrize("step", ["misroute", "duplicate"])
def test_only_the_team_of_the_queue_decides(
    cast: Cast, signed_in: SignedIn, person: str, status: int, step: str
) -> None:
    handoff = factories.handed_off(cast)
    client = signed_in(getattr(cast, person))
    path = f"/handoffs/{handoff.pk}/{step}/"
    assert (client.get(path).status_code, client.post(path).status_code) == (status, status)


@pytest.mark.parametrize("step", ["misroute", "duplicate"])
def test_slower_rep_is_told_who_was_faster(cast: Cast, signed_in: SignedIn, step: str) -> None:
    handoff = factories.accepted(cast, by=cast.cruz)
    answer = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/{step}/", {"comment": "Del sur"})
    assert (answer.status_code, "Cruz Medina" in answer.content.decode()) == (409, True)
