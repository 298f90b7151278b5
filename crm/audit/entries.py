"""Write the audit record, always in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from crm.audit.models import Entry


def record(
    verb: str,
    subject: models.Model | str,
    *,
    by: Any,
    at: datetime,
    on_behalf_of: Any = None,
    payload: dict[str, Any] | None = None,
) -> Entry:
    """Record that ``by`` did ``verb`` to ``subject``, and return the entry.

    ``subject`` is a saved object or the name of a kind of objects. ``by`` is None for the system.
    Personal data belong in ``payload``, which can be erased.
    """
    if isinstance(subject, models.Model):
        subject_type = str(subject._meta.model_name)
        subject_id = subject.pk
    else:
        subject_type = subject
        subject_id = None
    return Entry.objects.create(
        verb=verb,
        subject_type=subject_type,
        subject_id=subject_id,
        actor=by,
        on_behalf_of=on_behalf_of,
        at=at,
        payload=payload or {},
    )


def record_many(
    verb: str,
    subjects: Iterable[tuple[models.Model, Mapping[str, Any]]],
    *,
    by: Any,
    at: datetime,
) -> None:
    """Record that ``by`` did ``verb`` to many saved objects, each with its payload."""
    entries = []
    for subject, payload in subjects:
        entry = Entry(
            verb=verb,
            subject_type=str(subject._meta.model_name),
            subject_id=subject.pk,
            actor=by,
            at=at,
            payload=dict(payload),
        )
        entries.append(entry)
    Entry.objects.bulk_create(entries)
