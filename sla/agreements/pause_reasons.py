"""The catalogue of reasons to pause a clock: archived once they were used, never deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib import catalogue
from crm.lib.errors import Conflict, DomainError
from sla.clocks.pauses import LONGEST_TOTAL
from sla.models import AgreementVersion, Pause, PauseReason

MINUTE = timedelta(minutes=1)


class BadLength(DomainError):
    """The cap of a reason is no whole number of minutes, or out of range."""

    code = "bad_reason"


class ReasonIsUsed(Conflict):
    code = "reason_is_used"
    message = gettext_lazy(
        "An agreement or a pause names this reason. It can be archived, not deleted."
    )


def used() -> set[int]:
    """Return the ids of reasons that a version of an agreement or a pause names; three queries."""
    codes: set[str] = set()
    for agreed in AgreementVersion.objects.values_list("pauses", flat=True):
        codes.update(agreed or ())
    named = PauseReason.objects.filter(code__in=codes).values_list("pk", flat=True)
    # Without the order of the model, whose columns would count for distinct().
    paused = Pause.objects.order_by().values_list("reason_id", flat=True).distinct()
    return {*named, *paused}


def is_used(reason: PauseReason) -> bool:
    """Return whether a version of an agreement or a pause names ``reason``."""
    # Agreements name reasons by their code, in JSON: no foreign key protects them.
    if AgreementVersion.objects.filter(pauses__has_key=reason.code).exists():
        return True
    return Pause.objects.filter(reason=reason).exists()


@transaction.atomic
def create(
    name: dict[str, str],
    longest: timedelta,
    *,
    by: User | None,
    at: datetime,
    position: int = 0,
) -> PauseReason:
    """Create a reason. ``longest``: the cap that a draft of an agreement proposes.

    Raises catalogue.BadName and BadLength.
    """
    name = catalogue.complete_name(name)
    reason = PauseReason.objects.create(
        code=catalogue.new_code(PauseReason, name, default="reason"),
        name=name,
        longest_minutes=_minutes(longest),
    )
    catalogue.place(reason, position)
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
    """Change name, cap and position. Signed text keeps the old name and cap.

    Raises catalogue.BadName and BadLength.
    """
    reason = PauseReason.objects.select_for_update(no_key=True).get(pk=reason.pk)
    values = {
        "name": catalogue.complete_name(name),
        "longest_minutes": _minutes(longest),
    }
    changes = {}
    for field, value in values.items():
        before = getattr(reason, field)
        if before != value:
            changes[field] = [before, value]
        setattr(reason, field, value)
    # Signed agreements carry a copy of name and cap; drafts propose the new ones.
    reason.save(update_fields=[*values])
    catalogue.place(reason, position)
    record("pause_reason_changed", reason, by=by, at=at, payload={"changes": changes})
    return reason


def _minutes(longest: timedelta) -> int:
    """Return ``longest`` in minutes. Raises BadLength."""
    minutes, rest = divmod(longest, MINUTE)
    if rest or not timedelta(0) < longest <= LONGEST_TOTAL:
        message = _("Between 1 and %(days)s days.") % {"days": LONGEST_TOTAL.days}
        raise BadLength(message, fields={"longest": message})
    return minutes


@transaction.atomic
def archive(reason: PauseReason, *, by: User, at: datetime) -> None:
    """Archive ``reason``: no new agreement names it."""
    if catalogue.archive(reason, at=at):
        record("pause_reason_archived", reason, by=by, at=at)


@transaction.atomic
def restore(reason: PauseReason, *, by: User, at: datetime) -> None:
    """Take ``reason`` into use again."""
    if catalogue.restore(reason):
        record("pause_reason_restored", reason, by=by, at=at)


@transaction.atomic
def delete(reason: PauseReason, *, by: User, at: datetime) -> None:
    """Delete a reason that no agreement and no pause ever named. Raises ReasonIsUsed."""
    if is_used(reason):
        raise ReasonIsUsed
    record("pause_reason_deleted", reason, by=by, at=at, payload={"name": reason.name})
    catalogue.delete(reason, in_use_error=ReasonIsUsed)
