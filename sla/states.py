"""States of agreements and clocks, metrics of commitments, steps of the ladder."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.lib.db.state_machine import Moves


class AgreementState(models.TextChoices):
    """The state of a version of an agreement."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Waits for signatures")
    SIGNED = "signed", _("Signed")
    IN_FORCE = "in_force", _("In force")
    SUPERSEDED = "superseded", _("Superseded")
    DISCARDED = "discarded", _("Discarded")


# A proposed text is closed and waits for the signatures. Back to draft makes them void.
AGREEMENT_MOVES: Moves = {
    AgreementState.DRAFT: frozenset({AgreementState.PROPOSED, AgreementState.DISCARDED}),
    AgreementState.PROPOSED: frozenset({AgreementState.DRAFT, AgreementState.SIGNED}),
    AgreementState.SIGNED: frozenset({AgreementState.IN_FORCE, AgreementState.SUPERSEDED}),
    AgreementState.IN_FORCE: frozenset({AgreementState.SUPERSEDED}),
    AgreementState.SUPERSEDED: frozenset(),
    AgreementState.DISCARDED: frozenset(),
}
UNSIGNED = (AgreementState.DRAFT, AgreementState.PROPOSED)
# A text that is signed or may be signed does not change.
CLOSED = (
    AgreementState.PROPOSED,
    AgreementState.SIGNED,
    AgreementState.IN_FORCE,
    AgreementState.SUPERSEDED,
)


class Distribution(models.TextChoices):
    """How handoffs are distributed to reps."""

    PULL = "pull", _("Reps take leads from the queue")
    PUSH = "push", _("Each lead is given to a rep")


class Proof(models.TextChoices):
    """The effect of a criterion without evidence on the qualification to SQL."""

    BLOCKS = "blocks", _("Blocks")
    WARNS = "warns", _("Only warns")


class Metric(models.TextChoices):
    """What a commitment measures. The first four run as clocks."""

    ACCEPT = "accept", _("Time to accept or reject")
    FIRST_CONTACT = "first_contact", _("Time to first contact")
    SQL_DECISION = "sql_decision", _("Time to the SQL decision")
    RETURN_ANSWER = "return_answer", _("Time to answer a return")
    MQL_VOLUME = "mql_volume", _("MQLs in a period")
    ACCEPTANCE_RATE = "acceptance_rate", _("Acceptance rate")
    PACKAGE_COMPLETE = "package_complete", _("Completeness of packages")
    ATTEMPTS = "attempts", _("Attempts to reach the lead")
    FEEDBACK = "feedback", _("Feedback on every outcome")


# Of clocks alone: no side promises the decision, which the arbiter owes by a term of the agreement.
DISPUTE = "dispute"
CLOCKED = [*Metric.choices, (DISPUTE, _("Time to decide a dispute"))]

CLOCK_METRICS = (Metric.ACCEPT, Metric.FIRST_CONTACT, Metric.SQL_DECISION, Metric.RETURN_ANSWER)
# The target of these is a number; that of the others is a share.
COUNTED_METRICS = (Metric.MQL_VOLUME, Metric.ATTEMPTS)
# The side that owes each metric: one side cannot promise in the name of the other.
SIDE_OF: dict[str, str] = {
    Metric.ACCEPT: "sales",
    Metric.FIRST_CONTACT: "sales",
    Metric.SQL_DECISION: "sales",
    Metric.ATTEMPTS: "sales",
    Metric.FEEDBACK: "sales",
    Metric.MQL_VOLUME: "marketing",
    Metric.ACCEPTANCE_RATE: "marketing",
    Metric.PACKAGE_COMPLETE: "marketing",
    Metric.RETURN_ANSWER: "marketing",
}
# Only of these can a ladder put the lead back into the queue.
REQUEUED = (Metric.ACCEPT, Metric.FIRST_CONTACT)
# Only clocks that wait for the lead may pause. A decision in the queue waits for sales alone.
PAUSABLE = (Metric.FIRST_CONTACT, Metric.SQL_DECISION)


class ClockState(models.TextChoices):
    """The stored state of a clock. ClockStatus says what it shows at a moment."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    BREACHED = "breached", _("Breached")
    CANCELLED = "cancelled", _("Cancelled")


# A breached clock may become met: the earliest act counts, in whatever order acts are recorded.
CLOCK_MOVES: Moves = {
    ClockState.RUNNING: frozenset(
        {ClockState.PAUSED, ClockState.MET, ClockState.BREACHED, ClockState.CANCELLED}
    ),
    ClockState.PAUSED: frozenset({ClockState.RUNNING, ClockState.MET, ClockState.CANCELLED}),
    ClockState.BREACHED: frozenset({ClockState.MET, ClockState.CANCELLED, ClockState.RUNNING}),
    ClockState.MET: frozenset({ClockState.RUNNING}),
    ClockState.CANCELLED: frozenset(),
}


class ClockStatus(models.TextChoices):
    """What a clock shows at a moment, derived from its row (sla.clocks.status)."""

    OK = "ok", _("On track")
    SOON = "soon", _("At risk")
    LATE = "late", pgettext_lazy("clock", "Overdue")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    MISSED = "missed", _("Missed")
    TRIED = "tried", _("Tried in time, never reached")
    CANCELLED = "cancelled", _("Cancelled")


class PauseEnd(models.TextChoices):
    """Why a pause ended."""

    ELAPSED = "elapsed", _("Its time was up")
    BY_HAND = "by_hand", _("Ended early")
    DONE = "done", _("What was promised was done")
    TAKEN = "taken", _("The lead moved on")
    CORRECTED = "corrected", _("A correction left no room for it")


class Retime(models.TextChoices):
    """The effect of other terms on a clock (sla.clocks.recalculation)."""

    LATER = "later", _("Due later")
    EARLIER = "earlier", _("Due earlier")
    SAME = "same", _("Same deadline")
    PAST = "past", _("Stays: the new deadline has passed already")
    OVERDUE = "overdue", _("Stays: it is overdue")
    PAUSED = "paused", _("Stays: its clock is paused")
    NOT_AGREED = "not_agreed", _("Stays: no time is agreed for it any more")


class StepKind(models.TextChoices):
    """What one step of a ladder does; crm/tasks.py maps each to its function.

    The stored values are older than the names of their functions and stay.
    """

    WARN = "warn", _("Warn")
    BREACH = "breach", _("Breach")
    NOTIFY_TEAM_LEAD = "tell_lead", _("Tell the team lead")
    REQUEUE = "requeue", _("Back to the queue")
    NOTIFY_DIRECTOR = "tell_director", _("Tell the director")


class RejectionClass(models.TextChoices):
    """Why a rejection happens, in general; each reason of the catalogue has one."""

    # Misrouted is a decision of its own (leads.returns.misrouting), but past rejections say it.
    PROCEDURAL = "procedural", _("Procedural")
    CLERICAL = "clerical", _("Clerical: incomplete")
    DEFINITIONAL = "definitional", _("Definitional: does not meet the agreed definition")
