"""How much more the database works for a route among more leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

LIMIT = 1.3  # among 1,000,000 leads, of the database CPU among 100,000
# Below it the difference is that of two measurements of the same statements.
NOISE_MS = 0.1
HEAD = ("database CPU, ms a request", "few", "many", "ratio", "limit", "share %", "share %")
ROW = "{:<36} {:>9} {:>9} {:>7} {:>7} {:>8} {:>8}  {}"


@dataclass
class Growth:
    """A route among few leads and among many."""

    name: str
    few_ms: float
    many_ms: float
    few_share: float
    many_share: float

    @property
    def ratio(self) -> float:
        return self.many_ms / self.few_ms

    @property
    def is_over(self) -> bool:
        return self.ratio > LIMIT and self.many_ms - self.few_ms > NOISE_MS


def compared(rows: Iterable[Mapping[str, Any]]) -> list[Growth]:
    """Return each route of the share table between its first and its last size."""
    found = []
    for name, same in groupby(rows, key=lambda row: row["name"]):
        sizes = list(same)
        few, many = sizes[0], sizes[-1]
        times = few["database_ms"], many["database_ms"]
        found.append(Growth(name, *times, few["share"], many["share"]))
    return found


def report(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print the table of all routes, the fastest growing first."""
    print("\n" + ROW.format(*HEAD, "").rstrip())
    for row in sorted(compared(rows), key=lambda row: -row.ratio):
        times = f"{row.few_ms:.2f}", f"{row.many_ms:.2f}", f"{row.ratio:.2f}", f"{LIMIT:.1f}"
        shares = f"{row.few_share:.1f}", f"{row.many_share:.1f}"
        verdict = "above" if row.is_over else ""
        print(ROW.format(row.name, *times, *shares, verdict).rstrip(), flush=True)
