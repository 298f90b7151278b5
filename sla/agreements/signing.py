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
from sla.agreements import proposals
from sla.agreements.agreements import (
    activate,
    leads_of,
    may_sign,
    notify,
    standing_signatures,
    starts_at,
)
from sla.models import AgreementVersion, Signature
from sla.states import AGREEMENT_MOVES, AgreementState


class MayNotSign(DomainError):
    code = "may_not_sign"
    message = _("Only a lead of a team of this side may sign for it.")


class AlreadySigned(Conflict):
    code = "already_signed"
    message = _("This side has signed already.")


@transaction.atomic
def sign(version: AgreementVersion, side: str, *, by: User, at: datetime) -> AgreementVersion:
    """Sign for one side. The first signature closes the text of a draft; the second makes it
    signed, and it comes into force with :func:`activate`, or by itself on the date agreed
    (:func:`activate_due`).

    Raises MayNotSign, AlreadySigned, drafts.NotReady where the draft is not complete, IllegalMove.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if not may_sign(version, side, by):
        raise MayNotSign
    if version.state == AgreementState.DRAFT:
        version = proposals.close_text(version, by=by, at=at)
    if version.state != AgreementState.PROPOSED:
        check_move(AGREEMENT_MOVES, version.state, AgreementState.SIGNED)
    if side in standing_signatures(version):
        raise AlreadySigned
    sha = version.content_hash
    Signature.objects.create(
        version=version, side=side, actor=by, at=at, content_hash=sha, round=version.round
    )
    record("agreement_signed", version, by=by, at=at, payload={"side": side, "sha256": sha})
    if set(standing_signatures(version)) == set(Side.values):
        version.state = AgreementState.SIGNED
        version.save(update_fields=["state"])
    leads = leads_of(version)
    others = [user for users in leads.values() for user in users if user.pk != by.pk]
    notify(
        "signed",
        version,
        others,
        at=at,
        key=f"signed:{version.round}:{side}",
        by=by.name,
        side=side,
    )
    return version


@transaction.atomic
def conclude(
    version: AgreementVersion, sides: Iterable[str], *, by: User, at: datetime
) -> AgreementVersion:
    """Sign for ``sides``; with both signatures and its date reached, it comes into force in the
    same moment.
    """
    for side in sides:
        version = sign(version, side, by=by, at=at)
    if version.state == AgreementState.SIGNED and starts_at(version) <= at:
        version = activate(version, by=by, at=at)
    return version
