"""What becomes of an accepted lead: SQL, opportunity, won, lost, disqualified."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm.lib.errors import Conflict, IllegalMove
from crm.notifications.models import Message
from leads import handoffs, permissions
from leads.follow_up import attempts
from leads.handoffs import outcomes
from leads.models import Handoff, Lead
from leads.records import leads
from sla.models import Clock
from tests import factories, terms
from tests.factories import ACCEPTED_AT, SQL_AT, WON_AT, Cast, when


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock").get(pk=handoff.pk)


def moves(handoff: Handoff) -> list[tuple[str, str, str]]:
    return list(handoff.events.order_by("id").values_list("kind", "from_state", "to_state"))


def clock_states(handoff: Handoff) -> list[tuple[str, str]]:
    clocks = Clock.objects.filter(subject_type="handoff", subject_id=handoff.pk)
    return list(clocks.order_by("id").values_list("metric", "state"))


def notified(kind: str) -> list[str]:
    return [message.recipient.get_short_name() for message in Message.objects.filter(kind=kind)]


# -- The whole way


def test_whole_way_is_written_from_and_to(cast: Cast) -> None:
    assert moves(factories.won(cast)) == [
        ("handed_off", "", "pending"),
        ("accepted", "pending", "accepted"),
        ("contacted", "accepted", "contacted"),
        ("sql", "contacted", "sql"),
        ("opportunity", "sql", "opportunity"),
        ("won", "opportunity", "won"),
    ]


def test_whole_way_dates_each_stage_of_the_lead(cast: Cast) -> None:
    lead = Lead.objects.get(pk=factories.won(cast).lead_id)
    columns = (
        "mql_on",
        "handed_off_on",
        "accepted_on",
        "contacted_on",
        "sql_on",
        "opportunity_on",
        "won_on",
    )
    assert [str(getattr(lead, column)) for column in columns] == [
        *["2026-03-02"] * 5,
        "2026-03-04",
        "2026-03-09",
    ]


def test_whole_way_is_one_decision(cast: Cast) -> None:
    assert factories.won(cast).decisions.count() == 1


# -- SQL


def test_sql_stops_the_clock_of_the_decision(cast: Cast) -> None:
    handoff = factories.sql(cast)
    assert (stored(handoff).sql_at, clock_states(handoff)[-1]) == (SQL_AT, ("sql_decision", "met"))


def prove_some(handoff: Handoff, cast: Cast, *codes: str) -> None:
    if codes:
        factories.prove(handoff.lead, *codes, by=cast.bea)


def agreed(cast: Cast, **terms: Any) -> None:
    """The next version of the agreement, with ``terms``, signed and in force."""
    factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=cast.agreement.agreement, **terms
    )


@pytest.mark.parametrize(
    ("blocks", "proven", "unproven"),
    [
        (["means", "authority"], (), ["budget", "decides"]),
        (["means", "authority"], ("budget",), ["decides"]),
        (["means"], ("decides",), ["budget"]),
    ],
)
def test_missing_proof_blocks_where_the_agreement_says_so(
    cast: Cast, blocks: list[str], proven: tuple[str, ...], unproven: list[str]
) -> None:
    agreed(cast, sql_blocks=blocks)
    handoff = factories.contacted(cast)
    prove_some(handoff, cast, *proven)
    with pytest.raises(outcomes.SqlUnproven) as refused:
        outcomes.qualify_sql(stored(handoff), by=cast.bea, at=SQL_AT)
    assert (list(refused.value.fields), stored(handoff).state) == (unproven, "contacted")


@pytest.mark.parametrize(
    ("blocks", "proven", "warned"),
    [([], (), ["budget", "decides"]), (["means"], ("budget",), ["decides"])],
)
def test_missing_proof_only_warns_where_the_agreement_says_so(
    cast: Cast, blocks: list[str], proven: tuple[str, ...], warned: list[str]
) -> None:
    agreed(cast, sql_blocks=blocks)
    handoff = factories.contacted(cast)
    prove_some(handoff, cast, *proven)
    outcomes.qualify_sql(stored(handoff), by=cast.bea, at=SQL_AT)
    event = handoff.events.get(kind="sql")
    assert (stored(handoff).state, event.payload) == ("sql", {"cycle": 1, "warned": warned})


def test_word_against_it_blocks_too(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    factories.prove(handoff.lead, by=cast.bea)
    leads.add_evidence(
        handoff.lead,
        "decides",
        "not_met",
        value="His boss does",
        source="Call",
        by=cast.bea,
        at=SQL_AT,
    )
    with pytest.raises(outcomes.SqlUnproven):
        outcomes.qualify_sql(handoff, by=cast.bea, at=SQL_AT)


def test_editing_the_agreement_later_does_not_change_what_blocks(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    factories.agreement(
        cast.calendar,
        marketing=cast.luis,
        sales=cast.dora,
        of=cast.agreement.agreement,
        sql_blocks=[],
    )
    with pytest.raises(outcomes.SqlUnproven):
        outcomes.qualify_sql(handoff, by=cast.bea, at=SQL_AT)


def test_accepted_lead_is_contacted_before_it_is_an_sql(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    factories.prove(handoff.lead, by=cast.bea)
    with pytest.raises(IllegalMove):
        outcomes.qualify_sql(handoff, by=cast.bea, at=SQL_AT)


@pytest.mark.parametrize(
    "state", ["handed_off", "sql", "opportunity", "won", "lost", "rejected", "disqualified"]
)
def test_sql_is_refused_in_any_other_state(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast, attributes={"budget": 60000, "decides": True})
    before = moves(handoff)
    with pytest.raises(Conflict):
        outcomes.qualify_sql(stored(handoff), by=cast.bea, at=WON_AT)
    assert moves(handoff) == before


# -- Accept as SQL


def test_accept_as_sql_is_two_events_and_one_decision(cast: Cast) -> None:
    handoff = factories.proven(cast)
    outcomes.accept_as_sql(handoff, by=cast.bea, at=ACCEPTED_AT)
    assert moves(handoff)[1:] == [("accepted", "pending", "accepted"), ("sql", "accepted", "sql")]
    assert handoff.decisions.count() == 1


def test_accept_as_sql_ends_every_clock(cast: Cast) -> None:
    handoff = factories.proven(cast)
    outcomes.accept_as_sql(handoff, by=cast.bea, at=ACCEPTED_AT)
    assert clock_states(handoff) == [("accept", "met"), ("first_contact", "cancelled")]


def test_accept_as_sql_of_an_unproven_package_changes_nothing(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    with pytest.raises(outcomes.SqlUnproven):
        outcomes.accept_as_sql(handoff, by=cast.bea, at=ACCEPTED_AT)
    assert (stored(handoff).state, moves(handoff), handoff.decisions.count()) == (
        "pending",
        [("handed_off", "", "pending")],
        0,
    )


def test_accept_as_sql_where_missing_proof_only_warns_still_needs_the_package(cast: Cast) -> None:
    agreed(cast, sql_blocks=[])
    handoff = factories.handed_off(cast)
    with pytest.raises(IllegalMove):
        outcomes.accept_as_sql(stored(handoff), by=cast.bea, at=ACCEPTED_AT)
    assert stored(handoff).state == "pending"


def test_accept_as_sql_by_the_slower_rep_names_the_faster(cast: Cast) -> None:
    handoff = factories.proven(cast)
    stale = stored(handoff)
    outcomes.accept_as_sql(handoff, by=cast.bea, at=ACCEPTED_AT)
    with pytest.raises(handoffs.AlreadyTaken, match="Bea Quintero"):
        outcomes.accept_as_sql(stale, by=cast.cruz, at=ACCEPTED_AT)


def test_accept_as_sql_tells_marketing_both(cast: Cast) -> None:
    outcomes.accept_as_sql(factories.proven(cast), by=cast.bea, at=ACCEPTED_AT)
    assert (notified("handoff.accepted"), notified("handoff.sql")) == (["Ana"], ["Ana"])


# -- Won


def test_won_handoff_has_amount_and_moment(cast: Cast) -> None:
    found = stored(factories.won(cast, "185000.00"))
    assert (found.state, found.amount, found.closed_at) == ("won", Decimal("185000.00"), WON_AT)
    assert (found.lead.stage, found.lead.won_amount, found.lead.won_by) == (
        "won",
        Decimal("185000.00"),
        cast.bea,
    )


def test_winning_an_sql_opens_the_opportunity_on_the_way(cast: Cast) -> None:
    handoff = outcomes.win(factories.sql(cast), Decimal("1"), by=cast.bea, at=WON_AT)
    assert moves(handoff)[-2:] == [
        ("opportunity", "sql", "opportunity"),
        ("won", "opportunity", "won"),
    ]


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_amount_that_is_none_is_refused(cast: Cast, amount: str) -> None:
    handoff = factories.opportunity(cast)
    with pytest.raises(outcomes.BadAmount) as refused:
        outcomes.win(handoff, Decimal(amount), by=cast.bea, at=WON_AT)
    assert (list(refused.value.fields), stored(handoff).state) == (["amount"], "opportunity")


def test_won_without_amount_is_refused_by_the_database(cast: Cast) -> None:
    handoff = factories.opportunity(cast)
    with pytest.raises(IntegrityError, match="handoff_won_has_amount"), transaction.atomic():
        Handoff.objects.filter(pk=handoff.pk).update(state="won", closed_at=WON_AT, amount=0)


@pytest.mark.parametrize(
    "state", ["handed_off", "accepted", "contacted", "won", "lost", "rejected", "disqualified"]
)
def test_winning_is_refused_in_any_other_state(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(Conflict):
        outcomes.win(handoff, Decimal("1"), by=cast.bea, at=WON_AT)


# -- Lost and disqualified


@pytest.mark.parametrize("state", ["sql", "opportunity"])
def test_lost_handoff_has_its_reason(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    outcomes.lose(
        handoff,
        factories.outcome("price"),
        by=cast.bea,
        at=WON_AT,
        comment="20 % cheaper elsewhere",
    )
    found, event = stored(handoff), handoff.events.get(kind="lost")
    assert (
        found.state,
        found.outcome_reason,
        found.closed_at,
        found.lead.stage,
        str(found.lead.lost_on),
    ) == (
        "lost",
        factories.outcome("price"),
        WON_AT,
        "lost",
        "2026-03-09",
    )
    assert (event.from_state, event.payload) == (
        state,
        {"cycle": 1, "reason": "price", "comment": "20 % cheaper elsewhere"},
    )


@pytest.mark.parametrize("state", ["contacted", "sql"])
def test_disqualified_handoff_has_its_reason(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    outcomes.disqualify(
        handoff, factories.outcome("no_budget"), by=cast.bea, at=when("2026-03-03 12:00")
    )
    found = stored(handoff)
    assert (found.state, found.outcome_reason, found.lead.stage) == (
        "disqualified",
        factories.outcome("no_budget"),
        "disqualified",
    )


def test_sql_by_its_package_is_disqualified_only_after_a_contact(cast: Cast) -> None:
    handoff = outcomes.accept_as_sql(factories.proven(cast), by=cast.bea, at=ACCEPTED_AT)
    reason = factories.outcome("no_budget")
    assert not permissions.can_disqualify(cast.bea, handoff)
    with pytest.raises(IllegalMove):
        outcomes.disqualify(handoff, reason, by=cast.bea, at=SQL_AT)
    assert (stored(handoff).state, Lead.objects.get().stage) == ("sql", "sql")
    attempts.record(handoff, "phone", outcome="reached", by=cast.bea, at=SQL_AT)
    assert permissions.can_disqualify(cast.bea, stored(handoff))
    outcomes.disqualify(stored(handoff), reason, by=cast.bea, at=WON_AT)
    assert stored(handoff).state == "disqualified"


def test_disqualifying_stops_the_clock_of_the_decision(cast: Cast) -> None:
    assert clock_states(factories.disqualified(cast))[-1] == ("sql_decision", "met")


def test_disqualifying_is_no_rejection(cast: Cast) -> None:
    assert [decision.kind for decision in factories.disqualified(cast).decisions.all()] == [
        "accept"
    ]


@pytest.mark.parametrize(("step", "code"), [("lose", "no_budget"), ("disqualify", "price")])
def test_reason_of_the_other_kind_is_refused(cast: Cast, step: str, code: str) -> None:
    handoff = factories.sql(cast)
    act: Any = getattr(outcomes, step)
    with pytest.raises(outcomes.WrongReason):
        act(handoff, factories.outcome(code), by=cast.bea, at=WON_AT)
    assert stored(handoff).state == "sql"


# -- Closing the loop with marketing


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("rejected", "handoff.rejected"),
        ("sql", "handoff.sql"),
        ("won", "handoff.won"),
        ("lost", "handoff.lost"),
        ("disqualified", "handoff.disqualified"),
    ],
)
def test_who_handed_it_off_is_told_what_became_of_it(cast: Cast, state: str, kind: str) -> None:
    getattr(factories, state)(cast)
    assert notified(kind) == ["Ana"]


@pytest.mark.parametrize(
    ("blocks", "terms", "refused"),
    [
        (["means", "authority"], {}, ["budget", "decides"]),
        (["means", "authority"], {"decides": "warns"}, ["budget"]),
        (["means"], {}, ["budget"]),
        ([], {"decides": "blocks"}, ["decides"]),
        ([], {}, []),
    ],
)
def test_each_criterion_blocks_or_warns_as_the_agreement_says(
    cast: Cast, blocks: list[str], terms: dict[str, str], refused: list[str]
) -> None:
    agreed(cast, sql_blocks=blocks, sql_terms=terms)
    handoff = factories.contacted(cast)
    if refused:
        with pytest.raises(outcomes.SqlUnproven) as error:
            outcomes.qualify_sql(handoff, by=cast.bea, at=factories.SQL_AT)
        assert list(error.value.fields) == refused
    else:
        outcomes.qualify_sql(handoff, by=cast.bea, at=factories.SQL_AT)
        assert handoff.events.get(kind="sql").payload["warned"] == ["budget", "decides"]


def test_need_and_timing_block_only_where_the_agreement_says_so(cast: Cast) -> None:
    need = {
        **terms.DECIDES,
        "code": "need",
        "kind": "need",
        "field": "",
        "operator": "said",
        "operand": None,
    }
    persona = factories.persona("thorough", [terms.SIZE, terms.BUDGET, terms.DECIDES, need])
    agreed(cast, sql_blocks=["means", "authority", "need"])
    cast.persona = persona
    handoff = factories.contacted(cast)
    factories.prove(handoff.lead, by=cast.bea)
    with pytest.raises(outcomes.SqlUnproven) as refused:
        outcomes.qualify_sql(stored(handoff), by=cast.bea, at=SQL_AT)
    assert list(refused.value.fields) == ["need"]
    factories.prove(handoff.lead, "need", by=cast.bea)
    outcomes.qualify_sql(stored(handoff), by=cast.bea, at=SQL_AT)
    assert stored(handoff).state == "sql"
