"""The product that the browser tests stand before: its database, and its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg2

from tests.conftest import Moment
from tests.harness.products import manage


class Running:
    """A running product: where it answers, and its database as the owner of the tables sees it."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.url: str = state["url"]
        self.pids: dict[str, int] = state["pids"]
        self.database = psycopg2.connect(state["database_owner_url"])
        self.database.autocommit = True
        self.offset: timedelta = self.value("SELECT relevo_now() - clock_timestamp()")

    def execute(self, sql: str) -> None:
        with self.database.cursor() as cursor:
            cursor.execute(sql)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row."""
        return self.rows(sql, *values)[0][0]

    def shell(self, code: str) -> None:
        """Run Python code inside the product's environment."""
        manage(self.state, "shell", "--no-imports", "-c", code)

    def lead_of(self, name: str) -> int:
        """The id of the newest lead of the person called ``name``."""
        sql = (
            "SELECT l.id FROM leads_lead l JOIN leads_person p ON p.id = l.person_id WHERE "
            "p.name = %s ORDER BY -l.id"
        )
        return self.value(sql, name)

    def handoff_of(self, name: str) -> int:
        """The id of the newest handoff of the person called ``name``."""
        return self.value(
            "SELECT max(id) FROM leads_handoff WHERE lead_id = %s", self.lead_of(name)
        )

    def close(self) -> None:
        self.database.close()


def move_to(moment: Moment, running: Running, instant: datetime) -> None:
    """Make it ``instant`` for every process of the product; time runs on from there.

    Never backwards.
    """
    ahead = instant - running.value("SELECT relevo_now()")
    moment.flow(moment.offset + max(ahead, timedelta(0)))


def wait_for(what: str, look: Callable[[], Any], *, within: float = 40) -> Any:
    """The first true answer of ``look``; AssertionError names ``what`` after ``within`` seconds."""
    until = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < until, f"{what}: not within {within:.0f} s"
        time.sleep(0.1)
    return found
