"""What every fired ladder step leaves behind: an event of the lead, and notices.

The subject of a step is a handoff, or a row about one, such as a return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crm.accounts.models import User
from crm.lib.db.inserts import insert
from leads.handoffs import notices, state_changes
from leads.handoffs.notices import News
from leads.handoffs.state_changes import Change
from leads.models import Handoff
from leads.states import EventKind
from sla.clocks.subjects import Step
from sla.states import StepKind

PeopleOf = Callable[[Any], Iterable[User]]
ParamsOf = Callable[[Any], Mapping[str, Any]]


def handoff_of(subject: Any) -> Handoff:
    """Return the handoff that the subject of a clock is, or is about."""
    if isinstance(subject, Handoff):
        return subject
    return subject.handoff


def record(steps: Sequence[Step], *, as_kind: StepKind | None = None) -> None:
    """Record that ``steps`` fired, on the leads of their handoffs.

    ``as_kind``: what they did, where that is not what their ladder says.
    """
    changes = []
    for step in steps:
        payload = {
            "step": as_kind or step.firing.kind,
            "level": step.firing.level,
            "metric": step.clock.metric,
        }
        changes.append(Change(handoff_of(step.subject), payload=payload))
    insert(state_changes.events_of(changes, EventKind.ESCALATED, by=None, at=steps[0].firing.at))


def no_params(subject: Any) -> Mapping[str, Any]:
    """Return nothing: the usual values of a notice are all."""
    return {}


def notify(
    kind: str, steps: Sequence[Step], people_of: PeopleOf, *, params_of: ParamsOf = no_params
) -> None:
    """Notify the active ones of the people of each subject; if there is none, the directors.

    ``params_of`` returns further values of the notice.
    """
    in_charge: list[User] | None = None
    news = []
    for step in steps:
        handoff = handoff_of(step.subject)
        # A message to inactive people alone would be a silent breach.
        people = [person for person in people_of(step.subject) if person.is_active]
        if not people:
            if in_charge is None:
                in_charge = directors()
            people = in_charge
        params = {
            "metric": step.clock.metric,
            "due_at": step.clock.due_at.isoformat(),
            "owner_id": handoff.owner_id,
            **params_of(step.subject),
        }
        key = f"firing:{step.firing.pk}"
        news.append(News(kind, handoff, people, key=key, params=params))
    if news:
        notices.notify_many(news, at=steps[0].firing.at)


def directors() -> list[User]:
    """Return the active directors; if there is none, the admins."""
    active = User.objects.filter(is_active=True).order_by("id")
    return list(active.filter(is_director=True)) or list(active.filter(is_admin=True))
