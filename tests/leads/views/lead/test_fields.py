"""One field edited in place: saved, refused, and over a value that a colleague changed."""

from __future__ import annotations

import html as markup
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from leads.models import Event, Lead
from leads.records import leads
from tests import factories
from tests.factories import CONTACTED_AT, Cast

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


def stored(lead: Lead) -> Lead:
    return Lead.objects.select_related("person", "company", "source").get(pk=lead.pk)


def opened(client: Client, lead: Lead, name: str) -> dict[str, str]:
    """What the browser sends back from the form as it is opened, besides the field."""
    answer = client.get(f"/leads/{lead.pk}/fields/{name}/?edit=1", **HTMX)
    assert answer.status_code == 200
    address = f"/leads/{lead.pk}/fields/{name}/"
    for use in ("action", "hx-post", "hx-get"):
        assert f'{use}="{address}"' in answer.content.decode()
    was = re.search(r'name="was" value="([^"]*)"', answer.content.decode())
    assert was
    return {"was": markup.unescape(was[1])}


def save(client: Client, lead: Lead, name: str, typed: str, **more: str) -> Any:
    data = {name: typed, **more}
    return client.post(f"/leads/{lead.pk}/fields/{name}/", data, **HTMX)


READ: dict[str, Callable[[Lead], Any]] = {
    "name": lambda it: it.person.name,
    "email": lambda it: it.person.email,
    "job_title": lambda it: it.person.job_title,
    "country": lambda it: it.person.country,
    "company": lambda it: it.company.name,
    "company_country": lambda it: it.company.country,
    "industry": lambda it: it.company.industry,
    "employees": lambda it: it.company.employees,
    "domain": lambda it: it.company.domain,
    "attributes.budget": lambda it: it.attributes.get("budget"),
    "attributes.decides": lambda it: it.attributes.get("decides"),
}
TYPED: list[tuple[str, str, Any]] = [
    ("name", "Marta Gil", "Marta Gil"),
    ("email", "Marta@Example.com", "marta@example.com"),
    ("job_title", "CEO", "CEO"),
    ("job_title", "", ""),
    ("country", "CO", "CO"),
    ("company", "Café Peña", "Café Peña"),
    ("company_country", "PE", "PE"),
    ("industry", "Retail", "Retail"),
    ("employees", "64", 64),
    ("employees", "", None),
    ("domain", "cafe.example", "cafe.example"),
    ("attributes.budget", "9000", 9000),
    ("attributes.decides", "true", True),
    ("attributes.decides", "unknown", None),
]


@pytest.mark.parametrize(("name", "typed", "value"), TYPED)
def test_field_is_saved_alone(
    cast: Cast, signed_in: SignedIn, name: str, typed: str, value: Any
) -> None:
    lead = factories.lead(cast, attributes={"decides": False})
    before = {field: read(stored(lead)) for field, read in READ.items()}
    client = signed_in(cast.ana)
    answer = save(client, lead, name, typed, **opened(client, lead, name))
    assert answer.status_code == 200
    assert "Saved" in answer.content.decode()
    after = {field: read(stored(lead)) for field, read in READ.items()}
    if name == "company":
        # Another company has facts of its own.
        assert after["company"] == value
    else:
        assert after == before | {name: value}
    assert Event.objects.filter(lead=lead, kind="updated").count() == 1


def test_saved_field_fetches_the_parts_of_the_page_that_show_it(
    cast: Cast, signed_in: SignedIn
) -> None:
    lead = factories.contacted(cast).lead
    client = signed_in(cast.ana)
    answer = save(client, lead, "company", "Café Peña", **opened(client, lead, "company"))
    html = answer.content.decode()
    assert f'hx-get="/leads/{lead.pk}/" hx-trigger="load"' in html
    parts = re.search(r'hx-select-oob="([^"]*)"', html)
    assert parts
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    expected = {"#lead-head", "#timeline", "#proofs", "#why", "#scores", "#field-employees"}
    assert expected <= set(parts[1].split(","))
    for part in expected:
        assert page.count(f'id="{part[1:]}"') == 1


def test_source_is_chosen_in_place(cast: Cast, signed_in: SignedIn) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    event = factories.source("event")
    assert save(client, lead, "source", str(event.pk), **opened(client, lead, "source"))
    assert stored(lead).source == event


WRONG = [("email", "no at sign"), ("employees", "many"), ("country", "XX"), ("name", "x" * 161)]


@pytest.mark.parametrize(("name", "typed"), WRONG)
def test_wrong_value_comes_back_in_its_place(
    cast: Cast, signed_in: SignedIn, name: str, typed: str
) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    answer = save(client, lead, name, typed, **opened(client, lead, name))
    assert answer.status_code == 422
    assert f'<ul class="f-err" id="id_place_{name}_error">' in answer.content.decode()
    assert stored(lead).version == lead.version


def test_last_thing_that_identifies_a_lead_cannot_be_emptied(
    cast: Cast, signed_in: SignedIn
) -> None:
    lead = factories.lead(cast, person={"email": "", "phone": ""})
    client = signed_in(cast.ana)
    answer = save(client, lead, "name", "", **opened(client, lead, "name"))
    assert answer.status_code == 422
    assert '<ul class="f-err" id="id_place_name_error">' in answer.content.decode()


# -- Two people edit


def changed_by_luis(cast: Cast, lead: Lead, **facts: Any) -> None:
    data = {"company": facts}
    leads.change(lead, data, by=cast.luis, at=CONTACTED_AT, version=stored(lead).version)


def test_value_that_a_colleague_changed_is_shown_beside_mine(
    cast: Cast, signed_in: SignedIn
) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    form = opened(client, lead, "employees")
    changed_by_luis(cast, lead, employees=300)
    answer = save(client, lead, "employees", "64", **form)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert 'value="64"' in text
    assert "Luis Ferrer" in text
    assert "<strong>300</strong>" in text
    assert stored(lead).company.employees == 300  # type: ignore[union-attr]
    kept = save(client, lead, "employees", "64", **form, **{"keep.employees": "mine"})
    assert (kept.status_code, READ["employees"](stored(lead))) == (200, 64)


def test_change_of_another_field_is_no_conflict(cast: Cast, signed_in: SignedIn) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    form = opened(client, lead, "employees")
    changed_by_luis(cast, lead, industry="Retail")
    assert save(client, lead, "employees", "64", **form).status_code == 200
    assert (READ["employees"](stored(lead)), READ["industry"](stored(lead))) == (64, "Retail")


def test_untouched_field_never_overwrites_a_newer_value(cast: Cast, signed_in: SignedIn) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    form = opened(client, lead, "employees")
    changed_by_luis(cast, lead, employees=300)
    [was] = json.loads(form["was"]).values()
    assert save(client, lead, "employees", was, **form).status_code == 200
    assert READ["employees"](stored(lead)) == 300


# -- Who, and without scripts


@pytest.mark.parametrize(
    ("who", "status"), [("ana", 200), ("luis", 200), ("bea", 200), ("dora", 200), ("cruz", 404)]
)
def test_field_is_edited_by_whoever_may_change_the_lead(
    cast: Cast, signed_in: SignedIn, who: str, status: int
) -> None:
    lead = factories.accepted(cast).lead
    client = signed_in(getattr(cast, who))
    assert client.get(f"/leads/{lead.pk}/fields/name/?edit=1", **HTMX).status_code == status
    assert save(client, lead, "name", "Marta").status_code == (status if status == 404 else 409)


def test_director_reads_the_fields_and_edits_none(cast: Cast, signed_in: SignedIn) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.elsa)
    assert save(client, lead, "name", "Marta").status_code == 403
    assert "data-edits" not in client.get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.parametrize("name", ["nonsense", "attributes.nonsense", "first_action", "campaign"])
def test_unknown_field_does_not_exist(cast: Cast, signed_in: SignedIn, name: str) -> None:
    lead = factories.lead(cast)
    assert save(signed_in(cast.ana), lead, name, "x").status_code == 404


def test_without_scripts_the_link_opens_the_edit_page(cast: Cast, signed_in: SignedIn) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    assert f'href="/leads/{lead.pk}/fields/employees/"' in (
        client.get(f"/leads/{lead.pk}/").content.decode()
    )
    answer = client.get(f"/leads/{lead.pk}/fields/employees/")
    assert answer["Location"] == f"/leads/{lead.pk}/edit/#id_employees"


def test_number_is_read_by_the_region_and_rounded_with_a_note(
    cast: Cast, signed_in: SignedIn
) -> None:
    User.objects.filter(pk=cast.ana.pk).update(region="es-MX")
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    was = opened(client, lead, "attributes.budget")
    refused = save(client, lead, "attributes.budget", "5.000", **was)
    assert (refused.status_code, stored(lead).attributes) == (422, {})
    assert "5000 or 5? Write one of the two." in refused.content.decode()
    saved = save(client, lead, "attributes.budget", "5,000.123456", **was)
    assert stored(lead).attributes == {"budget": 5000.1235}
    assert "5,000.123456 was rounded to 5000.1235." in saved.content.decode()
    was = opened(client, lead, "employees")
    assert save(client, lead, "employees", "1.000", **was).status_code == 200
    assert stored(lead).company.employees == 1000
