"""List the people of the organisation with their teams and their state. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import (
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce, Concat

from crm.accounts import leaves
from crm.accounts.models import Invitation, Leave, Membership, User
from crm.accounts.states import Role, Side

SHOWN = 200
SHOWS = ("here", "gone", "imported")


@dataclass(frozen=True)
class PersonRow:
    """A person of the list.

    ``state`` is active, away, invited, expired (of the link), uninvited, deactivated or imported.
    ``until`` is the end of the link, the last day away, or the moment of the deactivation.
    """

    person: User
    state: str
    until: datetime | date | None

    @property
    def places(self) -> list[Membership]:
        return self.person.memberships_now

    @property
    def roles(self) -> list[str]:
        """Return the labels of all roles of the person."""
        return [str(role.label) for role in roles_of(self.person)]


def roles_of(person: User) -> list[Role]:
    """Return all roles of ``person``; ``User.role`` is the one that decides the first page."""
    memberships = person.memberships_now
    member_sides = {member.team.side for member in memberships if not member.is_lead}
    roles = []
    if person.is_director:
        roles.append(Role.DIRECTOR)
    if any(member.is_lead for member in memberships):
        roles.append(Role.TEAM_LEAD)
    if Side.SALES in member_sides:
        roles.append(Role.SALES_REP)
    if Side.MARKETING in member_sides:
        roles.append(Role.MARKETING)
    if person.is_admin:
        roles.append(Role.ADMIN)
    return roles


def _parts() -> dict[str, Q]:
    """Return the condition of each part of the list; every person is in exactly one part."""
    # Whatever became of the invitation: who was invited once can be invited again, while names
    # of imported history never had an account.
    has_invitation = Exists(Invitation.objects.filter(person=OuterRef("pk")))
    is_known = Q(is_active=True) | Q(has_invitation)
    return {
        "here": Q(deactivated_at__isnull=True) & is_known,
        "gone": Q(deactivated_at__isnull=False),
        "imported": Q(deactivated_at__isnull=True) & ~is_known,
    }


def people_in(part: str, *, search: str = "") -> QuerySet[User]:
    """Return the people of one part of the list, by name.

    ``here``: active or invited; ``gone``: deactivated; ``imported``: names of imported history.
    """
    people = User.objects.filter(_parts()[part])
    if search:
        name_and_email = Concat(
            "name",
            Value(" "),
            Coalesce(F("email"), Value("")),
            output_field=TextField(),
        )
        searchable = people.alias(folded=_folded(name_and_email))
        people = searchable.filter(folded__contains=_folded(Value(search)))
    return people.order_by("name", "pk")


def _folded(text: object) -> Func:
    """Return ``text`` in lower case without accents, as the database folds it."""
    return Func(text, function="relevo_fold", output_field=TextField())


def counts() -> dict[str, int]:
    """Return the number of people in each part of the list."""
    counted = {}
    for part, condition in _parts().items():
        counted[part] = Count("pk", filter=condition)
    return User.objects.aggregate(**counted)


def rows(part: str, *, at: datetime, search: str = "") -> list[PersonRow]:
    """Return the first SHOWN rows of one part; the number of queries is constant."""
    open_links = Invitation.objects.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    people = people_in(part, search=search).prefetch_related(
        "memberships__team",
        Prefetch("invitations", open_links, to_attr="open_links"),
    )
    shown = list(people[:SHOWN])
    leave_by_person = leaves.away(shown, at=at)
    listed = []
    for person in shown:
        leave = leave_by_person.get(person.pk)
        listed.append(_row(person, leave, at=at))
    return listed


def row(person: User, *, at: datetime) -> PersonRow:
    """Return the row of one person."""
    open_links = Invitation.objects.filter(
        person=person, accepted_at__isnull=True, revoked_at__isnull=True
    )
    person.open_links = list(open_links)  # type: ignore[attr-defined]  # as rows() prefetches it
    leave = leaves.away([person], at=at).get(person.pk)
    return _row(person, leave, at=at)


def _row(person: User, leave: Leave | None, *, at: datetime) -> PersonRow:
    link = next(iter(person.open_links), None)  # type: ignore[attr-defined]
    if person.deactivated_at is not None:
        return PersonRow(person, "deactivated", person.deactivated_at)
    if person.is_active and leave is not None:
        return PersonRow(person, "away", leave.last_on)
    if person.is_active:
        return PersonRow(person, "active", None)
    if link is not None and at < link.expires_at:
        return PersonRow(person, "invited", link.expires_at)
    if link is not None:
        return PersonRow(person, "expired", link.expires_at)
    if person.external_id is not None and not person.has_usable_password():
        return PersonRow(person, "imported", None)
    return PersonRow(person, "uninvited", None)
