"""One run of Relevo: its servers, its steps, its processes; brought up, kept running and stopped in
order.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crm.deploy.embedded import Postgres, Server, Valkey
from crm.deploy.places import EmbeddedError, secret_key, write_private
from crm.deploy.processes import MARK, Child, die_with_parent, end, left_over, without_frames

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = ("127.0.0.1", "localhost")
HEALTHY_WITHIN = 90.0  # seconds for the first answer of the web server
STOP_WITHIN = 6.0  # seconds for the processes to finish what they do, before they are killed
LOOK_EVERY = 0.3  # seconds


class StepFailed(RuntimeError):
    """Something that a start needs failed; the text is for the person at the terminal."""


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(text, flush=True)


def is_taken(port: int) -> bool:
    """Whether a server answers on this port at the other address of `localhost`, where browsers
    look.
    """
    try:
        probe = socket.socket(socket.AF_INET6)
    except OSError:  # no IPv6 here
        return False
    with contextlib.closing(probe):
        probe.settimeout(1)
        return probe.connect_ex(("::1", port)) == 0


def listen(host: str, port: int, tries: int = 100) -> socket.socket:
    """A listening socket at ``port``, or at the next free one.

    It outlives a crash of the web server.
    """
    host = "127.0.0.1" if host in LOOPBACK else host
    for candidate in range(port, min(port + tries, 65536)):
        family, _, _, _, address = socket.getaddrinfo(host, candidate, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(address)
            found.listen(2048)
        except OSError as problem:
            found.close()
            if problem.errno == errno.EADDRINUSE:
                continue
            raise StepFailed(
                f"Cannot listen at {host}, port {candidate}: {problem.strerror}"
            ) from problem
        if not (candidate and host in LOOPBACK and is_taken(candidate)):
            return found
        found.close()
    raise StepFailed(f"No free port from {port} on at {host}")


def static_digest(mode: str) -> str:
    """Changes when a static file, a package, the settings or the mode does."""
    seen = hashlib.sha256(mode.encode())
    for name in ("requirements.txt", "crm/settings.py"):
        seen.update((ROOT / name).read_bytes())
    for folder in sorted([*ROOT.glob("[!.]*/static"), *ROOT.glob("[!.]*/*/static")]):
        for path in sorted(folder.rglob("*")):
            found = path.stat()
            seen.update(f"{path}{found.st_size}{found.st_mtime_ns}".encode())
    return seen.hexdigest()


class Product:
    """Servers and processes of one run, in one data folder."""

    def __init__(self, options: argparse.Namespace, data: Path) -> None:
        self.options, self.data, self.logs = options, data, data / "logs"
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
        """Bring everything up. Raises StepFailed or EmbeddedError with what a person needs
        to know.
        """
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
        """What every process gets.

        The user's own variables win, except over our own servers' addresses.
        """
        found = {name: value for name, value in os.environ.items() if value}
        if self.postgres:
            found = {name: value for name, value in found.items() if not name.startswith("PG")}
            found |= {
                "DATABASE_URL": self.postgres.app_url,
                "DATABASE_OWNER_URL": self.postgres.owner_url,
            }
        if self.valkey:
            found["REDIS_URL"] = self.valkey.url
        usual = {
            "RELEVO_MODE": "development" if self.options.no_demo else "demo",
            "RELEVO_STATIC": str(self.data / "static"),
            "DJANGO_SETTINGS_MODULE": "crm.settings",
        }
        forced = {
            "SECRET_KEY": found.get("SECRET_KEY") or secret_key(self.data),
            "RELEVO_DATA": str(self.data),
            "PYTHONUNBUFFERED": "1",
            MARK: str(self.data),
        }
        return usual | found | forced

    def prepare(self) -> None:
        """Migrations, as the owner of the tables; static files, when one changed; the demo, in that
        mode.
        """
        say("Preparing the database …")
        self.manage("migrate", "--noinput")
        # Nothing below needs the owner's rights.
        self.owner_url = (
            self.environment.pop("DATABASE_OWNER_URL", "") or self.environment["DATABASE_URL"]
        )
        self.collect_static()
        if self.environment["RELEVO_MODE"] == "demo" and not self.options.no_demo:
            say("Preparing the demo …")
            self.manage("seed_demo")

    def collect_static(self) -> None:
        root, note = Path(self.environment["RELEVO_STATIC"]), self.data / "static.digest"
        wanted = static_digest(f"{self.environment['RELEVO_MODE']} {root}")
        if root.exists() and note.exists() and note.read_text() == wanted:
            return
        say("Collecting static files …")
        note.unlink(missing_ok=True)
        self.manage("collectstatic", "--noinput", "--clear")
        write_private(note, wanted)

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end and return what it prints.

        StepFailed brings the last lines.
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
        """Start the web server on a socket of ours, which outlives its crashes; wait for its first
        answer.
        """
        listener = listen(self.options.host, self.options.port)
        port = listener.getsockname()[1]
        if self.options.port and port != self.options.port:
            say(f"Port {self.options.port} is in use; taking {port}.")
        name = (
            "localhost" if self.options.host in (*LOOPBACK, "0.0.0.0", "::") else self.options.host
        )
        self.url = self.environment.setdefault("BASE_URL", f"http://{name}:{port}").rstrip("/")
        say("Starting the web server …")
        web = self.add("web", *gunicorn(listener.fileno()), fds=[listener.fileno()])
        self.listener = listener
        web.start()
        self.wait_until_healthy(web)

    def start_others(self) -> None:
        options = self.options
        for name in numbered("worker", options.workers):
            self.add(
                name,
                *celery("worker", "-Q", "deadline,notify,import", "-c", "2", "-n", f"{name}@%h"),
            )
        for name in numbered("beat", options.beats):
            self.add(name, *celery("beat", "--pidfile=", "-s", str(self.data / f"{name}.schedule")))
        for name in numbered("watchdog", options.watchdogs):
            self.add(name, sys.executable, "manage.py", "watchdog")
        for child in self.children[1:]:
            child.start()

    def add(self, name: str, *command: str, fds: Sequence[int] = ()) -> Child:
        child = Child(name, command, self.environment, ROOT, self.logs / f"{name}.log", fds)
        self.children.append(child)
        return child

    def wait_until_healthy(self, web: Child) -> None:
        host, port = self.listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        names = self.environment.get("ALLOWED_HOSTS", "localhost").split(",")
        until, answer = time.monotonic() + HEALTHY_WITHIN, "no answer"
        while time.monotonic() < until:
            if web.has_ended():
                raise StepFailed(
                    "The web server did not start"
                    f" ({web.log}):\n{without_frames(web.last_words(200))}"
                )
            with contextlib.closing(http.client.HTTPConnection(host, port, timeout=5)) as line:
                try:
                    line.request("GET", "/healthz", headers={"Host": names[0].strip().lstrip(".")})
                    answer = str(line.getresponse().status)
                except (OSError, http.client.HTTPException) as problem:
                    answer = type(problem).__name__
            if answer == "200":
                return
            time.sleep(0.1)
        raise StepFailed(
            f"The web server is not healthy ({answer};"
            f" {web.log}):\n{without_frames(web.last_words(200))}"
        )

    # -- Run

    def watch(self) -> None:
        """Keep everything running until a signal ends it."""
        while True:
            time.sleep(LOOK_EVERY)
            now = time.monotonic()
            pids = self.pids()
            for child in self.children:
                if child.name not in self.options.leave_dead and (news := child.tend(now)):
                    say(news)
            for server in self.servers:
                if server.name not in self.options.leave_dead and not server.is_alive():
                    self.revive(server, now)
            if self.pids() != pids:
                with contextlib.suppress(OSError):  # a full disk must not end what runs
                    self.write_state("ready")

    def revive(self, server: Server, now: float) -> None:
        """Start a server that died, at most once in five seconds."""
        if now < self.server_retries.get(server.name, 0):
            return
        self.server_retries[server.name] = now + 5
        say(f"{server.name} ended; starting it again ({server.log}).")
        try:
            server.start()
        except (EmbeddedError, OSError) as problem:
            say(str(problem))

    def pids(self) -> dict[str, int | None]:
        found: dict[str, int | None] = {"supervisor": os.getpid()}
        return (
            found | {c.name: c.pid for c in self.children} | {s.name: s.pid for s in self.servers}
        )

    def write_state(self, state: str) -> None:
        """Tell other runs and tests about this one.

        The file is private: addresses may hold passwords.
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
        """Processes first, all at once, then the servers.

        A second signal kills what still works.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.hurry)
        with contextlib.suppress(OSError):
            self.write_state("stopping")
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_WITHIN
        while not (
            self.in_a_hurry or time.monotonic() > until or all(c.has_ended() for c in self.children)
        ):
            time.sleep(0.05)
        for child in self.children:
            child.kill_group()
        for server in reversed(self.servers):
            server.stop()
        (self.data / "run.json").unlink(missing_ok=True)

    def hurry(self, *_: Any) -> None:
        self.in_a_hurry = True


def numbered(name: str, count: int) -> list[str]:
    """worker, worker2, worker3, …"""
    return [name + (str(number) if number > 1 else "") for number in range(1, count + 1)]


def gunicorn(listener: int) -> list[str]:
    own = ["--bind", f"fd://{listener}", "--graceful-timeout", "4"]  # below STOP_WITHIN
    return [sys.executable, "-m", "gunicorn", "--config", "python:crm.deploy.web", *own]


def celery(*arguments: str) -> list[str]:
    kind = ["--without-mingle", "--without-gossip"] if arguments[0] == "worker" else []
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "crm.celery",
        *arguments,
        *kind,
        "--loglevel",
        "INFO",
    ]
