"""Runs the benchmarks: `make bench`, `make bench ARGS="--leads 10000 --only queue"`."""

from __future__ import annotations

import argparse
import os
import sys

from tests.harness.products import scratch_folder

SIZES = [10_000, 100_000]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add(
        "--leads",
        type=int,
        action="append",
        help="how many leads; may be repeated (10000 and 100000)",
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
        help="CPU of each route, served by gunicorn, beside that of a bare view",
    )
    add("--requests", type=int, default=200, help="measured requests of each route (200)")
    add("--queries", action="store_true", help="print the statements of each kind as well")
    add("--out", default="test-results/bench.json", help="where the numbers go as JSON")
    return parser.parse_args()


def main() -> int:
    options = parse()
    os.environ |= {
        "RELEVO_MODE": "test",
        "SECRET_KEY": "only-for-benchmarks-" + "x" * 40,
        "LOG_LEVEL": "ERROR",
    }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    with scratch_folder() as folder:
        from crm.deploy.embedded import Postgres

        server = Postgres(folder, for_tests=True)
        server.start()
        os.environ["DATABASE_URL"] = server.owner_url
        os.environ.pop("DATABASE_OWNER_URL", None)
        import django

        django.setup()
        from tests.bench import report

        return report.run(options, options.leads or SIZES)


if __name__ == "__main__":
    sys.exit(main())
