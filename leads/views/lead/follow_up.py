"""The follow-up on the lead page: the next step, the attempts, and what a click has begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.forms import Form
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts.models import User
from crm.lib import number_formats
from crm.lib.bilingual import in_language
from crm.lib.db.kept_sql import KeptSql
from crm.lib.forms import EmptyForm, PageForm
from leads import events, permissions
from leads.follow_up import package_truth
from leads.forms.follow_up import NotReachedForm
from leads.models import Attempt, CriterionTruth, Handoff, Lead, PlannedStep
from leads.qualification.rules import DISQUALIFIER, Assessment
from leads.states import (
    JUDGED_AFTER,
    KNOWN_OUTCOMES,
    QUALIFIED_IN,
    WORKED,
    AttemptOutcome,
    HandoffState,
)
from sla.agreements import default_terms
from sla.agreements.default_terms import AttemptsTerm
from sla.clocks import snapshots

# One tap sets the next step in so many days.
IN_DAYS = (1, 2, 7)


@dataclass(frozen=True)
class FollowUpPanel:
    """The follow-up of a lead.

    ``made``: the attempts since the acceptance whose outcome is known; ``begun``: those of the
    viewer that wait for it. ``term``: how many are agreed, and within which time; None after the
    contact. ``taps``: days that one tap sets.
    """

    step: PlannedStep | None
    made: Sequence[Attempt]
    begun: Sequence[Attempt]
    term: AttemptsTerm | None
    term_words: str
    may_plan: bool
    works: bool
    taps: Sequence[tuple[int, date]]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """Those that one tap says; a call on another day needs the day, too."""
        rows = [(value, str(label)) for value, label in KNOWN_OUTCOMES]
        return [row for row in rows if row[0] != AttemptOutcome.CALL_BACK]

    @property
    def tries(self) -> list[bool]:
        """A mark for each attempt that is agreed or was made: whether it was made."""
        assert self.term is not None
        left = self.term.count - len(self.made)
        return [True] * len(self.made) + [False] * max(left, 0)

    @property
    def can_give_back(self) -> bool:
        is_wrong = any(each.outcome == AttemptOutcome.WRONG for each in self.made)
        return self.works and self.term is not None and is_wrong

    @property
    def can_end(self) -> bool:
        """Whether the agreed attempts were made without a contact."""
        return self.works and self.term is not None and len(self.made) >= self.term.count


def panel(user: User, lead: Lead, handoff: Handoff | None, *, at: datetime) -> FollowUpPanel | None:
    """Return the follow-up of a lead that someone has; two queries, one while marketing has it."""
    is_worked = handoff is not None and handoff.state in WORKED
    if lead.archived_at is not None or not (is_worked or lead.stage in QUALIFIED_IN):
        return None
    tries: list[Attempt] = []
    term = None
    words = ""
    if is_worked and handoff is not None:
        tries = TRIES.objects(handoff=handoff.pk)
        if handoff.state == HandoffState.ACCEPTED:
            term = default_terms.attempts_of(handoff.policy, handoff.agreement_version)
            words = term_words(term, handoff)
    may_plan = permissions.can_plan(user, lead, handoff)
    today = events.today(at)
    return FollowUpPanel(
        step=STEP.first(lead=lead.pk),
        made=[each for each in tries if _counts(each, handoff)],
        begun=[each for each in tries if _is_begun_by(user, each)],
        term=term,
        term_words=words,
        may_plan=may_plan,
        works=is_worked and may_plan,
        taps=[(each, today + timedelta(days=each)) for each in IN_DAYS] if may_plan else [],
    )


def forms_of(panel: FollowUpPanel | None, bound: dict[str, Form]) -> dict[str, PageForm]:
    """Return the forms that the panel offers, and the outcome that came back with errors."""
    forms: dict[str, PageForm] = {}
    if panel is None:
        return forms
    if panel.can_end:
        forms["not-reached"] = EmptyForm(NotReachedForm, "id_not-reached_%s")
    outcome = bound.get("outcome")
    begun = {str(each.pk) for each in panel.begun}
    # An attempt that has its outcome by now is not asked for again.
    if outcome is not None and outcome["attempt"].value() in begun:
        forms["outcome"] = outcome
    return forms


def term_words(term: AttemptsTerm, handoff: Handoff) -> str:
    """Return the agreed number and time; whole days of the team's calendar read as such."""
    day = default_terms.day_minutes(snapshots.calendar(handoff.policy["calendar"]))
    days, rest = divmod(term.window_minutes, day)
    within = number_formats.limit_words(term.window_minutes * 60)
    if not rest:
        text = ngettext("%(days)s working day", "%(days)s working days", days)
        within = text % {"days": days}
    return _("%(count)s in %(within)s") % {"count": term.count, "within": within}


def _counts(attempt: Attempt, handoff: Handoff | None) -> bool:
    since = handoff.accepted_at if handoff is not None else None
    return attempt.outcome != AttemptOutcome.BEGUN and since is not None and attempt.at >= since


def _is_begun_by(user: User, attempt: Attempt) -> bool:
    return attempt.outcome == AttemptOutcome.BEGUN and attempt.by_id == user.pk


def _tries(handoff: int) -> QuerySet[Attempt]:
    return Attempt.objects.filter(handoff=handoff).order_by("-at", "-id")


TRIES = KeptSql(_tries)


def _step(lead: int) -> QuerySet[PlannedStep]:
    return PlannedStep.objects.open().filter(lead=lead).select_related("owner")


STEP = KeptSql(_step)


# -- The truth of the package


@dataclass(frozen=True)
class TruthLine:
    """A criterion, its newest answer if there is one, and whether the viewer may answer."""

    code: str
    text: str
    answer: CriterionTruth | None
    is_open: bool
    is_disqualifier: bool


def truth_lines(
    user: User, handoff: Handoff | None, assessment: Assessment | None
) -> list[TruthLine]:
    """Return a line for each criterion of a handoff that has an end; one query for these.

    None where no answer was given and the viewer may give none.
    """
    if handoff is None or assessment is None or handoff.state not in JUDGED_AFTER:
        return []
    may_answer = permissions.can_judge_package(user, handoff)
    answers = package_truth.answers(handoff)
    if not answers and not may_answer:
        return []
    lines = []
    for judgement in assessment.judgements:
        rule = judgement.rule
        answer = answers.get(rule.code)
        is_own = answer is None or answer.by_id == user.pk
        line = TruthLine(
            rule.code,
            in_language(rule.text),
            answer,
            is_open=may_answer and is_own,
            is_disqualifier=rule.kind == DISQUALIFIER,
        )
        lines.append(line)
    return lines
