"""What one needs to know before calling a lead: its act, the note, and who did not take it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.models import Decision, Event, Handoff, Lead, Parking, ValuableAction
from leads.records import fields
from leads.returns import misrouting
from leads.states import DecisionKind, EventKind, Stage

# A refusal matters to the next owner of the lead, until the lead was contacted; and to marketing,
# whatever it answered.
REFUSABLE = (
    Stage.CAPTURED,
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.RETURNED,
    Stage.CLOSED,
    Stage.RECYCLED,
)


@dataclass(frozen=True)
class Refusal:
    """A decision by which a person did not take the lead.

    ``changed``: the labels of what was changed or proven since then. ``cause``: why a misrouted
    lead went to marketing and to no other team.
    """

    decision: Decision
    changed: list[str]
    cause: str = ""

    @property
    def is_rejection(self) -> bool:
        return self.decision.kind == DecisionKind.REJECT

    @property
    def at(self) -> datetime:
        return self.decision.released_at or self.decision.at


@dataclass(frozen=True)
class BeforeCall:
    """``action``: the newest valuable action. ``overruled``: facts that people overruled.

    ``woken``: the last parking of a lead that woke, and was not contacted since then.
    """

    action: ValuableAction | None
    more_actions: int
    handoff: Handoff | None
    refusals: list[Refusal] = field(default_factory=list)
    overruled: list[dict[str, str]] = field(default_factory=list)
    woken: Parking | None = None

    @property
    def note(self) -> str:
        return self.handoff.note if self.handoff is not None else ""

    def __bool__(self) -> bool:
        return bool(self.action or self.note or self.refusals or self.overruled or self.woken)


def before_call(
    lead: Lead,
    handoff: Handoff | None,
    *,
    actions: list[ValuableAction],
    overruled: list[dict[str, str]],
    rows: list[Event],
) -> BeforeCall:
    """Return the summary for the top of the page. ``rows``: the timeline, the newest first.

    One query where the lead was handed off before, and one more where it woke.
    """
    return BeforeCall(
        action=actions[0] if actions else None,
        more_actions=len(actions) - 1,
        handoff=handoff,
        refusals=refusals_of(lead, rows),
        overruled=overruled,
        woken=woken_of(lead, rows),
    )


def woken_of(lead: Lead, rows: Iterable[Event]) -> Parking | None:
    """Return why the lead slept, as long as that matters to the person who has it."""
    if lead.stage not in REFUSABLE or lead.stage == Stage.RECYCLED:
        return None
    # Only what the viewer sees of its history: an earlier owner may be of another team.
    if all(row.kind != EventKind.WOKEN for row in rows):
        return None
    return Parking.objects.last_woken(lead)


def refusals_of(lead: Lead, rows: list[Event]) -> list[Refusal]:
    """Return who did not take the lead, the newest first. ``rows``: its timeline."""
    if lead.handed_off_on is None or lead.stage not in REFUSABLE:
        return []
    decisions = _once(list(Decision.objects.refusals_of(lead)))
    changes = {decision.pk: _changed_since(decision, rows) for decision in decisions}
    facts = {fact for changed in changes.values() for fact in changed}
    labels = fields.labels(sorted(facts)) if facts else {}
    causes = _causes(rows)
    refusals = []
    for decision in decisions:
        changed = [labels[fact] for fact in changes[decision.pk]]
        refusals.append(Refusal(decision, changed, causes.get(decision.handoff_id, "")))
    return refusals


def _causes(rows: Iterable[Event]) -> dict[int | None, str]:
    """Return by handoff why a misrouted lead went to marketing."""
    misrouted = (row for row in rows if row.kind == EventKind.MISROUTED)
    return {row.handoff_id: misrouting.cause_text(row.payload) for row in misrouted}


def _once(decisions: list[Decision]) -> list[Decision]:
    """Leave out the accept that a rep gave back: the rejection in its place says why."""
    rejected = {
        (each.handoff_id, each.at) for each in decisions if each.kind == DecisionKind.REJECT
    }
    return [each for each in decisions if (each.handoff_id, each.released_at) not in rejected]


def _changed_since(decision: Decision, rows: Iterable[Event]) -> list[str]:
    """Return the facts that changed after ``decision``, each once, in the order of the changes."""
    changed: dict[str, Any] = {}
    for row in rows:
        if row.kind == EventKind.UPDATED and row.at > decision.at:
            changed = dict.fromkeys(row.payload.get("changes", {})) | changed
    return list(changed)
