"""Keep a dump of the short demo of one commit: `.venv/bin/python -m tests.upgrades.keep COMMIT`.

The code of that commit makes it, with the packages installed here, on a PostgreSQL of its own.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg2

from crm.deploy.embedded import Postgres
from tests.harness.prepared import OURS
from tests.harness.products import scratch_folder
from tests.sources import ROOT
from tests.upgrades.dumps import FOLDER, LARGEST, MOMENT, pg_dump

SEED = """
from crm import tasks
from crm.demo import seeding
from crm.lib import clock
seeding.seed(at=clock.now(), leads=30)
tasks.sweep()
tasks.drain()
tasks.send_mails()
"""


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


def keep(commit: str) -> Path:
    """Make the demo with the code of ``commit`` and write its dump.

    Raises ValueError when it is too large.
    """
    short = git("rev-parse", "--short=7", commit).decode().strip()
    with scratch_folder() as folder:
        code = folder / "code"
        with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
            archive.extractall(code, filter="data")
        server = Postgres(folder, for_tests=True)
        server.start()
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        environment |= {
            "RELEVO_MODE": "demo",
            "SECRET_KEY": "only-for-a-dump-" + "x" * 50,
            "DATABASE_URL": server.owner_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",  # nothing connects to it
        }
        for arguments in (
            ["migrate", "-v", "0"],
            ["shell", "-v", "0", "-c", SEED],
            ["check_invariants"],
        ):
            command = [sys.executable, "-W", "ignore", "manage.py", *arguments]
            subprocess.run(
                command, cwd=code, env=environment, check=True, stdout=subprocess.DEVNULL
            )
        with (
            contextlib.closing(psycopg2.connect(server.owner_url)) as found,
            found.cursor() as cursor,
        ):
            cursor.execute("SELECT relevo_now()")
            moment = cursor.fetchone()[0]
        text = f"{MOMENT}{moment.isoformat()}\n" + pg_dump(
            server.owner_url, "--inserts", "--rows-per-insert=200"
        )
    packed = gzip.compress(text.encode(), mtime=0)
    if len(packed) > LARGEST:
        raise ValueError(f"The dump has {len(packed)} bytes, more than {LARGEST}")
    path = FOLDER / f"{moment:%Y-%m-%d}_{short}.sql.gz"
    path.write_bytes(packed)
    return path


if __name__ == "__main__":
    print(keep(sys.argv[1]))
