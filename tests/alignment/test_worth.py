"""Whether a score is worth anything, in numbers and in words; how often marketing hands off on its
own word.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import translation

from crm.accounts.permissions import people_with_figures
from crm.alignment.numbers import report
from crm.alignment.numbers.worth import Band
from crm.alignment.panels import submitters, worth
from leads import handoffs
from leads.models import Handoff
from leads.qualification import overrides
from tests import factories
from tests.alignment.made import scope
from tests.alignment.test_pages import MARCH, browser, paged
from tests.factories import Cast


def said(*bands: tuple[int, int]) -> str:
    """The finding over (ended, won) of the four bands."""
    lows = ((0, 24), (25, 49), (50, 74), (75, 100))
    rows = [
        Band("fit", low, high, ended, won)
        for (low, high), (ended, won) in zip(lows, bands, strict=True)
    ]
    with translation.override("en"):
        return worth.finding(rows)


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        (
            ((100, 10), (10, 2), (10, 2), (100, 50)),
            (
                "It helps: 10% is won at 0–24 and 50% at 75–100. The difference is more than"
                " chance; it lies between 28 and 51 points (95%)."
            ),
        ),
        (
            ((9, 9), (100, 10), (0, 0), (100, 50)),
            (
                "It helps: 10% is won at 25–49 and 50% at 75–100. The difference is more than"
                " chance; it lies between 28 and 51 points (95%)."
            ),
        ),
        (
            ((10, 1), (10, 2), (10, 2), (20, 8)),
            (
                "No proof that it helps: 10% is won at 0–24 and 40% at 75–100. The difference may"
                " be chance; it lies between −5 and 53 points (95%)."
            ),
        ),
        (
            ((10, 3), (10, 3), (10, 3), (10, 3)),
            (
                "No proof that it helps: 30% is won at 0–24 and 30% at 75–100. The difference may"
                " be chance; it lies between −36 and 36 points (95%)."
            ),
        ),
        (
            ((100, 50), (10, 1), (10, 3), (100, 10)),
            (
                "It misleads: 50% is won at 0–24 and only 10% at 75–100. The difference is more"
                " than chance; it lies between −51 and −28 points (95%)."
            ),
        ),
        (
            ((1000, 100), (0, 0), (0, 0), (1000, 129)),
            (
                "It helps: 10% is won at 0–24 and 12.9% at 75–100. The difference is more than"
                " chance; it lies between 0.1 and 6 points (95%)."
            ),
        ),
        (
            ((10, 3), (9, 9), (0, 0), (9, 1)),
            "Too few to judge whether the score helps.",
        ),
    ],
)
def test_finding_says_whether_the_difference_is_more_than_chance(bands: Any, words: str) -> None:
    assert said(*bands) == words


@pytest.fixture
def mixed(cast: Cast, moment: Any) -> Cast:
    """Handoffs of two fit bands, ended and not, and one of Luis on his word."""
    moment.set("2026-03-31 12:00")
    factories.won(cast, attributes={"budget": 90000, "decides": True})
    factories.lost(cast)
    factories.rejected(cast)
    factories.disqualified(cast)
    factories.withdrawn(cast)
    factories.handed_off(cast)
    small = factories.lead(cast, company={"employees": 9})
    words = {"reason": "Grows", "by": cast.luis, "at": factories.LOGGED_AT}
    overrides.override(small, cast.persona, "size", **words)
    sent = {
        "team": cast.sales,
        "persona_version": cast.persona,
        "by": cast.luis,
        "at": factories.HANDED_OFF_AT,
    }
    handoffs.hand_off(small, **sent)
    return cast


@pytest.mark.django_db
def test_bands_count_what_ended_and_what_was_won(mixed: Cast) -> None:
    found = {(b.score, b.low): (b.ended, b.won) for b in report.read(scope()).bands}
    assert (found["fit", 50], found["fit", 75], found["engagement", 0]) == ((3, 0), (1, 1), (4, 1))
    assert (
        sum(ended for ended, _won in found.values()) == 8
    )  # each of the four in a band of either score


@pytest.mark.django_db
def test_handoff_without_scores_is_in_no_band(mixed: Cast) -> None:
    Handoff.objects.update(fit_score=None, engagement_score=None)
    assert sum(band.ended for band in report.read(scope()).bands) == 0


@pytest.mark.django_db
def test_overrides_are_counted_by_who_handed_off(mixed: Cast) -> None:
    found = report.read(scope())
    people = [(each.name, each.handed, each.overridden) for each in found.submitters]
    assert people == [("Luis Ferrer", 1, 1), ("Ana Robles", 6, 0)]
    assert (found.handed, found.overridden, found.override_rate) == (7, 1, 1 / 7)


def lines(found: report.Numbers) -> list[tuple[str, int, int]]:
    return [(each.name, each.handed, each.overridden) for each in found.submitters]


ANA, LUIS, TEAM = ("Ana Robles", 6, 0), ("Luis Ferrer", 1, 1), ("Marketing", 7, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reader", "shown"),
    [
        ("elsa", [LUIS, ANA]),  # a director
        ("luis", [LUIS, ANA]),  # leads the team of both
        ("ana", [TEAM, ANA]),  # her own line, and the team
        ("bea", [TEAM]),
        ("dora", [TEAM]),  # leads a team of the other side
    ],
)
def test_figures_of_a_person_are_for_the_person_their_lead_and_directors(
    mixed: Cast, reader: str, shown: list[tuple[str, int, int]]
) -> None:
    person = getattr(mixed, reader)
    found = report.read(scope(), people=people_with_figures(person))
    assert lines(found) == shown
    assert (found.handed, found.overridden) == (7, 1)
    page = browser(person).get(f"/alignment/?{MARCH}").content.decode()
    file = browser(person).get(f"/alignment/overrides.csv?{MARCH}").content.decode()
    for name, handed, _overridden in (ANA, LUIS, TEAM):
        is_shown = (name, handed) in [line[:2] for line in shown]
        assert (f"{name},{handed}," in file) == is_shown, name
        # The reader's own name stands in the frame of the page.
        assert (f'<th scope="row">{name}</th>' in page) == is_shown, name
    opened = f"/alignment/leads/?show=handed&by={mixed.luis.pk}&{MARCH}"
    is_listed = LUIS in shown
    assert browser(person).get(opened).status_code == (200 if is_listed else 400)


@pytest.mark.django_db
def test_line_of_a_team_opens_the_list_that_it_counts(mixed: Cast) -> None:
    found = report.read(scope(), people=people_with_figures(mixed.bea))
    [row] = submitters.people(found)
    client = browser(mixed.bea)
    assert len(paged(client, row.to["handed"])) == 7
    assert len(paged(client, row.to["overridden"])) == 1


@pytest.mark.django_db
def test_list_of_a_persons_overrides_opens_and_names_the_person(mixed: Cast) -> None:
    client = browser(mixed.elsa)
    path = f"/alignment/leads/?show=overridden&by={mixed.luis.pk}&{MARCH}"
    answer = client.get(path)
    assert [row.decision for row in answer.context["listing"].rows] == ["Pending"]
    assert "Handed off on a person&#x27;s word: Luis Ferrer" in re.sub(
        r"\s+", " ", answer.content.decode()
    )
    assert len(paged(client, path)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["show=overridden&by=999999", "show=overridden&by=x", "show=won&by=1"]
)
def test_person_that_is_not_known_here_is_refused(query: str, mixed: Cast) -> None:
    answer = browser(mixed.elsa).get(f"/alignment/leads/?{query}&{MARCH}")
    assert (answer.status_code, "There is no such person here" in answer.content.decode()) == (
        400,
        True,
    )


@pytest.mark.django_db
def test_funnel_of_the_api_tells_both(mixed: Cast) -> None:
    found = report.as_json(report.read(scope()))
    assert found["scores"]["fit"][3] == {
        "from": 75,
        "to": 100,
        "ended": 1,
        "won": 1,
        "win_rate": 1.0,
    }
    assert found["overrides"]["people"][0] == {
        "id": mixed.luis.pk,
        "name": "Luis Ferrer",
        "handed_off": 1,
        "overridden": 1,
    }
    assert found["overrides"]["teams"] == []
    by_team = report.as_json(report.read(scope(), people=set()))["overrides"]
    assert by_team["people"] == []
    assert by_team["teams"] == [
        {"id": mixed.marketing.pk, "name": "Marketing", "handed_off": 7, "overridden": 1}
    ]
