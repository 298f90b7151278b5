from leads.models.bulk import BulkAct, BulkItem
from leads.models.disputes import Dispute
from leads.models.follow_up import Attempt, NoContact, PlannedStep
from leads.models.handoff import Decision, Handoff, OutcomeReason, Package
from leads.models.history import Event, Evidence
from leads.models.imports import ImportChange, ImportChunk, ImportNote, ImportReject, ImportRun
from leads.models.lead import (
    Company,
    CustomField,
    FirstTouch,
    Lead,
    Person,
    Source,
    ValuableAction,
    ValuableActionKind,
)
from leads.models.message import MessageTemplate
from leads.models.returns import Parking, Return
from leads.models.truth import CriterionTruth

__all__ = [
    "Attempt",
    "BulkAct",
    "BulkItem",
    "Company",
    "CriterionTruth",
    "CustomField",
    "Decision",
    "Dispute",
    "Event",
    "Evidence",
    "FirstTouch",
    "Handoff",
    "ImportChange",
    "ImportChunk",
    "ImportNote",
    "ImportReject",
    "ImportRun",
    "Lead",
    "MessageTemplate",
    "NoContact",
    "OutcomeReason",
    "Package",
    "Parking",
    "Person",
    "PlannedStep",
    "Return",
    "Source",
    "ValuableAction",
    "ValuableActionKind",
]
