"""Check that the recorded past is of this code: `make lint`, in a second."""

from __future__ import annotations

import sys

from crm.demo.recording import recording

WHAT = {
    "migrations": "A migration is new or changed",
    "history": "Code that writes history is new or changed",
}


def main() -> int:
    stale = recording.stale()
    for name in stale:
        print(f"{WHAT[name]} since {recording.PATH.name} was recorded.", file=sys.stderr)
    if stale:
        print('Record it anew with "make demo-record" and commit the file.', file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
