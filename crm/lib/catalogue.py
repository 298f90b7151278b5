"""Catalogues that the organisation edits: reasons, kinds of valuable actions, custom fields.

Their rows have a bilingual ``name``, a ``code`` that never changes, a ``position`` in the list, and
``archived_at``: a row that was used is archived, never deleted. The functions take the model or the
row; the module of each catalogue checks its own fields and records the audit entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max, ProtectedError, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import DomainError
from crm.lib.forms import Choices
from crm.lib.text import clean_line

UP = -1
DOWN = 1
CODE_LENGTH = 50  # of the 60 characters of the column: room for a number
LAST_POSITION = 32767  # the greatest number that a PositiveSmallIntegerField holds


class BadName(DomainError):
    """A name lacks a language; ``fields`` says which: "name_es", "name_en"."""

    code = "bad_name"


def in_use(model: Any) -> QuerySet[Any]:
    """Return the rows of ``model`` that are not archived."""
    return model.objects.filter(archived_at__isnull=True)


def choices(model: Any, **fields: str) -> Choices:
    """Return key and name of each row in use, as a form offers them, in one query.

    ``fields``: values that the rows must have.
    """
    return tuple((pk, in_language(name)) for pk, name in NAMES.rows(model, **fields))


def _names(model: Any, **fields: str) -> QuerySet[Any, tuple[Any, ...]]:
    return in_use(model).filter(**fields).values_list("pk", "name")


NAMES = KeptSql(_names)


def clean_name(name: Mapping[str, str], *, longest: int | None = None) -> dict[str, str]:
    """Return the texts of ``name``, each as one clean line, without the languages that are empty.

    ``longest``: characters after which a text is cut.
    """
    texts = {}
    for language in LANGUAGES:
        text = clean_line(name.get(language) or "")[:longest]
        if text:
            texts[language] = text
    return texts


def complete_name(name: Mapping[str, str]) -> dict[str, str]:
    """Return the clean texts of ``name``. Raises BadName where a language is missing."""
    texts = clean_name(name)
    message = _("Write it in both languages.")
    missing = {f"name_{each}": message for each in LANGUAGES if each not in texts}
    if missing:
        raise BadName(message, fields=missing)
    return texts


def new_code(model: Any, name: Mapping[str, str], *, default: str) -> str:
    """Return a code for a new row, made of its name, that no other row has.

    ``default``: where the name has no letter that a code may have.
    """
    slug = slugify(in_language(name, "en"))[:CODE_LENGTH]
    wanted = slug.replace("-", "_").strip("_")
    return free_code(model, wanted or default)


def free_code(model: Any, wanted: str) -> str:
    """Return ``wanted``, with a number where another row has it."""
    taken = set(model.objects.filter(code__startswith=wanted).values_list("code", flat=True))
    code = wanted
    number = 2
    while code in taken:
        code = f"{wanted}_{number}"
        number += 1
    return code


def last_position(model: Any) -> int:
    """Return the position of a new row at the end of the list."""
    last = model.objects.aggregate(last=Max("position"))["last"]
    if last is None:
        return 0
    return min(last + 1, LAST_POSITION)


def place(row: Any, position: int) -> None:
    """Put ``row`` at ``position`` (0: the first) among all rows, and number them anew."""
    rows = [each for each in _locked(type(row).objects) if each.pk != row.pk]
    rows.insert(max(0, min(position, len(rows))), row)
    _number(rows)


def move(row: Any, step: int) -> int | None:
    """Move ``row`` one place UP or DOWN among the rows in use.

    Return its new place, or None where it is archived or at the end of the list.
    """
    rows = _locked(in_use(type(row)))
    places = {each.pk: place for place, each in enumerate(rows)}
    if row.pk not in places:
        return None
    here = places[row.pk]
    there = here + step
    if not 0 <= there < len(rows):
        return None
    rows.insert(there, rows.pop(here))
    _number(rows)
    return there


def _locked(rows: Any) -> list[Any]:
    """Return the rows in their order, locked: two changes of the order wait for each other."""
    return list(rows.select_for_update(no_key=True))


def _number(rows: list[Any]) -> None:
    for position, row in enumerate(rows):
        row.position = position
    if rows:
        type(rows[0]).objects.bulk_update(rows, ["position"])


def archive(row: Any, *, at: datetime) -> bool:
    """Archive ``row``: it is offered no more. Return False where it was archived already."""
    archived = in_use(type(row)).filter(pk=row.pk).update(archived_at=at)
    row.refresh_from_db(fields=["archived_at"])
    return bool(archived)


def restore(row: Any) -> bool:
    """Offer ``row`` again. Return False where it was in use already."""
    archived = type(row).objects.filter(pk=row.pk, archived_at__isnull=False)
    restored = archived.update(archived_at=None)
    row.refresh_from_db(fields=["archived_at"])
    return bool(restored)


def delete(row: Any, *, in_use_error: type[DomainError]) -> None:
    """Delete a row that was never used. Raises ``in_use_error`` where another row points at it."""
    try:
        row.delete()
    except ProtectedError as error:
        raise in_use_error from error
