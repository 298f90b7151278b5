"""Sweep deadlines, deliver messages and work on imports while Celery is silent.

Needs PostgreSQL only, no broker.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from threading import Thread
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from crm import tasks
from crm.notifications import mail
from leads.bulk import acts
from leads.imports import worker
from sla.clocks import heartbeats

LOOK_EVERY = 2.0  # seconds; a part of the 20 s of sla.clocks.heartbeats
WORK_FOR = 60.0  # seconds for imports, then for acts: a check keeps in memory what it has read

CHANGES = {True: "Celery is silent: sweeping here", False: "Celery is back"}

log = logging.getLogger("relevo.watchdog")


class Command(BaseCommand):
    help = "Watch that deadlines are swept; do it here while Celery is silent for over 12 s."
    mail_round = Thread()
    work_round = Thread()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=float, default=LOOK_EVERY, help="seconds between looks (default 2)"
        )

    def handle(self, *args: Any, every: float, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        is_active = False
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
                    self.start_work()
            # Error, not DatabaseError: a lost connection raises InterfaceError.
            except Error:
                log.exception("PostgreSQL does not answer; trying again")
                connection.close()

    def start_mails(self) -> None:
        """Send mails in a thread, one round at a time: the sweep waits for no mail server."""
        if mail.is_on() and not self.mail_round.is_alive():
            self.mail_round = Thread(target=in_thread, args=[tasks.mail], daemon=True)
            self.mail_round.start()

    def start_work(self) -> None:
        """Work on imports and acts on many leads in a thread: the sweep waits for neither."""
        if not self.work_round.is_alive():
            self.work_round = Thread(target=in_thread, args=[work], daemon=True)
            self.work_round.start()


def work() -> None:
    """Work on imports and on acts on many leads for a while."""
    worker.work(WORK_FOR)
    acts.work(WORK_FOR)


def in_thread(act: Callable[[], object]) -> None:
    """Do ``act`` with a connection of this thread; log if PostgreSQL does not answer."""
    try:
        act()
    except Error:
        log.exception("PostgreSQL does not answer; trying again later")
    finally:
        connection.close()
