"""The steps of a lead that is known by name: each waits for its moment and calls the product."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

from crm.accounts.models import Team, User
from crm.demo import named_leads
from crm.demo.stories.scene import Scene, reload
from crm.demo.stories.timeline import Story
from leads import handoffs
from leads.follow_up import attempts, package_truth
from leads.handoffs import outcomes
from leads.models import Handoff
from leads.records import leads
from leads.states import AttemptOutcome, ContactChannel

HandedOff = Generator[datetime, None, Handoff]


def hand_off(
    scene: Scene, number: int, begun: datetime, *, by: User | None = None, team: Team | None = None
) -> HandedOff:
    """Log the lead in row ``number`` and hand it off at ``begun``; by Ana, to the online team."""
    cast = scene.cast
    by = by or cast.ana
    captured_at = begun - timedelta(minutes=40)
    yield captured_at
    lead = named_leads.capture(cast, number, at=captured_at, by=by)
    scene.tape.keep(lead)
    yield begun
    return handoffs.hand_off(
        lead, team=team or cast.online, persona_version=cast.leader, by=by, at=begun
    )


def reject(
    scene: Scene, handoff: Handoff, code: str, comment: str, *, by: User, at: datetime
) -> Story:
    yield at
    handoffs.reject(reload(handoff), scene.rejections[code], by=by, at=at, comment=comment)


def accept(handoff: Handoff, *, by: User, at: datetime) -> Story:
    yield at
    handoffs.accept(reload(handoff), by=by, at=at)


def attempt(
    handoff: Handoff,
    channel: ContactChannel,
    outcome: AttemptOutcome,
    *,
    by: User,
    at: datetime,
    note: str = "",
) -> Story:
    yield at
    attempts.record(reload(handoff), channel, outcome=outcome, by=by, at=at, note=note)


def reach(handoff: Handoff, channel: ContactChannel, *, by: User, at: datetime) -> Story:
    yield from attempt(handoff, channel, AttemptOutcome.REACHED, by=by, at=at)


def qualify_sql(handoff: Handoff, *, by: User, accepted_at: datetime) -> Story:
    """The lead is accepted, contacted, and qualified with evidence on the next day."""
    yield from accept(handoff, by=by, at=accepted_at)
    called_at = accepted_at + timedelta(hours=2)
    yield from reach(handoff, ContactChannel.PHONE, by=by, at=called_at)
    said_at = called_at + timedelta(hours=1)
    yield said_at
    for code, value in named_leads.PROOFS.items():
        leads.add_evidence(
            handoff.lead,
            code,
            "met",
            value=value,
            source="Llamada",
            by=by,
            at=said_at,
        )
    judged_at = called_at + timedelta(hours=20)
    yield judged_at
    outcomes.qualify_sql(reload(handoff), by=by, at=judged_at)


def say_what_was_true(handoff: Handoff, truths: dict[str, str], *, by: User, at: datetime) -> None:
    """Answer by criterion what of the package was true."""
    for code, truth in truths.items():
        package_truth.answer(reload(handoff), code, truth, by=by, at=at)
