"""What an import of the command line has stored, batch by batch, in the audit record.

Each batch has an entry in its own transaction, so that the record also counts what an import did
that was killed before its end. When the same file is imported to its end, its entry counts it all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime
from operator import add
from typing import Any

from crm.accounts.models import User
from crm.audit.entries import record
from crm.audit.models import Entry

SUBJECT = "import"
STORED = "import_batch_stored"
# A file that was renamed is the same.
SAME_IMPORT = ("sha256", "system", "team")


@dataclass(frozen=True)
class Tally:
    """How many rows became what.

    ``known``: recorded already; ``undecided``: without an outcome yet; ``contradicting``: rejected,
    because something else is recorded; ``flagged``: won before first seen; ``unpriced``: newly won,
    amount unknown.
    """

    read: int = 0
    new: int = 0
    known: int = 0
    undecided: int = 0
    rejected: int = 0
    contradicting: int = 0
    flagged: int = 0
    unpriced: int = 0
    people: int = 0
    sources: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*map(add, astuple(self), astuple(other)))

    def with_earlier(self, stored: Tally) -> Tally:
        """Return the tally of the whole import, of which killed runs have ``stored`` a part.

        The last run has read all rows; those that a killed run wrote are known to it.
        """
        return replace(
            self,
            new=self.new + stored.new,
            # Some may have been archived in between, and are new once more.
            known=max(self.known - stored.new, 0),
            unpriced=self.unpriced + stored.unpriced,
            people=self.people + stored.people,
            sources=self.sources + stored.sources,
        )


@dataclass(frozen=True)
class Origin:
    """Which import it is: ``verb`` names the entry at its end, ``of`` the file and its target."""

    verb: str
    of: dict[str, Any]

    def record_batch(self, tally: Tally, *, by: User | None, at: datetime) -> None:
        """Record what a batch has stored, in the transaction of that batch."""
        payload = {**self.of, "import": self.verb, **asdict(tally)}
        record(STORED, SUBJECT, by=by, at=at, payload=payload)

    def record_end(self, tally: Tally, *, by: User | None, at: datetime) -> None:
        """Record that the file is imported to its end; ``tally`` counts killed runs as well."""
        record(self.verb, SUBJECT, by=by, at=at, payload={**self.of, **asdict(tally)})

    def stored_by_killed_runs(self) -> Tally:
        """Return what runs of the same file stored since it was last imported to its end."""
        content = {name: self.of[name] for name in SAME_IMPORT}
        entries = Entry.objects.filter(subject_type=SUBJECT, subject_id__isnull=True)
        same = entries.filter(payload__contains=content)
        ended = same.filter(verb=self.verb).order_by("-pk").values_list("pk", flat=True).first()
        batches = same.filter(verb=STORED, payload__import=self.verb, pk__gt=ended or 0)
        return _sum(batches.values_list("payload", flat=True))


def _sum(payloads: Iterable[dict[str, Any]]) -> Tally:
    total = Tally()
    for payload in payloads:
        counts = {name: payload.get(name, 0) for name in asdict(total)}
        total += Tally(**counts)
    return total
