"""Everybody of the organisation as a list: where they belong and how they stand. Reads only."""

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
class Row:
    """A person. ``state``: active, away, invited, expired (the link ran out), uninvited,
    deactivated, imported; ``until``: the last moment of the link or the last day away.
    """

    person: User
    state: str
    until: datetime | date | None

    @property
    def places(self) -> list[Membership]:
        return self.person.memberships_now

    @property
    def roles(self) -> list[str]:
        """Every part the person plays, in words."""
        return [str(role.label) for role in roles_of(self.person)]


def roles_of(person: User) -> list[Role]:
    """Every part the person plays; ``User.role`` is the one that decides the first page."""
    found = [Role.DIRECTOR] if person.is_director else []
    places = person.memberships_now
    if any(place.is_lead for place in places):
        found.append(Role.TEAM_LEAD)
    if any(place.team.side == Side.SALES and not place.is_lead for place in places):
        found.append(Role.SALES_REP)
    if any(place.team.side == Side.MARKETING and not place.is_lead for place in places):
        found.append(Role.MARKETING)
    return [*found, Role.ADMIN] if person.is_admin else found


def _parts() -> dict[str, Q]:
    """The conditions of the parts of the list; every person stands in one."""
    known = Q(is_active=True) | Q(Exists(Invitation.objects.filter(person=OuterRef("pk"))))
    return {
        "here": Q(deactivated_at__isnull=True) & known,
        "gone": Q(deactivated_at__isnull=False),
        "imported": Q(deactivated_at__isnull=True) & ~known,
    }


def everybody(show: str, *, search: str = "") -> QuerySet[User]:
    """here: who can sign in or is invited; gone: deactivated; imported: names of imported
    history.
    """
    rows = User.objects.filter(_parts()[show])
    if search:
        whole = Concat(
            "name", Value(" "), Coalesce(F("email"), Value("")), output_field=TextField()
        )
        rows = rows.alias(folded=_folded(whole)).filter(folded__contains=_folded(Value(search)))
    return rows.order_by("name", "pk")


def _folded(text: object) -> Func:
    """Lower case and without accents, as the database folds it."""
    return Func(text, function="relevo_fold", output_field=TextField())


def counts() -> dict[str, int]:
    """How many stand in each part of the list."""
    return User.objects.aggregate(
        **{show: Count("pk", filter=part) for show, part in _parts().items()}
    )


def rows(show: str, *, at: datetime, search: str = "") -> list[Row]:
    """The first SHOWN rows of a part of the list, by name; the same number of queries
    however many.
    """
    open_links = Invitation.objects.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    people = everybody(show, search=search).prefetch_related(
        "memberships__team", Prefetch("invitations", open_links, to_attr="open_links")
    )
    found = list(people[:SHOWN])
    away = leaves.away(found, at=at)
    return [_row(person, away.get(person.pk), at=at) for person in found]


def row(person: User, *, at: datetime) -> Row:
    """One person's row."""
    person.open_links = list(  # type: ignore[attr-defined]  # as the list reads it
        Invitation.objects.filter(person=person, accepted_at__isnull=True, revoked_at__isnull=True)
    )
    return _row(person, leaves.away([person], at=at).get(person.pk), at=at)


def _row(person: User, leave: Leave | None, *, at: datetime) -> Row:
    link = next(iter(person.open_links), None)  # type: ignore[attr-defined]
    if person.deactivated_at is not None:
        return Row(person, "deactivated", person.deactivated_at)
    if person.is_active:
        return Row(person, "away", leave.last_on) if leave else Row(person, "active", None)
    if link is not None:
        return Row(person, "invited" if at < link.expires_at else "expired", link.expires_at)
    known = person.external_id is not None and not person.has_usable_password()
    return Row(person, "imported" if known else "uninvited", None)
