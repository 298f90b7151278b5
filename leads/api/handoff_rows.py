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
from leads.api import values
from leads.api.returns import rows as return_rows
from leads.api.values import amount_text, day_text, moment_text, named, persona
from leads.models import Handoff, OutcomeReason
from leads.models.lead import lead_name
from leads.states import SENT_BACK
from personas.models import PersonaVersion
from sla.clocks.snapshots import ClockRow
from sla.models import AgreementVersion, RejectionReason

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
    "return": None,
    "case": None,
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


def shown(pk: int, user: User, *, at: datetime) -> dict[str, Any]:
    """Return the handoff as it is at ``at`` as ``user`` may read it, even out of their sight."""
    return shown_of_page([pk], user, at=at)[0]


def shown_of_page(pks: Sequence[int], user: User, *, at: datetime) -> list[dict[str, Any]]:
    """Return the handoffs of a page in its order. One that is gone since then is missing.

    Two queries; one more where sales sent one back, and one more where one is a duplicate.
    """
    rows = OF_PAGE.rows(pks=list(pks))
    found = {row["id"]: row for row in _all_shown(rows, user, at)}
    return [found[pk] for pk in pks if pk in found]


def shown_to(user: User, pk: int, *, at: datetime) -> dict[str, Any]:
    """Return the handoff; 404 unless ``user`` may see it."""
    found = _all_shown(IN_SIGHT.rows(user=user, pk=pk), user, at)
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


def _all_shown(rows: Collection[Sequence[Any]], user: User, at: datetime) -> list[dict[str, Any]]:
    found = [_shown(row, at) for row in rows]
    _add_returns(found, user, at)
    # Few people work on the handoffs of a page: PostgreSQL takes longer to plan three joins more.
    _name_people(found)
    return found


def _add_returns(rows: Collection[dict[str, Any]], user: User, at: datetime) -> None:
    """Add the returns of those that sales sent back, with the cases of the arbiter."""
    sent_back = {row["id"]: row for row in rows if row["state"] in SENT_BACK}
    for pk, shown_return, case in return_rows.of_handoffs(list(sent_back), user, at=at):
        sent_back[pk]["return"] = shown_return
        sent_back[pk]["case"] = case


# The fields of a handoff and of its parts that are people.
PEOPLE_OF = {
    "": ("owner", "submitted_by"),
    "decision": ("by",),
    "return": ("assigned_to", "answered_by"),
    "case": ("arbiter", "opened_by", "decided_by"),
}


def _name_people(rows: Collection[dict[str, Any]]) -> None:
    """Put id and name in the place of the ids of people; one query."""
    places = []
    for row in rows:
        for name, fields in PEOPLE_OF.items():
            part = row[name] if name else row
            if part is not None:
                places += [(part, field) for field in fields]
    ids = {part[field] for part, field in places} - {None}
    names = dict(PEOPLE.rows(pks=list(ids)))
    for part, field in places:
        part[field] = named(part[field], names.get(part[field]))


def _shown(columns: Sequence[Any], at: datetime) -> dict[str, Any]:
    own = dict(zip(OWN, columns, strict=False))
    row: dict[str, Any] = {name: own.get(name) for name in PATHS}
    rest = iter(columns[len(OWN) :])
    row["team"] = named(row["team"], next(rest))
    row["agreement"] = {"id": row["agreement"], "number": next(rest)}
    row["persona"] = persona(row["persona"], next(rest), next(rest))
    row["lead"] = _lead(*(next(rest) for _ in LEAD))
    row["decision"] = _decision(*(next(rest) for _ in DECISION))
    row["clock"] = values.clock(ClockRow(*rest), at=at)
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
