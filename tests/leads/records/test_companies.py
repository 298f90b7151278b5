"""A company's facts are shared by its leads: each change is told to all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.audit.models import Entry
from leads.handoffs import undo
from leads.models import Company, Event, Lead, Package
from leads.records import companies, leads, search
from tests import factories
from tests.factories import Cast, when
from tests.races.parallel import together

NOON = when("2026-03-02 12:00")
ANDINO = {"name": "Andino", "country": "MX"}


@pytest.fixture
def pair(cast: Cast) -> tuple[Lead, Lead]:
    """Two people of one company, whose industry is not known."""
    facts = {"name": "Andino", "country": "MX", "employees": 180, "domain": "", "industry": ""}
    person = {"country": "MX"}
    first = factories.lead(cast, person={**person, "name": "Eva"}, company=facts)
    return first, factories.lead(cast, person={**person, "name": "Iván"}, company=facts)


def edit(cast: Cast, lead: Lead, version: int = 1, **data: Any) -> Lead:
    return leads.change(lead, data, by=cast.luis, at=NOON, version=version)


def told(lead: Lead) -> list[dict[str, Any]]:
    """The changes that the timeline of ``lead`` tells of."""
    rows = Event.objects.filter(lead=lead, kind="updated").order_by("id")
    assert {row.actor.name for row in rows} <= {"Luis Ferrer"}  # type: ignore[union-attr]
    return [row.payload["changes"] for row in rows]


@pytest.mark.parametrize(
    ("fact", "old", "new"),
    [
        ("name", "Andino", "ANDINO, S.A. de C.V."),
        ("country", "MX", "CO"),
        ("industry", "", "Retail"),
        ("employees", 180, 900),
        ("domain", "", "andino.test"),
    ],
)
def test_change_of_a_fact_is_an_event_on_every_lead(
    cast: Cast, pair: tuple[Lead, Lead], fact: str, old: object, new: object
) -> None:
    edit(cast, pair[0], company={fact: new})
    changes = {f"company.{fact}": [old, new]}
    assert [told(lead) for lead in pair] == [[changes], [changes]]
    assert list(Lead.objects.order_by("pk").values_list("version", flat=True)) == [2, 2]
    entry = Entry.objects.get(verb="company_changed")
    assert (entry.subject_id, entry.payload) == (pair[0].company_id, {"changes": changes})


def test_corrected_name_is_found_by_every_lead(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    Company.objects.update(name="Cafe Nandu", name_key="cafe nandu")
    edit(cast, pair[0], company={"name": "Café Ñandú S.A."})
    texts = list(Lead.objects.order_by("pk").values_list("search_text", flat=True))
    assert [text.split()[1:3] for text in texts] == [["cafe", "nandu"]] * 2
    found, _more = search.find(cast.ana, "ñandu")
    assert {hit.lead for hit in found} == set(pair)


def test_person_who_moves_does_not_move_the_company(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    edit(cast, pair[0], person={"country": "AR"})
    assert Company.objects.get().country == "MX"
    assert (told(pair[0]), told(pair[1])) == ([{"person.country": ["MX", "AR"]}], [])
    assert Lead.objects.get(pk=pair[1].pk).version == 1


def test_other_company_name_moves_one_lead(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    moved = edit(cast, pair[0], company={"name": "Austral", "country": "CL"})
    stays = Lead.objects.get(pk=pair[1].pk)
    assert (str(moved.company), str(stays.company), stays.version) == ("Austral", "Andino", 1)
    assert (told(pair[0]), told(pair[1])) == ([{"company.name": ["Andino", "Austral"]}], [])


def test_name_alone_finds_the_company_in_the_country_of_the_person(
    cast: Cast, pair: tuple[Lead, Lead]
) -> None:
    austral = factories.lead(cast, company={"name": "Austral", "country": "MX"}).company
    moved = edit(cast, pair[0], company={"name": "Austral, S.A."})
    assert moved.company == austral
    new = edit(cast, pair[1], company={"name": "Boreal"})
    assert (str(new.company), new.company.country) == ("Boreal", "MX")  # type: ignore[union-attr]


def test_new_lead_fills_what_its_company_lacks_and_tells_the_others(
    cast: Cast, pair: tuple[Lead, Lead]
) -> None:
    facts = {"name": "andino", "country": "MX", "domain": "andino.test", "employees": 90}
    new = leads.capture(
        {"person": {"name": "Ada"}, "company": facts}, by=cast.luis, at=NOON, team=cast.marketing
    )
    changes = {"company.domain": ["", "andino.test"]}
    assert [told(lead) for lead in (*pair, new)] == [[changes], [changes], []]
    assert list(Lead.objects.order_by("pk").values_list("version", flat=True)) == [2, 2, 1]
    assert companies.differences(Company.objects.get(), facts) == {"employees": [180, 90]}


def test_second_change_on_an_old_screen_is_refused(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    edit(cast, pair[0], company={"employees": 900})
    with pytest.raises(leads.ChangedMeanwhile) as refused:
        edit(cast, pair[1], company={"employees": 20})
    assert "Luis Ferrer" in str(refused.value.message)
    assert Company.objects.get().employees == 900


def test_same_values_change_nothing(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    edit(cast, pair[0], company={"name": "Andino", "country": "MX", "employees": 180})
    assert [told(lead) for lead in pair] == [[], []]
    assert Lead.objects.get(pk=pair[1].pk).version == 1


def test_archived_lead_has_no_new_event(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    Lead.objects.filter(pk=pair[1].pk).update(archived_at=NOON)
    edit(cast, pair[0], company={"employees": 900})
    assert (len(told(pair[0])), told(pair[1])) == (1, [])


def test_package_of_another_lead_stays_frozen(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    factories.handed_off(cast, company=ANDINO)
    before = Package.objects.values().get()
    lead = factories.lead(cast, company=ANDINO)
    assert lead.company == Package.objects.get().handoff.lead.company
    edit(cast, lead, company={"employees": 901, "country": "AR"})
    assert Package.objects.values().get() == before


def test_decision_can_be_undone_after_the_company_changed(cast: Cast) -> None:
    handoff = factories.accepted(cast, company=ANDINO)
    edit(cast, factories.lead(cast, company=ANDINO), company={"employees": 901})
    undo.undo(handoff, by=cast.bea, at=factories.ACCEPTED_AT)
    handoff.refresh_from_db()
    assert handoff.state == "pending"


def test_change_needs_the_same_queries_for_two_leads_and_for_ten(
    cast: Cast, pair: tuple[Lead, Lead]
) -> None:
    counts = []
    for number, employees in enumerate((1, 2)):
        with CaptureQueriesContext(connection) as queries:
            edit(cast, pair[0], version=number + 1, company={"employees": employees})
        counts.append(len(queries))
        for _lead in range(8):
            factories.lead(cast, company=ANDINO)
    assert counts[0] == counts[1]


def test_sharing_counts_what_the_reader_sees(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    company = Company.objects.get()
    assert companies.sharing(company, cast.ana) == companies.Sharing(2, has_others=False)
    factories.handed_off(cast, of=pair[0])
    assert companies.sharing(company, cast.bea) == companies.Sharing(1, has_others=True)


# -- Two marketing teams


def logged(cast: Cast, **facts: Any) -> Lead:
    """A lead of the other marketing team at a company with the same name."""
    known = {"employees": None, "industry": "", "domain": ""}
    return factories.lead(cast, team=cast.other_marketing, company={**ANDINO, **known, **facts})


def renamed(cast: Cast) -> Lead:
    lead = logged(cast, name="Otra")
    return leads.change(lead, {"company": ANDINO}, by=cast.elsa, at=NOON, version=1)


@pytest.mark.parametrize("make", [logged, renamed])
def test_facts_of_another_team_are_not_told(
    cast: Cast, pair: tuple[Lead, Lead], make: Callable[[Cast], Lead]
) -> None:
    theirs = pair[0].company
    edit(cast, pair[0], company={"name": "ANDINO, S.A.", "industry": "Retail"})
    company = make(cast).company
    assert company is not None
    assert company != theirs
    shown = (company.name, company.employees, company.industry)
    assert shown == ("Andino", None, "")
    assert companies.sharing(company, cast.elsa) == companies.Sharing(1, has_others=False)


def test_each_team_keeps_one_company_and_its_own_facts(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    mine, again = logged(cast, industry="Café"), logged(cast, name="ANDINO SA", employees=7)
    assert mine.company == again.company
    facts = Company.objects.order_by("pk").values_list("employees", "industry")
    assert list(facts) == [(180, ""), (7, "Café")]
    assert told(pair[0]) == []


def test_import_knows_the_companies_of_its_team_alone(cast: Cast, pair: tuple[Lead, Lead]) -> None:
    theirs = companies.find_or_create_many([ANDINO], team=cast.marketing.pk)
    own = companies.find_or_create_many([ANDINO], team=cast.other_marketing.pk)
    ((key, company),) = own.items()
    assert theirs[key] == pair[0].company
    assert (company == theirs[key], company.employees) == (False, None)


@pytest.mark.django_db(transaction=True)
def test_edits_of_two_companies_in_both_directions_never_wait_for_each_other(cast: Cast) -> None:
    named = {"Andino": "b", "Austral": "a"}
    both = [factories.lead(cast, company={"name": name, "country": "MX"}) for name in named]
    companies_of = {lead.pk: str(lead.company) for lead in both}

    def move(lead: Lead, to: str) -> None:
        for round_ in range(10):
            version = Lead.objects.get(pk=lead.pk).version
            facts = {"name": to, "country": "MX", "employees": 10 + round_}
            try:
                edit(cast, lead, version=version, company=facts)
            except leads.ChangedMeanwhile:
                continue

    results = together(
        lambda: move(both[0], "Austral"),
        lambda: move(both[1], "Andino"),
        lambda: move(both[0], "Andino"),
        lambda: move(both[1], "Austral"),
    )
    assert (results, len(companies_of)) == ([None] * 4, 2)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_edits_at_once_wins(cast: Cast) -> None:
    both = [factories.lead(cast, company=ANDINO) for _lead in "ab"]

    def act(lead: Lead, employees: int) -> bool:
        try:
            edit(cast, lead, company={"employees": employees})
        except leads.ChangedMeanwhile:
            return False
        return True

    won = together(lambda: act(both[0], 11), lambda: act(both[1], 12))
    assert sorted(won) == [False, True]
    assert Company.objects.get(name="Andino").employees == (11 if won[0] else 12)
