"""The test lead: one that fits, sent through to see that everything works.

Marked, so that no number counts it.
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
from leads.handoffs import outcomes, transitions
from leads.models import Handoff, Lead, OutcomeReason, Source, ValuableActionKind
from leads.qualification import facts
from leads.qualification.rules import FIT, Rule
from leads.records import leads
from leads.states import OPEN, EventKind, HandoffState, OutcomeKind, Verdict
from personas.models import PersonaVersion
from sla.clocks import clocks
from sla.states import Metric

DOMAIN = "prueba.test"  # a domain that no mail ever reaches (RFC 2606)


def current() -> Lead | None:
    """The test lead that was sent last and not removed."""
    rows = Lead.objects.filter(is_test=True, archived_at__isnull=True).select_related(
        "person", "company"
    )
    return rows.order_by("-pk").first()


def handoff_of(lead: Lead) -> Handoff | None:
    return lead.handoffs.select_related("team", "clock", "owner").order_by("-cycle").first()


def told(handoff: Handoff) -> list[Message]:
    """The messages that the handoff sent to its team."""
    rows = Message.objects.filter(
        dedup_key__startswith=f"handoff:{handoff.pk}:new:"
    ).select_related("recipient")
    return list(rows.order_by("recipient__name", "pk"))


@transaction.atomic
def send(team: Team, version: PersonaVersion, *, by: User, at: datetime) -> Handoff:
    """Log a lead that fits ``version``, qualify it and hand it off to the sales ``team``, as
    marketing would.

    Raises what handoffs.hand_off raises: NoAgreement, NotAnMql, PackageIncomplete.
    """
    with variants.override(people.organisation().language):
        name, company = _("Test lead"), _("Test company")
    data = fitting(facts.rules(version), name=name, company=f"{company} · {version}")
    marketing = (
        Team.objects.filter(side=Side.MARKETING, archived_at__isnull=True).order_by("pk").first()
    )
    source = Source.objects.filter(archived_at__isnull=True).first()
    action = ValuableActionKind.objects.filter(archived_at__isnull=True).first()
    lead = leads.capture(data, by=by, at=at, team=marketing, source=source, first_action=action)
    lead.is_test = True
    Lead.objects.filter(pk=lead.pk).update(is_test=True)
    for rule in facts.rules(version):
        if rule.kind == FIT and rule.operator == "said":
            leads.add_evidence(
                lead, rule.code, Verdict.MET, value=_("Test"), source="Relevo", by=by, at=at
            )
    return transitions.hand_off(
        lead, team=team, persona_version=version, by=by, at=at, note=_("This is a test.")
    )


def fitting(rules: Iterable[Rule], *, name: str, company: str) -> dict[str, dict[str, Any]]:
    """Data of a lead, as leads.capture takes them, that meet every fit rule and complete any
    package.
    """
    data: dict[str, dict[str, Any]] = {
        "person": {
            "name": name,
            "email": f"relevo@{DOMAIN}",
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
    """A value that meets the rule; ``known`` where anything does."""
    if rule.operator in ("in", "contains_any"):
        return rule.operand[0] if rule.operand else known
    if rule.operator in ("at_least", "at_most") and known is not None:
        return max(known, rule.operand) if rule.operator == "at_least" else min(known, rule.operand)
    return rule.operand if rule.operator in ("is", "at_least", "at_most") else known or _("Test")


@transaction.atomic
def remove(lead: Lead, *, by: User, at: datetime) -> Lead:
    """End what is open of the test lead, wherever it stands, and archive it.

    Does nothing for any other lead.
    """
    lead = (
        Lead.objects.select_for_update(no_key=True, of=("self",))
        .select_related("person")
        .get(pk=lead.pk)
    )
    if not lead.is_test or lead.archived_at is not None:
        return lead
    handoff = (
        lead.handoffs.filter(state__in=OPEN)
        .select_related("lead", "team", "owner", "submitted_by")
        .first()
    )
    if handoff is not None:
        _end(handoff, by=by, at=at)
    Lead.objects.filter(pk=lead.pk).update(archived_at=at)
    said = {"comment": _("The test lead was removed.")}
    events.record(lead, EventKind.ARCHIVED, by=by, at=at, on=events.today(at), payload=said)
    return lead


def _end(handoff: Handoff, *, by: User, at: datetime) -> None:
    if handoff.state == HandoffState.ACCEPTED:
        _release(handoff, by=by, at=at)
    if handoff.state == HandoffState.PENDING:
        transitions.withdraw(handoff, by=by, at=at, comment=_("This was a test."))
        return
    ending = (
        OutcomeKind.LOST if handoff.state == HandoffState.OPPORTUNITY else OutcomeKind.DISQUALIFIED
    )
    reason = OutcomeReason.objects.filter(kind=ending).order_by("pk")[0]
    end = outcomes.lose if ending == OutcomeKind.LOST else outcomes.disqualify
    end(handoff, reason, by=by, at=at, comment=_("This was a test."))


def _release(handoff: Handoff, *, by: User, at: datetime) -> None:
    """Take it from its owner without telling the team, who would only look for what is gone."""
    free = {"owner": None, "accepted_at": None, "requeued_at": at}
    old = transitions.claim(handoff, HandoffState.PENDING, of=(HandoffState.ACCEPTED,), **free)
    handoff.decisions.filter(undone_at__isnull=True, released_at__isnull=True).update(
        released_at=at
    )
    clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    transitions.follow(
        handoff, EventKind.REQUEUED, old=old, by=by, at=at, payload={"cause": "test"}, owner=None
    )
