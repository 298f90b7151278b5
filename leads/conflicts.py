"""Refusals of steps that came too late: the state by now, and who changed it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.errors import Conflict, IllegalMove
from leads import events
from leads.models import Decision, Event, Handoff, Lead
from leads.states import DECIDED, DecisionKind, EventKind, HandoffState, Stage


class MovedOn(IllegalMove):
    """The lead or handoff is not in a state for the step (any more).

    The message and ``more``, which the API adds to its answer, hold the state and who changed it.
    """

    code = "moved_on"
    reason: object = gettext_lazy("This step is not possible any more.")

    def __init__(self, subject: Lead | Handoff, reason: object = None) -> None:
        self.change = events.last_change(subject)
        self.state = _state(subject)
        self.more = {"state": self.state.value, "changed_by": _person(self.change)}
        self.reason = reason or self.reason
        super().__init__(self._text())

    def _text(self) -> str:
        values = {"reason": self.reason, "state": self.state.label}
        if self.change is None:
            return _("%(reason)s State now: %(state)s.") % values
        values["change"] = self.change.get_kind_display()
        values["name"] = "Relevo"
        if self.change.actor is not None:
            values["name"] = self.change.actor.name
        return _("%(reason)s State now: %(state)s. Last change: %(change)s, by %(name)s.") % values


class AlreadyTaken(MovedOn):
    """Another person changed the handoff first. ``handoff`` is its current row.

    "Accepted" is said only where an acceptance is what happened last. ``by``: the person who is
    told.
    """

    code = "already_taken"

    def __init__(self, handoff: Handoff, *, by: User | None = None) -> None:
        self.handoff = handoff
        self.by = by
        super().__init__(handoff)

    def _text(self) -> str:
        change = self.change
        if change is None or change.actor is None or change.actor == self.by:
            return super()._text()
        key = (self.state, EventKind(change.kind))
        if key not in FASTER:
            return super()._text()
        return str(FASTER[key]) % {"name": change.actor.name}


class LeadIsArchived(MovedOn):
    """The lead was archived, by a person or when its import was undone."""

    code = "lead_is_archived"
    reason = gettext_lazy("This lead is archived.")


class WithArbiter(MovedOn):
    """The arbiter has the lead and decides what becomes of it."""

    code = "with_arbiter"
    reason = gettext_lazy("This lead is with the arbiter, who decides what becomes of it.")


class RejectedBefore(MovedOn):
    """The person rejected the lead, and nothing is newer than the rejection."""

    code = "rejected_before"
    reason = gettext_lazy(
        "You rejected this lead, and nothing is new since then. A colleague decides on it."
    )


class NoContactAsked(MovedOn):
    """The person asked not to be contacted; only a new consent lifts it."""

    code = "no_contact_asked"
    reason = gettext_lazy("This person asked not to be contacted.")


# What was faster than a step, by the state and the change that led to it.
FASTER = {
    (HandoffState.ACCEPTED, EventKind.ACCEPTED): gettext_lazy(
        "%(name)s was faster and accepted this lead."
    ),
    (HandoffState.REJECTED, EventKind.REJECTED): gettext_lazy(
        "%(name)s was faster and rejected this lead."
    ),
    (HandoffState.MISROUTED, EventKind.MISROUTED): gettext_lazy(
        "%(name)s was faster: this lead is for another team."
    ),
    (HandoffState.DUPLICATE, EventKind.DUPLICATE): gettext_lazy(
        "%(name)s was faster: this lead is a duplicate."
    ),
    (HandoffState.WITHDRAWN, EventKind.WITHDRAWN): gettext_lazy(
        "%(name)s of marketing withdrew this handoff."
    ),
}


class JustTaken(Conflict):
    """A handoff has just left the queue, and the person does not see it any more.

    Holds the state and the name of the colleague who decided, nothing of the lead. ``decision``
    is None where marketing withdrew it.
    """

    code = "already_taken"

    more: dict[str, Any]

    def __init__(self, decision: Decision | None) -> None:
        if decision is None:
            self.more = {"state": HandoffState.WITHDRAWN.value, "changed_by": None}
            super().__init__(_("Marketing withdrew this handoff."))
            return
        key = DECIDED[DecisionKind(decision.kind)]
        by = decision.by
        self.more = {"state": key[0].value, "changed_by": {"id": by.pk, "name": by.name}}
        super().__init__(FASTER[key] % {"name": by.name})


def _state(subject: Lead | Handoff) -> Any:
    if isinstance(subject, Handoff):
        return HandoffState(subject.state)
    return Stage(subject.stage)


def _person(change: Event | None) -> dict[str, Any] | None:
    if change is None or change.actor is None:
        return None
    return {"id": change.actor.pk, "name": change.actor.name}
