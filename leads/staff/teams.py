"""Teams: their names, and taking one out of use once it has no people and no open handoffs."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts import people
from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from leads.models import Handoff, Return
from leads.returns.returns import WAITING


class BadTeam(DomainError):
    """The data of a team are not valid; ``fields`` names what is wrong."""

    code = "bad_team"


class TeamInUse(Conflict):
    code = "team_in_use"


@transaction.atomic
def create(name: str, side: str, *, language: str, by: User, at: datetime) -> Team:
    """Create a team of one side. Raises BadTeam for its name."""
    name = _clean_name(name)
    try:
        with transaction.atomic():
            return people.create_team(name, side, language=language, by=by, at=at)
    except IntegrityError as error:
        raise _name_taken(name) from error


@transaction.atomic
def change(team: Team, *, name: str, language: str, by: User, at: datetime) -> Team:
    """Rename a team or change the language of its mails.

    Its side never changes: its leads would change hands.
    """
    name = _clean_name(name)
    before = [team.name, team.language]
    after = [name, language]
    team.name = name
    team.language = language
    try:
        with transaction.atomic():
            team.save(update_fields=["name", "language"])
    except IntegrityError as error:
        raise _name_taken(name) from error
    if after != before:
        payload = {"before": before, "after": after}
        record("team_changed", team, by=by, at=at, payload=payload)
    return team


@transaction.atomic
def archive(team: Team, *, by: User, at: datetime) -> Team:
    """Take a team out of use, in which the history keeps its name.

    Raises TeamInUse while it has people or open handoffs.
    """
    # A person may be placed in the team at the same moment.
    people.wait_for_staff_changes()
    # Read under the lock; the caller's row may be from before another change.
    team = Team.objects.get(pk=team.pk)
    if team.archived_at is not None:
        return team
    reasons = _reasons_to_keep(team)
    if reasons:
        text = _("%(team)s is in use: %(reasons)s. Move them first.")
        raise TeamInUse(text % {"team": team.name, "reasons": "; ".join(reasons)})
    team.archived_at = at
    team.save(update_fields=["archived_at"])
    record("team_archived", team, by=by, at=at)
    return team


def _reasons_to_keep(team: Team) -> list[str]:
    # Deactivated people may stay: they keep their memberships for a return.
    members = team.memberships.filter(user__deactivated_at__isnull=True).count()
    handoffs = Handoff.objects.open().filter(team=team).count()
    # Also what the arbiter has, who may give it back.
    returned = Return.objects.filter(state__in=WAITING, marketing_team=team).count()
    reasons = []
    if members:
        text = ngettext(
            "%(count)s person belongs to it",
            "%(count)s people belong to it",
            members,
        )
        reasons.append(text % {"count": members})
    if handoffs:
        text = ngettext(
            "%(count)s of its handoffs is open",
            "%(count)s of its handoffs are open",
            handoffs,
        )
        reasons.append(text % {"count": handoffs})
    if returned:
        text = ngettext(
            "%(count)s lead that sales sent back waits on its desk",
            "%(count)s leads that sales sent back wait on its desk",
            returned,
        )
        reasons.append(text % {"count": returned})
    return reasons


@transaction.atomic
def restore(team: Team, *, by: User, at: datetime) -> Team:
    """Take an archived team into use again."""
    archived = Team.objects.filter(pk=team.pk, archived_at__isnull=False)
    if archived.update(archived_at=None):
        record("team_restored", team, by=by, at=at)
    team.archived_at = None
    return team


def _clean_name(name: str) -> str:
    """Return the clean name. Raises BadTeam if it is empty."""
    name = clean_line(name)
    if not name:
        text = _("Give the team a name.")
        raise BadTeam(text, fields={"name": text})
    return name


def _name_taken(name: str) -> BadTeam:
    text = _("There is a team called %(name)s already.") % {"name": name}
    return BadTeam(text, fields={"name": text})


def field_editors(team: Team) -> list[User]:
    """Return the people near ``team`` who may make custom fields: its leads, else the admins."""
    active = User.objects.filter(is_active=True).order_by("name")
    leads = list(active.filter(memberships__team=team, memberships__is_lead=True))
    if leads:
        return leads
    return list(active.filter(is_admin=True))
