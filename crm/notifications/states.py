"""The groups of notices that a reader can filter by."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Group(models.TextChoices):
    """What a notice is about."""

    QUEUE = "queue", _("New in the queue")
    DEADLINES = "deadlines", _("Deadlines")
    LEADS = "leads", _("Steps on leads")
    AGREEMENTS = "agreements", _("Agreements")
    PERSONAS = "personas", _("Personas")


# Kinds of notices by group. A kind that is not named here belongs to the group of its prefix.
KINDS = {
    Group.QUEUE: ("handoff.new",),
    Group.DEADLINES: (
        "handoff.warning",
        "handoff.breached",
        "handoff.escalated_lead",
        "handoff.escalated_director",
        "handoff.requeued",
    ),
}
PREFIXES = {
    Group.LEADS: "handoff.",
    Group.AGREEMENTS: "agreement.",
    Group.PERSONAS: "persona.",
}


def group_of(kind: str) -> Group | None:
    """Return the group of a kind of notice; None for a kind that is not known any more."""
    for group, named in KINDS.items():
        if kind in named:
            return group
    for group, prefix in PREFIXES.items():
        if kind.startswith(prefix):
            return group
    return None
