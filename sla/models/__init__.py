from sla.models.agreement import (
    Agreement,
    AgreementVersion,
    Comment,
    Commitment,
    LadderStep,
    RejectionReason,
    Signature,
    Validity,
)
from sla.models.calendar import Calendar, Holiday, OpenWindow
from sla.models.clock import Clock, Firing, Heartbeat, Outage
from sla.models.pause import Pause, PauseReason, Stint
from sla.models.snapshot import Snapshot

__all__ = [
    "Agreement",
    "AgreementVersion",
    "Calendar",
    "Clock",
    "Comment",
    "Commitment",
    "Firing",
    "Heartbeat",
    "Holiday",
    "LadderStep",
    "OpenWindow",
    "Outage",
    "Pause",
    "PauseReason",
    "RejectionReason",
    "Signature",
    "Snapshot",
    "Stint",
    "Validity",
]
