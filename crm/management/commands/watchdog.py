"""Sweeps deadlines and drains the outbox by itself while Celery is silent. Needs PostgreSQL only, no broker."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from crm import tasks
from sla import liveness

log = logging.getLogger("relevo.watchdog")


class Command(BaseCommand):
    help = "Watch that deadlines are swept; do it here while Celery is silent for over 30 s."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=5.0, help="seconds between looks (default 5)")

    def handle(self, *args: Any, every: float, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        stepped_in = False
        while not stopped.wait(every):
            try:
                liveness.beat(liveness.WATCHDOG)
                silent = liveness.is_silent(liveness.CELERY)
                if silent != stepped_in:
                    log.warning("Celery is silent: sweeping here" if silent else "Celery is back")
                    stepped_in = silent
                if silent:
                    tasks.sweep()
                    tasks.drain()
            except Error:  # also InterfaceError, which is no DatabaseError
                log.exception("PostgreSQL does not answer; trying again")
                connection.close()
