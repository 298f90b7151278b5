"""What sales does with the handoff of a random lead: decide, contact, judge, close."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from decimal import Decimal

from crm.demo import names
from crm.demo.stories import odds
from crm.demo.stories.odds import pick
from crm.demo.stories.random_lead import RandomLead
from crm.demo.stories.scene import reload, worked
from crm.demo.stories.timeline import Story
from leads import handoffs
from leads.follow_up import attempts, package_truth
from leads.handoffs import outcomes
from leads.models import Handoff
from leads.records import leads
from leads.states import AttemptOutcome, ContactChannel
from sla.worktime import arithmetic

LATE = 120  # working minutes to accept that the agreement gives
PUT_BACK = 480  # working minutes without contact after which the ladder requeues
CONTRADICTED = {"no_budget": "budget", "no_authority": "decides"}

# A story that ends with the moment of a rejection, or with None.
Decided = Generator[datetime, None, datetime | None]


class Sales:
    """The story of one handoff. ``rep``: who has it, or decides on it."""

    def __init__(self, known: RandomLead, handoff: Handoff) -> None:
        self.known = known
        self.draw = known.draw
        self.scene = known.scene
        self.handoff = handoff
        self.calendar = known.scene.calendar(handoff.team)
        self.hours = known.scene.hours(handoff.team)
        self.rep = known.scene.cast.cruz
        self.was_late = False

    # -- Before the contact

    def decide(self, *, again: bool) -> Decided:
        """Reject or accept the handoff; return when it was rejected."""
        minutes = self._draw_rep_and_pace()
        self.was_late = minutes > LATE
        at = worked(self.calendar, self.handoff.submitted_at, minutes)
        is_rejected = self.draw.random() < self.known.rejection_odds(again=again)
        yield at
        if is_rejected:
            self._reject(at)
            return at
        yield from self._accept(at)
        return None

    def _draw_rep_and_pace(self) -> float:
        """Choose who decides; return after how many working minutes."""
        draw = self.draw
        is_away = odds.is_bea_away(self.handoff.submitted_at)
        if not is_away and draw.random() < 0.56:
            self.rep = self.scene.cast.bea
            return min(draw.lognormvariate(3.3, 0.7), 170)
        slow = 0.17
        if is_away:
            slow = 0.5
        if draw.random() < slow:
            return draw.uniform(LATE + 2, 260)
        return draw.triangular(35, LATE - 0.5, 112)

    def _reject(self, at: datetime) -> None:
        reasons = odds.REASONS.get(self.known.source, odds.OTHER_REASONS)
        code = pick(self.draw, reasons)
        reason = self.scene.rejections[code]
        comment = ""
        if reason.needs_comment or self.draw.random() < 0.4:
            comment = self.known.say(names.COMMENTS[code])
        handoffs.reject(
            reload(self.handoff),
            reason,
            by=self.rep,
            at=at,
            comment=comment,
        )
        self.scene.tape.show(self.handoff.lead, at=at)

    def _accept(self, at: datetime) -> Story:
        handoffs.accept(reload(self.handoff), by=self.rep, at=at)
        taken_at = None
        if self.rep == self.scene.cast.cruz and self.draw.random() < 0.09:
            taken_at = self._draw_taken_at(at)
        if taken_at is not None:
            at = taken_at
            self.rep = self.scene.cast.bea
            yield at
            handoffs.accept(reload(self.handoff), by=self.rep, at=at)
        self.scene.tape.show(self.handoff.lead, at=at)
        yield from self._contact(at)

    def _draw_taken_at(self, accepted_at: datetime) -> datetime | None:
        """Return when Bea takes the requeued lead; None if the team does not work at that time."""
        minutes = PUT_BACK + self.draw.uniform(12, 62)
        taken_at = worked(self.calendar, accepted_at, minutes)
        if arithmetic.is_open(self.hours, taken_at):
            return taken_at
        return None

    def _contact(self, accepted_at: datetime) -> Story:
        """Some tries, then a contact, before the ladder would take the lead back."""
        reached_at = self._draw_reached_at(accepted_at)
        for tried_at in self._draw_tries(accepted_at, reached_at):
            if arithmetic.is_open(self.hours, tried_at):
                yield tried_at
                self._attempt(tried_at, AttemptOutcome.NO_ANSWER)
        yield reached_at
        self._attempt(reached_at, AttemptOutcome.REACHED)
        yield from self._judge(reached_at)

    def _draw_reached_at(self, accepted_at: datetime) -> datetime:
        draw = self.draw
        wait = draw.triangular(40, 250, 150)
        if self.rep == self.scene.cast.bea:
            wait = draw.lognormvariate(3.9, 0.6)
        reached_at = worked(self.hours, accepted_at, min(wait, 400))
        kept_until = worked(self.calendar, accepted_at, PUT_BACK - 10)
        if reached_at > kept_until:
            seconds = draw.randrange(8 * 60, 40 * 60)
            return accepted_at + timedelta(seconds=seconds)
        return reached_at

    def _draw_tries(self, since: datetime, until: datetime) -> list[datetime]:
        count = pick(self.draw, odds.TRIES)
        parts = sorted(self.draw.uniform(0.1, 0.9) for _try in range(count))
        moments = [since + (until - since) * part for part in parts]
        return [moment.replace(microsecond=0) for moment in moments]

    def _attempt(self, at: datetime, outcome: AttemptOutcome) -> None:
        channel = pick(self.draw, odds.CHANNELS)
        attempts.record(
            reload(self.handoff),
            ContactChannel(channel),
            outcome=outcome,
            by=self.rep,
            at=at,
        )

    # -- After the contact

    def _judge(self, contacted_at: datetime) -> Story:
        minutes = min(self.draw.lognormvariate(6.4, 0.8), 2600)
        at = worked(self.hours, contacted_at, minutes)
        yield at
        if self.draw.random() >= self.known.sql_odds():
            self._disqualify(at)
            return
        self._prove(at)
        outcomes.qualify_sql(reload(self.handoff), by=self.rep, at=at)
        yield from self._close(at)

    def _disqualify(self, at: datetime) -> None:
        code = pick(self.draw, odds.ENDS["disqualified"])
        # The reason must not contradict what the package says.
        if CONTRADICTED.get(code) in self.known.known:
            code = "no_need"
        outcomes.disqualify(
            reload(self.handoff),
            self.scene.endings[code],
            by=self.rep,
            at=at,
            comment=self.known.say(names.COMMENTS[code]),
        )
        self._say_what_was_true(at)

    def _say_what_was_true(self, at: datetime) -> None:
        """Answer what of the package was true."""
        draw = self.known.answers
        if draw.random() >= odds.ANSWERED:
            return
        for code in ("company-size", *self.known.known):
            truth = pick(draw, odds.TRUTHS)
            package_truth.answer(reload(self.handoff), code, truth, by=self.rep, at=at)

    def _prove(self, at: datetime) -> None:
        """Write down what the call showed of budget and decision."""
        amount = odds.budget(self.draw)
        proofs = {
            "budget": f"{amount:,} MXN",
            "decides": self.known.say(names.DECIDES),
        }
        for code, value in proofs.items():
            if code in self.known.known:
                continue
            leads.add_evidence(
                self.handoff.lead,
                code,
                "met",
                value=value,
                source=self.known.say(names.CALL),
                by=self.rep,
                at=at,
            )

    def _close(self, qualified_at: datetime) -> Story:
        """An opportunity within days, an end within weeks."""
        hours = self.draw.uniform(6, 40)
        offered_at = worked(self.hours, qualified_at, 60 * hours)
        yield offered_at
        outcomes.open_opportunity(reload(self.handoff), by=self.rep, at=offered_at)
        hours = self.draw.uniform(15, 110)
        closed_at = worked(self.hours, offered_at, 60 * hours)
        yield closed_at
        if self.draw.random() < self.known.win_odds(was_late=self.was_late):
            self._win(closed_at)
        else:
            self._lose(closed_at)
        self._say_what_was_true(closed_at)

    def _win(self, at: datetime) -> None:
        size = 10.6
        if self.known.is_leader:
            size = 11.5
        amount = 500 * round(self.draw.lognormvariate(size, 0.5) / 500)
        outcomes.win(
            reload(self.handoff),
            Decimal(amount),
            by=self.rep,
            at=at,
        )

    def _lose(self, at: datetime) -> None:
        code = pick(self.draw, odds.ENDS["lost"])
        outcomes.lose(
            reload(self.handoff),
            self.scene.endings[code],
            by=self.rep,
            at=at,
            comment=self.known.say(names.COMMENTS[code]),
        )
