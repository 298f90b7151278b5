"""Pages that show agreements: who reads them, how many queries they take, what they say."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from crm.accounts.models import User
from sla.agreements import comments, content, drafts, proposals
from sla.models import AgreementVersion
from sla.text import clock_rules, labels, obligations
from sla.text.sections import sentences
from tests import factories
from tests.factories import Cast
from tests.sla.conftest import NOON, Browser
from tests.terms import ACCEPT, COMMITMENTS

pytestmark = pytest.mark.django_db
EVERYBODY = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


def statuses(cast: Cast, browser: Browser, path: str) -> dict[str, int]:
    return {name: browser(getattr(cast, name)).get(path).status_code for name in EVERYBODY}


def text_of(browser: Browser, user: User, path: str) -> str:
    page = browser(user).get(path).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())


@pytest.mark.parametrize(
    "path", ["/agreement/", "/agreement/all/", "/agreement/{pk}/", "/agreement/{pk}/print/"]
)
def test_everybody_who_is_signed_in_reads_agreements(
    cast: Cast, draft: AgreementVersion, browser: Browser, path: str
) -> None:
    assert statuses(cast, browser, path.format(pk=draft.pk)) == dict.fromkeys(EVERYBODY, 200)


@pytest.mark.parametrize(
    "path", ["/agreement/{pk}/edit/", "/agreement/{pk}/reopen/", "/agreement/new/"]
)
def test_only_team_leads_write(
    cast: Cast, draft: AgreementVersion, browser: Browser, path: str
) -> None:
    found = statuses(cast, browser, path.format(pk=draft.pk))
    assert found == dict.fromkeys(EVERYBODY, 403) | {"luis": 200, "dora": 200}


@pytest.mark.parametrize("path", ["/agreement/reasons/", "/agreement/pauses/"])
def test_reasons_are_kept_by_team_leads_and_admins(cast: Cast, browser: Browser, path: str) -> None:
    found = statuses(cast, browser, path)
    assert found == dict.fromkeys(EVERYBODY, 403) | {"luis": 200, "dora": 200, "root": 200}


def test_unknown_version_is_not_found(cast: Cast, browser: Browser) -> None:
    assert browser(cast.ana).get("/agreement/999999/").status_code == 404


def test_own_address_shows_what_is_in_force(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    assert browser(cast.ana).get("/agreement/").context["version"] == cast.agreement


def test_rep_of_a_team_with_an_agreement_of_its_own_reads_that(
    cast: Cast, browser: Browser
) -> None:
    own = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, teams=[cast.sales]
    )
    assert browser(cast.bea).get("/agreement/").context["version"] == own


def test_marketing_with_several_agreements_gets_a_list(cast: Cast, browser: Browser) -> None:
    factories.agreement(cast.calendar, marketing=cast.luis, sales=cast.dora, teams=[cast.sales])
    assert len(browser(cast.ana).get("/agreement/").context["rows"]) == 2


SAID = [
    "It binds marketing and every sales team without an agreement of its own.",
    "The lead fits one of the published buyer personas.",
    "It did at least one valuable action of any kind.",
    "Means: without evidence the lead cannot become an SQL.",
    "Accepts or rejects within 2 business hours, 90 times out of 100.",
    "Hands off 60 MQLs a month.",
    "30 business minutes before the deadline: the team is warned.",
    "Monday to Friday: 9:00–17:00",
    "Bad data (with a comment)",
    "Asked to be called back: 7 days at most",
    "All pauses of one clock together last 30 days at most; nights and weekends count.",
    "Sales sees phone and e-mail of a lead in the queue already.",
    "After 2 returns of the same lead the arbiter decides what becomes of it.",
    "It comes into force as soon as both sides have signed.",
]


def test_page_says_every_term_in_a_sentence(cast: Cast, browser: Browser) -> None:
    page = text_of(browser, cast.ana, f"/agreement/{cast.agreement.pk}/")
    assert [said for said in SAID if said not in page] == []


def test_page_shows_who_signed_and_over_what(cast: Cast, browser: Browser) -> None:
    page = text_of(browser, cast.ana, f"/agreement/{cast.agreement.pk}/")
    assert [
        name
        for name in ("Luis Ferrer", "Dora Salinas", cast.agreement.content_hash)
        if name not in page
    ] == []


def test_variant_stands_under_its_promise(cast: Cast, draft: AgreementVersion) -> None:
    fast = {
        **ACCEPT,
        "window_minutes": 30,
        "conditions": {"actions": ["asked_for_demo"], "sources": ["event"]},
    }
    drafts.edit(draft, by=cast.luis, at=NOON, seen=0, commitments=[*COMMITMENTS, fast])
    text = content.content_of(draft)
    with translation.override("en"):
        line = obligations.sales(text, labels.for_reading(text)).lines[0]
    assert [below.text for below in line.below] == [
        "Source Event, valuable action Asked for a demo: accepts or rejects within 30 business"
        " minutes, 90 times out of 100."
    ]


@pytest.mark.parametrize(
    ("agreed", "said"),
    [
        (
            None,
            [
                "Nothing is agreed about pauses: a clock may stand still for any reason that Relevo"
                " lists."
            ],
        ),
        (
            {},
            [
                "No clock stands still: a lead that asks for time is worked within the promised"
                " hours."
            ],
        ),
        ({"document": 36 * 60}, ["Waits for a document: 36 hours at most"]),
    ],
)
def test_pauses_are_said_in_a_sentence(
    cast: Cast, agreed: dict[str, int] | None, said: list[str]
) -> None:
    text = content.content_of(cast.agreement) | {"pauses": agreed}
    with translation.override("en"):
        section = clock_rules.pauses(text, labels.for_reading(text))
    assert [words for _key, words in sentences(section) if words in said] == said


def test_text_of_before_pauses_is_still_read(cast: Cast) -> None:
    text = {
        key: value for key, value in content.content_of(cast.agreement).items() if key != "pauses"
    }
    assert clock_rules.pauses(text, labels.for_reading(text)).lines == []


def test_signed_text_keeps_the_names_it_was_signed_with(
    cast: Cast, half_signed: AgreementVersion
) -> None:
    field = "Teléfono"
    assert content.content_of(half_signed)["labels"]["fields"]["person.phone"]["es"] == field


@pytest.mark.parametrize("count", [1, 3])
def test_page_takes_the_same_queries_for_any_number_of_versions_and_comments(
    cast: Cast, draft: AgreementVersion, browser: Browser, count: int
) -> None:
    for number in range(count):
        said = comments.add(draft, "mql", f"Comment {number}", by=cast.dora, at=NOON)
        comments.add(draft, "mql", "Answer", by=cast.luis, at=NOON, answers=said)
        other = factories.drafted(cast.calendar, by=cast.luis, at=NOON)
        proposals.discard(other, by=cast.luis, at=NOON)
    client = browser(cast.luis)
    with CaptureQueriesContext(connection) as pages:
        client.get(f"/agreement/{draft.pk}/")
    with CaptureQueriesContext(connection) as lists:
        client.get("/agreement/all/")
    assert (len(pages), len(lists)) == (26, 6)


def test_diff_marks_the_words_that_changed(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    slower = [{**ACCEPT, "window_minutes": 180}, *COMMITMENTS[1:]]
    drafts.edit(draft, by=cast.luis, at=NOON, seen=0, commitments=slower, rep_cap=8)
    page = browser(cast.ana).get(f"/agreement/{draft.pk}/diff/").content.decode()
    assert "Accepts or rejects within <del>2</del><ins>3</ins> business hours" in page
    assert [
        each.key
        for each in browser(cast.ana).get(f"/agreement/{draft.pk}/diff/").context["changes"]
    ] == [
        "sales",
        "rules",
    ]


def test_diff_with_a_version_of_another_agreement_is_not_found(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    other = factories.drafted(cast.calendar, by=cast.luis, at=NOON)
    assert browser(cast.ana).get(f"/agreement/{draft.pk}/diff/?with={other.pk}").status_code == 404


def test_print_page_has_lines_for_both_sides_and_the_hash(cast: Cast, browser: Browser) -> None:
    page = text_of(browser, cast.ana, f"/agreement/{cast.agreement.pk}/print/")
    assert (page.count("Place and date"), page.count(cast.agreement.content_hash)) == (2, 1)
