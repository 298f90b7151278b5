"""Signing an agreement: one signature per side, and what the second one brings about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.db.state_machine import check_move
from crm.lib.errors import Conflict, DomainError
from sla.agreements import agreements
from sla.agreements.permissions import can_sign
from sla.models import AgreementVersion, Signature
from sla.states import AGREEMENT_MOVES, AgreementState


class MayNotSign(DomainError):
    code = "may_not_sign"
    message = _("Only a lead of a team of this side may sign for it.")


class AlreadySigned(Conflict):
    code = "already_signed"
    message = _("This side has signed already.")


@transaction.atomic
def sign(
    version: AgreementVersion,
    side: str,
    *,
    sha256: str,
    by: User,
    at: datetime,
) -> AgreementVersion:
    """Sign the closed text with the hash ``sha256`` for one side; the second makes it signed.

    It comes into force with agreements.activate, or on its date with agreements.activate_due.
    Raises MayNotSign, IllegalMove, AlreadySigned, and agreements.NotAsShown where the text was
    opened and closed again since it was read.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if not can_sign(by, version, side):
        raise MayNotSign
    # Raises IllegalMove with the state that the version has now.
    if version.state != AgreementState.PROPOSED:
        check_move(AGREEMENT_MOVES, version.state, AgreementState.SIGNED)
    # Under the lock: a signature is over what the person has read, and over nothing else.
    if version.content_hash != sha256:
        raise agreements.NotAsShown
    if side in agreements.standing_signatures(version):
        raise AlreadySigned
    _create_signature(version, side, by=by, at=at)
    # With the signature that was created just now.
    if set(agreements.standing_signatures(version)) == set(Side.values):
        version.state = AgreementState.SIGNED
        version.save(update_fields=["state"])
    agreements.notify(
        "signed",
        version,
        agreements.both_sides(version, without=by),
        at=at,
        key=f"signed:{version.round}:{side}",
        by_id=by.pk,
        side=side,
    )
    return version


def _create_signature(version: AgreementVersion, side: str, *, by: User, at: datetime) -> None:
    """Create the signature of ``side`` on the text as it is closed now, and its audit entry."""
    Signature.objects.create(
        version=version,
        side=side,
        actor=by,
        at=at,
        content_hash=version.content_hash,
        round=version.round,
    )
    payload = {"side": side, "sha256": version.content_hash}
    record("agreement_signed", version, by=by, at=at, payload=payload)


@transaction.atomic
def sign_sides(
    version: AgreementVersion,
    sides: Iterable[str],
    *,
    sha256: str,
    by: User,
    at: datetime,
) -> AgreementVersion:
    """Sign for ``sides``, and bring the version into force once both have signed and it is due.

    Raises as :func:`sign` and agreements.activate.
    """
    for side in sides:
        version = sign(version, side, sha256=sha256, by=by, at=at)
    if version.state == AgreementState.SIGNED and agreements.starts_at(version) <= at:
        version = agreements.activate(version, by=by, at=at)
    return version
