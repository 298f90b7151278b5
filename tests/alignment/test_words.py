"""Shares in words, and promises beside what became of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm.alignment.numbers.agreement import Term
from crm.alignment.panels import panels
from crm.lib.number_formats import share


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (None, "–"),
        (0.0, "0%"),
        (0.0004, "0.1%"),
        (0.03, "3%"),
        (0.10525, "10.5%"),
        (0.1996, "20%"),
        (2 / 3, "67%"),
        (0.994, "99%"),
        (0.9964, "99.6%"),
        (0.9999, "99.9%"),
        (1.0, "100%"),
    ],
)
def test_share_in_words(rate, words, settings):
    settings.LANGUAGE_CODE = "en"
    assert share(rate) == words


ACCEPT = Term(Decimal("0.9"), 120)


@pytest.mark.parametrize(
    ("rate", "trend", "distance"),
    [
        (1.0, "up", "10 points above"),
        (0.91, "up", "1 point above"),
        (0.9, "up", "just reached"),
        (0.8999, "down", "just below"),
        (0.89, "down", "1 point below"),
        (0.5, "down", "40 points below"),
    ],
)
def test_promise_is_compared_with_what_became_of_it(rate, trend, distance, settings):
    settings.LANGUAGE_CODE = "en"
    goal = panels._promise([ACCEPT], panels._window_text, rate, 10)
    assert (goal.text, goal.trend, goal.distance) == (
        "90% within 2 business hours",
        trend,
        distance,
    )


def test_promise_is_not_compared_where_there_is_too_little_or_none_or_several(settings):
    settings.LANGUAGE_CODE = "en"
    other = Term(Decimal("0.8"), 240)
    goals = [
        panels._promise([ACCEPT], panels._window_text, 0.5, 9),
        panels._promise([], panels._window_text, 0.5, 10),
        panels._promise([ACCEPT, other], panels._window_text, 0.5, 10),
    ]
    assert [(goal.text, goal.trend) for goal in goals] == [
        ("90% within 2 business hours", ""),
        ("nothing for this period", ""),
        ("90% within 2 business hours · 80% within 4 business hours", ""),
    ]
