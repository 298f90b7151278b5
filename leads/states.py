"""Stages of a lead, states of a handoff and which may follow which."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.lib.db.state_machine import Moves
from crm.lib.db.state_machine import check_move as check


class Stage(models.TextChoices):
    """Where a lead stands now."""

    CAPTURED = "captured", _("Captured")
    MQL = "mql", _("MQL")
    HANDED_OFF = "handed_off", _("Handed off")
    ACCEPTED = "accepted", _("Accepted")
    CONTACTED = "contacted", _("Contacted")
    SQL = "sql", _("SQL")
    OPPORTUNITY = "opportunity", _("Opportunity")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    RETURNED = "returned", _("Returned")
    DISQUALIFIED = "disqualified", _("Disqualified")


# The stages that a cohort is followed through, in order; Lead has a date column for each.
MILESTONES = (
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.CONTACTED,
    Stage.SQL,
    Stage.OPPORTUNITY,
    Stage.WON,
)


class HandoffState(models.TextChoices):
    PENDING = "pending", _("Pending")
    ACCEPTED = "accepted", _("Accepted")
    CONTACTED = "contacted", _("Contacted")
    SQL = "sql", _("SQL")
    OPPORTUNITY = "opportunity", _("Opportunity")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DISQUALIFIED = "disqualified", _("Disqualified")


S = HandoffState
OPEN = (S.PENDING, S.ACCEPTED, S.CONTACTED, S.SQL, S.OPPORTUNITY)
WORKED = (S.ACCEPTED, S.CONTACTED, S.SQL, S.OPPORTUNITY)  # somebody works on it
OWNED = (S.ACCEPTED, S.CONTACTED, S.SQL, S.OPPORTUNITY, S.WON, S.LOST, S.DISQUALIFIED)
CLOSED = (S.WON, S.LOST, S.REJECTED, S.WITHDRAWN, S.DISQUALIFIED)

HANDOFF_MOVES: Moves = {
    S.PENDING: frozenset({S.ACCEPTED, S.REJECTED, S.WITHDRAWN}),
    # accepted -> SQL: the package proved means and authority; accepted -> pending: requeued or
    # undone
    S.ACCEPTED: frozenset({S.CONTACTED, S.SQL, S.PENDING}),
    S.CONTACTED: frozenset({S.SQL, S.DISQUALIFIED}),
    S.SQL: frozenset({S.OPPORTUNITY, S.LOST, S.DISQUALIFIED}),
    S.OPPORTUNITY: frozenset({S.WON, S.LOST}),
    S.REJECTED: frozenset({S.PENDING}),  # undone within 10 s, nothing else
    S.WON: frozenset(),
    S.LOST: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.DISQUALIFIED: frozenset(),
}

STAGE_OF = {
    S.PENDING: Stage.HANDED_OFF,
    S.ACCEPTED: Stage.ACCEPTED,
    S.CONTACTED: Stage.CONTACTED,
    S.SQL: Stage.SQL,
    S.OPPORTUNITY: Stage.OPPORTUNITY,
    S.WON: Stage.WON,
    S.LOST: Stage.LOST,
    S.REJECTED: Stage.RETURNED,
    S.WITHDRAWN: Stage.MQL,
    S.DISQUALIFIED: Stage.DISQUALIFIED,
}


def check_move(old: str, new: str) -> None:
    """Raise IllegalMove unless a handoff may go from ``old`` to ``new``."""
    check(HANDOFF_MOVES, old, new)


class Verdict(models.TextChoices):
    MET = "met", _("Met")
    NOT_MET = "not_met", _("Not met")
    UNKNOWN = "unknown", _("Unknown")


class DecisionKind(models.TextChoices):
    ACCEPT = "accept", _("Accepted")
    REJECT = "reject", _("Rejected")


class ContactChannel(models.TextChoices):
    PHONE = "phone", _("Phone")
    WHATSAPP = "whatsapp", _("WhatsApp")
    EMAIL = "email", _("E-mail")
    MEETING = "meeting", _("Meeting")
    OTHER = "other", _("Other")


class OutcomeKind(models.TextChoices):
    LOST = "lost", _("Lost")
    DISQUALIFIED = "disqualified", _("Disqualified")


class EventKind(models.TextChoices):
    CAPTURED = "captured", _("Lead logged")
    UPDATED = "updated", _("Data changed")
    VALUABLE_ACTION = "valuable_action", _("Valuable action")
    EVIDENCE = "evidence", _("Evidence added")
    QUALIFIED = "qualified", _("Qualified as MQL")
    HANDED_OFF = "handed_off", _("Handed off to sales")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    UNDONE = "undone", _("Decision undone")
    ATTEMPT = "attempt", _("Contact attempted")
    CONTACTED = "contacted", _("Contacted")
    SQL = "sql", _("Qualified as SQL")
    OPPORTUNITY = "opportunity", _("Opportunity opened")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    DISQUALIFIED = "disqualified", _("Disqualified")
    ESCALATED = "escalated", _("Escalated")
    REQUEUED = "requeued", _("Back in the queue")
    REASSIGNED = "reassigned", _("Reassigned")
    PAUSED = "paused", _("Clock paused")
    RESUMED = "resumed", _("Clock runs again")
    CORRECTED = "corrected", _("First contact corrected")
    REAPPLIED = "reapplied", _("Brought to the agreement in force")
    IMPORTED = "imported", _("Imported")
    ARCHIVED = "archived", _("Archived")


class ImportState(models.TextChoices):
    """Where an import stands. Checking, running and undoing are work that a worker does."""

    DRAFT = "draft", _("Not finished")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Running")
    DONE = "done", _("Imported")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    DISCARDED = "discarded", _("Discarded")
    FAILED = "failed", _("Failed")


R = ImportState
IMPORT_WORK = (R.CHECKING, R.RUNNING, R.UNDOING)
IMPORT_MOVES: Moves = {
    R.DRAFT: frozenset({R.CHECKING, R.DISCARDED}),
    R.CHECKING: frozenset(
        {R.CHECKED, R.DRAFT, R.DISCARDED}
    ),  # draft again: the file cannot be read to its end
    R.CHECKED: frozenset({R.CHECKING, R.RUNNING, R.DISCARDED}),
    R.RUNNING: frozenset({R.DONE, R.FAILED}),
    R.FAILED: frozenset({R.RUNNING, R.UNDOING}),
    R.DONE: frozenset({R.UNDOING}),
    R.UNDOING: frozenset({R.UNDONE}),
    R.UNDONE: frozenset(),
    R.DISCARDED: frozenset(),
}


class RowKind(models.TextChoices):
    """What a row of an imported file comes to."""

    NEW = "new", _("New")
    KNOWN = "known", _("Known already")
    DUPLICATE = "duplicate", _("Twice in the file")
    WRONG = "wrong", _("Wrong")
