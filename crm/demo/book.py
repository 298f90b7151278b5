"""The past, written in bulk: the same rows that the product's functions would have written, in a second.

Each method stands for the function of its name (handoffs.accept, outcomes.win, …) and puts unsaved rows aside;
``write`` inserts them all. Tests hold the two against each other (tests/test_demo.py): who changes a function there
changes its method here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from crm.accounts.models import Team, User
from crm.demo.cast import ZONE
from crm.demo.rows import LAG, Rows
from crm.lib.clock import local_date
from crm.lib.text import company_key
from leads.handoffs import packages
from leads.models import (
    Attempt,
    Company,
    Decision,
    Evidence,
    FirstTouch,
    Handoff,
    Lead,
    Person,
    ValuableAction,
)
from leads.qualification import facts
from leads.qualification import rules as qualification
from leads.qualification.rules import AUTHORITY, MEANS, NEED, TIMING, Assessment, Proof
from leads.qualification.scores import DoneAction
from leads.records.leads import normal_phone, search_text
from leads.states import DecisionKind, EventKind, HandoffState, OutcomeKind, Stage, Verdict
from personas.models import PersonaVersion
from sla.clocks import clocks, escalation_times
from sla.models import Clock, Firing
from sla.states import ClockState, Metric, StepKind
from sla.worktime import arithmetic


class Book(Rows):
    """What people and the ladder did. Each lead and each handoff is told in the order of time."""

    # -- Marketing

    def capture(self, data: dict[str, Any], *, by: User, at: datetime, source: str, action: str | None) -> Lead:
        on, known = local_date(at, ZONE), data["person"]
        person = self._add(Person(**{**known, "phone": normal_phone(known["phone"], known["country"])}))
        company = self._company(data["company"])
        lead: Lead = self._add(
            Lead(
                person=person,
                company=company,
                source=self.sources[source],
                marketing_team=self.cast.marketing,
                first_seen_on=on,
                attributes=data.get("attributes", {}),
                search_text=search_text(person, company),
                created_by=by,
                created_at=at,
            )
        )
        self._add(FirstTouch(lead=lead, source=lead.source, seen_on=on, seen_at=at))
        self.done[id(lead)], self.proofs[id(lead)], self.cycles[id(lead)] = [], {}, 0
        self._event(lead, EventKind.CAPTURED, by=by, at=at, to_state=lead.stage)
        if action:
            self.add_action(lead, action, by=by, at=at)
        return lead

    def _company(self, fields: dict[str, Any]) -> Company:
        key = (company_key(fields["name"]), fields["country"])
        if key not in self.companies:
            self.companies[key] = self._add(Company(name_key=key[0], **fields))
        return self.companies[key]

    def add_action(self, lead: Lead, action: str, *, by: User, at: datetime) -> None:
        kind, on = self.actions[action], local_date(at, ZONE)
        row = ValuableAction(lead=lead, kind=kind, occurred_on=on, occurred_at=at, recorded_by=by, recorded_at=at)
        self.done[id(lead)].insert(0, self._add(row))
        self._event(lead, EventKind.VALUABLE_ACTION, by=by, at=at, payload={"action": kind.code, "note": ""})

    def add_evidence(self, lead: Lead, code: str, *, value: str, source: str, by: User, at: datetime) -> None:
        said = {"value": value, "source": source}
        self._add(Evidence(lead=lead, code=code, verdict=Verdict.MET, actor=by, at=at, payload=said))
        self.proofs[id(lead)][code] = Proof(Verdict.MET, value, source, by.name, at)
        payload = {"criterion": code, "verdict": Verdict.MET, **said}
        self._event(lead, EventKind.EVIDENCE, by=by, at=at, payload=payload)

    def qualify(self, lead: Lead, version: PersonaVersion, *, by: User, at: datetime) -> None:
        if lead.stage not in (Stage.CAPTURED, Stage.RETURNED) and lead.persona_version_id == version.pk:
            return
        old = lead.stage
        self._reach(lead, Stage.MQL, at=at, persona_version=version, qualified_by=by)
        payload: dict[str, Any] = {"persona": str(version)}
        if overrides := packages.overruled(self._judged(lead, version), score_reason="", submitter=by.name):
            payload["overrides"] = overrides
        self._event(lead, EventKind.QUALIFIED, by=by, at=at, from_state=old, to_state=Stage.MQL, payload=payload)

    def hand_off(
        self, lead: Lead, team: Team, version: PersonaVersion, *, by: User, at: datetime, note: str = ""
    ) -> Handoff:
        self.qualify(lead, version, by=by, at=at)
        done = self.done[id(lead)]
        judged = self._judged(lead, version)
        self.cycles[id(lead)] += 1
        acts = [DoneAction(row.kind.code, row.kind.name, row.kind.points, row.occurred_on) for row in done]
        scores = facts.score_on(judged, acts, self.terms, on=local_date(at, ZONE))
        handoff: Handoff = self._add(
            Handoff(
                lead=lead,
                cycle=self.cycles[id(lead)],
                team=team,
                submitted_by=by,
                submitted_at=at,
                agreement_version=self.cast.agreement,
                persona_version=version,
                policy=self.policies[team.pk],
                note=note,
                proves_sql=judged.proves(MEANS) and judged.proves(AUTHORITY),
                fit_score=scores.fit.total,
                engagement_score=scores.engagement.total,
                overrides=len(judged.overridden),
            )
        )
        overrides = packages.overruled(judged, score_reason="", submitter=by.name)
        actions = [(each.code, each.on.isoformat()) for each in acts]
        self._add(packages.package(handoff, facts.facts_of(lead), actions, judged, scores, overrides))
        self._start(handoff, Metric.ACCEPT, at=at)
        said = {"team": team.name, "note": note, **({"overrides": overrides} if overrides else {})}
        self._follow(handoff, EventKind.HANDED_OFF, "", by=by, at=at, payload=said)
        self._tell("handoff.new", handoff, self._team(team, but=by), at=at, key="new")
        return handoff

    def override(self, lead: Lead, version: PersonaVersion, code: str, *, reason: str, by: User, at: datetime) -> None:
        """Of a criterion that a fact says is not met."""
        said = {"value": "", "source": "", "reason": reason}
        self._add(Evidence(lead=lead, code=code, verdict=Verdict.MET, overrides=True, actor=by, at=at, payload=said))
        self.proofs[id(lead)][code] = Proof(Verdict.MET, "", "", by.name, at, overrides=True, reason=reason)
        payload = {"criterion": code, "verdict": Verdict.MET, **said, "overrides": True}
        self._event(lead, EventKind.EVIDENCE, by=by, at=at, payload=payload)

    def _judged(self, lead: Lead, version: PersonaVersion) -> Assessment:
        rules, proofs = self.rules[version.pk], self.proofs[id(lead)]
        return qualification.assess(rules, facts.facts_of(lead), proofs, action_count=len(self.done[id(lead)]))

    # -- Sales

    def accept(self, handoff: Handoff, *, by: User, at: datetime) -> None:
        self.climb(handoff, until=at)
        handoff.owner, handoff.accepted_at = by, at
        decision = self._add(Decision(handoff=handoff, kind=DecisionKind.ACCEPT, by=by, at=at))
        self._stop(handoff, at=at)
        self._start(handoff, Metric.FIRST_CONTACT, at=at, accountable=by)
        self._move(handoff, HandoffState.ACCEPTED, EventKind.ACCEPTED, by=by, at=at, owner=by)
        self._tell_decision("handoff.accepted", handoff, decision)

    def reject(self, handoff: Handoff, reason: str, *, by: User, at: datetime, comment: str = "") -> None:
        self.climb(handoff, until=at)
        handoff.closed_at, why = at, self.rejections[reason]
        row = Decision(handoff=handoff, kind=DecisionKind.REJECT, by=by, at=at, reason=why, comment=comment)
        decision = self._add(row)
        self._stop(handoff, at=at)
        payload = {"class": why.kind, "reason": why.code, "comment": comment}
        self._move(handoff, HandoffState.REJECTED, EventKind.REJECTED, by=by, at=at, payload=payload, owner=None)
        self._tell_decision("handoff.rejected", handoff, decision, reason=why.name)

    def attempt(self, handoff: Handoff, channel: str, *, reached: bool, by: User, at: datetime, note: str = "") -> None:
        self.climb(handoff, until=at)
        self._add(Attempt(handoff=handoff, channel=channel, reached=reached, by=by, at=at, recorded_at=at, note=note))
        payload: dict[str, Any] = {"channel": channel, "note": note}
        if not reached or handoff.state != HandoffState.ACCEPTED:
            self._record(
                handoff, EventKind.ATTEMPT, handoff.state, by=by, at=at, payload={**payload, "reached": reached}
            )
            return
        handoff.contacted_at = at
        self._stop(handoff, at=at)
        self._start(handoff, Metric.SQL_DECISION, at=at, accountable=handoff.owner)
        self._move(handoff, HandoffState.CONTACTED, EventKind.CONTACTED, by=by, at=at, payload=payload)

    def qualify_sql(self, handoff: Handoff, *, by: User, at: datetime) -> None:
        """Of a contacted lead whose means and authority are proven."""
        self.climb(handoff, until=at)
        handoff.sql_at = at
        self._stop(handoff, at=at)
        asked = [r for kind in (NEED, TIMING) for r in self.rules[handoff.persona_version_id] if r.kind == kind]
        open_points = [r.code for r in asked if r.code not in self.proofs[id(handoff.lead)]]
        payload = {"warned": open_points} if open_points else {}
        self._move(handoff, HandoffState.SQL, EventKind.SQL, by=by, at=at, payload=payload)
        self._tell_marketing("handoff.sql", handoff, by=by, at=at)

    def open_opportunity(self, handoff: Handoff, *, by: User, at: datetime) -> None:
        handoff.opportunity_at = at
        self._move(handoff, HandoffState.OPPORTUNITY, EventKind.OPPORTUNITY, by=by, at=at)

    def win(self, handoff: Handoff, amount: Decimal, *, by: User, at: datetime) -> None:
        """From an opportunity."""
        handoff.closed_at, handoff.amount = at, amount
        won: dict[str, Any] = {"won_by": handoff.owner, "won_amount": amount}
        payload = {"amount": str(amount)}
        self._move(handoff, HandoffState.WON, EventKind.WON, by=by, at=at, payload=payload, **won)
        self._tell_marketing("handoff.won", handoff, by=by, at=at, amount=str(amount))

    def end(self, handoff: Handoff, reason: str, *, by: User, at: datetime, comment: str = "") -> None:
        """Lost or disqualified, as the kind of ``reason`` says."""
        self.climb(handoff, until=at)
        why = self.endings[reason]
        lost = why.kind == OutcomeKind.LOST
        state, kind = (
            (HandoffState.LOST, EventKind.LOST) if lost else (HandoffState.DISQUALIFIED, EventKind.DISQUALIFIED)
        )
        handoff.closed_at, handoff.outcome_reason = at, why
        self._move(handoff, state, kind, by=by, at=at, payload={"reason": why.code, "comment": comment})
        self._tell_marketing(f"handoff.{state}", handoff, by=by, at=at, reason=why.name)
        if not lost:
            self._stop(handoff, at=at)

    # -- Clocks and their ladder

    def _start(self, handoff: Handoff, metric: Metric, *, at: datetime, accountable: User | None = None) -> None:
        columns = clocks.initial_columns(handoff.policy, metric, at=at, accountable=accountable)
        assert columns is not None
        clock = Clock(subject_type="handoff", team=handoff.team, **columns)
        clock.handoff = handoff  # type: ignore[attr-defined]  # its id is known when the rows are written
        self.running[id(handoff)] = self._add(clock)

    def _stop(self, handoff: Handoff, *, at: datetime) -> None:
        clock = self.running.pop(id(handoff), None)
        if clock is None:
            return
        met = at <= clock.due_at
        clock.state, clock.breached_at = (ClockState.MET, None) if met else (ClockState.BREACHED, clock.due_at)
        clock.stopped_at, clock.next_step_at = at, None
        used = arithmetic.between(self.calendars[handoff.team.pk], clock.started_at, at)
        clock.used_seconds = int(used.total_seconds())
        clock.assigned_met = None if clock.assigned_due_at is None else met

    def climb(self, handoff: Handoff, *, until: datetime) -> None:
        """Fire what the sweep would have fired on the handoff's clock before ``until``."""
        while clock := self.running.get(id(handoff)):
            planned = clock.next_step_at
            if planned is None or planned + LAG >= until:
                return
            self._fire(handoff, clock, planned)

    def _fire(self, handoff: Handoff, clock: Clock, planned: datetime) -> None:
        ladder, at = escalation_times.read(clock.ladder), planned + LAG
        step = escalation_times.above(ladder, clock.level)
        firing = self._add(Firing(clock=clock, level=step.level, kind=step.kind, planned_at=planned, at=at))
        clock.level = step.level
        if step.kind == StepKind.BREACH:
            clock.state, clock.breached_at = ClockState.BREACHED, clock.due_at
        limit = timedelta(seconds=clock.limit_seconds)
        run = escalation_times.Run(self.calendars[handoff.team.pk], clock.started_at, clock.due_at, limit)
        following = escalation_times.following(run, ladder, step, planned=planned, at=at)
        at_the_top = None if clock.state == ClockState.BREACHED else clock.due_at
        clock.next_step_at = following[1] if following else at_the_top
        payload = {"step": firing.kind, "level": firing.level, "metric": clock.metric}
        self._record(handoff, EventKind.ESCALATED, handoff.state, by=None, at=at, payload=payload)
        self._act(handoff, clock, firing)

    def _act(self, handoff: Handoff, clock: Clock, firing: Firing) -> None:
        """What leads.handoffs.escalation does."""
        cast = self.cast
        due = [handoff.owner] if handoff.owner else self._team(handoff.team)
        told = {
            StepKind.WARN: ("handoff.warning", due),
            StepKind.BREACH: ("handoff.breached", [*due, handoff.submitted_by]),
            StepKind.NOTIFY_TEAM_LEAD: ("handoff.escalated_lead", [cast.dora]),
            StepKind.NOTIFY_DIRECTOR: ("handoff.escalated_director", [cast.elsa]),
        }
        if firing.kind == StepKind.REQUEUE:
            self._requeue(handoff, firing)
            return
        kind, people = told[StepKind(firing.kind)]
        params = {
            "metric": clock.metric,
            "due_at": clock.due_at.isoformat(),
            "owner": handoff.owner.name if handoff.owner else "",
        }
        self._tell(kind, handoff, people, at=firing.at, key=lambda: f"firing:{firing.pk}", params=params)

    def _requeue(self, handoff: Handoff, firing: Firing) -> None:
        at, old = firing.at, handoff.state
        handoff.requeued_at = at
        if handoff.state != HandoffState.PENDING:
            handoff.state, handoff.owner, handoff.accepted_at = HandoffState.PENDING, None, None
            for decision in self.rows[Decision]:
                if decision.handoff is handoff and decision.released_at is None:
                    decision.released_at = at
            clock = self.running.pop(id(handoff))  # late, so it stays breached
            clock.stopped_at, clock.next_step_at, clock.assigned_met = at, None, False
            self._start(handoff, Metric.ACCEPT, at=at)
        event = self._follow(handoff, EventKind.REQUEUED, old, by=None, at=at, owner=None)
        event.firing = firing  # type: ignore[attr-defined]  # as above
        key = lambda: f"firing:{firing.pk}"  # noqa: E731
        self._tell("handoff.requeued", handoff, self._team(handoff.team), at=at, key=key)

    def write(self) -> None:
        """Insert everything, after the ladders have climbed up to now."""
        for handoff in list(self.rows.get(Handoff, ())):
            self.climb(handoff, until=self.at)
        super().write()
