"""Kinds of messages: the groups that a reader of notices can filter by, and the lanes of mails."""

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


class Lane(models.IntegerChoices):
    """How urgent a mail is. The sender takes a lower lane first."""

    PERSONAL = 0
    ACT = 1
    LADDER = 2


# Kinds of messages by lane. Mails of PERSONAL are waited for by the person in front of the screen;
# those of LADDER come from the sweep, thousands at a time. A kind that is not named here reports an
# act of a person.
LANES = {
    Lane.PERSONAL: (
        "invitation",
        "password_reset",
        "second_factor",
        "api_key_created",
    ),
    Lane.LADDER: (
        "handoff.warning",
        "handoff.breached",
        "handoff.escalated_lead",
        "handoff.escalated_director",
        "handoff.requeued",
        "handoff.resumed",
        "handoff.next_step",
    ),
}

# Kinds of notices by group. A kind that is not named here belongs to the group of its prefix.
KINDS = {
    Group.QUEUE: ("handoff.new",),
    Group.DEADLINES: (
        "handoff.warning",
        "handoff.breached",
        "handoff.escalated_lead",
        "handoff.escalated_director",
        "handoff.requeued",
        "handoff.next_step",
    ),
}
PREFIXES = {
    Group.LEADS: "handoff.",
    Group.AGREEMENTS: "agreement.",
    Group.PERSONAS: "persona.",
}


def lane_of(kind: str) -> Lane:
    """Return the lane of mails of ``kind``."""
    for lane, named in LANES.items():
        if kind in named:
            return lane
    return Lane.ACT


def group_of(kind: str) -> Group | None:
    """Return the group of a kind of notice; None for a kind that is not known any more."""
    for group, named in KINDS.items():
        if kind in named:
            return group
    for group, prefix in PREFIXES.items():
        if kind.startswith(prefix):
            return group
    return None
