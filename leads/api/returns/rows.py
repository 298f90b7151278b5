"""What is shown of returns and of the cases of the arbiter, read as plain rows.

Equal to the serializers of leads.api.returns.serializers, which document it and which a test
compares. People are shown by their ids here: a page names all of its people at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.db.look_up import looked_up
from leads.api import values
from leads.api.values import moment_text
from leads.models import Lead, OutcomeReason, Return
from leads.states import DisputeState, ReturnState
from sla.clocks.snapshots import ClockRow

# The fields of both, in the order of the answer.
RETURN = (
    "state",
    "opened_at",
    "assigned_to",
    "answered_at",
    "answered_by",
    "reason",
    "comment",
    "original",
)
CASE = (
    "kind",
    "state",
    "opened_at",
    "opened_by",
    "why",
    "arbiter",
    "decided_at",
    "decided_by",
    "comment",
)
REASON = looked_up(OutcomeReason, "reason", "code")
Shown = dict[str, Any]


def of_handoffs(
    pks: Sequence[int], user: User, *, at: datetime
) -> list[tuple[int, Shown, Shown | None]]:
    """Return the handoff, its return, and its case or None, of those that sales sent back.

    One query, and one more where one is a duplicate: ``user`` is told of which lead if they see
    that lead.
    """
    found = list(_shown(OF_HANDOFFS.rows(pks=list(pks)), at))
    _hide_originals([shown for _pk, shown, _case in found], user)
    return found


def _of_handoffs(*, pks: list[int]) -> QuerySet[Any]:
    rows = Return.objects.filter(Among("handoff", pks)).exclude(state=ReturnState.CANCELLED)
    stands = ~Q(handoff__disputes__state=DisputeState.CANCELLED)
    # At most one case of a handoff stands (dispute_one_of_handoff): the join repeats no row.
    rows = rows.annotate(standing=FilteredRelation("handoff__disputes", condition=stands))
    return rows.values_list(
        "handoff_id",
        *(REASON if name == "reason" else name for name in RETURN),
        *(f"clock__{name}" for name in ClockRow._fields),
        *(f"standing__{name}" for name in CASE),
        *(f"standing__clock__{name}" for name in ClockRow._fields),
    )


OF_HANDOFFS = KeptSql(_of_handoffs)


def _shown(
    rows: Sequence[Sequence[Any]], at: datetime
) -> Iterator[tuple[int, Shown, Shown | None]]:
    for row in rows:
        columns = iter(row)
        pk = next(columns)
        shown_return = _part(RETURN, columns, at)
        case = _part(CASE, columns, at)
        yield pk, shown_return, case if case["kind"] is not None else None


def _part(names: Sequence[str], columns: Iterator[Any], at: datetime) -> Shown:
    """Return the fields ``names`` and the clock that follows them in ``columns``."""
    shown = {name: next(columns) for name in names}
    clock = ClockRow(*(next(columns) for _ in ClockRow._fields))
    for name in names:
        if name.endswith("_at"):
            shown[name] = moment_text(shown[name])
    return {**shown, "clock": values.clock(clock, at=at)}


def _hide_originals(rows: Sequence[Shown], user: User) -> None:
    """Leave out the originals that ``user`` does not see."""
    duplicates = [row for row in rows if row["original"] is not None]
    if not duplicates:
        return
    ids = [row["original"] for row in duplicates]
    seen = set(Lead.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    for row in duplicates:
        if row["original"] not in seen:
            row["original"] = None
