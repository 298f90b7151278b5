"""Bringing open handoffs to the agreement in force now and to the calendars as they are now.

Never by itself: somebody looks at what would move first (:func:`preview`), and exactly that is done
(:func:`apply`). What a handoff was judged by (``agreement_version``) never changes; its policy says
whose times it goes by. The policy of every handoff is brought along, so clocks that start later
follow it; of the clock that runs now sla.clocks.recalculation decides. Handoffs that wait for
nothing any more (SQL, opportunity) have no clock and are left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.db.json_snapshot import Snapshot
from crm.lib.errors import Conflict
from crm.notifications import outbox
from leads import events
from leads.models import Event, Handoff, Source, ValuableAction
from leads.states import EventKind, HandoffState
from personas.models import PersonaVersion
from sla.agreements import agreements, policies
from sla.clocks import recalculation, snapshots
from sla.models import AgreementVersion, Clock, Pause
from sla.states import Retime

BATCH = 500
AWAITED = (HandoffState.PENDING, HandoffState.ACCEPTED, HandoffState.CONTACTED)
MOVES = (Retime.LATER, Retime.EARLIER)
SALT = "leads.reapply"
# What the plan reads of a handoff: 10,000 of them are read at once.
READ = (
    *(
        "state",
        "cycle",
        "clock",
        "team",
        "owner",
        "policy",
        "agreement_version",
        "persona_version",
        "lead",
        "lead__source",
    ),
    *(f"clock__{field.attname}" for field in Clock._meta.concrete_fields),
)
WRITTEN = (
    *(
        "commitment",
        "limit_seconds",
        "calendar",
        "ladder",
        "due_at",
        "soon_at",
        "counted_from",
        "spent",
    ),
    *("next_step_at", "assigned_due_at"),
)


class StalePreview(Conflict):
    """What was looked at is not what would be done now.

    ``preview``: how it stands; ``changed``: where it differs.
    """

    code = "stale_preview"
    message = _("Something has changed since you looked. Nothing was applied; look again.")

    def __init__(self, found: Preview, changed: list[int]) -> None:
        self.preview, self.changed = found, changed
        super().__init__()


@dataclass(frozen=True)
class Line:
    """What would become of one handoff.

    ``versions``: by number, whose times it goes by and would go by; ``why``: what differs, of
    agreement, calendar, terms, or clock where only that lags; ``is_new``: whether its clock
    changes.
    """

    handoff: int
    owner: int | None
    metric: str
    due_before: datetime | None
    due_after: datetime | None
    outcome: Retime
    why: tuple[str, ...]
    versions: tuple[int, int]
    policy: dict[str, Any]
    is_new: bool
    digest: str

    @property
    def moves(self) -> bool:
        return self.outcome in MOVES


@dataclass(frozen=True)
class Preview:
    """``lines``: every open handoff that would change, or that stays though the terms have changed;
    what moves first, the most urgent first. ``unchanged``: how many are up to date already.
    """

    lines: list[Line]
    unchanged: int

    def count(self, *outcomes: Retime) -> int:
        """How many come out as one of ``outcomes``."""
        return sum(line.outcome in outcomes for line in self.lines)

    @property
    def token(self) -> str:
        """Stands for exactly these lines; give it to :func:`apply`."""
        return signing.dumps(
            {str(line.handoff): line.digest for line in self.lines}, salt=SALT, compress=True
        )


@dataclass(frozen=True)
class Applied:
    """``moved`` deadlines, of ``brought`` handoffs; ``left``: ids of what changed at that very
    moment, untouched.
    """

    moved: int
    brought: int
    left: list[int]


# -- Looking


def preview(*, by: User, at: datetime) -> Preview:
    """What :func:`apply` would do for ``by`` at ``at``.

    A constant number of queries, but for commitments with conditions: those are read once for each
    combination of facts that they tell apart.
    """
    terms, lines, unchanged = Terms(), list[Line](), 0
    for handoff in _read(_in_reach(by=by)):
        line = terms.plan(handoff, at=at)
        if line is None:
            unchanged += 1
        else:
            lines.append(line)
    lines.sort(key=lambda line: (not line.moves, line.due_before or at, line.handoff))
    return Preview(lines, unchanged)


def _in_reach(*, by: User) -> QuerySet[Handoff]:
    """The handoffs that ``by`` may bring along and that still wait for something
    (permissions.can_reapply).
    """
    rows = Handoff.objects.filter(state__in=AWAITED)
    return rows if by.is_director else rows.filter(team__in=by.team_ids(Side.SALES, led=True))


def _read(rows: QuerySet[Handoff]) -> QuerySet[Handoff]:
    pauses = Prefetch("clock__pauses", Pause.objects.order_by("started_at", "id"))
    return rows.select_related("clock", "lead").only(*READ).order_by("pk").prefetch_related(pauses)


class Terms:
    """The terms that are in force now, read once: policies by team and by the facts that tell them
    apart.
    """

    def __init__(self) -> None:
        self.versions: dict[int, AgreementVersion | None] = {}
        self.teams = Team.objects.in_bulk()
        self.told_apart: dict[int, dict[str, set[str]]] = {}
        self.policies: dict[tuple[Any, ...], tuple[dict[str, Any], str]] = {}
        self.numbers = dict(AgreementVersion.objects.values_list("pk", "number"))
        self.sources = dict(Source.objects.values_list("pk", "code"))
        self.personas = dict(PersonaVersion.objects.values_list("pk", "persona__slug"))
        self.actions: dict[int, set[str]] | None = None
        self.compared: dict[tuple[int, int, int], tuple[Any, tuple[str, ...]]] = {}

    def plan(self, handoff: Handoff, *, at: datetime) -> Line | None:
        """What would become of ``handoff``; None where nothing has changed, or no agreement is in
        force.
        """
        version = self._in_force(handoff.team_id)
        if version is None:
            return None
        policy, digest = self._policy(handoff, version)
        clock = handoff.clock if handoff.clock and handoff.clock.stopped_at is None else None
        found = (
            recalculation.retimed(clock, policy, at=at)
            if clock
            else recalculation.Retimed(Retime.SAME)
        )
        before = handoff.policy.get("version") or handoff.agreement_version_id
        why = self._why(handoff.policy, policy, before) or (("clock",) if found.is_new else ())
        if not why:
            return None
        known = (
            clock and clock.pk,
            clock and clock.due_at,
            found.due_at,
            found.outcome,
            handoff.owner_id,
            digest,
        )
        return Line(
            handoff=handoff.pk,
            owner=handoff.owner_id,
            metric=clock.metric if clock else "",
            due_before=clock.due_at if clock else None,
            due_after=found.due_at,
            outcome=found.outcome,
            why=why,
            versions=(self.numbers[before], self.numbers[version.pk]),
            policy=policy,
            is_new=found.is_new,
            digest=hashlib.sha256(repr(known).encode()).hexdigest()[:12],
        )

    def _in_force(self, team: int) -> AgreementVersion | None:
        if team not in self.versions:
            try:
                self.versions[team] = agreements.in_force(self.teams[team])
            except agreements.NoAgreement:
                self.versions[team] = None
        return self.versions[team]

    def _policy(self, handoff: Handoff, version: AgreementVersion) -> tuple[dict[str, Any], str]:
        """The policy that ``version`` gives the handoff, and a digest of it."""
        facts = self._facts(handoff, version)
        key = (
            version.pk,
            handoff.team_id,
            facts["source"],
            tuple(facts["actions"]),
            facts["persona"],
        )
        if key not in self.policies:
            policy = policies.policy_for(version, self.teams[handoff.team_id], facts=facts)
            policy["calendar"] = Snapshot(
                policy["calendar"]
            )  # read once, however many clocks are counted in it
            text = json.dumps(policy, sort_keys=True, default=str)
            self.policies[key] = policy, hashlib.sha256(text.encode()).hexdigest()
        return self.policies[key]

    def _facts(self, handoff: Handoff, version: AgreementVersion) -> dict[str, Any]:
        """Of what is known of the lead now, what some commitment of ``version`` asks for."""
        if version.pk not in self.told_apart:
            asked: dict[str, set[str]] = {"sources": set(), "actions": set(), "personas": set()}
            for conditions in version.commitments.values_list("conditions", flat=True):
                for name, values in conditions.items():
                    asked.setdefault(name, set()).update(values or ())
            self.told_apart[version.pk] = asked
        asked = self.told_apart[version.pk]
        source, persona = (
            self.sources.get(handoff.lead.source_id or 0),
            self.personas[handoff.persona_version_id],
        )
        return {
            "source": source if source in asked["sources"] else None,
            "actions": sorted(self._actions(handoff.lead_id) & asked["actions"])
            if asked["actions"]
            else [],
            "persona": persona if persona in asked["personas"] else None,
        }

    def _actions(self, lead: int) -> set[str]:
        if self.actions is None:
            self.actions = {}
            done = ValuableAction.objects.filter(lead__handoffs__state__in=AWAITED)
            for pk, code in done.values_list("lead", "kind__code").distinct():
                self.actions.setdefault(pk, set()).add(code)
        return self.actions.get(lead, set())

    def _why(
        self, old: dict[str, Any], new: dict[str, Any], version_before: int
    ) -> tuple[str, ...]:
        """What differs between two policies; of the calendars their hours and not how they are
        written down.
        """
        key = (
            id(old),
            id(new),
            version_before,
        )  # policies of the same text are one object, kept alive beside it
        if key not in self.compared:
            differs = {
                "agreement": version_before != new["version"],
                "calendar": snapshots.calendar(old["calendar"])
                != snapshots.calendar(new["calendar"]),
                "terms": version_before == new["version"]
                and any(old.get(part) != new.get(part) for part in ("clocks", "pauses")),
            }
            self.compared[key] = old, tuple(name for name, found in differs.items() if found)
        return self.compared[key][1]


# -- Doing


def apply(token: str, *, by: User, at: datetime) -> Applied:
    """Do what the preview with ``token`` said, in batches of their own transactions.

    Raises StalePreview, before anything is written, where it would not be the same any more. Each
    row is looked at again under its lock: what changed at that very moment is left as it is. Each
    owner is told once.
    """
    found = preview(by=by, at=at)
    try:
        seen: dict[str, str] = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        seen = {}
    now = {str(line.handoff): line.digest for line in found.lines}
    if seen != now:
        raise StalePreview(
            found, sorted(int(pk) for pk in seen.keys() | now.keys() if seen.get(pk) != now.get(pk))
        )
    terms, done, left = Terms(), list[Line](), list[int]()
    for batch in _batches(found.lines):
        brought, skipped = _bring(batch, terms, by=by, at=at)
        done += brought
        left += skipped
    return Applied(sum(line.moves for line in done), len(done), left)


def _batches(lines: list[Line]) -> Iterator[list[Line]]:
    ordered = sorted(lines, key=lambda line: line.handoff)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]


@transaction.atomic
def _bring(
    batch: list[Line], terms: Terms, *, by: User, at: datetime
) -> tuple[list[Line], list[int]]:
    """Bring one batch along; the lines that were, and the handoffs that had changed."""
    wanted = {line.handoff: line.digest for line in batch}
    list(
        Handoff.objects.select_for_update(no_key=True)
        .filter(pk__in=wanted)
        .order_by("pk")
        .values_list("pk")
    )
    locked = Clock.objects.filter(
        subject_type="handoff", subject_id__in=wanted, stopped_at__isnull=True
    )
    list(locked.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    rows = {
        handoff.pk: handoff
        for handoff in _read(Handoff.objects.filter(pk__in=wanted, state__in=AWAITED))
    }
    plans = {pk: terms.plan(handoff, at=at) for pk, handoff in rows.items()}
    done = [line for pk, line in plans.items() if line is not None and line.digest == wanted[pk]]
    _write(done, rows, by=by, at=at)
    return done, sorted(wanted.keys() - {line.handoff for line in done})


def _write(done: list[Line], rows: dict[int, Handoff], *, by: User, at: datetime) -> None:
    policies = {id(line.policy): line.policy for line in done}
    for key, policy in policies.items():
        Handoff.objects.filter(
            pk__in=[line.handoff for line in done if id(line.policy) == key]
        ).update(policy=policy)
    clocks = []
    for line in done:
        clock = rows[line.handoff].clock
        if line.is_new and clock is not None:
            for name, value in recalculation.columns(clock, line.policy, at=at).items():
                setattr(clock, name, value)
            clocks.append(clock)
    # All rows exist and are locked: this writes them as bulk_update would, in one twentieth of its
    # time.
    Clock.objects.bulk_create(
        clocks, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
    )
    _tell(done, rows, by=by, at=at)
    said = {"handoffs": len(done), "moved": sum(line.moves for line in done)}
    record("agreement_reapplied", "handoff", by=by, at=at, payload=said)


def _tell(done: list[Line], rows: dict[int, Handoff], *, by: User, at: datetime) -> None:
    """An event for each handoff, and one notice for each owner of a deadline that moved."""
    on = events.today(at)
    Event.objects.bulk_create(
        Event(
            lead_id=rows[line.handoff].lead_id,
            handoff_id=line.handoff,
            kind=EventKind.REAPPLIED,
            actor=by,
            at=at,
            occurred_on=on,
            from_state=rows[line.handoff].state,
            to_state=rows[line.handoff].state,
            payload={"cycle": rows[line.handoff].cycle, **_said(line)},
        )
        for line in done
    )
    owners = {
        line.owner for line in done if line.moves and line.owner is not None and line.owner != by.pk
    }
    people: Iterable[User] = User.objects.filter(Q(pk__in=owners))
    params = {"by": by.name}
    outbox.notify(
        "handoff.reapplied",
        people,
        at=at,
        key=f"reapply:{at.timestamp()}",
        params=params,
        path="/mine/",
    )


def _said(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {
        "outcome": line.outcome.value,
        "why": list(line.why),
        "versions": list(line.versions),
    }
    if line.moves and line.due_before and line.due_after:
        said |= {"due_before": line.due_before.isoformat(), "due_at": line.due_after.isoformat()}
    return said
