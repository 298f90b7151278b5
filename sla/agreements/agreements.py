"""The agreement: which version is in force, who signs it, and bringing it into force."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts import leaves, people
from crm.accounts.leaves import Line
from crm.accounts.models import Membership, Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.db import returning
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.db.state_machine import check_move
from crm.lib.errors import Conflict, DomainError
from crm.lib.input import fingerprints
from crm.notifications import outbox
from sla.agreements import content
from sla.models import AgreementVersion, Signature, Validity
from sla.states import AGREEMENT_MOVES, UNSIGNED, AgreementState

# The attribute of a version that holds the ids of its personas, where they came with it.
LOOKS_FOR = "looks_for"
# Kinds of notices that ask their readers to act.
ASKS = ("proposed", "unsigned", "renewal")
SCOPE_CONSTRAINT = "agreement_one_in_force_per_scope"


class NoAgreement(DomainError):
    code = "no_agreement"
    message = _(
        "No signed agreement is in force for this team. A lead of each side has to sign one first."
    )


class NotAsShown(Conflict):
    """A person acted on a page of a version that has changed since."""

    code = "not_as_shown"
    message = _("This agreement changed after you opened the page. Read it as it is now.")


class ScopeTaken(Conflict):
    """Another agreement in force binds one of the teams (constraint of Validity)."""

    code = "scope_taken"
    message = _("Another agreement is in force for one of these teams. It has to end first.")


def leads_of(version: AgreementVersion) -> dict[str, list[User]]:
    """Return the team leads who may sign ``version``, by side and in order of name.

    These are the leads of marketing teams, and of the sales teams in the agreement's scope.
    """
    scope = {team.pk for team in version.agreement.teams.all()}
    memberships = Membership.objects.filter(
        is_lead=True, user__is_active=True, team__archived_at__isnull=True
    )
    leads: dict[str, dict[int, User]] = {side: {} for side in Side.values}
    for row in memberships.select_related("user", "team").order_by("user__name"):
        # An agreement binds all of marketing; only sales teams can be its scope.
        if row.team.side == Side.MARKETING or not scope or row.team_id in scope:
            leads[row.team.side][row.user_id] = row.user
    return {side: list(users.values()) for side, users in leads.items()}


def both_sides(version: AgreementVersion, *, without: User | None = None) -> list[User]:
    """Return the team leads of both sides, except ``without``."""
    leads = [user for users in leads_of(version).values() for user in users]
    return [user for user in leads if without is None or user.pk != without.pk]


def notify(
    kind: str,
    version: AgreementVersion,
    users: Iterable[User],
    *,
    at: datetime,
    key: str,
    **params: object,
) -> None:
    """Queue a notice about ``version`` to ``users``, once per ``key``.

    Where it asks them to act, somebody stands in for who is away.
    """
    line = Line(list(users))
    if kind in ASKS:
        line = leaves.cover(line.present, at=at).line(line.present)
    about = {"agreement": version.agreement.name, "number": version.number, **params}
    news = [
        outbox.News(
            f"agreement.{kind}",
            recipients,
            key=f"agreement:{version.pk}:{key}",
            params={**about, **more},
            path=f"/agreement/{version.pk}/",
        )
        for recipients, more in line.addressed()
    ]
    outbox.notify_many(news, at=at)


def standing_signatures(version: AgreementVersion) -> dict[str, Signature]:
    """Return the signatures of the current round, by side."""
    rows = version.signatures.filter(round=version.round).select_related("actor")
    return {row.side: row for row in rows}


def fingerprint(version: AgreementVersion) -> str:
    """Return the hash of what a page of ``version`` shows: its text, state and signatures.

    A form carries it, and :func:`check_shown` compares it.
    """
    return fingerprint_of(version, content.content_of(version), standing_signatures(version))


def fingerprint_of(
    version: AgreementVersion, text: Mapping[str, Any], signed: Iterable[str]
) -> str:
    """Return the fingerprint, for a page that has read the ``text`` and who has ``signed``."""
    shown = {
        "state": version.state,
        "round": version.round,
        "text": text,
        "signed": sorted(signed),
    }
    return fingerprints.digest(shown)


def check_shown(version: AgreementVersion, shown: str | None) -> None:
    """Raise NotAsShown unless ``shown`` is the fingerprint of ``version``, which is locked.

    None: a program asks, which shows no page.
    """
    if shown is not None and shown != fingerprint(version):
        raise NotAsShown


def starts_at(version: AgreementVersion) -> datetime:
    """Return when a signed version comes into force.

    That is midnight of ``starts_on`` in the organisation's zone, or the beginning of time where no
    date is agreed.
    """
    if version.starts_on is None:
        return datetime.min.replace(tzinfo=UTC)
    zone = ZoneInfo(people.organisation().time_zone)
    return datetime.combine(version.starts_on, time(0), tzinfo=zone).astimezone(UTC)


@transaction.atomic
def activate(
    version: AgreementVersion,
    *,
    by: User | None,
    at: datetime,
) -> AgreementVersion:
    """Bring a signed version into force and supersede the one before it.

    Open handoffs keep their version. Raises IllegalMove, and ScopeTaken where another agreement
    binds one of its teams.
    """
    version = AgreementVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    check_move(AGREEMENT_MOVES, version.state, AgreementState.IN_FORCE)
    # First the old one: the database allows one version in force for each agreement.
    _supersede(version, at=at)
    version.state = AgreementState.IN_FORCE
    version.in_force_from = at
    version.save(update_fields=["state", "in_force_from"])
    _bind_teams(version, at=at)
    record("agreement_in_force", version, by=by, at=at)
    notify("in_force", version, both_sides(version, without=by), at=at, key="in_force")
    return version


def _supersede(version: AgreementVersion, *, at: datetime) -> None:
    """End the version of the same agreement that is in force before ``version``."""
    in_force = version.agreement.versions.filter(state=AgreementState.IN_FORCE)
    for before in in_force.select_for_update(no_key=True):
        before.state = AgreementState.SUPERSEDED
        before.superseded_at = at
        before.save(update_fields=["state", "superseded_at"])
        for validity in before.validities.filter(during__endswith__isnull=True):
            begin = validity.during.lower
            # A range cannot end before it begins, whatever moment the caller gives.
            validity.during = (begin, max(at, begin))
            validity.save(update_fields=["during"])


def _bind_teams(version: AgreementVersion, *, at: datetime) -> None:
    """Store from when ``version`` binds its teams. Raises ScopeTaken."""
    # One row without a team covers all teams that have no agreement of their own.
    teams: list[Team | None] = [*version.agreement.teams.all()] or [None]
    rows = [Validity(version=version, team=team, during=(at, None)) for team in teams]
    try:
        # In a savepoint: after the error the transaction can still be used.
        with transaction.atomic():
            Validity.objects.bulk_create(rows)
    except IntegrityError as error:
        diagnostics = getattr(error.__cause__, "diag", None)
        if getattr(diagnostics, "constraint_name", "") == SCOPE_CONSTRAINT:
            raise ScopeTaken from error
        raise


def activate_due(*, at: datetime) -> int:
    """Activate every signed version whose date has come; return how many.

    Safe to run twice and in parallel: a version that another process holds is skipped.
    """
    signed = AgreementVersion.objects.filter(state=AgreementState.SIGNED)
    count = 0
    for version in list(signed.order_by("starts_on", "pk")):
        if starts_at(version) > at:
            continue
        with transaction.atomic():
            # Another process that holds the row activates it: this one does not wait.
            unlocked = AgreementVersion.objects.select_for_update(no_key=True, skip_locked=True)
            if unlocked.filter(pk=version.pk, state=AgreementState.SIGNED).exists():
                activate(version, by=None, at=at)
                count += 1
    return count


def in_force(team: Team) -> AgreementVersion:
    """Return the version that binds handoffs to ``team``.

    An agreement for a set of teams goes before that of the organisation. Raises NoAgreement.
    """
    rows = IN_FORCE.rows(team=team.pk)
    if not rows:
        raise NoAgreement
    *values, looks_for = rows[0]
    version = returning.from_paths(AgreementVersion, TERMS, values)
    setattr(version, LOOKS_FOR, looks_for)
    return version


# Without the long text: it is for those who read and sign it.
TERMS = (
    *(field.attname for field in AgreementVersion._meta.concrete_fields if field.name != "text"),
    "agreement__id",
    "agreement__name",
)


def _in_force(*, team: int) -> QuerySet[Any]:
    binding = AgreementVersion.objects.filter(_binds([team]), state=AgreementState.IN_FORCE)
    # PostgreSQL sorts NULL last, so the agreement of the team itself comes first. By the id: by the
    # name of the team it would be one more table.
    ordered = binding.order_by(F("agreement__teams"), "-in_force_from")
    return with_persona_ids(ordered).values_list(*TERMS, LOOKS_FOR)[:1]


IN_FORCE = KeptSql(_in_force)


def with_persona_ids(rows: QuerySet[AgreementVersion]) -> QuerySet[AgreementVersion]:
    """Return ``rows`` with what :func:`persona_ids` needs, in the same query."""
    chosen = AgreementVersion.personas.through.objects.filter(agreementversion=OuterRef("pk"))
    return rows.annotate(**{LOOKS_FOR: ArraySubquery(chosen.values("persona"))})


def persona_ids(version: AgreementVersion) -> list[int]:
    """Return the ids of the personas that ``version`` looks for; none for all.

    No query for one of :func:`with_persona_ids`, or with prefetched personas.
    """
    if hasattr(version, LOOKS_FOR):
        return list(getattr(version, LOOKS_FOR))
    if "personas" in getattr(version, "_prefetched_objects_cache", {}):
        return [persona.pk for persona in version.personas.all()]
    return [pk for (pk,) in PERSONAS.rows(version=version.pk)]


def _personas(version: int) -> QuerySet[Any]:
    chosen = AgreementVersion.personas.through.objects.filter(agreementversion=version)
    return chosen.values_list("persona")


PERSONAS = KeptSql(_personas)


def in_force_by_team(teams: Collection[Team]) -> dict[int, AgreementVersion]:
    """Return :func:`in_force` of each of ``teams`` by its id; teams without one are missing.

    Their commitments and their calendars with all hours are read with them, in four queries.
    """
    binding = AgreementVersion.objects.filter(_binds(teams), state=AgreementState.IN_FORCE)
    found = binding.annotate(scope=F("agreement__teams")).order_by("-in_force_from")
    related = ("commitments", "calendar__windows", "calendar__holidays")
    by_scope: dict[int | None, AgreementVersion] = {}
    # A version comes once for each team that it names.
    for version in found.select_related("agreement", "calendar").prefetch_related(*related):
        by_scope.setdefault(version.scope, version)
    bound = {team.pk: by_scope.get(team.pk) or by_scope.get(None) for team in teams}
    return {pk: version for pk, version in bound.items() if version is not None}


def capacity_by_team(teams: Collection[Team]) -> dict[int, int | None]:
    """Return how many leads a month each of ``teams`` agreed to work, by its id; one query.

    By the agreement of :func:`in_force_by_team`; teams without one are missing.
    """
    ids = [team.pk for team in teams]
    by_scope: dict[int | None, int | None] = {}
    for scope, capacity in CAPACITIES.rows(teams=ids):
        by_scope.setdefault(scope, capacity)
    usual = {pk: by_scope[None] for pk in ids if None in by_scope}
    return usual | {pk: by_scope[pk] for pk in ids if pk in by_scope}


def _capacities(*, teams: list[int]) -> QuerySet[Any]:
    binds = Q(Among("agreement__teams", teams)) | Q(agreement__teams__isnull=True)
    rows = AgreementVersion.objects.filter(binds, state=AgreementState.IN_FORCE)
    return rows.order_by("-in_force_from").values_list("agreement__teams", "capacity")


CAPACITIES = KeptSql(_capacities)


def _binds(teams: Collection[Team | int]) -> Q:
    """Return the condition for agreements of one of ``teams`` and those of the organisation."""
    return Q(agreement__teams__in=teams) | Q(agreement__teams__isnull=True)


def unsigned() -> AgreementVersion | None:
    """Return the organisation's version that is a draft or waits for a signature, or None."""
    rows = AgreementVersion.objects.filter(state__in=UNSIGNED, agreement__teams__isnull=True)
    return rows.select_related("agreement", "calendar").order_by("-pk").first()
