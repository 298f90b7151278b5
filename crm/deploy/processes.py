"""Processes: who is alive, who works where, how they are ended; and Child, one that is kept
running.
"""

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

# in the environment of every supervised process: the data folder of its run
MARK = "RELEVO_SUPERVISED"
LOG_LIMIT = 5_000_000  # bytes; a longer log is set aside at the next start
CALM = 60.0  # seconds without a crash after which the next one counts as the first
LONGEST_PAUSE = 30.0  # seconds between a crash and the next start
TRACEBACK = "Traceback (most recent call last)"


def die_with_parent(with_signal: int) -> Callable[[], None] | None:
    """For Popen(preexec_fn=…): the kernel sends ``with_signal`` when the parent is gone.

    Linux only.
    """
    if not sys.platform.startswith("linux"):
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def tie() -> None:
        library.prctl(1, with_signal)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # the parent died before the tie was made
            os._exit(1)

    return tie


def is_alive(process: psutil.Process) -> bool:
    """Whether it still works: without an init, a killed process stays in the table as a zombie."""
    try:
        return process.is_running() and process.status() not in (
            psutil.STATUS_ZOMBIE,
            psutil.STATUS_DEAD,
        )
    except psutil.NoSuchProcess:
        return False


def working_in(folder: Path, program: str) -> list[psutil.Process]:
    """Living processes of ``program`` in ``folder``: both servers change into the folder of their
    data.
    """
    found = psutil.process_iter(["name", "cwd", "ppid"])
    return [
        p
        for p in found
        if p.info["name"] == program and p.info["cwd"] == str(folder) and is_alive(p)
    ]


def left_over(mark: str) -> list[psutil.Process]:
    """Living processes, other than this one, of an earlier run that carry ``mark`` in their
    environment.
    """
    found = psutil.process_iter(["environ"])
    return [
        p
        for p in found
        if (p.info["environ"] or {}).get(MARK) == mark and p.pid != os.getpid() and is_alive(p)
    ]


def end(processes: list[psutil.Process], *signals: int, within: float) -> None:
    """Send one signal after the other, waiting up to ``within`` seconds after each, until all are
    gone.
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
    """Rename a log that has grown too long; one older log is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def tail(text: str, lines: int) -> str:
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def without_frames(text: str) -> str:
    """The last lines of ``text``; of tracebacks only what they say in the end."""
    if TRACEBACK in text:
        kept = (line for line in text.splitlines() if not line.startswith(("  ", TRACEBACK)))
        text = "\n".join(kept)
    return tail(text, 8)


def pause_after(crashes: int) -> float:
    """Seconds to wait before the next start: 1, 2, 4, … after the first, second, third crash in a
    row.
    """
    return min(2.0 ** (crashes - 1), LONGEST_PAUSE)


@dataclass
class Child:
    """A supervised process with a log and a process group of its own."""

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
        with self.log.open("rb") as log:
            log.seek(max(self.log_from, self.log.stat().st_size - 20_000))
            return tail(log.read().decode(errors="replace"), lines)

    def tend(self, now: float) -> str:
        """Start the process again when it has ended and its pause is over.

        Returns what there is to say.
        """
        if self.process and self.process.poll() is not None:
            self.crashes = 1 if now - self.started_at > CALM else self.crashes + 1
            pause, code = pause_after(self.crashes), self.process.returncode
            # what a killed process leaves behind must not work beside its successor
            self.kill_group()
            self.process, self.next_start_at = None, now + pause
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            return (
                f"{self.name} {how}; starting it again in {pause:g} s. {self.log}:"
                f" {self.last_words()}"
            )
        if self.process is None and now >= self.next_start_at:
            try:
                self.start()
            except OSError as problem:  # no memory, a full disk: better later than never
                self.crashes += 1
                self.next_start_at = now + pause_after(self.crashes)
                return f"{self.name} cannot be started now: {problem}"
        return ""

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def kill_group(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
