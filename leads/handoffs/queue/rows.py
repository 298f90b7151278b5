"""A handoff as the queue and "My leads" show it, and as a decision reads it. Read only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import JSONObject

from crm.accounts import teams
from crm.accounts.models import User
from crm.lib.db import returning
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.paging import Page
from leads.models import Company, Handoff, Package, Person, Source
from leads.models.lead import lead_name
from leads.states import HandoffState
from personas.models import PersonaVersion
from sla.clocks import snapshots
from sla.clocks.snapshots import ClockRow

# What a row of the queue or of "My leads" shows besides its handoff and its clock, by path.
ROW_PATHS = {
    "person": "lead__person__name",
    "email": "lead__person__email",
    "phone": "lead__person__phone",
    "phone_extension": "lead__person__phone_extension",
    "no_contact_at": "lead__person__no_contact_at",
    "contact_hidden": "lead__contact_hidden",
    "brought_by": "lead__marketing_team_id",
    "job_title": "lead__person__job_title",
    "company": "lead__company__name",
    "external_id": "lead__external_id",
    "source": "lead__source__name",
    "is_test": "lead__is_test",
    "persona": "persona_version__persona__name",
    "team": "team__name",
    "owner": "owner__name",
}
# Looked up by a subquery each: PostgreSQL took 5 ms to plan the ten joined tables of a decision and
# takes 1 ms for these. A decision reads them into attributes of this prefix.
ROW_PREFIX = "row_"
LOOKED_UP: dict[str, QuerySet[Any]] = {
    "company": Company.objects.filter(pk=OuterRef("lead__company")).values("name"),
    "source": Source.objects.filter(pk=OuterRef("lead__source")).order_by().values("name"),
    "persona": PersonaVersion.objects.filter(pk=OuterRef("persona_version")).values(
        "persona__name"
    ),
}
# The columns of the handoff itself that a row needs.
OWN_COLUMNS = (
    "pk",
    "lead_id",
    "team_id",
    "state",
    "cycle",
    "requeued_at",
    "proves_sql",
    "fit_score",
    "engagement_score",
    "overrides",
)
# The columns that a decision reads and writes. A missing one is read by a query of its own, which
# the tests of the number of queries refuse.
DECISION_COLUMNS = (
    "id",
    *OWN_COLUMNS[1:],
    "clock_id",
    "policy_ref_id",
    "owner_id",
    "accepted_at",
    "submitted_by_id",
    "lead__id",
    "lead__stage",
    "lead__owner_id",
    "lead__accepted_on",
    "lead__marketing_team_id",
    "lead__contact_hidden",
    "lead__external_id",
    "lead__is_test",
    "lead__person_id",
    "clock__id",
    *(f"clock__{name}" for name in ClockRow._fields[1:]),
    "clock__counted_from",
    "clock__spent",
    "clock__assigned_due_at",
)
# What it looks up in the same way as whole rows, each as one JSON value.
PERSON_ROW, SUBMITTER_ROW = "person_row", "submitter_row"
SHOWN_OF_PERSON = (
    "id",
    "name",
    "email",
    "phone",
    "phone_extension",
    "no_contact_at",
    "job_title",
)
CLOCK = "clock__"


# -- The rows of a page


class HandoffRow(NamedTuple):
    """What a row of a list shows of a handoff: OWN_COLUMNS, ROW_PATHS and the clock.

    ``overruled``: the overrides of the package with their reasons (packages.overruled).
    """

    pk: int
    lead_id: int
    team_id: int
    state: str
    cycle: int
    requeued_at: datetime | None
    proves_sql: bool
    fit_score: int | None
    engagement_score: int | None
    overrides: int
    person: str
    email: str
    phone: str
    phone_extension: str
    no_contact_at: datetime | None
    contact_hidden: bool
    brought_by: int | None
    job_title: str
    company: str | None
    external_id: str
    source: Mapping[str, str] | None
    is_test: bool
    persona: Mapping[str, str]
    team: str
    owner: str | None
    clock: ClockRow | None
    overruled: list[dict[str, Any]] | None = None

    @property
    def is_pending(self) -> bool:
        return self.state == HandoffState.PENDING

    @property
    def name(self) -> str:
        """The name of the lead as everywhere else."""
        return lead_name(
            self.person,
            self.email,
            self.phone,
            self.external_id,
            pk=self.lead_id,
            contact_hidden=self.contact_hidden,
        )

    @property
    def about(self) -> str:
        """The job title and the company, as far as they are known."""
        return ", ".join(part for part in (self.job_title, self.company) if part)


def rows_of(page: Page, *, without: Collection[str] = ()) -> list[HandoffRow]:
    """Return the rows of a page of handoffs, in its order, in at most two queries.

    ``without``: names of ROW_PATHS that the list does not show and that stay None. Each spares a
    join, which PostgreSQL would take longer to plan than to run.
    """
    shown = tuple(name for name in ROW_PATHS if name not in without)
    found = ROWS.rows(shown, ids=list(page.rows))
    by_id = {values[0]: _row(shown, values) for values in found}
    # A handoff may be gone since the page was read.
    return _with_reasons([by_id[pk] for pk in page.rows if pk in by_id])


def _rows(shown: tuple[str, ...], *, ids: list[int]) -> QuerySet[Any]:
    clock = [CLOCK + name for name in ClockRow._fields]
    columns = [*OWN_COLUMNS, *map(_column, shown), *clock]
    return Handoff.objects.filter(Among("pk", ids)).values_list(*columns)


def _column(name: str) -> F | Subquery:
    """Return the column of LOOKED_UP or of ROW_PATHS."""
    if name in LOOKED_UP:
        return Subquery(LOOKED_UP[name])
    return F(ROW_PATHS[name])


ROWS = KeptSql(_rows)


def _row(shown: Collection[str], values: Sequence[Any]) -> HandoffRow:
    """Return the row with the values of OWN_COLUMNS, of ``shown`` and of its clock."""
    rest = values[len(OWN_COLUMNS) :]
    by_name = dict(zip(shown, rest, strict=False))
    clock = ClockRow(*rest[len(by_name) :])
    return HandoffRow._make(
        (
            *values[: len(OWN_COLUMNS)],
            *(by_name.get(name) for name in ROW_PATHS),
            # A closed handoff from before the clocks has none.
            clock if clock.pk else None,
            None,
        )
    )


def _with_reasons(rows: list[HandoffRow]) -> list[HandoffRow]:
    """Add the reasons of overrides, in one query where a row has any."""
    overridden = [row.pk for row in rows if row.overrides]
    if not overridden:
        return rows
    # One key of the package instead of the whole payload.
    reasons = KeyTransform("overrides", "payload")
    packages = Package.objects.filter(handoff__in=overridden).values_list("handoff", reasons)
    overruled = dict(packages)
    return [row._replace(overruled=overruled.get(row.pk)) for row in rows]


# -- The row of a decision


def to_decide(user: User, pk: int) -> Handoff | None:
    """Return a pending handoff with what an accept and :func:`row_of` need, in one query.

    None if it is not pending, or if ``user`` does not see it.
    """
    rows = TO_DECIDE.rows(user=user, pk=pk)
    if not rows:
        return None
    size = len(DECISION_COLUMNS)
    handoff = returning.from_paths(Handoff, DECISION_COLUMNS, rows[0][:size])
    person, submitter, *looked_up = rows[0][size:]
    handoff.lead.person = returning.from_json(Person, person)
    handoff.submitted_by = returning.from_json(User, submitter)
    for name, value in zip(LOOKED_UP, looked_up, strict=True):
        setattr(handoff, ROW_PREFIX + name, value)
    # Who may decide is in the team, and came with it.
    for member in user.memberships_now:
        if member.team_id == handoff.team_id:
            handoff.team = member.team
    return handoff


def _to_decide(*, user: User, pk: int) -> QuerySet[Any]:
    person = Person.objects.filter(pk=OuterRef("lead__person"))
    submitter = User.objects.filter(pk=OuterRef("submitted_by"))
    looked_up = {
        PERSON_ROW: Subquery(person.values(row=_as_json(SHOWN_OF_PERSON))),
        SUBMITTER_ROW: Subquery(submitter.values(row=_as_json(teams.NOTIFIED))),
    }
    looked_up |= {ROW_PREFIX + name: Subquery(rows) for name, rows in LOOKED_UP.items()}
    rows = Handoff.objects.pending_to(user).filter(pk=pk).annotate(**looked_up)
    return rows.values_list(*DECISION_COLUMNS, *looked_up)


def _as_json(names: Iterable[str]) -> JSONObject:
    """Return the columns ``names`` of a row as one value, for returning.from_json."""
    return JSONObject(**{name: name for name in names})


TO_DECIDE = KeptSql(_to_decide)


def row_of(handoff: Handoff) -> HandoffRow:
    """Return the row of a handoff that a step has read or changed, as the list shows it."""
    shown = {name: _shown(handoff, name, path) for name, path in ROW_PATHS.items()}
    clock = snapshots.row_of(handoff.clock) if handoff.clock else None
    own = {name: getattr(handoff, name) for name in OWN_COLUMNS}
    return HandoffRow(**own, **shown, clock=clock)


def _shown(handoff: Handoff, name: str, path: str) -> Any:
    """Return a value of the row: its column of :func:`to_decide`, or else of related objects."""
    if hasattr(handoff, ROW_PREFIX + name):
        return getattr(handoff, ROW_PREFIX + name)
    value: Any = handoff
    for attribute in path.split("__"):
        if not value:
            break
        value = getattr(value, attribute)
    return value
