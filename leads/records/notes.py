"""Notes that people write into the timeline of a lead."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import DomainError
from leads import events
from leads.models import Event, Lead
from leads.states import EventKind


class EmptyNote(DomainError):
    code = "empty_note"
    message = _("Write the note first.")


@transaction.atomic
def add(lead: Lead, text: str, *, by: User, at: datetime) -> Event:
    """Add a note to the timeline, for all who may see the lead. Raises EmptyNote."""
    if not text.strip():
        raise EmptyNote(fields={"note": EmptyNote.message})
    return events.record(events.new(lead, EventKind.NOTE, by=by, at=at, payload={"note": text}))
