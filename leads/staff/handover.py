"""Handing over a person's open handoffs: in parcels, to colleagues or back to the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import leaves
from crm.accounts.models import Membership, Team, User
from crm.accounts.states import Side
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import Conflict
from crm.lib.input import fingerprints
from leads import handoffs
from leads.models import Handoff
from leads.states import WORKED, HandoffState


class WorkRemains(Conflict):
    """A parcel has no heir, or an heir who cannot take it."""

    code = "work_remains"
    message = gettext_lazy("Say who takes over the open handoffs.")


class WorkChanged(Conflict):
    """Handoffs came or went since a page showed what moves where; ``fields`` names the parcels."""

    code = "work_changed"
    message = gettext_lazy(
        "The open handoffs of this person changed after you opened the page. Look at what moves"
        " where, and confirm again."
    )


@dataclass(frozen=True)
class Parcel:
    """The open handoffs of one person in one team that move together.

    ``can_queue``: they were not contacted yet, so they may also return to the queue.
    ``colleagues``: the people who may take them, those of the team before others.
    """

    team: Team
    can_queue: bool
    handoffs: list[Handoff]
    colleagues: list[User] = field(default_factory=list)

    @property
    def key(self) -> str:
        kind = "known"
        if self.can_queue:
            kind = "new"
        return f"{self.team.pk}-{kind}"

    @property
    def count(self) -> int:
        return len(self.handoffs)


# By Parcel.key; None is the queue.
Heirs = Mapping[str, User | None]


def colleagues_for(handoff: Handoff, *, at: datetime) -> list[User]:
    """Return the people who may take over one handoff, without its owner."""
    people = _sales_people(besides=handoff.owner, at=at)
    return _of_team(handoff.team_id, people) or people


def assignable_by(user: User, *, at: datetime) -> list[User]:
    """Return the people whom ``user`` may give leads to, without those who are away."""
    people = _sales_people(besides=None, at=at)
    if user.is_director:
        return people
    led = set(user.team_ids(Side.SALES, led=True))
    return [person for person in people if led & set(person.team_ids(Side.SALES))]


def work_of(person: User, *, at: datetime) -> list[Parcel]:
    """Return the person's open handoffs in parcels, each with the colleagues who may take it.

    They are active, not away and of the same team; where the team has no one else, they are of
    the other sales teams.
    """
    parcels = _parcels(person)
    if not parcels:
        return []
    people = _sales_people(besides=person, at=at)
    for parcel in parcels:
        parcel.colleagues.extend(_of_team(parcel.team.pk, people) or people)
    # Within a team first what may go back to its queue.
    return sorted(parcels, key=_order)


def _order(parcel: Parcel) -> tuple[str, bool]:
    return parcel.team.name, not parcel.can_queue


def _parcels(person: User) -> list[Parcel]:
    rows = Handoff.objects.filter(owner=person, state__in=WORKED)
    rows = rows.select_related(
        "team",
        "lead__person",
        "lead__company",
        "owner",
        "submitted_by",
        "clock",
    )
    parcels: dict[tuple[int, bool], Parcel] = {}
    for handoff in rows.order_by("team__name", "team_id", "id"):
        # After the contact the lead knows its rep, and HANDOFF_MOVES has no way back to the queue.
        can_queue = handoff.state == HandoffState.ACCEPTED
        key = (handoff.team_id, can_queue)
        if key not in parcels:
            parcels[key] = Parcel(handoff.team, can_queue, [])
        parcels[key].handoffs.append(handoff)
    return list(parcels.values())


def _of_team(team: int, people: list[User]) -> list[User]:
    return [person for person in people if team in person.team_ids(Side.SALES)]


def _sales_people(*, besides: User | None, at: datetime) -> list[User]:
    """Return the people who could take over a handoff now, in two queries."""
    people: dict[int, User] = {}
    for membership in MEMBERSHIPS.objects():
        person = people.setdefault(membership.user_id, membership.user)
        if person is membership.user:
            person.memberships_now = []
        person.memberships_now.append(membership)
    if besides is not None:
        people.pop(besides.pk, None)
    in_sales = [person for person in people.values() if person.team_ids(Side.SALES)]
    away = leaves.away(in_sales, at=at)
    return [person for person in in_sales if person.pk not in away]


def _memberships() -> QuerySet[Membership]:
    """Return the memberships of active people in teams in use, by the name of the person."""
    rows = Membership.objects.filter(user__is_active=True, team__archived_at__isnull=True)
    return rows.select_related("user", "team").order_by("user__name", "user_id", "id")


MEMBERSHIPS = KeptSql(_memberships)


def fingerprint(parcels: Iterable[Parcel]) -> str:
    """Return the fingerprint of the work that a page shows."""
    return fingerprints.of_parts(_parts(parcels))


def _parts(parcels: Iterable[Parcel]) -> dict[str, list[int]]:
    return {parcel.key: [handoff.pk for handoff in parcel.handoffs] for parcel in parcels}


def check_shown(parcels: Iterable[Parcel], shown: str | None) -> None:
    """Raise WorkChanged unless ``shown`` is the fingerprint of ``parcels``.

    None: a program asks, which shows no page.
    """
    if shown is None:
        return
    changed = fingerprints.changed(shown, _parts(parcels))
    if changed:
        text = _("Since you opened the page, leads came or went here.")
        raise WorkChanged(fields=dict.fromkeys(changed, text))


def plan(parcels: Iterable[Parcel], heirs: Heirs) -> dict[str, int]:
    """Return how many of ``parcels`` would go where, by name; the queue is "".

    Raises WorkRemains as the move itself would.
    """
    counts: dict[str, int] = {}
    for parcel in parcels:
        heir = _heir(parcel, heirs)
        name = ""
        if heir is not None:
            name = heir.name
        counts.setdefault(name, 0)
        counts[name] += parcel.count
    return counts


def _heir(parcel: Parcel, heirs: Heirs) -> User | None:
    """Return the heir of the parcel; None is the queue. Raises WorkRemains."""
    if parcel.key not in heirs:
        raise WorkRemains(fields={parcel.key: _("Choose who takes these over.")})
    heir = heirs[parcel.key]
    if heir is None:
        if parcel.can_queue:
            return None
        text = _("These leads are in conversation: name a colleague.")
        raise WorkRemains(fields={parcel.key: text})
    if heir.pk not in {colleague.pk for colleague in parcel.colleagues}:
        text = _("%(name)s cannot take these: not active, away, or not in sales.")
        text %= {"name": heir.name}
        raise WorkRemains(text, fields={parcel.key: text})
    return heir


def move(
    person: User, heirs: Heirs, *, by: User, at: datetime, shown: str | None
) -> dict[str, int]:
    """Move all of it inside the caller's transaction; return and raise as :func:`plan`.

    Raises WorkChanged as well, as :func:`check_shown`.
    """
    _lock(person)
    parcels = work_of(person, at=at)
    check_shown(parcels, shown)
    # Raises WorkRemains for any parcel before the first handoff moves.
    moved = plan(parcels, heirs)
    for parcel in parcels:
        heir = heirs[parcel.key]
        for handoff in parcel.handoffs:
            if heir is None:
                # With the moment: the person may come back and hand over the same handoff again.
                cause = f"handed_over:{person.pk}:{at.timestamp()}"
                handoffs.requeue(handoff, by=by, at=at, cause=cause)
            else:
                why = _("%(name)s hands over") % {"name": person.name}
                handoffs.reassign(handoff, heir, by=by, at=at, why=why)
    return moved


def _lock(person: User) -> None:
    """Lock the person's open handoffs before they are counted."""
    # Waits for a step of the person that runs at this moment, so that its result is moved, too.
    rows = Handoff.objects.select_for_update(no_key=True)
    list(rows.filter(owner=person, state__in=WORKED).order_by("pk"))
