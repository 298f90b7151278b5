"""The agreement: drafting a version, signing it, bringing it into force, and what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.errors import DomainError
from crm.lib.moves import check_move
from sla import calendars
from sla.models import (
    Agreement,
    AgreementVersion,
    Calendar,
    Commitment,
    LadderStep,
    RejectionReason,
    Signature,
)
from sla.states import AGREEMENT_MOVES, CLOCK_METRICS, AgreementState


class NoAgreement(DomainError):
    code = "no_agreement"
    message = _("No signed agreement is in force for this team. A lead of each side has to sign one first.")


class MaySign(DomainError):
    code = "may_not_sign"
    message = _("Only a lead of a team of this side may sign for it.")


@transaction.atomic
def draft(
    agreement: Agreement,
    *,
    by: User | None,
    at: datetime,
    calendar: Calendar,
    commitments: Iterable[Mapping[str, Any]],
    reasons: Iterable[RejectionReason] = (),
    **fields: Any,
) -> AgreementVersion:
    """A new draft. ``commitments``: fields of Commitment plus ``steps``: [(kind, offset in minutes), …]."""
    last = agreement.versions.order_by("-number").first()
    version = AgreementVersion.objects.create(
        agreement=agreement,
        number=last.number + 1 if last else 1,
        calendar=calendar,
        created_by=by,
        created_at=at,
        **fields,
    )
    for position, promise in enumerate(commitments):
        words = {key: value for key, value in promise.items() if key != "steps"}
        commitment = Commitment.objects.create(version=version, position=position, **words)
        LadderStep.objects.bulk_create(
            LadderStep(commitment=commitment, level=level, kind=kind, offset_minutes=offset)
            for level, (kind, offset) in enumerate(promise.get("steps", ()), start=1)
        )
    version.rejection_reasons.set(reasons)
    record("agreement_drafted", version, by=by, at=at, payload={"number": version.number})
    return version


def content(version: AgreementVersion) -> dict[str, Any]:
    """Everything that the signatures stand for, as plain JSON data."""
    promises = version.commitments.prefetch_related("steps")
    return {
        "agreement": version.agreement.name,
        "number": version.number,
        "mql_definition": version.mql_definition,
        "sql_definition": version.sql_definition,
        "package_fields": version.package_fields,
        "sql_blocks": version.sql_blocks,
        "calendar": calendars.signed_part(version.calendar),
        "rejection_reasons": sorted(version.rejection_reasons.values_list("code", flat=True)),
        "commitments": [
            {
                "side": p.side,
                "metric": p.metric,
                "target": str(p.target.normalize()),
                "window_minutes": p.window_minutes,
                "conditions": p.conditions,
                "steps": [[s.kind, s.offset_minutes] for s in p.steps.all()],
            }
            for p in promises
        ],
    }


def content_hash(version: AgreementVersion) -> str:
    """SHA-256 of the canonical JSON of :func:`content`, in hex."""
    text = json.dumps(content(version), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def sign(version: AgreementVersion, side: str, *, by: User, at: datetime) -> AgreementVersion:
    """Sign a draft for one side. With the second side's signature the text is closed: state signed, hash stored.

    Raises MaySign unless ``by`` leads a team of that side.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if not by.team_ids(side, led=True):
        raise MaySign
    digest = content_hash(version)
    Signature.objects.create(version=version, side=side, actor=by, at=at, content_hash=digest)
    record("agreement_signed", version, by=by, at=at, payload={"side": side, "sha256": digest})
    hashes = dict(version.signatures.values_list("side", "content_hash"))
    if set(hashes) == set(Side.values) and set(hashes.values()) == {digest}:
        check_move(AGREEMENT_MOVES, version.state, AgreementState.SIGNED)
        version.state, version.content_hash = AgreementState.SIGNED, digest
        version.save(update_fields=["state", "content_hash"])
    return version


@transaction.atomic
def activate(version: AgreementVersion, *, by: User | None, at: datetime) -> AgreementVersion:
    """Bring a signed version into force now; the one in force before is superseded. Open handoffs keep theirs."""
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.IN_FORCE)
    version.agreement.versions.filter(state=AgreementState.IN_FORCE).update(
        state=AgreementState.SUPERSEDED, superseded_at=at
    )
    version.state, version.in_force_from = AgreementState.IN_FORCE, at
    version.save(update_fields=["state", "in_force_from"])
    record("agreement_in_force", version, by=by, at=at)
    return version


def in_force(team: Team) -> AgreementVersion:
    """The version that binds handoffs to ``team``: one for a set of teams before the organisation's.

    Raises NoAgreement where there is none.
    """
    version = (
        AgreementVersion.objects.filter(
            Q(agreement__teams=team) | Q(agreement__teams__isnull=True), state=AgreementState.IN_FORCE
        )
        .select_related("agreement", "calendar")
        .order_by("agreement__teams", "-in_force_from")  # PostgreSQL puts NULL last: the team's own comes first
        .first()
    )
    if version is None:
        raise NoAgreement
    return version


def policy(version: AgreementVersion, team: Team, *, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot that a handoff carries: working calendar, limits (seconds) and ladders of its clocks.

    ``facts``: {"source": code, "actions": [codes], "persona": slug}; of the commitments whose conditions they
    meet, the one with the most conditions counts.
    """
    clocks: dict[str, tuple[int, dict[str, Any]]] = {}
    for promise in version.commitments.filter(metric__in=CLOCK_METRICS, window_minutes__isnull=False).prefetch_related(
        "steps"
    ):
        rank = _conditions_met(promise.conditions, facts)
        if rank is None or (promise.metric in clocks and clocks[promise.metric][0] >= rank):
            continue
        steps = [{"level": s.level, "kind": s.kind, "offset_minutes": s.offset_minutes} for s in promise.steps.all()]
        terms = {"commitment": promise.pk, "limit_seconds": (promise.window_minutes or 0) * 60, "ladder": steps}
        clocks[promise.metric] = (rank, terms)
    calendar = calendars.plain(calendars.of_team(team, version.calendar))
    return {
        "calendar": calendar.to_json(),
        "clocks": {metric: terms for metric, (_rank, terms) in clocks.items()},
    }


def _conditions_met(conditions: Mapping[str, list[str]], facts: Mapping[str, Any]) -> int | None:
    """How many conditions are met, None when one is not."""
    given = {
        "sources": {facts.get("source")},
        "actions": set(facts.get("actions", ())),
        "personas": {facts.get("persona")},
    }
    wanted = {key: values for key, values in conditions.items() if values}
    return len(wanted) if all(given[key] & set(values) for key, values in wanted.items()) else None
