"""Plan how one open handoff changes under the agreement and the calendars in force now.

Reads, writes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from crm.accounts.models import Team
from crm.lib.db.json_snapshot import canonical, parsed
from leads.models import Handoff, Source, ValuableAction
from leads.states import HandoffState
from personas.models import PersonaVersion
from sla.agreements import agreements, policies
from sla.clocks import recalculation, snapshots
from sla.clocks.recalculation import Retiming
from sla.models import AgreementVersion, Clock, Pause, Snapshot
from sla.states import Retime

# The states that wait for a clock. An SQL or an opportunity waits for none and is left alone.
AWAITED = (HandoffState.PENDING, HandoffState.ACCEPTED, HandoffState.CONTACTED)
MOVES = (Retime.LATER, Retime.EARLIER)
# What the plan reads of a handoff: 10,000 of them are read at once.
HANDOFF_COLUMNS = (
    "state",
    "cycle",
    "clock",
    "team",
    "owner",
    "policy_ref",
    "agreement_version",
    "persona_version",
    "lead",
    "lead__source",
)
CLOCK_COLUMNS = tuple(f"clock__{field.attname}" for field in Clock._meta.concrete_fields)

Policy = dict[str, Any]
Facts = dict[str, Any]


@dataclass(frozen=True)
class HandoffChange:
    """The change of one handoff.

    ``versions``: the numbers of the agreement versions whose times it follows before and after.
    ``why``: what differs, of "agreement", "calendar" and "terms"; "clock" if only the clock lags.
    ``is_new``: whether its clock changes. ``digest``: changes whenever the plan would.
    """

    handoff: int
    owner: int | None
    metric: str
    due_before: datetime | None
    due_after: datetime | None
    outcome: Retime
    why: tuple[str, ...]
    versions: tuple[int, int]
    policy: Policy
    is_new: bool
    digest: str

    @property
    def moves(self) -> bool:
        return self.outcome in MOVES


def read(rows: QuerySet[Handoff]) -> list[Handoff]:
    """Return ``rows`` with what a plan reads, in order of their ids."""
    pauses = Prefetch("clock__pauses", Pause.objects.order_by("started_at", "id"))
    with_clock = rows.select_related("clock", "lead").only(*HANDOFF_COLUMNS, *CLOCK_COLUMNS)
    handoffs = list(with_clock.order_by("pk").prefetch_related(pauses))
    references = {handoff.policy_ref_id for handoff in handoffs}
    references |= {handoff.clock.calendar_ref_id for handoff in handoffs if handoff.clock}
    Snapshot.objects.load(references)
    return handoffs


class CurrentTerms:
    """The terms in force now, each read once: by team and by the facts that decide.

    A constant number of queries for any number of handoffs, except for commitments with
    conditions: these are read once for each combination of facts that they distinguish.
    """

    def __init__(self) -> None:
        self.teams = Team.objects.in_bulk()
        self.version_numbers = dict(AgreementVersion.objects.values_list("pk", "number"))
        self.sources = dict(Source.objects.values_list("pk", "code"))
        self.personas = dict(PersonaVersion.objects.values_list("pk", "persona__slug"))
        self._versions: dict[int, AgreementVersion | None] = {}  # by team
        self._conditions: dict[int, dict[str, set[str]]] = {}  # by version
        self._policies: dict[tuple[Any, ...], tuple[Policy, str]] = {}
        self._actions_by_lead: dict[int, set[str]] | None = None
        self._differences: dict[tuple[int, int, int], tuple[Policy, tuple[str, ...]]] = {}

    def plan(self, handoff: Handoff, *, at: datetime) -> HandoffChange | None:
        """Return the change of ``handoff``; None if nothing changes or no agreement is in force."""
        version = self._in_force(handoff.team_id)
        if version is None:
            return None
        policy, policy_digest = self._policy(handoff, version)
        clock = handoff.clock
        metric = ""
        due_before = None
        retiming = Retiming(Retime.SAME)
        if clock is not None and clock.stopped_at is None:
            metric = clock.metric
            due_before = clock.due_at
            retiming = recalculation.retime(clock, policy, at=at)
        # A policy made before policies carried a version follows that of the hand-off.
        version_before = handoff.policy.get("version") or handoff.agreement_version_id
        why = self._why(handoff.policy, policy, version_before)
        if not why and retiming.has_changes:
            why = ("clock",)
        if not why:
            return None
        return HandoffChange(
            handoff=handoff.pk,
            owner=handoff.owner_id,
            metric=metric,
            due_before=due_before,
            due_after=retiming.due_at,
            outcome=retiming.outcome,
            why=why,
            versions=(
                self.version_numbers[version_before],
                self.version_numbers[version.pk],
            ),
            policy=policy,
            is_new=retiming.has_changes,
            digest=_digest(handoff, retiming, policy_digest),
        )

    def _in_force(self, team_id: int) -> AgreementVersion | None:
        if team_id not in self._versions:
            try:
                self._versions[team_id] = agreements.in_force(self.teams[team_id])
            except agreements.NoAgreement:
                self._versions[team_id] = None
        return self._versions[team_id]

    def _policy(self, handoff: Handoff, version: AgreementVersion) -> tuple[Policy, str]:
        """Return the policy that ``version`` gives the handoff, and its digest."""
        facts = self._facts(handoff, version)
        actions = tuple(facts["actions"])
        key = (version.pk, handoff.team_id, facts["source"], actions, facts["persona"])
        if key not in self._policies:
            policy = policies.policy_for(version, self.teams[handoff.team_id], facts=facts)
            text = canonical(policy)
            # As if it was stored: its calendar is made once, however many clocks count in it.
            self._policies[key] = parsed(text), hashlib.sha256(text.encode()).hexdigest()
        return self._policies[key]

    def _facts(self, handoff: Handoff, version: AgreementVersion) -> Facts:
        """Return the facts of the lead that a commitment of ``version`` depends on."""
        asked = self._conditions_of(version)
        source = self.sources.get(handoff.lead.source_id or 0)
        persona = self.personas[handoff.persona_version_id]
        actions: list[str] = []
        if asked["actions"]:
            actions = sorted(self._actions(handoff.lead_id) & asked["actions"])
        return {
            # Only facts that a condition names: the fewer combinations, the fewer policies are
            # made.
            "source": source if source in asked["sources"] else None,
            "actions": actions,
            "persona": persona if persona in asked["personas"] else None,
        }

    def _conditions_of(self, version: AgreementVersion) -> dict[str, set[str]]:
        """Return the values that the conditions of ``version`` name, by kind of fact."""
        if version.pk not in self._conditions:
            asked: dict[str, set[str]] = {"sources": set(), "actions": set(), "personas": set()}
            for conditions in version.commitments.values_list("conditions", flat=True):
                for kind, values in conditions.items():
                    asked.setdefault(kind, set()).update(values or ())
            self._conditions[version.pk] = asked
        return self._conditions[version.pk]

    def _actions(self, lead_id: int) -> set[str]:
        if self._actions_by_lead is None:
            self._actions_by_lead = {}
            done = ValuableAction.objects.filter(lead__handoffs__state__in=AWAITED)
            for pk, code in done.values_list("lead", "kind__code").distinct():
                self._actions_by_lead.setdefault(pk, set()).add(code)
        return self._actions_by_lead.get(lead_id, set())

    def _why(self, old: Policy, new: Policy, version_before: int) -> tuple[str, ...]:
        """Return what differs between two policies; of calendars only their hours count."""
        # Policies of the same text are one object; the entry keeps it alive, and with it its id.
        key = (id(old), id(new), version_before)
        if key not in self._differences:
            self._differences[key] = old, _differences(old, new, version_before)
        return self._differences[key][1]


def _differences(old: Policy, new: Policy, version_before: int) -> tuple[str, ...]:
    parts = []
    is_same_version = version_before == new["version"]
    if not is_same_version:
        parts.append("agreement")
    # Compared as calendars, not as texts: only hours change a deadline.
    if snapshots.calendar(old["calendar"]) != snapshots.calendar(new["calendar"]):
        parts.append("calendar")
    has_same_clocks = old.get("clocks") == new.get("clocks")
    has_same_pauses = old.get("pauses") == new.get("pauses")
    has_same_terms = has_same_clocks and has_same_pauses
    if is_same_version and not has_same_terms:
        parts.append("terms")
    return tuple(parts)


def _digest(handoff: Handoff, retiming: Retiming, policy_digest: str) -> str:
    clock_id = None
    due_at = None
    if handoff.clock is not None and handoff.clock.stopped_at is None:
        clock_id = handoff.clock.pk
        due_at = handoff.clock.due_at
    parts = (
        clock_id,
        due_at,
        retiming.due_at,
        retiming.outcome,
        handoff.owner_id,
        policy_digest,
    )
    # Shortened, because the token of a preview carries one digest for each handoff.
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
