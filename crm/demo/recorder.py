"""Record the demo's past: events drawn from one seed, made by the product's own functions.

The findings: referrals convert best, social media worst; leaders of sales teams better than
owners of small businesses; Cruz decides slower than Bea and often just before the deadline; while
Bea was away the agreement was not kept; what was decided late is won less often; two reasons
explain most rejections; a high fit score is worth something, because a lead that names a budget
and decides buys more often, while engagement says little; what marketing handed off without proof
is refused more often.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from crm.accounts.models import Organisation
from crm.demo import people
from crm.demo.recording.recording import Recording
from crm.demo.recording.tape import Tape
from crm.demo.stories import marketing, named_follow_up, named_past, named_returns, odds
from crm.demo.stories.random_lead import RandomLead
from crm.demo.stories.scene import Scene
from crm.demo.stories.timeline import Timeline
from crm.notifications import outbox


class NotEmpty(RuntimeError):
    """The past is recorded in an empty scratch database only, because time is moved there."""


def record(*, numbers: Collection[int] | None = None) -> Recording:
    """Record the past in this scratch database. ``numbers``: only these of the random leads.

    Leaves the database's time moved. Raises NotEmpty.
    """
    if Organisation.objects.exists():
        raise NotEmpty
    timeline, start = Timeline(), odds.week_start()
    founded_at = start - odds.FOUNDED + timedelta(hours=10)
    timeline.move(founded_at)
    cast = people.create_company(at=founded_at)
    # Delivered before the tape starts: the founding has no lead that could own these messages.
    while outbox.deliver():
        pass
    tape = Tape(start)
    scene = Scene(cast, timeline, tape)
    for named in (named_past, named_returns, named_follow_up):
        for story in named.stories(scene, start):
            timeline.add(story)
    for number, begun in enumerate(odds.arrivals()):
        if numbers is None or number in numbers:
            lead = RandomLead(scene, number, begun)
            timeline.add(marketing.story(lead))
    timeline.run(until=start + timedelta(weeks=1))
    return tape.recording()
