"""Shares in words, and promises beside what became of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest

from crm.alignment.numbers.promises import Term, Volume
from crm.alignment.panels import panels
from crm.lib.number_formats import share
from sla.states import Metric
from tests.alignment.made import scope


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


@pytest.mark.parametrize(
    ("delivered", "trend", "distance"),
    [
        (52, "up", "2 ahead"),
        (51, "up", "1 ahead"),
        (50, "up", "on pace"),
        (49, "down", "1 behind"),
        (40, "down", "10 behind"),
    ],
)
def test_volume_is_judged_against_what_was_due(delivered, trend, distance, settings):
    settings.LANGUAGE_CODE = "en"
    volume = Volume(delivered, date(2026, 3, 11), Fraction(50), delivered)
    goal = panels._volume(of_volume(volume))
    assert (goal.text, goal.trend, goal.distance, goal.note) == (
        "60 a month",
        trend,
        distance,
        "50 promised by 11 Mar 2026, counted by working days",
    )


@pytest.mark.parametrize(("due", "words"), [(Fraction(99, 2), "just behind"), (49, "on pace")])
def test_half_a_lead_behind_is_not_on_pace(due, words, settings):
    settings.LANGUAGE_CODE = "en"
    volume = Volume(49, date(2026, 3, 11), Fraction(due), 49)
    assert panels._volume(of_volume(volume)).distance == words


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({}, ""),
        ({"source": "event"}, "The promise is about all leads: it is judged without filters."),
    ],
)
def test_volume_is_not_judged_without_a_due_number(more, note, settings):
    settings.LANGUAGE_CODE = "en"
    goal = panels._volume(of_volume(Volume(49), **more))
    assert (goal.trend, goal.note) == ("", note)


def of_volume(volume, **more):
    terms = {Metric.MQL_VOLUME: [Term(Decimal("60"), None)]}
    return SimpleNamespace(volume=volume, terms=terms, scope=scope(**more))
