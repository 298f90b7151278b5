"""What is shown of handoffs over the API, read as plain rows.

Equal to the serializer HandoffShown, which documents it and which a test compares.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet
from django.http import Http404

from crm.accounts.models import Team, User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.db.look_up import looked_up
from leads.api.lead_rows import amount_text, day_text, moment_text, named, persona
from leads.models import Handoff, OutcomeReason
from leads.models.lead import lead_name
from personas.models import PersonaVersion
from sla.clocks import readings
from sla.clocks.readings import Reading
from sla.clocks.snapshots import ClockRow
from sla.models import AgreementVersion, RejectionReason

AHEAD = ("ok", "soon", "waiting", "paused")
# The path of each field, in the order of the answer; None where several columns make it.
PATHS = {
    "id": "pk",
    "lead": None,
    "cycle": "cycle",
    "state": "state",
    "team": "team",
    "owner": "owner",
    "submitted_by": "submitted_by",
    "submitted_at": "submitted_at",
    "requeued_at": "requeued_at",
    "accepted_at": "accepted_at",
    "contacted_at": "contacted_at",
    "sql_at": "sql_at",
    "opportunity_at": "opportunity_at",
    "closed_at": "closed_at",
    "clock": None,
    "decision": None,
    "note": "note",
    "proves_sql": "proves_sql",
    "fit_score": "fit_score",
    "engagement_score": "engagement_score",
    "overrides": "overrides",
    "expected_amount": "expected_amount",
    "expected_close_on": "expected_close_on",
    "amount": "amount",
    "outcome_reason": "outcome_reason__code",
    "persona": "persona_version",
    "agreement": "agreement_version",
}
OWN = {name: path for name, path in PATHS.items() if path is not None}
MOMENTS = tuple(name for name in PATHS if name.endswith("_at"))
LEAD = (
    "lead",
    "lead__person__name",
    "lead__person__email",
    "lead__person__phone",
    "lead__external_id",
    "lead__contact_hidden",
    "lead__company__name",
)
OF_PERSONA = ("persona_version__persona__slug", "persona_version__number")
CLOCK = tuple(f"clock__{name}" for name in ClockRow._fields)
DECISION = ("kind", "by", "at", "reason__code", "reason__kind", "comment")
STANDING = tuple(f"standing__{name}" for name in DECISION)
COLUMNS = (
    *OWN.values(),
    "team__name",
    "agreement_version__number",
    *OF_PERSONA,
    *LEAD,
    *STANDING,
    *CLOCK,
)
# The columns of small tables.
LOOKED_UP = {
    "outcome_reason__code": looked_up(OutcomeReason, "outcome_reason", "code"),
    "team__name": looked_up(Team, "team", "name"),
    "agreement_version__number": looked_up(AgreementVersion, "agreement_version", "number"),
    "persona_version__persona__slug": looked_up(PersonaVersion, "persona_version", "persona__slug"),
    "persona_version__number": looked_up(PersonaVersion, "persona_version", "number"),
    "standing__reason__code": looked_up(RejectionReason, "standing__reason", "code"),
    "standing__reason__kind": looked_up(RejectionReason, "standing__reason", "kind"),
}


def shown(pk: int, *, at: datetime) -> dict[str, Any]:
    """Return the handoff as it is at ``at``, in two queries, whoever may see it."""
    return shown_of_page([pk], at=at)[0]


def shown_of_page(pks: Sequence[int], *, at: datetime) -> list[dict[str, Any]]:
    """Return the handoffs of a page in its order. One that is gone since then is missing."""
    found = {row["id"]: row for row in _all_shown(OF_PAGE.rows(pks=list(pks)), at)}
    return [found[pk] for pk in pks if pk in found]


def shown_to(user: User, pk: int, *, at: datetime) -> dict[str, Any]:
    """Return the handoff; 404 unless ``user`` may see it."""
    found = _all_shown(IN_SIGHT.rows(user=user, pk=pk), at)
    if not found:
        raise Http404
    return found[0]


def _with_columns(rows: QuerySet[Handoff]) -> QuerySet[Any]:
    condition = Q(decisions__undone_at__isnull=True, decisions__released_at__isnull=True)
    # At most one decision of a handoff stands (handoff_one_decision): the join repeats no row.
    rows = rows.annotate(standing=FilteredRelation("decisions", condition=condition))
    return rows.values_list(*(LOOKED_UP.get(path, path) for path in COLUMNS))


def _of_page(*, pks: list[int]) -> QuerySet[Any]:
    return _with_columns(Handoff.objects.filter(Among("pk", pks)))


def _in_sight(*, user: User, pk: int) -> QuerySet[Any]:
    return _with_columns(Handoff.objects.visible_to(user).filter(pk=pk))


def _people(*, pks: list[int]) -> QuerySet[Any]:
    return User.objects.filter(Among("pk", pks)).values_list("pk", "name")


OF_PAGE = KeptSql(_of_page)
IN_SIGHT = KeptSql(_in_sight)
PEOPLE = KeptSql(_people)


def _all_shown(rows: Collection[Sequence[Any]], at: datetime) -> list[dict[str, Any]]:
    found = [_shown(values, at) for values in rows]
    # Few people work on the handoffs of a page: PostgreSQL takes longer to plan three joins more.
    names = _names_of_people(found)
    for row in found:
        row["owner"] = named(row["owner"], names.get(row["owner"]))
        row["submitted_by"] = named(row["submitted_by"], names.get(row["submitted_by"]))
        decision = row["decision"]
        if decision is not None:
            decision["by"] = named(decision["by"], names.get(decision["by"]))
    return found


def _names_of_people(rows: Collection[dict[str, Any]]) -> dict[int, str]:
    people = {row["owner"] for row in rows} | {row["submitted_by"] for row in rows}
    people |= {row["decision"]["by"] for row in rows if row["decision"]}
    return dict(PEOPLE.rows(pks=list(people - {None})))


def _shown(values: Sequence[Any], at: datetime) -> dict[str, Any]:
    own = dict(zip(OWN, values, strict=False))
    row: dict[str, Any] = {name: own.get(name) for name in PATHS}
    rest = iter(values[len(OWN) :])
    row["team"] = named(row["team"], next(rest))
    row["agreement"] = {"id": row["agreement"], "number": next(rest)}
    row["persona"] = persona(row["persona"], next(rest), next(rest))
    row["lead"] = _lead(*(next(rest) for _ in LEAD))
    row["decision"] = _decision(*(next(rest) for _ in DECISION))
    row["clock"] = _clock(ClockRow(*rest), at)
    for name in MOMENTS:
        row[name] = moment_text(row[name])
    for name in ("expected_amount", "amount"):
        row[name] = amount_text(row[name])
    row["expected_close_on"] = day_text(row["expected_close_on"])
    return row


def _lead(
    pk: int,
    name: str,
    email: str,
    phone: str,
    external_id: str,
    contact_hidden: bool,
    company: str | None,
) -> dict[str, Any]:
    shown_name = lead_name(name, email, phone, external_id, pk=pk, contact_hidden=contact_hidden)
    return {"id": pk, "name": shown_name, "company": company or ""}


def _decision(
    kind: str | None,
    by: int | None,
    decided_at: datetime | None,
    reason: str | None,
    reason_class: str | None,
    comment: str | None,
) -> dict[str, Any] | None:
    if kind is None:
        return None
    return {
        "kind": kind,
        "by": by,
        "at": moment_text(decided_at),
        "reason": reason,
        "reason_class": reason_class,
        "comment": comment,
    }


def _clock(clock: ClockRow, at: datetime) -> dict[str, Any] | None:
    """Return what the clock shows, None for a closed handoff from before the clocks."""
    if not clock.pk:
        return None
    reading = readings.reading(clock, at=at)
    return {
        "metric": reading.metric,
        "status": reading.status,
        "started_at": moment_text(reading.started_at),
        "due_at": moment_text(reading.due_at),
        "seconds_left": seconds_left(reading),
        "limit_seconds": reading.limit_seconds,
        "opens_at": moment_text(reading.opens_at),
        "resumes_at": moment_text(reading.resumes_at),
        "time_zone": reading.zone,
    }


def seconds_left(reading: Reading) -> int | None:
    """Return the business time that is left, below 0 when late, None for a stopped clock."""
    if reading.status in AHEAD:
        return reading.seconds
    if reading.status == "late":
        # A reading counts the overdue time upwards; the API counts down through 0.
        return -reading.seconds
    return None
