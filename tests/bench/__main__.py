"""Runs the benchmarks: `make bench`, `make bench ARGS="--leads 10000 --only queue"`."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.harness.products import scratch_folder

SIZES = [10_000, 100_000]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add(
        "--leads",
        type=int,
        action="extend",
        nargs="+",
        help="how many leads, one number or several (10000 and 100000)",
    )
    add(
        "--only",
        action="append",
        default=[],
        metavar="WORDS",
        help="benchmarks with these words in their name",
    )
    add("--repeat", type=int, default=15, help="measured requests of each kind (15)")
    add(
        "--shares",
        action="store_true",
        help="CPU of each route, served by gunicorn, beside that of a bare view; with two numbers "
        "of leads, how much more the database works among more",
    )
    add(
        "--keep",
        metavar="FOLDER",
        help="keep the crowds of --shares in this folder: the next run need not build them",
    )
    add("--requests", type=int, default=200, help="measured requests of each route (200)")
    add("--queries", action="store_true", help="print the statements of each kind as well")
    add("--out", default="test-results/bench.json", help="where the numbers go as JSON")
    return parser.parse_args()


@contextlib.contextmanager
def kept_folder(name: str) -> Iterator[Path]:
    """A data folder for one run at a time, which keeps what is in it."""
    folder = Path(name).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"Another run works in {folder}.") from None
        try:
            yield folder
        finally:
            from crm.deploy.embedded import Postgres

            Postgres(folder).stop()


def main() -> int:
    options = parse()
    os.environ |= {
        "RELEVO_MODE": "test",
        "SECRET_KEY": "only-for-benchmarks-" + "x" * 40,
        "LOG_LEVEL": "ERROR",
    }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    with kept_folder(options.keep) if options.keep else scratch_folder() as folder:
        from crm.deploy.embedded import Postgres

        server = Postgres(folder, for_tests=True)
        server.start()
        os.environ["DATABASE_URL"] = server.owner_url
        os.environ.pop("DATABASE_OWNER_URL", None)
        import django

        django.setup()
        from tests.bench import report

        return report.run(options, options.leads or SIZES, server)


if __name__ == "__main__":
    sys.exit(main())
