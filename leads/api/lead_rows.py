"""What is shown of leads over the API, read as plain rows.

Equal to the serializer LeadShown, which documents it and which a test compares: a field of a
serializer costs more than the row that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404

from crm.accounts.models import Team, User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.db.look_up import looked_up
from leads.models import Lead, Source
from leads.records import contact_privacy
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
    return rows.values_list(*(LOOKED_UP.get(path, path) for path in COLUMNS))


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
    return _shown([_value(lead, path) for path in COLUMNS], user)


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
    contact_hidden, team, owner, slug, number = values[len(PATHS) :]
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
    row["created_at"] = moment_text(row["created_at"])
    return row


def _mask(row: dict[str, Any]) -> None:
    row["email"] = contact_privacy.masked_email(row["email"])
    row["phone"] = contact_privacy.masked_phone(row["phone"])
    row["phone_extension"] = ""
    row["phone_typed"] = ""


# -- Values, as the fields of serializers show them


def named(pk: int | None, name: str | None) -> dict[str, Any] | None:
    """Return a person or an object by id and name, None without one."""
    if pk is None:
        return None
    return {"id": pk, "name": name}


def persona(pk: int | None, slug: str | None, number: int | None) -> dict[str, Any] | None:
    """Return the version of a persona, None without one."""
    if pk is None:
        return None
    return {"id": pk, "slug": slug, "number": number}


def day_text(day: date | None) -> str | None:
    if day is None:
        return None
    return day.isoformat()


def moment_text(moment: datetime | None) -> str | None:
    """Return the instant in UTC, with Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def amount_text(amount: Decimal | None) -> str | None:
    """Return the digits of an amount: a JSON number would lose some."""
    if amount is None:
        return None
    return f"{amount:f}"
