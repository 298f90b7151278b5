"""Prepare `.venv` and continue in it: `python3 crm/deploy/bootstrap.py [--tests] [-- ARGUMENTS…]`.

The Python of `.venv` replaces this process and gets the arguments after `--`. This file uses only
the standard library and old syntax, so that an old Python can run it and report that it is too old.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent.parent
OLDEST = (3, 11)
NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"]
RUN, TESTS = "requirements.txt", "tests/requirements.txt"
# Prints the version of a candidate, and whether it can create a virtual environment.
PROBE = """
import sys
try:
    import ensurepip, venv
    able = 1
except ImportError:
    able = 0
print(sys.version_info[0], sys.version_info[1], able)
"""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def output_of(command: list) -> str:
    """Return what ``command`` prints; empty when it cannot be run or fails."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        return ""
    if done.returncode != 0:
        return ""
    return done.stdout.decode(errors="replace").strip()


def find_python(candidates: list) -> str:
    """Return the path of the first candidate that can create a virtual environment.

    Raises SystemExit with one message: no Python, only old ones, or one without its venv module.
    """
    seen = []
    for candidate in candidates:
        answer = output_of([candidate, "-c", PROBE]).split()
        if len(answer) != 3:
            continue
        version = (int(answer[0]), int(answer[1]))
        able = answer[2] == "1"
        if version >= OLDEST and able:
            return str(candidate)
        seen.append((version, able))
    wanted = f"Python {OLDEST[0]}.{OLDEST[1]} or newer"
    if any(version >= OLDEST for version, _ in seen):
        raise SystemExit(
            f"{wanted} is here without its venv module. On Debian: apt-get install python3-venv"
        )
    if seen:
        newest = max(seen)[0]
        raise SystemExit(f"{wanted} is needed; the newest found is {newest[0]}.{newest[1]}.")
    raise SystemExit(f"{wanted} is needed; none was found.")


def candidates(besides: Path) -> list:
    """Return this interpreter, then the usual names on PATH.

    None is from the folder ``besides``, which may be created again.
    """
    folders = [name for name in os.environ.get("PATH", os.defpath).split(os.pathsep) if name]
    search = os.pathsep.join(name for name in folders if besides not in Path(name).parents)
    on_path = [shutil.which(name, path=search) for name in NAMES]
    unique = dict.fromkeys(path for path in (sys.executable, *on_path) if path)
    return [path for path in unique if besides not in Path(path).parents]


class Environment:
    """`.venv` of one checkout, with a marker: the hashes of the requirements that are installed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.marker = self.folder / "relevo-installed.json"
        # Exists while pip works. Later it means that pip was killed and no package can be trusted.
        self.unfinished = self.folder / "relevo-unfinished"

    def digests(self, files: list) -> dict:
        return {name: hashlib.sha256((self.root / name).read_bytes()).hexdigest() for name in files}

    def installed(self) -> dict:
        try:
            return dict(json.loads(self.marker.read_text()))
        except (OSError, ValueError):
            return {}

    def version(self) -> str:
        """Return the version of the environment's Python.

        Python itself prints it, because a system upgrade may have replaced it.
        """
        script = "import sys; print(*sys.version_info[:2], sep='.')"
        return output_of([str(self.python), "-I", "-S", "-c", script])

    def is_current(self, files: list) -> bool:
        """Return whether exactly the requirements of ``files`` are installed."""
        version = self.version()
        if not version or self.unfinished.exists():
            return False
        known = self.installed()
        wanted = dict(self.digests(files), python=version)
        return all(known.get(name) == value for name, value in wanted.items())

    def is_usable(self) -> bool:
        """Return whether pip can work in it: complete, no install was killed, Python new enough."""
        version = self.version()
        if not version or self.unfinished.exists():
            return False
        is_same = self.installed().get("python", version) == version
        is_new_enough = tuple(int(part) for part in version.split(".")) >= OLDEST
        if not is_same or not is_new_enough:
            return False
        return output_of([str(self.python), "-c", "import pip; print('yes')"]) == "yes"

    def make(self, python: str) -> None:
        """Create the environment; an existing one is cleared."""
        if self.folder.exists():
            say("Making .venv anew (it was incomplete) …")
        else:
            say("Making .venv …")
        done = subprocess.run(
            [python, "-m", "venv", "--clear", str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            raise SystemExit("Could not make .venv:\n" + tail(done.stdout.decode(errors="replace")))

    def install(self, files: list) -> None:
        """Install ``files`` with pip and the user's pip configuration.

        Raises SystemExit with pip's last lines.
        """
        wanted = self.digests(files)
        log = self.folder / "relevo-install.log"
        say(f"Installing the packages of {' and '.join(files)}; about a minute the first time …")
        self.unfinished.touch()
        command = [
            str(self.python),
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
        ]
        for name in files:
            command += ["-r", str(self.root / name)]
        with log.open("wb") as out:
            code = subprocess.call(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        if code < 0:
            raise SystemExit(f"pip was stopped by signal {-code}; run the same command again.")
        # pip ended by itself: it has rolled back what it could not finish.
        self.unfinished.unlink()
        if code != 0:
            raise SystemExit(
                f"pip failed (all of it: {log}):\n{tail(log.read_text(errors='replace'))}"
            )
        partial = self.marker.with_suffix(".new")
        partial.write_text(json.dumps(dict(wanted, python=self.version())))
        partial.replace(self.marker)


def tail(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


@contextlib.contextmanager
def alone(folder: Path):  # type: ignore[no-untyped-def]
    """Hold a lock on ``folder``: `make run` and `make test` may start at the same moment."""
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def prepare(environment: Environment, files: list, find=find_python) -> None:  # type: ignore[no-untyped-def]
    """Install what ``files`` require into ``environment``, unless it is current."""
    if environment.is_current(files):
        return
    if not environment.is_usable():
        environment.make(find(candidates(besides=environment.folder)))
    environment.install(files)


def main(arguments: list) -> int:
    if fcntl is None:
        raise SystemExit("Relevo runs on Linux and macOS; on Windows use WSL or docker compose.")
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = arguments[:split], arguments[split + 1 :]
    if any(option != "--tests" for option in options):
        raise SystemExit("usage: bootstrap.py [--tests] [-- ARGUMENTS FOR PYTHON]")
    environment = Environment(ROOT)
    files = [RUN, TESTS] if "--tests" in options else [RUN]
    with alone(ROOT):
        prepare(environment, files)
    if command:
        os.chdir(str(ROOT))
        os.execv(str(environment.python), [str(environment.python), *command])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nStopped; run the same command again to go on.")
        sys.exit(130)
