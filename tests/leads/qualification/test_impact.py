"""The preview of a definition: its counts are those of a real re-run, over any definition; its
pages mask what is not for the reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads import handoffs
from leads.models import Lead
from leads.qualification import facts, impact, overrides
from leads.qualification.rules import MqlTerms
from personas.models import Persona, PersonaVersion
from sla.models import AgreementVersion
from tests import factories, terms
from tests.alignment.made import scope, seen
from tests.factories import Cast, when
from tests.harness.remembered import Remembered

pytestmark = pytest.mark.django_db

NOW, SINCE = when("2026-03-31 12:00"), when("2026-01-01 00:00")
TITLES = ("Directora de Ventas", "Gerente", "CEO", "Sales Manager")


def add_crowd(cast: Cast, count: int = 24) -> None:
    """MQLs of two personas that differ in all that a definition may ask for; two won, one on a
    word.
    """
    other = factories.persona("other", [{**terms.SIZE, "operand": 30}])
    draw = Random(7)
    for number in range(count):
        made = factories.lead(
            cast,
            person={"job_title": TITLES[number % 4]},
            company={"employees": draw.choice((30, 45, 80, 150, 400))},
            attributes=draw.choice(({}, {"budget": 6000}, {"budget": 90000, "decides": True})),
            did=draw.choice(("asked_for_demo", "sent_form")),
            from_source=draw.choice(("event", "referral")),
        )
        handoffs.qualify(
            made, other if number % 3 == 0 else cast.persona, by=cast.ana, at=factories.LOGGED_AT
        )
    small = factories.lead(cast, company={"employees": 9})
    overrides.override(
        small, cast.persona, "size", reason="Grows", by=cast.ana, at=factories.LOGGED_AT
    )
    handoffs.qualify(small, cast.persona, by=cast.ana, at=factories.LOGGED_AT)
    factories.won(cast)
    factories.won(cast, did="sent_form")


def make_crowd() -> Cast:
    cast = factories.cast()
    add_crowd(cast)
    return cast


organisation_with_crowd = Remembered(make_crowd)


@pytest.fixture
def crowd(db: None) -> Cast:
    made: Cast = organisation_with_crowd()
    return made


RULES = [
    ("company.employees", "at_least", lambda draw: draw.choice((20, 40, 100, 300))),
    ("company.employees", "at_most", lambda draw: draw.choice((50, 200))),
    (
        "person.job_title",
        "contains_any",
        lambda draw: draw.sample(["directora", "gerente", "ceo", "sales"], 2),
    ),
    ("lead.source", "is", lambda draw: draw.choice(("event", "referral"))),
    ("lead.source", "not_in", lambda draw: ["event"]),
    ("attributes.budget", "at_least", lambda draw: draw.choice((5000, 50000))),
    ("attributes.decides", "is", lambda draw: True),
    ("attributes.budget", "is_set", lambda draw: None),
]


def criteria(draw: Random) -> list[dict[str, Any]]:
    found = []
    for number, (field, operator, operand) in enumerate(draw.sample(RULES, draw.randrange(1, 4))):
        code = draw.choice(
            ("size", "role", f"c{number}")
        )  # known codes meet evidence that is there
        if code not in {each["code"] for each in found}:
            kind = draw.choice(("fit", "fit", "fit", "disqualifier", "means"))
            text = {"es": field, "en": field}
            words = {"field": field, "operator": operator, "operand": operand(draw)}
            found.append({"code": code, "kind": kind, "text": text, **words})
    return found


def rerun(leads: Iterable[Lead], version: PersonaVersion | None, terms: MqlTerms) -> dict[str, int]:
    """handoffs.check_mql over every lead, one after the other."""
    found = {"total": 0, "out": 0, "won": 0, "sql": 0}
    for lead in leads:
        found["total"] += 1
        try:
            handoffs.check_mql(lead, version or lead.persona_version, terms)
        except handoffs.NotAnMql:
            found["out"] += 1
            found["won"] += lead.won_on is not None
            found["sql"] += lead.sql_on is not None
    return found


def counts(found: impact.Impact) -> dict[str, int]:
    return {"total": found.total, "out": found.out, "won": found.out_won, "sql": found.out_sql}


@pytest.mark.parametrize("count", [12, pytest.param(40, marks=pytest.mark.soak)])
def test_preview_of_rules_is_a_rerun_over_any_definition(crowd: Cast, count: int) -> None:
    draw, seen_out = Random(20260331), set()
    terms = replace(facts.terms_in_force(), personas=None)
    own = Lead.objects.filter(persona_version__persona=crowd.persona.persona)
    for number in range(count):
        draft = PersonaVersion.objects.create(persona=crowd.persona.persona, number=100 + number)
        for each in criteria(draw):
            draft.criteria.create(**each)
        found = impact.of_rules(draft, since=SINCE, at=NOW)
        assert counts(found) == rerun(own, draft, terms), number
        assert counts(impact.of_rules(facts.rules_of(draft), since=SINCE, at=NOW)) == rerun(
            Lead.objects.all(), draft, terms
        )
        seen_out.add(found.out)
        draft.delete()  # one draft of a persona at a time
    assert len(seen_out) > 5  # the definitions differ in what they come to


def drafted(cast: Cast, draw: Random) -> AgreementVersion:
    kinds = draw.choice(([], ["asked_for_demo"], ["sent_form"], ["asked_for_demo", "sent_form"]))
    minimum = draw.choice((None, 30, 60))
    slugs = draw.choice(((), ("other",), ("commercial-leader",), ("other", "commercial-leader")))
    return factories.drafted(
        cast.calendar,
        by=cast.luis,
        valuable_actions=kinds,
        minimum_score=minimum,
        personas=Persona.objects.filter(slug__in=slugs),
    )


@pytest.mark.parametrize("count", [8, pytest.param(25, marks=pytest.mark.soak)])
def test_preview_of_an_agreement_is_a_rerun_over_any_draft(crowd: Cast, count: int) -> None:
    draw, seen_out = Random(42), set()
    for number in range(count):
        version = drafted(crowd, draw)
        found = impact.of_agreement(version, since=SINCE, at=NOW)
        assert counts(found) == rerun(Lead.objects.all(), None, facts.terms_of(version)), number
        assert (found.low is None) == (version.minimum_score is None)
        seen_out.add(found.out)
    assert len(seen_out) >= 4


def test_definition_in_force_keeps_everybody(crowd: Cast) -> None:
    assert counts(impact.of_rules(crowd.persona, since=SINCE, at=NOW))["out"] == 0
    assert counts(impact.of_agreement(crowd.agreement, since=SINCE, at=NOW)) == {
        "total": 27,
        "out": 0,
        "won": 0,
        "sql": 0,
    }


def test_low_scores_are_those_that_a_hand_off_would_ask_about(cast: Cast) -> None:
    for budget in (None, 60000):
        factories.handed_off(cast, attributes={"budget": budget} if budget else {})
    version = factories.drafted(
        cast.calendar, by=cast.luis, of=cast.agreement.agreement, minimum_score=60
    )
    found = impact.of_agreement(version, since=SINCE, at=NOW)
    assert (found.total, found.out, found.low) == (2, 0, 1)  # fit 50 and fit 75


def test_total_is_the_number_of_mqls_delivered(cast: Cast) -> None:
    from crm.alignment.numbers import report

    add_crowd(cast, 3)
    seen("2026-03-05", mql="2026-03-05")  # imported
    archived = factories.mql(cast)
    Lead.objects.filter(pk=archived.pk).update(archived_at=NOW)
    delivered = report.read(scope("2026-01-01")).delivered
    assert impact.of_rules([], since=SINCE, at=NOW).total == delivered == 6


def test_lead_that_is_no_mql_any_more_is_told_apart(cast: Cast) -> None:
    changed = factories.mql(cast)
    factories.mql(cast)
    changed.company.employees = 5
    changed.company.save()
    found = impact.of_rules(cast.persona, since=SINCE, at=NOW)
    assert (found.total, found.out, found.out_now) == (2, 1, 1)


def test_draft_for_some_teams_is_about_their_leads(cast: Cast) -> None:
    factories.handed_off(cast)
    factories.mql(cast)
    version = factories.drafted(cast.calendar, by=cast.luis, teams=[cast.sales])
    assert impact.of_agreement(version, since=SINCE, at=NOW).total == 1


def test_preview_needs_the_same_queries_for_one_lead_and_many(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            impact.of_rules(cast.persona, since=SINCE, at=NOW)
            impact.of_agreement(cast.agreement, since=SINCE, at=NOW)
        return len(found)

    factories.mql(cast)
    one = queries()
    for _each in range(3):
        factories.mql(cast)
    assert queries() == one <= 26


# -- Pages


def page(user: User, path: str, **headers: str) -> tuple[int, str]:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.content.decode()


@pytest.fixture
def strict(cast: Cast, moment: Any) -> PersonaVersion:
    """A draft by which one of three MQLs would be out; it was won, and Cruz may not see it."""
    moment.set("2026-03-31 12:00")
    factories.won(cast, person={"name": "Ximena Castro"}, company={"employees": 30})
    for _each in range(2):
        factories.mql(cast)
    draft = PersonaVersion.objects.create(persona=cast.persona.persona, number=2)
    draft.criteria.create(**{**terms.SIZE, "operand": 100})
    return draft


SENTENCE = (
    "1 of the last 90 days' 3 MQLs would not have qualified; 1 of them was won, 1 became SQL."
)


def test_page_says_the_sentence_and_lists_what_one_may_see(
    cast: Cast, strict: PersonaVersion
) -> None:
    path = f"/impact/personas/{strict.pk}/"
    (status, text), (_status, masked) = page(cast.ana, path), page(cast.cruz, path)
    assert (status, SENTENCE in text, "Ximena Castro" in text) == (200, True, True)
    assert (SENTENCE in masked, "Ximena Castro" in masked, "Lead of somebody else" in masked) == (
        True,
        False,
        True,
    )
    assert "Has at least 20 employees" in text.partition("<table")[2]
    assert "Has at least 20 employees" not in masked.partition("<table")[2]


def test_fragment_is_the_sentence_with_the_way_to_the_list(
    cast: Cast, strict: PersonaVersion
) -> None:
    path = f"/impact/personas/{strict.pk}/"
    status, text = page(cast.ana, path, HX_Request="true")
    assert (status, SENTENCE in text, f'href="{path}"' in text) == (200, True, True)
    assert "<html" not in text and "Ximena Castro" not in text


def test_agreement_has_its_page(cast: Cast, strict: PersonaVersion) -> None:
    status, text = page(cast.dora, f"/impact/agreements/{cast.agreement.pk}/")
    assert (status, "all 3 MQLs of the last 90 days would have qualified as well" in text) == (
        200,
        True,
    )


@pytest.mark.parametrize(
    ("name", "status"), [("root", 403), ("extra", 403), ("elsa", 200), ("luis", 200)]
)
def test_readers_of_the_alignment_read_it(
    name: str, status: int, cast: Cast, strict: PersonaVersion
) -> None:
    assert page(getattr(cast, name), f"/impact/personas/{strict.pk}/")[0] == status


def test_address_that_is_not_known_is_refused(cast: Cast, strict: PersonaVersion) -> None:
    path = f"/impact/personas/{strict.pk}/"
    assert [
        page(cast.ana, f"{path}?{query}")[0] for query in ("from=x", "other=1", "from=999")
    ] == [400, 400, 200]
    assert page(cast.ana, "/impact/personas/999999/")[0] == 404


def test_window_is_the_last_90_days(cast: Cast) -> None:
    factories.mql(cast)
    at: datetime = factories.LOGGED_AT + timedelta(days=91)
    assert impact.of_rules(cast.persona, since=at - impact.USUAL, at=at).total == 0
