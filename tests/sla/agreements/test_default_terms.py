"""Terms that hold by a default of the product until a text says them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from sla.agreements import content, default_terms, drafts
from sla.agreements.default_terms import AttemptsTerm, Term
from sla.models import AgreementVersion
from sla.states import Metric
from sla.text import agreement, labels, obligations
from sla.text.sections import sentences
from tests.factories import Cast
from tests.sla.agreements.conftest import NOON

ATTEMPTS = {"side": "sales", "metric": "attempts", "target": "4", "window_minutes": 900}
EVENTS = {**ATTEMPTS, "target": "2", "conditions": {"sources": ["event"]}}
DAY = 8 * 60  # minutes of a working day of the cast


@pytest.mark.parametrize(
    ("read", "column", "usual"),
    [
        (default_terms.dispute_days, "dispute_days", 3),
        (default_terms.review_months, "review_months", 6),
    ],
)
def test_term_is_what_the_text_says_else_the_default(
    read: Callable[[AgreementVersion], Term], column: str, usual: int
) -> None:
    silent = read(AgreementVersion(**{column: None}))
    said = read(AgreementVersion(**{column: 9}))
    assert (silent, said) == (Term(usual, is_default=True), Term(9, is_default=False))


@pytest.mark.parametrize(
    ("promised", "facts", "expected"),
    [
        ([], {}, AttemptsTerm(6, 10 * DAY, is_default=True)),
        ([ATTEMPTS], {}, AttemptsTerm(4, 900, is_default=False)),
        ([ATTEMPTS, EVENTS], {"source": "event"}, AttemptsTerm(2, 900, is_default=False)),
    ],
)
def test_attempts_are_those_promised_for_the_lead_else_the_default(
    cast: Cast,
    draft: AgreementVersion,
    promised: list[dict[str, Any]],
    facts: dict[str, str],
    expected: AttemptsTerm,
) -> None:
    edited = drafts.edit(draft, by=cast.luis, at=NOON, seen=0, commitments=promised)
    assert default_terms.attempts(edited, facts) == expected


def test_next_draft_says_what_only_the_product_said(cast: Cast) -> None:
    # As a version that was signed before these terms.
    version = cast.agreement
    version.dispute_days = version.review_months = None
    draft = drafts.renew(version, by=cast.dora, at=NOON)
    assert (draft.dispute_days, draft.review_months) == (3, 6)
    assert default_terms.attempts(draft) == AttemptsTerm(6, 10 * DAY, is_default=False)


def test_text_marks_each_default_until_it_is_signed(cast: Cast, draft: AgreementVersion) -> None:
    said = content.content_of(draft)
    silent = {key: said[key] for key in said if key not in ("dispute_days", "review_months")}
    silent["commitments"] = []
    with translation.override("en"):
        marked, plain = [
            [
                words
                for section in agreement.sections_of(text, labels.for_reading(text))
                for _key, words in sentences(section)
                if any(word in words for word in ("dispute", "review each", "Tries"))
            ]
            for text in (silent, said)
        ]
    note = " (The usual of Relevo: not signed yet, it joins the next draft.)"
    assert marked == [
        f"Tries to reach a lead 6 times within 10 working days.{note}",
        f"A dispute about a rejection is decided within 3 working days.{note}",
        f"Both sides review each buyer persona every 6 months.{note}",
    ]
    assert plain[1:] == [words.removesuffix(note) for words in marked[1:]]


def test_text_names_what_a_side_does_not_promise() -> None:
    text = {"commitments": [{"side": "marketing", "metric": "mql_volume", "target": "60"}]}
    text["commitments"][0] |= {"window_minutes": None, "conditions": {}, "steps": []}
    with translation.override("en"):
        lines = obligations.marketing(text, {}).lines
        labelled = [
            (metric.value, f"{metric.label}: not agreed, so it is not judged.")
            for metric in (Metric.RETURN_ANSWER, Metric.ACCEPTANCE_RATE, Metric.PACKAGE_COMPLETE)
        ]
    assert [(line.promises, line.text) for line in lines] == [
        ("", "Hands off 60 MQLs a month."),
        *labelled,
    ]


def test_text_names_what_is_promised_of_some_leads_alone() -> None:
    some = {"window_minutes": 60, "conditions": {"sources": ["event"]}, "steps": []}
    promises = [
        {"side": "sales", "metric": "accept", "target": "0.9", **some},
        {"side": "sales", "metric": "attempts", "target": "4", **some},
    ]
    with translation.override("en"):
        lines = obligations.sales({"commitments": promises}, {"source event": "Event"}).lines
        found = {line.promises: line.text for line in lines if line.promises}
        texts = [line.text for line in lines]
    assert found["accept"] == (
        "Time to accept or reject: not agreed for other leads, so it is not judged for them."
    )
    assert any("6 times" in text and "usual" in text for text in texts)


def test_promise_joins_beside_that_of_some_leads(cast: Cast, draft: AgreementVersion) -> None:
    some = {"side": "sales", "metric": "feedback", "target": "0.9"}
    some["conditions"] = {"sources": ["event"]}
    drafts.edit(draft, by=cast.luis, at=NOON, seen=0, commitments=[some])
    usual = {"side": "sales", "metric": "feedback", "target": "0.75"}
    for _again in range(2):
        changed = drafts.promise(cast.agreement, usual, by=cast.luis, at=NOON)
    assert changed.commitments.filter(metric="feedback").count() == 2


def test_promise_joins_the_open_draft_once(cast: Cast, draft: AgreementVersion) -> None:
    usual = {"side": "sales", "metric": "feedback", "target": "0.75"}
    for _again in range(2):
        changed = drafts.promise(cast.agreement, usual, by=cast.luis, at=NOON)
    promised = changed.commitments.filter(metric="feedback")
    assert (changed.pk, changed.revision, promised.count()) == (draft.pk, 1, 1)
