"""Misrouted: for another team, once; then it is on marketing's desk. It is no rejection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm import invariants
from crm.accounts.models import Team, User
from crm.alignment.numbers import agreement as numbers
from crm.notifications.models import Message
from leads import handoffs
from leads.conflicts import AlreadyTaken, MovedOn, RejectedBefore
from leads.handoffs import undo
from leads.handoffs.undo import TooLate
from leads.models import Handoff, Lead, Return
from leads.returns import disputes, duplicates, misrouting
from leads.returns.misrouting import WrongTeam, misroute
from leads.states import HandoffState
from sla.agreements import agreements
from sla.agreements.agreements import NoAgreement
from sla.models import AgreementVersion, Clock
from tests import factories
from tests.alignment.made import scope
from tests.factories import ACCEPTED_AT, HANDED_OFF_AT, Cast, when
from tests.leads.returns.rows import rep_of_other_sales
from tests.terms import ACCEPT

NOON = when("2026-03-02 12:00")


def only_return() -> Return:
    return Return.objects.get()


def moved(cast: Cast, **changes: Any) -> tuple[Handoff, Handoff]:
    """A handoff that Bea passed on to the other team, and its next cycle."""
    handoff = factories.handed_off(cast, **changes)
    following = misroute(handoff, cast.other_sales, by=cast.bea, at=ACCEPTED_AT, comment="Del sur")
    assert following is not None
    return handoff, following


def agreed_with_other_sales(cast: Cast, **terms: Any) -> AgreementVersion:
    lead = factories.person("Sara Sur", leads=[cast.other_sales])
    version = factories.agreement(
        factories.office("Sur"),
        marketing=cast.luis,
        sales=lead,
        teams=[cast.other_sales],
        **terms,
    )
    Message.objects.all().delete()  # what was said of the agreement
    return version


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock", "team").get(pk=handoff.pk)


def events(handoff: Handoff) -> list[tuple[str, str, str]]:
    rows = handoff.events.order_by("id")
    return list(rows.values_list("kind", "from_state", "to_state"))


def sound() -> list[str]:
    # At a moment when no step and no notice is due yet.
    return list(invariants.violated(at=HANDED_OFF_AT, moved_time=True))


# -- Passed on


def test_next_cycle_waits_in_the_other_team_under_its_agreement(cast: Cast) -> None:
    version = agreed_with_other_sales(cast, commitments=[{**ACCEPT, "window_minutes": 240}])
    handoff, following = moved(cast, note="Llamar hoy")
    row = stored(following)
    assert (row.state, row.team, row.cycle, row.submitted_by, row.note) == (
        "pending",
        cast.other_sales,
        2,
        cast.ana,
        "Llamar hoy",
    )
    assert row.agreement_version == version
    assert row.clock is not None
    assert (row.clock.started_at, row.clock.due_at - row.clock.started_at) == (
        ACCEPTED_AT,
        timedelta(hours=4),
    )
    assert row.package.payload["facts"] == handoff.package.payload["facts"]
    assert (row.lead.stage, row.lead.owner) == ("handed_off", None)
    assert events(handoff)[-1] == ("misrouted", "pending", "misrouted")
    assert events(following) == [("handed_off", "", "pending")]
    assert not Return.objects.exists()
    assert sound() == []


def test_its_accept_clock_is_judged_as_by_any_decision(cast: Cast) -> None:
    handoff, _following = moved(cast)
    late, _next = moved(cast, at=when("2026-02-27 12:00"))
    states = Clock.objects.filter(subject_id__in=[handoff.pk, late.pk], metric="accept")
    assert list(states.order_by("id").values_list("state", flat=True)) == ["met", "breached"]


def test_the_other_team_and_marketing_are_told_after_the_time_to_undo(cast: Cast) -> None:
    rep = rep_of_other_sales(cast)
    moved(cast)
    later = ACCEPTED_AT + timedelta(seconds=10)
    told = {
        (row.recipient, row.kind): row.next_try_at
        for row in Message.objects.filter(kind__in=["handoff.misrouted", "handoff.new"])
        if row.created_at == ACCEPTED_AT
    }
    assert told == {(cast.ana, "handoff.misrouted"): later, (rep, "handoff.new"): later}


def test_rep_of_the_other_team_takes_it(cast: Cast) -> None:
    rep = rep_of_other_sales(cast)
    _handoff, following = moved(cast)
    handoffs.accept(stored(following), by=rep, at=NOON)
    assert (Lead.objects.get().owner, Lead.objects.get().stage) == (rep, "accepted")


def test_team_is_another_one_with_an_agreement(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    handoff = factories.handed_off(cast)

    def none_in_force(team: Team) -> AgreementVersion:
        raise NoAgreement

    monkeypatch.setattr(agreements, "in_force", none_in_force)
    for team in (cast.sales, cast.other_sales):
        with pytest.raises(WrongTeam) as raised:
            misroute(handoff, team, by=cast.bea, at=ACCEPTED_AT)
        assert list(raised.value.fields) == ["team"]
    assert stored(handoff).is_pending


# -- To marketing's desk


def test_second_time_it_goes_to_marketing(cast: Cast) -> None:
    rep = rep_of_other_sales(cast)
    handoff, following = moved(cast)
    assert misroute(stored(following), cast.sales, by=rep, at=NOON) is None
    row = only_return()
    assert (row.handoff_id, row.state, row.assigned_to) == (following.pk, "open", cast.ana)
    assert Lead.objects.get().stage == "returned"
    assert following.events.get(kind="misrouted").payload["cause"] == "again"
    assert (stored(handoff).state, stored(following).state) == ("misrouted", "misrouted")
    message = Message.objects.get(kind="handoff.misrouted", params__state="sent_back")
    assert message.recipient == cast.ana
    assert sound() == []


ASKS_MORE: list[tuple[dict[str, Any], str]] = [
    ({"package_fields": ["company.industry"]}, "package_incomplete"),
    ({"minimum_score": 100}, "score_too_low"),
]


@pytest.mark.parametrize(("terms", "cause"), ASKS_MORE)
def test_lead_that_lacks_what_the_other_team_asks_goes_to_marketing(
    cast: Cast, terms: dict[str, Any], cause: str
) -> None:
    agreed_with_other_sales(cast, **terms)
    handoff = factories.handed_off(cast, company={"industry": ""})
    assert misroute(handoff, cast.other_sales, by=cast.bea, at=ACCEPTED_AT) is None
    assert only_return().handoff_id == handoff.pk
    assert handoff.events.get(kind="misrouted").payload["cause"] == cause
    assert sound() == []


def test_without_another_team_it_goes_to_marketing(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    assert misroute(handoff, None, by=cast.bea, at=ACCEPTED_AT, comment="Es de Perú") is None
    assert only_return().state == "open"
    payload = handoff.events.get(kind="misrouted").payload
    assert (payload["cause"], payload["comment"]) == ("no_team", "Es de Perú")


def test_marketing_hands_it_off_again(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    misroute(handoff, None, by=cast.bea, at=ACCEPTED_AT)
    again = factories.handed_off(cast, of=handoff.lead, to=cast.other_sales, at=NOON)
    assert (again.cycle, only_return().state) == (2, "fixed")


def test_only_a_pending_handoff_is_misrouted(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    with pytest.raises(AlreadyTaken):
        misroute(handoff, cast.other_sales, by=cast.cruz, at=NOON)
    assert stored(handoff).state == "accepted"


def test_who_rejected_it_does_not_decide_by_another_name(cast: Cast) -> None:
    rejected = factories.rejected(cast)
    again = factories.handed_off(cast, of=Lead.objects.get(pk=rejected.lead_id), at=NOON)
    with pytest.raises(RejectedBefore):
        misroute(again, cast.other_sales, by=cast.bea, at=NOON)
    with pytest.raises(RejectedBefore):
        duplicates.mark(again, None, by=cast.bea, at=NOON, comment="De enero")
    assert misroute(again, cast.other_sales, by=cast.cruz, at=NOON) is not None


# -- The numbers


def decided() -> tuple[int, int, int]:
    row = numbers.decided(scope())
    return row.decisions, row.accepted_by_sales, row.rejected_by_sales


def test_it_does_not_touch_the_acceptance_rate(cast: Cast) -> None:
    factories.accepted(cast)
    factories.rejected(cast)
    before = decided()
    moved(cast)
    misroute(factories.handed_off(cast), None, by=cast.bea, at=ACCEPTED_AT)
    assert (before, decided()) == ((2, 1, 1), (2, 1, 1))


# -- Undo


def after(seconds: int) -> Any:
    return ACCEPTED_AT + timedelta(seconds=seconds)


def test_undo_withdraws_the_next_cycle_and_its_notices(cast: Cast) -> None:
    rep_of_other_sales(cast)
    handoff, following = moved(cast)
    undo.undo(stored(handoff), by=cast.bea, at=after(9))
    row = stored(handoff)
    assert (row.state, row.closed_at, row.lead.stage) == ("pending", None, "handed_off")
    assert row.clock is not None
    assert (row.clock.state, row.clock.started_at) == ("running", handoff.submitted_at)
    assert stored(following).state == "withdrawn"
    assert not Message.objects.filter(dropped_at=None, cause__startswith="decision:").exists()
    assert sound() == []
    # The way is free again: it counts neither as decided nor as misrouted.
    assert not misrouting.was_misrouted(row.lead)
    handoffs.accept(row, by=cast.bea, at=NOON)
    assert Lead.objects.get().owner == cast.bea


def test_undo_comes_too_late_once_the_other_team_decided(cast: Cast) -> None:
    rep = rep_of_other_sales(cast)
    handoff, following = moved(cast)
    handoffs.accept(stored(following), by=rep, at=after(5))
    with pytest.raises(TooLate):
        undo.undo(stored(handoff), by=cast.bea, at=after(9))
    assert (stored(handoff).state, stored(following).state) == ("misrouted", "accepted")


def test_undo_of_one_on_marketings_desk_ends_the_return(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    misroute(handoff, None, by=cast.bea, at=ACCEPTED_AT)
    undo.undo(stored(handoff), by=cast.bea, at=after(9))
    assert (stored(handoff).state, only_return().state) == (HandoffState.PENDING, "cancelled")
    assert sound() == []


def test_who_misrouted_it_still_sees_it_and_their_colleagues_do_not(cast: Cast) -> None:
    handoff, _following = moved(cast)

    def sees(person: User) -> bool:
        return Handoff.objects.visible_to(person).filter(pk=handoff.pk).exists()

    assert [sees(each) for each in (cast.bea, cast.cruz, cast.dora, cast.ana)] == [
        True,
        False,
        True,
        True,
    ]


def test_misrouted_lead_is_not_contested(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    misroute(handoff, None, by=cast.bea, at=ACCEPTED_AT)
    with pytest.raises(MovedOn):
        disputes.contest(handoff, "Sí es de ustedes", by=cast.ana, at=NOON)
