"""Folders that are shared with others are checked; what `nobody` cannot reach is replaced."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from crm.deploy import places
from crm.deploy.places import EmbeddedError, copied_package, data_folder, own_folder, secret_key

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root leaves the servers to nobody")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_own_folder_has_the_mode_asked_for_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        assert mode(own_folder(tmp_path / "new", 0o711, os.geteuid(), refused=0o022)) == 0o711
    finally:
        os.umask(before)


def test_own_folder_refuses_a_link_a_file_and_a_folder_open_to_others(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o770)

    for name in ("link", "file", "open"):
        with pytest.raises(EmbeddedError, match="is not a private folder of"):
            own_folder(tmp_path / name, 0o700, os.geteuid())


def test_own_folder_refuses_a_folder_of_somebody_else():
    with pytest.raises(EmbeddedError, match="/usr is not a private folder of"):
        own_folder(Path("/usr"), 0o755, os.geteuid() + 1, refused=0o022)


def test_data_folder_leaves_the_mode_of_an_existing_folder_alone(tmp_path):
    wanted = Path("/var/tmp") / f"relevo-test-{os.getpid()}"
    wanted.mkdir(mode=0o755)
    try:
        assert data_folder(wanted) == wanted
        assert mode(wanted) == 0o755
    finally:
        wanted.rmdir()


@as_root
def test_data_folder_below_a_folder_of_root_alone_moves_to_var_tmp(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)
    wanted = tmp_path / "closed" / ".relevo"

    found = data_folder(wanted)

    try:
        assert found.parent == Path("/var/tmp")
        assert found == data_folder(wanted)
        assert wanted.exists() is False
        assert mode(found) == 0o711
    finally:
        found.rmdir()


def test_copy_of_a_package_is_readable_whole_and_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(places.importlib.metadata, "version", lambda name: f"0-{os.getpid()}")
    package = tmp_path / "relevo_example"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "server").write_text("#!/bin/sh\n")
    (package / "bin" / "server").chmod(0o700)
    (tmp_path / "relevo_example.libs").mkdir()
    (tmp_path / "relevo_example.libs" / "lib.so").write_text("library")
    (tmp_path / "relevo_example.libs" / "lib.so").chmod(0o600)

    copy = copied_package(package)

    try:
        assert (copy.parent.parent, copy.name) == (Path("/var/tmp"), "relevo_example")
        assert mode(copy / "bin" / "server") == 0o755
        assert mode(copy.parent / "relevo_example.libs" / "lib.so") == 0o644
        (copy.parent / "relevo_example.libs" / "lib.so").unlink()  # as a cleaner of /var/tmp does
        copied_package(package)
        assert (copy.parent / "relevo_example.libs" / "lib.so").read_text() == "library"
    finally:
        shutil.rmtree(copy.parent)


def test_secret_key_is_made_once_and_private(tmp_path):
    key = secret_key(tmp_path)

    assert len(key) >= 50
    assert secret_key(tmp_path) == key
    assert mode(tmp_path / "secret_key") == 0o600
