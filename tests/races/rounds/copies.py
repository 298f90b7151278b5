"""Many copies of a lead with all its rows, by one statement for each table.

A race needs a fresh lead for each round. Made through the product's own functions it takes up to
30 ms of CPU, which is more than the round itself.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from leads.models import Dispute, Handoff, Lead, Person, Return
from sla.models import Clock

# The rows that clocks run on, by Clock.subject_type.
SUBJECTS: dict[str, type[models.Model]] = {
    "handoff": Handoff,
    "return": Return,
    "dispute": Dispute,
}


class Copies:
    """Copies of the rows that are written between the making of this object and :meth:`make`."""

    def __init__(self) -> None:
        self.before = _last_ids()
        self.size: dict[type[models.Model], int] = {}

    def make(self, count: int, *, shifts: dict[str, str] | None = None) -> None:
        """Insert ``count`` copies of each new row; they refer to each other as the rows do.

        ``shifts``: by the name of a column, what the copy number adds to it.
        """
        self.size = {}
        for model, last in _last_ids().items():
            if last > self.before[model]:
                self.size[model] = last - self.before[model]
        with transaction.atomic(), connection.cursor() as cursor:
            # Triggers judged the rows when they were made; the checks of the race judge the copies.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for model in self.size:
                cursor.execute(self._insert(model, shifts or {}), {"count": count})
                last = self.before[model] + self.size[model] * (count + 1)
                cursor.execute(f"SELECT setval('{_sequence(model)}', {last})")

    def id_of(self, model: type[models.Model], pk: int, copy: int) -> int:
        """Return the id of the copy of the row ``pk``; copy 0 is the row itself."""
        return pk + copy * self.size[model]

    def _insert(self, model: type[models.Model], shifts: dict[str, str]) -> str:
        fields = model._meta.concrete_fields
        columns = ", ".join(f'"{field.column}"' for field in fields)
        values = ", ".join(self._value(model, field, shifts) for field in fields)
        before = self.before[model]
        return (
            f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values}"
            f" FROM {model._meta.db_table} AS t, generate_series(1, %(count)s) AS copy"
            f" WHERE t.id > {before} AND t.id <= {before + self.size[model]}"
        )

    def _value(self, model: type[models.Model], field: Any, shifts: dict[str, str]) -> str:
        column = f't."{field.column}"'
        if field.primary_key:
            return self._shifted(model, column)
        if isinstance(field, models.ForeignKey) and field.related_model in self.size:
            return self._shifted(field.related_model, column)
        if model is Clock and field.name == "subject_id":
            cases = " ".join(
                f"WHEN '{name}' THEN {self._shifted(subject, column)}"
                for name, subject in SUBJECTS.items()
                if subject in self.size
            )
            return f"CASE t.subject_type {cases} ELSE {column} END"
        if model is Person and field.name in ("email", "phone"):
            # Another person: who has the same one is bound by a request not to be contacted.
            return f"{column} || copy" if field.name == "phone" else f"copy || {column}"
        if field.column in shifts:
            return f"{column} + copy * {shifts[field.column]}"
        return column

    def _shifted(self, model: type[models.Model], column: str) -> str:
        """Return the id in ``column``, of the copy if ``model`` has new rows and it is one."""
        before, size = self.before[model], self.size[model]
        return f"CASE WHEN {column} > {before} THEN {column} + copy * {size} ELSE {column} END"


def _models() -> list[type[models.Model]]:
    """Return the models whose rows may belong to a lead: those with a number as id."""
    found = []
    for app in ("leads", "sla", "accounts", "notifications"):
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            if isinstance(model._meta.pk, models.AutoField) and model._meta.pk.column == "id":
                found.append(model)
    assert Lead in found
    return found


def _last_ids() -> dict[type[models.Model], int]:
    """Return the last id that was given to a row of each model."""
    found = _models()
    with connection.cursor() as cursor:
        # Not of the rows that are there: those of another test were deleted.
        last = ", ".join(f"pg_sequence_last_value('{_sequence(model)}')" for model in found)
        cursor.execute(f"SELECT {last}")
        return {model: pk or 0 for model, pk in zip(found, cursor.fetchone(), strict=True)}


def _sequence(model: type[models.Model]) -> str:
    return f"{model._meta.db_table}_id_seq"
