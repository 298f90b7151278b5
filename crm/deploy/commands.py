"""The commands of the supervised processes."""

from __future__ import annotations

import sys


def numbered(name: str, count: int) -> list[str]:
    """Return the names of ``count`` processes: worker, worker2, worker3, …"""
    further = [f"{name}{number}" for number in range(2, count + 1)]
    return [name, *further][:count]


def gunicorn(listener: int) -> list[str]:
    """Return the command of the web server on the file descriptor of a listening socket."""
    command = [sys.executable, "-m", "gunicorn", "--config", "python:crm.deploy.web"]
    # The timeout is below STOP_WITHIN of crm.deploy.product.
    return [*command, "--bind", f"fd://{listener}", "--graceful-timeout", "4"]


def celery(program: str, *options: str) -> list[str]:
    """Return the command of a Celery program: worker or beat."""
    command = [sys.executable, "-m", "celery", "-A", "crm.celery", program, *options]
    if program == "worker":
        command += ["--without-mingle", "--without-gossip"]
    return [*command, "--loglevel", "INFO"]
