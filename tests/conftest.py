"""The cast as fixtures, and the one seam for time."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, override_settings
from hypothesis import settings as settings_of_properties
from pytest_django import DjangoDbBlocker

from crm.accounts import people
from crm.accounts.models import User
from crm.lib import clock
from leads.lists import owners
from sla import snapshot_bodies
from tests import factories
from tests.factories import Cast, when
from tests.harness.remembered import Remembered, restart_sequences


def pytest_configure() -> None:
    """Find static files when they are asked for, not anew for each client of a test."""
    settings.WHITENOISE_AUTOREFRESH = True


LONG_FORMS = ("soak", "long_faults")
# The examples of @given: the same in every run, and not judged by the time that one takes.
profile = partial(settings_of_properties, deadline=None, derandomize=True, database=None)
settings_of_properties.register_profile("few", profile(max_examples=100))
settings_of_properties.register_profile("many", profile(max_examples=1000))
settings_of_properties.load_profile("few")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the long forms only where they are asked for by name, as `make soak` and `make
    faults` do.
    """
    asked_for = config.option.markexpr or ""
    marks = [mark for mark in LONG_FORMS if mark not in asked_for]
    long = [item for item in items if any(map(item.get_closest_marker, marks))]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_collection_finish() -> None:
    """Spare the collected tests and the modules to the search for garbage: they stay to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let each worker copy its database from the prepared one; what it lacks is migrated
    as ever.
    """
    if template := os.environ.get("RELEVO_TEST_TEMPLATE"):
        connection.settings_dict["TEST"]["TEMPLATE"] = template


@pytest.fixture(autouse=True)
def no_words_of_another_test() -> None:
    """Forget the Spanish words that an organisation of another test chose."""
    people.forget_words()


@pytest.fixture(autouse=True)
def no_owners_of_another_test() -> None:
    """Forget who has left the firm and still owns leads."""
    owners.forget_former()


@pytest.fixture(autouse=True)
def no_snapshots_of_another_test() -> None:
    """Forget which snapshots are stored: another test emptied the table."""
    snapshot_bodies.forget_stored()


class Moment:
    """Moves time for every process that uses the database, by replacing the function
    ``relevo_now()``.

    ``execute`` runs one SQL statement, outside a transaction where other processes have to see it.
    ``offset`` is how far the database's time is ahead of the machine's already.
    """

    def __init__(self, execute: Callable[[str], object], offset: timedelta = timedelta(0)) -> None:
        self.execute = execute
        self.frozen_at: datetime | None = None
        self.offset = offset

    def set(self, text: str | datetime) -> datetime:
        """Time stands still at ``text`` ("2026-03-02 10:00" of Mexico City, or with an offset of
        its own).
        """
        self.frozen_at = when(text) if isinstance(text, str) else text
        self._replace(f"SELECT '{self.frozen_at.isoformat()}'::timestamptz")
        return self.frozen_at

    def flow(self, offset: timedelta) -> None:
        """Time runs on, ``offset`` away from the machine's clock."""
        self.frozen_at, self.offset = None, offset
        self._replace(f"SELECT clock_timestamp() + interval '{offset.total_seconds():.6f} seconds'")

    def advance(self, **delta: float) -> datetime | None:
        """Move on by ``minutes=…``, ``hours=…``, ``microseconds=…``; the new moment, where time
        stands still.
        """
        if self.frozen_at is not None:
            return self.set(self.frozen_at + timedelta(**delta))
        self.flow(self.offset + timedelta(**delta))
        return None

    def restore(self) -> None:
        self._replace(clock.RELEVO_NOW_BODY)

    def _replace(self, body: str) -> None:
        self.execute(
            "CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $relevo${body}$relevo$;"
        )


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def moment(db: None) -> Iterator[Moment]:
    """Monday 2 March 2026, 10:00 in Mexico City, until the test moves it."""
    moved = Moment(execute)
    moved.set("2026-03-02 10:00")
    yield moved
    if not connection.in_atomic_block:  # else the test's own rollback restores it
        moved.restore()


@pytest.fixture(scope="module")
def within(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callable[[Callable[[], object]], None]]:
    """``within(make)``: what ``make`` writes is there for all tests of the module, and then gone.

    Ids begin at 1, as in a new database. What a test itself changes is rolled back after it.
    """
    with django_db_blocker.unblock(), override_settings(DEMO=True), transaction.atomic():

        def write(make: Callable[[], object]) -> None:
            restart_sequences()
            make()
            with connection.cursor() as cursor:
                # tables with waiting checks could not be altered by a test
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        yield write
        transaction.set_rollback(True)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """``signed_in(user)``: a browser of that person, without the sign-in page."""

    def open_for(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="crm.accounts.backend.Backend")
        return client

    return open_for


everybody = Remembered(factories.cast)


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, their teams, the persona and the agreement in force (tests.factories)."""
    found: Cast = everybody()
    return found


beginners = Remembered(factories.cast_of_a_new_organisation)


@pytest.fixture
def new_organisation(moment: Moment) -> Cast:
    """The same people, reading Spanish, with the catalogues, persona and agreement of a start."""
    made: Cast = beginners()
    return made


@pytest.fixture
def ana(cast: Cast) -> User:
    """Marketing."""
    return cast.ana


@pytest.fixture
def luis(cast: Cast) -> User:
    """Leads marketing."""
    return cast.luis


@pytest.fixture
def bea(cast: Cast) -> User:
    """Sales rep."""
    return cast.bea


@pytest.fixture
def cruz(cast: Cast) -> User:
    """Sales rep."""
    return cast.cruz


@pytest.fixture
def dora(cast: Cast) -> User:
    """Leads sales."""
    return cast.dora


@pytest.fixture
def elsa(cast: Cast) -> User:
    """Director."""
    return cast.elsa


@pytest.fixture
def root(cast: Cast) -> User:
    """Admin."""
    return cast.root


@pytest.fixture
def extra(cast: Cast) -> User:
    """Has no team."""
    return cast.extra
