"""An import in the browser: its state, its file, and the rejected rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.clock import RelevoNow
from leads.imports.states import ChangeState, ImportState, RowKind

# The system of external ids where it is unknown; earlier uploads all have it.
UNKNOWN_SYSTEM = "file"
UNDO_WITHIN = timedelta(hours=24)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: User) -> ImportRunQuerySet:
        """Return the imports of the marketing teams of ``user``; all for a director."""
        if user.is_director:
            return self
        return self.filter(team__in=user.team_ids(Side.MARKETING))

    def with_names(self) -> ImportRunQuerySet:
        """Return the imports with what a row of the list shows, without the large columns."""
        return self.select_related("team", "created_by").defer(
            "duplicates",
            "columns",
            "header",
            "sample",
            "facts",
            "answers",
        )


class ImportRun(models.Model):
    """One import.

    ``system``: the one whose ids the column of external ids has. ``reading``: how the file is read.
    ``sample``: its first rows as [number, cells]. ``columns``: the target of each column, empty
    until they are matched. ``facts``: what the cells of each column say about how to read them
    (columns.facts). ``answers``: those of the person where the cells are ambiguous,
    {"month_first": …, "decimal": …, "countries": {text: code}}.

    ``checked``: {"counts": …, "problems": …, "sources": …} of the dry run. ``done``: the counts of
    the import so far. ``duplicates``: four bytes for each row, the earlier row that it repeats
    (imports.identity.duplicate_rows), or 0. ``worker`` and ``busy_until`` keep workers from
    alternating on one file; correctness depends on the row's lock alone.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="imports")
    # Of the command line: known leads are those of the team, whatever its person may see besides.
    sees_team_only = models.BooleanField(default=False, db_default=False)
    # db_default: during an upgrade the previous version still inserts rows without this column.
    system = models.CharField(max_length=40, default=UNKNOWN_SYSTEM, db_default=UNKNOWN_SYSTEM)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.DRAFT)
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    reading = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    header_key = models.CharField(max_length=64, blank=True)
    columns = models.JSONField(default=list)
    # db_default: during an upgrade the previous version still inserts rows without these columns.
    facts = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    answers = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    source = models.ForeignKey(
        "leads.Source",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    first_action = models.ForeignKey(
        "leads.ValuableActionKind",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    checked = models.JSONField(default=dict)
    duplicates = models.BinaryField(default=b"")
    done = models.JSONField(default=dict)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=RelevoNow())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-id"], name="import_of_team"),
            # The same file again is noticed before it is checked.
            models.Index(fields=["sha256"], name="import_by_content"),
            models.Index(
                # The states of IMPORT_WORK: workers ask for these rows again and again, and few
                # have them.
                fields=["id"],
                condition=Q(state__in=["checking", "running", "undoing"]),
                name="import_work",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        """The share of the rows that is done, from 0 to 100."""
        if not self.rows_total:
            return 0
        # rows_total is an estimate while a file is checked, and may be too low.
        return min(100 * self.rows_done // self.rows_total, 100)

    @property
    def undo_until(self) -> datetime | None:
        """Until when the import can be undone; None before it has finished."""
        if self.finished_at is None:
            return None
        return self.finished_at + UNDO_WITHIN


class ImportChunk(models.Model):
    """A piece of an import's file, in order. Deleted when the import has ended."""

    # CASCADE, unlike the history of leads: files hold personal data and are no history.
    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class ImportReject(models.Model):
    """A rejected row: its number in the file, its kind, its problems, and its cells.

    ``problems``: as leads.imports.problems stores them. Rows of earlier versions have a text in
    ``problem`` instead. ``matched_field`` and ``matched_lead``: by which field the row is which
    lead that is here already; for a duplicate within the file the field alone. Empty where nothing
    matched.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rejects")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=RowKind.choices)
    problem = models.TextField(blank=True)
    # db_default: during an upgrade the previous version still inserts rows without this column.
    problems = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    cells = models.JSONField()
    matched_field = models.CharField(max_length=40, blank=True, db_default="")
    # Not searched by: leads are archived and not deleted.
    matched_lead = models.ForeignKey(
        "leads.Lead",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_reject_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number} {self.kind}"


class ImportNote(models.Model):
    """A note on a row that was taken, or on the lead that it matched (leads.imports.notes)."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="notes", db_index=False)
    number = models.PositiveIntegerField()
    field = models.CharField(max_length=120)
    code = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    lead = models.ForeignKey(
        "leads.Lead",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        indexes = [models.Index(fields=["run", "number"], name="import_note_of_run")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number} {self.field} {self.code}"


class ImportChange(models.Model):
    """What an import did to one fact of a company that was there before, and for which row.

    ``fact``: as "domain". Of a kept fact, ``old`` is the value that stayed and ``new`` that of the
    row. ``changed_at``: when ``new`` was written. Without ``run`` and row no undo could tell the
    import's values from later ones (leads.imports.companies).
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="changes", db_index=False)
    company = models.ForeignKey("leads.Company", models.CASCADE, related_name="+")
    fact = models.CharField(max_length=20)
    state = models.CharField(max_length=12, choices=ChangeState.choices)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    row = models.PositiveIntegerField()
    changed_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["run", "state", "company"], name="import_change_work")]
        constraints = [
            # The first row that has a fact gives it.
            models.UniqueConstraint(
                fields=["run", "company", "fact"],
                condition=~Q(state=ChangeState.KEPT),
                name="import_change_once",
            ),
            # A differing value that many rows repeat is reported once, with its first row.
            models.UniqueConstraint(
                fields=["run", "company", "fact", "new"],
                condition=Q(state=ChangeState.KEPT),
                name="import_kept_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ChangeState.values), name="import_change_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.row} {self.company_id} {self.fact} {self.state}"
