"""What every fired ladder step leaves behind: an event of the lead, and notices.

The subject of a step is a handoff, or a row about one, such as a return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crm.accounts import leaves
from crm.accounts.leaves import Line
from crm.accounts.models import User
from crm.lib.db.inserts import insert
from leads.handoffs import notices, state_changes
from leads.handoffs.notices import News
from leads.handoffs.state_changes import Change
from leads.models import Handoff
from leads.states import EventKind
from sla.clocks.subjects import Step
from sla.states import StepKind

# A Line says by itself who stands in for whom.
PeopleOf = Callable[[Any], Iterable[User] | Line]
ParamsOf = Callable[[Any], Mapping[str, Any]]


def handoff_of(subject: Any) -> Handoff:
    """Return the handoff that the subject of a clock is, or is about."""
    if isinstance(subject, Handoff):
        return subject
    return subject.handoff


def record(
    steps: Sequence[Step], lines: Sequence[Line] = (), *, as_kind: StepKind | None = None
) -> None:
    """Record that ``steps`` fired, on the leads of their handoffs.

    ``lines``: who acts, step by step; who stands in for whom goes into the payload. ``as_kind``:
    what they did, where that is not what their ladder says.
    """
    changes = []
    for number, step in enumerate(steps):
        payload: dict[str, Any] = {
            "step": as_kind or step.firing.kind,
            "level": step.firing.level,
            "metric": step.clock.metric,
        }
        if lines and lines[number].stand_ins:
            payload["stand_ins"] = _named(lines[number])
        changes.append(Change(handoff_of(step.subject), payload=payload))
    insert(state_changes.events_of(changes, EventKind.ESCALATED, by=None, at=steps[0].firing.at))


def _named(line: Line) -> list[dict[str, Any]]:
    """Return who was away and who stood in, by name as the timeline shows them."""
    return [
        {"away": absent.name, "by": [person.name for person in stand_ins]}
        for absent, stand_ins in line.stand_ins
    ]


def no_params(subject: Any) -> Mapping[str, Any]:
    """Return nothing: the usual values of a notice are all."""
    return {}


def fire(
    kind: str,
    steps: Sequence[Step],
    people_of: PeopleOf,
    *,
    params_of: ParamsOf = no_params,
    as_kind: StepKind | None = None,
) -> None:
    """Record that ``steps`` fired and notify the people of each subject, or who stands in.

    ``params_of`` returns further values of the notice. ``as_kind`` as in :func:`record`.
    """
    lines = _lines(steps, people_of)
    record(steps, lines, as_kind=as_kind)
    _notify(kind, steps, lines, params_of)


def notify(
    kind: str, steps: Sequence[Step], people_of: PeopleOf, *, params_of: ParamsOf = no_params
) -> None:
    """Notify as :func:`fire` of steps that are recorded already."""
    if steps:
        _notify(kind, steps, _lines(steps, people_of), params_of)


def _lines(steps: Sequence[Step], people_of: PeopleOf) -> list[Line]:
    """Return who acts, step by step: the people of the subject, the directors if there is none."""
    at = steps[0].firing.at
    named = [_named_by(people_of(step.subject)) for step in steps]
    directors: list[User] = []
    if not all(named):
        # A message to no one would be a silent breach.
        directors = leaves.present_directors(at=at)
    asked = [each for each in named if not isinstance(each, Line)]
    cover = leaves.cover([person for people in asked for person in people], at=at)
    lines = []
    for step, people in zip(steps, named, strict=True):
        if isinstance(people, Line):
            lines.append(people)
        elif people:
            lines.append(cover.line(people, team_id=_team_of(step.subject)))
        else:
            lines.append(Line(directors))
    return lines


def _named_by(people: Iterable[User] | Line) -> list[User] | Line:
    if isinstance(people, Line):
        return people
    return list(people)


def _team_of(subject: Any) -> int | None:
    if isinstance(subject, Handoff):
        return subject.team_id
    return getattr(subject, "marketing_team_id", None)


def _notify(kind: str, steps: Sequence[Step], lines: Sequence[Line], params_of: ParamsOf) -> None:
    news = []
    for step, line in zip(steps, lines, strict=True):
        handoff = handoff_of(step.subject)
        params = {
            "metric": step.clock.metric,
            "due_at": step.clock.due_at.isoformat(),
            "owner_id": handoff.owner_id,
            **params_of(step.subject),
        }
        key = f"firing:{step.firing.pk}"
        news += notices.to_line(News(kind, handoff, [], key=key, params=params), line)
    notices.notify_many(news, at=steps[0].firing.at)
