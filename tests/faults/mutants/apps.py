"""Takes out, when the product starts, the mechanism that the variable MUTANT names."""

import os
import time

from django.apps import AppConfig


class Mutants(AppConfig):
    name = "tests.faults.mutants"

    def ready(self):
        MUTANTS[os.environ["MUTANT"]]()


def read_then_write():
    """Instead of one conditional UPDATE: look, then write."""
    from leads.handoffs import state_changes
    from leads.models import Handoff

    def claim(handoff, state, *, of, **fields):
        found = Handoff.objects.get(pk=handoff.pk)
        if found.state not in of:
            raise state_changes.AlreadyTaken(found)
        old = found.state
        time.sleep(0.02)
        state_changes.write(handoff, Handoff.objects.filter(pk=handoff.pk), state=state, **fields)
        return old

    state_changes.claim = claim


def sweep_without_locks():
    """Sweepers read the due clocks and their handoffs without locking them."""
    from django.db.models import Q

    from leads.handoffs import escalation
    from leads.models import Handoff
    from sla.clocks import ladder
    from sla.models import Clock

    def due(now, batch, **_):
        waiting = Q(parked_until__isnull=True) | Q(parked_until__lt=now)
        return list(
            Clock.objects.filter(waiting, next_step_at__lt=now).order_by("next_step_at")[:batch]
        )

    def handoff(clock):
        return Handoff.objects.select_related("lead", "team", "owner", "submitted_by").get(
            pk=clock.subject_id
        )

    ladder._lock_due, escalation._lock = due, handoff


def sweep_that_waits():
    """The sweep skips locked transitions, but waits for their leads."""
    from leads.handoffs import escalation
    from leads.models import Handoff

    def handoff(clock):
        rows = Handoff.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        return rows.select_related("lead", "team", "owner", "submitted_by").get(pk=clock.subject_id)

    escalation._lock = handoff


MUTANTS = {
    "sweep_that_waits": sweep_that_waits,
    "read_then_write": read_then_write,
    "sweep_without_locks": sweep_without_locks,
}
