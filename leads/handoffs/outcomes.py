"""Outcomes of an accepted lead: SQL, opportunity, won, lost, disqualified."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from crm.lib.db.inserts import Many
from crm.lib.errors import DomainError
from leads import events
from leads.conflicts import MovedOn
from leads.follow_up import next_steps, no_contact
from leads.handoffs import notices, state_changes, transitions
from leads.handoffs.notices import News
from leads.models import Handoff, OutcomeReason
from leads.qualification import facts
from leads.qualification.rules import SQL_KINDS, Judgement
from leads.states import (
    DISQUALIFIED_FROM,
    LOST_FROM,
    EventKind,
    FollowUpEnd,
    HandoffState,
    OutcomeKind,
)
from sla.agreements import policies
from sla.clocks import clocks
from sla.models import AgreementVersion
from sla.states import Metric


class SqlUnproven(DomainError):
    """A criterion lacks proof that the agreement demands; ``fields`` names each."""

    code = "sql_unproven"


class BadAmount(DomainError):
    """The amount is not above 0, or is the one that is corrected."""

    code = "bad_amount"


class BadCloseDate(DomainError):
    """The expected close date has passed."""

    code = "bad_close_date"


class NotAnOpportunity(MovedOn):
    """The handoff is no open opportunity."""

    code = "not_an_opportunity"
    reason = gettext_lazy("This is no open opportunity. Look at it again.")


class WrongReason(DomainError):
    """The reason is not one for this outcome."""

    code = "wrong_reason"


@dataclass(frozen=True)
class Expected:
    """What is expected of an opportunity; None: not known."""

    expected_amount: Decimal | None = None
    expected_close_on: date | None = None


NOTHING_EXPECTED = Expected()


@transaction.atomic
def qualify_sql(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Qualify a contacted lead to SQL; stop the clock of the SQL decision.

    Each unproven criterion beyond fit blocks or warns, as the handoff's agreement says. Only a
    handoff whose package proves means and authority may skip the contact.

    Raises SqlUnproven naming the criteria that block, MovedOn before the contact.
    """
    # The versions of the hand-off, not those in force: a new definition never rewrites the past.
    version = handoff.agreement_version
    assessment = facts.assess(handoff.lead, handoff.persona_version, facts.terms_of(version))
    judgements = [judgement for kind in SQL_KINDS for judgement in assessment.of(kind)]
    unproven = [judgement for judgement in judgements if not judgement.holds]
    _check_proven(version, unproven)
    from_state = state_changes.claim(
        handoff, HandoffState.SQL, of=(_state_before_sql(handoff),), sql_at=at
    )
    # A lead that skips the contact has the contact clock open; others have the decision clock.
    clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    clocks.stop(handoff, Metric.SQL_DECISION, at=at, by=by)
    payload: dict[str, Any] = {}
    if unproven:
        # The agreement lets these pass with a warning; the event keeps what was missing.
        payload["warned"] = _codes(unproven)
    overridden = [each for each in assessment.overridden if each.rule.kind in SQL_KINDS]
    if overridden:
        payload["overridden"] = _codes(overridden)
    state_changes.update_lead(
        handoff,
        EventKind.SQL,
        next_steps.following(handoff, at=at),
        _to_marketing("handoff.sql", handoff, by=by, at=at),
        from_state=from_state,
        by=by,
        at=at,
        payload=payload,
    )
    return handoff


def _check_proven(version: AgreementVersion, unproven: list[Judgement]) -> None:
    """Raise SqlUnproven if ``version`` demands proof of one of the ``unproven`` criteria."""
    blocking = {
        judgement.rule.code: in_language(judgement.rule.text)
        for judgement in unproven
        if policies.is_blocking(version, judgement.rule.kind, judgement.rule.code)
    }
    if blocking:
        criteria = {"criteria": ", ".join(blocking.values())}
        raise SqlUnproven(_("Not proven yet: %(criteria)s.") % criteria, fields=blocking)


def _state_before_sql(handoff: Handoff) -> HandoffState:
    if handoff.state != HandoffState.ACCEPTED:
        return HandoffState.CONTACTED
    if not handoff.proves_sql:
        raise MovedOn(handoff, _("Contact the lead first."))
    return HandoffState.ACCEPTED


def _codes(judgements: list[Judgement]) -> list[str]:
    return [judgement.rule.code for judgement in judgements]


@transaction.atomic
def accept_as_sql(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Accept and qualify at once: two events, one decision.

    Raises what accept and qualify_sql raise.
    """
    transitions.accept(handoff, by=by, at=at)
    return qualify_sql(handoff, by=by, at=at)


@transaction.atomic
def open_opportunity(
    handoff: Handoff, expected: Expected = NOTHING_EXPECTED, *, by: User, at: datetime
) -> Handoff:
    """Open an opportunity on an SQL, with what is expected of it.

    Raises BadAmount, BadCloseDate, AlreadyTaken.
    """
    _check_expected(expected, at=at)
    changes = _expected_changes(NOTHING_EXPECTED, expected)
    from_state = state_changes.claim(
        handoff,
        HandoffState.OPPORTUNITY,
        of=(HandoffState.SQL,),
        opportunity_at=at,
        **asdict(expected),
    )
    state_changes.update_lead(
        handoff,
        EventKind.OPPORTUNITY,
        next_steps.following(handoff, at=at),
        from_state=from_state,
        by=by,
        at=at,
        payload=changes,
    )
    return handoff


@transaction.atomic
def expect(handoff: Handoff, expected: Expected, *, by: User, at: datetime) -> Handoff:
    """Change the expected amount and close date of an open opportunity; None: not known.

    Raises NotAnOpportunity, BadAmount, BadCloseDate.
    """
    row = Handoff.objects.select_for_update(no_key=True, of=("self",)).get(pk=handoff.pk)
    if row.state != HandoffState.OPPORTUNITY:
        raise NotAnOpportunity(row)
    changes = _expected_changes(expected_of(row), expected)
    # A date that has passed stays until another one is given.
    if not changes:
        return handoff
    if "expected_close_on" in changes:
        _check_expected(expected, at=at)
    else:
        _check_expected(replace(expected, expected_close_on=None), at=at)
    state_changes.write(handoff, {"id": handoff.pk}, **asdict(expected))
    state_changes.record(handoff, EventKind.EXPECTED, by=by, at=at, payload=changes)
    return handoff


def expected_of(handoff: Handoff) -> Expected:
    """Return what is expected of the handoff."""
    return Expected(handoff.expected_amount, handoff.expected_close_on)


def _check_expected(expected: Expected, *, at: datetime) -> None:
    """Raise BadAmount or BadCloseDate."""
    amount = expected.expected_amount
    if amount is not None:
        check_amount(amount, field="expected_amount")
    close_on = expected.expected_close_on
    if close_on is not None and close_on < events.today(at):
        text = _("This day has passed.")
        raise BadCloseDate(text, fields={"expected_close_on": text})


def _expected_changes(before: Expected, after: Expected) -> dict[str, Any]:
    """Return what differs as texts, old and new, by field."""
    changes = {}
    for name, new in asdict(after).items():
        old = getattr(before, name)
        if old != new:
            changes[name] = [_plain(old), _plain(new)]
    return changes


def _plain(value: Decimal | date | None) -> str | None:
    if value is None:
        return None
    return str(value)


def check_amount(amount: Decimal, *, field: str = "amount") -> None:
    """Raise BadAmount, which names ``field``, unless ``amount`` is above 0."""
    # First of all NaN: comparing it with a number raises InvalidOperation.
    if not amount.is_finite() or amount <= 0:
        text = _("The amount must be above 0.")
        raise BadAmount(text, fields={field: text})


@transaction.atomic
def win(handoff: Handoff, amount: Decimal, *, by: User, at: datetime) -> Handoff:
    """Close as won with an amount in the organisation's currency.

    An SQL opens its opportunity on the way. Raises BadAmount, AlreadyTaken.
    """
    check_amount(amount)
    # Every won lead has been an opportunity, so that conversion by stage adds up.
    if handoff.state == HandoffState.SQL:
        open_opportunity(handoff, by=by, at=at)
    from_state = state_changes.claim(
        handoff, HandoffState.WON, of=(HandoffState.OPPORTUNITY,), closed_at=at, amount=amount
    )
    state_changes.update_lead(
        handoff,
        EventKind.WON,
        next_steps.ending([handoff.lead_id], at=at, why=FollowUpEnd.DONE),
        _to_marketing("handoff.won", handoff, by=by, at=at, amount=str(amount)),
        from_state=from_state,
        by=by,
        at=at,
        payload={"amount": str(amount)},
        won_by=handoff.owner,
        won_amount=amount,
    )
    return handoff


@dataclass(frozen=True)
class Ending:
    """A way to close a handoff with a reason, and the states it may come from."""

    reason_kind: OutcomeKind
    event_kind: EventKind
    from_states: tuple[HandoffState, ...]


ENDINGS = {
    HandoffState.LOST: Ending(
        OutcomeKind.LOST,
        EventKind.LOST,
        LOST_FROM,
    ),
    HandoffState.DISQUALIFIED: Ending(
        OutcomeKind.DISQUALIFIED,
        EventKind.DISQUALIFIED,
        DISQUALIFIED_FROM,
    ),
}


@transaction.atomic
def lose(
    handoff: Handoff, reason: OutcomeReason, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Close an SQL or an opportunity as lost. Raises WrongReason, AlreadyTaken."""
    return _end(handoff, HandoffState.LOST, reason, by=by, at=at, comment=comment)


@transaction.atomic
def disqualify(
    handoff: Handoff, reason: OutcomeReason, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Close after contact as disqualified. Raises WrongReason, AlreadyTaken, MovedOn.

    Not a rejection: marketing's acceptance rate does not change. An SQL by its package alone, which
    was not contacted, is lost or recycled instead.
    """
    if handoff.state in DISQUALIFIED_FROM and not handoff.has_contact():
        raise MovedOn(handoff, _("Contact the lead first."))
    asked = reason.code == no_contact.CODE
    if asked:
        no_contact.lock(handoff.lead)
    handoff = _end(handoff, HandoffState.DISQUALIFIED, reason, by=by, at=at, comment=comment)
    # Disqualifying a contacted lead is the SQL decision; an SQL has no open clock.
    clocks.stop(handoff, Metric.SQL_DECISION, at=at, by=by)
    if asked:
        # The reason says of the person what the outcome of an attempt says.
        no_contact.ask(handoff.lead, by=by, at=at)
    return handoff


def _end(
    handoff: Handoff,
    state: HandoffState,
    reason: OutcomeReason,
    *,
    by: User,
    at: datetime,
    comment: str,
) -> Handoff:
    ending = ENDINGS[state]
    if reason.kind != ending.reason_kind:
        raise WrongReason(fields={"reason": _("Choose one of the reasons.")})
    from_state = state_changes.claim(
        handoff, state, of=ending.from_states, closed_at=at, outcome_reason=reason
    )
    state_changes.update_lead(
        handoff,
        ending.event_kind,
        next_steps.ending([handoff.lead_id], at=at, why=FollowUpEnd.DONE),
        _to_marketing(f"handoff.{state}", handoff, by=by, at=at, reason=reason.name),
        from_state=from_state,
        by=by,
        at=at,
        payload={"reason": reason.code, "comment": comment},
    )
    return handoff


def _to_marketing(kind: str, handoff: Handoff, *, by: User, at: datetime, **params: object) -> Many:
    """Return the notices for marketing, to be inserted with what they tell of."""
    people = notices.submitters(handoff, besides=by)
    # The moment is part of the key: an outcome may be reopened and reached again.
    key = f"{kind}:{at.timestamp()}"
    news = News(kind, handoff, people, key=key, params={"by_id": by.pk, **params})
    return notices.messages([news], at=at)
