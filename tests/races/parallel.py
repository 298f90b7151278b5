"""Doing things at the same time, each over a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from leads.models import Lead

WITHIN = 30.0


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Start all ``acts`` at once; their results in order, an exception standing for the act that
    raised it.
    """
    results: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(WITHIN)
            results[number] = act()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN)
    assert not [thread for thread in threads if thread.is_alive()], (
        "deadlock: a thread is still waiting"
    )
    return results


def count_after_all_looked(barrier: threading.Barrier) -> Callable[[Lead], int]:
    """Return a count of a lead's handoffs that waits until all threads have counted."""

    def count(lead: Lead) -> int:
        counted = lead.handoffs.count()
        barrier.wait(WITHIN)
        return counted

    return count


class Without:
    """Takes constraints away, so that a test can see the race that they prevent."""

    def __init__(self, execute: Callable[[str], Any]) -> None:
        self.execute = execute
        self.dropped: list[str] = []

    def index(self, *names: str) -> None:
        for name in names:
            self.dropped.append(self.execute(f"SELECT pg_get_indexdef('{name}'::regclass)"))
            self.execute(f"DROP INDEX {name}")

    def constraint(self, table: str, name: str) -> None:
        found = f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{name}'"
        self.dropped.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {self.execute(found)}")
        self.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def restore(self) -> None:
        """Put them back; the rows that break them have to go first."""
        self.execute("TRUNCATE leads_handoff, sla_clock CASCADE")
        for definition in self.dropped:
            self.execute(definition)
