"""The test lead: one that fits, sent through to see that everything works.

It is marked, so that no number counts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import people
from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.wording import variants
from crm.notifications.models import Message
from leads import events
from leads.handoffs import outcomes, state_changes, submission, transitions
from leads.models import Handoff, Lead, OutcomeReason, Source, ValuableActionKind
from leads.qualification import facts
from leads.qualification.rules import FIT, Rule
from leads.records import leads
from leads.states import LOST_FROM, OPEN, EventKind, HandoffState, OutcomeKind, Verdict
from personas.models import PersonaVersion

DOMAIN = "prueba.test"  # a domain that no mail ever reaches (RFC 2606)


def current() -> Lead | None:
    """Return the newest test lead that is not removed."""
    rows = Lead.objects.filter(is_test=True, archived_at__isnull=True)
    return rows.select_related("person", "company").order_by("-pk").first()


def handoff_of(lead: Lead) -> Handoff | None:
    """Return the newest handoff of ``lead``."""
    return lead.handoffs.select_related("team", "clock", "owner").order_by("-cycle").first()


def messages_of(handoff: Handoff) -> list[Message]:
    """Return the messages that the handoff sent to its team."""
    rows = Message.objects.filter(dedup_key__startswith=f"handoff:{handoff.pk}:new:")
    return list(rows.select_related("recipient", "letter").order_by("recipient__name", "pk"))


@transaction.atomic
def send(team: Team, version: PersonaVersion, *, by: User, at: datetime) -> Handoff:
    """Log a lead that fits ``version``, qualify it and hand it off to the sales ``team``.

    Raises NoAgreement, NotAnMql, PackageIncomplete, as hand_off does.
    """
    lead = _capture(version, by=by, at=at)
    for rule in facts.rules_of(version):
        if rule.kind == FIT and rule.operator == "said":
            leads.add_evidence(
                lead,
                rule.code,
                Verdict.MET,
                value=_("Test"),
                source="Relevo",
                by=by,
                at=at,
            )
    return submission.hand_off(
        lead,
        team=team,
        persona_version=version,
        by=by,
        at=at,
        note=_("This is a test."),
    )


def _capture(version: PersonaVersion, *, by: User, at: datetime) -> Lead:
    with variants.override(people.organisation().language):
        name = _("Test lead")
        company = _("Test company")
    data = fitting(facts.rules_of(version), name=name, company=f"{company} · {version}")
    marketing = Team.objects.filter(side=Side.MARKETING, archived_at__isnull=True)
    lead = leads.capture(
        data,
        by=by,
        at=at,
        team=marketing.order_by("pk").first(),
        source=Source.objects.filter(archived_at__isnull=True).first(),
        first_action=ValuableActionKind.objects.filter(archived_at__isnull=True).first(),
    )
    # Marked before anything else happens to it: no number may count it.
    lead.is_test = True
    Lead.objects.filter(pk=lead.pk).update(is_test=True)
    return lead


def fitting(rules: Iterable[Rule], *, name: str, company: str) -> dict[str, dict[str, Any]]:
    """Return data for leads.capture that meet every fit rule and complete any package."""
    data: dict[str, dict[str, Any]] = {
        "person": {
            "name": name,
            "email": f"relevo@{DOMAIN}",
            # 555-01xx is reserved for fiction, so no call reaches a person.
            "phone": "+12025550100",
            "job_title": "CEO",
        },
        "company": {"name": company, "employees": 50, "industry": _("Test"), "domain": DOMAIN},
        "attributes": {},
    }
    for rule in rules:
        part, _dot, key = rule.field.partition(".")
        if rule.kind == FIT and part in data:
            data[part][key] = _value(rule, data[part].get(key))
    return data


def _value(rule: Rule, known: Any) -> Any:
    """Return a value that meets ``rule``; ``known`` if any value does."""
    if rule.operator in ("in", "contains_any"):
        return rule.operand[0] if rule.operand else known
    if rule.operator == "at_least" and known is not None:
        return max(known, rule.operand)
    if rule.operator == "at_most" and known is not None:
        return min(known, rule.operand)
    if rule.operator in ("is", "at_least", "at_most"):
        return rule.operand
    return known or _("Test")


@transaction.atomic
def remove(lead: Lead, *, by: User, at: datetime) -> Lead:
    """Close the open handoff of the test lead and archive it; do nothing for any other lead."""
    rows = Lead.objects.select_for_update(no_key=True, of=("self",))
    lead = rows.select_related("person").get(pk=lead.pk)
    if not lead.is_test or lead.archived_at is not None:
        return lead
    open_handoffs = lead.handoffs.filter(state__in=OPEN)
    handoff = open_handoffs.select_related("lead", "team", "owner", "submitted_by").first()
    if handoff is not None:
        _close(handoff, by=by, at=at)
    Lead.objects.filter(pk=lead.pk).update(archived_at=at)
    payload = {"comment": _("The test lead was removed.")}
    events.record(events.new(lead, EventKind.ARCHIVED, by=by, at=at, payload=payload))
    return lead


def _close(handoff: Handoff, *, by: User, at: datetime) -> None:
    """Close the handoff from whatever open state it is in."""
    comment = _("This was a test.")
    # An accepted handoff can only go back to the queue; a pending one can be withdrawn.
    if handoff.state == HandoffState.ACCEPTED:
        _release(handoff, by=by, at=at)
    if handoff.state == HandoffState.PENDING:
        transitions.withdraw(handoff, by=by, at=at, comment=comment)
    elif handoff.state in LOST_FROM:
        reason = _first_reason(OutcomeKind.LOST)
        outcomes.lose(handoff, reason, by=by, at=at, comment=comment)
    else:
        reason = _first_reason(OutcomeKind.DISQUALIFIED)
        outcomes.disqualify(handoff, reason, by=by, at=at, comment=comment)


def _first_reason(kind: OutcomeKind) -> OutcomeReason:
    return OutcomeReason.objects.filter(kind=kind).order_by("pk")[0]


def _release(handoff: Handoff, *, by: User, at: datetime) -> None:
    """Put the handoff back into the queue without a notice: the team would look in vain."""
    from_state = transitions.release(handoff, by=by, at=at)
    state_changes.update_lead(
        handoff,
        EventKind.REQUEUED,
        from_state=from_state,
        by=by,
        at=at,
        payload={"cause": "test"},
        owner=None,
    )
