"""Starting fresh: all of the demo goes, nothing of a real organisation ever does, and the demo does
not come back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from psycopg2 import errors
from pytest_django import Settings

from crm.accounts.models import Organisation, User
from crm.audit.models import Entry
from crm.demo import remove, seeding
from leads.models import Event, Lead
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast

KEPT = {"django_migrations", "django_content_type", "auth_permission", "relevo_installation"}


def run(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def rows_left() -> dict[str, int]:
    """Tables that are not empty, and how many rows they hold."""
    tables = {
        name for (name,) in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    }
    counts = {
        str(name): run(f"SELECT count(*) FROM {name}")[0][0]
        for name in sorted(map(str, tables - KEPT))
    }
    return {name: int(str(count)) for name, count in counts.items() if count}


@pytest.fixture
def marked(db: None) -> None:
    """As `migrate` in demo mode leaves an empty database."""
    remove.mark()


@pytest.fixture
def demo_cast(marked: None, cast: Cast, settings: Settings) -> Cast:
    """A demo with leads and history, in an installation that was marked when it was empty."""
    settings.DEMO = True
    Organisation.objects.update(is_demo=True)
    User.objects.update(is_demo=True)
    factories.won(cast)
    factories.handed_off(cast)
    return cast


@pytest.fixture
def as_app(request: pytest.FixtureRequest) -> Iterator[None]:
    """The product's own role from here on."""
    run("SET ROLE relevo_app")
    yield
    run("RESET ROLE")


def refused(statement: str) -> bool:
    try:
        with transaction.atomic():
            run(statement)
    except DatabaseError as error:
        assert isinstance(error.__cause__, errors.InsufficientPrivilege), error
        return True
    return False


def test_everything_of_the_demo_goes(demo_cast: Cast, moment: Moment, as_app: None) -> None:
    remove.start(at=factories.WON_AT)
    # Terms without a person in them: processes remember which ones are stored.
    left = rows_left()
    assert left.pop("sla_snapshot") > 0
    assert left == {"audit_entry": 1}
    assert list(Entry.objects.values_list("verb", "actor")) == [("started_fresh", None)]


def test_it_happens_once(demo_cast: Cast, as_app: None) -> None:
    remove.start(at=factories.WON_AT)
    Organisation.objects.create(name="De verdad", is_demo=True)
    with pytest.raises(remove.NoDemo):
        remove.start(at=factories.WON_AT)
    assert Organisation.objects.count() == 1


def test_real_organisation_is_never_emptied(cast: Cast, as_app: None) -> None:
    """Not even by a product that lies about it: the mark is the owner's."""
    factories.won(cast)
    Organisation.objects.update(is_demo=True)
    User.objects.update(is_demo=True)
    with pytest.raises(remove.NoDemo):
        remove.start(at=factories.WON_AT)
    assert (Lead.objects.count(), Event.objects.count() > 5) == (1, True)


def test_mark_does_not_help_against_a_real_organisation(
    marked: None, cast: Cast, as_app: None
) -> None:
    with pytest.raises(remove.NoDemo):
        remove.start(at=factories.WON_AT)
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO relevo_installation (is_demo) VALUES (true)",
        "UPDATE relevo_installation SET is_demo = true",
        "DELETE FROM relevo_installation",
        "TRUNCATE relevo_installation",
        "ALTER FUNCTION relevo_start_fresh() SECURITY INVOKER",
    ],
)
def test_app_cannot_forge_the_mark(cast: Cast, as_app: None, statement: str) -> None:
    assert refused(statement)


def test_function_is_not_fooled_by_tables_of_the_session(cast: Cast) -> None:
    """The product may make no temporary tables; here the owner lets it."""
    run(f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO relevo_app")
    run("SET ROLE relevo_app")
    run("CREATE TEMP TABLE relevo_installation (id int, is_demo boolean, emptied_at timestamptz)")
    run("INSERT INTO pg_temp.relevo_installation VALUES (1, true, NULL)")
    run("CREATE TEMP TABLE accounts_organisation (is_demo boolean)")
    run("INSERT INTO pg_temp.accounts_organisation VALUES (true)")
    assert refused("SELECT relevo_start_fresh()")
    run("RESET ROLE")


def test_only_an_empty_database_is_marked(cast: Cast) -> None:
    remove.mark()
    assert remove.is_possible() is False


def test_database_with_a_history_is_not_marked(db: None) -> None:
    Entry.objects.create(verb="something", subject_type="person")
    remove.mark()
    assert remove.is_possible() is False


def test_demo_does_not_come_back(demo_cast: Cast, moment: Moment) -> None:
    remove.start(at=factories.WON_AT)
    remove.mark()
    assert seeding.seed(at=factories.WON_AT) is False
    call_command("seed_demo")
    assert (Organisation.objects.count(), remove.is_possible(), remove.has_happened()) == (
        0,
        False,
        True,
    )


def test_restart_beside_the_real_organisation_is_quiet(demo_cast: Cast, client: Client) -> None:
    remove.start(at=factories.WON_AT)
    Organisation.objects.create(name="De verdad")
    call_command("seed_demo")
    assert Organisation.objects.get().name == "De verdad"


def test_page_removes_the_demo_and_leads_to_the_first_admin(
    demo_cast: Cast, client: Client, moment: Moment
) -> None:
    client.force_login(demo_cast.root)
    assert client.get("/setup/start-fresh/").context["is_possible"] is True
    assert client.post("/setup/start-fresh/").url == "/setup/first/"
    page = client.get("/accounts/login/", follow=True)
    assert page.redirect_chain == [("/setup/first/", 302)]
    first = {"name": "Ana", "email": "ana@cafe.mx", "password": "caballo batería grapa"}
    assert client.post("/setup/first/", first).url == "/setup/organisation/"
    shown = client.get("/setup/organisation/").content.decode()
    assert "/setup/start-fresh/" not in shown
    client.post("/accounts/logout/")
    assert len(client.get("/accounts/login/").context["demo_people"]) == 0


def test_page_is_for_admin_and_director(
    demo_cast: Cast, client: Client, settings: Settings
) -> None:
    settings.RELEVO_MODE = "demo"
    answers = {}
    for person in (demo_cast.ana, demo_cast.bea, demo_cast.dora, demo_cast.elsa, demo_cast.root):
        client.force_login(person)
        answers[person.get_short_name()] = (
            client.get("/setup/start-fresh/").status_code,
            "/setup/start-fresh/" in client.get("/notices/").content.decode(),
        )
    hidden, shown = (403, False), (200, True)
    assert answers == {"Ana": hidden, "Bea": hidden, "Dora": hidden, "Elsa": shown, "Root": shown}


def test_page_is_not_there_outside_a_demo(cast: Cast, client: Client, settings: Settings) -> None:
    client.force_login(cast.root)
    assert client.get("/setup/start-fresh/").status_code == 404
    settings.DEMO = True
    assert client.post("/setup/start-fresh/").status_code == 404


def test_demo_that_nobody_marked_says_so(cast: Cast, client: Client, settings: Settings) -> None:
    settings.DEMO = True
    Organisation.objects.update(is_demo=True)
    client.force_login(cast.root)
    assert client.get("/setup/start-fresh/").context["is_possible"] is False
    assert client.post("/setup/start-fresh/").status_code == 422
    assert Organisation.objects.count() == 1


def test_command_removes_a_demo_and_refuses_anything_else(demo_cast: Cast) -> None:
    call_command("start_fresh", yes=True)
    assert Organisation.objects.count() == 0
    with pytest.raises(CommandError):
        call_command("start_fresh", yes=True)
