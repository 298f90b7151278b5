"""`make run`: ports, one run per data folder, and the whole of it killed and started again."""

import contextlib
import fcntl
import json
import socket
import subprocess
import threading

import pytest

from crm.deploy.commands import numbered
from crm.deploy.run import parse, sole_user
from crm.deploy.sockets import listen
from crm.deploy.static_files import static_digest
from crm.deploy.terminal import StepFailed
from tests.harness.prepared import ROOT


def test_taken_port_gives_the_next_free_one():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] < port + 100


def test_port_taken_at_the_other_localhost_is_taken_too():
    with contextlib.closing(socket.socket(socket.AF_INET6)) as other:
        try:
            other.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        other.listen()
        port = other.getsockname()[1]
        with listen("localhost", port) as found:
            assert found.getsockname()[1] != port


def test_address_that_is_not_ours_is_said_plainly():
    with pytest.raises(StepFailed, match=r"Cannot listen at 192\.0\.2\.1, port 8000"):
        listen("192.0.2.1", 8000)


@pytest.mark.parametrize("value", ["http", "-1", "65536", "80 80"])
def test_bad_port_is_refused_by_name(monkeypatch, value):
    monkeypatch.setenv("RELEVO_PORT", value)
    with pytest.raises(SystemExit, match="RELEVO_PORT"):
        parse([])


def test_environment_wins_over_the_env_file_and_options_over_both(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("RELEVO_PORT=8100\nRELEVO_HOST=0.0.0.0\n")
    monkeypatch.delenv("RELEVO_HOST", raising=False)
    monkeypatch.setenv("RELEVO_PORT", "8200")
    options = parse(["--env-file", str(tmp_path / ".env"), "--host", "127.0.0.1"])
    monkeypatch.delenv("RELEVO_HOST", raising=False)
    assert (options.port, options.host) == (8200, "127.0.0.1")


def test_processes_are_numbered():
    assert numbered("worker", 3) == ["worker", "worker2", "worker3"]
    assert numbered("beat", 0) == []


def test_static_digest_depends_on_the_mode():
    assert static_digest("demo") == static_digest("demo") != static_digest("production")


def test_second_run_in_one_folder_names_the_first(tmp_path):
    state = {"state": "ready", "url": "http://localhost:8000", "pids": {"supervisor": 42}}
    (tmp_path / "run.json").write_text(json.dumps(state))
    with (
        sole_user(tmp_path),
        pytest.raises(SystemExit, match=r"already runs .*: http://localhost:8000 \(process 42\)"),
        sole_user(tmp_path),
    ):
        pass


def test_run_that_is_stopping_is_waited_for(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"state": "stopping"}))
    held = (tmp_path / "run.lock").open("a")
    fcntl.flock(held, fcntl.LOCK_EX)
    threading.Timer(0.7, held.close).start()
    with sole_user(tmp_path):
        assert held.closed


def test_help_tells_every_target():
    targets = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    for name in ("run", "test", "lint", "manage", "messages", "requirements", "clean"):
        assert f"  make {name} " in targets
