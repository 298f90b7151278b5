"""Drafts of an agreement: creating, renewing and editing them, until they are proposed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from personas.models import Persona
from sla.agreements import agreements, default_terms
from sla.agreements.content import TERM_FIELDS
from sla.clocks import pauses
from sla.models import (
    Agreement,
    AgreementVersion,
    Calendar,
    Commitment,
    LadderStep,
    RejectionReason,
)
from sla.states import UNSIGNED, AgreementState, Metric

CommitmentData = Mapping[str, Any]


class NotReady(DomainError):
    """The agreement cannot be created or signed yet; ``fields`` says what is missing where."""

    code = "agreement_not_ready"
    message = gettext_lazy("This draft cannot be signed yet.")


class DraftOpen(Conflict):
    code = "draft_open"
    message = gettext_lazy("This agreement has a draft already. Work on that one, or discard it.")


class EditedMeanwhile(Conflict):
    """The draft was saved by another person while it was being edited."""

    code = "edited_meanwhile"
    message = gettext_lazy("Somebody else changed this draft while you edited it.")


class TextIsClosed(Conflict):
    code = "text_is_closed"
    message = gettext_lazy("This text waits for signatures or is signed: it cannot be changed.")


@transaction.atomic
def create_agreement(
    name: str,
    teams: Iterable[Team],
    *,
    by: User,
    at: datetime,
) -> Agreement:
    """Create an agreement without a version, for ``teams`` of sales (none: the organisation).

    Raises NotReady on an empty name or a team that is not of sales.
    """
    scope = list(teams)
    name = name.strip()
    if not name:
        raise NotReady(fields={"name": _("Give the agreement a name.")})
    others = [team.name for team in scope if team.side != Side.SALES]
    if others:
        text = _("Only teams of sales have an agreement of their own: %(names)s.")
        raise NotReady(fields={"teams": text % {"names": ", ".join(others)}})
    agreement = Agreement.objects.create(name=name)
    agreement.teams.set(scope)
    payload = {"name": agreement.name, "teams": [team.pk for team in scope]}
    record("agreement_founded", agreement, by=by, at=at, payload=payload)
    return agreement


@transaction.atomic
def create_for_teams(
    name: str,
    teams: Iterable[Team],
    *,
    by: User,
    at: datetime,
) -> AgreementVersion:
    """Create an agreement for ``teams`` of sales, and its first draft.

    The draft begins with the text that binds the first of the teams now. Raises NotReady as
    :func:`create_agreement`, and agreements.NoAgreement where nothing binds that team.
    """
    scope = list(teams)
    agreement = create_agreement(name, scope, by=by, at=at)
    if not scope:
        raise NotReady(fields={"teams": _("Choose the teams that it is for.")})
    return renew(agreements.in_force(scope[0]), by=by, at=at, of=agreement)


@transaction.atomic
def create(
    agreement: Agreement,
    *,
    by: User | None,
    at: datetime,
    calendar: Calendar,
    commitments: Iterable[CommitmentData],
    reasons: Iterable[RejectionReason] = (),
    personas: Iterable[Persona] = (),
    **terms: Any,
) -> AgreementVersion:
    """Create a draft of ``agreement``.

    ``commitments``: fields of Commitment, and ``steps``: [(kind, offset in minutes), …].
    ``terms``: columns of AgreementVersion; without pauses it proposes all of the catalogue.
    Raises DraftOpen where the agreement has a draft.
    """
    if terms.get("pauses") is None:
        terms["pauses"] = pauses.default_caps()
    # What only the product said so far is signed with the next text.
    for name, usual in default_terms.COLUMNS.items():
        if terms.get(name) is None:
            terms[name] = usual
    # Discarded drafts keep their number: numbers are never used twice.
    last = agreement.versions.order_by("-number").first()
    number = 1 if last is None else last.number + 1
    try:
        with transaction.atomic():
            version = AgreementVersion.objects.create(
                agreement=agreement,
                number=number,
                calendar=calendar,
                created_by=by,
                created_at=at,
                **terms,
            )
    # The constraint agreement_one_draft: two people may begin one at the same time.
    except IntegrityError as error:
        raise DraftOpen from error
    _create_commitments(version, commitments)
    version.rejection_reasons.set(reasons)
    version.personas.set(personas)
    record("agreement_drafted", version, by=by, at=at, payload={"number": version.number})
    return version


def _create_commitments(version: AgreementVersion, commitments: Iterable[CommitmentData]) -> None:
    for position, data in enumerate(commitments):
        fields = {name: value for name, value in data.items() if name != "steps"}
        commitment = Commitment.objects.create(version=version, position=position, **fields)
        steps = []
        for level, (kind, offset) in enumerate(data.get("steps", ()), start=1):
            steps.append(
                LadderStep(commitment=commitment, level=level, kind=kind, offset_minutes=offset)
            )
        LadderStep.objects.bulk_create(steps)


@transaction.atomic
def renew(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    of: Agreement | None = None,
) -> AgreementVersion:
    """Create the next draft with the text of ``version``, without its dates.

    What is archived since is left out; terms that only the product said join it
    (default_terms). ``of``: another agreement that gets the draft. Raises
    DraftOpen.
    """
    terms = {name: getattr(version, name) for name in TERM_FIELDS}
    # A draft cannot name a reason that was archived since.
    if version.pauses is not None:
        in_use = pauses.default_caps()
        terms["pauses"] = {
            code: minutes for code, minutes in version.pauses.items() if code in in_use
        }
    return create(
        of or version.agreement,
        by=by,
        at=at,
        calendar=version.calendar,
        commitments=_with_attempts(version),
        reasons=version.rejection_reasons.filter(archived_at__isnull=True),
        personas=version.personas.filter(archived_at__isnull=True),
        arbiter=version.arbiter,
        **terms,
    )


def _with_attempts(version: AgreementVersion) -> list[dict[str, Any]]:
    """Return the commitments of ``version``, with the usual attempts where it promises none."""
    rows = commitments_of(version)
    if not any(row["metric"] == Metric.ATTEMPTS for row in rows):
        rows.append(default_terms.attempts_for_draft(version.calendar))
    return rows


@transaction.atomic
def promise(
    version: AgreementVersion, commitment: CommitmentData, *, by: User, at: datetime
) -> AgreementVersion:
    """Put ``commitment`` into the open draft of the agreement, or into its next one; return it.

    A draft that already promises this metric of the same leads stays as it is. Raises TextIsClosed
    where the next version waits for signatures, and EditedMeanwhile.
    """
    draft = version.agreement.versions.filter(state__in=UNSIGNED).first()
    if draft is None:
        draft = renew(version, by=by, at=at)
    rows = commitments_of(draft)
    same = [row for row in rows if row["metric"] == commitment["metric"]]
    if any(_narrowed(row) == _narrowed(commitment) for row in same):
        return draft
    return edit(draft, by=by, at=at, seen=draft.revision, commitments=[*rows, commitment])


def _narrowed(commitment: CommitmentData) -> dict[str, Any]:
    """Return for which leads ``commitment`` holds; a condition without codes narrows nothing."""
    conditions = commitment.get("conditions") or {}
    return {name: set(codes) for name, codes in conditions.items() if codes}


def commitments_of(version: AgreementVersion) -> list[dict[str, Any]]:
    """Return the commitments of ``version`` as :func:`create` takes them."""
    return [
        {
            "side": commitment.side,
            "metric": commitment.metric,
            "target": commitment.target,
            "window_minutes": commitment.window_minutes,
            "conditions": commitment.conditions,
            "steps": [(step.kind, step.offset_minutes) for step in commitment.steps.all()],
        }
        for commitment in version.commitments.prefetch_related("steps")
    ]


@transaction.atomic
def edit(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    seen: int,
    commitments: Iterable[CommitmentData] | None = None,
    reasons: Iterable[RejectionReason] | None = None,
    personas: Iterable[Persona] | None = None,
    **terms: Any,
) -> AgreementVersion:
    """Change the given parts of a draft; None leaves a part as it is.

    ``seen``: the revision that the editor showed. Raises TextIsClosed, and EditedMeanwhile where
    the draft was saved since.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.state != AgreementState.DRAFT:
        raise TextIsClosed
    if version.revision != seen:
        raise EditedMeanwhile
    for name, value in terms.items():
        setattr(version, name, value)
    version.revision += 1
    version.save(update_fields=[*terms, "revision"])
    changed = [*terms]
    if commitments is not None:
        # Replaced as a whole: the rows of the editor have no identity of their own.
        version.commitments.all().delete()
        _create_commitments(version, commitments)
        changed.append("commitments")
    if reasons is not None:
        version.rejection_reasons.set(reasons)
        changed.append("reasons")
    if personas is not None:
        version.personas.set(personas)
    payload = {"changed": changed, "revision": version.revision}
    record("agreement_edited", version, by=by, at=at, payload=payload)
    return version
