"""The file of a backup: whole, private, and refused when it is not."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import zipfile
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm.deploy.backups import archive, backup, restore
from crm.deploy.backups.archive import Archive, BackupError
from crm.deploy.backups.postgres_tools import Database
from tests.sources import ROOT

TAKEN_AT = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
DUMP = bytes(range(256)) * 20_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "b.zip"
    with backup.private_file(path) as out:
        archive.write(out, io.BytesIO(DUMP), key="the key", taken_at=TAKEN_AT)
    return path


def test_backup_is_read_as_it_was_written(file: Path) -> None:
    found = Archive(file)
    assert (found.key, found.taken_at, found.size) == ("the key", TAKEN_AT, len(DUMP))
    assert b"".join(found.pieces()) == DUMP


def test_backup_is_private(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def change_a_byte(path: Path) -> None:
    with path.open("r+b") as out:
        out.seek(path.stat().st_size // 2)
        out.write(b"\x00\x00\x00")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def put_another_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("letter.txt", "Hello")


def leave_the_dump_out(path: Path) -> None:
    with path.open("wb") as out:
        archive.write(out, io.BytesIO(b""), key="the key", taken_at=TAKEN_AT)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut, "is no backup of Relevo, or was cut off"),
        (empty, "is no backup of Relevo, or was cut off"),
        (put_another_zip, "is no backup of Relevo, or was cut off"),
        (change_a_byte, "is damaged: database.dump"),
        (leave_the_dump_out, "is damaged: database.dump"),
        (os.unlink, "There is no file"),
    ],
)
def test_other_files_are_refused(file: Path, harm, words: str) -> None:
    harm(file)
    with pytest.raises(BackupError, match=words):
        Archive(file)


# -- Where it is written


def test_folder_gets_a_file_named_by_the_moment(tmp_path: Path) -> None:
    assert backup.place(tmp_path, TAKEN_AT) == tmp_path / "relevo-2026-11-30T093000Z.zip"
    assert backup.place(tmp_path / "x.zip", TAKEN_AT) == tmp_path / "x.zip"


def test_no_place_is_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert backup.place(None, TAKEN_AT) == Path("backups/relevo-2026-11-30T093000Z.zip")
    assert stat.S_IMODE(Path("backups").stat().st_mode) == 0o700


def test_no_backup_takes_the_place_of_another(file: Path) -> None:
    with pytest.raises(BackupError, match="exists already"):
        backup.place(file, TAKEN_AT)
    with pytest.raises(BackupError, match="There is no folder"):
        backup.place(file.parent / "no" / "x.zip", TAKEN_AT)


def test_key_is_the_one_that_is_set_or_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(BackupError, match="SECRET_KEY is not set, and there is none in"):
        backup.key_of(tmp_path)
    (tmp_path / "secret_key").write_text("stored\n")
    assert backup.key_of(tmp_path) == "stored"
    monkeypatch.setenv("SECRET_KEY", "set")
    assert backup.key_of(tmp_path) == "set"


def test_folder_without_data_has_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(BackupError, match="There is no data of Relevo in"):
        backup.backup(Namespace(data=tmp_path / "none", embedded=False), None)


# -- Where it is restored


@pytest.mark.parametrize("name", ["postgres", "secret_key", "valkey", "letter.txt"])
def test_folder_that_is_not_empty_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "run.lock").touch()
    (tmp_path / "test").mkdir()
    restore.check_empty(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(BackupError, match=rf"is not empty \({name}\): nothing was restored"):
        restore.check_empty(tmp_path)


def test_other_key_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "another")
    with pytest.raises(BackupError, match="SECRET_KEY is not the one of the backup"):
        restore.check_key(Archive(file))
    monkeypatch.setenv("SECRET_KEY", "the key")
    restore.check_key(Archive(file))


def test_password_travels_in_the_environment() -> None:
    address = "postgres://own%40er:p%2Fw@db.test:6000/relevo?sslmode=require&application_name=x"
    database = Database(address)
    wanted = {
        "PGUSER": "own@er",
        "PGPASSWORD": "p/w",
        "PGHOST": "db.test",
        "PGPORT": "6000",
        "PGDATABASE": "relevo",
        "PGSSLMODE": "require",
        "PGAPPNAME": "x",
    }
    found = {name: value for name, value in database.environment().items() if name[:2] == "PG"}
    assert (found, database.role, database.name) == (wanted, "own@er", "relevo")


# -- In a container, over pipes


def packed(dump: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "crm.deploy.backups", "pack"]
    environment = {**os.environ, "SECRET_KEY": "the key"}
    return subprocess.run(command, cwd=ROOT, env=environment, input=dump, capture_output=True)


def test_pipe_of_a_dump_becomes_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(packed(DUMP + b"whole\n").stdout)
    assert Archive(path).key == "the key"
    assert b"".join(Archive(path).pieces()) == DUMP


def test_pipe_that_breaks_off_is_a_failure() -> None:
    done = packed(DUMP)
    assert (done.returncode, b"pack failed. The dump was cut off" in done.stderr) == (1, True)
