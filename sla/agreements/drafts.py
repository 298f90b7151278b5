"""Drafts of an agreement: written by both sides, commented, then proposed for signing, which closes
the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.accounts import people
from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.clock import local_date
from crm.lib.db.state_machine import check_move
from crm.lib.errors import Conflict, DomainError
from personas.models import Persona
from sla.agreements import agreements
from sla.agreements.agreements import tell
from sla.clocks import pauses
from sla.models import (
    Agreement,
    AgreementVersion,
    Calendar,
    Comment,
    Commitment,
    LadderStep,
    RejectionReason,
)
from sla.states import (
    AGREEMENT_MOVES,
    CLOCK_METRICS,
    COUNTED_METRICS,
    SIDE_OF,
    UNSIGNED,
    AgreementState,
    Metric,
    StepKind,
)

Promise = Mapping[str, Any]


class NotReady(DomainError):
    """The draft cannot be signed yet; ``fields`` says what is missing where."""

    code = "agreement_not_ready"
    message = gettext_lazy("This draft cannot be signed yet.")


class DraftOpen(Conflict):
    code = "draft_open"
    message = gettext_lazy("This agreement has a draft already. Work on that one, or discard it.")


class EditedMeanwhile(Conflict):
    """Somebody saved the draft while it was being edited."""

    code = "edited_meanwhile"
    message = gettext_lazy("Somebody else changed this draft while you edited it.")


class TextIsClosed(Conflict):
    code = "text_is_closed"
    message = gettext_lazy("This text waits for signatures or is signed: it cannot be changed.")


class NothingSaid(DomainError):
    code = "nothing_said"


@transaction.atomic
def found(name: str, teams: Iterable[Team], *, by: User, at: datetime) -> Agreement:
    """A new agreement without any version yet, for ``teams`` of sales (none: the whole
    organisation).

    Raises NotReady on an empty name or a team that does not sell.
    """
    scope = list(teams)
    if not name.strip():
        raise NotReady(fields={"name": _("Give the agreement a name.")})
    if wrong := [team.name for team in scope if team.side != Side.SALES]:
        text = _("Only teams of sales have an agreement of their own: %(names)s.") % {
            "names": ", ".join(wrong)
        }
        raise NotReady(fields={"teams": text})
    agreement = Agreement.objects.create(name=name.strip())
    agreement.teams.set(scope)
    payload = {"name": agreement.name, "teams": [team.pk for team in scope]}
    record("agreement_founded", agreement, by=by, at=at, payload=payload)
    return agreement


@transaction.atomic
def begin(name: str, teams: Iterable[Team], *, by: User, at: datetime) -> AgreementVersion:
    """A new agreement for ``teams`` of sales with a first draft that says what binds the first of
    them now.

    Raises NotReady as :func:`found`, agreements.NoAgreement where nothing binds them yet.
    """
    scope = list(teams)
    agreement = found(name, scope, by=by, at=at)
    if not scope:
        text = _("Choose the teams that it is for.")
        raise NotReady(fields={"teams": text})
    return renew(agreements.in_force(scope[0]), by=by, at=at, of=agreement)


@transaction.atomic
def create(
    agreement: Agreement,
    *,
    by: User | None,
    at: datetime,
    calendar: Calendar,
    commitments: Iterable[Promise],
    reasons: Iterable[RejectionReason] = (),
    personas: Iterable[Persona] = (),
    **terms: Any,
) -> AgreementVersion:
    """A new draft. ``commitments``: fields of Commitment plus ``steps``: [(kind, offset in
    minutes), …].

    Where ``terms`` say nothing of pauses it proposes the catalogue's. Raises DraftOpen where the
    agreement has one.
    """
    if terms.get("pauses") is None:
        terms["pauses"] = pauses.proposed()
    last = agreement.versions.order_by("-number").first()
    try:
        with transaction.atomic():
            version = AgreementVersion.objects.create(
                agreement=agreement,
                number=last.number + 1 if last else 1,
                calendar=calendar,
                created_by=by,
                created_at=at,
                **terms,
            )
    except IntegrityError as error:
        raise DraftOpen from error
    _write(version, commitments, reasons, personas)
    record("agreement_drafted", version, by=by, at=at, payload={"number": version.number})
    return version


def _write(
    version: AgreementVersion,
    commitments: Iterable[Promise],
    reasons: Iterable[RejectionReason],
    personas: Iterable[Persona],
) -> None:
    for position, promise in enumerate(commitments):
        words = {key: value for key, value in promise.items() if key != "steps"}
        commitment = Commitment.objects.create(version=version, position=position, **words)
        LadderStep.objects.bulk_create(
            LadderStep(commitment=commitment, level=level, kind=kind, offset_minutes=offset)
            for level, (kind, offset) in enumerate(promise.get("steps", ()), start=1)
        )
    version.rejection_reasons.set(reasons)
    version.personas.set(personas)


@transaction.atomic
def renew(
    version: AgreementVersion, *, by: User, at: datetime, of: Agreement | None = None
) -> AgreementVersion:
    """The next draft (``of`` another agreement, if given), beginning with all that ``version`` says
    but for what is archived; its dates are left open. Raises DraftOpen.
    """
    terms = {name: getattr(version, name) for name in agreements.TERMS}
    if version.pauses is not None:
        in_use = pauses.proposed()
        terms["pauses"] = {
            code: minutes for code, minutes in version.pauses.items() if code in in_use
        }
    return create(
        of or version.agreement,
        by=by,
        at=at,
        calendar=version.calendar,
        commitments=promises_of(version),
        reasons=version.rejection_reasons.filter(archived_at__isnull=True),
        personas=version.personas.filter(archived_at__isnull=True),
        arbiter=version.arbiter,
        **terms,
    )


def promises_of(version: AgreementVersion) -> list[dict[str, Any]]:
    """The commitments of ``version`` as :func:`create` takes them."""
    return [
        {
            "side": p.side,
            "metric": p.metric,
            "target": p.target,
            "window_minutes": p.window_minutes,
            "conditions": p.conditions,
            "steps": [(step.kind, step.offset_minutes) for step in p.steps.all()],
        }
        for p in version.commitments.prefetch_related("steps")
    ]


@transaction.atomic
def edit(
    version: AgreementVersion,
    *,
    by: User,
    at: datetime,
    seen: int,
    commitments: Iterable[Promise] | None = None,
    reasons: Iterable[RejectionReason] | None = None,
    personas: Iterable[Persona] | None = None,
    **terms: Any,
) -> AgreementVersion:
    """Change what is given; None stays as it is. ``seen``: the revision that the editor showed.

    Raises TextIsClosed, and EditedMeanwhile where the draft was saved since.
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
    if commitments is not None:
        version.commitments.all().delete()
    _write(
        version,
        commitments or (),
        version.rejection_reasons.all() if reasons is None else reasons,
        version.personas.all() if personas is None else personas,
    )
    changed = [
        *terms,
        *(name for name, given in (("commitments", commitments), ("reasons", reasons)) if given),
    ]
    record(
        "agreement_edited",
        version,
        by=by,
        at=at,
        payload={"changed": changed, "revision": version.revision},
    )
    return version


@transaction.atomic
def propose(
    version: AgreementVersion, *, by: User, at: datetime, labels: Mapping[str, Any] | None = None
) -> AgreementVersion:
    """Close the text and ask both sides to sign it.

    ``labels``: what the codes in it are called, kept with the text.

    Raises NotReady naming what is missing, IllegalMove.
    """
    version = close(version, by=by, at=at, labels=labels)
    others = [
        user
        for users in agreements.leads_of(version).values()
        for user in users
        if user.pk != by.pk
    ]
    tell("proposed", version, others, at=at, key=f"proposed:{version.round}", by=by.name)
    return version


@transaction.atomic
def close(
    version: AgreementVersion, *, by: User, at: datetime, labels: Mapping[str, Any] | None = None
) -> AgreementVersion:
    """:func:`propose` without telling anybody: a first signature does that itself."""
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.PROPOSED)
    if missing := problems(version, at=at):
        raise NotReady(fields=missing)
    version.text = agreements.written(version) | ({"labels": dict(labels)} if labels else {})
    version.content_hash = agreements.digest(version.text)
    version.state, version.proposed_at = AgreementState.PROPOSED, at
    version.save(update_fields=["text", "content_hash", "state", "proposed_at"])
    record("agreement_proposed", version, by=by, at=at, payload={"sha256": version.content_hash})
    return version


@transaction.atomic
def reopen(version: AgreementVersion, *, by: User, at: datetime, why: str = "") -> AgreementVersion:
    """Back to draft before both have signed: what was signed so far is void, and both sides hear of
    it.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.DRAFT)
    void = list(agreements.standing_signatures(version))
    version.text, version.content_hash, version.proposed_at = None, "", None
    version.state, version.round, version.revision = (
        AgreementState.DRAFT,
        version.round + 1,
        version.revision + 1,
    )
    version.save(
        update_fields=["text", "content_hash", "proposed_at", "state", "round", "revision"]
    )
    record("agreement_reopened", version, by=by, at=at, payload={"void": void, "why": why})
    others = [
        user
        for users in agreements.leads_of(version).values()
        for user in users
        if user.pk != by.pk
    ]
    tell("reopened", version, others, at=at, key=f"reopened:{version.round}", by=by.name, why=why)
    return version


@transaction.atomic
def discard(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    """Give a draft up; it stays readable.

    One that waits for signatures goes back to draft first.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.state == AgreementState.PROPOSED:
        version = reopen(version, by=by, at=at)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.DISCARDED)
    version.state = AgreementState.DISCARDED
    version.save(update_fields=["state"])
    record("agreement_discarded", version, by=by, at=at)
    return version


@transaction.atomic
def comment(
    version: AgreementVersion,
    section: str,
    text: str,
    *,
    by: User,
    at: datetime,
    answers: Comment | None = None,
) -> Comment:
    """Say something about one section; the leads of both sides are told.

    Raises NothingSaid, TextIsClosed.
    """
    if not text.strip():
        words = _("Write what you want to say.")
        raise NothingSaid(words, fields={"text": words})
    if version.state not in UNSIGNED:
        raise TextIsClosed
    said = Comment.objects.create(
        version=version,
        section=section,
        answers=answers,
        actor=by,
        at=at,
        payload={"text": text.strip()},
    )
    others = [
        user
        for users in agreements.leads_of(version).values()
        for user in users
        if user.pk != by.pk
    ]
    tell(
        "comment",
        version,
        others,
        at=at,
        key=f"comment:{said.pk}",
        by=by.name,
        said=text.strip()[:200],
    )
    return said


# -- What a draft lacks before it can be signed


def problems(version: AgreementVersion, *, at: datetime) -> dict[str, object]:
    """What keeps ``version`` from being signed, by section; empty when it is ready."""
    promises = list(version.commitments.prefetch_related("steps"))
    found: dict[str, object] = {}
    for name, text in (
        ("mql_definition", version.mql_definition),
        ("sql_definition", version.sql_definition),
    ):
        if not any(str(words).strip() for words in text.values()):
            found[name] = _("Write the definition.")
    if not version.rejection_reasons.filter(archived_at__isnull=True).exists():
        found["rejection_reasons"] = _("Agree on at least one reason to reject a lead.")
    if words := _of_promises(promises):
        found["commitments"] = words
    if words := _of_capacity(version, promises):
        found["capacity"] = words
    weights = version.index_weights
    if weights and sum(weights.values()) != 100:
        found["index_weights"] = _("The weights add up to %(sum)s, not to 100.") % {
            "sum": sum(weights.values())
        }
    return found | _of_dates(version, at=at)


def _of_promises(promises: list[Commitment]) -> str:
    for side in Side.values:
        if not any(p.side == side and not _is_variant(p) for p in promises):
            return _("%(side)s promises nothing yet.") % {"side": Side(side).label}
    for p in promises:
        label = Metric(p.metric).label
        if p.side != SIDE_OF[p.metric]:
            return _("%(metric)s is not %(side)s's to promise.") % {
                "metric": label,
                "side": Side(p.side).label,
            }
        if p.metric in CLOCK_METRICS and not p.window_minutes:
            return _("%(metric)s needs a time.") % {"metric": label}
        if p.target <= 0 or (p.metric not in COUNTED_METRICS and p.target > 1):
            return _("%(metric)s needs a target between 1 and 100 out of 100.") % {"metric": label}
        if words := _of_ladder(p):
            return words
    seen = [
        (p.metric, repr(sorted((k, sorted(v)) for k, v in p.conditions.items() if v)))
        for p in promises
    ]
    for p, key in zip(promises, seen, strict=True):
        if seen.count(key) > 1:
            return _("%(metric)s is promised twice for the same leads.") % {
                "metric": Metric(p.metric).label
            }
    return ""


def _is_variant(promise: Commitment) -> bool:
    return any(promise.conditions.values())


def _of_ladder(promise: Commitment) -> str:
    """The order of a ladder: warnings inside the window, one breach at most, later steps in the
    order of time.
    """
    steps = list(promise.steps.all())
    label = Metric(promise.metric).label
    offsets = [step.offset_minutes for step in steps]
    if offsets != sorted(offsets):
        return _("The steps of %(metric)s are not in the order of their time.") % {"metric": label}
    if [step.kind for step in steps].count(StepKind.BREACH) > 1:
        return _("The steps of %(metric)s name the deadline itself more than once.") % {
            "metric": label
        }
    if any(
        -step.offset_minutes > (promise.window_minutes or 0)
        for step in steps
        if step.kind == StepKind.WARN
    ):
        return _("The warning of %(metric)s comes before its time begins.") % {"metric": label}
    return ""


def _of_capacity(version: AgreementVersion, promises: list[Commitment]) -> str:
    """Marketing cannot promise more than sales says it can work (domain.md: checked when
    signing).
    """
    volumes = [p.target for p in promises if p.metric == Metric.MQL_VOLUME and not _is_variant(p)]
    if version.capacity is None or not volumes or Decimal(version.capacity) >= max(volumes):
        return ""
    capacity = ngettext(
        "Sales says that it can work %(capacity)s lead a month",
        "Sales says that it can work %(capacity)s leads a month",
        version.capacity,
    ) % {"capacity": version.capacity}
    return _("%(capacity)s, and marketing promises %(volume)s.") % {
        "capacity": capacity,
        "volume": int(max(volumes)),
    }


def _of_dates(version: AgreementVersion, *, at: datetime) -> dict[str, object]:
    today = local_date(at, people.organisation().time_zone)
    begins = version.starts_on or today
    found: dict[str, object] = {}
    if version.starts_on and version.starts_on < today:
        found["starts_on"] = _("This date has passed. An agreement never applies to the past.")
    if version.renew_by and version.renew_by <= begins:
        found["renew_by"] = _("The review must lie after the beginning.")
    return found
