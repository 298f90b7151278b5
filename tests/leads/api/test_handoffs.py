"""Handoffs over the API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crm.accounts.models import User
from leads.models import Handoff
from tests import factories
from tests.bench.meter import counting
from tests.conftest import Moment
from tests.factories import Cast


def test_handoff_goes_the_whole_way(cast: Cast, caller: Any) -> None:
    ana, bea, lead = caller(cast.ana), caller(cast.bea), factories.lead(cast)
    status, handoff = ana.post(
        f"leads/{lead.pk}/handoffs/", {"team": cast.sales.pk, "note": "Llamar hoy"}
    )
    assert (status, ana.last["Location"]) == (201, f"/api/v1/handoffs/{handoff['id']}/")
    assert (handoff["state"], handoff["note"], handoff["persona"]["slug"]) == (
        "pending",
        "Llamar hoy",
        "commercial-leader",
    )
    path = f"handoffs/{handoff['id']}/"
    states = [
        bea.post(f"{path}accept/")[1]["state"],
        bea.post(f"{path}contact/", {"channel": "whatsapp", "reached": False})[1]["state"],
        bea.post(f"{path}contact/", {"channel": "phone", "reached": True, "note": "Sí"})[1][
            "state"
        ],
    ]
    assert states == ["accepted", "accepted", "contacted"]
    status, problem = bea.post(f"{path}qualify/")
    assert (status, problem["code"], sorted(problem["fields"])) == (
        422,
        "sql_unproven",
        ["budget", "decides"],
    )
    for code in ("budget", "decides"):
        bea.post(
            f"leads/{lead.pk}/evidence/", {"criterion": code, "verdict": "met", "value": "Dijo"}
        )
    assert bea.post(f"{path}qualify/")[1]["state"] == "sql"
    assert bea.post(f"{path}opportunity/")[1]["state"] == "opportunity"
    status, problem = bea.post(f"{path}win/", {"amount": "0"})
    assert (status, list(problem["fields"])) == (422, ["amount"])
    won = bea.post(f"{path}win/", {"amount": "185000.50"})[1]
    assert (won["state"], won["amount"], won["owner"]["name"]) == (
        "won",
        "185000.50",
        "Bea Quintero",
    )
    assert bea.get(path)[1] == won


@pytest.mark.parametrize(
    ("make", "step", "body"),
    [
        (factories.handed_off, "accept", {}),
        (factories.sql, "opportunity", {}),
        (factories.opportunity, "win", {"amount": "10.00"}),
    ],
)
def test_step_reads_key_and_handoff_once_before_it_acts(
    make: Any, step: str, body: dict[str, Any], cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff, asks = make(cast), caller(cast.bea)
    asks.get(f"handoffs/{handoff.pk}/")
    with counting() as tally:
        assert asks.post(f"handoffs/{handoff.pk}/{step}/", body)[0] == 200
    texts = [sql for sql, _values in tally.statements]
    shared = ('FROM "accounts_membership"', "UPDATE api_key", 'FROM "leads_handoff"')
    assert [part in text for part, text in zip(shared, texts, strict=False)] == [True] * 3
    # The lock of the row, or the conditional UPDATE itself.
    assert re.search(r'FOR NO KEY UPDATE|UPDATE "leads_handoff"|"sla_clock"', texts[3])


def test_clock_reads_in_business_time(cast: Cast, moment: Moment, caller: Any) -> None:
    handoff, asks = factories.handed_off(cast), caller(cast.bea)

    def reading() -> tuple[Any, ...]:
        found = asks.get(f"handoffs/{handoff.pk}/")[1]["clock"]
        return found["status"], found["seconds_left"], found["due_at"], found["opens_at"]

    due = "2026-03-02T18:00:00Z"  # noon in Mexico City
    assert reading() == ("ok", 7200, due, None)
    moment.set("2026-03-02 11:50")
    assert reading() == ("soon", 600, due, None)
    moment.set("2026-03-02 18:00")
    assert reading() == ("late", -5 * 3600, due, "2026-03-03T15:00:00Z")
    factories.handoffs.accept(handoff, by=cast.bea, at=factories.when("2026-03-03 09:00"))
    moment.set("2026-03-03 09:00")
    assert asks.get(f"handoffs/{handoff.pk}/")[1]["clock"]["metric"] == "first_contact"


def test_rejection_needs_a_reason_of_the_agreement(cast: Cast, caller: Any) -> None:
    handoff, asks = factories.handed_off(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/reject/"
    for body, named in (
        ({}, "reason"),
        ({"reason": "mood"}, "reason"),
        ({"reason": "bad_contact_data"}, "comment"),
    ):
        status, problem = asks.post(path, body)
        assert (status, list(problem["fields"])) == (422, [named])
    rejected = asks.post(path, {"reason": "bad_contact_data", "comment": "Número falso"})[1]
    found = rejected["decision"]
    assert (rejected["state"], found["kind"], found["reason"]) == (
        "rejected",
        "reject",
        "bad_contact_data",
    )
    assert (found["reason_class"], found["comment"], found["by"]["name"]) == (
        "clerical",
        "Número falso",
        "Bea Quintero",
    )


def test_lost_race_is_a_conflict_that_names_the_winner(cast: Cast, caller: Any) -> None:
    handoff = factories.handed_off(cast)
    assert caller(cast.cruz).post(f"handoffs/{handoff.pk}/accept/")[0] == 200
    status, problem = caller(cast.bea).post(f"handoffs/{handoff.pk}/accept/")
    assert (status, problem["code"]) == (409, "already_taken")
    assert problem["detail"] == "Cruz Medina was faster and accepted this lead."
    assert (
        caller(cast.bea).post(f"handoffs/{handoff.pk}/reject/", {"reason": "wrong_team"})[0] == 409
    )
    assert caller(cast.ana).post(f"handoffs/{handoff.pk}/withdraw/")[0] == 409


def test_hand_off_names_what_is_missing(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    small = factories.lead(cast, company={"employees": 3})
    status, problem = asks.post(f"leads/{small.pk}/handoffs/", {"team": cast.sales.pk})
    assert (status, problem["code"], list(problem["fields"])) == (422, "not_an_mql", ["size"])
    bare = factories.lead(cast, person={"email": ""})
    status, problem = asks.post(f"leads/{bare.pk}/handoffs/", {"team": cast.sales.pk})
    assert (status, problem["code"], list(problem["fields"])) == (
        422,
        "package_incomplete",
        ["person.email"],
    )
    for team in (cast.marketing.pk, 10**30, "1", True, None):
        status, problem = asks.post(f"leads/{bare.pk}/handoffs/", {"team": team})
        assert (status, list(problem["fields"])) == (422, ["team"])
    whole = factories.lead(cast)
    assert asks.post(f"leads/{whole.pk}/handoffs/", {"team": cast.sales.pk})[0] == 201
    status, problem = asks.post(f"leads/{whole.pk}/handoffs/", {"team": cast.sales.pk})
    assert (status, problem["state"]) == (409, "handed_off")


def test_contact_in_the_past_lies_after_the_acceptance(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff, asks = factories.accepted(cast), caller(cast.bea)
    moment.set("2026-03-02 11:00")
    path, contact = f"handoffs/{handoff.pk}/contact/", {"channel": "phone", "reached": True}
    for wrong in ("2026-03-02T16:19:59Z", "2026-03-02T17:00:01Z"):
        status, problem = asks.post(path, {**contact, "happened_at": wrong})
        assert (status, list(problem["fields"])) == (422, ["happened_at"])
    assert (
        asks.post(path, {**contact, "happened_at": "2026-03-02T10:30:00-06:00"})[1]["contacted_at"]
        == "2026-03-02T16:30:00Z"
    )


def test_queue_order_puts_back_first_then_least_time_left(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    first = factories.handed_off(cast, at=factories.when("2026-03-02 09:40"))
    second = factories.handed_off(cast, at=factories.when("2026-03-02 09:50"))
    third = factories.handed_off(cast)
    factories.handoffs.requeue(
        third, by=cast.dora, at=factories.when("2026-03-02 10:01"), cause="test"
    )
    factories.accepted(cast, by=cast.cruz)
    asks, seen, cursor = caller(cast.bea), [], ""
    while cursor is not None:
        page = asks.get(f"handoffs/?state=pending&order=queue&limit=1&cursor={cursor}")[1]
        seen += [row["id"] for row in page["results"]]
        cursor = page["next_cursor"]
    assert seen == [third.pk, first.pk, second.pk]


def test_list_is_of_a_state_and_mine(cast: Cast, caller: Any) -> None:
    factories.handed_off(cast)
    mine, other = factories.accepted(cast), factories.accepted(cast, by=cast.cruz)
    asks = caller(cast.dora)
    assert {row["id"] for row in asks.get("handoffs/?state=accepted")[1]["results"]} == {
        mine.pk,
        other.pk,
    }
    assert [row["id"] for row in caller(cast.bea).get("handoffs/?mine=true")[1]["results"]] == [
        mine.pk
    ]
    assert len(asks.get("handoffs/")[1]["results"]) == Handoff.objects.count()


def test_clock_pauses_for_a_reason_of_the_agreement_and_resumes(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff, asks = factories.accepted(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/"
    moment.set("2026-03-02 12:00")
    assert [row["code"] for row in asks.get("pause-reasons/")[1]["results"]] == [
        "call_back",
        "document",
    ]
    until = "2026-03-03T16:00:00Z"  # 10 in the morning there
    paused = asks.post(
        f"{path}pause/", {"reason": "document", "until": until, "note": "Firma el martes"}
    )[1]
    assert (paused["clock"]["status"], paused["clock"]["resumes_at"]) == ("paused", until)
    status, problem = asks.post(f"{path}pause/", {"reason": "document", "until": until})
    assert (status, problem["code"]) == (409, "not_pausable")
    moment.set("2026-03-02 13:00")
    resumed = asks.post(f"{path}resume/")[1]
    assert (resumed["clock"]["status"], resumed["clock"]["due_at"]) == (
        "ok",
        "2026-03-02T21:20:00Z",
    )
    assert asks.post(f"{path}resume/")[0] == 409


def test_pause_refuses_by_the_name_of_the_field(cast: Cast, moment: Moment, caller: Any) -> None:
    handoff, asks = factories.accepted(cast), caller(cast.bea)
    moment.set("2026-03-02 12:00")
    for body, named in (
        ({}, ["reason", "until"]),
        ({"reason": "mood", "until": "2026-03-03T16:00:00Z"}, ["reason"]),
        ({"reason": "document", "until": "2026-04-03T16:00:00Z"}, ["until"]),
        ({"reason": "document", "until": "2026-03-01T16:00:00Z"}, ["until"]),
    ):
        status, problem = asks.post(f"handoffs/{handoff.pk}/pause/", body)
        assert (status, sorted(problem["fields"])) == (422, named)


MOMENTS = (
    ("2026-03-02T15:30:00-06:00", "2026-03-02T21:30:00Z"),
    ("2026-03-02T21:30:00Z", "2026-03-02T21:30:00Z"),
    ("2026-03-02T21:30:00.250Z", "2026-03-02T21:30:00.250000Z"),
    ("2026-03-03T03:00:00+05:30", "2026-03-02T21:30:00Z"),
)
NO_MOMENTS = (
    "2026-03-02T15:30:00",
    "2026-03-02T15:30",
    "2026-03-02",
    "2026-03-02 15:30:00-06:00",
    "2026-03-02T15:30:00-06",
    "2026-13-02T15:30:00Z",
    "02/03/2026 15:30",
    "now",
    "",
    1772400000,
    True,
)


@pytest.mark.parametrize(("sent", "instant"), MOMENTS)
def test_moment_is_taken_with_its_offset(
    cast: Cast, moment: Moment, caller: Any, sent: str, instant: str
) -> None:
    handoff, asks = factories.accepted(cast), caller(cast.bea)
    moment.set("2026-03-02 17:00")
    contact = {"channel": "phone", "reached": True, "happened_at": sent}
    status, shown = asks.post(f"handoffs/{handoff.pk}/contact/", contact)
    assert (status, shown["contacted_at"]) == (200, instant)


@pytest.mark.parametrize("sent", NO_MOMENTS)
def test_moment_without_offset_is_refused_by_name(
    cast: Cast, moment: Moment, caller: Any, sent: Any
) -> None:
    handoff, asks = factories.accepted(cast), caller(cast.bea)
    moment.set("2026-03-02 17:00")
    bodies = {
        "contact": {"channel": "phone", "reached": True, "happened_at": sent},
        "pause": {"reason": "document", "until": sent},
    }
    for (step, body), field in zip(bodies.items(), ("happened_at", "until"), strict=True):
        status, problem = asks.post(f"handoffs/{handoff.pk}/{step}/", body)
        assert (status, list(problem["fields"])) == (422, [field])
        if sent != "2026-13-02T15:30:00Z":
            assert "as in 2026-12-03T15:30:00-05:00" in str(problem["fields"][field])
    handoff.refresh_from_db()
    assert (handoff.state, handoff.attempts.count()) == ("accepted", 0)


@pytest.mark.parametrize("sent", ["185,000", "185.000,50", "185000.505", "1e5", True, "185 000"])
def test_won_amount_of_a_program_has_one_form(cast: Cast, caller: Any, sent: Any) -> None:
    handoff, asks = factories.sql(cast), caller(cast.bea)
    User.objects.filter(pk=cast.bea.pk).update(region="es-CO")
    status, problem = asks.post(f"handoffs/{handoff.pk}/win/", {"amount": sent})
    assert (status, list(problem["fields"])) == (422, ["amount"])


@pytest.mark.parametrize(
    ("sent", "amount"), [("185.00", "185.00"), (185000.5, "185000.50"), ("185000", "185000.00")]
)
def test_won_amount_of_a_program_is_read_with_a_point(
    cast: Cast, caller: Any, sent: Any, amount: str
) -> None:
    handoff, asks = factories.sql(cast), caller(cast.bea)
    User.objects.filter(pk=cast.bea.pk).update(region="es-CO")
    assert asks.post(f"handoffs/{handoff.pk}/win/", {"amount": sent})[1]["amount"] == amount
