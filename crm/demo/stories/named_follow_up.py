"""Follow-up of weeks ago: a lead that never answered, one that wants no contact, and two contacts
that only Cruz's word proves, minutes around a warning or a deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from crm.demo.stories import named_steps
from crm.demo.stories.named_returns import Days
from crm.demo.stories.scene import Scene, reload
from crm.demo.stories.timeline import Story
from leads.handoffs import outcomes
from leads.returns import recycling
from leads.states import AttemptOutcome, ContactChannel

SAME_NOTE = "No contesta."
# Days before the last week, hour, minute, channel.
TRIES = (
    (19, 13, 30, ContactChannel.PHONE),
    (19, 19, 15, ContactChannel.WHATSAPP),
    (18, 11, 0, ContactChannel.PHONE),
    (18, 18, 30, ContactChannel.PHONE),
    (17, 10, 40, ContactChannel.WHATSAPP),
    (17, 17, 20, ContactChannel.PHONE),
)


def stories(scene: Scene, start: datetime) -> Iterator[Story]:
    """Yield each story. All of them are over when the last week begins at ``start``."""
    days = Days(start)
    yield _ask_for_no_contact(scene, 39, days)
    yield _never_reach(scene, 40, days)
    yield _reach_at_the_deadline(scene, 41, days)
    yield _reach_at_the_warning(scene, 42, days)


def _ask_for_no_contact(scene: Scene, number: int, days: Days) -> Story:
    cruz = scene.cast.cruz
    handoff = yield from named_steps.hand_off(scene, number, days.at(13, 10, 15))
    yield from named_steps.accept(handoff, by=cruz, at=days.at(13, 11, 35))
    yield from named_steps.attempt(
        handoff,
        ContactChannel.WHATSAPP,
        AttemptOutcome.NO_CONTACT,
        by=cruz,
        at=days.at(13, 13, 20),
        note="Pide que no le escribamos más.",
    )


def _never_reach(scene: Scene, number: int, days: Days) -> Story:
    """Cruz tries as often as agreed, with one note for all, and recycles the lead."""
    cruz = scene.cast.cruz
    handoff = yield from named_steps.hand_off(scene, number, days.at(19, 10, 15))
    yield from named_steps.accept(handoff, by=cruz, at=days.at(19, 11, 25))
    for ago, hour, minute, channel in TRIES:
        yield from named_steps.attempt(
            handoff,
            channel,
            AttemptOutcome.NO_ANSWER,
            by=cruz,
            at=days.at(ago, hour, minute),
            note=SAME_NOTE,
        )
    parked_at = days.at(14, 9, 30)
    yield parked_at
    recycling.not_reached(
        reload(handoff), wake_on=days.after(45), by=cruz, at=parked_at, comment=SAME_NOTE
    )


def _reach_at_the_deadline(scene: Scene, number: int, days: Days) -> Story:
    """Cruz says that he called a minute before the deadline, and does nothing since."""
    yield from _reach_after(scene, number, days.at(13, 10, 15), timedelta(minutes=239))


def _reach_at_the_warning(scene: Scene, number: int, days: Days) -> Story:
    """Cruz says that he called a minute after the warning, and disqualifies the lead much later."""
    handoff = yield from _reach_after(scene, number, days.at(12, 10, 15), timedelta(minutes=181))
    ended_at = days.at(3, 12, 20)
    yield ended_at
    outcomes.disqualify(
        reload(handoff),
        scene.endings["no_need"],
        by=scene.cast.cruz,
        at=ended_at,
        comment="Ya compró otra cosa.",
    )


def _reach_after(
    scene: Scene, number: int, begun: datetime, wait: timedelta
) -> named_steps.HandedOff:
    """Cruz accepts an hour after the hand-off and reports a call ``wait`` later."""
    cruz = scene.cast.cruz
    handoff = yield from named_steps.hand_off(scene, number, begun)
    accepted_at = begun + timedelta(hours=1)
    yield from named_steps.accept(handoff, by=cruz, at=accepted_at)
    yield from named_steps.reach(handoff, ContactChannel.PHONE, by=cruz, at=accepted_at + wait)
    return handoff
