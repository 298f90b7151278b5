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
    by: Any,
    at: datetime,
    on_behalf_of: Any = None,
    payload: dict[str, Any] | None = None,
) -> Entry:
    """Write that ``by`` (None: the system) did ``verb`` to ``subject`` (a saved row, or the name of
    a kind).
    """
    name, pk = (
        (subject, None) if isinstance(subject, str) else (str(subject._meta.model_name), subject.pk)
    )
    return Entry.objects.create(
        verb=verb,
        subject_type=name,
        subject_id=pk,
        actor=by,
        on_behalf_of=on_behalf_of,
        at=at,
        payload=payload or {},
    )
