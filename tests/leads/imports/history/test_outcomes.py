"""Imports of outcomes: won and lost, by whom, and what is never overwritten."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crm.accounts.models import User
from leads.follow_up import next_steps
from leads.imports.history.stored_parts import Tally
from leads.models import Event, Lead, PlannedStep
from leads.states import FollowUp
from tests import factories
from tests.leads.imports.small_files import LEADS, mapped, problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def test_won_lead_has_date_amount_and_inactive_people(import_leads, import_outcomes):
    import_leads()
    assert import_outcomes().tally == Tally(read=1, new=1, people=2)
    lead = Lead.objects.get(external_id="1")
    assert (lead.stage, lead.won_on, lead.won_amount) == (
        "won",
        date(2018, 2, 26),
        Decimal("1500.00"),
    )
    assert (lead.sql_on, lead.opportunity_on, lead.owner, lead.version) == (None, None, None, 2)
    assert lead.attributes == {"segment": "pet"}
    people = User.objects.order_by("external_id").values_list(
        "external_id", "name", "is_active", "email"
    )
    assert list(people) == [
        ("old:r1234567890", "Old r1234567", False, None),
        ("old:s1", "Old s1", False, None),
    ]
    assert (lead.won_by.external_id, lead.qualified_by.external_id) == ("old:r1234567890", "old:s1")


def test_one_person_may_have_qualified_and_won_and_known_ones_are_found_by_email(
    import_leads, import_outcomes
):
    bea = User.objects.create(email="bea@example.com", name="Bea")
    import_leads()
    text = (
        "id,won,amount,rep,sdr,segment\n1,2018-02-26,,BEA@example.com,x7,\n2,2018-02-27,,x7,x7,\n"
    )
    assert import_outcomes(text).tally == Tally(read=2, new=2, people=1, unpriced=2)
    assert import_outcomes(text).tally == Tally(read=2, known=2)
    first, second = Lead.objects.order_by("external_id")
    assert first.won_by == bea
    assert first.qualified_by == second.qualified_by == second.won_by


@pytest.mark.parametrize("amount", ["0", "0.0", "0.00", ""])
def test_amount_of_zero_is_unknown(import_leads, import_outcomes, amount):
    import_leads()
    assert (
        import_outcomes(f"id,won,amount,rep,sdr,segment\n1,2018-02-26,{amount},,,\n").tally.unpriced
        == 1
    )
    assert Lead.objects.get(external_id="1").won_amount is None


def test_won_before_first_seen_is_kept_flagged_and_counted(import_leads, import_outcomes):
    import_leads()
    text = "id,won,amount,rep,sdr,segment\n1,2018-01-31 23:59:59,10,,,\n"
    assert import_outcomes(text).tally == Tally(read=1, new=1, flagged=1)
    lead = Lead.objects.get(external_id="1")
    assert (lead.won_on, lead.won_before_first_seen) == (date(2018, 1, 31), True)
    assert Event.objects.get(to_state="won").payload == {
        "stage": "won",
        "original": "2018-01-31 23:59:59",
        "system": "old",
        "amount": "10.00",
        "before_first_seen": True,
    }
    assert import_outcomes(text).tally == Tally(read=1, known=1, flagged=1)


def test_outcome_for_an_unknown_lead_names_the_id(import_leads, import_outcomes, rejects):
    import_leads()
    assert import_outcomes("id,won,amount,rep,sdr,segment\n9,2018-02-26,,r,,\n").tally == Tally(
        read=1, rejected=1
    )
    assert problems(rejects()) == [("2", "external_id: no lead old 9 is here")]
    assert User.objects.count() == 0


def test_id_of_two_teams_closes_neither_lead(import_leads, import_outcomes, rejects, cast):
    import_leads()
    for team in (cast.marketing, cast.other_marketing):
        lead = factories.lead(cast, team=team)
        Lead.objects.filter(pk=lead.pk).update(external_system="old", external_id="7")
    assert import_outcomes("id,won,amount,rep,sdr,segment\n7,2018-02-26,,r,,\n").tally.rejected == 1
    assert problems(rejects()) == [("2", "external_id: several teams have a lead old 7")]
    assert set(Lead.objects.filter(external_id="7").values_list("stage", flat=True)) == {"captured"}


def test_another_outcome_than_the_recorded_one_is_rejected_and_changes_nothing(
    import_leads, import_outcomes, rejects
):
    import_leads()
    import_outcomes()
    before = Lead.objects.values().get(external_id="1")
    assert import_outcomes(
        "id,won,amount,rep,sdr,segment\n1,2018-02-27,99.5,,s2,cat\n"
    ).tally == Tally(read=1, rejected=1, contradicting=1)
    assert problems(rejects()) == [
        (
            "2",
            "won_on: “2018-02-26” is recorded; amount: “1500.00” is recorded; "
            "qualified_by: “Old s1” is recorded; won_by: “Old r1234567” is recorded",
        )
    ]
    assert Lead.objects.values().get(external_id="1") == before
    assert Event.objects.filter(to_state="won").count() == 1


def test_outcome_may_stand_in_a_column_with_words_of_its_own(
    import_leads, import_outcomes, rejects
):
    import_leads("id,seen,mql,origin,name\n" + "".join(f"{n},2018-02-01,,,\n" for n in range(1, 6)))
    mapping = {
        "system": "old",
        "dates": ["%d/%m/%Y"],
        "decimal": ",",
        "columns": {
            "external_id": "id",
            "outcome": "estado",
            "won_on": "fecha",
            "lost_on": "fecha",
            "amount": "monto",
        },
        "values": {"outcome": {"Ganado": "won", "Perdido": "lost", "Abierto": None}},
    }
    text = (
        "id;estado;fecha;monto\n1;Ganado;03/02/2018;1.234,50\n2;Perdido;04/02/2018;7\n3;Abierto;;\n"
        "4;Tal vez;04/02/2018;\n5;Ganado;;\n"
    )
    assert import_outcomes(text, mapping).tally == Tally(read=5, new=2, undecided=1, rejected=2)
    won, lost, still = Lead.objects.order_by("external_id")[:3]
    assert (won.stage, won.won_on, won.won_amount) == ("won", date(2018, 2, 3), Decimal("1234.50"))
    assert (lost.stage, lost.lost_on, lost.won_on, lost.won_amount) == (
        "lost",
        date(2018, 2, 4),
        None,
        None,
    )
    assert still.stage == "captured"
    assert problems(rejects()) == [
        ("5", "outcome (estado): “Tal vez” is neither won nor lost: translate it under “values”"),
        ("6", "won_on: is not given"),
    ]
    assert import_outcomes(text, mapping).tally == Tally(read=5, known=2, undecided=1, rejected=2)
    changed = text.replace("2;Perdido", "2;Ganado")
    assert import_outcomes(changed, mapping).tally == Tally(
        read=5, known=1, undecided=1, rejected=3, contradicting=1
    )


def test_attribute_that_the_outcome_replaces_keeps_its_old_value_in_the_event(
    import_leads, import_outcomes
):
    import_leads(
        "id,seen,mql,origin,name,seg\n1,2018-02-01,,,,cat\n",
        mapped(LEADS, columns={"attributes.segment": "seg"}),
    )
    import_outcomes()
    assert Lead.objects.get().attributes == {"segment": "pet"}
    assert Event.objects.get(to_state="won").payload["changes"] == {
        "attributes.segment": ["cat", "pet"]
    }


@pytest.mark.parametrize("stage", ["returned", "closed", "recycled"])
def test_outcome_of_a_lead_that_was_sent_back_or_parked_is_rejected(
    import_outcomes, rejects, cast, stage
):
    lead = factories.rejected(cast).lead
    ids = {"external_system": "old", "external_id": "1"}
    Lead.objects.filter(pk=lead.pk).update(stage=stage, **ids)
    assert import_outcomes().tally == Tally(read=1, rejected=1, contradicting=1)
    assert problems(rejects()) == [
        ("2", "outcome: sales sent this lead back here, or it is parked or closed")
    ]
    assert Lead.objects.get(pk=lead.pk).stage == stage


def test_outcome_ends_what_marketing_had_planned(import_leads, import_outcomes, cast):
    import_leads()
    lead = Lead.objects.get(external_id="1")
    Lead.objects.filter(pk=lead.pk).update(marketing_team=cast.marketing)
    lead.refresh_from_db()
    day, at = date(2026, 3, 4), factories.LOGGED_AT
    next_steps.change(lead, None, FollowUp.CALL_BACK, day, by=cast.ana, at=at)
    import_outcomes()
    assert PlannedStep.objects.get().end == "gone"


def test_outcome_of_a_lead_that_sales_works_on_here_is_rejected(import_outcomes, rejects, cast):
    lead = factories.handed_off(cast).lead
    Lead.objects.filter(pk=lead.pk).update(external_system="old", external_id="1")
    assert import_outcomes().tally == Tally(read=1, rejected=1, contradicting=1)
    assert problems(rejects()) == [
        ("2", "outcome: sales works on this lead here; close it in Relevo")
    ]
