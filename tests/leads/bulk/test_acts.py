"""An act on many leads: each lead as by the single act, once, and why the others were skipped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override

from crm.lib import clock
from crm.tasks import work_on_bulk_acts
from leads import handoffs
from leads.bulk import acts, steps
from leads.bulk.states import BulkKind
from leads.models import BulkAct, BulkItem, Handoff, Lead
from tests import factories
from tests.races.parallel import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def prepared(kind, leads, *, by):
    rows = Lead.objects.filter(pk__in=[lead.pk for lead in leads])
    return acts.prepare(kind, rows, by=by)


def carried_out(kind, leads, *, by, **options):
    """Prepare, start and work on an act; return it with the reasons of those that were skipped."""
    act = prepared(kind, leads, by=by)
    acts.start(act, options, at=factories.HANDED_OFF_AT)
    acts.work(60, only=act.pk)
    act.refresh_from_db()
    return act, {item.lead_id: item.reason for item in act.items.filter(result="skipped")}


# -- Hand off


def test_47_leads_of_a_webinar_are_one_act(cast, moment):
    leads = [factories.lead(cast, from_source="event") for _ in range(47)]
    act, skipped = carried_out(BulkKind.HAND_OFF, leads, by=cast.ana, team=cast.sales.pk)
    assert (acts.counts(act)["done"], skipped) == (47, {})
    assert act.finished_at is not None
    pending = Handoff.objects.pending().filter(team=cast.sales)
    assert (pending.count(), pending.exclude(clock=None).count()) == (47, 47)
    assert {len(handoff.package.payload) > 0 for handoff in pending} == {True}


def test_hand_off_skips_what_the_single_act_refuses_and_says_why(cast, moment):
    ready = factories.lead(cast)
    idle = factories.lead(cast, did=None)
    small = factories.lead(cast, company={"employees": 8})
    silent = factories.lead(cast, person={"phone": "", "email": ""})
    sent = factories.handed_off(cast).lead
    lost = factories.lost(cast).lead
    other = factories.lead(cast, team=cast.other_marketing)
    chosen = [ready, idle, small, silent, sent, lost, other]
    # A director sees all of them and brought none.
    act, refused = carried_out(BulkKind.HAND_OFF, [ready], by=cast.elsa, team=cast.sales.pk)
    assert refused == {ready.pk: "Only the marketing team that brought it may hand it off."}
    act, skipped = carried_out(BulkKind.HAND_OFF, chosen, by=cast.ana, team=cast.sales.pk)
    assert acts.counts(act)["done"] == 1
    assert skipped.pop(idle.pk) == (
        "This lead is not an MQL yet. What is missing:"
        " At least one valuable action that counts is needed."
    )
    assert skipped.pop(small.pk).startswith("This lead is not an MQL yet. What is missing: ")
    assert skipped.pop(silent.pk).startswith("The package is not complete. Missing: ")
    assert skipped.pop(sent.pk) == "This lead is already with sales."
    assert skipped.pop(lost.pk) == "It is not with marketing; its stage is “Lost”."
    assert skipped == {other.pk: "You do not see this lead any more, or it is archived."}
    assert set(Handoff.objects.pending().values_list("lead", flat=True)) == {ready.pk, sent.pk}


def test_leads_are_locked_in_the_order_of_their_ids(cast, moment, monkeypatch):
    first, second, third = (factories.lead(cast) for _ in range(3))
    # The list shows the first one on top; a change of a company locks its leads by id.
    Lead.objects.filter(pk=second.pk).update(first_seen_on="2026-01-01")
    seen = []
    step = {BulkKind.ARCHIVE: lambda lead, chosen, **how: seen.append(lead.pk)}
    monkeypatch.setattr(acts, "STEPS", step)
    carried_out(BulkKind.ARCHIVE, [third, first, second], by=cast.ana)
    assert seen == [first.pk, second.pk, third.pk]


def test_a_skipped_lead_keeps_nothing_of_its_step_and_the_others_theirs(cast, moment, monkeypatch):
    first, broken, last = (factories.lead(cast) for _ in range(3))
    real = handoffs.hand_off

    def fail_for_one(lead, **more):
        handoff = real(lead, **more)
        if lead.pk == broken.pk:
            raise RuntimeError("the disk is full")
        return handoff

    monkeypatch.setattr(handoffs, "hand_off", fail_for_one)
    leads = [first, broken, last]
    _act, skipped = carried_out(BulkKind.HAND_OFF, leads, by=cast.ana, team=cast.sales.pk)
    assert skipped == {broken.pk: "Something went wrong on our side; this lead was not changed."}
    assert set(Handoff.objects.values_list("lead", flat=True)) == {first.pk, last.pk}
    assert not broken.events.filter(kind="handed_off").exists()


def test_person_who_left_marketing_meanwhile_hands_nothing_off(cast, moment):
    lead = factories.lead(cast)
    act = prepared(BulkKind.HAND_OFF, [lead], by=cast.ana)
    acts.start(act, {"team": cast.sales.pk}, at=factories.HANDED_OFF_AT)
    cast.ana.memberships.all().delete()
    acts.work(60)
    assert (acts.counts(act)["skipped"], Handoff.objects.count()) == (1, 0)


# -- Assign


def test_team_lead_assigns_the_leads_of_the_team(cast, moment):
    mine, his = factories.accepted(cast), factories.contacted(cast, by=cast.cruz)
    waiting, free = factories.handed_off(cast), factories.lost(cast)
    leads = [handoff.lead for handoff in (mine, his, waiting, free)]
    _act, skipped = carried_out(
        BulkKind.ASSIGN, leads, by=cast.dora, owner=cast.cruz.pk, note="Vacaciones"
    )
    assert skipped == {
        his.lead_id: "Cruz Medina has it already.",
        waiting.lead_id: "It waits in the queue: a rep accepts it first.",
        free.lead_id: "Nobody works on it: it has no open handoff.",
    }
    mine.refresh_from_db()
    event = mine.lead.events.get(kind="reassigned")
    assert (mine.owner, event.payload["comment"]) == (cast.cruz, "Vacaciones")


def test_assign_is_refused_to_reps_and_for_people_outside_the_team(cast, moment):
    handoff = factories.accepted(cast)
    lead = handoff.lead
    _act, skipped = carried_out(BulkKind.ASSIGN, [lead], by=cast.bea, owner=cast.cruz.pk)
    assert skipped == {lead.pk: "Only a lead of its sales team or a director may assign it."}
    _act, skipped = carried_out(BulkKind.ASSIGN, [lead], by=cast.dora, owner=cast.ana.pk)
    assert skipped == {lead.pk: "Ana Robles cannot take it: not active, away, or not in its team."}


def test_reason_is_in_the_language_of_its_reader(cast, moment):
    lead = factories.accepted(cast).lead
    act, skipped = carried_out(BulkKind.ASSIGN, [lead], by=cast.bea, owner=cast.cruz.pk)
    assert list(skipped.values()) == ["Only a lead of its sales team or a director may assign it."]
    with override("es"):
        assert act.items.get(result="skipped").reason == (
            "Solo lo puede asignar quien lidera su equipo de ventas o la dirección."
        )


# -- Archive


def test_archive_takes_leads_of_marketing_and_lost_ones(cast, moment):
    fresh, lost = factories.lead(cast), factories.lost(cast).lead
    working, won = factories.accepted(cast).lead, factories.won(cast).lead
    _act, skipped = carried_out(BulkKind.ARCHIVE, [fresh, lost, working, won], by=cast.ana)
    assert skipped == {
        working.pk: "It is with sales: only a lead without an open handoff can be archived.",
        won.pk: "A lead of the stage “Won” is not archived.",
    }
    assert set(Lead.objects.exclude(archived_at=None)) == {fresh, lost}
    assert list(fresh.events.values_list("kind", flat=True).order_by("id"))[-1] == "archived"


# -- Once, and in the background


def test_second_press_starts_nothing(cast, moment):
    act = prepared(BulkKind.HAND_OFF, [factories.lead(cast)], by=cast.ana)
    options = {"team": cast.sales.pk}
    pressed = [acts.start(act, options, at=factories.HANDED_OFF_AT) for _ in range(2)]
    assert pressed == [True, False]


def test_what_the_request_does_not_finish_a_worker_does(cast, moment, monkeypatch):
    monkeypatch.setattr(acts, "DIRECTLY", 2)
    monkeypatch.setattr(acts, "BATCH", 2)
    leads = [factories.lead(cast) for _ in range(5)]
    act = prepared(BulkKind.HAND_OFF, leads, by=cast.ana)
    acts.start(act, {"team": cast.sales.pk}, at=factories.HANDED_OFF_AT)
    acts.at_once(act)
    assert acts.counts(act)["waiting"] == 5
    work_on_bulk_acts()
    work_on_bulk_acts()
    act.refresh_from_db()
    assert (acts.counts(act)["done"], act.is_working) == (5, False)
    assert Handoff.objects.count() == 5


def test_leads_are_fixed_when_the_act_is_prepared(cast, moment):
    lead = factories.lead(cast)
    act = acts.prepare(BulkKind.ARCHIVE, Lead.objects.visible_to(cast.ana), by=cast.ana)
    later = factories.lead(cast)
    acts.start(act, {}, at=factories.HANDED_OFF_AT)
    acts.work(60)
    assert list(Lead.objects.filter(archived_at=None)) == [later]
    assert act.total == 1 and lead.pk != later.pk


def test_one_act_has_a_limit_that_its_refusal_names(cast, moment, monkeypatch):
    monkeypatch.setattr(acts, "MOST", 2)
    for _ in range(3):
        factories.lead(cast)
    with pytest.raises(acts.TooMany, match="One act takes 2 leads at most"):
        acts.prepare(BulkKind.ARCHIVE, Lead.objects.all(), by=cast.ana)
    with pytest.raises(acts.NothingChosen):
        acts.prepare(BulkKind.ARCHIVE, Lead.objects.none(), by=cast.ana)
    assert not BulkAct.objects.exists()


def test_acts_are_deleted_a_day_after_no_confirmation_and_a_month_after_the_end(cast, moment):
    unconfirmed = prepared(BulkKind.ARCHIVE, [factories.lead(cast)], by=cast.ana)
    ended, _skipped = carried_out(BulkKind.ARCHIVE, [factories.lead(cast)], by=cast.ana)
    acts.tidy(at=clock.now() + timedelta(hours=23))
    assert set(BulkAct.objects.all()) == {unconfirmed, ended}
    acts.tidy(at=clock.now() + timedelta(days=2))
    assert set(BulkAct.objects.all()) == {ended}
    acts.tidy(at=clock.now() + timedelta(days=31))
    assert not BulkItem.objects.exists()


def test_every_kind_has_a_step():
    assert set(steps.STEPS) == set(BulkKind)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_hand_each_lead_off_once(cast):
    leads = [factories.lead(cast) for _ in range(12)]
    act = prepared(BulkKind.HAND_OFF, leads, by=cast.ana)
    acts.start(act, {"team": cast.sales.pk}, at=factories.HANDED_OFF_AT)
    together(*[lambda: acts.work(30) for _ in range(3)])
    acts.work(30)
    assert (acts.counts(act)["done"], Handoff.objects.count()) == (12, 12)
