"""What becomes of an accepted lead: SQL, opportunity, won, lost, disqualified."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from crm.lib.errors import DomainError, IllegalMove
from leads.handoffs import notices, transitions
from leads.models import Handoff, OutcomeReason
from leads.qualification import facts
from leads.qualification.rules import SQL_KINDS
from leads.states import EventKind, HandoffState, OutcomeKind
from sla.agreements import policies
from sla.clocks import clocks
from sla.states import Metric


class SqlUnproven(DomainError):
    """A criterion lacks proof that the agreement demands."""

    code = "sql_unproven"


class BadAmount(DomainError):
    code = "bad_amount"


class WrongReason(DomainError):
    code = "wrong_reason"


@transaction.atomic
def qualify_sql(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Qualify a contacted lead to SQL. Stops the clock of the SQL decision.

    Each unproven criterion beyond fit blocks or warns as the handoff's agreement says; raises
    SqlUnproven naming the ones that block. Only a handoff whose package proves means and authority
    may skip the contact.
    """
    version = handoff.agreement_version
    assessment = facts.assess(handoff.lead, handoff.persona_version, facts.terms(version))
    unproven = [j for kind in SQL_KINDS for j in assessment.of(kind) if not j.holds]
    if blocking := [j for j in unproven if policies.is_blocking(version, j.rule.kind, j.rule.code)]:
        fields = {j.rule.code: in_language(j.rule.text) for j in blocking}
        text = _("Not proven yet: %(criteria)s.") % {"criteria": ", ".join(fields.values())}
        raise SqlUnproven(text, fields=fields)
    if handoff.state == HandoffState.ACCEPTED and not handoff.proves_sql:
        raise IllegalMove(_("Contact the lead first."))
    source = (
        HandoffState.ACCEPTED if handoff.state == HandoffState.ACCEPTED else HandoffState.CONTACTED
    )
    old = transitions.claim(handoff, HandoffState.SQL, of=(source,), sql_at=at)
    clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    clocks.stop(handoff, Metric.SQL_DECISION, at=at, by=by)
    payload: dict[str, object] = {"warned": [j.rule.code for j in unproven]} if unproven else {}
    if overridden := [j for j in assessment.overridden if j.rule.kind in SQL_KINDS]:
        payload["overridden"] = [j.rule.code for j in overridden]
    transitions.follow(handoff, EventKind.SQL, old=old, by=by, at=at, payload=payload)
    _tell_marketing("handoff.sql", handoff, by=by, at=at)
    return handoff


@transaction.atomic
def accept_as_sql(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Accept and qualify in one click where the package proves means and authority: two events, one
    decision.
    """
    transitions.accept(handoff, by=by, at=at)
    return qualify_sql(handoff, by=by, at=at)


@transaction.atomic
def open_opportunity(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """An SQL becomes an opportunity."""
    old = transitions.claim(
        handoff, HandoffState.OPPORTUNITY, of=(HandoffState.SQL,), opportunity_at=at
    )
    transitions.follow(handoff, EventKind.OPPORTUNITY, old=old, by=by, at=at)
    return handoff


@transaction.atomic
def win(handoff: Handoff, amount: Decimal, *, by: User, at: datetime) -> Handoff:
    """Close as won with an amount in the organisation's currency.

    From SQL it opens the opportunity on the way.
    """
    if not amount.is_finite() or amount <= 0:
        text = _("The amount must be above 0.")
        raise BadAmount(text, fields={"amount": text})
    if handoff.state == HandoffState.SQL:
        open_opportunity(handoff, by=by, at=at)
    old = transitions.claim(
        handoff, HandoffState.WON, of=(HandoffState.OPPORTUNITY,), closed_at=at, amount=amount
    )
    transitions.follow(
        handoff,
        EventKind.WON,
        old=old,
        by=by,
        at=at,
        payload={"amount": str(amount)},
        won_by=handoff.owner,
        won_amount=amount,
    )
    _tell_marketing("handoff.won", handoff, by=by, at=at, amount=str(amount))
    return handoff


@transaction.atomic
def lose(
    handoff: Handoff, reason: OutcomeReason, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Close an SQL or an opportunity as lost, with the reason."""
    return _end(handoff, HandoffState.LOST, reason, by=by, at=at, comment=comment)


@transaction.atomic
def disqualify(
    handoff: Handoff, reason: OutcomeReason, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Close after contact as disqualified.

    Not a rejection: marketing's acceptance rate does not change.
    """
    handoff = _end(handoff, HandoffState.DISQUALIFIED, reason, by=by, at=at, comment=comment)
    clocks.stop(handoff, Metric.SQL_DECISION, at=at, by=by)
    return handoff


ENDS = {
    HandoffState.LOST: (
        OutcomeKind.LOST,
        EventKind.LOST,
        (HandoffState.SQL, HandoffState.OPPORTUNITY),
    ),
    HandoffState.DISQUALIFIED: (
        OutcomeKind.DISQUALIFIED,
        EventKind.DISQUALIFIED,
        (HandoffState.CONTACTED, HandoffState.SQL),
    ),
}


def _end(
    handoff: Handoff,
    state: HandoffState,
    reason: OutcomeReason,
    *,
    by: User,
    at: datetime,
    comment: str,
) -> Handoff:
    kind, event, sources = ENDS[state]
    if reason.kind != kind:
        raise WrongReason(fields={"reason": _("Choose one of the reasons.")})
    old = transitions.claim(handoff, state, of=sources, closed_at=at, outcome_reason=reason)
    transitions.follow(
        handoff, event, old=old, by=by, at=at, payload={"reason": reason.code, "comment": comment}
    )
    _tell_marketing(f"handoff.{state}", handoff, by=by, at=at, reason=reason.name)
    return handoff


def _tell_marketing(
    kind: str, handoff: Handoff, *, by: User, at: datetime, **params: object
) -> None:
    people = notices.submitters(handoff, besides=by)
    notices.tell(kind, handoff, people, at=at, key=kind, params={"by": by.name, **params})
