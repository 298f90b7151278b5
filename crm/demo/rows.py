"""Rows of the past, put aside and inserted in bulk: events, messages, and what every act of the book leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from crm.accounts.models import Team, User
from crm.demo.cast import ZONE, Cast
from crm.lib.clock import local_date
from crm.notifications.models import Message, Notice
from crm.notifications.outbox import UNDO_WINDOW
from leads.models import (
    Attempt,
    Company,
    Decision,
    Event,
    Evidence,
    FirstTouch,
    Handoff,
    Lead,
    OutcomeReason,
    Package,
    Person,
    Source,
    ValuableAction,
    ValuableActionKind,
)
from leads.qualification import facts
from leads.qualification.rules import Proof
from leads.states import STAGE_OF, EventKind, HandoffState, Stage
from sla.agreements import policies
from sla.models import Clock, Firing, RejectionReason
from sla.worktime.calendar import WorkCalendar

LAG = timedelta(seconds=4)  # the sweep looks every few seconds
DATED = {*(stage.value for stage in Stage if stage not in ("captured", "returned", "disqualified"))}


class Rows:
    """Rows put aside. ``at``: the moment of the demo; no message is told later."""

    def __init__(self, cast: Cast, *, at: datetime) -> None:
        self.cast, self.at = cast, at
        self.sources = {row.code: row for row in Source.objects.all()}
        self.actions = {row.code: row for row in ValuableActionKind.objects.all()}
        self.rejections = {row.code: row for row in RejectionReason.objects.all()}
        self.endings = {row.code: row for row in OutcomeReason.objects.all()}
        self.rows: dict[type[Model], list[Any]] = {}
        self.companies: dict[tuple[str, str], Company] = {}
        self.told: list[tuple[datetime, Callable[[], list[Message]]]] = []
        teams = (cast.mexico, cast.online, cast.evening)
        terms: dict[str, Any] = {"source": None, "actions": (), "persona": None}
        self.policies = {team.pk: policies.policy_for(cast.agreement, team, facts=terms) for team in teams}
        self.calendars = {
            pk: WorkCalendar.from_json(policy["calendar"]) for pk, policy in self.policies.items()
        }
        self.members = {team.pk: list(team.people.filter(is_active=True)) for team in teams}
        self.terms = facts.terms_of(cast.agreement)
        self.rules = {version.pk: facts.rules_of(version) for version in (cast.leader, cast.owner)}
        self.running: dict[int, Clock] = {}  # by id() of the handoff: the clock that it waits on
        self.done: dict[int, list[ValuableAction]] = {}  # by id() of the lead
        self.proofs: dict[int, dict[str, Proof]] = {}
        self.cycles: dict[int, int] = {}

    def _add(self, row: Any) -> Any:
        self.rows.setdefault(type(row), []).append(row)
        return row

    # -- What every act leaves behind

    def _reach(self, lead: Lead, stage: Stage, *, at: datetime, **fields: Any) -> None:
        column = f"{stage}_on"
        if stage in DATED and getattr(lead, column) is None:
            setattr(lead, column, local_date(at, ZONE))
        lead.stage = stage
        for name, value in fields.items():
            setattr(lead, name, value)

    def _move(
        self,
        handoff: Handoff,
        state: HandoffState,
        kind: EventKind,
        *,
        by: User,
        at: datetime,
        payload: dict[str, Any] | None = None,
        **lead: Any,
    ) -> None:
        old, handoff.state = handoff.state, state
        self._follow(handoff, kind, old, by=by, at=at, payload=payload, **lead)

    def _follow(
        self,
        handoff: Handoff,
        kind: EventKind,
        old: str,
        *,
        by: User | None,
        at: datetime,
        payload: dict[str, Any] | None = None,
        **lead: Any,
    ) -> Event:
        self._reach(handoff.lead, STAGE_OF[HandoffState(handoff.state)], at=at, **lead)
        return self._record(handoff, kind, old, by=by, at=at, payload=payload)

    def _record(
        self, handoff: Handoff, kind: EventKind, old: str, *, by: User | None, at: datetime, payload: Any = None
    ) -> Event:
        said = {"cycle": handoff.cycle, **(payload or {})}
        moved = {"handoff": handoff, "from_state": old, "to_state": handoff.state}
        return self._event(handoff.lead, kind, by=by, at=at, payload=said, **moved)

    def _event(self, lead: Lead, kind: EventKind, *, by: User | None, at: datetime, **fields: Any) -> Event:
        row: Event = self._add(Event(lead=lead, kind=kind, actor=by, at=at, occurred_on=local_date(at, ZONE), **fields))
        return row

    # -- Messages, which name rows by their ids and are therefore made last

    def _team(self, team: Team, *, but: User | None = None) -> list[User]:
        return [person for person in self.members[team.pk] if person != but]

    def _tell_decision(self, kind: str, handoff: Handoff, decision: Decision, **params: Any) -> None:
        self._tell(
            kind,
            handoff,
            [handoff.submitted_by],
            at=decision.at,
            key=lambda: f"decision:{decision.pk}",
            wait=UNDO_WINDOW,
            params={"by": decision.by.name, **params},
        )

    def _tell_marketing(self, kind: str, handoff: Handoff, *, by: User, at: datetime, **params: Any) -> None:
        self._tell(kind, handoff, [handoff.submitted_by], at=at, key=kind, params={"by": by.name, **params})

    def _tell(
        self,
        kind: str,
        handoff: Handoff,
        people: Iterable[User],
        *,
        at: datetime,
        key: str | Callable[[], str],
        params: dict[str, Any] | None = None,
        wait: timedelta = timedelta(0),
    ) -> None:
        recipients, lead = {person.pk: person for person in people}, handoff.lead
        words = {"lead": str(lead), "company": str(lead.company or ""), "team": handoff.team.name, **(params or {})}

        def messages() -> list[Message]:
            cause = key if isinstance(key, str) else key()
            return [
                Message(
                    recipient=person,
                    kind=kind,
                    params=words,
                    path=f"/leads/{lead.pk}/",
                    cause=cause if wait else "",
                    dedup_key=f"handoff:{handoff.pk}:{cause}:{person.pk}:in_app",
                    created_at=at,
                    sent_at=min(at + wait + LAG, self.at),
                    next_try_at=None,
                    attempts=1,
                )
                for person in recipients.values()
            ]

        self.told.append((at, messages))

    # -- Into the database

    def write(self) -> None:
        """Insert everything, in the order in which it happened."""
        for model in (Company, Person, Lead, FirstTouch, ValuableAction, Evidence, Handoff, Package, Decision, Attempt):
            self._insert(model, self.rows.get(model, []))
        clocks = self.rows.get(Clock, [])
        for clock in clocks:
            clock.subject_id = clock.handoff.pk
        self._insert(Clock, clocks)
        for clock in clocks:
            clock.handoff.clock = clock  # the last one started
        Handoff.objects.bulk_update(self.rows.get(Handoff, []), ["clock"], batch_size=500)
        self._insert(Firing, self.rows.get(Firing, []))
        for event in self.rows.get(Event, []):
            if firing := getattr(event, "firing", None):
                event.payload["cause"] = f"firing:{firing.pk}"
        self._insert(Event, sorted(self.rows.get(Event, []), key=lambda event: event.at))
        self._insert_told()

    def _insert(self, model: type[Any], rows: list[Any]) -> None:
        model.objects.bulk_create(rows, batch_size=1000)

    def _insert_told(self) -> None:
        told = sorted(self.told, key=lambda each: each[0])
        messages = [message for _at, made in told for message in made()]
        self._insert(Message, messages)
        copied = ("recipient", "kind", "params", "path", "created_at")
        self._insert(
            Notice,
            [
                Notice(message=message, read_at=self.at, **{name: getattr(message, name) for name in copied})
                for message in messages
            ],
        )
