"""Find and end processes; Child is a process that is kept running."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

# Variable in the environment of every supervised process: the data folder of its run.
MARK = "RELEVO_SUPERVISED"
LOG_LIMIT = 5_000_000  # bytes; a longer log is set aside at the next start
CALM = 60.0  # seconds without a crash after which the next one counts as the first
LONGEST_PAUSE = 30.0  # seconds between a crash and the next start
TRACEBACK = "Traceback (most recent call last)"


def die_with_parent(with_signal: int) -> Callable[[], None] | None:
    """Return a preexec_fn of Popen: the kernel sends ``with_signal`` when the parent dies.

    None on systems other than Linux.
    """
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        library.prctl(1, with_signal)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # the parent died before prctl
            os._exit(1)

    return tie


def is_alive(process: psutil.Process) -> bool:
    """Return whether ``process`` still runs.

    Without an init, a killed process stays in the process table as a zombie.
    """
    try:
        return process.is_running() and process.status() not in (
            psutil.STATUS_ZOMBIE,
            psutil.STATUS_DEAD,
        )
    except psutil.NoSuchProcess:
        return False


def working_in(folder: Path, program: str) -> list[psutil.Process]:
    """Return living processes of ``program`` whose working directory is ``folder``.

    Both servers change to the folder of their data.
    """
    processes = []
    for process in psutil.process_iter(["name", "cwd", "ppid"]):
        is_there = process.info["name"] == program and process.info["cwd"] == str(folder)
        if is_there and is_alive(process):
            processes.append(process)
    return processes


def left_over(mark: str) -> list[psutil.Process]:
    """Return living processes of an earlier run: those with ``mark`` in their environment."""
    processes = []
    for process in psutil.process_iter(["environ"]):
        environment = process.info["environ"] or {}
        is_marked = environment.get(MARK) == mark and process.pid != os.getpid()
        if is_marked and is_alive(process):
            processes.append(process)
    return processes


def end(processes: list[psutil.Process], *signals: int, within: float) -> None:
    """Send one signal after the other until all processes have ended.

    Waits up to ``within`` seconds after each.
    """
    for number in signals:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        until = time.monotonic() + within
        while processes and time.monotonic() < until:
            processes = [process for process in processes if is_alive(process)]
            time.sleep(0.01)


def set_aside(log: Path) -> None:
    """Rename a log that is too long; one older log is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def tail(text: str, lines: int) -> str:
    """Return the last lines of ``text`` that are not blank."""
    written = [line for line in text.splitlines() if line.strip()]
    return "\n".join(written[-lines:])


def without_frames(text: str) -> str:
    """Return the last lines of ``text``; of tracebacks only the error itself."""
    if TRACEBACK in text:
        kept = (line for line in text.splitlines() if not line.startswith(("  ", TRACEBACK)))
        text = "\n".join(kept)
    return tail(text, 8)


def pause_after(crashes: int) -> float:
    """Return the seconds to wait before the next start: 1, 2, 4, … after each crash in a row."""
    return min(2.0 ** (crashes - 1), LONGEST_PAUSE)


@dataclass
class Child:
    """A supervised process with its own log and process group."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    crashes: int = 0
    log_from: int = 0
    started_at: float = 0.0
    next_start_at: float = 0.0

    def start(self) -> None:
        """Start the process. Raises OSError."""
        set_aside(self.log)
        with self.log.open("ab") as log:
            self.log_from = log.tell()
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.fds,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def last_words(self, lines: int = 1) -> str:
        """Return the last lines of the log since the start."""
        with self.log.open("rb") as log:
            log.seek(max(self.log_from, self.log.stat().st_size - 20_000))
            return tail(log.read().decode(errors="replace"), lines)

    def tend(self, now: float) -> str:
        """Start the process again when it has ended and its pause is over.

        Returns a line for the terminal, or an empty string.
        """
        if self.process and self.process.poll() is not None:
            return self._note_end(self.process.returncode, now)
        if self.process is None and now >= self.next_start_at:
            try:
                self.start()
            except OSError as problem:  # no memory or a full disk: try again later
                self.crashes += 1
                self.next_start_at = now + pause_after(self.crashes)
                return f"{self.name} cannot be started now: {problem}"
        return ""

    def _note_end(self, code: int, now: float) -> str:
        """Count the crash, set the time of the next start, and return a line for the terminal."""
        was_calm = now - self.started_at > CALM
        self.crashes = 1 if was_calm else self.crashes + 1
        pause = pause_after(self.crashes)
        # Children of the ended process must not run beside its successor.
        self.kill_group()
        self.process = None
        self.next_start_at = now + pause
        how = f"ended with code {code}"
        if code < 0:
            how = f"was killed by signal {-code}"
        again = f"starting it again in {pause:g} s"
        return f"{self.name} {how}; {again}. {self.log}: {self.last_words()}"

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def kill_group(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
