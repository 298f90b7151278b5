"""The agreement: what a version says, signing it, bringing it into force.

Its draft is written in sla.agreements.drafts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.models import Membership, Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.db.state_machine import check_move
from crm.lib.errors import Conflict, DomainError
from crm.notifications import outbox
from sla.calendars import calendars
from sla.models import AgreementVersion, Signature, Validity
from sla.states import AGREEMENT_MOVES, CLOCK_METRICS, UNSIGNED, AgreementState, Proof

SCOPE_GUARD = "agreement_one_in_force_per_scope"
# What both sides agree on beside definitions, commitments and catalogues, as the row keeps it.
TERMS = (
    "mql_definition",
    "sql_definition",
    "package_fields",
    "sql_blocks",
    "sql_terms",
    "valuable_actions",
    "minimum_score",
    "engagement_half_life_days",
    "distribution",
    "rep_cap",
    "hide_contact",
    "pauses",
    "max_returns",
    "capacity",
    "index_weights",
)


class NoAgreement(DomainError):
    code = "no_agreement"
    message = _(
        "No signed agreement is in force for this team. A lead of each side has to sign one first."
    )


class ScopeTaken(Conflict):
    """The database refused a second agreement in force for the same teams (Validity)."""

    code = "scope_taken"
    message = _("Another agreement is in force for one of these teams. It has to end first.")


def content(version: AgreementVersion) -> dict[str, Any]:
    """Everything that the signatures stand for, as plain JSON data: frozen once it is proposed,
    live before.
    """
    return version.text or written(version)


def written(version: AgreementVersion) -> dict[str, Any]:
    """The text as the rows have it now.

    Names are in it, so that renaming something later changes no signed word.
    """
    promises = version.commitments.prefetch_related("steps")
    calendar = version.calendar
    return {
        "agreement": version.agreement.name,
        "number": version.number,
        "teams": [team.name for team in version.agreement.teams.order_by("name")],
        **{name: getattr(version, name) for name in TERMS},
        "arbiter": version.arbiter.name if version.arbiter else "",
        "starts_on": version.starts_on and version.starts_on.isoformat(),
        "renew_by": version.renew_by and version.renew_by.isoformat(),
        "calendar": {"name": calendar.name, **calendars.signed_part(calendar)},
        "personas": [{"slug": p.slug, "name": p.name} for p in version.personas.order_by("slug")],
        "rejection_reasons": [
            {"code": r.code, "class": r.kind, "name": r.name, "needs_comment": r.needs_comment}
            for r in version.rejection_reasons.order_by("code")
        ],
        "commitments": [
            {
                "side": p.side,
                "metric": p.metric,
                "target": f"{p.target.normalize():f}",
                "window_minutes": p.window_minutes,
                "conditions": p.conditions,
                "steps": [[s.kind, s.offset_minutes] for s in p.steps.all()],
            }
            for p in promises
        ],
    }


def content_hash(version: AgreementVersion) -> str:
    """SHA-256 of the canonical JSON of :func:`content`, in hex."""
    return digest(content(version))


def digest(text: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of ``text``, in hex."""
    canonical = json.dumps(text, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def leads_of(version: AgreementVersion) -> dict[str, list[User]]:
    """Who may sign for each side: leads of marketing teams, and of the sales teams that the
    agreement is for.
    """
    scope = {team.pk for team in version.agreement.teams.all()}
    rows = Membership.objects.filter(
        is_lead=True, user__is_active=True, team__archived_at__isnull=True
    )
    found: dict[str, dict[int, User]] = {side: {} for side in Side.values}
    for row in rows.select_related("user", "team").order_by("user__name"):
        if row.team.side == Side.MARKETING or not scope or row.team_id in scope:
            found[row.team.side][row.user_id] = row.user
    return {side: list(users.values()) for side, users in found.items()}


def tell(
    kind: str,
    version: AgreementVersion,
    users: Iterable[User],
    *,
    at: datetime,
    key: str,
    **params: object,
) -> None:
    """Queue a notice about ``version`` to ``users``, once per ``key``."""
    words = {"agreement": version.agreement.name, "number": version.number, **params}
    path = f"/agreement/{version.pk}/"
    outbox.notify(
        f"agreement.{kind}",
        users,
        at=at,
        key=f"agreement:{version.pk}:{key}",
        params=words,
        path=path,
    )


def may_sign(version: AgreementVersion, side: str, user: User) -> bool:
    """Whether ``user`` leads a team of ``side`` that the agreement binds."""
    led = user.team_ids(side, led=True)
    scope = {team.pk for team in version.agreement.teams.all()} if side == Side.SALES else set()
    return bool(set(led) & scope if scope else led)


def standing_signatures(version: AgreementVersion) -> dict[str, Signature]:
    """The signatures that count, by side."""
    rows = version.signatures.filter(round=version.round).select_related("actor")
    return {row.side: row for row in rows}


def starts_at(version: AgreementVersion) -> datetime:
    """When a signed version comes into force: midnight of its date in the organisation's zone; at
    once without one.
    """
    if version.starts_on is None:
        return datetime.min.replace(tzinfo=UTC)
    zone = ZoneInfo(people.organisation().time_zone)
    return datetime.combine(version.starts_on, time(0), tzinfo=zone).astimezone(UTC)


@transaction.atomic
def activate(version: AgreementVersion, *, by: User | None, at: datetime) -> AgreementVersion:
    """Bring a signed version into force now; the one in force before is superseded.

    Open handoffs keep theirs.

    Raises IllegalMove, and ScopeTaken where another agreement binds one of its teams.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.IN_FORCE)
    for before in version.agreement.versions.filter(
        state=AgreementState.IN_FORCE
    ).select_for_update(no_key=True):
        before.state, before.superseded_at = AgreementState.SUPERSEDED, at
        before.save(update_fields=["state", "superseded_at"])
        for validity in before.validities.filter(during__endswith__isnull=True):
            validity.during = (validity.during.lower, max(at, validity.during.lower))
            validity.save(update_fields=["during"])
    version.state, version.in_force_from = AgreementState.IN_FORCE, at
    version.save(update_fields=["state", "in_force_from"])
    _bind(version, at=at)
    record("agreement_in_force", version, by=by, at=at)
    everybody = [
        user
        for users in leads_of(version).values()
        for user in users
        if by is None or user.pk != by.pk
    ]
    tell("in_force", version, everybody, at=at, key="in_force")
    return version


def _bind(version: AgreementVersion, *, at: datetime) -> None:
    teams: list[Team | None] = [*version.agreement.teams.all()]
    rows = [Validity(version=version, team=team, during=(at, None)) for team in teams or [None]]
    try:
        with transaction.atomic():
            Validity.objects.bulk_create(rows)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == SCOPE_GUARD:
            raise ScopeTaken from error
        raise


def turn(*, at: datetime) -> int:
    """Bring every signed version into force whose date has come; returns how many.

    Safe in parallel and repeated.
    """
    waiting = AgreementVersion.objects.filter(state=AgreementState.SIGNED).order_by(
        "starts_on", "pk"
    )
    count = 0
    for version in [each for each in waiting if starts_at(each) <= at]:
        with transaction.atomic():
            rows = AgreementVersion.objects.select_for_update(no_key=True, skip_locked=True)
            if rows.filter(pk=version.pk, state=AgreementState.SIGNED).exists():
                activate(version, by=None, at=at)
                count += 1
    return count


def in_force(team: Team) -> AgreementVersion:
    """The version that binds handoffs to ``team``: one for a set of teams before the
    organisation's.

    Raises NoAgreement where there is none.
    """
    version = (
        AgreementVersion.objects.filter(
            Q(agreement__teams=team) | Q(agreement__teams__isnull=True),
            state=AgreementState.IN_FORCE,
        )
        .select_related("agreement", "calendar")
        .order_by(
            "agreement__teams", "-in_force_from"
        )  # PostgreSQL puts NULL last: the team's own comes first
        .first()
    )
    if version is None:
        raise NoAgreement
    return version


def unsigned() -> AgreementVersion | None:
    """The organisation's version that is still written, or waits for a signature."""
    rows = AgreementVersion.objects.filter(state__in=UNSIGNED, agreement__teams__isnull=True)
    return rows.select_related("agreement", "calendar").order_by("-pk").first()


def blocks(version: AgreementVersion, kind: str, code: str) -> bool:
    """Whether a criterion (``kind``, ``code``) without evidence keeps a lead from being an SQL;
    else it only warns.
    """
    return (
        version.sql_terms.get(code, Proof.BLOCKS if kind in version.sql_blocks else Proof.WARNS)
        == Proof.BLOCKS
    )


def policy(version: AgreementVersion, team: Team, *, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot that a handoff carries: working calendar, limits (seconds) and ladders of its
    clocks, reasons to pause them with their caps (seconds).

    ``facts``: {"source": code, "actions": [codes], "persona": slug}; of the commitments whose
    conditions they meet, the one with the most conditions counts.
    """
    clocks: dict[str, tuple[int, dict[str, Any]]] = {}
    for promise in version.commitments.filter(
        metric__in=CLOCK_METRICS, window_minutes__isnull=False
    ).prefetch_related("steps"):
        rank = _conditions_met(promise.conditions, facts)
        if rank is None or (promise.metric in clocks and clocks[promise.metric][0] >= rank):
            continue
        steps = [
            {"level": s.level, "kind": s.kind, "offset_minutes": s.offset_minutes}
            for s in promise.steps.all()
        ]
        terms = {
            "commitment": promise.pk,
            "limit_seconds": (promise.window_minutes or 0) * 60,
            "ladder": steps,
        }
        clocks[promise.metric] = (rank, terms)
    calendar = calendars.plain(calendars.of_team(team, version.calendar))
    found = {
        "version": version.pk,
        "calendar": calendar.to_json(),
        "clocks": {metric: terms for metric, (_rank, terms) in clocks.items()},
    }
    if version.pauses is not None:
        found["pauses"] = {code: minutes * 60 for code, minutes in version.pauses.items()}
    if version.rep_cap is not None:
        found["rep_cap"] = version.rep_cap
    if version.hide_contact:
        found["hide_contact"] = True
    return found


def _conditions_met(conditions: Mapping[str, list[str]], facts: Mapping[str, Any]) -> int | None:
    """How many conditions are met, None when one is not."""
    given = {
        "sources": {facts.get("source")},
        "actions": set(facts.get("actions", ())),
        "personas": {facts.get("persona")},
    }
    wanted = {key: values for key, values in conditions.items() if values}
    return len(wanted) if all(given[key] & set(values) for key, values in wanted.items()) else None
