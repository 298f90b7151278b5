"""Pages about people and teams: admins only, every act with its answer, the same number of queries
however many.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm.accounts import invitations, leaves
from crm.accounts.models import Invitation, Leave, Team, User
from crm.audit.models import Entry
from leads import handoffs, people_urls
from leads.follow_up import attempts
from leads.models import Handoff
from leads.staff import access
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.pages import post_form

NOON = when("2026-03-02 12:00")
LIST_QUERIES = 9
ONLY_FORMS = (
    "person_edit",
    "person_place",
    "person_leave",
    "person_leave_end",
    "person_link",
    "person_revoke",
    "person_sessions",
    "person_second_factor",
    "person_reactivate",
    "team_archive",
    "team_restore",
)


@pytest.fixture(autouse=True)
def noon(moment: Moment) -> None:
    moment.set(NOON)


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.root)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fabi(cast: Cast) -> User:
    return access.invite(
        "Fabi", "fabi@relevo.test", teams=[(cast.sales, False)], by=cast.root, at=NOON
    ).person


def now(person: User) -> User:
    return User.objects.get(pk=person.pk)


def addresses(cast: Cast) -> list[str]:
    """Every address of people and teams, with Bea and her team in it."""
    leave = leaves.take(cast.bea, date(2026, 4, 1), date(2026, 4, 2), by=cast.bea, at=NOON)
    found = []
    for pattern in people_urls.urlpatterns:
        route = str(pattern.pattern).replace("<int:leave>", str(leave.pk))
        pk = cast.sales.pk if route.startswith("teams") else cast.bea.pk
        found.append("/" + route.replace("<int:pk>", str(pk)))
    return found


@pytest.mark.parametrize("name", ["ana", "luis", "bea", "dora", "elsa", "extra"])
def test_pages_are_for_admins_only(cast: Cast, name: str) -> None:
    client, paths = signed_in(getattr(cast, name)), addresses(cast)
    entries = Entry.objects.count()
    assert {client.get(path).status_code for path in paths} <= {403, 405}
    assert {client.post(path).status_code for path in paths} <= {403, 405}
    assert (Entry.objects.count(), User.objects.filter(is_active=False).count()) == (entries, 0)


def test_pages_open_for_an_admin(cast: Cast, admin: Client) -> None:
    statuses = [admin.get(path).status_code for path in addresses(cast)]
    assert (statuses.count(405), statuses.count(200)) == (
        len(ONLY_FORMS),
        len(statuses) - len(ONLY_FORMS),
    )


def test_admin_finds_people_in_the_menu_and_others_do_not(cast: Cast, admin: Client) -> None:
    pages = [client.get("/notices/").content.decode() for client in (admin, signed_in(cast.elsa))]
    assert ['href="/people/"' in page for page in pages] == [True, False]


# -- The list


def listed(client: Client, query: str = "") -> list[tuple[str, str]]:
    return [(row.person.name, row.state) for row in client.get(f"/people/{query}").context["rows"]]


def test_list_says_how_everybody_stands(cast: Cast, admin: Client, moment: Moment) -> None:
    fabi(cast)
    leaves.take(cast.bea, date(2026, 3, 2), date(2026, 3, 6), by=cast.bea, at=NOON)
    User.objects.create(name="Old Rep", external_id="r1", is_active=False, password="!")
    access.deactivate(cast.cruz, heirs={}, by=cast.root, at=NOON)
    states = dict(listed(admin))
    assert (states["Fabi"], states["Bea Quintero"], states["Dora Salinas"]) == (
        "invited",
        "away",
        "active",
    )
    assert (listed(admin, "?show=gone"), listed(admin, "?show=imported")) == (
        [("Cruz Medina", "deactivated")],
        [("Old Rep", "imported")],
    )
    moment.set("2026-03-16 12:00")
    assert dict(listed(admin))["Fabi"] == "expired"


@pytest.mark.parametrize(
    ("asked", "names"), [("PENA", ["Iñaki Peña"]), ("relevo.test peña", []), ("iñaki@", [])]
)
def test_search_finds_names_without_accents(
    cast: Cast, admin: Client, asked: str, names: list[str]
) -> None:
    factories.person("Iñaki Peña")
    User.objects.filter(name="Iñaki Peña").update(email="otro@relevo.test")
    assert [name for name, _state in listed(admin, f"?q={asked}")] == names


def test_list_needs_the_same_queries_for_one_row_and_three(cast: Cast, admin: Client) -> None:
    for number in range(3):
        factories.person(f"Zoe{number}", cast.sales, leads=[cast.other_sales])
        leaves.take(
            User.objects.get(name=f"Zoe{number}"),
            date(2026, 3, 2),
            date(2026, 3, 3),
            by=cast.root,
            at=NOON,
        )
    used = []
    for query, rows in (("?q=Zoe1", 1), ("?q=Zoe", 3)):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(listed(admin, query)) == rows
        used.append(len(captured))
    assert used == [LIST_QUERIES, LIST_QUERIES]


def test_choice_of_heirs_needs_the_same_queries_for_one_colleague_and_three(
    cast: Cast, admin: Client
) -> None:
    factories.contacted(cast)
    used = []
    for more in (0, 3):
        for number in range(more):
            factories.person(f"Zoe{number}", cast.sales)
        with CaptureQueriesContext(connection) as captured:
            admin.get(f"/people/{cast.bea.pk}/hand-over/")
        used.append(len(captured))
    assert used[0] == used[1]


# -- Inviting


def invite(client: Client, cast: Cast, **changes: object) -> tuple[int, list[str]]:
    data = {
        "name": "Fabi",
        "email": "fabi@relevo.test",
        "language": "en",
        f"team_{cast.sales.pk}": "leads",
        **changes,
    }
    response = client.post("/people/invite/", data)
    return response.status_code, list(response.context["form"].errors) if response.context else []


def test_invited_by_the_form(cast: Cast, admin: Client) -> None:
    assert invite(admin, cast) == (302, [])
    person = User.objects.get(email="fabi@relevo.test")
    assert [(m.team, m.is_lead) for m in person.memberships_now] == [(cast.sales, True)]
    assert Invitation.objects.get().invited_by == cast.root


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "fabi"}, "email"),
        ({"email": "Bea@relevo.test"}, "email"),
        ({"language": "xx"}, "language"),
    ],
)
def test_bad_invitation_names_the_field_and_keeps_the_rest(
    cast: Cast, admin: Client, changes: dict[str, str], field: str
) -> None:
    assert invite(admin, cast, **changes) == (422, [field])
    data = {"name": "Fabi", "email": "x", "language": "en"}
    assert admin.post("/people/invite/", data).context["form"]["name"].value() == "Fabi"
    assert User.objects.filter(is_active=False).count() == 0


def test_invitation_without_a_place_says_so(cast: Cast, admin: Client) -> None:
    assert invite(admin, cast, **{f"team_{cast.sales.pk}": ""}) == (422, ["__all__"])


@pytest.mark.parametrize(("mail_on", "shown"), [(False, True), (True, False)])
def test_link_is_shown_where_there_is_no_mail(
    cast: Cast, admin: Client, settings: Settings, mail_on: bool, shown: bool
) -> None:
    settings.MAIL_ON = mail_on
    person = fabi(cast)
    page = admin.get(f"/people/{person.pk}/").content.decode()
    assert (invitations.path_of(Invitation.objects.get()) in page) is shown


def test_link_is_made_anew_and_taken_back(cast: Cast, admin: Client) -> None:
    person = fabi(cast)
    first = invitations.path_of(Invitation.objects.get())
    assert admin.post(f"/people/{person.pk}/link/").status_code == 302
    second = invitations.path_of(invitations.open_of(person).get())
    assert [Client().get(path).status_code for path in (first, second)] == [410, 200]
    assert admin.post(f"/people/{person.pk}/link/revoke/").status_code == 302
    assert Client().get(second).status_code == 410


# -- One person


def test_name_and_email_are_corrected(cast: Cast, admin: Client) -> None:
    path = f"/people/{cast.bea.pk}/edit/"
    assert admin.post(path, {"name": "Bea Q.", "email": "b@relevo.test"}).status_code == 302
    assert (now(cast.bea).name, now(cast.bea).email) == ("Bea Q.", "b@relevo.test")
    taken = admin.post(path, {"name": "Otra", "email": "cruz@relevo.test"})
    assert (taken.status_code, list(taken.context["edit_form"].errors)) == (422, ["email"])
    assert taken.context["edit_form"]["name"].value() == "Otra"


def test_teams_and_roles_are_set_together_or_not_at_all(cast: Cast, admin: Client) -> None:
    factories.contacted(cast)
    path, other = f"/people/{cast.bea.pk}/place/", f"team_{cast.other_sales.pk}"
    refused = admin.post(path, {"is_director": "on", other: "member"})
    assert (refused.status_code, now(cast.bea).is_director) == (409, False)
    done = admin.post(
        path, {"is_director": "on", f"team_{cast.sales.pk}": "leads", other: "member"}
    )
    assert (done.status_code, now(cast.bea).is_director) == (302, True)
    assert {m.team.name: m.is_lead for m in now(cast.bea).memberships_now} == {
        "Ventas": True,
        "Ventas Sur": False,
    }


def test_last_admin_cannot_lose_the_mark(cast: Cast, admin: Client) -> None:
    refused = admin.post(f"/people/{cast.root.pk}/place/", {})
    assert (refused.status_code, list(refused.context["place_form"].errors)) == (409, ["is_admin"])


def test_sessions_end_by_the_button(cast: Cast, admin: Client) -> None:
    bea = signed_in(cast.bea)
    assert admin.post(f"/people/{cast.bea.pk}/sessions/end/").status_code == 302
    assert bea.get("/queue/").status_code == 302


def test_leave_is_entered_and_ended(cast: Cast, admin: Client) -> None:
    path = f"/people/{cast.bea.pk}/leave/"
    bad = admin.post(path, {"first_on": "2026-03-09", "last_on": "2026-03-08"})
    assert (bad.status_code, list(bad.context["leave_form"].errors)) == (422, ["last_on"])
    assert admin.post(path, {"first_on": "2026-03-09", "last_on": "2026-03-10"}).status_code == 302
    leave = Leave.objects.get()
    assert admin.post(f"/people/{cast.ana.pk}/leave/{leave.pk}/end/").status_code == 404
    assert admin.post(f"{path}{leave.pk}/end/").status_code == 302
    assert Leave.objects.count() == 0


def test_person_enters_and_ends_a_leave_of_their_own_only(cast: Cast) -> None:
    bea, days = signed_in(cast.bea), {"first_on": "2026-03-09", "last_on": "2026-03-10"}
    assert bea.post("/preferences/leave/", {"first_on": "", "last_on": "x"}).status_code == 422
    assert bea.post("/preferences/leave/", days).status_code == 302
    leave = Leave.objects.get(person=cast.bea)
    assert "2026" in bea.get("/preferences/").content.decode()
    path = f"/preferences/leave/{leave.pk}/end/"
    assert [signed_in(cast.cruz).post(path).status_code, bea.post(path).status_code] == [404, 302]
    assert Leave.objects.count() == 0


# -- Going


def test_deactivation_shows_what_moves_where_before_it_happens(cast: Cast, admin: Client) -> None:
    factories.accepted(cast), factories.accepted(cast), factories.contacted(cast)
    path, team = f"/people/{cast.bea.pk}/deactivate/", cast.sales.pk
    choice = {f"{team}-new": "queue", f"{team}-known": str(cast.cruz.pk)}
    assert admin.get(path).context["work"] == 3
    shown = admin.post(path, choice)
    assert (shown.status_code, shown.context["plan"], now(cast.bea).is_active) == (
        200,
        {"": 2, "Cruz Medina": 1},
        True,
    )
    assert post_form(admin, path, {**choice, "confirmed": "1"}).status_code == 302
    assert now(cast.bea).is_active is False


@pytest.mark.parametrize("heir", ["", "queue", "999999"])
def test_deactivation_without_a_good_heir_is_refused(cast: Cast, admin: Client, heir: str) -> None:
    factories.contacted(cast)
    data = {f"{cast.sales.pk}-known": heir, "confirmed": "1"}
    response = post_form(admin, f"/people/{cast.bea.pk}/deactivate/", data)
    assert (response.status_code, list(response.context["form"].errors)) == (
        422,
        [f"{cast.sales.pk}-known"],
    )
    assert now(cast.bea).is_active is True


def test_heir_who_left_in_the_meantime_is_a_choice_to_make_again(
    cast: Cast, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.contacted(cast)
    deactivate: Callable[..., object] = access.deactivate

    def late(person: User, **how: object) -> object:
        deactivate(cast.cruz, heirs={}, by=cast.root, at=NOON)
        return deactivate(person, **how)

    monkeypatch.setattr(access, "deactivate", late)
    data = {f"{cast.sales.pk}-known": str(cast.cruz.pk), "confirmed": "1"}
    response = post_form(admin, f"/people/{cast.bea.pk}/deactivate/", data)
    assert (response.status_code, response.context["planned"]) == (409, False)
    assert "Cruz Medina" not in [
        name for _pk, name in response.context["form"].fields[f"{cast.sales.pk}-known"].choices
    ]


def accept_one(cast: Cast) -> None:
    factories.accepted(cast)


def contact_one(cast: Cast) -> None:
    factories.contacted(cast)


def contact_the_accepted(cast: Cast) -> None:
    attempts.record(Handoff.objects.get(), "phone", outcome="reached", by=cast.bea, at=NOON)


def give_back_the_accepted(cast: Cast) -> None:
    handoffs.requeue(Handoff.objects.get(), by=cast.dora, at=NOON, cause="test")


# What happens after the page has shown that one handoff returns to the queue, and the parcels that
# the answer names.
@pytest.mark.parametrize("act", ["deactivate", "hand-over"])
@pytest.mark.parametrize(
    ("meanwhile", "named"),
    [
        (accept_one, ["new"]),
        (contact_one, ["known"]),
        (contact_the_accepted, ["known"]),
        (give_back_the_accepted, [None]),
    ],
)
def test_work_that_the_page_did_not_show_does_not_move(
    cast: Cast,
    admin: Client,
    act: str,
    meanwhile: Callable[[Cast], None],
    named: list[str | None],
) -> None:
    factories.accepted(cast)
    path, team = f"/people/{cast.bea.pk}/{act}/", cast.sales.pk
    choice = {f"{team}-new": "queue", f"{team}-known": str(cast.cruz.pk), "confirmed": "1"}
    shown = admin.get(path).context["shown"]
    meanwhile(cast)
    owners = list(Handoff.objects.order_by("pk").values_list("owner", "state"))
    answer = admin.post(path, {**choice, "shown": shown})
    errors = [f"{team}-{name}" if name else "__all__" for name in named]
    assert (answer.status_code, list(answer.context["form"].errors)) == (409, errors)
    assert answer.context["form"].data[f"{team}-new"] == "queue"
    assert list(Handoff.objects.order_by("pk").values_list("owner", "state")) == owners
    again = {**choice, "shown": answer.context["shown"]}
    assert admin.post(path, again).status_code == 302


@pytest.mark.parametrize("act", ["deactivate", "hand-over"])
def test_move_that_does_not_say_what_its_page_showed_is_refused(
    cast: Cast, admin: Client, act: str
) -> None:
    factories.accepted(cast)
    path, key = f"/people/{cast.bea.pk}/{act}/", f"{cast.sales.pk}-new"
    answer = admin.post(path, {key: "queue", "confirmed": "1"})
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors), form[key].value()) == (409, [key], "queue")
    assert (Handoff.objects.get().owner, now(cast.bea).is_active) == (cast.bea, True)


def test_nobody_deactivates_themselves(cast: Cast, admin: Client) -> None:
    response = admin.post(f"/people/{cast.root.pk}/deactivate/", {"confirmed": "1"})
    assert (response.status_code, now(cast.root).is_active) == (409, True)


def test_person_who_left_comes_back(cast: Cast, admin: Client) -> None:
    access.deactivate(cast.bea, heirs={}, by=cast.root, at=NOON)
    assert admin.post(f"/people/{cast.bea.pk}/reactivate/").status_code == 302
    assert (now(cast.bea).is_active, now(cast.bea).deactivated_at) == (True, None)


# -- Teams


def test_team_is_created_renamed_archived_and_brought_back(cast: Cast, admin: Client) -> None:
    data = {"name": "Ventas Norte", "side": "sales", "language": "es"}
    assert admin.post("/teams/", data).status_code == 302
    team = Team.objects.get(name="Ventas Norte")
    assert admin.post(f"/teams/{team.pk}/", {"name": "Norte", "language": "en"}).status_code == 302
    assert admin.post(f"/teams/{team.pk}/archive/").status_code == 302
    assert Team.objects.get(pk=team.pk).archived_at == NOON
    assert admin.post(f"/teams/{team.pk}/restore/").status_code == 302
    assert (Team.objects.get(pk=team.pk).name, Team.objects.get(pk=team.pk).archived_at) == (
        "Norte",
        None,
    )
    rows = Entry.objects.filter(subject_type="team", subject_id=team.pk).order_by("pk")
    assert [row.verb for row in rows] == [
        "team_created",
        "team_changed",
        "team_archived",
        "team_restored",
    ]


@pytest.mark.parametrize("path", ["/teams/", "/teams/{pk}/"])
def test_team_of_a_taken_name_is_refused(cast: Cast, admin: Client, path: str) -> None:
    data = {"name": "VENTAS", "side": "sales", "language": "es"}
    response = admin.post(path.format(pk=cast.other_sales.pk), data)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert Team.objects.get(pk=cast.other_sales.pk).name == "Ventas Sur"


def test_team_in_use_is_not_archived(cast: Cast, admin: Client) -> None:
    factories.handed_off(cast, to=cast.other_sales)
    people, handoff = (
        admin.post(f"/teams/{team.pk}/archive/") for team in (cast.sales, cast.other_sales)
    )
    assert (people.status_code, handoff.status_code) == (409, 409)
    assert "3 people belong to it" in str(people.context["refusal"])
    assert "1 of its handoffs is open" in str(handoff.context["refusal"])
    assert Team.objects.filter(archived_at__isnull=False).count() == 0


def test_teams_list_needs_the_same_queries_for_few_and_many(cast: Cast, admin: Client) -> None:
    used = []
    for more in (0, 3):
        for number in range(more):
            factories.person(f"Zoe{number}", factories.team(f"Equipo {number}", "sales"))
        with CaptureQueriesContext(connection) as captured:
            admin.get("/teams/")
        used.append(len(captured))
    assert used[0] == used[1]
