"""The catalogue of reasons for which a clock may stand still: archived, never deleted once an
agreement had one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import Conflict
from sla.agreements.reason_catalogue import BadReason, checked, free_code, place
from sla.clocks.pauses import LONGEST_TOTAL
from sla.models import AgreementVersion, Pause, PauseReason


class ReasonIsUsed(Conflict):
    code = "reason_is_used"
    message = gettext_lazy(
        "An agreement or a pause names this reason. It can be archived, not deleted."
    )


def used() -> set[int]:
    """The ids of reasons that some version of an agreement or some pause names; two queries."""
    named = {
        code
        for agreed in AgreementVersion.objects.values_list("pauses", flat=True)
        for code in agreed or ()
    }
    taken = set(Pause.objects.order_by().values_list("reason_id", flat=True).distinct())
    return taken | set(PauseReason.objects.filter(code__in=named).values_list("pk", flat=True))


def is_used(reason: PauseReason) -> bool:
    named = AgreementVersion.objects.filter(pauses__has_key=reason.code).exists()
    return named or Pause.objects.filter(reason=reason).exists()


@transaction.atomic
def create(
    name: dict[str, str], longest: timedelta, *, by: User | None, at: datetime, position: int = 0
) -> PauseReason:
    """A new reason. ``longest``: what a draft of an agreement proposes as its cap.

    Raises catalogue.BadReason.
    """
    name = checked(name)
    reason = PauseReason.objects.create(
        code=free_code(PauseReason, name), name=name, longest_minutes=_minutes(longest)
    )
    place(reason, position)
    payload = {"name": reason.name, "longest_minutes": reason.longest_minutes}
    record("pause_reason_created", reason, by=by, at=at, payload=payload)
    return reason


@transaction.atomic
def change(
    reason: PauseReason,
    *,
    name: dict[str, str],
    longest: timedelta,
    position: int,
    by: User | None,
    at: datetime,
) -> PauseReason:
    """Other words, another cap to propose, another place.

    What was signed keeps its words and its cap.

    Raises catalogue.BadReason.
    """
    reason = PauseReason.objects.select_for_update(no_key=True).get(pk=reason.pk)
    before = {"name": reason.name, "longest_minutes": reason.longest_minutes}
    reason.name, reason.longest_minutes = checked(name), _minutes(longest)
    reason.save(update_fields=["name", "longest_minutes"])
    place(reason, position)
    changes: dict[str, Any] = {
        key: [value, getattr(reason, key)]
        for key, value in before.items()
        if getattr(reason, key) != value
    }
    record("pause_reason_changed", reason, by=by, at=at, payload={"changes": changes})
    return reason


def _minutes(longest: timedelta) -> int:
    minutes, rest = divmod(longest, timedelta(minutes=1))
    if rest or not timedelta(0) < longest <= LONGEST_TOTAL:
        text = _("Between 1 and %(days)s days.") % {"days": LONGEST_TOTAL.days}
        raise BadReason(text, fields={"longest": text})
    return minutes


@transaction.atomic
def delete(reason: PauseReason, *, by: User, at: datetime) -> None:
    """Take a reason away that no agreement and no pause ever named. Raises ReasonIsUsed."""
    if is_used(reason):
        raise ReasonIsUsed
    record("pause_reason_deleted", reason, by=by, at=at, payload={"name": reason.name})
    reason.delete()
