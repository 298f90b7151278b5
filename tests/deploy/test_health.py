"""Health checks say what is wrong, and that it is."""

import http.server
import os
import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from psycopg2.extensions import make_dsn

from crm.deploy import health
from sla.clocks import heartbeats
from sla.models import Heartbeat


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/readyz" and self.headers["Host"] == "relevo.example.com"
        self.send_response(200 if known else 503)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_web_is_asked_by_a_name_that_it_answers_to(monkeypatch, address, capsys):
    monkeypatch.setenv("ALLOWED_HOSTS", "relevo.example.com, other.example.com")
    assert health.main(["web", address]) == 0
    monkeypatch.setenv("ALLOWED_HOSTS", "")
    assert health.main(["web", address]) == 1
    assert capsys.readouterr().out == "/readyz answered 503\n"


def test_web_that_nobody_serves_is_not_healthy(capsys):
    assert health.main(["web", "127.0.0.1:9"]) == 1
    assert capsys.readouterr().out.startswith("ConnectionRefusedError")


def test_beat_that_stopped_writing_is_not_healthy(tmp_path, capsys):
    schedule = str(tmp_path / "beat.schedule")
    assert health.main(["beat", schedule]) == 1
    written = tmp_path / "beat.schedule.db"  # as some systems name it
    written.touch()
    assert health.main(["beat", schedule]) == 0
    old = written.stat().st_mtime - health.BEAT_WRITES_WITHIN - 1
    os.utime(written, (old, old))
    assert health.main(["beat", schedule]) == 1
    assert "was written 601 s ago" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_watchdog_that_stopped_looking_is_not_healthy(monkeypatch, capsys):
    monkeypatch.setenv(
        "DATABASE_URL", make_dsn(**connection.get_connection_params() | {"cursor_factory": None})
    )
    assert health.main(["watchdog"]) == 1
    heartbeats.beat(heartbeats.WATCHDOG)
    assert health.main(["watchdog"]) == 0
    row = Heartbeat.objects.get(pk="watchdog")
    Heartbeat.objects.filter(pk="watchdog").update(beat_at=row.beat_at - timedelta(seconds=61))
    assert health.main(["watchdog"]) == 1
    assert re.match(
        r"the watchdog has not looked yet\nthe watchdog looked 6\d s ago\n$",
        capsys.readouterr().out,
    )


def test_unknown_check_says_how(capsys):
    with pytest.raises(SystemExit, match=r"web\|worker NAME\|beat FILE\|watchdog"):
        health.main(["database"])
