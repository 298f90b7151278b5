"""`make run`: start Relevo in order, keep it running, stop it; `--help` lists the options."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import environ

from crm.deploy.embedded import Postgres, Valkey
from crm.deploy.places import (
    ROOT,
    EmbeddedError,
    data_folder,
    read_state,
    runtime_folder,
    stand_in,
)
from crm.deploy.product import Product
from crm.deploy.sockets import LOOPBACK
from crm.deploy.terminal import StepFailed, say

RULE = "─" * 72


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crm.deploy.run", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, help="data folder (RELEVO_DATA, else .relevo)")
    add("--host", help="address to listen on (RELEVO_HOST, else 127.0.0.1)")
    add("--port", type=int, help="port (RELEVO_PORT, else 8000); 0 takes any free one")
    add("--no-demo", action="store_true", help="no demo data; the mode is development unless set")
    add("--workers", type=int, default=1, metavar="N", help="how many Celery workers")
    add("--beats", type=int, default=1, metavar="N", help="how many Celery beats")
    add("--watchdogs", type=int, default=1, metavar="N", help="how many watchdogs")
    add(
        "--embedded",
        action="store_true",
        help="own servers, whatever DATABASE_URL and REDIS_URL say",
    )
    add("--leave-dead", action="append", default=[], metavar="NAME", help="never start NAME again")
    add("--ready-file", type=Path, help="write addresses and process ids to this file when ready")
    add("--env-file", type=Path, help="take variables that are not set from this file")
    add("--with-parent", action="store_true", help="stop when the starting process dies")
    add(
        "--manage",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="run a management command on this data",
    )
    add(
        "--remove",
        action="store_true",
        help="stop a run from this data folder, remove its data, and end",
    )
    options = parser.parse_args(arguments)
    if options.env_file and options.env_file.exists():
        environ.Env.read_env(options.env_file)
    options.data = options.data or Path(os.environ.get("RELEVO_DATA") or ROOT / ".relevo")
    options.host = options.host or os.environ.get("RELEVO_HOST") or "127.0.0.1"
    if options.port is None:
        options.port = port_of(os.environ.get("RELEVO_PORT") or "8000")
    return options


def port_of(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise SystemExit(f"RELEVO_PORT={text!r} is not accepted: use a number from 0 to 65535")
    return int(text)


@contextlib.contextmanager
def sole_user(data: Path, patience: float = 15) -> Iterator[None]:
    """Lock ``data`` for one run.

    Waits up to ``patience`` seconds for a run that is stopping. Raises SystemExit for one that
    goes on.
    """
    with (data / "run.lock").open("a") as lock:
        until = time.monotonic() + patience
        looks = 0
        while not locked(lock.fileno()):
            state = read_state(data)
            is_stopping = state.get("state") == "stopping"
            looks = 0 if is_stopping else looks + 1
            if looks > 3 or time.monotonic() > until:
                where = state.get("url") or "still starting"
                pid = supervisor_of(state)
                raise SystemExit(f"Relevo already runs from {data}: {where} (process {pid}).")
            time.sleep(0.5)
        yield


def locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def supervisor_of(state: dict[str, Any]) -> int | None:
    return state.get("pids", {}).get("supervisor")


def catch_signals(with_parent: bool) -> None:
    """Turn signals to stop into KeyboardInterrupt, and with ``with_parent`` its death too."""

    def interrupt(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, interrupt)
    if with_parent and sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def banner(product: Product, wanted: Path) -> str:
    """Return what the terminal shows once Relevo runs; ``wanted`` is the folder asked for."""
    lines = [f"Relevo runs at  {product.url}", ""]
    if product.environment["RELEVO_MODE"] == "demo":
        with contextlib.suppress(StepFailed):  # the banner is useful without the people too
            lines += [*product.manage("demo_people").strip().splitlines(), ""]
    is_production = product.environment["RELEVO_MODE"] == "production"
    # Visitors from other machines have to type the set-up code.
    if is_production or product.options.host not in LOOPBACK:
        with contextlib.suppress(StepFailed):
            lines += [*product.manage("setup_code").strip().splitlines(), ""]
    lines.append(f"Data            {product.data}")
    if product.data != wanted.expanduser().resolve():
        lines.append(
            f"                (not {wanted}: the servers, who do not run as root, cannot get there)"
        )
    lines.append(f"Logs            {product.logs}")
    lines.append("Stop            Ctrl-C")
    return "\n".join(["", RULE, *(f"  {line}".rstrip() for line in lines), RULE])


def run(options: argparse.Namespace) -> int:
    data = data_folder(options.data)
    with sole_user(data):
        product = Product(options, data)
        try:
            product.start()
            say(banner(product, options.data))
            product.watch()
            code = 0
        except KeyboardInterrupt:
            say("\nStopping …")
            code = 0
        except (StepFailed, EmbeddedError) as problem:
            say(f"\nRelevo did not start. {problem}")
            code = 1
        finally:
            product.stop()
        return code


def manage(options: argparse.Namespace) -> int:
    """Run one management command on this data.

    It runs beside the running product, else with servers that it starts and stops.
    """
    data = data_folder(options.data)
    product = Product(options, data)
    with servers_of(product):
        state = read_state(data)
        if state.get("state") == "ready":
            os.environ.setdefault("RELEVO_MODE", state["mode"])
            os.environ.setdefault("BASE_URL", state["url"])
        environment = product.make_environment()
        return subprocess.call(
            [sys.executable, "manage.py", *options.manage], cwd=ROOT, env=environment
        )


@contextlib.contextmanager
def servers_of(product: Product) -> Iterator[None]:
    """Use the servers of the running product, else start them and stop them afterwards."""
    with contextlib.ExitStack() as stack:
        if is_free(product.data):
            stack.enter_context(sole_user(product.data))
            stack.callback(product.stop)
            product.start_servers()
        yield


def is_free(data: Path) -> bool:
    with (data / "run.lock").open("a") as lock:
        return locked(lock.fileno())


def remove(options: argparse.Namespace) -> int:
    """Stop what runs and remove its data and those of tests: only what Relevo itself created."""
    wanted = options.data.expanduser().resolve()
    data_folders = []
    for folder in (*(wanted / "test").glob("*"), wanted):
        candidates = (folder, stand_in(folder))
        data_folders += [data for data in candidates if (data / "run.lock").exists()]
    for data in data_folders:
        supervisor = supervisor_of(read_state(data))
        if supervisor and not is_free(data):
            say(f"Stopping process {supervisor} …")
            os.kill(supervisor, signal.SIGTERM)
        with sole_user(data):
            for server in (Postgres(data), Valkey(data)):
                server.stop()
            remove_data(data)
    if not data_folders:
        say(f"There is no data of Relevo in {wanted}.")
    return 0


def remove_data(data: Path) -> None:
    for name in ("postgres", "postgres.new", "valkey", "logs", "static"):
        shutil.rmtree(data / name, ignore_errors=True)
    for pattern in ("run.json*", "run.lock", "secret_key*", "static.digest*", "*.schedule*"):
        for path in data.glob(pattern):
            path.unlink()
    shutil.rmtree(runtime_folder(data))  # with the socket of a killed server
    for folder in (data / "test", data):
        with contextlib.suppress(OSError):  # it holds files that are not Relevo's
            folder.rmdir()
    rest = " (but for what is not Relevo's)" if data.exists() else ""
    say(f"Removed {data}{rest}.")


def main(arguments: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A terminal may not be able to show "…".
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    options = parse(arguments)
    catch_signals(options.with_parent)
    try:
        if options.manage:
            return manage(options)
        if options.remove:
            return remove(options)
        return run(options)
    except KeyboardInterrupt:
        return 130
    except (EmbeddedError, OSError) as problem:
        say(f"Relevo did not start. {problem}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
