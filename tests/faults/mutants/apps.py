"""Takes out, when the product starts, the mechanisms that the variable MUTANT names."""

import os
import time

from django.apps import AppConfig


class Mutants(AppConfig):
    name = "tests.faults.mutants"

    def ready(self):
        for name in os.environ["MUTANT"].split(","):
            MUTANTS[name]()


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
        state_changes.write(handoff, {"id": handoff.pk}, state=state, **fields)
        return old

    state_changes.claim = claim


def sweep_without_locks():
    """Sweepers read the due clocks and their handoffs without locking them."""
    from django.db.models import Q

    from leads.handoffs import escalation
    from sla.clocks import clocks, ladder
    from sla.models import Clock

    def due(now, rows, most, **_):
        waiting = Q(parked_until__isnull=True) | Q(parked_until__lt=now)
        found = Clock.objects.filter(rows, waiting, next_step_at__lt=now)
        return list(found.order_by("next_step_at")[:most])

    ladder._lock_due, escalation._lock = due, handoffs_of
    clocks.ADVANCE = clocks.ADVANCE.replace(clocks.UNCHANGED, "")


def handoffs_of(ids):
    """Handoffs with what the steps of the ladder read, not locked."""
    from leads.models import Handoff

    return Handoff.objects.select_related("lead").filter(pk__in=ids)


def sweep_that_waits():
    """The sweep skips locked transitions, but waits for their leads."""
    from leads.handoffs import escalation

    def hold(handoff_ids):
        rows = handoffs_of(handoff_ids)
        return rows.select_for_update(skip_locked=True, no_key=True, of=("self",))

    escalation._lock = hold


def batches_of_one():
    """No safety less: the sweep takes one clock at a time."""
    from sla.clocks import ladder

    ladder.LANES = tuple((rows, 1) for rows, _most in ladder.LANES)


def sweep_that_keeps_its_rows():
    """A sweeper that hangs keeps its rows for a minute."""
    from sla.clocks import ladder

    ladder.BEGIN = ladder.BEGIN.replace("8s", "60s")


MUTANTS = {
    "batches_of_one": batches_of_one,
    "sweep_that_keeps_its_rows": sweep_that_keeps_its_rows,
    "sweep_that_waits": sweep_that_waits,
    "read_then_write": read_then_write,
    "sweep_without_locks": sweep_without_locks,
}
