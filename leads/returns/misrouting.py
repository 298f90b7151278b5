"""Misrouted: a rep says that a pending handoff is for another team. This is no rejection.

The handoff is closed, and its accept clock is judged as by any decision. The next cycle opens in
the other team, under its agreement; the second time, or if that team asks for more than the lead
has, it goes to marketing's desk. Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.accounts.teams import sales_teams
from crm.lib.errors import DomainError
from leads.handoffs import notices, state_changes, submission
from leads.handoffs.submission import Judged
from leads.models import Decision, Handoff, Lead
from leads.returns import returns, second_decisions
from leads.states import DecisionKind, EventKind, HandoffState
from sla.agreements import agreements
from sla.agreements.agreements import NoAgreement
from sla.clocks import clocks
from sla.states import Metric

AGAIN = "again"
NO_TEAM = "no_team"
# Why a misrouted lead went to marketing's desk, by the cause in its event: the code of what the
# other team's agreement refuses, or one of the two above.
CAUSES: dict[str, Promise] = {
    AGAIN: gettext_lazy("It is misrouted for the second time."),
    NO_TEAM: gettext_lazy("No other team was named."),
    submission.NotAnMql.code: gettext_lazy("It does not meet what the other team asks for."),
    submission.NoPersona.code: gettext_lazy("The other team looks for no such persona."),
    submission.PackageIncomplete.code: gettext_lazy("The package lacks what the other team asks."),
    submission.ScoreTooLow.code: gettext_lazy("Its score is below what the other team asks for."),
}
REFUSALS = (
    submission.NotAnMql,
    submission.NoPersona,
    submission.PackageIncomplete,
    submission.ScoreTooLow,
)


def cause_text(payload: Mapping[str, Any]) -> str:
    """Return why a misrouted lead went to marketing, by its event; empty if it went elsewhere."""
    return str(CAUSES.get(payload.get("cause", ""), ""))


class WrongTeam(DomainError):
    """The team has the handoff already, or has no agreement in force; ``fields`` names ``team``."""

    code = "wrong_team"


@transaction.atomic
def misroute(
    handoff: Handoff, team: Team | None, *, by: User, at: datetime, comment: str = ""
) -> Handoff | None:
    """Close a pending handoff as misrouted; return the next cycle in the queue of ``team``.

    None if it went to marketing's desk instead. ``team`` None: no other team is known.

    Raises WrongTeam, RejectedBefore, AlreadyTaken.
    """
    second_decisions.check(handoff, by=by)
    _check_team(handoff, team)
    accept_clock = handoff.clock
    decision = Decision(handoff=handoff, kind=DecisionKind.MISROUTE, by=by, at=at, comment=comment)
    from_state = state_changes.claim(
        handoff, HandoffState.MISROUTED, of=(HandoffState.PENDING,), closed_at=at, decision=decision
    )
    handoff.lead = returns.lock_lead(handoff)
    judged, cause = _judged(handoff, team, by=by, at=at)
    clocks.stop(handoff, Metric.ACCEPT, at=at, known=accept_clock)
    payload: dict[str, Any] = {"comment": comment}
    if team is not None:
        payload["team"] = team.name
    if cause:
        payload["cause"] = cause
    state_changes.update_lead(
        handoff,
        EventKind.MISROUTED,
        decision,
        notices.of_decision("handoff.misrouted", decision, **_told(judged)),
        from_state=from_state,
        by=by,
        at=at,
        payload=payload,
        owner=None,
    )
    if team is None or judged is None:
        returns.open_return(handoff, at=at)
        return None
    return submission.pass_on_to(team, judged, decision, at=at)


def _told(judged: Judged | None) -> dict[str, str]:
    """Return the values that choose the sentence of the notice to marketing."""
    if judged is not None:
        return {}
    return {"state": "sent_back"}


def _check_team(handoff: Handoff, team: Team | None) -> None:
    """Raise WrongTeam."""
    if team is None:
        return
    if team.pk == handoff.team_id:
        text = _("It is in the queue of this team already.")
        raise WrongTeam(text, fields={"team": text})
    try:
        agreements.in_force(team)
    except NoAgreement as error:
        raise WrongTeam(error.message, fields={"team": error.message}) from error


def _judged(
    handoff: Handoff, team: Team | None, *, by: User, at: datetime
) -> tuple[Judged | None, str]:
    """Return what judges the lead for ``team``, or why it goes to marketing instead."""
    if was_misrouted(handoff.lead):
        return None, AGAIN
    if team is None:
        return None, NO_TEAM
    try:
        return submission.judge_for(handoff, team, by=by, at=at), ""
    except REFUSALS as error:
        return None, error.code


def was_misrouted(lead: Lead) -> bool:
    """Return whether a standing decision says that the lead was misrouted before."""
    decisions = Decision.objects.standing().filter(kind=DecisionKind.MISROUTE)
    return decisions.filter(handoff__lead=lead).exists()


def next_of(handoff: Handoff) -> Handoff | None:
    """Return the cycle that a misrouted handoff was passed on to, or None."""
    if handoff.closed_at is None:
        return None
    rows = Handoff.objects.filter(lead=handoff.lead_id, cycle__gt=handoff.cycle)
    return rows.select_related("clock", "team").filter(submitted_at=handoff.closed_at).first()


def take_back(following: Handoff, *, by: User, at: datetime) -> None:
    """Withdraw the next cycle of a decision that is undone. Raises AlreadyTaken."""
    from_state = state_changes.claim(
        following, HandoffState.WITHDRAWN, of=(HandoffState.PENDING,), closed_at=at
    )
    clocks.cancel(following, Metric.ACCEPT, at=at)
    state_changes.record(following, EventKind.WITHDRAWN, by=by, at=at, from_state=from_state)


def teams_for(handoff: Handoff) -> list[Team]:
    """Return the other sales teams that have an agreement in force."""
    teams = list(sales_teams().exclude(pk=handoff.team_id))
    bound = agreements.in_force_by_team(teams)
    return [team for team in teams if team.pk in bound]
