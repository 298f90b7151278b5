"""Saving over a newer version: both values, a choice for each field, nothing typed lost."""

from __future__ import annotations

import json
import re

import pytest

from crm.accounts.models import User
from leads.models import Lead
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def opened(client, path):
    """What a browser sends back from the form as it stands: every control's value."""
    form = client.get(path).context["form"]
    page = client.get(path)
    data = {name: "" if value is None else value for name, value in form.shown().items()}
    return {**data, "version": str(page.context["version"]), "was": page.context["was"]}


@pytest.fixture
def race(cast, signed_in):
    """Ana and Luis open the same lead; Luis saves first."""
    lead = factories.lead(cast, person={"name": "Marta Gil", "job_title": "Gerente"})
    path = f"/leads/{lead.pk}/edit/"
    ana, luis = signed_in(cast.ana), signed_in(cast.luis)
    mine, theirs = opened(ana, path), opened(luis, path)

    def run(mine_changes, their_changes):
        assert luis.post(path, theirs | their_changes).status_code == 302
        return ana, path, ana.post(path, mine | mine_changes)

    return run


def again(answer):
    """The compare page sent back as it is: every control, and the radio that is checked."""
    context, data = answer.context, {}
    for each in context["compared"]:
        data[each["field"].name] = each["field"].value() or ""
        if each["choice"]:
            data[f"keep.{each['field'].name}"] = each["choice"]
    data |= {field.name: field.value() or "" for field in context["others"]}
    names = [each["field"].name for each in context["compared"]]
    return data | {"compared": names, "version": str(context["version"]), "was": context["was"]}


def choices(answer):
    return {
        each["field"].name: (each["choice"], each["theirs"]) for each in answer.context["compared"]
    }


def saved():
    person = Lead.objects.select_related("person").get().person
    return person.name, person.job_title


def test_fields_that_one_side_changed_are_proposed_and_saved_together(race):
    client, path, answer = race({"name": "Marta Gil Soto"}, {"job_title": "Directora"})
    assert answer.status_code == 409
    assert choices(answer) == {"name": ("mine", "Marta Gil"), "job_title": ("theirs", "Directora")}
    assert client.post(path, again(answer)).status_code == 302
    assert saved() == ("Marta Gil Soto", "Directora")


def test_page_says_who_changed_what(race):
    _client, _path, answer = race({"name": "X"}, {"job_title": "Directora"})
    text = re.sub(r"\s+", " ", answer.content.decode())
    assert "Luis Ferrer cambió este prospecto" in text
    assert [each["by"] for each in answer.context["compared"]] == ["", "Luis Ferrer"]


def test_field_that_both_changed_is_asked_and_nothing_is_saved_without_an_answer(race):
    client, path, answer = race({"job_title": "Jefa"}, {"job_title": "Directora"})
    assert choices(answer) == {"job_title": ("", "Directora")}
    unanswered = client.post(path, again(answer))
    assert (unanswered.status_code, list(unanswered.context["form"].errors)) == (422, ["job_title"])
    assert unanswered.context["form"]["job_title"].value() == "Jefa"
    assert saved() == ("Marta Gil", "Directora")


@pytest.mark.parametrize(("keep", "kept"), [("mine", "Jefa"), ("theirs", "Directora")])
def test_chosen_value_stays(race, keep, kept):
    client, path, answer = race({"job_title": "Jefa"}, {"job_title": "Directora"})
    assert client.post(path, again(answer) | {"keep.job_title": keep}).status_code == 302
    assert saved() == ("Marta Gil", kept)


def test_same_change_on_both_sides_asks_nothing(race):
    _client, _path, answer = race({"job_title": "Directora"}, {"job_title": "Directora"})
    assert answer.status_code == 302
    assert saved() == ("Marta Gil", "Directora")


def test_third_edit_meanwhile_is_compared_anew(race, cast, signed_in):
    client, path, answer = race({"name": "Marta Gil Soto"}, {"job_title": "Directora"})
    luis = signed_in(cast.luis)
    assert luis.post(path, opened(luis, path) | {"name": "M. Gil"}).status_code == 302
    second = client.post(path, again(answer))
    assert second.status_code == 409
    assert choices(second)["job_title"] == ("theirs", "Directora")
    assert saved() == ("M. Gil", "Directora")


@pytest.mark.parametrize(
    "was", ["", "[]", "{", "null", "9" * 5000, "[" * 5000, json.dumps({"name": None})]
)
def test_unreadable_memory_of_the_form_asks_about_every_difference(race, was):
    _client, _path, answer = race({"name": "X", "was": was}, {"job_title": "Directora"})
    assert answer.status_code == 409
    assert choices(answer) == {"name": ("", "Marta Gil"), "job_title": ("", "Directora")}


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "²"])
def test_unreadable_version_is_a_comparison_not_an_error(race, version):
    _client, _path, answer = race({"name": "X", "version": version}, {"job_title": "Directora"})
    assert answer.status_code == 409


def test_bad_value_on_the_compare_page_comes_back_with_both(race):
    client, path, answer = race({"email": "ana@example.com"}, {"email": "luis@example.com"})
    again_ = client.post(path, again(answer) | {"keep.email": "mine", "email": "sin arroba"})
    assert (again_.status_code, list(again_.context["form"].errors)) == (422, ["email"])
    assert again_.context["compared"][0]["choice"] == "mine"


def test_yes_no_and_choices_are_compared_by_what_they_say(race):
    _client, _path, answer = race({"name": "X"}, {"country": "CO", "attributes.decides": "true"})
    assert choices(answer) == {
        "name": ("mine", "Marta Gil"),
        "country": ("theirs", "Colombia"),
        "attributes.decides": ("theirs", "Sí"),
    }


def test_edit_of_a_lead_that_moved_on_keeps_what_was_typed(cast, signed_in):
    lead = factories.lead(cast)
    path, form = f"/leads/{lead.pk}/edit/", {"name": "Nombre nuevo", "version": "1"}
    first = signed_in(cast.luis).post(path, {**form, "name": "De Luis"})
    second = signed_in(cast.ana).post(path, form)
    assert (first.status_code, second.status_code) == (302, 409)
    assert second.context["form"]["name"].value() == "Nombre nuevo"
    assert Lead.objects.get().person.name == "De Luis"


@pytest.mark.parametrize("region", ["es-CO", "es-MX", "en-US"])
@pytest.mark.parametrize("budget", [5000, 1.234, 0.123456789, 1234.567])
def test_number_that_was_not_touched_stays_as_it_is_stored(cast, signed_in, region, budget):
    User.objects.filter(pk=cast.ana.pk).update(region=region)
    lead = factories.lead(cast, attributes={"budget": budget})
    path = f"/leads/{lead.pk}/edit/"
    client = signed_in(cast.ana)
    data = opened(client, path)
    # As the page drew them, in the region of the person.
    data |= json.loads(data["was"])
    data["job_title"] = "Gerente General"
    assert client.post(path, data).status_code == 302
    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.attributes["budget"], lead.person.job_title) == (budget, "Gerente General")
    changes = lead.events.order_by("-pk")[0].payload["changes"]
    assert list(changes) == ["person.job_title"]


# -- The company


@pytest.fixture
def colleagues(cast):
    """Two leads of one company; Ana sees both. Another team has a lead at one of that name."""
    andino = {"name": "Andino", "country": "MX", "employees": 180}
    person = {"country": "MX"}
    factories.lead(cast, team=cast.other_marketing, company=andino, person=person)
    return [factories.lead(cast, company=andino, person=person) for _lead in range(2)]


@pytest.fixture
def english(cast):
    cast.ana.language = "en"
    cast.ana.save()


def test_page_says_whose_data_the_companys_are(cast, signed_in, colleagues, english):
    page = signed_in(cast.ana).get(f"/leads/{colleagues[0].pk}/edit/").content.decode()
    words = {"changes it for 2 leads that you see": True, "and for others": False}
    assert {word: word in page for word in words} == words


def test_only_lead_of_a_company_needs_no_warning(cast, signed_in, english):
    page = signed_in(cast.ana).get(f"/leads/{factories.lead(cast).pk}/edit/")
    assert not page.context["sharing"].is_shared
    assert "that you see" not in page.content.decode()


def test_company_that_changed_on_another_lead_is_a_conflict_with_both_values(
    cast, signed_in, colleagues
):
    first, second = (f"/leads/{lead.pk}/edit/" for lead in colleagues)
    ana, luis = signed_in(cast.ana), signed_in(cast.luis)
    mine = opened(ana, first)
    theirs = opened(luis, second)
    their_changes = {"employees": "900", "company_country": "CO"}
    assert luis.post(second, theirs | their_changes).status_code == 302
    answer = ana.post(first, mine | {"employees": "200", "name": "Eva"})
    assert answer.status_code == 409
    found = {
        each["field"].name: (each["choice"], each["by"]) for each in answer.context["compared"]
    }
    assert found == {
        "name": ("mine", ""),
        "employees": ("", "Luis Ferrer"),
        "company_country": ("theirs", "Luis Ferrer"),
    }


def test_country_of_the_person_and_of_the_company_are_two(cast, signed_in, colleagues):
    client = signed_in(cast.ana)
    path = f"/leads/{colleagues[0].pk}/edit/"
    assert client.post(path, opened(client, path) | {"country": "AR"}).status_code == 302
    lead = Lead.objects.select_related("person", "company").get(pk=colleagues[0].pk)
    assert (lead.person.country, lead.company.country) == ("AR", "MX")


def test_lead_that_moves_takes_no_facts_of_its_old_company_along(cast, signed_in, colleagues):
    client = signed_in(cast.ana)
    path = f"/leads/{colleagues[0].pk}/edit/"
    changes = {"company": "Austral", "industry": "Retail"}
    assert client.post(path, opened(client, path) | changes).status_code == 302
    company = Lead.objects.select_related("company").get(pk=colleagues[0].pk).company
    found = (company.name, company.country, company.employees, company.industry)
    assert found == ("Austral", "MX", None, "Retail")


def test_known_company_that_keeps_its_facts_says_so(cast, signed_in, colleagues, english):
    client = signed_in(cast.ana)
    form = {"name": "Ada", "country": "MX", "company": "Andino", "employees": "90"}
    page = client.post("/leads/new/", form, follow=True)
    said = [str(message) for message in page.context["messages"]]
    assert said[1:] == ["Andino keeps its data. Employees: 180, not 90."]


def test_facts_without_a_company_are_refused_and_kept(cast, signed_in):
    answer = signed_in(cast.ana).post("/leads/new/", {"name": "Ada", "employees": "90"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["company"])
    assert answer.context["form"]["employees"].value() == "90"


def test_timeline_of_the_other_leads_tells_of_the_company(cast, signed_in, colleagues, english):
    client = signed_in(cast.ana)
    path = f"/leads/{colleagues[0].pk}/edit/"
    client.post(path, opened(client, path) | {"employees": "900"})
    page = client.get(f"/leads/{colleagues[1].pk}/").content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Company changed" in text
    assert "Employees: 180 → 900" in text
