"""Record the demo's past into its file, on a scratch server of its own: `make demo-record`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from crm.deploy.embedded import Postgres


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo-record", description=__doc__)
    parser.add_argument("--out", type=Path, help="another file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relevo-demo-", dir="/var/tmp") as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)  # PostgreSQL does not run as root
        server = Postgres(folder, for_tests=True)
        try:
            server.start()
            os.environ |= {
                "DATABASE_URL": server.owner_url,
                "DJANGO_SETTINGS_MODULE": "crm.settings",
                "LOG_LEVEL": "ERROR",
                "RELEVO_MODE": "test",
                "SECRET_KEY": "only-for-the-recording-" + "x" * 40,
            }
            # The recorder moves time and must reach no database or mail server that is configured.
            for variable in ("DATABASE_OWNER_URL", "EMAIL_URL"):
                os.environ.pop(variable, None)
            _record(options.out)
        finally:
            server.stop()
    return 0


def _record(path: Path | None) -> None:
    """Migrate, record, write. Django can be imported only now that the settings are there."""
    import django

    django.setup()
    from django.core.management import call_command

    from crm.demo import recorder
    from crm.demo.recording import recording

    call_command("migrate", verbosity=0)
    path = path or recording.PATH
    recording.write(recorder.record(), path)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
