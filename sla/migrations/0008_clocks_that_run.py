"""Clocks that run get the moment from which they are at risk; each clock the own clock of who answered for it."""

from datetime import timedelta

from django.db import migrations
from django.db.models import Case, F, Q, Value, When

from sla import steps, worktime

BATCH = 1000


def forwards(apps, schema_editor):
    Clock = apps.get_model("sla", "Clock")
    running = Clock.objects.filter(stopped_at__isnull=True, soon_at__isnull=True).order_by("pk")
    after = 0
    while rows := list(running.filter(pk__gt=after)[:BATCH]):
        for clock in rows:
            limit = timedelta(seconds=clock.limit_seconds)
            calendar = worktime.WorkCalendar.from_json(dict(clock.calendar))
            clock.soon_at = min(
                steps.soon_at(steps.Run(calendar, clock.started_at, clock.due_at, limit), limit), clock.due_at
            )
        Clock.objects.bulk_update(rows, ["soon_at"])
        after = rows[-1].pk
    answered = Clock.objects.filter(accountable__isnull=False, assigned_at__isnull=True)
    judged = Case(
        When(Q(state="met"), then=Value(True)),
        When(Q(state="breached"), then=Value(False)),
        default=Value(None),
    )
    answered.update(assigned_at=F("started_at"), assigned_due_at=F("due_at"), assigned_met=judged)


class Migration(migrations.Migration):
    dependencies = [("sla", "0007_clock_states")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
