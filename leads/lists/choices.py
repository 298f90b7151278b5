"""What the filters of a list offer: catalogues, and teams within the reader's sight."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib import countries
from crm.lib.bilingual import in_language
from crm.lib.catalogue import in_use
from crm.lib.db.kept_sql import KeptSql
from crm.lib.text import fold

Choices = tuple[tuple[str, str], ...]  # value and text

# What every list offers, in one query: sources and personas in use, and the countries of all people
# and companies. Each country costs one step into an index, however many leads there are; DISTINCT
# would read them all.
CATALOGUES = """
WITH RECURSIVE of_people AS (
    SELECT min(country) AS country FROM leads_person WHERE country > ''
    UNION ALL
    SELECT (SELECT min(country) FROM leads_person WHERE country > of_people.country)
    FROM of_people WHERE of_people.country IS NOT NULL
), of_companies AS (
    SELECT min(country) AS country FROM leads_company WHERE country > ''
    UNION ALL
    SELECT (SELECT min(country) FROM leads_company WHERE country > of_companies.country)
    FROM of_companies WHERE of_companies.country IS NOT NULL
), countries AS (
    SELECT country FROM of_people UNION SELECT country FROM of_companies
)
SELECT 'source' AS kind, code, name::text, position FROM leads_source WHERE archived_at IS NULL
UNION ALL
SELECT 'persona', slug, name::text, id FROM personas_persona WHERE archived_at IS NULL
UNION ALL
SELECT 'country', country, NULL, 0 FROM countries WHERE country IS NOT NULL
ORDER BY kind, position, code
"""


def teams(user: User) -> Choices:
    """Return the teams whose leads ``user`` may see: those of marketing and of sales.

    Sales chooses among its own teams, marketing also among the queues that its leads may go to.
    """
    if user.is_director or user.team_ids(Side.MARKETING):
        return _choices(TEAMS.rows(user=user))
    return own_queues(user)


def _teams(*, user: User) -> QuerySet[Any]:
    rows = in_use(Team).order_by("side", "name").values_list("pk", "name")
    if user.is_director:
        return rows
    return rows.filter(Q(side=Side.SALES) | Q(pk__in=user.team_ids(Side.MARKETING)))


TEAMS = KeptSql(_teams)


def queues(user: User) -> Choices:
    """Return the sales teams whose queues ``user`` may see."""
    if user.is_director or user.team_ids(Side.MARKETING):
        return _choices(QUEUES.rows())
    return own_queues(user)


def _queues() -> QuerySet[Any]:
    return in_use(Team).filter(side=Side.SALES).order_by("name").values_list("pk", "name")


QUEUES = KeptSql(_queues)


def own_queues(user: User) -> Choices:
    """Return the sales teams that ``user`` belongs to. No query."""
    own = [member.team for member in user.memberships_now if member.team.side == Side.SALES]
    by_name = sorted(own, key=lambda team: team.name)
    return tuple((str(team.pk), team.name) for team in by_name)


def _choices(rows: Iterable[tuple[Any, ...]]) -> Choices:
    return tuple((str(pk), name) for pk, name in rows)


def of_catalogues() -> dict[str, Choices]:
    """Return the sources, personas and countries to choose from, by the name of their filter."""
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUES)
        rows = tuple((kind, code, name) for kind, code, name, _position in cursor.fetchall())
    return dict(_in_words(rows, get_language()))


# The rows are the version of the catalogues: names and order are made anew when one changes.
@lru_cache(maxsize=32)
def _in_words(
    rows: tuple[tuple[str, str, str | None], ...], language: str | None
) -> Mapping[str, Choices]:
    offered: dict[str, list[tuple[str, str]]] = {"source": [], "persona": [], "country": []}
    for kind, code, name in rows:
        if name is None:
            offered[kind].append((code, countries.name(code)))
        else:
            offered[kind].append((code, in_language(json.loads(name), language)))
    offered["country"].sort(key=lambda choice: fold(choice[1]))
    return {kind: tuple(named) for kind, named in offered.items()}
