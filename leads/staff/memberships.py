"""The teams and roles of a person, and the roles that the organisation must not lose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts import people
from crm.accounts.models import Membership, Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from leads.models import Handoff
from leads.states import WORKED

# Teams, each with whether the person leads it.
Places = Iterable[tuple[Team, bool]]


class BadPerson(DomainError):
    """The data of a person are not valid; ``fields`` names what is wrong."""

    code = "bad_person"


class StaffingConflict(Conflict):
    """The change would leave work or a role to no one; the message names it."""

    code = "staffing"


def lock(person: User) -> User:
    """Return the person's row, locked and fresh, after any other change of staff.

    Two changes at once could each leave the other person's work, or the role of admin, to no one.
    """
    people.wait_for_staff_changes()
    return people.lock_person(person)


# -- Roles


@transaction.atomic
def change_roles(
    person: User,
    *,
    is_director: bool,
    is_admin: bool,
    by: User,
    at: datetime,
) -> User:
    """Set the two roles that no team gives. Raises StaffingConflict for the last admin."""
    person = lock(person)
    if person.is_admin and not is_admin:
        check_not_last_admin(person)
    before = {"is_director": person.is_director, "is_admin": person.is_admin}
    after = {"is_director": is_director, "is_admin": is_admin}
    if before == after:
        return person
    person.is_director = is_director
    person.is_admin = is_admin
    person.save(update_fields=list(after))
    payload = {"before": before, "after": after}
    record("roles_changed", person, by=by, at=at, payload=payload)
    return person


def check_not_last_admin(person: User) -> None:
    """Raise StaffingConflict if no one else who can sign in is an admin."""
    if _others(person).filter(is_admin=True).exists():
        return
    # Without an admin no one could invite or reactivate another one.
    text = _("%(name)s is the only admin who can sign in. Make somebody else an admin first.")
    text %= {"name": person.name}
    raise StaffingConflict(text, fields={"is_admin": text})


def _others(person: User) -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(pk=person.pk)


# -- Teams


@transaction.atomic
def change_teams(person: User, teams: Places, *, by: User, at: datetime) -> User:
    """Set the person's teams and which of them they lead.

    Raises StaffingConflict while they own open handoffs of a team that they would leave: move
    those first.
    """
    person = lock(person)
    wanted = {}
    for team, is_lead in teams:
        wanted[team.pk] = (team, is_lead)
    before = _memberships(person)
    check_in_use(place for pk, place in wanted.items() if pk not in before)
    # Memberships in archived teams stay: `before` has only teams in use.
    left = [pk for pk in before if pk not in wanted]
    _check_no_work(person, left)
    person.memberships.filter(team__in=left).delete()
    for pk, (team, is_lead) in wanted.items():
        known = before.get(pk)
        if known is not None and known.is_lead == is_lead:
            continue
        Membership.objects.update_or_create(
            user=person,
            team=team,
            defaults={"is_lead": is_lead},
            create_defaults={"is_lead": is_lead, "joined_at": at},
        )
    old = {membership.team.name: membership.is_lead for membership in before.values()}
    new = {team.name: is_lead for team, is_lead in wanted.values()}
    if old != new:
        payload = {"before": old, "after": new}
        record("teams_changed", person, by=by, at=at, payload=payload)
    # The cached property still holds the old teams.
    person.__dict__.pop("memberships_now", None)
    return person


def _memberships(person: User) -> dict[int, Membership]:
    """Return the memberships in teams in use, by the team's id."""
    rows = person.memberships.select_related("team").filter(team__archived_at__isnull=True)
    return {membership.team_id: membership for membership in rows}


def check_in_use(places: Places) -> None:
    """Raise BadPerson if a team is archived."""
    archived = [team.name for team, _is_lead in places if team.archived_at is not None]
    if archived:
        text = _("%(team)s is archived.") % {"team": ", ".join(archived)}
        raise BadPerson(text, fields={"teams": text})


def _check_no_work(person: User, teams: list[int]) -> None:
    rows = Handoff.objects.filter(owner=person, state__in=WORKED, team__in=teams)
    count = rows.count()
    if not count:
        return
    text = ngettext(
        "%(name)s has %(count)s open handoff in a team to leave. Hand over the work first.",
        "%(name)s has %(count)s open handoffs in a team to leave. Hand over the work first.",
        count,
    )
    text %= {"name": person.name, "count": count}
    raise StaffingConflict(text, fields={"teams": text})


@transaction.atomic
def place(
    person: User,
    teams: Places,
    *,
    is_director: bool,
    is_admin: bool,
    by: User,
    at: datetime,
) -> User:
    """Set teams and roles together, or neither.

    Raises as :func:`change_roles` and :func:`change_teams`.
    """
    change_roles(person, is_director=is_director, is_admin=is_admin, by=by, at=at)
    return change_teams(person, teams, by=by, at=at)


# -- Gaps


def gaps_without(person: User) -> list[str]:
    """Return what the organisation would lack without this person; nothing forbids it."""
    others = Membership.objects.exclude(user=person)
    others = others.filter(user__is_active=True, team__archived_at__isnull=True)
    gaps = [*_sides_without_lead(person, others), *_teams_without_people(person, others)]
    if person.is_director and not _others(person).filter(is_director=True).exists():
        text = _("There is no other director: the last step of the ladder goes to the admins.")
        gaps.append(text)
    return gaps


def _sides_without_lead(person: User, others: QuerySet[Membership]) -> list[str]:
    led = set()
    for membership in person.memberships_now:
        if membership.is_lead:
            led.add(membership.team.side)
    led_by_others = set(others.filter(is_lead=True).values_list("team__side", flat=True))
    text = _("%(side)s has no other team lead: nobody can sign the agreement for that side.")
    return [text % {"side": Side(side).label} for side in sorted(led - led_by_others)]


def _teams_without_people(person: User, others: QuerySet[Membership]) -> list[str]:
    staffed = set(others.values_list("team", flat=True))
    empty = [each.team for each in person.memberships_now if each.team_id not in staffed]
    text = _("%(team)s has nobody else: nobody sees its leads and its queue.")
    return [text % {"team": team.name} for team in empty]
