"""Where a handoff goes, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import Handoff
from tests import factories
from tests.factories import Cast

# Step, the handoff that it is taken on, who may and who may not, and the kind of its event.
STEPS = [
    ("withdraw", factories.handed_off, "ana", "bea", "withdrawn"),
    ("requeue", factories.accepted, "dora", "bea", "requeued"),
    ("reassign", factories.contacted, "dora", "bea", "reassigned"),
]


@pytest.mark.parametrize(("step", "make", "person", "wrong", "kind"), STEPS)
def test_step_asks_why_and_the_event_keeps_it(
    cast: Cast, moment: Any, caller: Any, step: str, make: Any, person: str, wrong: str, kind: str
) -> None:
    handoff = make(cast)
    path = f"handoffs/{handoff.pk}/{step}/"
    asks = caller(getattr(cast, person))
    body = {"owner": cast.cruz.pk} if step == "reassign" else {}
    assert caller(cast.extra).post(path, body)[0] == 404
    assert caller(getattr(cast, wrong)).post(path, body)[0] == 403
    status, problem = asks.post(path, body)
    assert (status, list(problem["fields"])) == (422, ["comment"])
    assert asks.post(path, body | {"comment": "Se va de viaje"})[0] == 200
    assert handoff.events.get(kind=kind).payload["comment"] == "Se va de viaje"


def test_handoff_goes_to_a_colleague_only(cast: Cast, moment: Any, caller: Any) -> None:
    handoff = factories.contacted(cast)
    path = f"handoffs/{handoff.pk}/reassign/"
    dora = caller(cast.dora)
    status, problem = dora.post(path, {"owner": cast.ana.pk, "comment": "Ayuda"})
    assert (status, list(problem["fields"])) == (422, ["owner"])
    assert dora.post(path, {"owner": cast.cruz.pk, "comment": "Ayuda"})[0] == 200
    assert Handoff.objects.get().owner == cast.cruz


def test_requeue_and_reassign_too_late_are_conflicts(cast: Cast, moment: Any, caller: Any) -> None:
    handoff, dora = factories.won(cast), caller(cast.dora)
    for step in ("requeue", "reassign"):
        status, problem = dora.post(f"handoffs/{handoff.pk}/{step}/", {"comment": "Ayuda"})
        assert (status, problem["code"]) == (409, "moved_on")


# -- Misrouted, and duplicate of


def test_handoff_is_passed_on_to_another_team(cast: Cast, moment: Any, caller: Any) -> None:
    handoff = factories.handed_off(cast)
    path, bea = f"handoffs/{handoff.pk}/misroute/", caller(cast.bea)
    status, problem = bea.post(path, {"team": cast.sales.pk})
    assert (status, problem["code"], list(problem["fields"])) == (422, "wrong_team", ["team"])
    status, shown = bea.post(path, {"team": cast.other_sales.pk, "comment": "Del sur"})
    assert (status, shown["state"], shown["decision"]["kind"]) == (200, "misrouted", "misroute")
    assert Handoff.objects.get(cycle=2).team == cast.other_sales
    status, problem = caller(cast.cruz).post(path, {})
    assert (status, problem["code"], problem["state"]) == (409, "already_taken", "misrouted")


def test_duplicate_is_picked_in_sight_only(cast: Cast, moment: Any, caller: Any) -> None:
    seen, unseen = factories.accepted(cast), factories.accepted(cast, by=cast.cruz)
    handoff, bea = factories.handed_off(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/duplicate/"
    for original in (unseen.lead_id, 10**30):
        status, problem = bea.post(path, {"original": original})
        assert (status, list(problem["fields"])) == (422, ["original"])
    status, problem = bea.post(path, {})
    assert (status, list(problem["fields"])) == (422, ["original", "comment"])
    status, shown = bea.post(path, {"original": seen.lead_id})
    assert (status, shown["state"], shown["lead"]["id"]) == (200, "duplicate", handoff.lead_id)


def test_marketing_links_and_takes_back(cast: Cast, moment: Any, caller: Any) -> None:
    known, handoff = factories.accepted(cast), factories.rejected(cast)
    path, ana = f"handoffs/{handoff.pk}/", caller(cast.ana)
    body = {"original": known.lead_id}
    assert caller(cast.bea).post(f"{path}link/", body)[0] == 403
    assert ana.post(f"{path}link/", body)[0] == 200
    assert handoff.returns.get().state == "duplicate"
    assert ana.post(f"{path}link/", body)[0] == 409
    assert ana.post(f"{path}take-up/")[0] == 200
    assert handoff.returns.get().state == "open"
