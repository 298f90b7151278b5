"""What the sales teams promise now to a lead that is handed off to them. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm.accounts.models import Team
from crm.accounts.teams import sales_teams
from sla.agreements import agreements, policies
from sla.calendars import calendars, work_calendars
from sla.models import AgreementVersion, Calendar
from sla.states import Metric
from sla.worktime import arithmetic


@dataclass(frozen=True)
class Offer:
    """A sales team that a lead may go to.

    ``due``: when the team would have to decide, None without that commitment. ``version``: of its
    agreement in force. ``minimum``: the fit score that it asks for.
    """

    team: Team
    due: datetime | None
    version: AgreementVersion

    @property
    def minimum(self) -> int | None:
        return self.version.minimum_score


def of_sales_teams(facts: Mapping[str, Any], *, at: datetime) -> list[Offer]:
    """Return the offers of all sales teams with an agreement, in a constant number of queries.

    ``facts``: those of policies.policy_for.
    """
    teams = list(sales_teams())
    versions = agreements.in_force_by_team(teams)
    own_calendars = calendars.of_teams(teams)
    offers = []
    # Most teams share an agreement and a calendar.
    known: dict[tuple[int, int], datetime | None] = {}
    for team in teams:
        version = versions.get(team.pk)
        if version is None:
            # hand_off() refuses such a team, so it is not offered.
            continue
        calendar = own_calendars.get(team.pk, version.calendar)
        terms = (version.pk, calendar.pk)
        if terms not in known:
            known[terms] = _due(version, calendar, facts, at)
        offers.append(Offer(team, known[terms], version))
    return offers


def _due(
    version: AgreementVersion, calendar: Calendar, facts: Mapping[str, Any], at: datetime
) -> datetime | None:
    """Return when a handoff of now would have to be decided; None without that commitment."""
    seconds = policies.limit_of(version, Metric.ACCEPT, facts)
    if seconds is None:
        return None
    return arithmetic.add(work_calendars.plain(calendar), at, timedelta(seconds=seconds))
