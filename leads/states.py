"""Stages of a lead, states of handoffs, and the moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.lib.db.state_machine import Moves
from crm.lib.db.state_machine import check_move as check


class Stage(models.TextChoices):
    """The current stage of a lead."""

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
    CLOSED = "closed", _("Closed")
    RECYCLED = "recycled", _("Recycled")


QUALIFIED_IN = (Stage.CAPTURED, Stage.MQL, Stage.RETURNED)  # with marketing
# The last one in the midst of a step that passes a misrouted handoff on.
HANDED_OFF_FROM = (*QUALIFIED_IN, Stage.HANDED_OFF)

# The stages of a cohort in order. Lead has a date column for each.
MILESTONES = (
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.CONTACTED,
    Stage.SQL,
    Stage.OPPORTUNITY,
    Stage.WON,
)


class NextStep(models.TextChoices):
    """The one step that comes next for a lead (leads.journey); the label is also its button."""

    QUALIFY = "qualify", _("Qualify")
    HAND_OFF = "hand_off", _("Hand off to sales")
    FIX = "fix", _("Fix and hand off again")
    DECIDE = "decide", _("Accept or reject")
    # These four have the names of their steps in leads.forms.handoff_steps.
    CONTACT = "attempt", _("Log the first contact")
    SQL = "sql", _("Qualify as SQL")
    OPPORTUNITY = "opportunity", _("Open the opportunity")
    CLOSE = "win", _("Close as won or lost")


class HandoffState(models.TextChoices):
    """The state of a handoff. HANDOFF_MOVES: which state may follow which."""

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
    RECYCLED = "recycled", _("Recycled")
    MISROUTED = "misrouted", _("Misrouted")
    DUPLICATE = "duplicate", _("Duplicate")


S = HandoffState
OPEN = (S.PENDING, S.ACCEPTED, S.CONTACTED, S.SQL, S.OPPORTUNITY)
WORKED = (S.ACCEPTED, S.CONTACTED, S.SQL, S.OPPORTUNITY)  # open, and a rep works on it
OWNED = (*WORKED, S.WON, S.LOST, S.DISQUALIFIED, S.RECYCLED)
PAUSED_IN = (S.ACCEPTED, S.CONTACTED)  # the clock waits for the lead and may pause
REQUEUED_IN = (S.PENDING, S.ACCEPTED)  # no contact with the lead yet
WON_FROM = LOST_FROM = (S.SQL, S.OPPORTUNITY)  # an SQL opens its opportunity on the way
DISQUALIFIED_FROM = (S.CONTACTED, S.SQL)
REOPENED_FROM = (S.WON, S.LOST, S.DISQUALIFIED)  # an outcome, not a decision of the queue
JUDGED_AFTER = REOPENED_FROM  # the rep says whether the package was true
# The decisions of the queue by which a lead may come back to marketing.
SENT_BACK = (S.REJECTED, S.MISROUTED, S.DUPLICATE)
CLOSED = (*SENT_BACK, S.WON, S.LOST, S.WITHDRAWN, S.DISQUALIFIED, S.RECYCLED)
RECYCLED_FROM = (S.CONTACTED, S.SQL, S.OPPORTUNITY)  # the handoff ends with it
PARKED_AFTER = (S.LOST, S.DISQUALIFIED)  # the outcome stays

HANDOFF_MOVES: Moves = {
    S.PENDING: frozenset({S.ACCEPTED, S.REJECTED, S.MISROUTED, S.DUPLICATE, S.WITHDRAWN}),
    # To SQL: the package proved means and authority. To pending: requeued or undone.
    # Recycled: never reached. Disqualified: the person asked not to be contacted, on any lead.
    S.ACCEPTED: frozenset({S.CONTACTED, S.SQL, S.PENDING, S.RECYCLED, S.DISQUALIFIED}),
    S.CONTACTED: frozenset({S.SQL, S.DISQUALIFIED, S.RECYCLED}),
    S.SQL: frozenset({S.OPPORTUNITY, S.LOST, S.DISQUALIFIED, S.RECYCLED}),
    S.OPPORTUNITY: frozenset({S.WON, S.LOST, S.RECYCLED, S.DISQUALIFIED}),
    # Only undone, within 10 s.
    S.REJECTED: frozenset({S.PENDING}),
    S.MISROUTED: frozenset({S.PENDING}),
    S.DUPLICATE: frozenset({S.PENDING}),
    # An outcome is reopened to the state from which it was reached.
    S.WON: frozenset({S.OPPORTUNITY}),
    S.LOST: frozenset({S.SQL, S.OPPORTUNITY}),
    S.WITHDRAWN: frozenset(),
    S.DISQUALIFIED: frozenset({S.ACCEPTED, S.CONTACTED, S.SQL, S.OPPORTUNITY}),
    S.RECYCLED: frozenset(),
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
    S.MISROUTED: Stage.RETURNED,
    S.DUPLICATE: Stage.RETURNED,
    S.WITHDRAWN: Stage.MQL,
    S.DISQUALIFIED: Stage.DISQUALIFIED,
    S.RECYCLED: Stage.RECYCLED,
}


def check_move(old: str, new: str) -> None:
    """Raise IllegalMove unless a handoff may move from ``old`` to ``new``."""
    check(HANDOFF_MOVES, old, new)


class ReturnState(models.TextChoices):
    """What became of a rejected lead on marketing's desk."""

    OPEN = "open", _("Waits for marketing")
    FIXED = "fixed", _("Handed off again")
    CLOSED = "closed", _("Closed by marketing")
    RECYCLED = "recycled", _("Recycled")
    DISPUTED = "disputed", _("With the arbiter")
    OVERTURNED = "overturned", _("Rejection overturned")
    DUPLICATE = "duplicate", _("Duplicate of another lead")
    # The decision was undone, or the lead was archived.
    CANCELLED = "cancelled", _("Cancelled")


R = ReturnState
RETURN_MOVES: Moves = {
    R.OPEN: frozenset(
        {R.FIXED, R.CLOSED, R.RECYCLED, R.DUPLICATE, R.DISPUTED, R.CANCELLED},
    ),
    # Open again: the arbiter denied the dispute, or closes or recycles the lead at once.
    R.DISPUTED: frozenset({R.OPEN, R.FIXED, R.OVERTURNED, R.CANCELLED}),
    R.OVERTURNED: frozenset(),
    R.FIXED: frozenset(),
    R.CLOSED: frozenset({R.OPEN}),  # marketing takes it up again
    R.RECYCLED: frozenset(),
    # Marketing says that it is none, or the decision is undone.
    R.DUPLICATE: frozenset({R.OPEN, R.CANCELLED}),
    R.CANCELLED: frozenset(),
}


class DisputeKind(models.TextChoices):
    """Why a case is with the arbiter."""

    CONTESTED = "contested", _("Marketing contests the rejection")
    REPEATED = "repeated", _("Rejected as often as agreed")


class DisputeState(models.TextChoices):
    """What the arbiter decided: the first two of a dispute, the next three of other cases."""

    OPEN = "open", _("Waits for the arbiter")
    UPHELD = "upheld", _("Upheld: the rejection is overturned")
    DENIED = "denied", _("Denied: the rejection stands")
    AGAIN = "again", _("Handed off once more")
    CLOSED = "closed", _("Closed by the arbiter")
    RECYCLED = "recycled", _("Recycled by the arbiter")
    # The rejection was undone, or the lead was archived.
    CANCELLED = "cancelled", _("Cancelled")


D = DisputeState
DISPUTE_MOVES: Moves = {
    D.OPEN: frozenset({D.UPHELD, D.DENIED, D.AGAIN, D.CLOSED, D.RECYCLED, D.CANCELLED}),
    D.UPHELD: frozenset(),
    D.DENIED: frozenset(),
    D.AGAIN: frozenset(),
    D.CLOSED: frozenset(),
    D.RECYCLED: frozenset(),
    D.CANCELLED: frozenset(),
}
DISPUTE_ANSWERS = {
    DisputeKind.CONTESTED: (D.UPHELD, D.DENIED),
    DisputeKind.REPEATED: (D.AGAIN, D.CLOSED, D.RECYCLED),
}


class ParkingState(models.TextChoices):
    """What became of a parked lead."""

    PARKED = "parked", _("Parked")
    WOKEN = "woken", _("Woken")
    CANCELLED = "cancelled", _("Cancelled")


class WakeCause(models.TextChoices):
    """What woke a parked lead."""

    DATE = "date", _("Its date came")
    ACTION = "action", _("A new valuable action")
    PERSON = "person", _("By hand")


class Verdict(models.TextChoices):
    """The result of one criterion."""

    MET = "met", _("Met")
    NOT_MET = "not_met", _("Not met")
    UNKNOWN = "unknown", _("Unknown")


class DecisionKind(models.TextChoices):
    """A rep's decision before contact."""

    ACCEPT = "accept", _("Accepted")
    REJECT = "reject", _("Rejected")
    MISROUTE = "misroute", _("Misrouted")
    DUPLICATE = "duplicate", _("Duplicate")


# The decisions that count for the share of leads that sales accepts.
RATED = (DecisionKind.ACCEPT, DecisionKind.REJECT)
# Those that leave the lead without an owner.
NOT_TAKEN = (DecisionKind.REJECT, DecisionKind.MISROUTE, DecisionKind.DUPLICATE)


class ContactChannel(models.TextChoices):
    """The channel of a contact attempt."""

    PHONE = "phone", _("Call")
    WHATSAPP = "whatsapp", _("WhatsApp")
    EMAIL = "email", _("E-mail")
    MEETING = "meeting", _("Meeting")
    VISIT = "visit", _("Visit")
    OTHER = "other", _("Other")  # of attempts before there were visits


class AttemptOutcome(models.TextChoices):
    """What came of an attempt. BEGUN: our link was clicked, and nobody has said more yet."""

    BEGUN = "begun", _("Begun")
    REACHED = "reached", _("Reached")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG = "wrong", _("Wrong number, or it bounced")
    CALL_BACK = "call_back", _("Asked for a call on another day")
    NO_CONTACT = "no_contact", _("Asked not to be contacted")


# With these the attempt reached a person, and is a contact.
CONTACT_OUTCOMES = (AttemptOutcome.REACHED, AttemptOutcome.CALL_BACK, AttemptOutcome.NO_CONTACT)

# What a person may say of an attempt, with the labels.
KNOWN_OUTCOMES = [each for each in AttemptOutcome.choices if each[0] != AttemptOutcome.BEGUN]


class EvidenceTier(models.TextChoices):
    """How we know of an attempt. Nothing writes SEEN yet."""

    SAID = "said", _("Said")
    CLICKED = "clicked", _("Begun by our link")
    SEEN = "seen", _("Seen")


class FollowUp(models.TextChoices):
    """What is to be done next with a lead (leads.follow_up.next_steps)."""

    FIRST_CONTACT = "first_contact", _("First contact")
    ATTEMPT = "attempt", _("Try again")
    CALL_BACK = "call_back", _("Call as agreed")
    NOT_REACHED = "not_reached", _("Not reached: recycle it")
    DECISION = "decision", _("Decide whether it is an SQL")
    OPPORTUNITY = "opportunity", _("Open the opportunity")
    CLOSE = "close", _("Close as won or lost")
    OTHER = "other", _("Other")


class FollowUpEnd(models.TextChoices):
    """Why a next step ended."""

    DONE = "done", _("Done")
    CHANGED = "changed", _("Changed")
    GONE = "gone", _("The lead moved on")


# The channels of a text that can be written beforehand.
WRITTEN = (ContactChannel.WHATSAPP, ContactChannel.EMAIL)
# Those with a link, by which an attempt begins.
LINKED = (ContactChannel.PHONE, *WRITTEN)


class Truth(models.TextChoices):
    """What the rep says of a criterion of the package once the lead has an end."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Do not know")


class OutcomeKind(models.TextChoices):
    """An end that needs a reason: two after contact, that of a return, and parking a lead."""

    LOST = "lost", _("Lost")
    DISQUALIFIED = "disqualified", _("Disqualified")
    CLOSED = "closed", _("Closed by marketing")
    RECYCLED = "recycled", _("Recycled")


class EventKind(models.TextChoices):
    """What happened to a lead; the label is its line in the timeline."""

    CAPTURED = "captured", _("Lead logged")
    UPDATED = "updated", _("Data changed")
    VALUABLE_ACTION = "valuable_action", _("Valuable action")
    EVIDENCE = "evidence", _("Evidence added")
    QUALIFIED = "qualified", _("Qualified as MQL")
    HANDED_OFF = "handed_off", _("Handed off to sales")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    MISROUTED = "misrouted", _("Misrouted")
    DUPLICATE = "duplicate", _("Duplicate of another lead")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    UNDONE = "undone", _("Decision undone")
    ATTEMPT = "attempt", _("Contact attempted")
    CONTACTED = "contacted", _("Contacted")
    SQL = "sql", _("Qualified as SQL")
    OPPORTUNITY = "opportunity", _("Opportunity opened")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    DISQUALIFIED = "disqualified", _("Disqualified")
    EXPECTED = "expected", _("Expected amount or close date changed")
    AMOUNT_CORRECTED = "amount_corrected", _("Won amount corrected")
    REOPENED = "reopened", _("Outcome reopened")
    ESCALATED = "escalated", _("Escalated")
    REQUEUED = "requeued", _("Back in the queue")
    REASSIGNED = "reassigned", _("Reassigned")
    PAUSED = "paused", _("Clock paused")
    RESUMED = "resumed", _("Clock runs again")
    CORRECTED = "corrected", _("First contact corrected")
    REAPPLIED = "reapplied", _("Brought to the agreement in force")
    IMPORTED = "imported", _("Imported")
    ARCHIVED = "archived", _("Archived")
    CLOSED = "closed", _("Closed by marketing")
    RECYCLED = "recycled", _("Recycled")
    WOKEN = "woken", _("Awake again")
    DISPUTED = "disputed", _("Rejection contested")
    UPHELD = "upheld", _("Dispute upheld: the rejection is overturned")
    DENIED = "denied", _("Dispute denied: the rejection stands")
    NEXT_STEP = "next_step", _("Next step set")
    GIVEN_BACK = "given_back", _("Given back: not reachable")
    NO_CONTACT = "no_contact", _("Asked not to be contacted")
    CONSENT = "consent", _("May be contacted again")
    NOTE = "note", _("Note")


# What each decision makes of a handoff, and the event that records it.
DECIDED: dict[DecisionKind, tuple[HandoffState, EventKind]] = {
    DecisionKind.ACCEPT: (HandoffState.ACCEPTED, EventKind.ACCEPTED),
    DecisionKind.REJECT: (HandoffState.REJECTED, EventKind.REJECTED),
    DecisionKind.MISROUTE: (HandoffState.MISROUTED, EventKind.MISROUTED),
    DecisionKind.DUPLICATE: (HandoffState.DUPLICATE, EventKind.DUPLICATE),
}
