"""Bring open handoffs to the agreement and the calendars in force now.

Never automatic: a person looks at the changes first (:func:`preview`), and exactly these are made
(:func:`apply`). The agreement that judges a handoff (``agreement_version``) never changes; its
policy says whose times it follows. Every policy is replaced, so that clocks which start later
follow it; sla.clocks.recalculation decides on the running clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.errors import Conflict
from crm.notifications import outbox
from leads import events
from leads.handoffs.reapply import plan
from leads.handoffs.reapply.plan import CurrentTerms, HandoffChange
from leads.models import Event, Handoff
from leads.states import EventKind
from sla import snapshot_bodies
from sla.clocks import recalculation
from sla.models import Clock
from sla.states import Retime

# Each batch holds its locks until its commit; a small one keeps accepts from waiting.
BATCH = 500
SALT = "leads.reapply"
WRITTEN_COLUMNS = (
    "commitment",
    "limit_seconds",
    "calendar_ref",
    "ladder_ref",
    "due_at",
    "soon_at",
    "counted_from",
    "spent",
    "next_step_at",
    "assigned_due_at",
)


@dataclass(frozen=True)
class Preview:
    """The open handoffs that would change, or that stay though the terms have changed.

    ``changes``: moved deadlines first, the most urgent first. ``unchanged``: how many others.
    """

    changes: list[HandoffChange]
    unchanged: int

    def count(self, *outcomes: Retime) -> int:
        """Return how many have one of ``outcomes``."""
        return sum(change.outcome in outcomes for change in self.changes)

    @property
    def token(self) -> str:
        """Signed fingerprint of the changes; :func:`apply` refuses if anything differs."""
        digests = {str(change.handoff): change.digest for change in self.changes}
        return signing.dumps(digests, salt=SALT, compress=True)


class StalePreview(Conflict):
    """The changes differ from those that the person looked at.

    ``preview``: the current one. ``changed``: the ids of the handoffs that differ.
    """

    code = "stale_preview"
    message = _("Something has changed since you looked. Nothing was applied; look again.")

    def __init__(self, preview: Preview, changed: list[int]) -> None:
        self.preview = preview
        self.changed = changed
        super().__init__()


@dataclass(frozen=True)
class Applied:
    """The result: ``moved`` deadlines of ``brought`` handoffs.

    ``left``: ids of the handoffs that changed in the meantime and were left as they are.
    """

    moved: int
    brought: int
    left: list[int]


def preview(*, by: User, at: datetime) -> Preview:
    """Return what :func:`apply` would do for ``by`` at ``at``."""
    terms = CurrentTerms()
    changes: list[HandoffChange] = []
    unchanged = 0
    for handoff in plan.read(_in_reach(by=by)):
        change = terms.plan(handoff, at=at)
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    # Without a clock there is no deadline; such a change sorts as if due now.
    changes.sort(key=lambda each: (not each.moves, each.due_before or at, each.handoff))
    return Preview(changes, unchanged)


def _in_reach(*, by: User) -> QuerySet[Handoff]:
    """Return the awaited handoffs that ``by`` may change (permissions.can_reapply)."""
    rows = Handoff.objects.filter(state__in=plan.AWAITED)
    if by.is_director:
        return rows
    return rows.filter(team__in=by.team_ids(Side.SALES, led=True))


def apply(token: str, *, by: User, at: datetime) -> Applied:
    """Make the changes of the preview with ``token``, in batches with a transaction each.

    Each handoff is planned again under its lock; one that changed in the meantime is left. Each
    owner is notified once.

    Raises StalePreview, before anything is written, if the preview would be different now.
    """
    current = preview(by=by, at=at)
    _check_unchanged(token, current)
    # Read anew for the writes: the terms of the preview are cached.
    terms = CurrentTerms()
    done: list[HandoffChange] = []
    left: list[int] = []
    for batch in _batches(current.changes):
        written, skipped = _apply_batch(batch, terms, by=by, at=at)
        done += written
        left += skipped
    moved = sum(change.moves for change in done)
    return Applied(moved=moved, brought=len(done), left=left)


def _check_unchanged(token: str, current: Preview) -> None:
    try:
        seen: dict[str, str] = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        seen = {}  # an invalid token counts as a preview without changes
    now = {str(change.handoff): change.digest for change in current.changes}
    if seen == now:
        return
    differing = []
    for pk in seen.keys() | now.keys():
        if seen.get(pk) != now.get(pk):
            differing.append(int(pk))
    raise StalePreview(current, sorted(differing))


def _batches(changes: list[HandoffChange]) -> Iterator[list[HandoffChange]]:
    ordered = sorted(changes, key=lambda change: change.handoff)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]


@transaction.atomic
def _apply_batch(
    batch: list[HandoffChange], terms: CurrentTerms, *, by: User, at: datetime
) -> tuple[list[HandoffChange], list[int]]:
    """Make the changes of one batch; return those made, and the handoffs that were left."""
    wanted = {change.handoff: change.digest for change in batch}
    _lock(list(wanted))
    rows = plan.read(Handoff.objects.filter(pk__in=wanted, state__in=plan.AWAITED))
    handoffs = {handoff.pk: handoff for handoff in rows}
    done = []
    for pk, handoff in handoffs.items():
        change = terms.plan(handoff, at=at)
        if change is not None and change.digest == wanted[pk]:
            done.append(change)
    _write(done, handoffs, by=by, at=at)
    left = wanted.keys() - {change.handoff for change in done}
    return done, sorted(left)


def _lock(pks: list[int]) -> None:
    """Lock the handoffs and their open clocks, both in order of their ids."""
    # In this order, as transitions lock them; otherwise two of them could wait for each other.
    handoffs = Handoff.objects.filter(pk__in=pks)
    clocks = Clock.objects.filter(
        subject_type="handoff",
        subject_id__in=pks,
        stopped_at__isnull=True,
    )
    for rows in (handoffs, clocks):
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _write(
    done: list[HandoffChange], handoffs: dict[int, Handoff], *, by: User, at: datetime
) -> None:
    _write_policies(done)
    clocks = []
    for change in done:
        clock = handoffs[change.handoff].clock
        if change.is_new and clock is not None:
            for name, value in recalculation.columns(clock, change.policy, at=at).items():
                setattr(clock, name, value)
            clocks.append(clock)
    # All rows exist and are locked. This writes them like bulk_update, in one twentieth of its
    # time.
    Clock.objects.bulk_create(
        clocks,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=WRITTEN_COLUMNS,
    )
    _record_events(done, handoffs, by=by, at=at)
    _notify_owners(done, by=by, at=at)
    payload = {"handoffs": len(done), "moved": sum(change.moves for change in done)}
    record("agreement_reapplied", "handoff", by=by, at=at, payload=payload)


def _write_policies(done: list[HandoffChange]) -> None:
    """Write each policy once for all handoffs that get it; equal policies are one object."""
    handoffs_by_policy: dict[int, list[int]] = {}
    policies = {}
    for change in done:
        key = id(change.policy)
        policies[key] = change.policy
        handoffs_by_policy.setdefault(key, []).append(change.handoff)
    for key, pks in handoffs_by_policy.items():
        reference = snapshot_bodies.keep(policies[key])
        Handoff.objects.filter(pk__in=pks).update(policy_ref=reference)


def _record_events(
    done: list[HandoffChange], handoffs: dict[int, Handoff], *, by: User, at: datetime
) -> None:
    on = events.today(at)
    rows = []
    for change in done:
        handoff = handoffs[change.handoff]
        rows.append(
            Event(
                lead_id=handoff.lead_id,
                handoff_id=handoff.pk,
                kind=EventKind.REAPPLIED,
                actor=by,
                at=at,
                occurred_on=on,
                from_state=handoff.state,
                to_state=handoff.state,
                payload={"cycle": handoff.cycle, **_payload(change)},
            )
        )
    # One INSERT a batch: events.record would make one for each handoff.
    Event.objects.bulk_create(rows)


def _payload(change: HandoffChange) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "outcome": change.outcome.value,
        "why": list(change.why),
        "versions": list(change.versions),
    }
    if change.moves and change.due_before and change.due_after:
        payload["due_before"] = change.due_before.isoformat()
        payload["due_at"] = change.due_after.isoformat()
    return payload


def _notify_owners(done: list[HandoffChange], *, by: User, at: datetime) -> None:
    """Notify each owner of a moved deadline once, except ``by``."""
    owners = {change.owner for change in done if change.moves and change.owner is not None}
    outbox.notify(
        "handoff.reapplied",
        User.objects.filter(pk__in=owners - {by.pk}),
        at=at,
        key=f"reapply:{at.timestamp()}",
        params={"by_id": by.pk},
        path="/mine/",
    )
