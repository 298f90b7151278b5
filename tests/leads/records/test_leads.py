"""Logging a lead, changing it, its valuable actions and its evidence."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from crm.audit.models import Entry
from crm.lib.errors import DomainError
from crm.lib.text import digits
from leads.models import Company, Event, Evidence, FirstTouch, Lead, Person
from leads.qualification import facts
from leads.records import companies, leads, persons
from tests import factories
from tests.factories import LOGGED_AT, Cast, when

NOON = when("2026-03-02 12:00")


def capture(cast: Cast, data: dict[str, Any], **more: Any) -> Lead:
    return leads.capture(data, by=cast.ana, at=LOGGED_AT, team=cast.marketing, **more)


def events(lead: Lead) -> list[tuple[str, str, str]]:
    return list(lead.events.order_by("id").values_list("kind", "from_state", "to_state"))


# -- Logging


def test_captured_lead_stands_at_its_beginning(cast: Cast) -> None:
    lead = capture(cast, {"person": {"name": "Mariana"}})
    found = (
        lead.stage,
        lead.marketing_team,
        lead.created_by,
        lead.created_at,
        lead.first_seen_on.isoformat(),
    )
    assert found == ("captured", cast.marketing, cast.ana, LOGGED_AT, "2026-03-02")


def test_first_seen_is_the_organisations_date(cast: Cast) -> None:
    late = leads.capture(
        {"person": {"name": "X"}}, by=None, at=when("2026-03-03 03:00+00:00"), team=None
    )
    assert late.first_seen_on.isoformat() == "2026-03-02"


@pytest.mark.parametrize(
    "person", [{"name": "Mariana"}, {"email": "m@andino.test"}, {"phone": "+52 55 4000 1000"}]
)
def test_one_thing_to_know_it_by_is_enough(cast: Cast, person: dict[str, str]) -> None:
    assert capture(cast, {"person": person}).pk is not None


@pytest.mark.parametrize("person", [{}, {"name": " \x00 "}, {"job_title": "CEO", "country": "MX"}])
def test_nothing_to_know_it_by_is_refused_and_leaves_nothing(
    cast: Cast, person: dict[str, str]
) -> None:
    with pytest.raises(leads.NoIdentity):
        capture(cast, {"person": person, "company": {"name": "Andino"}})
    assert (Lead.objects.count(), Company.objects.count()) == (0, 0)


def test_text_is_cleaned(cast: Cast) -> None:
    person = capture(
        cast, {"person": {"name": " Mariana\x00 \n Peña ", "email": " M@Andino.TEST "}}
    ).person
    assert (person.name, person.email) == ("Mariana Peña", "m@andino.test")


@pytest.mark.parametrize(
    ("raw", "country", "stored"),
    [
        ("55 4000 1000", "MX", "+525540001000"),
        ("+52 1 55 4000 1000", "", "+525540001000"),
        ("044 55 4000 1000", "MX", "+525540001000"),
        ("+56 9 6123 4567", "MX", "+56961234567"),
        ("55 4000 1000", "", "+525540001000"),  # the organisation is in Mexico
        ("4000 1000", "GT", "+50240001000"),
    ],
)
def test_phone_is_e164_where_it_can_be_read(
    cast: Cast, raw: str, country: str, stored: str
) -> None:
    assert capture(cast, {"person": {"phone": raw, "country": country}}).person.phone == stored


def test_first_touch_is_written_with_the_lead(cast: Cast) -> None:
    lead = capture(
        cast,
        {
            "person": {"name": "M"},
            "campaign": " Expo 2026 ",
            "landing_page": "https://relevo.test/expo",
            "medium": "event",
        },
        source=factories.source("event"),
    )
    touch = lead.first_touch
    found = (touch.source, touch.seen_at, touch.campaign, touch.landing_page, touch.medium)
    assert found == (lead.source, LOGGED_AT, "Expo 2026", "https://relevo.test/expo", "event")


def test_second_first_touch_is_refused(cast: Cast) -> None:
    lead = factories.lead(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        FirstTouch.objects.create(lead=lead, seen_on=lead.first_seen_on)


def test_logging_is_an_event(cast: Cast) -> None:
    event = capture(cast, {"person": {"name": "M"}}).events.get()
    assert (event.kind, event.to_state, event.actor, event.at) == (
        "captured",
        "captured",
        cast.ana,
        LOGGED_AT,
    )


def test_first_action_is_noted_with_the_lead(cast: Cast) -> None:
    lead = capture(cast, {"person": {"name": "M"}}, first_action=factories.action("sent_form"))
    action = lead.valuable_actions.get()
    assert (action.kind.code, action.occurred_at, action.recorded_by) == (
        "sent_form",
        LOGGED_AT,
        cast.ana,
    )
    assert [kind for kind, _from, _to in events(lead)] == ["captured", "valuable_action"]


def test_search_text_is_folded(cast: Cast) -> None:
    data = {
        "person": {"name": "José Peña", "email": "JP@Andino.test", "phone": "+52 55 4000 1000"},
        "company": {"name": "Café Ñandú"},
    }
    assert capture(cast, data).search_text == "jose pena cafe nandu jp@andino.test 525540001000"


# -- Companies


@pytest.mark.parametrize(
    ("name", "country", "companies"),
    [
        ("GRUPO ANDINO S.A. de C.V.", "MX", 1),
        ("Grupo Andíno", "MX", 1),
        ("Grupo Andino", "CO", 2),
        ("Grupo Andinos", "MX", 2),
    ],
)
def test_company_is_found_again_by_its_name(
    cast: Cast, name: str, country: str, companies: int
) -> None:
    for one, land in (("Grupo Andino", "MX"), (name, country)):
        capture(cast, {"person": {"name": "M"}, "company": {"name": one, "country": land}})
    assert Company.objects.count() == companies


def test_known_company_learns_what_was_missing_and_keeps_what_it_had(cast: Cast) -> None:
    for facts_ in ({"employees": 180}, {"employees": 90, "domain": "andino.test"}):
        capture(cast, {"person": {"name": "M"}, "company": {"name": "Andino", **facts_}})
    company = Company.objects.get()
    assert (company.employees, company.domain) == (180, "andino.test")


def test_lead_without_company_has_none(cast: Cast) -> None:
    assert capture(cast, {"person": {"name": "M"}, "company": {"name": "  "}}).company is None


# -- Changing


def change(cast: Cast, lead: Lead, *, version: int = 1, **changes: Any) -> Lead:
    data = {
        "person": {name: getattr(lead.person, name) for name in persons.FIELDS},
        "company": {name: getattr(lead.company, name) for name in companies.FACTS}
        if lead.company
        else {},
        "source": lead.source,
    }
    for part, values in changes.items():
        data[part] = {**data.get(part, {}), **values} if isinstance(values, dict) else values
    return leads.change(lead, data, by=cast.bea, at=NOON, version=version)


def test_change_is_one_event_with_old_and_new(cast: Cast) -> None:
    lead = factories.lead(cast, person={"job_title": "CEO"})
    change(cast, lead, person={"job_title": "CFO"}, attributes={"budget": 9000})
    event = lead.events.order_by("-id")[0]
    assert (event.kind, event.actor, event.payload) == (
        "updated",
        cast.bea,
        {"changes": {"person.job_title": ["CEO", "CFO"], "attributes.budget": [None, 9000]}},
    )


def test_change_of_nothing_is_no_event(cast: Cast) -> None:
    lead = factories.lead(cast)
    before = events(lead)
    change(cast, lead)
    assert events(lead) == before


def test_change_on_an_old_screen_is_refused(cast: Cast) -> None:
    lead = factories.lead(cast, person={"job_title": "CEO"})
    change(cast, lead, person={"job_title": "CFO"})
    with pytest.raises(leads.ChangedMeanwhile):
        change(cast, lead, person={"job_title": "CTO"}, version=1)
    assert Lead.objects.get().person.job_title == "CFO"


def test_change_of_source_leaves_the_first_touch(cast: Cast) -> None:
    lead = factories.lead(cast, from_source="organic_search")
    changed = change(cast, lead, source=factories.source("event"))
    assert (changed.source.code, FirstTouch.objects.get().source.code) == (
        "event",
        "organic_search",
    )


def test_change_cannot_leave_nothing_to_know_it_by(cast: Cast) -> None:
    lead = factories.lead(cast)
    with pytest.raises(leads.NoIdentity):
        change(cast, lead, person={"name": "", "email": "", "phone": ""})
    assert Lead.objects.get().version == 1


def test_change_of_the_companys_name_is_another_company(cast: Cast) -> None:
    lead, neighbour = (
        factories.lead(cast, company={"name": "Andino"}),
        factories.lead(cast, company={"name": "Andino"}),
    )
    changed = change(cast, lead, company={"name": "Austral"})
    assert (changed.company.name, Lead.objects.get(pk=neighbour.pk).company.name) == (
        "Austral",
        "Andino",
    )


def test_change_refreshes_the_search_text(cast: Cast) -> None:
    lead = factories.lead(
        cast, person={"name": "Mariana", "email": "m@andino.test"}, company={"name": "Andino"}
    )
    changed = change(cast, lead, person={"name": "Renata"})
    assert changed.search_text.split()[:3] == ["renata", "andino", "m@andino.test"]


# -- Evidence and facts


def test_evidence_says_what_who_and_when(cast: Cast) -> None:
    lead = factories.lead(cast)
    leads.add_evidence(
        lead, "budget", "met", value="80,000 MXN", source="Call", by=cast.bea, at=NOON
    )
    row = Evidence.objects.get()
    assert (row.code, row.verdict, row.actor, row.at, row.payload) == (
        "budget",
        "met",
        cast.bea,
        NOON,
        {"value": "80,000 MXN", "source": "Call"},
    )


def test_evidence_is_an_event(cast: Cast) -> None:
    lead = factories.lead(cast)
    leads.add_evidence(lead, "budget", "not_met", value="None", source="Call", by=cast.bea, at=NOON)
    event = Event.objects.filter(kind="evidence").get()
    assert event.payload == {
        "criterion": "budget",
        "verdict": "not_met",
        "value": "None",
        "source": "Call",
    }


def test_evidence_without_a_value_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError) as refused:
        leads.add_evidence(
            factories.lead(cast), "budget", "met", value="  ", source="", by=cast.bea, at=NOON
        )
    assert (list(refused.value.fields), Evidence.objects.count()) == (["value"], 0)


def test_newest_evidence_counts_and_the_older_stays(cast: Cast) -> None:
    lead = factories.lead(cast)
    for verdict in ("met", "not_met"):
        leads.add_evidence(lead, "budget", verdict, value="x", source="Call", by=cast.bea, at=NOON)
    assert (facts.proofs_of(lead)["budget"].verdict, lead.evidence.count()) == ("not_met", 2)


def test_evidence_of_another_lead_proves_nothing(cast: Cast) -> None:
    lead, other = factories.lead(cast), factories.lead(cast)
    factories.prove(other, by=cast.bea)
    assert facts.proofs_of(lead) == {}


def test_missing_facts_are_named_in_order(cast: Cast) -> None:
    lead = factories.lead(cast, person={"phone": "", "email": ""}, from_source=None)
    wanted = ["lead.source", "person.name", "person.phone", "person.email", "attributes.budget"]
    assert facts.missing_fields(lead, wanted) == [
        "lead.source",
        "person.phone",
        "person.email",
        "attributes.budget",
    ]


def test_zero_and_no_are_facts(cast: Cast) -> None:
    lead = factories.lead(cast, attributes={"budget": 0, "decides": False})
    assert facts.missing_fields(lead, ["attributes.budget", "attributes.decides"]) == []


def test_change_keeps_what_is_not_named_and_drops_what_is_emptied(cast: Cast) -> None:
    lead = factories.lead(cast, person={"language": "es"})
    data = {"person": {"name": "Otra Persona"}, "attributes": {"budget": 9000, "decides": True}}
    leads.change(lead, data, by=cast.ana, at=NOON, version=1)
    leads.change(
        lead,
        {"person": {"name": "Otra Persona"}, "attributes": {"budget": ""}},
        by=cast.ana,
        at=NOON,
        version=2,
    )
    found = Lead.objects.select_related("person").get(pk=lead.pk)
    assert (
        found.person.language,
        found.attributes.get("decides"),
        "budget" in found.attributes,
    ) == ("es", True, False)


# -- Phones


def phone_of(lead: Lead) -> tuple[str, str, str, str]:
    person = Lead.objects.select_related("person").get(pk=lead.pk).person
    return person.phone, person.phone_extension, person.phone_typed, person.phone_assumed


def edit(cast: Cast, lead: Lead, **person: str) -> Lead:
    facts = {"name": lead.person.name, "phone": persons.shown_phone(lead.person), **person}
    data = {"person": facts, "source": lead.source}
    return leads.change(lead, data, by=cast.ana, at=NOON, version=lead.version)


def test_phone_is_stored_with_extension_and_as_typed(cast: Cast) -> None:
    lead = capture(cast, {"person": {"phone": "+52 55 1234 5678 ext. 204"}})
    assert phone_of(lead) == ("+525512345678", "204", "+52 55 1234 5678 ext. 204", "")


def test_phone_is_read_with_the_country_of_the_company(cast: Cast) -> None:
    data = {"person": {"phone": "2222 3333"}, "company": {"name": "Tica", "country": "CR"}}
    assert phone_of(capture(cast, data)) == ("+50622223333", "", "2222 3333", "")


def test_assumed_country_is_kept_and_goes_when_a_country_is_given(cast: Cast) -> None:
    lead = capture(cast, {"person": {"name": "Mariana", "phone": "55 4000 1000"}})
    assert phone_of(lead) == ("+525540001000", "", "55 4000 1000", "MX")
    edit(cast, lead, country="MX")
    assert phone_of(lead) == ("+525540001000", "", "55 4000 1000", "")


def test_number_of_a_given_country_is_never_read_again(cast: Cast) -> None:
    lead = capture(cast, {"person": {"name": "M", "phone": "55 4000 1000", "country": "MX"}})
    edit(cast, lead, country="CO")
    assert phone_of(lead)[0] == "+525540001000"


def test_stored_placeholder_blocks_no_edit_of_something_else(cast: Cast) -> None:
    lead = capture(cast, {"person": {"name": "Mariana"}})
    Person.objects.filter(pk=lead.person_id).update(phone="000000000")
    lead = edit(cast, Lead.objects.get(pk=lead.pk), name="Mariana Peña")
    assert (lead.person.name, lead.person.phone) == ("Mariana Peña", "000000000")


def test_change_of_an_extension_is_an_event(cast: Cast) -> None:
    lead = capture(cast, {"person": {"name": "M", "phone": "+52 55 4000 1000 ext 1"}})
    edit(cast, lead, phone="+52 55 4000 1000 ext 2")
    changes = lead.events.get(kind="updated").payload["changes"]
    assert changes == {"person.phone": ["+525540001000 ext. 1", "+525540001000 ext. 2"]}


@pytest.mark.parametrize("text", ["000000000", "no tiene", "N/A", "-", "5.25512E+11", "55 **** 10"])
def test_no_phone_is_refused_and_named(cast: Cast, text: str) -> None:
    with pytest.raises(persons.NotAPhone) as caught:
        capture(cast, {"person": {"name": "Mariana", "phone": text}})
    assert list(caught.value.fields) == ["phone"]
    assert Lead.objects.count() == 0


@pytest.mark.parametrize("stored", ["000000000", "-", "no tiene"])
def test_placeholder_of_earlier_years_completes_no_package(cast: Cast, stored: str) -> None:
    lead = capture(cast, {"person": {"name": "Mariana"}})
    lead.person.phone = stored
    assert facts.missing_fields(lead, ["person.phone"]) == ["person.phone"]


def test_stored_phones_are_read_again_where_a_country_is_given(cast: Cast) -> None:
    """Nothing is merged: two leads of one number stay two."""
    read_again = import_module("leads.migrations.0007_read_stored_phones").read_again
    made = [capture(cast, {"person": {"name": name}}) for name in ("own", "company", "none", "bad")]
    company = Company.objects.create(name="Andino", name_key="andino", country="MX")
    Lead.objects.filter(pk=made[1].pk).update(company=company)
    stored = ["01 55 4000 1000 ext. 7", "55 4000 1000", "55 4000 1000", "000000000"]
    for lead, phone, country in zip(made, stored, ["MX", "", "", "MX"], strict=True):
        Person.objects.filter(pk=lead.person_id).update(phone=phone, country=country)
        Lead.objects.filter(pk=lead.pk).update(search_text=f"ana {digits(phone)}")
    read_again(apps, None)
    assert [phone_of(lead) for lead in made] == [
        ("+525540001000", "7", "01 55 4000 1000 ext. 7", ""),
        ("+525540001000", "", "55 4000 1000", ""),
        ("55 4000 1000", "", "", ""),
        ("000000000", "", "", ""),
    ]
    assert Lead.objects.get(pk=made[1].pk).search_text == "ana 525540001000"
    assert Entry.objects.get(verb="phones_read_again").payload == {"people": 2}
