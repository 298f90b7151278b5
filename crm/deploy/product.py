"""One run of Relevo: start its servers, steps and processes in order, supervise them, stop them."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crm.deploy.commands import celery, gunicorn, numbered
from crm.deploy.embedded import Postgres, Server, Valkey
from crm.deploy.places import ROOT, EmbeddedError, secret_key, write_private
from crm.deploy.processes import MARK, Child, die_with_parent, end, left_over, without_frames
from crm.deploy.sockets import LOOPBACK, listen
from crm.deploy.static_files import static_digest
from crm.deploy.terminal import StepFailed, say

HEALTHY_WITHIN = 90.0  # seconds for the first answer of the web server
STOP_WITHIN = 6.0  # seconds for the processes to finish, before they are killed
LOOK_EVERY = 0.3  # seconds


class Product:
    """Servers and processes of one run, in one data folder."""

    def __init__(self, options: argparse.Namespace, data: Path) -> None:
        self.options = options
        self.data = data
        self.logs = data / "logs"
        self.logs.mkdir(mode=0o700, exist_ok=True)
        own_database = options.embedded or not os.environ.get("DATABASE_URL")
        own_broker = options.embedded or not os.environ.get("REDIS_URL")
        self.postgres = Postgres(data) if own_database else None
        self.valkey = Valkey(data) if own_broker else None
        self.servers: list[Server] = [server for server in (self.postgres, self.valkey) if server]
        self.server_retries: dict[str, float] = {}
        self.children: list[Child] = []
        self.environment: dict[str, str] = {}
        self.owner_url = ""
        self.url = ""
        self.in_a_hurry = False

    # -- Start

    def start(self) -> None:
        """Start everything in order. Raises StepFailed, EmbeddedError."""
        self.write_state("starting")
        end(left_over(str(self.data)), signal.SIGTERM, signal.SIGKILL, within=3)
        self.start_servers()
        self.environment = self.make_environment()
        self.prepare()
        self.start_web()
        self.start_others()
        self.write_state("ready")

    def start_servers(self) -> None:
        for server in self.servers:
            if server.start():
                say(f"Found {server.name} of an earlier run; using it.")

    def make_environment(self) -> dict[str, str]:
        """Return the environment of every process.

        The user's variables win, except over the addresses of our own servers.
        """
        own = {name: value for name, value in os.environ.items() if value}
        if self.postgres:
            # libpq would read the PG… variables and connect elsewhere.
            own = {name: value for name, value in own.items() if not name.startswith("PG")}
            own["DATABASE_URL"] = self.postgres.app_url
            own["DATABASE_OWNER_URL"] = self.postgres.owner_url
        if self.valkey:
            own["REDIS_URL"] = self.valkey.url
        usual = {
            "RELEVO_MODE": "development" if self.options.no_demo else "demo",
            "RELEVO_STATIC": str(self.data / "static"),
            "DJANGO_SETTINGS_MODULE": "crm.settings",
        }
        forced = {
            "SECRET_KEY": own.get("SECRET_KEY") or secret_key(self.data),
            "RELEVO_DATA": str(self.data),
            "PYTHONUNBUFFERED": "1",
            MARK: str(self.data),
        }
        return usual | own | forced

    def prepare(self) -> None:
        """Migrate and create the demo as the owner of the tables; collect changed static files."""
        say("Preparing the database …")
        command = ["migrate", "--noinput"]
        if not self.options.no_demo:
            command.append("--demo")
        self.manage(*command)
        # Nothing below needs the rights of the owner of the tables.
        owner_url = self.environment.pop("DATABASE_OWNER_URL", "")
        self.owner_url = owner_url or self.environment["DATABASE_URL"]
        self.collect_static()

    def collect_static(self) -> None:
        """Collect static files, unless the digest of the last time is still right."""
        root = Path(self.environment["RELEVO_STATIC"])
        note = self.data / "static.digest"
        wanted = static_digest(f"{self.environment['RELEVO_MODE']} {root}")
        if root.exists() and note.exists() and note.read_text() == wanted:
            return
        say("Collecting static files …")
        note.unlink(missing_ok=True)
        self.manage("collectstatic", "--noinput", "--clear")
        write_private(note, wanted)

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end and return what it prints.

        Raises StepFailed with the last lines.
        """
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        if done.returncode:
            log = self.logs / f"{arguments[0]}.log"
            log.write_text(done.stdout)
            raise StepFailed(
                f"`manage.py {arguments[0]}` failed ({log}):\n{without_frames(done.stdout)}"
            )
        return done.stdout

    def start_web(self) -> None:
        """Start the web server on a socket that outlives its crashes; wait for the first answer."""
        listener = listen(self.options.host, self.options.port)
        port = listener.getsockname()[1]
        if self.options.port and port != self.options.port:
            say(f"Port {self.options.port} is in use; taking {port}.")
        name = self.options.host
        if name in (*LOOPBACK, "0.0.0.0", "::"):
            name = "localhost"
        self.url = self.environment.setdefault("BASE_URL", f"http://{name}:{port}").rstrip("/")
        say("Starting the web server …")
        web = self.add("web", *gunicorn(listener.fileno()), fds=[listener.fileno()])
        self.listener = listener
        web.start()
        self.wait_until_healthy(web)

    def start_others(self) -> None:
        options = self.options
        for name in numbered("worker", options.workers):
            queues = ["-Q", "deadline,notify,import", "-c", "2", "-n", f"{name}@%h"]
            self.add(name, *celery("worker", *queues))
        for name in numbered("beat", options.beats):
            schedule = str(self.data / f"{name}.schedule")
            self.add(name, *celery("beat", "--pidfile=", "-s", schedule))
        for name in numbered("watchdog", options.watchdogs):
            self.add(name, sys.executable, "manage.py", "watchdog")
        for child in self.children[1:]:
            child.start()

    def add(self, name: str, *command: str, fds: Sequence[int] = ()) -> Child:
        child = Child(name, command, self.environment, ROOT, self.logs / f"{name}.log", fds)
        self.children.append(child)
        return child

    def wait_until_healthy(self, web: Child) -> None:
        """Wait until /readyz answers 200. Raises StepFailed when it ends or does not answer."""
        until = time.monotonic() + HEALTHY_WITHIN
        answer = "no answer"
        while time.monotonic() < until:
            if web.has_ended():
                log = without_frames(web.last_words(200))
                raise StepFailed(f"The web server did not start ({web.log}):\n{log}")
            answer = self.ask_health()
            if answer == "200":
                return
            time.sleep(0.1)
        log = without_frames(web.last_words(200))
        raise StepFailed(f"The web server is not healthy ({answer}; {web.log}):\n{log}")

    def ask_health(self) -> str:
        """Return the status of /readyz, or the name of the error."""
        host, port = self.listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        names = self.environment.get("ALLOWED_HOSTS", "localhost").split(",")
        headers = {"Host": names[0].strip().lstrip(".")}
        connection = http.client.HTTPConnection(host, port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/readyz", headers=headers)
                return str(connection.getresponse().status)
            except (OSError, http.client.HTTPException) as problem:
                return type(problem).__name__

    # -- Run

    def watch(self) -> None:
        """Restart what ends, until a signal ends this process."""
        leave_dead = self.options.leave_dead
        while True:
            time.sleep(LOOK_EVERY)
            now = time.monotonic()
            pids = self.pids()
            for child in self.children:
                if child.name in leave_dead:
                    continue
                news = child.tend(now)
                if news:
                    say(news)
            for server in self.servers:
                if server.name not in leave_dead and not server.is_alive():
                    self.revive(server, now)
            if self.pids() != pids:
                with contextlib.suppress(OSError):  # a full disk must not end the run
                    self.write_state("ready")

    def revive(self, server: Server, now: float) -> None:
        """Start a server that ended, at most once in five seconds."""
        if now < self.server_retries.get(server.name, 0):
            return
        self.server_retries[server.name] = now + 5
        say(f"{server.name} ended; starting it again ({server.log}).")
        try:
            server.start()
        except (EmbeddedError, OSError) as problem:
            say(str(problem))

    def pids(self) -> dict[str, int | None]:
        """Return the process ids by name."""
        pids: dict[str, int | None] = {"supervisor": os.getpid()}
        for child in self.children:
            pids[child.name] = child.pid
        for server in self.servers:
            pids[server.name] = server.pid
        return pids

    def write_state(self, state: str) -> None:
        """Write the state of this run for other runs and for tests.

        The file is private, because addresses may hold passwords.
        """
        known = {
            "state": state,
            "url": self.url,
            "data": str(self.data),
            "database_url": self.environment.get("DATABASE_URL"),
            "database_owner_url": self.owner_url,
            "mode": self.environment.get("RELEVO_MODE"),
            "redis_url": self.environment.get("REDIS_URL"),
            "pids": self.pids(),
        }
        write_private(self.data / "run.json", json.dumps(known, indent=1))
        if self.options.ready_file and state == "ready":
            write_private(self.options.ready_file, json.dumps(known, indent=1))

    # -- Stop

    def stop(self) -> None:
        """Stop all processes at once, then the servers; a second signal kills what still runs."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.hurry)
        with contextlib.suppress(OSError):
            self.write_state("stopping")
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_WITHIN
        while not self.in_a_hurry and time.monotonic() <= until:
            if all(child.has_ended() for child in self.children):
                break
            time.sleep(0.05)
        for child in self.children:
            child.kill_group()
        for server in reversed(self.servers):
            server.stop()
        (self.data / "run.json").unlink(missing_ok=True)

    def hurry(self, *_: Any) -> None:
        self.in_a_hurry = True
