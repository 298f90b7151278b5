"""A file that somebody imports in the browser: where it stands, its bytes, and the rows that were
not taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.clock import RelevoNow
from leads.states import ImportState, RowKind

UNDO_WITHIN = timedelta(hours=24)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: User) -> ImportRunQuerySet:
        """Marketing sees the imports of its teams, the director all."""
        return self if user.is_director else self.filter(team__in=user.team_ids(Side.MARKETING))

    def with_names(self) -> ImportRunQuerySet:
        """With what a row of the list shows, without the large columns."""
        return self.select_related("team", "created_by").defer(
            "duplicates", "columns", "header", "sample"
        )


class ImportRun(models.Model):
    """One import. ``reading``: how the file is read; ``columns``: the target of each column, empty
    before that.

    ``checked``: {"counts": …, "problems": …, "sources": …} of the dry run; ``done``: the counts of
    the import so far. ``duplicates``: for each row of the file four bytes, the number of the
    earlier row that it repeats, or 0. ``worker`` and ``busy_until`` keep workers from taking turns
    on one file; the row's lock alone keeps it right.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="imports")
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.DRAFT)
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    reading = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)  # its first rows, as [number, cells]
    header_key = models.CharField(max_length=64, blank=True)
    columns = models.JSONField(default=list)
    source = models.ForeignKey(
        "leads.Source", models.PROTECT, null=True, blank=True, related_name="+"
    )
    first_action = models.ForeignKey(
        "leads.ValuableActionKind", models.PROTECT, null=True, blank=True, related_name="+"
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
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-id"], name="import_of_team"),
            models.Index(fields=["sha256"], name="import_by_content"),
            models.Index(
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
        return min(100 * self.rows_done // self.rows_total, 100) if self.rows_total else 0

    @property
    def undo_until(self) -> datetime | None:
        return self.finished_at + UNDO_WITHIN if self.finished_at else None


class ImportChunk(models.Model):
    """A piece of an import's file, in order. Gone when the import has ended."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class ImportReject(models.Model):
    """A row that was not taken: its number in the file, what it is, why in words, and its cells as
    they came.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rejects")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=RowKind.choices)
    problem = models.TextField()
    cells = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_reject_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number} {self.kind}"
