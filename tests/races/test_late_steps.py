"""Steps that come too late: the state they were seen in is gone, or nobody is left to be told."""

from datetime import timedelta

import pytest
from django.db import connection

from crm import invariants, tasks
from crm.accounts.models import Team, User
from crm.accounts.sign_in import demo
from crm.lib import clock
from crm.notifications.models import Message
from leads import handoffs
from leads.models import Handoff
from sla.clocks import clocks, ladder
from sla.models import Clock
from sla.states import Metric, StepKind
from tests import factories

pytestmark = [pytest.mark.faults, pytest.mark.django_db]


@pytest.fixture
def pending(settings):
    """A pending handoff of the demo, ten minutes old."""
    settings.DEMO = True
    factories.demo(at=clock.now(), leads=0)
    found = Handoff.objects.pending().filter(team__name="Ventas en línea", proves_sql=False)
    return found.order_by("-submitted_at").first()


def move_time(minutes):
    body = f"SELECT clock_timestamp() + interval '{minutes} minutes'"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION relevo_now() RETURNS "
            f"timestamptz LANGUAGE sql AS $${body}$$"
        )


def person(mailbox):
    return User.objects.get(email=f"{mailbox}@{demo.DOMAIN}")


def broken():
    return list(invariants.violated(at=clock.now(), moved_time=True))


def test_demo_breaks_no_promise(pending):
    tasks.sweep()
    tasks.drain()
    assert broken() == []


def test_requeue_of_what_a_rep_has_just_accepted_is_refused(pending):
    seen = Handoff.objects.get(pk=pending.pk)
    handoffs.accept(pending, by=person("bea"), at=clock.now())
    with pytest.raises(handoffs.AlreadyTaken, match="Bea"):
        handoffs.requeue(seen, by=person("dora"), at=clock.now(), cause="late")
    lead = Handoff.objects.get(pk=pending.pk).lead
    assert (lead.stage, lead.owner) == ("accepted", person("bea"))


def test_requeue_of_what_marketing_has_just_withdrawn_is_refused(pending):
    seen = Handoff.objects.get(pk=pending.pk)
    handoffs.withdraw(pending, by=person("ana"), at=clock.now())
    with pytest.raises(handoffs.AlreadyTaken):
        handoffs.requeue(seen, by=person("dora"), at=clock.now(), cause="late")


def test_act_whose_moment_was_read_before_the_clock_began_uses_no_time(pending):
    started = Clock.objects.get(pk=pending.clock_id).started_at
    stopped = clocks.stop(pending, Metric.ACCEPT, at=started - timedelta(seconds=20))
    assert (stopped.state, stopped.used_seconds) == ("met", 0)


def escalations_of(handoff):
    """Who was told at each step, by kind of step."""
    told = {}
    for firing in Clock.objects.get(pk=handoff.clock_id).firings.order_by("id"):
        keys = Message.objects.filter(dedup_key__contains=f":firing:{firing.pk}:")
        told[firing.kind] = set(keys.values_list("recipient__name", flat=True))
    return told


def test_queue_with_nobody_in_it_rises_to_the_directors(pending):
    Team.objects.get(pk=pending.team_id).people.update(is_active=False)
    for minutes in (81, 112, 144, 176, 238):
        move_time(minutes)
        tasks.sweep()
    told = escalations_of(pending)
    assert set(told) == set(StepKind.values)
    assert told[StepKind.WARN] == told[StepKind.REQUEUE] == {"Elsa Duarte"}
    tasks.drain()
    assert all(line.startswith("open_handoff_has_an_active_owner") for line in broken())


def test_step_of_an_owner_who_left_rises_to_the_lead_of_the_team(pending):
    handoffs.accept(pending, by=person("cruz"), at=clock.now())
    User.objects.filter(pk=person("cruz").pk).update(is_active=False)
    move_time(181)
    tasks.sweep()
    assert escalations_of(pending)[StepKind.WARN] == {"Dora Salinas"}
    tasks.drain()
    assert all(line.startswith("open_handoff_has_an_active_owner") for line in broken())


def test_rows_that_cannot_fire_do_not_hold_up_the_others(pending, monkeypatch):
    """A whole batch of them at the head of the line."""
    monkeypatch.setattr(ladder, "BATCH", 1)
    move_time(181)
    last = Clock.objects.filter(next_step_at__isnull=False).order_by("-next_step_at").first()
    due = Clock.objects.filter(next_step_at__lt=clock.now()).order_by("next_step_at")
    poison, *rest = due.values_list("pk", flat=True)

    def act(clock, firing):
        if clock.pk == poison:
            raise RuntimeError("poison")

    subjects = factories.clock_subjects(act)
    while ladder.sweep(subjects, batch=1):
        pass
    assert last.pk != poison
    assert not due.exclude(pk=poison).filter(pk__in=rest, level=0).exists()
    assert Clock.objects.get(pk=poison).parked_until is not None
