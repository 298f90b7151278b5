"""What admins may do, and whose figures a person may read."""

from __future__ import annotations

from crm.accounts.models import Membership, User
from crm.accounts.states import Side


def can_manage_people(user: User) -> bool:
    """Admins invite, place and deactivate people. That is no sight of any lead."""
    return user.is_admin


def can_configure(user: User) -> bool:
    """Admins set up the organisation. That is no business decision."""
    return user.is_admin


def people_with_figures(user: User) -> set[int] | None:
    """Return the ids of the people of whom ``user`` may read figures; None means all.

    Figures of a person are for that person, the leads of their team, and directors.
    """
    if user.is_director:
        return None
    led = [team for side in Side for team in user.team_ids(side, led=True)]
    if not led:
        return {user.pk}
    members = Membership.objects.filter(team__in=led).values_list("user", flat=True)
    return {user.pk, *members}
