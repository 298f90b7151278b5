"""Writing the audit record, always in the transaction of the change itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from crm.audit.models import Entry


def record(
    verb: str,
    subject: models.Model | str,
    *,
    by: models.Model | None,
    at: datetime,
    on_behalf_of: models.Model | None = None,
    payload: dict[str, Any] | None = None,
) -> Entry:
    """Write that ``by`` (None: the system) did ``verb`` to ``subject`` (a saved row, or the name of a kind)."""
    named = isinstance(subject, str)
    return Entry.objects.create(
        verb=verb,
        subject_type=subject if named else subject._meta.model_name,
        subject_id=None if named else subject.pk,
        actor=by,
        on_behalf_of=on_behalf_of,
        at=at,
        payload=payload or {},
    )
