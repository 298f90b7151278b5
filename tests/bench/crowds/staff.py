"""Who works at the firm of the crowd: eight teams of five reps, four of marketing, and all who sat
at their desks before.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.accounts.models import Team, User
from tests import factories
from tests.factories import Cast

SALES_TEAMS, REPS, MARKETING_TEAMS = 8, 5, 4


@dataclass
class Staff:
    """``reps``: keys by shift, then by team, then by desk; ``submitters``: by shift, then by team.

    The last shift is that of today.
    """

    sales: list[Team]
    marketing: list[Team]
    reps: list[int]
    submitters: list[int]


def hire(cast: Cast, *, shifts: int) -> Staff:
    """Make the teams and people that the cast does not have yet."""
    sales, marketing = [cast.sales, cast.other_sales], [cast.marketing, cast.other_marketing]
    sales += [factories.team(f"Ventas {number}", "sales") for number in range(3, SALES_TEAMS + 1)]
    marketing += [
        factories.team(f"Marketing {number}", "marketing")
        for number in range(3, MARKETING_TEAMS + 1)
    ]
    reps = [cast.bea.pk, cast.cruz.pk]
    for number, team in enumerate(sales):
        for seat in range(0 if number else len(reps), REPS):
            reps.append(factories.person(f"Rep{number}{seat} Solís", team).pk)
    submitters = [cast.ana.pk]
    for number, team in enumerate(marketing[1:]):
        submitters.append(factories.person(f"Mk{number} Rivas", team).pk)
    before = shifts - 1
    return Staff(
        sales,
        marketing,
        _former("Solís", before * len(reps)) + reps,
        _former("Rivas", before * len(submitters)) + submitters,
    )


def _former(name: str, many: int) -> list[int]:
    """Return the keys of ``many`` people who have left the firm and its teams."""
    people = [
        User(
            name=f"Antes{number} {name}",
            email=f"antes{number}.{name.lower()}@relevo.test",
            is_active=False,
            deactivated_at=factories.SIGNED_AT,
        )
        for number in range(many)
    ]
    return [user.pk for user in User.objects.bulk_create(people)]
