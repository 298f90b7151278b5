"""Form, API and imports answer alike: "known already" tells of no lead out of sight."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from crm.accounts.models import User
from crm.lib import clock
from leads.imports.history import command_line
from leads.models import ImportRun, Lead
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.imports.imported import imported

pytestmark = pytest.mark.django_db

MAIL = "eva@sol.test"
HEADER = "Nombre,Correo,Id externo\n"
ROW = f"Eva Sol,{MAIL},77\n"
MAPPING = {
    "system": "other",
    "columns": {"external_id": "id", "first_seen_on": "seen", "person.email": "mail"},
}

Door = Callable[[Cast, User, Path], Any]


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


def form(cast: Cast, user: User, folder: Path) -> None:
    typed = {"name": "Eva Sol", "email": MAIL, "first_action": factories.action().pk}
    browser(user).post("/leads/new/", typed)


def api(cast: Cast, user: User, folder: Path) -> None:
    body = json.dumps({"name": "Eva Sol", "email": MAIL, "refuse_known": True})
    browser(user).post("/api/v1/leads/", body, content_type="application/json")


def file(folder: Path) -> Path:
    path = folder / "eva.csv"
    path.write_text(HEADER + ROW, encoding="utf-8")
    return path


def page_import(cast: Cast, user: User, folder: Path) -> None:
    imported(cast, file(folder), by=user)


def command(cast: Cast, user: User, folder: Path) -> None:
    options = {"team": "Marketing", "by": user.email, "rejects": folder / "rejects.csv"}
    call_command("import_leads", file(folder), **options)


def command_with_mapping(cast: Cast, user: User, folder: Path) -> None:
    path, mapping = folder / "old.csv", folder / "mapping.json"
    path.write_text(f"id,seen,mail\n77,2026-03-01,{MAIL}\n")
    mapping.write_text(json.dumps(MAPPING))
    command_line.import_leads(
        path, mapping, by=None, at=clock.now(), team=cast.marketing, rejects=folder / "rejects.csv"
    )


DOORS: list[Door] = [form, api, page_import, command, command_with_mapping]
OF_A_PERSON = (form, api, page_import)


def count(cast: Cast, door: Door, user: User, folder: Path) -> int:
    """Return how many leads of the mail the door has created."""
    before = Lead.objects.filter(person__email=MAIL).count()
    door(cast, user, folder)
    return Lead.objects.filter(person__email=MAIL).count() - before


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("is_own", [True, False])
def test_lead_of_ones_team_is_known_and_that_of_another_is_new(
    cast: Cast, moment: Moment, tmp_path: Path, door: Door, is_own: bool
) -> None:
    team = cast.marketing if is_own else cast.other_marketing
    factories.lead(cast, team=team, person={"email": MAIL})
    assert count(cast, door, cast.ana, tmp_path) == (0 if is_own else 1)


@pytest.mark.parametrize("door", DOORS)
def test_person_who_sees_more_knows_more_and_the_command_line_its_team_alone(
    cast: Cast, moment: Moment, tmp_path: Path, door: Door
) -> None:
    User.objects.filter(pk=cast.luis.pk).update(is_director=True)
    luis = User.objects.get(pk=cast.luis.pk)
    factories.lead(cast, team=cast.other_marketing, person={"email": MAIL})
    assert count(cast, door, luis, tmp_path) == (0 if door in OF_A_PERSON else 1)


def test_pair_is_shown_to_those_who_see_both(
    cast: Cast, moment: Moment, tmp_path: Path, signed_in: Callable[[User], Client]
) -> None:
    User.objects.filter(pk=cast.luis.pk).update(is_director=True)
    luis = User.objects.get(pk=cast.luis.pk)
    other = factories.lead(
        cast, team=cast.other_marketing, person={"email": MAIL, "name": "Eva la otra"}
    )
    page_import(cast, luis, tmp_path)
    path = f"/imports/{ImportRun.objects.get().pk}/rows/"
    link = f"/leads/{other.pk}/"
    shown = {}
    for user in (luis, cast.ana):
        page = signed_in(user).get(path).content.decode()
        shown[user.name] = (link in page, "Eva la otra" in page)
    assert shown == {"Luis Ferrer": (True, True), "Ana Robles": (False, False)}


def test_two_teams_may_have_the_same_external_id(
    cast: Cast, moment: Moment, tmp_path: Path
) -> None:
    for team in (cast.other_marketing, cast.marketing, None):
        path, mapping = tmp_path / "old.csv", tmp_path / "mapping.json"
        path.write_text(f"id,seen,mail\n77,2026-03-01,{MAIL}\n")
        mapping.write_text(json.dumps(MAPPING))
        for new in (1, 0):
            report = command_line.import_leads(
                path,
                mapping,
                by=None,
                at=when("2026-03-02 10:00"),
                team=team,
                rejects=tmp_path / "rejects.csv",
            )
            assert (report.tally.new, report.tally.known) == (new, 1 - new)
