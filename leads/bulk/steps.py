"""Steps of a bulk act on one lead: the same call as the single act.

Each step asks the same permission, lets the noun module decide, and raises DomainError with the
reason for which the lead is skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.errors import DomainError
from leads import handoffs, permissions
from leads.bulk.states import BulkKind
from leads.models import BulkAct, Handoff, Lead
from leads.records import archiving
from leads.staff.handover import colleagues_for
from leads.states import OPEN, HandoffState


class Skipped(DomainError):
    """The lead is left as it is."""

    code = "skipped"


@dataclass(frozen=True)
class Chosen:
    """What was chosen for all leads of an act."""

    team: Team | None = None
    owner: User | None = None
    note: str = ""
    score_reason: str = ""


def chosen_for(act: BulkAct) -> Chosen:
    """Return what the options of ``act`` name, read once for all its leads."""
    options = act.options
    return Chosen(
        team=Team.objects.filter(pk=options.get("team")).first(),
        owner=User.objects.filter(pk=options.get("owner")).first(),
        note=options.get("note", ""),
        score_reason=options.get("score_reason", ""),
    )


def hand_off(lead: Lead, chosen: Chosen, *, by: User, at: datetime) -> None:
    """Hand the lead off to the queue of the chosen team by its usual persona."""
    assert chosen.team is not None
    if lead.marketing_team_id not in by.team_ids(Side.MARKETING):
        raise Skipped(_("Only the marketing team that brought it may hand it off."))
    if not permissions.can_hand_off(by, lead):
        _check_none_open(lead)
        stage = {"stage": lead.stage_label}
        raise Skipped(_("It is not with marketing; its stage is “%(stage)s”.") % stage)
    handoffs.hand_off(
        lead,
        team=chosen.team,
        note=chosen.note,
        score_reason=chosen.score_reason,
        by=by,
        at=at,
    )


def _check_none_open(lead: Lead) -> None:
    if lead.handoffs.filter(state__in=OPEN).exists():
        raise handoffs.AlreadyHandedOff(lead)


def assign(lead: Lead, chosen: Chosen, *, by: User, at: datetime) -> None:
    """Give the lead's open handoff to the chosen owner."""
    owner = chosen.owner
    assert owner is not None
    opened = Handoff.objects.visible_to(by).with_names().select_related("submitted_by")
    handoff = opened.filter(lead=lead, state__in=OPEN).first()
    if handoff is None:
        raise Skipped(_("Nobody works on it: it has no open handoff."))
    if handoff.state == HandoffState.PENDING:
        raise Skipped(_("It waits in the queue: a rep accepts it first."))
    if not permissions.can_reassign(by, handoff):
        raise Skipped(_("Only a lead of its sales team or a director may assign it."))
    name = {"name": owner.name}
    if handoff.owner_id == owner.pk:
        raise Skipped(_("%(name)s has it already.") % name)
    if owner.pk not in {colleague.pk for colleague in colleagues_for(handoff, at=at)}:
        raise Skipped(_("%(name)s cannot take it: not active, away, or not in its team.") % name)
    handoffs.reassign(handoff, owner, why=chosen.note, by=by, at=at)


def archive(lead: Lead, chosen: Chosen, *, by: User, at: datetime) -> None:
    """Archive the lead."""
    if not permissions.can_archive(by, lead):
        if lead.marketing_team_id not in by.team_ids(Side.MARKETING):
            raise Skipped(_("Only the marketing team that brought it may archive it."))
        _check_closed(lead)
    archiving.archive(lead, by=by, at=at)


def _check_closed(lead: Lead) -> None:
    if lead.handoffs.filter(state__in=OPEN).exists():
        raise archiving.WithSales
    stage = {"stage": lead.stage_label}
    raise Skipped(_("A lead of the stage “%(stage)s” is not archived.") % stage)


Step = Callable[..., None]
STEPS: dict[str, Step] = {
    BulkKind.HAND_OFF: hand_off,
    BulkKind.ASSIGN: assign,
    BulkKind.ARCHIVE: archive,
}


def reason_of(error: DomainError) -> str:
    """Return why a lead was skipped, with every open point that the error names."""
    message = str(error.message)
    # Leads are listed by reason, and their states and people differ.
    if isinstance(error, handoffs.MovedOn):
        message = str(error.reason)
    points = [str(text) for text in error.fields.values()]
    listed = [text for text in dict.fromkeys(points) if text and text not in message]
    if not listed:
        return message
    points_text = " · ".join(listed)
    # A criterion alone would read as if it were met.
    if isinstance(error, handoffs.NotAnMql):
        points_text = f"{_('What is missing:')} {points_text}"
    return f"{message} {points_text}"
