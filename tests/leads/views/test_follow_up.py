"""The follow-up of a lead as its page shows it: next step, attempts, and what a click began."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.utils import translation

from crm.accounts.models import User
from leads.follow_up import attempts, next_steps
from leads.models import Attempt, PlannedStep
from leads.views.lead import follow_up
from sla.agreements.default_terms import AttemptsTerm
from tests import factories
from tests.factories import when

pytestmark = pytest.mark.django_db

NOON = when("2026-03-02 12:00")
TOMORROW = "2026-03-03"


@pytest.fixture
def cast(new_organisation):
    User.objects.update(language="en")
    return new_organisation


@pytest.fixture
def handoff(cast, moment):
    """Bea has accepted a lead, and it is noon."""
    found = factories.accepted(cast)
    moment.set(NOON)
    return found


def part(answer, name: str) -> str:
    """Return the words of the section with this id."""
    page = answer.content.decode()
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', page, re.DOTALL)
    assert found, f"no section {name}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def page_of(client, handoff):
    return client.get(f"/leads/{handoff.lead_id}/")


def step_of(handoff) -> PlannedStep:
    return PlannedStep.objects.open().get(lead=handoff.lead_id)


def no_answers(handoff, number: int, *, by) -> None:
    for _try in range(number):
        attempts.record(handoff, "phone", outcome="no_answer", by=by, at=NOON)


# -- The next step


def test_panel_shows_the_planned_step_with_its_time_and_one_tap_moves_it(
    cast, handoff, signed_in
) -> None:
    no_answers(handoff, 1, by=cast.bea)
    bea = signed_in(cast.bea)
    assert part(page_of(bea, handoff), "next").startswith("Next step Try again Wed 11:40 ·")
    answer = bea.post(f"/leads/{handoff.lead_id}/next-step/", {"on": TOMORROW})
    assert answer.status_code == 302
    step = step_of(handoff)
    assert (step.kind, step.due_at) == ("attempt", when("2026-03-03 17:00"))


def test_moved_step_keeps_its_own_words(cast, handoff, signed_in) -> None:
    address = f"/leads/{handoff.lead_id}/next-step/"
    bea = signed_in(cast.bea)
    bea.post(address, {"on": TOMORROW, "text": "Send the offer"})
    bea.post(address, {"on": "2026-03-04", "text": ""})
    step = step_of(handoff)
    assert (step.kind, step.text) == ("other", "Send the offer")
    assert step.due_at == when("2026-03-04 17:00")


def test_overdue_step_says_so(cast, handoff, moment, signed_in) -> None:
    no_answers(handoff, 1, by=cast.bea)
    moment.set(when("2026-03-09 12:00"))
    assert "Try again Overdue" in part(page_of(signed_in(cast.bea), handoff), "next")


def test_refused_day_returns_with_what_was_typed(cast, handoff, signed_in) -> None:
    typed = {"on": "2026-09-01", "text": "Ask again"}
    answer = signed_in(cast.bea).post(f"/leads/{handoff.lead_id}/next-step/", typed)
    page = answer.content.decode()
    assert (answer.status_code, 'value="Ask again"' in page) == (422, True)
    assert "60 days at most" in part(answer, "next")


# -- Attempts


@pytest.mark.parametrize(
    ("made", "gives_back", "ends"), [(1, False, False), (6, False, True)], ids=["one", "all"]
)
def test_attempts_are_counted_and_the_last_one_offers_to_recycle(
    made, gives_back, ends, cast, handoff, signed_in
) -> None:
    no_answers(handoff, made, by=cast.bea)
    answer = page_of(signed_in(cast.bea), handoff)
    assert f"{made} of 6 attempts made" in answer.content.decode()
    shown = part(answer, "attempts")
    offered = ("Give back to marketing" in shown, "Not reached: recycle it" in shown)
    assert offered == (gives_back, ends)


def test_wrong_number_offers_to_give_back(cast, handoff, signed_in) -> None:
    attempts.record(handoff, "phone", outcome="wrong", by=cast.bea, at=NOON)
    assert "Give back to marketing" in part(page_of(signed_in(cast.bea), handoff), "attempts")


def test_refused_wake_date_returns_where_it_was_typed(cast, handoff, signed_in) -> None:
    no_answers(handoff, 6, by=cast.bea)
    typed = {"wake_on": "2026-01-01", "comment": "Nobody there"}
    answer = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/not-reached/", typed)
    shown = part(answer, "attempts")
    assert (answer.status_code, "Nobody there" in shown) == (422, True)
    assert "Nothing was saved yet" in shown


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(4800, "6 in 10 working days"), (4830, "6 in 80 h of business time")],
)
def test_time_of_the_attempts_reads_as_days_only_where_it_is_whole_days(
    minutes, words, handoff
) -> None:
    term = AttemptsTerm(6, minutes, is_default=False)
    with translation.override("en"):
        assert follow_up.term_words(term, handoff) == words


# -- An attempt that a click has begun


def begin(client, handoff, channel: str = "whatsapp"):
    return client.post(f"/handoffs/{handoff.pk}/begin/?back=/mine/", {"channel": channel})


def test_click_asks_what_came_of_it_and_keeps_the_way_back(cast, handoff, signed_in) -> None:
    bea = signed_in(cast.bea)
    answer = begin(bea, handoff)
    attempt = Attempt.objects.get()
    shown = part(answer, f"begun-{attempt.pk}")
    assert shown.startswith("WhatsApp · just now What came of it? Reached No answer")
    assert 'name="back" value="/mine/"' in answer.content.decode()
    said = {"attempt": attempt.pk, "outcome": "no_answer", "back": "/mine/"}
    told = bea.post(f"/handoffs/{handoff.pk}/outcome/", said)
    assert told["Location"] == f"/leads/{handoff.lead_id}/?back=%2Fmine%2F"
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.tier, attempt.reached) == ("no_answer", "clicked", False)


@pytest.mark.parametrize("day", ["", "2026-09-01"], ids=["none", "too late"])
def test_call_on_a_wrong_day_is_refused_where_it_was_asked_for(
    day, cast, handoff, signed_in
) -> None:
    bea = signed_in(cast.bea)
    begin(bea, handoff)
    attempt = Attempt.objects.get()
    said = {"attempt": attempt.pk, "outcome": "call_back", "call_back_on": day}
    answer = bea.post(f"/handoffs/{handoff.pk}/outcome/", said)
    assert answer.status_code == 422
    assert "Nothing was saved yet" in part(answer, f"begun-{attempt.pk}")
    page = answer.content.decode()
    assert (page.count("Nothing was saved yet"), "data-not-saved" in page) == (1, False)
    assert f'value="{day}" aria-invalid="true"' in page


def test_role_of_the_product_may_write_the_outcome(cast, handoff) -> None:
    attempt = attempts.begin(handoff, "phone", by=cast.bea, at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE relevo_app")
    attempts.settle(handoff, attempt.pk, outcome="no_answer", by=cast.bea, at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert next_steps.made_since(handoff) == 1


def test_outcome_that_was_said_already_is_told_once(cast, handoff, signed_in) -> None:
    bea = signed_in(cast.bea)
    begin(bea, handoff)
    attempt = Attempt.objects.get()
    said = {"attempt": attempt.pk, "outcome": "no_answer"}
    answers = [bea.post(f"/handoffs/{handoff.pk}/outcome/", said) for _tap in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert "This attempt has its outcome already." in answers[1].content.decode()
    assert next_steps.made_since(handoff) == 1
