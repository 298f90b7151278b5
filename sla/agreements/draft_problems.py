"""What a draft of an agreement lacks before it can be signed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts import people
from crm.accounts.states import Side
from crm.lib.clock import local_date
from sla.models import AgreementVersion, Commitment
from sla.states import CLOCK_METRICS, COUNTED_METRICS, SIDE_OF, Metric, StepKind


def problems(version: AgreementVersion, *, at: datetime) -> dict[str, object]:
    """Return what keeps ``version`` from being signed, by section; empty when it is ready."""
    commitments = list(version.commitments.prefetch_related("steps"))
    missing: dict[str, object] = {}
    for name in ("mql_definition", "sql_definition"):
        texts = getattr(version, name).values()
        if not any(str(text).strip() for text in texts):
            missing[name] = _("Write the definition.")
    if not version.rejection_reasons.filter(archived_at__isnull=True).exists():
        missing["rejection_reasons"] = _("Agree on at least one reason to reject a lead.")
    by_section = {
        "commitments": _commitments_problem(commitments),
        "capacity": _capacity_problem(version, commitments),
        "index_weights": _weights_problem(version),
    }
    missing |= {section: text for section, text in by_section.items() if text}
    return missing | _date_problems(version, at=at)


def _commitments_problem(commitments: list[Commitment]) -> str:
    """Return the first problem of the commitments, or an empty text."""
    # A side with variants only would promise nothing to all other leads.
    for side in Side.values:
        if not any(each.side == side and not _is_variant(each) for each in commitments):
            return _("%(side)s promises nothing yet.") % {"side": Side(side).label}
    for commitment in commitments:
        problem = _commitment_problem(commitment)
        if problem:
            return problem
    marks = [_audience(commitment) for commitment in commitments]
    for commitment, mark in zip(commitments, marks, strict=True):
        if marks.count(mark) > 1:
            return _("%(metric)s is promised twice for the same leads.") % _named(commitment)
    return ""


def _audience(commitment: Commitment) -> tuple[str, str]:
    """Return the same value for commitments on the same metric and the same leads."""
    wanted = {key: sorted(codes) for key, codes in commitment.conditions.items() if codes}
    return commitment.metric, repr(sorted(wanted.items()))


def _commitment_problem(commitment: Commitment) -> str:
    metric = commitment.metric
    # The database knows both columns alone; that they fit is checked here.
    if commitment.side != SIDE_OF[metric]:
        named = _named(commitment) | {"side": Side(commitment.side).label}
        return _("%(metric)s is not %(side)s's to promise.") % named
    if metric in CLOCK_METRICS and not commitment.window_minutes:
        return _("%(metric)s needs a time.") % _named(commitment)
    is_share = metric not in COUNTED_METRICS
    if commitment.target <= 0 or (is_share and commitment.target > 1):
        return _("%(metric)s needs a target between 1 and 100 out of 100.") % _named(commitment)
    return _ladder_problem(commitment)


def _ladder_problem(commitment: Commitment) -> str:
    """Check the order of a ladder.

    Steps come in the order of their time, with one breach at most, and warnings inside the window.
    """
    steps = list(commitment.steps.all())
    offsets = [step.offset_minutes for step in steps]
    if offsets != sorted(offsets):
        text = _("The steps of %(metric)s are not in the order of their time.")
        return text % _named(commitment)
    breaches = [step for step in steps if step.kind == StepKind.BREACH]
    if len(breaches) > 1:
        text = _("The steps of %(metric)s name the deadline itself more than once.")
        return text % _named(commitment)
    window = commitment.window_minutes or 0
    warnings = [step for step in steps if step.kind == StepKind.WARN]
    # Offsets before the deadline are negative.
    if any(-step.offset_minutes > window for step in warnings):
        return _("The warning of %(metric)s comes before its time begins.") % _named(commitment)
    return ""


def _named(commitment: Commitment) -> dict[str, object]:
    return {"metric": Metric(commitment.metric).label}


def _is_variant(commitment: Commitment) -> bool:
    """Return whether ``commitment`` holds for some leads only."""
    return any(commitment.conditions.values())


def _capacity_problem(version: AgreementVersion, commitments: list[Commitment]) -> str:
    """Check that marketing promises no more than sales can work (domain.md: when signing)."""
    # Variants are parts of the general volume, not to be added to it.
    volumes = [
        commitment.target
        for commitment in commitments
        if commitment.metric == Metric.MQL_VOLUME and not _is_variant(commitment)
    ]
    if version.capacity is None or not volumes:
        return ""
    volume = max(volumes)
    if Decimal(version.capacity) >= volume:
        return ""
    capacity = ngettext(
        "Sales says that it can work %(capacity)s lead a month",
        "Sales says that it can work %(capacity)s leads a month",
        version.capacity,
    )
    return _("%(capacity)s, and marketing promises %(volume)s.") % {
        "capacity": capacity % {"capacity": version.capacity},
        "volume": int(volume),
    }


def _weights_problem(version: AgreementVersion) -> str:
    weights = version.index_weights
    total = sum(weights.values())
    if not weights or total == 100:
        return ""
    return _("The weights add up to %(sum)s, not to 100.") % {"sum": total}


def _date_problems(version: AgreementVersion, *, at: datetime) -> dict[str, object]:
    # By the organisation's calendar: teams may be a day apart.
    today = local_date(at, people.organisation().time_zone)
    begins_on = version.starts_on or today
    wrong: dict[str, object] = {}
    if version.starts_on and version.starts_on < today:
        wrong["starts_on"] = _("This date has passed. An agreement never applies to the past.")
    if version.renew_by and version.renew_by <= begins_on:
        wrong["renew_by"] = _("The review must lie after the beginning.")
    return wrong
