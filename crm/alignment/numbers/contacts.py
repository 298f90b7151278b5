"""How sales kept the commitment to the first contact."""

from __future__ import annotations

from dataclasses import dataclass

from crm.alignment.numbers.cohort import counts
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import CONTACT, contact_clocks


@dataclass(frozen=True)
class Contacts:
    """The commitment to the first contact, on clocks that started in the period.

    clocks = judged + tried + running + outage + ended; judged = in_time + late. ``tried``: tried in
    time, never reached; neither kept nor missed. ``ended``: the lead moved on in time, untried.
    """

    clocks: int
    judged: int
    in_time: int
    late: int
    tried: int
    running: int
    outage: int
    ended: int

    @property
    def rate(self) -> float | None:
        if not self.judged:
            return None
        return self.in_time / self.judged


def contacts(scope: Scope) -> Contacts:
    """Return how the commitment to the first contact was kept, in one query."""
    names = Contacts.__dataclass_fields__
    row = contact_clocks(scope).aggregate(**counts(scope, *(f"{CONTACT}{name}" for name in names)))
    return Contacts(**{name: row[f"{CONTACT}{name}"] for name in names})
