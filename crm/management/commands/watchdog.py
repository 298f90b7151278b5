"""Sweep deadlines, deliver messages and work on imports while Celery is silent.

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
from crm.notifications import mail
from leads.bulk import acts
from leads.imports.worker import Worker
from sla.clocks import heartbeats

IMPORT_FOR = 10.0  # seconds for imports between two sweeps: these must not wait long

CHANGES = {True: "Celery is silent: sweeping here", False: "Celery is back"}

log = logging.getLogger("relevo.watchdog")


class Command(BaseCommand):
    help = "Watch that deadlines are swept; do it here while Celery is silent for over 12 s."
    mail_round = Thread()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=float, default=5.0, help="seconds between looks (default 5)"
        )

    def handle(self, *args: Any, every: float, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        is_active = False
        importer = Worker()
        while not stopped.wait(every):
            try:
                heartbeats.beat(heartbeats.WATCHDOG)
                is_silent = heartbeats.is_silent(heartbeats.CELERY)
                if is_silent != is_active:
                    log.warning(CHANGES[is_silent])
                    is_active = is_silent
                if is_active:
                    tasks.sweep()
                    tasks.drain()
                    self.start_mails()
                    importer.work(IMPORT_FOR)
                    acts.work(IMPORT_FOR)
            # Error, not DatabaseError: a lost connection raises InterfaceError.
            except Error:
                log.exception("PostgreSQL does not answer; trying again")
                connection.close()

    def start_mails(self) -> None:
        """Send mails in a thread, one round at a time: the sweep waits for no mail server."""
        if mail.is_on() and not self.mail_round.is_alive():
            self.mail_round = Thread(target=send_mails, daemon=True)
            self.mail_round.start()


def send_mails() -> None:
    """Send due mails; log if PostgreSQL does not answer."""
    try:
        tasks.mail()
    except Error:
        log.exception("PostgreSQL does not answer; mails wait")
    finally:
        connection.close()  # the thread has its own
