"""Each promise broken by hand, in the rows themselves: check_invariants names it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from crm import invariants, tasks
from crm.accounts.models import User
from crm.lib import clock
from crm.notifications.models import Letter, Message, Notice
from leads.models import Decision, Handoff, Lead, Return
from sla.models import Clock, Firing, Pause
from tests import factories
from tests.leads.returns.rows import parked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_day")]


def make():
    factories.demo(at=clock.now(), leads=0)
    tasks.sweep()
    tasks.drain()


@pytest.fixture(scope="module")
def demo_day(within):
    """The demo, swept and told: every promise is kept."""
    within(make)


def broken():
    return {line.partition(":")[0] for line in invariants.violated(at=clock.now())}


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # tables with waiting checks cannot be altered
        cursor.execute(text)


def test_command_says_nothing_where_all_is_kept(capsys):
    call_command("check_invariants")
    assert capsys.readouterr().out == ""


def test_command_names_what_is_broken_and_exits_1(capsys):
    Message.objects.filter(sent_at__isnull=False).update(sent_at=None)
    with pytest.raises(SystemExit, match="1"):
        call_command("check_invariants")
    assert "message_becomes_one_notice: message" in capsys.readouterr().out


def test_two_open_handoffs():
    sql("DROP INDEX handoff_one_open_per_lead")
    first, second = Handoff.objects.pending()[:2]
    Handoff.objects.filter(pk=second.pk).update(lead=first.lead, cycle=2)
    assert "lead_has_one_open_handoff" in broken()


def test_two_decisions():
    sql("DROP INDEX handoff_one_decision")
    decision = Decision.objects.filter(kind="accept").first()
    Decision.objects.create(handoff=decision.handoff, kind="accept", by=decision.by, at=decision.at)
    assert "handoff_is_decided_once" in broken()


def test_decided_and_yet_pending():
    pending = Handoff.objects.pending().first()
    Decision.objects.create(handoff=pending, kind="accept", by=User.objects.first(), at=clock.now())
    assert "handoff_is_decided_once" in broken()


def test_firing_twice_and_early():
    sql("ALTER TABLE sla_firing DROP CONSTRAINT firing_once")
    sql("ALTER TABLE sla_firing DROP CONSTRAINT firing_never_early")
    fired = Firing.objects.first()
    planned = fired.at + timedelta(seconds=1)
    Firing.objects.create(
        clock=fired.clock,
        level=fired.level,
        kind=fired.kind,
        planned_at=planned,
        at=fired.at,
        outcome="overtaken",
    )
    assert broken() == {"step_fires_once", "step_fires_never_early"}


def test_firing_that_told_nobody():
    running = Clock.objects.filter(stopped_at__isnull=True).first()
    now = clock.now()
    Firing.objects.create(clock=running, level=99, kind="warn", planned_at=now, at=now)
    assert broken() == {"firing_sends_a_message"}


def test_step_that_nobody_swept():
    Clock.objects.filter(pk=Clock.objects.filter(next_step_at__isnull=False).first().pk).update(
        next_step_at=clock.now() - timedelta(seconds=90)
    )
    assert broken() == {"step_is_not_overdue"}


def test_clock_of_a_step_that_is_over():
    contact = Clock.objects.filter(metric="first_contact", stopped_at__isnull=True).first()
    Handoff.objects.filter(pk=contact.subject_id).update(state="contacted")
    assert {"clock_matches_the_awaited_step", "state_matches_the_events"} <= broken()


def test_breached_though_in_time():
    met = Clock.objects.filter(state="met").first()
    sql("ALTER TABLE sla_clock DISABLE TRIGGER USER")
    Clock.objects.filter(pk=met.pk).update(state="breached", breached_at=met.due_at)
    assert broken() == {"clock_is_judged_by_the_act"}


def test_pause_that_its_clock_does_not_know():
    sql("ALTER TABLE sla_clock DISABLE TRIGGER USER")
    paused = Clock.objects.filter(state="paused").first()
    Clock.objects.filter(pk=paused.pk).update(
        state="running", paused_until=None, next_step_at=paused.due_at
    )
    assert broken() == {"pause_matches_its_clock"}


def test_clock_that_no_pause_holds():
    Pause.objects.filter(ended_at=None).update(ended_at=clock.now(), end="by_hand")
    assert broken() == {"pause_matches_its_clock"}


def test_pauses_that_overlap():
    sql("ALTER TABLE sla_pause DROP CONSTRAINT pause_no_overlap")
    first, second = Pause.objects.order_by("id")[:2]
    Pause.objects.filter(pk=second.pk).update(started_at=first.started_at + timedelta(seconds=1))
    assert broken() == {"pauses_keep_their_caps"}


def test_pause_without_end():
    ended = Pause.objects.exclude(ended_at=None).get()
    Pause.objects.filter(pk=ended.pk).update(started_at=ended.started_at - timedelta(days=31))
    assert broken() == {"pauses_keep_their_caps"}


def test_step_that_fired_while_paused():
    pause = Pause.objects.get(ended_at=None)
    at = pause.started_at + timedelta(minutes=1)
    Firing.objects.create(
        clock=pause.clock, level=99, kind="warn", planned_at=at, at=at, outcome="overtaken"
    )
    assert broken() == {"ladder_rests_while_paused"}


def test_clock_that_somebody_else_answers_for():
    awaited = Clock.objects.filter(metric="first_contact", stopped_at__isnull=True).first()
    other = User.objects.exclude(pk=awaited.accountable_id).first()
    Clock.objects.filter(pk=awaited.pk).update(accountable=other)
    assert broken() == {"owner_is_accountable_for_the_clock"}


def test_person_judged_late_though_in_time():
    done = Clock.objects.filter(metric="first_contact", assigned_met=True).first()
    Clock.objects.filter(pk=done.pk).update(assigned_met=False)
    assert broken() == {"owner_is_accountable_for_the_clock"}


def test_lead_that_lost_its_owner():
    Lead.objects.filter(stage="accepted").update(owner=None)
    assert broken() == {"lead_follows_its_handoff"}


def test_lead_that_forgot_who_closed_it():
    won = Handoff.objects.filter(state="won", lead__archived_at=None).first()
    Lead.objects.filter(pk=won.lead_id).update(owner=None)
    assert broken() == {"lead_keeps_the_owner_of_its_handoff"}


def test_owner_who_left():
    owner = Handoff.objects.open().filter(owner__isnull=False).first().owner
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert broken() == {"open_handoff_has_an_active_owner"}


def test_return_of_a_lead_that_is_not_with_marketing():
    Return.objects.create(handoff=Handoff.objects.pending()[0], opened_at=clock.now())
    assert broken() == {"open_return_waits_with_its_lead"}


def test_clock_of_an_answered_return():
    copied = Clock.objects.filter(metric="accept", stopped_at__isnull=True)[0]
    copied.pk = None
    copied.subject_type, copied.subject_id = "return", 0
    copied.save()
    assert "open_return_waits_with_its_lead" in broken()


def test_parked_lead_that_nobody_woke():
    handoff = Handoff.objects.filter(state="contacted")[0]
    parked(handoff, wake_at=clock.now() - timedelta(minutes=2))
    assert broken() == {"parked_lead_wakes_in_time"}


def test_recycled_lead_that_nothing_wakes():
    Lead.objects.filter(stage="captured").update(stage="recycled")
    assert "parked_lead_wakes_in_time" in broken()


def test_message_without_notice():
    Notice.objects.all().delete()
    assert broken() == {"message_becomes_one_notice"}


@pytest.mark.parametrize(("days", "found"), [(2, set()), (4, {"message_becomes_one_notice"})])
def test_mail_that_waits_for_its_server(days, found):
    since = clock.now() - timedelta(days=days)
    person = User.objects.filter(is_active=True).first()
    Message.objects.create(
        recipient=person,
        channel="email",
        kind="handoff.new",
        dedup_key="k",
        created_at=since,
        next_try_at=since,
    )
    assert broken() == found


def queue(person, number, **columns):
    return Message.objects.create(
        recipient=person, channel="email", kind="handoff.new", dedup_key=f"k{number}", **columns
    )


def letter(person, since):
    return Letter.objects.create(
        recipient=person,
        kind="handoff.new",
        lane=1,
        decided_at=since,
        next_try_at=since,
        retry_since=since,
    )


@pytest.mark.parametrize(
    ("days", "columns", "fault"),
    [
        (0, {}, ""),
        (0, {"kind": "handoff.won"}, "is in a letter of another person or kind"),
        (0, {"channel": "in_app"}, "is in a letter of another person or kind"),
        (0, {"personal": True}, "holds a personal mail and others"),
        (0, {"letter": None, "next_try_at": "2999-01-01T00:00Z"}, "is empty"),
        (4, {}, "should have been dropped"),
    ],
)
def test_letter_and_its_messages(days, columns, fault):
    since = clock.now() - timedelta(days=days)
    person = User.objects.filter(is_active=True).first()
    tied = {"letter": letter(person, since), "next_try_at": None}
    for number in (1, 2):
        Message.objects.filter(pk=queue(person, number).pk).update(**{**tied, **columns})
    lines = invariants.letter_holds_mails_of_one_kind(clock.now())
    assert {line.partition(" ")[2].partition(" ")[2] for line in lines} == {fault} - {""}


def test_moved_time():
    sql(
        "CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'"
    )
    assert broken() == {"clock_function_is_ours"}
    assert list(invariants.violated(at=clock.now(), moved_time=True)) == []


def test_every_check_says_what_it_asks():
    assert all(check.__doc__ for check in invariants.CHECKS)
