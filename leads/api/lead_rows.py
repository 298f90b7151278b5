"""What is shown of leads over the API, read as plain rows.

Equal to the serializer LeadShown, which documents it and which a test compares: a field of a
serializer costs more than the row that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404

from crm.accounts.models import Team, User
from crm.lib.db.kept_sql import Among, KeptSql, counted
from crm.lib.db.look_up import looked_up
from leads.api.values import amount_text, day_text, moment_text, named, persona
from leads.models import Lead, Parking, PlannedStep, Source
from leads.records import contact_privacy
from leads.returns import cases
from leads.states import ParkingState
from personas.models import PersonaVersion

# The path of each field, in the order of the answer.
PATHS = {
    "id": "pk",
    "version": "version",
    "stage": "stage",
    "name": "person__name",
    "email": "person__email",
    "phone": "person__phone",
    "phone_extension": "person__phone_extension",
    "phone_typed": "person__phone_typed",
    "phone_assumed_country": "person__phone_assumed",
    "job_title": "person__job_title",
    "country": "person__country",
    "company": "company__name",
    "company_country": "company__country",
    "industry": "company__industry",
    "employees": "company__employees",
    "domain": "company__domain",
    "source": "source__code",
    "attributes": "attributes",
    "marketing_team": "marketing_team",
    "owner": "owner",
    "persona": "persona_version",
    "first_seen_on": "first_seen_on",
    "mql_on": "mql_on",
    "handed_off_on": "handed_off_on",
    "accepted_on": "accepted_on",
    "contacted_on": "contacted_on",
    "sql_on": "sql_on",
    "opportunity_on": "opportunity_on",
    "won_on": "won_on",
    "lost_on": "lost_on",
    "won_amount": "won_amount",
    "external_id": "external_id",
    "created_at": "created_at",
    "no_contact_at": "person__no_contact_at",
}
# What is shown of the related rows above, and who may read phone and e-mail.
MORE = (
    "contact_hidden",
    "marketing_team__name",
    "owner__name",
    "persona_version__persona__slug",
    "persona_version__number",
)
COLUMNS = (*PATHS.values(), *MORE)


def _json_of(rows: QuerySet[Any], **paths: str | JSONObject) -> Subquery:
    """Return the fields of the one row as JSON, null without it: planned apart, like looked_up."""
    return Subquery(rows.order_by().values_list(JSONObject(**paths)))


# What is shown of the lead's follow-up and of its returns, after PATHS in the answer.
BESIDE = {
    "next_step": _json_of(
        PlannedStep.objects.open().filter(lead=OuterRef("pk")),
        kind="kind",
        text="text",
        due_at="due_at",
        owner=JSONObject(id="owner", name="owner__name"),
    ),
    "parking": _json_of(
        Parking.objects.filter(lead=OuterRef("pk"), state=ParkingState.PARKED),
        parked_at="parked_at",
        parked_by=JSONObject(id="parked_by", name="parked_by__name"),
        reason="reason__code",
        comment="comment",
        wakes_at="wake_at",
    ),
    "standing_rejections": Subquery(
        counted(cases.standing_rejections().filter(lead=OuterRef("pk")))
    ),
}
# Of a lead that was just logged.
NOTHING_BESIDE = {"next_step": None, "parking": None, "standing_rejections": 0}
# The columns of small tables.
LOOKED_UP = {
    "source__code": looked_up(Source, "source", "code"),
    "marketing_team__name": looked_up(Team, "marketing_team", "name"),
    "owner__name": looked_up(User, "owner", "name"),
    "persona_version__persona__slug": looked_up(PersonaVersion, "persona_version", "persona__slug"),
    "persona_version__number": looked_up(PersonaVersion, "persona_version", "number"),
}
DATES = tuple(name for name in PATHS if name.endswith("_on"))
# Empty without a company.
OF_COMPANY = ("company", "company_country", "industry", "domain")


def shown_of_page(pks: Sequence[int], user: User) -> list[dict[str, Any]]:
    """Return the leads of a page in its order. One that is gone since then is missing."""
    found = {row[0]: _shown(row, user) for row in OF_PAGE.rows(pks=list(pks))}
    return [found[pk] for pk in pks if pk in found]


def shown_to(user: User, pk: int) -> dict[str, Any]:
    """Return the lead as ``user`` may read it; 404 unless they may see it."""
    found = IN_SIGHT.rows(user=user, pk=pk)
    if not found:
        raise Http404
    return _shown(found[0], user)


def _with_columns(rows: QuerySet[Lead]) -> QuerySet[Any]:
    columns = (LOOKED_UP.get(path, path) for path in COLUMNS)
    return rows.values_list(*columns, *BESIDE.values())


def _of_page(*, pks: list[int]) -> QuerySet[Any]:
    return _with_columns(Lead.objects.filter(Among("pk", pks)))


def _in_sight(*, user: User, pk: int) -> QuerySet[Any]:
    return _with_columns(Lead.objects.visible_to(user).filter(pk=pk))


OF_PAGE = KeptSql(_of_page)
IN_SIGHT = KeptSql(_in_sight)


def shown_new(lead: Lead, user: User) -> dict[str, Any]:
    """Return a lead that was just logged as ``user`` may read it. No query: it came with ``lead``.

    Equal to :func:`shown_to` of the same lead.
    """
    columns = [_value(lead, path) for path in COLUMNS]
    return _shown([*columns, *NOTHING_BESIDE.values()], user)


def _value(lead: Lead, path: str) -> Any:
    """Return the value at ``path`` as a query reads it: of a row its key, None without the row."""
    value: Any = lead
    for name in path.split("__"):
        if value is not None:
            value = getattr(value, name)
    if isinstance(value, Model):
        return value.pk
    return value


def _shown(values: Sequence[Any], user: User) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(PATHS, values, strict=False))
    contact_hidden, team, owner, slug, number, *beside = values[len(PATHS) :]
    if contact_privacy.hides(contact_hidden, row["marketing_team"], user):
        _mask(row)
    for name in OF_COMPANY:
        if row[name] is None:
            row[name] = ""
    row["marketing_team"] = named(row["marketing_team"], team)
    row["owner"] = named(row["owner"], owner)
    row["persona"] = persona(row["persona"], slug, number)
    for name in DATES:
        row[name] = day_text(row[name])
    row["won_amount"] = amount_text(row["won_amount"])
    for name in ("created_at", "no_contact_at"):
        row[name] = moment_text(row[name])
    for name, value in zip(BESIDE, beside, strict=True):
        row[name] = _with_moments(value)
    return row


def _with_moments(value: Any) -> Any:
    """Return what PostgreSQL wrote as JSON, with its moments in UTC, with Z."""
    if not isinstance(value, dict):
        return value
    for name, text in value.items():
        if name.endswith("_at") and text is not None:
            value[name] = moment_text(datetime.fromisoformat(text))
    return value


def _mask(row: dict[str, Any]) -> None:
    row["email"] = contact_privacy.masked_email(row["email"])
    row["phone"] = contact_privacy.masked_phone(row["phone"])
    row["phone_extension"] = ""
    row["phone_typed"] = ""
