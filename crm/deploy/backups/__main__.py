"""`make backup` and `make restore`, and their half inside the containers (README: Backups)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from crm.deploy import run
from crm.deploy.backups.archive import BackupError
from crm.deploy.backups.backup import backup, pack
from crm.deploy.backups.restore import restore
from crm.deploy.places import EmbeddedError
from crm.deploy.terminal import StepFailed, say


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crm.deploy.backups", description=__doc__)
    parser.add_argument("act", choices=["backup", "restore", "pack"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--data", help="data folder (RELEVO_DATA, else .relevo)")
    parser.add_argument("--env-file", help="take variables that are not set from this file")
    return parser.parse_args(arguments)


def options_of(given: argparse.Namespace) -> argparse.Namespace:
    """Return the options of `make run` for the same data."""
    arguments = ["--no-demo"]
    for name in ("data", "env_file"):
        if value := getattr(given, name):
            arguments += [f"--{name.replace('_', '-')}", value]
    return run.parse(arguments)


def main(arguments: list[str] | None = None) -> int:
    given = parse(arguments)
    options = options_of(given)
    run.catch_signals(with_parent=False)
    try:
        if given.act == "pack":
            pack()
        elif given.act == "backup":
            path = backup(options, given.file)
            say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB).")
            say("It holds the secret key and all personal data: keep it where only you can read.")
        elif given.file is None:
            raise BackupError("Which backup? make restore FILE=…")
        else:
            say(restore(options, given.file).strip())
    except KeyboardInterrupt:
        return 130
    except (BackupError, StepFailed, EmbeddedError, OSError) as problem:
        print(f"{given.act} failed. {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
