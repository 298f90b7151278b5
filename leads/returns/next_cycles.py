"""The next cycle of a lead with the package that sales had before, as the arbiter decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.accounts import teams
from crm.accounts.models import User
from crm.lib.db.inserts import take_next_ids
from crm.lib.errors import Conflict
from leads.conflicts import NoContactAsked
from leads.follow_up import next_steps
from leads.handoffs import notices, state_changes
from leads.handoffs.notices import News
from leads.models import Handoff, Lead, Package
from leads.states import EventKind
from sla import snapshot_bodies
from sla.agreements import policies
from sla.models import Clock
from sla.states import Metric

# What the package and its judgement say, which stay as they were.
COPIED = (
    "agreement_version",
    "persona_version",
    "team",
    "submitted_by",
    "note",
    "proves_sql",
    "fit_score",
    "engagement_score",
    "overrides",
)


class TeamIsArchived(Conflict):
    """The team is out of use since the rejection, and its queue has no people."""

    code = "team_is_archived"


def begin(handoff: Handoff, lead: Lead, *, by: User, at: datetime) -> Handoff:
    """Hand the rejected lead off again with the same package; return the new handoff.

    It starts a new accept clock and stays under the agreement that judged the package. ``lead`` is
    the locked lead of ``handoff``. Raises NoContactAsked, TeamIsArchived.
    """
    if handoff.team.archived_at is not None:
        raise TeamIsArchived(_("%(team)s is archived.") % {"team": handoff.team.name})
    if lead.person.no_contact_at is not None:
        raise NoContactAsked(lead)
    # What marketing meant to do with it.
    next_steps.end(lead.pk, at=at)
    package = Package.objects.filter(handoff=handoff).first()
    policy = _policy(handoff, lead, package)
    handoff_id, clock_id = take_next_ids(Handoff, Clock)
    following = Handoff(
        id=handoff_id,
        lead=lead,
        cycle=lead.handoffs.count() + 1,
        submitted_at=at,
        policy_ref_id=snapshot_bodies.keep(policy),
        clock_id=clock_id if Metric.ACCEPT in policy["clocks"] else None,
        **{name: getattr(handoff, name) for name in COPIED},
    )
    rows: list[Package] = []
    # A package of before packages were frozen does not exist.
    if package is not None:
        rows.append(Package(handoff=following, payload=package.payload, sha256=package.sha256))
    state_changes.update_lead(
        following,
        EventKind.HANDED_OFF,
        *state_changes.next_clock(following, Metric.ACCEPT, at=at),
        following,
        *rows,
        notices.messages([_news(following, by=by)], at=at),
        from_state="",
        by=by,
        at=at,
        payload={"team": following.team.name, "note": following.note},
        owner=None,
    )
    return following


def _policy(handoff: Handoff, lead: Lead, package: Package | None) -> dict[str, Any]:
    """Return the policy of the same agreement, with the calendar as it is now."""
    actions = package.payload.get("actions", []) if package is not None else []
    known = {
        "source": lead.source.code if lead.source else None,
        "actions": [code for code, _on in actions],
        "persona": handoff.persona_version.persona.slug,
    }
    return policies.policy_for(handoff.agreement_version, handoff.team, facts=known)


def _news(following: Handoff, *, by: User) -> News:
    people = teams.active_people([following.team_id])[following.team_id]
    others = [person for person in people if person.pk != by.pk]
    return News("handoff.new", following, others, key="new")
