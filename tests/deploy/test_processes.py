"""Processes are told apart, ended, and started again with growing pauses."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from crm.deploy.processes import (
    MARK,
    Child,
    end,
    is_alive,
    left_over,
    pause_after,
    set_aside,
    tail,
    without_frames,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_pause_doubles_up_to_half_a_minute():
    assert [pause_after(crashes) for crashes in (1, 2, 3, 4, 5, 6, 50)] == [1, 2, 4, 8, 16, 30, 30]


def test_zombie_is_not_alive():
    process = subprocess.Popen(SLEEP)
    found = psutil.Process(process.pid)
    assert is_alive(found) is True

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert found.status() == psutil.STATUS_ZOMBIE
    assert is_alive(found) is False
    process.wait()


def test_end_goes_on_to_the_next_signal():
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); "
        "print(1, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    process.stdout.readline()

    end([psutil.Process(process.pid)], signal.SIGTERM, signal.SIGKILL, within=0.3)

    assert process.wait() == -signal.SIGKILL


def test_left_over_finds_grandchildren_by_their_mark(tmp_path):
    code = f"import subprocess; p = subprocess.Popen({SLEEP!r}); print(p.pid, flush=True); p.wait()"
    mark = str(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        text=True,
    )
    grandchild = int(process.stdout.readline())

    found = left_over(mark)

    assert {p.pid for p in found} == {process.pid, grandchild}
    end(found, signal.SIGKILL, within=5)
    assert left_over(mark) == []
    process.wait()


@pytest.fixture
def child(tmp_path):
    made = Child("web", SLEEP, dict(os.environ), tmp_path, tmp_path / "web.log")
    made.start()
    yield made
    made.kill_group()


def test_child_that_crashes_is_started_again_after_its_pause(child):
    first, now = child.pid, time.monotonic()
    os.kill(first, signal.SIGKILL)
    child.process.wait()

    assert child.tend(now).startswith("web was killed by signal 9; starting it again in 1 s.")
    assert child.tend(now + 0.9) == ""
    assert child.pid is None
    child.tend(now + 1.0)
    assert child.pid not in (None, first)
    assert child.has_ended() is False


def test_child_that_cannot_be_started_is_tried_again_later(child, monkeypatch):
    child.kill_group()
    now = time.monotonic()
    child.tend(now)
    monkeypatch.setattr(child, "command", ["/nowhere/program"])

    assert child.tend(now + 1).startswith("web cannot be started now: ")
    assert child.next_start_at == now + 1 + 2
    assert child.tend(now + 1) == ""


def test_child_that_crashes_in_a_row_waits_longer_and_a_calm_one_does_not(child):
    os.kill(child.pid, signal.SIGKILL)
    child.process.wait()
    child.crashes = 3
    assert "in 8 s" in child.tend(child.started_at + 1)

    child.start()
    os.kill(child.pid, signal.SIGKILL)
    child.process.wait()
    assert "in 1 s" in child.tend(child.started_at + 61)


def test_long_log_is_set_aside(tmp_path):
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 5_000_001)
    set_aside(log)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log.1"]


def test_traceback_is_told_by_its_end():
    text = (
        'Traceback (most recent call last):\n  File "a.py", line 1\n    do()\nValueError: '
        "bad\n\tno hint\n"
    )
    assert without_frames("  Applying …\n" + text) == "ValueError: bad\n\tno hint"
    assert without_frames("CommandError: no such file\n") == "CommandError: no such file"


def test_tail_skips_empty_lines():
    assert tail("one\n\ntwo\n\n \nthree\n\n", 2) == "two\nthree"
