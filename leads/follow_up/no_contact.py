"""A person asked not to be contacted: all their leads are left alone until a new consent.

The person is bound by e-mail and phone. Triggers mark whoever comes with the same ones, and refuse
a hand-off of a marked person.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import DomainError
from leads import events
from leads.conflicts import MovedOn
from leads.follow_up import next_steps
from leads.handoffs import notices, state_changes, transitions
from leads.models import Handoff, Lead, NoContact, OutcomeReason, Person
from leads.states import EventKind, FollowUpEnd, HandoffState, OutcomeKind
from sla.clocks import clocks
from sla.states import Metric

CODE = "no_contact"
NAME = {"es": "Pidió no ser contactado", "en": "Asked not to be contacted"}
# The handoffs that end as disqualified; one in a queue is withdrawn.
OWNED_FROM = (
    HandoffState.ACCEPTED,
    HandoffState.CONTACTED,
    HandoffState.SQL,
    HandoffState.OPPORTUNITY,
)


class NeedsConsent(DomainError):
    """The source of the new consent is missing; ``fields`` names ``consent``."""

    code = "needs_consent"


def lock(lead: Lead) -> None:
    """Lock the open handoffs of the person of ``lead`` with their leads, then the person.

    Before :func:`ask`, by a transaction that has locked none of them: two who record the request
    on two leads of the person must not wait for each other, nor for a step of such a handoff.
    """
    while not _lock(lead.person):
        pass


def _lock(person: Person) -> bool:
    """Lock them; return False, with none locked, if another handoff was opened meanwhile."""
    open_ones = Handoff.objects.open().filter(lead__person__in=_same(person)).order_by("pk")
    with transaction.atomic():
        rows = open_ones.select_for_update(no_key=True, of=("self",))
        known = dict(rows.values_list("pk", "lead"))
        leads = Lead.objects.filter(pk__in=known.values()).order_by("pk")
        list(leads.select_for_update(no_key=True, of=("self",)).values_list("pk"))
        people = _same(person).order_by("pk")
        list(people.select_for_update(no_key=True, of=("self",)).values_list("pk"))
        # A hand-off holds the person's row until it is over: now none is under way.
        is_complete = set(open_ones.values_list("pk", flat=True)) <= known.keys()
        if not is_complete:
            transaction.set_rollback(True)
    return is_complete


@transaction.atomic
def ask(lead: Lead, *, by: User, at: datetime) -> None:
    """Record that the person of ``lead`` asked not to be contacted, and close their handoffs.

    :func:`lock` has locked them all.
    """
    person = lead.person
    NoContact.objects.create(
        email=person.email.lower(), phone=person.phone, lead=lead, asked_at=at, asked_by=by
    )
    _same(person).filter(no_contact_at__isnull=True).update(no_contact_at=at)
    person.no_contact_at = at
    open_ones = Handoff.objects.open().filter(lead__person__in=_same(person))
    rows = open_ones.select_related("lead", "team", "submitted_by", "owner").order_by("pk")
    for handoff in rows:
        _close(handoff, by=by, at=at)
    event = events.new(lead, EventKind.NO_CONTACT, by=by, at=at)
    events.record(event)


def _same(person: Person) -> QuerySet[Person]:
    """Return the rows of the person: those with the same e-mail or phone."""
    same = Q(pk=person.pk)
    if person.email:
        same |= Q(email__iexact=person.email)
    if person.phone:
        same |= Q(phone=person.phone)
    return Person.objects.filter(same)


def _close(handoff: Handoff, *, by: User, at: datetime) -> None:
    reason = _reason()
    if handoff.is_pending:
        transitions.withdraw(handoff, by=by, at=at, reason=reason)
        return
    from_state = state_changes.claim(
        handoff, HandoffState.DISQUALIFIED, of=OWNED_FROM, closed_at=at, outcome_reason=reason
    )
    clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    clocks.stop(handoff, Metric.SQL_DECISION, at=at, by=by)
    next_steps.end(handoff.lead_id, at=at, why=FollowUpEnd.DONE)
    state_changes.update_lead(
        handoff,
        EventKind.DISQUALIFIED,
        from_state=from_state,
        by=by,
        at=at,
        payload={"reason": reason.code, "comment": ""},
    )
    notices.notify(
        "handoff.disqualified",
        handoff,
        notices.submitters(handoff, besides=by),
        at=at,
        key=f"no_contact:{at.timestamp()}",
        params={"by_id": by.pk, "reason": reason.name},
    )


def _reason() -> OutcomeReason:
    """Return the reason of the catalogue; an older organisation gets it with its first use."""
    defaults = {"kind": OutcomeKind.DISQUALIFIED, "name": NAME, "position": 90}
    return OutcomeReason.objects.get_or_create(code=CODE, defaults=defaults)[0]


@transaction.atomic
def lift(lead: Lead, consent: str, *, by: User, at: datetime) -> None:
    """Let the person be contacted again. ``consent``: where the new consent is from.

    Raises NeedsConsent, MovedOn if no request binds the person.
    """
    if not consent.strip():
        text = _("Say where the new consent is from.")
        raise NeedsConsent(text, fields={"consent": text})
    locked = Person.objects.select_for_update(no_key=True).get(pk=lead.person_id)
    if locked.no_contact_at is None:
        raise MovedOn(lead)
    same = list(_same(locked).values_list("pk", "email", "phone"))
    emails = [email.lower() for _pk, email, _phone in same if email]
    phones = [phone for _pk, _email, phone in same if phone]
    asked = NoContact.objects.filter(lifted_at__isnull=True)
    asked = asked.filter(Q(email__in=emails) | Q(phone__in=phones) | Q(lead__person=locked))
    asked.update(lifted_at=at, lifted_by=by, consent=consent)
    Person.objects.filter(pk__in=[pk for pk, _email, _phone in same]).update(no_contact_at=None)
    lead.person.no_contact_at = None
    event = events.new(lead, EventKind.CONSENT, by=by, at=at, payload={"note": consent})
    events.record(event)
