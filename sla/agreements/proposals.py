"""Proposing a draft, which closes its text for signing; opening it again; discarding it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.db.state_machine import check_move
from crm.lib.input import fingerprints
from sla.agreements import agreements, content
from sla.agreements.draft_problems import problems
from sla.agreements.drafts import NotReady
from sla.models import AgreementVersion
from sla.states import AGREEMENT_MOVES, AgreementState


@transaction.atomic
def propose(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    labels: Mapping[str, Any] | None = None,
    shown: str | None = None,
) -> AgreementVersion:
    """Close the text of a draft and ask both sides to sign it.

    ``labels``: the names of the codes in the text, stored with it. ``shown``: the fingerprint of
    what the person saw. Raises NotReady with what is missing, IllegalMove, and
    agreements.NotAsShown where another text would be closed.
    """
    version = close_text(version, by=by, at=at, labels=labels, shown=shown)
    others = agreements.both_sides(version, without=by)
    key = f"proposed:{version.round}"
    agreements.notify("proposed", version, others, at=at, key=key, by_id=by.pk)
    return version


@transaction.atomic
def close_text(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    labels: Mapping[str, Any] | None = None,
    shown: str | None = None,
) -> AgreementVersion:
    """Do what :func:`propose` does, without a notice: a first signature sends its own."""
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.PROPOSED)
    # Under the lock: an edit at the same time is in the text, or fails.
    agreements.check_shown(version, shown)
    missing = problems(version, at=at)
    if missing:
        raise NotReady(fields=missing)
    version.text = content.compose(version)
    if labels:
        version.text["labels"] = dict(labels)
    version.content_hash = fingerprints.digest(version.text)
    version.state = AgreementState.PROPOSED
    version.proposed_at = at
    version.save(update_fields=["text", "content_hash", "state", "proposed_at"])
    record("agreement_proposed", version, by=by, at=at, payload={"sha256": version.content_hash})
    return version


@transaction.atomic
def reopen(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    why: str = "",
    shown: str | None = None,
) -> AgreementVersion:
    """Turn a proposed text into a draft again; its signatures are void, both sides are notified.

    ``shown``: the fingerprint of what the person saw. Raises IllegalMove, and
    agreements.NotAsShown: a signature that the page did not show would become void.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.DRAFT)
    agreements.check_shown(version, shown)
    void = list(agreements.standing_signatures(version))
    version.text = None
    version.content_hash = ""
    version.proposed_at = None
    version.state = AgreementState.DRAFT
    # Signatures count in their round only; those of the earlier rounds stay as history.
    version.round += 1
    # Editors that were open before the text was closed are out of date.
    version.revision += 1
    version.save(
        update_fields=["text", "content_hash", "proposed_at", "state", "round", "revision"]
    )
    record("agreement_reopened", version, by=by, at=at, payload={"void": void, "why": why})
    others = agreements.both_sides(version, without=by)
    key = f"reopened:{version.round}"
    agreements.notify("reopened", version, others, at=at, key=key, by_id=by.pk, why=why)
    return version


@transaction.atomic
def discard(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    shown: str | None = None,
) -> AgreementVersion:
    """Discard a draft, or a proposed text after reopening it. It stays readable.

    ``shown``: the fingerprint of what the person saw. Raises IllegalMove, and
    agreements.NotAsShown.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    agreements.check_shown(version, shown)
    if version.state == AgreementState.PROPOSED:
        version = reopen(version, by=by, at=at)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.DISCARDED)
    version.state = AgreementState.DISCARDED
    version.save(update_fields=["state"])
    record("agreement_discarded", version, by=by, at=at)
    return version
