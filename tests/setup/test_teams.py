"""Teams and invitations in the set-up."""

from __future__ import annotations

from typing import Any

from django.test import Client

from crm.accounts.models import Invitation, Team, User
from crm.lib import clock
from crm.setup.teams import Invitee, invite


def test_several_people_are_invited_at_once_and_their_links_are_shown(ready: Client) -> None:
    people = {
        "name-0": "Bea",
        "email-0": "bea@c.co",
        "part-0": "sales",
        "name-2": "Luz",
        "email-2": "luz@c.co",
    }
    ready.post(
        "/setup/teams/",
        {"lead_marketing": "on", "lead_sales": "on", **people, "part-2": "director"},
    )
    bea, luz = User.objects.get(email="bea@c.co"), User.objects.get(email="luz@c.co")
    assert (
        [team.name for team in bea.teams.all()],
        luz.is_director,
        Invitation.objects.count(),
    ) == (
        ["Ventas"],
        True,
        2,
    )
    links = ready.get("/setup/teams/").context["waiting"]
    assert [person.name for person, _url in links] == ["Luz", "Bea"]
    assert ready.get(links[0][1].replace("http://localhost:8000", "")).status_code == 200


def test_one_bad_person_invites_nobody(founded: Client) -> None:
    people = {"name-0": "Bea", "email-0": "bea@c.co", "name-1": "Otra", "email-1": "bea@c.co"}
    response = founded.post("/setup/teams/", {"marketing": "M", "sales": "V", **people})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["email-1"])
    assert (User.objects.count(), Team.objects.count()) == (1, 0)


def test_pages_need_a_constant_number_of_queries(
    ready: Client, django_assert_num_queries: Any
) -> None:
    for rows in (1, 3):
        for number in range(rows):
            person = Invitee(0, f"P{rows}{number}", f"p{rows}{number}@c.co", "director")
            invite([person], {}, by=User.objects.get(name="Ana Pérez"), at=clock.now())
        with django_assert_num_queries(7):
            ready.get("/setup/teams/")
