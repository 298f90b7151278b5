"""The catalogue of reasons to reject a lead: archived once they were used, never deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib import catalogue
from crm.lib.errors import Conflict
from sla.models import AgreementVersion, RejectionReason
from sla.states import RejectionClass


class ReasonIsUsed(Conflict):
    code = "reason_is_used"
    message = gettext_lazy(
        "An agreement names this reason. It can be archived, not deleted, and keeps its class."
    )


def allowed(version: AgreementVersion) -> QuerySet[RejectionReason]:
    """Return the reasons in use that ``version`` allows."""
    return catalogue.in_use(RejectionReason).filter(pk__in=version.rejection_reasons.values("pk"))


def used() -> set[int]:
    """Return the ids of reasons that a version of an agreement names, in any state."""
    # One query over the table of the relation, however many versions there are.
    named = AgreementVersion.rejection_reasons.through.objects
    return set(named.values_list("rejectionreason_id", flat=True).distinct())


def is_used(reason: RejectionReason) -> bool:
    """Return whether a version of an agreement names ``reason``."""
    return AgreementVersion.objects.filter(rejection_reasons=reason).exists()


@transaction.atomic
def create(
    name: dict[str, str],
    kind: str,
    *,
    by: User | None,
    at: datetime,
    needs_comment: bool = False,
    position: int = 0,
) -> RejectionReason:
    """Create a reason. ``name``: in both languages; ``position``: 0 is the first.

    Raises catalogue.BadName.
    """
    name = catalogue.complete_name(name)
    reason = RejectionReason.objects.create(
        code=catalogue.new_code(RejectionReason, name, default="reason"),
        kind=RejectionClass(kind),
        name=name,
        needs_comment=needs_comment,
    )
    catalogue.place(reason, position)
    payload = {"name": reason.name, "class": reason.kind}
    record("rejection_reason_created", reason, by=by, at=at, payload=payload)
    return reason


@transaction.atomic
def change(
    reason: RejectionReason,
    *,
    by: User | None,
    at: datetime,
    **values: Any,
) -> RejectionReason:
    """Change name, kind, needs_comment or position. Signed text keeps the old name.

    Raises catalogue.BadName, and ReasonIsUsed where the class of a used reason would change:
    statistics count by it.
    """
    reason = RejectionReason.objects.select_for_update(no_key=True).get(pk=reason.pk)
    if "name" in values:
        values["name"] = catalogue.complete_name(values["name"])
    if values.get("kind", reason.kind) != reason.kind and is_used(reason):
        # The numbers of past months count rejections by class.
        text = _("An agreement names this reason by its class. Archive it and add another.")
        raise ReasonIsUsed(fields={"kind": text})
    position = values.pop("position", None)
    changes = {}
    for field, value in values.items():
        before = getattr(reason, field)
        if before != value:
            changes[field] = [before, value]
        setattr(reason, field, value)
    reason.save(update_fields=[*values])
    if position is not None:
        catalogue.place(reason, position)
    record("rejection_reason_changed", reason, by=by, at=at, payload={"changes": changes})
    return reason


@transaction.atomic
def archive(reason: RejectionReason, *, by: User, at: datetime) -> None:
    """Archive ``reason``: no new agreement names it, and no rep chooses it."""
    if catalogue.archive(reason, at=at):
        record("rejection_reason_archived", reason, by=by, at=at)


@transaction.atomic
def restore(reason: RejectionReason, *, by: User, at: datetime) -> None:
    """Take ``reason`` into use again."""
    if catalogue.restore(reason):
        record("rejection_reason_restored", reason, by=by, at=at)


@transaction.atomic
def delete(reason: RejectionReason, *, by: User, at: datetime) -> None:
    """Delete a reason that no agreement ever named. Raises ReasonIsUsed."""
    if is_used(reason):
        raise ReasonIsUsed
    record("rejection_reason_deleted", reason, by=by, at=at, payload={"name": reason.name})
    # Decisions older than the agreements' lists of reasons may still point at it.
    catalogue.delete(reason, in_use_error=ReasonIsUsed)
