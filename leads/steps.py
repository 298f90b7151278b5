"""The order of answers to a step: sight (404), role (403), state (409), input (422).

Callers look for the lead or handoff through ``visible_to`` first. The step itself judges the state
again with the row locked.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from crm.accounts.models import User
from leads.conflicts import AlreadyTaken, LeadIsArchived, MovedOn
from leads.models import Handoff, Lead
from leads.permissions import Permission, can_qualify, can_work
from leads.returns import second_decisions


def check(user: User, subject: Lead | Handoff, *permissions: Permission) -> Permission:
    """Return the first of ``permissions`` by which ``user`` may take the step now.

    Raises PermissionDenied for a person whose role has none of them, in whatever state ``subject``
    is; MovedOn for one who has the role, and comes too late or too early.
    """
    in_role = [permission for permission in permissions if permission.who(user, subject)]
    if not in_role:
        raise PermissionDenied
    for permission in in_role:
        if permission.when(user, subject):
            return permission
    lead = subject.lead if isinstance(subject, Handoff) else subject
    if lead.archived_at is not None:
        raise LeadIsArchived(lead)
    if isinstance(subject, Handoff) and any(each.is_a_race for each in in_role):
        if subject.is_pending:
            second_decisions.check(subject, by=user)
        raise AlreadyTaken(subject, by=user)
    raise MovedOn(subject)


def check_evidence(user: User, lead: Lead, handoff: Handoff | None) -> Permission:
    """Return the permission by which ``user`` may add evidence: can_work or can_qualify.

    ``handoff``: the newest of the lead that the person sees. Raises as :func:`check`.
    """
    if handoff is None or (can_qualify.who(user, lead) and not can_work(user, handoff)):
        return check(user, lead, can_qualify)
    return check(user, handoff, can_work)


def check_plan(user: User, lead: Lead, handoff: Handoff | None) -> None:
    """Check that ``user`` may set the next step. ``handoff``: the open one that the person sees.

    Raises as :func:`check`.
    """
    if handoff is None:
        check(user, lead, can_qualify)
    else:
        check(user, handoff, can_work)
