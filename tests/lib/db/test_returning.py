"""Rows that one query carries along, and an UPDATE that answers."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import Membership, Organisation, Team, User
from crm.lib.db import returning
from tests import factories
from tests.factories import Cast


def test_row_survives_the_way_through_json(cast: Cast) -> None:
    Team.objects.filter(pk=cast.other_sales.pk).update(archived_at=factories.HANDED_OFF_AT)
    for team in Team.objects.annotate(found=returning.as_json(Team)):
        carried = returning.from_json(Team, team.found)
        names = [field.attname for field in Team._meta.concrete_fields]
        assert [getattr(carried, name) for name in names] == [getattr(team, name) for name in names]


def test_person_comes_with_teams_and_organisation_in_one_query(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as captured:
        dora = User.objects.with_surroundings(cast.dora.pk)
        found = [(m.team, m.is_lead) for m in dora.memberships_now]
        organisation = returning.from_json(Organisation, dora.organisation_row)
    assert (len(captured), found, organisation) == (1, [(cast.sales, True)], cast.organisation)


def test_archived_team_gives_no_role(cast: Cast) -> None:
    Team.objects.filter(pk=cast.sales.pk).update(archived_at=factories.HANDED_OFF_AT)
    assert User.objects.with_surroundings(cast.dora.pk).memberships_now == []


@pytest.mark.parametrize(("name", "found"), [("Ventas", ["Nuevo"]), ("Nobody", [])])
def test_update_answers_with_what_it_wrote(cast: Cast, name: str, found: list[str]) -> None:
    Team.objects.filter(pk=cast.sales.pk).update(name="Ventas")
    where = {"id": [cast.sales.pk, cast.marketing.pk], "name": name, "archived_at": None}
    written = returning.update_returning(Team, where, "name", name="Nuevo")
    assert written == [(each,) for each in found]


def test_update_writes_what_the_database_computes(cast: Cast) -> None:
    name = returning.Computed('upper("name") || %s', (" 2",))
    written = returning.update_returning(Team, {"id": cast.sales.pk}, "name", name=name)
    assert written == [(f"{cast.sales.name.upper()} 2",)]


def test_row_read_by_paths_has_its_related_rows() -> None:
    paths = ("id", "team_id", "team__id", "team__name", "user__id")
    row = returning.from_paths(Membership, paths, (1, 2, 2, "Ventas", None))
    found = (row.pk, row.team_id, row.team.pk, row.team.name, row.get_deferred_fields())
    assert found == (1, 2, 2, "Ventas", {"user_id", "is_lead", "joined_at"})


def test_update_answers_with_what_the_database_computes(cast: Cast) -> None:
    upper = returning.Computed('upper("name")')
    written = returning.update_returning(Team, {"id": cast.sales.pk}, "id", upper, name="Norte")
    assert written == [(cast.sales.pk, "NORTE")]
