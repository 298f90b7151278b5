"""The catalogue of reasons to reject a lead: archived, never deleted once an agreement had one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import Conflict
from sla.agreements.reason_catalogue import checked, free_code, place
from sla.models import AgreementVersion, RejectionReason
from sla.states import RejectionClass


class ReasonIsUsed(Conflict):
    code = "reason_is_used"
    message = gettext_lazy(
        "An agreement names this reason. It can be archived, not deleted, and keeps its class."
    )


def used() -> set[int]:
    """The ids of reasons that some version of an agreement names, in whatever state."""
    named = AgreementVersion.rejection_reasons.through.objects
    return set(named.values_list("rejectionreason_id", flat=True).distinct())


def is_used(reason: RejectionReason) -> bool:
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
    """A new reason. ``name``: in both languages; ``position``: 0 stands first.

    Raises catalogue.BadReason.
    """
    name = checked(name)
    reason = RejectionReason.objects.create(
        code=free_code(RejectionReason, name),
        kind=RejectionClass(kind),
        name=name,
        needs_comment=needs_comment,
    )
    place(reason, position)
    record(
        "rejection_reason_created",
        reason,
        by=by,
        at=at,
        payload={"name": reason.name, "class": reason.kind},
    )
    return reason


@transaction.atomic
def change(
    reason: RejectionReason, *, by: User | None, at: datetime, **terms: Any
) -> RejectionReason:
    """Change name, kind, needs_comment or position.

    What was signed keeps the words it was signed with.

    Raises catalogue.BadReason, and ReasonIsUsed where the class of a used reason would change:
    statistics count by it.
    """
    reason = RejectionReason.objects.select_for_update(no_key=True).get(pk=reason.pk)
    if "name" in terms:
        terms["name"] = checked(terms["name"])
    if terms.get("kind", reason.kind) != reason.kind and is_used(reason):
        raise ReasonIsUsed(
            fields={
                "kind": _(
                    "An agreement names this reason by its class. Archive it and add another."
                )
            }
        )
    position = terms.pop("position", None)
    before = {key: getattr(reason, key) for key in terms}
    for key, value in terms.items():
        setattr(reason, key, value)
    reason.save(update_fields=[*terms])
    if position is not None:
        place(reason, position)
    changes = {key: [before[key], value] for key, value in terms.items() if before[key] != value}
    record("rejection_reason_changed", reason, by=by, at=at, payload={"changes": changes})
    return reason


@transaction.atomic
def delete(reason: RejectionReason, *, by: User, at: datetime) -> None:
    """Take a reason away that no agreement ever named. Raises ReasonIsUsed."""
    if is_used(reason):
        raise ReasonIsUsed
    record("rejection_reason_deleted", reason, by=by, at=at, payload={"name": reason.name})
    try:
        reason.delete()
    except ProtectedError as error:  # a decision of before agreements named their reasons
        raise ReasonIsUsed from error
