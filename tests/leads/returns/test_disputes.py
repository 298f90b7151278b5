"""Marketing contests a rejection, or it was one too many: the arbiter decides by a deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from crm import invariants, tasks
from crm.accounts import leaves
from crm.accounts.models import User
from crm.lib.errors import Conflict
from crm.notifications.models import Message
from leads import handoffs, permissions
from leads.conflicts import MovedOn, WithArbiter
from leads.handoffs import undo
from leads.models import Decision, Dispute, Handoff, Lead, Return
from leads.records import archiving
from leads.returns import cases, disputes, recycling, returns
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

NOON = when("2026-03-02 12:00")
LATER = when("2026-03-03 10:00")


def contested(cast: Cast) -> Handoff:
    """A rejection of Bea's that Ana contests at noon."""
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple el perfil", by=cast.ana, at=NOON)
    return handoff


def rejected_twice(cast: Cast) -> Handoff:
    """The second rejection of a lead, by Cruz, which is one too many."""
    first = factories.rejected(cast)
    again = factories.handed_off(cast, of=Lead.objects.get(pk=first.lead_id), at=NOON)
    return handoffs.reject(again, factories.rejection("not_the_persona"), by=cast.cruz, at=NOON)


def only() -> Dispute:
    return Dispute.objects.get()


def state_of(handoff: Handoff) -> tuple[str, str]:
    """The state of the return and the stage of the lead."""
    row = Return.objects.get(handoff=handoff)
    return row.state, Lead.objects.get(pk=handoff.lead_id).stage


def clocks_of(metric: str) -> list[str]:
    return list(Clock.objects.filter(metric=metric).order_by("id").values_list("state", flat=True))


def notified(kind: str) -> list[str]:
    rows = Message.objects.filter(kind=kind).order_by("recipient__name")
    return sorted({row.recipient.get_short_name() for row in rows})


def check_all(at: datetime) -> None:
    for check in (
        invariants.open_return_waits_with_its_lead,
        invariants.open_dispute_waits_with_its_return,
        invariants.handoff_is_decided_once,
    ):
        assert list(check(at)) == []


# -- Contesting


def test_contest_starts_the_clock_of_the_arbiter_by_the_default_term(cast: Cast) -> None:
    handoff = contested(cast)
    case = only()
    assert case.clock is not None
    assert (case.clock.commitment_id, case.clock.due_at) == (None, when("2026-03-05 12:00"))
    assert state_of(handoff) == ("disputed", "returned")
    assert (case.kind, case.opened_by, case.why) == ("contested", cast.ana, "Sí cumple el perfil")
    assert notified("handoff.disputed") == ["Elsa"]
    check_all(NOON)


ANSWERS: dict[str, Callable[[Handoff, Cast], object]] = {
    "close": lambda row, cast: returns.close(row, reason_to_close(), by=cast.ana, at=NOON),
    "recycle": lambda row, cast: recycling.park(
        row, reason_to_recycle(), wake_on=None, by=cast.ana, at=NOON
    ),
    "hand off": lambda row, cast: factories.handed_off(
        cast, of=Lead.objects.get(pk=row.lead_id), at=NOON
    ),
    "contest": lambda row, cast: disputes.contest(row, "Otra vez", by=cast.ana, at=NOON),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("case", [contested, rejected_twice])
def test_marketing_answers_nothing_while_the_arbiter_has_it(
    cast: Cast, case: Callable[[Cast], Handoff], answer: str
) -> None:
    handoff = case(cast)
    with pytest.raises(Conflict):
        ANSWERS[answer](handoff, cast)
    assert state_of(handoff) == ("disputed", "returned")


def test_refusal_names_the_arbiter(cast: Cast) -> None:
    handoff = contested(cast)
    with pytest.raises(WithArbiter):
        returns.close(handoff, reason_to_close(), by=cast.ana, at=NOON)


# -- Who decides


def agreed(cast: Cast, arbiter: User | None, **terms: object) -> None:
    """Another agreement in force for sales, with this arbiter."""
    factories.agreement(
        factories.office("Otra"),
        marketing=cast.luis,
        sales=cast.dora,
        teams=[cast.sales],
        arbiter=arbiter,
        **terms,
    )


def away(person: User, cast: Cast) -> None:
    leaves.take(person, date(2026, 3, 2), date(2026, 3, 6), by=cast.root, at=NOON)


def left(person: User, cast: Cast) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def led_no_more(person: User, cast: Cast) -> None:
    person.memberships.update(is_lead=False)


ARBITERS = {
    "none": (lambda cast: None, None, ["Elsa"]),
    "lead of marketing": (lambda cast: cast.luis, None, ["Luis"]),
    "lead of another team": (
        lambda cast: factories.person("Rita", leads=[cast.other_sales]),
        None,
        ["Rita"],
    ),
    "away": (lambda cast: cast.luis, away, ["Elsa"]),
    "inactive": (lambda cast: cast.luis, left, ["Elsa"]),
    "leads no team any more": (lambda cast: cast.luis, led_no_more, ["Elsa"]),
    "leads no team": (lambda cast: cast.extra, None, ["Elsa"]),
}


@pytest.mark.parametrize("name", ARBITERS)
def test_case_waits_for_its_arbiter_else_for_the_directors(
    cast: Cast, moment: Moment, name: str
) -> None:
    choose, then, expected = ARBITERS[name]
    arbiter = choose(cast)
    agreed(cast, arbiter)
    handoff = factories.rejected(cast)
    if then is not None and arbiter is not None:
        then(arbiter, cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=NOON)
    assert notified("handoff.disputed") == expected
    moment.set(NOON)
    waiting, may = [], []
    # An arbiter who is away may decide all the same.
    for person in User.objects.filter(is_active=True).exclude(pk=arbiter and arbiter.pk):
        if cases.waiting_for(person, at=NOON).exists():
            waiting.append(person.get_short_name())
        if permissions.can_arbitrate(person, Handoff.objects.get(pk=handoff.pk)):
            may.append(person.get_short_name())
    others = [name for name in expected if name == "Elsa"]
    assert (waiting, may) == (others, others)


def test_directors_take_the_case_over_from_an_arbiter_who_leads_no_team_any_more(
    cast: Cast, moment: Moment
) -> None:
    moment.set(NOON)
    agreed(cast, cast.luis)
    handoff = contested(cast)
    elsa = User.objects.get(pk=cast.elsa.pk)
    before = cases.waiting_for(elsa, at=NOON).exists()
    led_no_more(cast.luis, cast)
    after = cases.waiting_for(elsa, at=NOON).exists()
    assert (before, after) == (False, True)
    assert permissions.can_arbitrate(elsa, Handoff.objects.get(pk=handoff.pk))


# -- The decision of a dispute


def test_upheld_starts_the_next_cycle_with_the_same_package(cast: Cast) -> None:
    handoff = contested(cast)
    again = disputes.uphold(handoff, by=cast.elsa, at=LATER, comment="Cumple")
    assert (again.cycle, again.state, again.team) == (2, "pending", cast.sales)
    assert (again.package.payload, again.package.sha256) == (
        handoff.package.payload,
        handoff.package.sha256,
    )
    assert again.clock is not None and again.clock.started_at == LATER
    assert Return.objects.get(handoff=handoff).state == "overturned"
    assert Lead.objects.get(pk=handoff.lead_id).stage == "handed_off"
    assert clocks_of("dispute") == ["met"]
    assert notified("handoff.arbitrated") == ["Ana", "Bea"]
    kinds = [*handoff.events.order_by("id").values_list("kind", flat=True)]
    assert kinds[-3:] == ["rejected", "disputed", "upheld"]
    check_all(LATER)


def test_denied_opens_the_return_again_with_a_new_clock_and_three_answers(cast: Cast) -> None:
    handoff = contested(cast)
    disputes.deny(handoff, by=cast.elsa, at=LATER, comment="No cumple")
    row = Return.objects.get(handoff=handoff)
    assert (row.state, row.answered_at, row.answered_by) == ("open", None, None)
    with pytest.raises(MovedOn):
        disputes.contest(handoff, "Otra vez", by=cast.ana, at=LATER)
    fresh = Handoff.objects.get(pk=handoff.pk)
    assert permissions.can_answer_return(cast.ana, fresh)
    assert not permissions.can_dispute(cast.ana, fresh)
    check_all(LATER)


def test_overturned_rejection_does_not_count_as_one(cast: Cast) -> None:
    again = disputes.uphold(contested(cast), by=cast.elsa, at=LATER, comment="Cumple")
    handoffs.reject(again, factories.rejection("not_the_persona"), by=cast.cruz, at=LATER)
    # Of the two only the second stands, and the agreement sends the second one to the arbiter.
    assert Return.objects.get(handoff=again).state == "open"


def test_overturned_rejection_stays_in_the_history_and_out_of_the_results(cast: Cast) -> None:
    handoff = contested(cast)
    disputes.uphold(handoff, by=cast.elsa, at=LATER, comment="Cumple")
    decision = handoff.decisions.standing().get()
    (shown,) = Decision.objects.refusals_of(handoff.lead)
    assert (shown, shown.is_overturned) == (decision, True)
    assert not Decision.objects.counted().exists()


# -- The Nth rejection


def test_second_rejection_goes_to_the_arbiter(cast: Cast) -> None:
    handoff = rejected_twice(cast)
    case = Dispute.objects.get(handoff=handoff)
    assert (case.kind, case.opened_by, case.clock is not None) == ("repeated", None, True)
    assert state_of(handoff) == ("disputed", "returned")
    assert notified("handoff.repeated") == ["Elsa"]
    assert not Return.objects.on_desk_of(cast.ana).exists()
    check_all(NOON)


def test_rejections_are_counted_since_the_lead_was_woken(cast: Cast) -> None:
    first = factories.rejected(cast)
    recycling.park(first, reason_to_recycle(), wake_on=None, by=cast.ana, at=NOON)
    recycling.wake_by_hand(first.lead, by=cast.ana, at=NOON)
    again = factories.handed_off(cast, of=Lead.objects.get(pk=first.lead_id), at=LATER)
    handoffs.reject(again, factories.rejection("not_the_persona"), by=cast.cruz, at=LATER)
    assert state_of(again) == ("open", "returned")


def test_arbiter_hands_off_once_more_and_gets_the_next_rejection_again(cast: Cast) -> None:
    handoff = rejected_twice(cast)
    third = disputes.hand_off_again(handoff, by=cast.elsa, at=LATER, comment="Una más")
    assert (third.cycle, state_of(handoff)) == (3, ("fixed", "handed_off"))
    # Both reps rejected it before, so the lead of the team decides.
    handoffs.reject(third, factories.rejection("not_the_persona"), by=cast.dora, at=LATER)
    assert Dispute.objects.get(handoff=third).is_open
    check_all(LATER)


def test_arbiter_closes_and_marketing_takes_it_up_only_with_news(cast: Cast) -> None:
    handoff = rejected_twice(cast)
    disputes.close(handoff, reason_to_close(), by=cast.elsa, at=LATER, comment="Basta")
    assert state_of(handoff) == ("closed", "closed")
    fresh = Handoff.objects.get(pk=handoff.pk)
    assert not permissions.can_take_up(cast.ana, fresh)
    factories.prove(fresh.lead, "budget", by=cast.ana, at=when("2026-03-04 10:00"))
    assert permissions.can_take_up(cast.ana, fresh)
    check_all(LATER)


def test_arbiter_recycles(cast: Cast) -> None:
    handoff = rejected_twice(cast)
    disputes.recycle(handoff, reason_to_recycle(), wake_on=None, by=cast.elsa, at=LATER)
    assert state_of(handoff) == ("recycled", "recycled")
    assert Dispute.objects.get(handoff=handoff).state == "recycled"
    check_all(LATER)


DECISIONS: dict[str, tuple[Callable[[Cast], Handoff], Callable[[Handoff, Cast], object]]] = {
    "uphold": (
        contested,
        lambda row, cast: disputes.uphold(row, by=cast.elsa, at=LATER, comment="Sí"),
    ),
    "deny": (contested, lambda row, cast: disputes.deny(row, by=cast.elsa, at=LATER, comment="No")),
    "once more": (
        rejected_twice,
        lambda row, cast: disputes.hand_off_again(row, by=cast.elsa, at=LATER, comment="Sí"),
    ),
    "close": (
        rejected_twice,
        lambda row, cast: disputes.close(row, reason_to_close(), by=cast.elsa, at=LATER),
    ),
    "recycle": (
        rejected_twice,
        lambda row, cast: disputes.recycle(
            row, reason_to_recycle(), wake_on=None, by=cast.elsa, at=LATER
        ),
    ),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_case_is_decided_once(cast: Cast, name: str) -> None:
    make, decide = DECISIONS[name]
    handoff = make(cast)
    decide(handoff, cast)
    for _each_make, other in DECISIONS.values():
        with pytest.raises(Conflict):
            other(Handoff.objects.get(pk=handoff.pk), cast)
    assert clocks_of("dispute") == ["met"]


@pytest.mark.parametrize("name", DECISIONS)
def test_each_kind_of_case_has_its_own_answers(cast: Cast, name: str) -> None:
    make, decide = DECISIONS[name]
    other = rejected_twice if make is contested else contested
    with pytest.raises(MovedOn):
        decide(other(cast), cast)


# -- Ends without a decision


def test_undone_rejection_withdraws_its_case(cast: Cast) -> None:
    handoff = rejected_twice(cast)
    undo.undo(handoff, by=cast.cruz, at=NOON)
    assert (only().state, clocks_of("dispute")) == ("cancelled", ["cancelled"])
    assert not Message.objects.filter(kind="handoff.repeated", dropped_at=None).exists()
    check_all(NOON)


def test_archived_lead_has_no_open_case(cast: Cast) -> None:
    handoff = contested(cast)
    archiving.archive(Lead.objects.get(pk=handoff.lead_id), by=cast.ana, at=LATER)
    assert (only().state, Return.objects.get().state) == ("cancelled", "cancelled")
    check_all(LATER)


# -- The ladder of the default term: due on Thursday at 12:00


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("handoff.warning", ["2026-03-04 12:00:05"]),
        ("handoff.breached", ["2026-03-04 12:00:05", "2026-03-05 12:00:05"]),
        (
            "handoff.escalated_director",
            ["2026-03-04 12:00:05", "2026-03-05 12:00:05", "2026-03-06 12:00:05"],
        ),
    ],
)
def test_ladder_warns_the_arbiter_and_then_tells_the_directors(
    cast: Cast, moment: Moment, kind: str, times: list[str]
) -> None:
    agreed(cast, cast.luis)
    handoff = contested(cast)
    for time in times:
        moment.set(time)
        tasks.sweep()
    person = "Elsa" if kind == "handoff.escalated_director" else "Luis"
    assert notified(kind) == [person]
    assert handoff.events.filter(kind="escalated").count() == len(times)
    assert list(invariants.firing_sends_a_message(LATER)) == []


def test_decision_that_only_its_row_tells_stops_the_ladder(cast: Cast, moment: Moment) -> None:
    contested(cast)
    Dispute.objects.update(state="denied", decided_at=LATER)
    for time in ("2026-03-04 12:00:05", "2026-03-05 12:00:05"):
        moment.set(time)
        tasks.sweep()
    assert clocks_of("dispute") == ["met"]


def test_broken_rows_are_named(cast: Cast) -> None:
    contested(cast)
    Return.objects.update(state="overturned")
    (line,) = invariants.open_dispute_waits_with_its_return(NOON)
    assert line == f"dispute {only().pk} is open, but its return is not with the arbiter"


# -- By page and by API


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person, backend="crm.accounts.backend.Backend")
    return client


def test_marketing_contests_and_the_arbiter_decides_on_the_lead_page(
    cast: Cast, client: Client, moment: Moment
) -> None:
    moment.set(NOON)
    handoff = factories.rejected(cast)
    path = f"/handoffs/{handoff.pk}"
    page = f"/leads/{handoff.lead_id}/"
    signed_in(client, cast.ana)
    assert f'action="{path}/dispute/"' in client.get(page).content.decode()
    empty = client.post(f"{path}/dispute/", {})
    assert (empty.status_code, list(empty.context["forms"]["dispute"].errors)) == (422, ["comment"])
    assert client.post(f"{path}/dispute/", {"comment": "Sí cumple"}).status_code == 302
    waiting = client.get(page).content.decode()
    assert ("Sí cumple" in waiting, f'action="{path}/uphold/"' in waiting) == (True, False)
    assert client.post(f"{path}/close/", {"comment": "Ya"}).status_code == 409
    assert client.post(f"{path}/uphold/", {"comment": "Sí"}).status_code == 403
    signed_in(client, cast.elsa)
    assert f'action="{path}/uphold/"' in client.get(page).content.decode()
    assert client.post(f"{path}/uphold/", {"comment": "Cumple"}).status_code == 302
    assert "Overturned by the arbiter" in client.get(page).content.decode()


STEPS = {
    "contested": (contested, ["uphold", "deny"]),
    "repeated": (rejected_twice, ["once-more", "park-case", "end-case"]),
}


@pytest.mark.parametrize("kind", STEPS)
def test_arbiter_has_the_answers_of_the_kind(
    cast: Cast, client: Client, moment: Moment, kind: str
) -> None:
    moment.set(NOON)
    make, steps = STEPS[kind]
    handoff = make(cast)
    page = signed_in(client, cast.elsa).get(f"/leads/{handoff.lead_id}/").content.decode()
    every = [step for _make, each in STEPS.values() for step in each]
    assert [step for step in every if f'action="/handoffs/{handoff.pk}/{step}/"' in page] == steps


@pytest.mark.parametrize(
    ("make", "step", "body", "state"),
    [
        (contested, "uphold", {"comment": "Sí"}, "overturned"),
        (contested, "deny", {"comment": "No"}, "open"),
        (rejected_twice, "once-more", {"comment": "Sí"}, "fixed"),
        (rejected_twice, "end-case", {"reason": "not_a_customer"}, "closed"),
        (rejected_twice, "park-case", {"reason": "not_now"}, "recycled"),
    ],
)
def test_api_decides_as_the_page_does(
    cast: Cast,
    caller: Any,
    moment: Moment,
    make: Callable[[Cast], Handoff],
    step: str,
    body: dict[str, str],
    state: str,
) -> None:
    moment.set(NOON)
    reason_to_close()
    reason_to_recycle()
    handoff = make(cast)
    path = f"handoffs/{handoff.pk}/{step}/"
    refused, _problem = caller(cast.ana).post(path, body)
    status, _shown = caller(cast.elsa).post(path, body)
    again, problem = caller(cast.elsa).post(path, body)
    assert (refused, status, again, problem["code"]) == (403, 200, 409, "moved_on")
    assert Return.objects.get(handoff=handoff).state == state
