"""Teams and invitations of the set-up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from crm.accounts import invitations, people
from crm.accounts.models import Invitation, Membership, Team, User
from crm.accounts.states import Side
from leads.staff import access
from leads.staff.memberships import BadPerson, change_teams

# What a person may be invited as: the side of the team and whether they lead it; None for a
# director and an admin, who belong to no team.
PARTS: dict[str, tuple[str, bool] | None] = {
    "marketing": (Side.MARKETING, False),
    "marketing_lead": (Side.MARKETING, True),
    "sales": (Side.SALES, False),
    "sales_lead": (Side.SALES, True),
    "director": None,
    "admin": None,
}


@dataclass(frozen=True)
class Invitee:
    """A person to invite. ``row`` is the row of the form, ``part`` a key of PARTS."""

    row: int
    name: str
    email: str
    part: str


def first_team(side: str) -> Team | None:
    """Return the oldest team of a side."""
    return Team.objects.filter(side=side, archived_at__isnull=True).order_by("pk").first()


@transaction.atomic
def set_teams(
    names: dict[str, str], led_sides: Iterable[str], *, by: User, at: datetime
) -> dict[str, Team]:
    """Create the first team of each side that has none, and return the first teams by side.

    ``names`` are by side. ``by`` then leads the first teams of ``led_sides`` and not the others.
    Raises StaffingConflict when ``by`` has open work in a team that they would leave.
    """
    language = people.organisation().language
    teams = {}
    for side, name in names.items():
        team = first_team(side)
        if team is None:
            team = people.create_team(name, side, by=by, at=at, language=language)
        teams[side] = team
    # change_teams() replaces all memberships: those of other teams are passed on as they are.
    memberships = {}
    for membership in Membership.objects.filter(user=by).select_related("team"):
        memberships[membership.team_id] = (membership.team, membership.is_lead)
    led = set(led_sides)
    for side, team in teams.items():
        _team, is_lead = memberships.get(team.pk, (team, False))
        if side in led:
            memberships[team.pk] = (team, True)
        # The box says "I am team lead for now": without its tick, a plain member stays one.
        elif is_lead:
            del memberships[team.pk]
    change_teams(by, memberships.values(), by=by, at=at)
    return teams


@transaction.atomic
def invite(
    invitees: Iterable[Invitee], teams: dict[str, Team], *, by: User, at: datetime
) -> list[Invitation]:
    """Invite several people; a wrong row cancels all of them.

    Raises BadPerson, whose ``fields`` name the row of the form: "email-0".
    """
    created = []
    for invitee in invitees:
        place = PARTS[invitee.part]
        memberships = []
        if place is not None:
            side, is_lead = place
            memberships.append((teams[side], is_lead))
        try:
            invitation = access.invite(
                invitee.name,
                invitee.email,
                teams=memberships,
                is_director=invitee.part == "director",
                is_admin=invitee.part == "admin",
                by=by,
                at=at,
            )
        except BadPerson as error:
            # The fields of the form carry the number of the row.
            row = invitee.row
            error.fields = {f"{key}-{row}": text for key, text in error.fields.items()}
            raise
        created.append(invitation)
    return created


@transaction.atomic
def set_teams_and_invite(
    names: dict[str, str],
    led_sides: Iterable[str],
    invitees: Iterable[Invitee],
    *,
    by: User,
    at: datetime,
) -> list[Invitation]:
    """Do both in one transaction. Raises as :func:`set_teams` and :func:`invite`."""
    teams = set_teams(names, led_sides, by=by, at=at)
    return invite(invitees, teams, by=by, at=at)


def open_links() -> list[tuple[User, str]]:
    """Return the people who have not used their link yet, each with its URL, the newest first."""
    invited = Invitation.objects.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    newest = invited.select_related("person").order_by("-pk")[:50]
    links = []
    for invitation in newest:
        # The whole URL: without a mail server the admin sends it by other means.
        url = settings.BASE_URL + invitations.path_of(invitation)
        links.append((invitation.person, url))
    return links
