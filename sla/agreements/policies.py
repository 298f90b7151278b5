"""The policy of a handoff: what an agreement asks of it, as a snapshot that the handoff carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from crm.accounts.models import Team
from crm.lib.db import returning
from crm.lib.db.kept_sql import KeptSql
from sla.calendars import work_calendars
from sla.models import AgreementVersion, Commitment, LadderStep
from sla.states import CLOCK_METRICS, Metric, Proof


def policy_for(
    version: AgreementVersion,
    team: Team,
    *,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the policy of ``version`` for a handoff to ``team``.

    It holds the working calendar, the limits (seconds) and ladders of the clocks, how many attempts
    to make and within how many business minutes, and the reasons to pause the clocks with their
    caps (seconds). ``facts``: {"source": code, "actions": [codes],
    "persona": slug}; a commitment counts where they meet its conditions.
    """
    calendar = work_calendars.plain_of_team(team, version.calendar_id)
    promised = _promised(version, facts)
    policy = {
        "version": version.pk,
        "calendar": calendar.to_json(),
        "clocks": _clock_terms(promised),
        "attempts": _attempt_terms(promised),
    }
    # Without the key every reason is allowed: the agreement is older than pauses.
    if version.pauses is not None:
        policy["pauses"] = {code: minutes * 60 for code, minutes in version.pauses.items()}
    if version.rep_cap is not None:
        policy["rep_cap"] = version.rep_cap
    if version.hide_contact:
        policy["hide_contact"] = True
    return policy


def limit_of(version: AgreementVersion, metric: Metric, facts: Mapping[str, Any]) -> int | None:
    """Return the limit (seconds) of one clock of :func:`policy_for`, None without that clock."""
    commitment = commitment_of(version, metric, facts)
    if commitment is None or commitment.window_minutes is None:
        return None
    return _seconds_of(commitment)


def commitment_of(
    version: AgreementVersion, metric: Metric, facts: Mapping[str, Any]
) -> Commitment | None:
    """Return the commitment on ``metric`` that counts for leads of ``facts``, or None."""
    return _chosen(version.commitments.all(), facts).get(metric)


# A commitment, and its ladder as rows.
Promise = tuple[Commitment, list[dict[str, Any]]]


def _promised(version: AgreementVersion, facts: Mapping[str, Any]) -> dict[str, Promise]:
    """Return the commitment on each clock and on attempts that counts, by metric."""
    commitments = []
    ladders = {}
    for *values, ladder in TIMED.rows(version=version.pk):
        commitment = returning.from_paths(Commitment, TERMS, values)
        is_timed = commitment.window_minutes is not None
        if is_timed or commitment.metric == Metric.ATTEMPTS:
            commitments.append(commitment)
            ladders[commitment.pk] = ladder
    chosen = _chosen(commitments, facts)
    return {metric: (each, ladders[each.pk]) for metric, each in chosen.items()}


def _clock_terms(promised: Mapping[str, Promise]) -> dict[str, dict[str, Any]]:
    """Return the terms of each clock, by metric."""
    return {
        metric: _terms_of(*promise)
        for metric, promise in promised.items()
        if metric != Metric.ATTEMPTS
    }


def _attempt_terms(promised: Mapping[str, Promise]) -> dict[str, Any] | None:
    """Return how many attempts are promised, None where the text does not say it."""
    if Metric.ATTEMPTS not in promised:
        return None
    commitment, _ladder = promised[Metric.ATTEMPTS]
    return {"count": int(commitment.target), "window_minutes": commitment.window_minutes}


# The columns of a commitment that make the terms of a clock.
TERMS = ("id", "metric", "target", "window_minutes", "conditions")


def _timed(*, version: int) -> QuerySet[Any]:
    """Return the commitments of a policy in the order of the agreement, with their ladders."""
    steps = LadderStep.objects.filter(commitment=OuterRef("pk"))
    step = JSONObject(level="level", kind="kind", offset_minutes="offset_minutes")
    rows = Commitment.objects.filter(version=version, metric__in=(*CLOCK_METRICS, Metric.ATTEMPTS))
    ladder = ArraySubquery(steps.values(row=step))
    return rows.annotate(ladder=ladder).values_list(*TERMS, "ladder")


TIMED = KeptSql(_timed)


def _chosen(commitments: Iterable[Commitment], facts: Mapping[str, Any]) -> dict[str, Commitment]:
    """Return the commitment that counts for each metric: the one with the most conditions."""
    chosen: dict[str, tuple[int, Commitment]] = {}
    for commitment in commitments:
        metric = commitment.metric
        rank = _conditions_met(commitment.conditions, facts)
        if rank is None:
            continue
        # Of two with as many conditions, the first in the agreement's order counts.
        if metric not in chosen or chosen[metric][0] < rank:
            chosen[metric] = (rank, commitment)
    return {metric: commitment for metric, (_rank, commitment) in chosen.items()}


def _seconds_of(commitment: Commitment) -> int:
    # Agreements are written in minutes; clocks count in seconds.
    return (commitment.window_minutes or 0) * 60


def _terms_of(commitment: Commitment, ladder: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "commitment": commitment.pk,
        "limit_seconds": _seconds_of(commitment),
        "ladder": ladder,
    }


def _conditions_met(conditions: Mapping[str, list[str]], facts: Mapping[str, Any]) -> int | None:
    """Return how many conditions ``facts`` meet, or None where they miss one."""
    actual = {
        "sources": {facts.get("source")},
        "actions": set(facts.get("actions", ())),
        "personas": {facts.get("persona")},
    }
    # An empty list of codes narrows nothing.
    wanted = {key: set(codes) for key, codes in conditions.items() if codes}
    for key, codes in wanted.items():
        if not actual[key] & codes:
            return None
    return len(wanted)


def is_blocking(version: AgreementVersion, kind: str, code: str) -> bool:
    """Return whether a lead cannot become an SQL without evidence for the criterion ``code``.

    Otherwise missing evidence only warns. ``sql_terms`` decides for single criteria,
    ``sql_blocks`` for all others of a ``kind``.
    """
    if code in version.sql_terms:
        return version.sql_terms[code] == Proof.BLOCKS
    return kind in version.sql_blocks
