"""Write the teams and invite the people of the set-up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from crm.accounts import invitations, people
from crm.accounts.models import Invitation, Membership, Team, User
from crm.accounts.states import Side
from leads.staff import people as staffing

Invited = tuple[int, str, str, str]  # row of the form, name, e-mail, a key of PARTS
# What a person may be invited as: side of the team and whether they lead it; None: a mark instead
# of a team.
PARTS: dict[str, tuple[str, bool] | None] = {
    "marketing": (Side.MARKETING, False),
    "marketing_lead": (Side.MARKETING, True),
    "sales": (Side.SALES, False),
    "sales_lead": (Side.SALES, True),
    "director": None,
    "admin": None,
}


def first_team(side: str) -> Team | None:
    """The oldest team of a side."""
    return Team.objects.filter(side=side, archived_at__isnull=True).order_by("pk").first()


@transaction.atomic
def set_teams(
    names: dict[str, str], leads: Iterable[str], *, by: User, at: datetime
) -> dict[str, Team]:
    """At least one team of each side: ``names`` by side.

    ``by`` leads the first teams of the sides in ``leads``, and of no others. Raises
    staffing.NotPossible where ``by`` has open work in a team that they would leave.
    """
    language = people.organisation().language
    teams: dict[str, Team] = {}
    for side, name in names.items():
        teams[side] = first_team(side) or people.create_team(
            name, side, by=by, at=at, language=language
        )
    mine = {
        m.team_id: (m.team, m.is_lead)
        for m in Membership.objects.filter(user=by).select_related("team")
    }
    led = set(leads)
    for side, team in teams.items():
        if side in led:
            mine[team.pk] = (team, True)
        elif team.pk in mine and mine[team.pk][1]:
            del mine[team.pk]
    staffing.change_teams(by, mine.values(), by=by, at=at)
    return teams


@transaction.atomic
def invite(
    invited: Iterable[Invited], teams: dict[str, Team], *, by: User, at: datetime
) -> list[Invitation]:
    """Invite several people.

    Raises staffing.BadPerson whose ``fields`` name the row too: "email-0".
    """
    done = []
    for number, name, email, part in invited:
        place = PARTS[part]
        try:
            done.append(
                staffing.invite(
                    name,
                    email,
                    teams=[(teams[place[0]], place[1])] if place else [],
                    is_director=part == "director",
                    is_admin=part == "admin",
                    by=by,
                    at=at,
                )
            )
        except staffing.BadPerson as error:
            error.fields = {f"{key}-{number}": text for key, text in error.fields.items()}
            raise
    return done


@transaction.atomic
def staff(
    names: dict[str, str],
    leads: Iterable[str],
    invited: Iterable[Invited],
    *,
    by: User,
    at: datetime,
) -> list[Invitation]:
    """Teams and people in one go: all of it or nothing."""
    return invite(invited, set_teams(names, leads, by=by, at=at), by=by, at=at)


def links() -> list[tuple[User, str]]:
    """Who was invited and has not come in yet, with the address to send them; the newest first."""
    rows = Invitation.objects.filter(
        accepted_at__isnull=True, revoked_at__isnull=True
    ).select_related("person")
    return [
        (row.person, f"{settings.BASE_URL}{invitations.path_of(row)}")
        for row in rows.order_by("-pk")[:50]
    ]
