"""Who takes over the work of somebody who goes or is away: their open handoffs in parcels, and
moving them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import leaves
from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.errors import Conflict
from leads import handoffs
from leads.models import Handoff
from leads.states import WORKED, HandoffState


class WorkRemains(Conflict):
    """Nobody was named for some of the person's open handoffs, or who was named cannot
    take them.
    """

    code = "work_remains"
    message = gettext_lazy("Say who takes over the open handoffs.")


@dataclass(frozen=True)
class Parcel:
    """The open handoffs of one person in one team that move together.

    ``can_queue``: not contacted yet, so they may also go back to the queue. ``colleagues``: who may
    take them, those of the team before others.
    """

    team: Team
    can_queue: bool
    handoffs: list[Handoff]
    colleagues: list[User] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.team.pk}-{'new' if self.can_queue else 'known'}"

    @property
    def count(self) -> int:
        return len(self.handoffs)


Heirs = Mapping[str, User | None]  # by Parcel.key; None: back to the queue


def colleagues_for(handoff: Handoff, *, at: datetime) -> list[User]:
    """Who may take over one handoff: as in :func:`work_of`, without its owner."""
    others = _sales_people(besides=handoff.owner, at=at)
    return [c for c in others if handoff.team_id in c.team_ids(Side.SALES)] or others


def work_of(person: User, *, at: datetime) -> list[Parcel]:
    """The person's open handoffs in parcels, each with who may take it: active, not away, of the
    same team first; where the team has nobody else, people of the other sales teams.
    """
    rows = Handoff.objects.filter(owner=person, state__in=WORKED).select_related(
        "team", "lead__person", "lead__company", "owner", "submitted_by", "clock"
    )
    parcels: dict[tuple[int, bool], Parcel] = {}
    for handoff in rows.order_by("team__name", "team_id", "id"):
        can_queue = handoff.state == HandoffState.ACCEPTED
        empty = Parcel(handoff.team, can_queue, [])
        parcels.setdefault((handoff.team_id, can_queue), empty).handoffs.append(handoff)
    colleagues = _sales_people(besides=person, at=at) if parcels else []
    for parcel in parcels.values():
        own = [c for c in colleagues if parcel.team.pk in c.team_ids(Side.SALES)]
        parcel.colleagues.extend(own or colleagues)
    return sorted(parcels.values(), key=lambda parcel: (parcel.team.name, not parcel.can_queue))


def _sales_people(*, besides: User | None, at: datetime) -> list[User]:
    """Who could take over a handoff now."""
    rows = User.objects.filter(is_active=True, memberships__team__side=Side.SALES)
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    found = list(rows.distinct().order_by("name").prefetch_related("memberships__team"))
    away = leaves.away(found, at=at)
    return [person for person in found if person.pk not in away and person.team_ids(Side.SALES)]


def plan(parcels: Iterable[Parcel], heirs: Heirs) -> dict[str, int]:
    """How many of ``parcels`` would go where, by name ("" the queue).

    Raises WorkRemains as the move itself would.
    """
    found: dict[str, int] = {}
    for parcel in parcels:
        heir = _heir(parcel, heirs)
        name = heir.name if heir else ""
        found[name] = found.get(name, 0) + parcel.count
    return found


def _heir(parcel: Parcel, heirs: Heirs) -> User | None:
    """Who takes the parcel; None: the queue."""
    if parcel.key not in heirs:
        raise WorkRemains(fields={parcel.key: _("Choose who takes these over.")})
    heir = heirs[parcel.key]
    if heir is None:
        if parcel.can_queue:
            return None
        raise WorkRemains(
            fields={parcel.key: _("These leads are in conversation: name a colleague.")}
        )
    if heir.pk not in {colleague.pk for colleague in parcel.colleagues}:
        text = _("%(name)s cannot take these: not active, away, or not in sales.") % {
            "name": heir.name
        }
        raise WorkRemains(text, fields={parcel.key: text})
    return heir


def move(person: User, heirs: Heirs, *, by: User, at: datetime) -> dict[str, int]:
    """Move all of it inside the caller's transaction; returns and raises as :func:`plan`."""
    # the rows are locked before they are counted: a step of the person that runs now is waited for
    list(
        Handoff.objects.select_for_update(no_key=True)
        .filter(owner=person, state__in=WORKED)
        .order_by("pk")
    )
    parcels = work_of(person, at=at)
    moved = plan(parcels, heirs)
    for parcel in parcels:
        heir = heirs[parcel.key]
        for handoff in parcel.handoffs:
            if heir is None:
                handoffs.requeue(
                    handoff, by=by, at=at, cause=f"handed_over:{person.pk}:{at.timestamp()}"
                )
            else:
                handoffs.reassign(
                    handoff,
                    heir,
                    by=by,
                    at=at,
                    why=_("%(name)s hands over") % {"name": person.name},
                )
    return moved
