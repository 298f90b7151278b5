"""Sweeps deadlines, drains the outbox and sends mails while Celery is silent.

Needs PostgreSQL only, no broker.
"""

from __future__ import annotations

import logging
import signal
import threading
from threading import Thread
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from crm import tasks
from crm.notifications import mail, mail_queue
from leads.imports.worker import Worker
from sla.clocks import heartbeats

IMPORT_FOR = 10.0  # seconds for imports between two sweeps, which must not wait for long

log = logging.getLogger("relevo.watchdog")


class Command(BaseCommand):
    help = "Watch that deadlines are swept; do it here while Celery is silent for over 30 s."
    round = Thread()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=float, default=5.0, help="seconds between looks (default 5)"
        )

    def handle(self, *args: Any, every: float, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        stepped_in, importer = False, Worker()
        while not stopped.wait(every):
            try:
                heartbeats.beat(heartbeats.WATCHDOG)
                silent = heartbeats.is_silent(heartbeats.CELERY)
                if silent != stepped_in:
                    log.warning("Celery is silent: sweeping here" if silent else "Celery is back")
                    stepped_in = silent
                if silent:
                    tasks.sweep()
                    tasks.drain()
                    self.mails()
                    importer.work(IMPORT_FOR)
            except Error:  # also InterfaceError, which is no DatabaseError
                log.exception("PostgreSQL does not answer; trying again")
                connection.close()

    def mails(self) -> None:
        """Send mails beside the sweep, which waits for no server of somebody else's; one round at a
        time.
        """
        if mail.is_on() and not self.round.is_alive():
            self.round = Thread(target=send_mails, daemon=True)
            self.round.start()


def send_mails() -> None:
    try:
        mail_queue.send_due()
    except Error:
        log.exception("PostgreSQL does not answer; mails wait")
    finally:
        connection.close()  # a thread has one of its own
