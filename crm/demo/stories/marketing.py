"""What marketing does with a random lead: log it, qualify it, hand it off, perhaps twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.accounts.models import Team
from crm.demo import names
from crm.demo.people import ZONE
from crm.demo.stories import odds, sales
from crm.demo.stories.odds import pick
from crm.demo.stories.random_lead import SMALLEST_COMPANY, RandomLead
from crm.demo.stories.scene import worked
from crm.demo.stories.timeline import Story
from crm.lib import clock
from leads import handoffs
from leads.models import Lead
from leads.qualification import overrides
from leads.records import leads
from leads.returns import disputes, recycling, returns

PREPARED_WITHIN = 4  # working minutes from qualifying a lead to handing it off


def story(known: RandomLead) -> Story:
    """The lead comes, and marketing hands it off where it fits a persona."""
    draw = known.draw
    yield known.begun
    lead = _capture(known)
    yield from _act_at_once(known, lead)
    if draw.random() < 0.25:
        hours = draw.uniform(1, 70)
        known.scene.timeline.add(_act_again(known, lead, hours))
    if known.kind == "stranger" or draw.random() < 0.04:
        return  # marketing looked at it and left it where it is
    qualified_at = worked(
        known.scene.office,
        known.begun,
        draw.uniform(15, 700),
    )
    yield qualified_at
    _overrule_size(known, lead, at=qualified_at)
    handoffs.qualify(
        lead,
        known.version,
        by=known.marketer(qualified_at),
        at=qualified_at,
    )
    if draw.random() >= 0.05:
        yield from _hand_off(known, lead, qualified_at)


def _capture(known: RandomLead) -> Lead:
    scene = known.scene
    code = pick(known.draw, odds.ACTIONS)
    return leads.capture(
        {**known.facts, "attributes": known.known},
        by=known.marketer(known.begun),
        at=known.begun,
        team=scene.cast.marketing,
        source=scene.sources[known.source],
        first_action=scene.actions[code],
    )


def _act_at_once(known: RandomLead, lead: Lead) -> Story:
    """The lead does up to three more things within ten minutes."""
    count = pick(known.signs, odds.FURTHER_ACTIONS)
    for number in range(count):
        code = pick(known.signs, odds.ACTIONS)
        at = known.begun + timedelta(minutes=3 + 3 * number)
        yield at
        _add_action(known, lead, code, at=at)


def _act_again(known: RandomLead, lead: Lead, hours: float) -> Story:
    code = pick(known.draw, odds.ACTIONS)
    moment = known.begun + timedelta(hours=hours)
    at = moment.replace(microsecond=0)
    yield at
    _add_action(known, lead, code, at=at)


def _add_action(known: RandomLead, lead: Lead, code: str, *, at: datetime) -> None:
    local = at.astimezone(known.begun.tzinfo)
    leads.add_action(
        lead,
        known.scene.actions[code],
        occurred_on=local.date(),
        occurred_at=at,
        by=known.marketer(at),
        at=at,
    )


def _overrule_size(known: RandomLead, lead: Lead, *, at: datetime) -> None:
    """Marketing takes a company that is too small, on its own word."""
    lead = Lead.objects.select_related("company").get(pk=lead.pk)
    company = lead.company
    if company is None or company.employees is None:
        return
    if company.employees >= SMALLEST_COMPANY[known.kind]:
        return
    texts = known.signs.choice(names.REASONS)
    overrides.override(
        lead,
        known.version,
        "company-size",
        reason=known.say(texts),
        by=known.marketer(at),
        at=at,
    )
    known.is_doubtful = True


def _hand_off(known: RandomLead, lead: Lead, qualified_at: datetime) -> Story:
    """Hand the lead off, and once more where sales rejects it and marketing answers."""
    at = worked(known.scene.office, qualified_at, PREPARED_WITHIN)
    rejected_at = yield from _pass_on(known, lead, at, again=False)
    if rejected_at is None:
        return
    hours = known.draw.uniform(2, 30)
    answered_at = worked(known.scene.office, rejected_at, 60 * hours)
    # Drawn after the moment of the answer: another order of draws is another past.
    if known.draw.random() >= 0.45:
        yield from _give_up(known, lead, rejected_at)
        return
    yield answered_at
    _add_action(known, lead, "asked_for_information", at=answered_at)
    again_at = answered_at + timedelta(minutes=5)
    yield again_at
    handoffs.qualify(
        lead,
        known.version,
        by=known.marketer(again_at),
        at=again_at,
    )
    at = worked(known.scene.office, again_at, PREPARED_WITHIN)
    rejected_at = yield from _pass_on(known, lead, at, again=True)
    if rejected_at is not None:
        yield from _settle(known, lead, rejected_at)


def _give_up(known: RandomLead, lead: Lead, rejected_at: datetime) -> Story:
    """Close the lead that sales rejected, or recycle it."""
    hours = known.answers.uniform(2, 20)
    at = worked(known.scene.office, rejected_at, 60 * hours)
    yield at
    last = lead.handoffs.order_by("-cycle")[0]
    by = known.marketer(at)
    rejection = last.decisions.standing()[0].reason
    assert rejection is not None
    if rejection.code in odds.RECYCLED and known.answers.random() < 0.4:
        days = known.answers.randrange(*odds.PARKED_FOR)
        wake_on = clock.local_date(at, ZONE) + timedelta(days=days)
        reason = known.scene.endings["not_now"]
        recycling.park(last, reason, wake_on=wake_on, by=by, at=at)
        return
    reason = known.scene.endings[odds.CLOSED_BECAUSE[rejection.code]]
    returns.close(last, reason, by=by, at=at)


def _settle(known: RandomLead, lead: Lead, rejected_at: datetime) -> Story:
    """Let the director, who is the arbiter, close a lead that sales rejected twice."""
    at = worked(known.scene.office, rejected_at, 60 * known.draw.uniform(3, 14))
    yield at
    last = lead.handoffs.order_by("-cycle")[0]
    disputes.close(last, known.scene.endings["interest_gone"], by=known.scene.cast.elsa, at=at)


def _pass_on(known: RandomLead, lead: Lead, at: datetime, *, again: bool) -> sales.Decided:
    """Let a team of sales decide; return when it rejected the lead. A demo hides that meanwhile."""
    code = pick(known.draw, odds.TEAMS)
    team: Team = getattr(known.scene.cast, code)
    yield at
    known.scene.tape.hide(lead, since=at)
    handoff = handoffs.hand_off(
        lead,
        team=team,
        persona_version=known.version,
        by=known.marketer(at),
        at=at,
    )
    work = sales.Sales(known, handoff)
    return (yield from work.decide(again=again))
