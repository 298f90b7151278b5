"""The list of leads and the form of a new one: who sees them, what they refuse, how many queries
they need.
"""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from crm.templatetags.relevo import breakable
from leads.models import CustomField, Lead
from tests import factories
from tests.bench.meter import counting

pytestmark = pytest.mark.django_db
EVERYBODY = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def statuses(cast, signed_in, path):
    return {name: signed_in(getattr(cast, name)).get(path).status_code for name in EVERYBODY}


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ({"name": "Eva", "attributes.budget": ""}, 3),
        ({"name": "Eva", "attributes.budget": "5"}, 4),
        ({"name": "Eva", "email": "eva@forma.test", "company": "Boreal", "country": "MX"}, 5),
        ({"name": "Eva", "company": "Andino", "country": "MX", "attributes.budget": "5"}, 6),
    ],
)
def test_logging_a_lead_needs_few_queries(typed, wanted, cast, signed_in):
    factories.lead(cast, company={"name": "Andino", "country": "MX"})
    client = signed_in(cast.ana)
    client.post("/leads/new/", {"name": "First"})
    with counting() as tally:
        assert client.post("/leads/new/", typed).status_code == 302
    assert len(tally.statements) == wanted


def test_new_lead_is_for_marketing_only(cast, signed_in):
    assert statuses(cast, signed_in, "/leads/new/") == dict.fromkeys(EVERYBODY, 403) | {
        "ana": 200,
        "luis": 200,
    }


def test_new_lead_without_anything_to_know_it_by_names_the_field_and_keeps_the_rest(
    cast, signed_in
):
    response = signed_in(cast.ana).post("/leads/new/", {"company": "Café Peña", "job_title": "CEO"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name"]
    assert response.context["form"]["company"].value() == "Café Peña"
    assert Lead.objects.count() == 0


@pytest.mark.parametrize("budget", [None, "", "5"])
def test_new_lead_that_is_refused_asks_for_custom_fields_again(budget, cast, signed_in):
    typed = {} if budget is None else {"attributes.budget": budget}
    response = signed_in(cast.ana).post("/leads/new/", {"job_title": "CEO", **typed})
    assert response.status_code == 422
    assert 'name="attributes.budget"' in response.content.decode()
    assert response.context["form"]["attributes.budget"].value() == budget


def test_new_lead_keeps_any_word_that_is_typed_in_a_custom_field(cast, signed_in):
    CustomField.objects.create(code="need", name={"en": "Need"}, type="text")
    sent = {"name": "Eva", "attributes.need": "unknown"}
    assert signed_in(cast.ana).post("/leads/new/", sent).status_code == 302
    assert Lead.objects.get().attributes == {"need": "unknown"}


def test_new_lead_with_bad_text_is_cleaned_or_refused_never_an_error(cast, signed_in):
    client = signed_in(cast.ana)
    names = (
        "Ana\x00 Peña",
        "Ana \u202ePeña",
        "Ana\r\n\tPeña",
        "Jos\u0065\u0301",
        "🦜 Loro",
        "x" * 161,
    )
    answers = [client.post("/leads/new/", {"name": name}).status_code for name in names]
    assert answers == [302, 302, 302, 302, 302, 422]
    stored = list(Lead.objects.order_by("pk").values_list("person__name", flat=True))
    assert stored == ["Ana Peña", "Ana Peña", "Ana Peña", "Jos\u00e9", "🦜 Loro"]


def test_lists_refuse_unknown_parameters(cast, signed_in):
    client = signed_in(cast.dora)
    paths = (
        "/leads/?colour=red",
        "/leads/?after=x",
        "/queue/?tab=x",
        "/queue/?from=-1",
        "/leads/?stage=x",
    )
    assert [client.get(path).status_code for path in paths] == [400] * 5


def test_lead_list_pages_by_key_without_gaps_or_repeats(cast, signed_in):
    for _ in range(55):
        factories.lead(cast)
    client = signed_in(cast.ana)
    first = client.get("/leads/").context["shown"]
    second = client.get("/leads/", {"after": first.next}).context["shown"]
    ids = [*first.rows, *second.rows]
    assert (len(first.rows), len(second.rows), second.next) == (50, 5, "")
    assert "55 prospectos" in client.get("/leads/", {"after": first.next}).content.decode()
    assert ids == list(Lead.objects.order_by("-first_seen_on", "-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_need_a_constant_number_of_queries(cast, signed_in, rows):
    for _ in range(rows):
        factories.handed_off(cast)
        factories.accepted(cast)
    bea, ana = signed_in(cast.bea), signed_in(cast.ana)
    assert queries(bea, "/queue/") == 8
    assert queries(bea, "/mine/") == 10  # two of them for the person's own clocks
    assert queries(ana, "/leads/") == 9
    assert queries(ana, "/notices/") == 5


# -- Numbers by the region of the person


# Employees and budget as typed -> the stored values; None: the budget is asked about.
NUMBERS = (
    ("es-CO", "1.000", "5.000", (1000, 5000)),
    ("es-CO", "1,000", "5000,5", (1000, 5000.5)),
    ("es-MX", "1.000", "5,000", (1000, 5000)),
    ("en-US", "1,000", "5,000.50", (1000, 5000.5)),
    ("es-MX", "1.000", "5.000", None),
    ("en-US", "1.000", "5.000", None),
    ("es-CO", "1.000", "5,000", None),
)


@pytest.mark.parametrize(("region", "employees", "budget", "result"), NUMBERS)
def test_numbers_of_a_new_lead_are_read_by_the_region(
    cast, signed_in, region, employees, budget, result
):
    User.objects.filter(pk=cast.ana.pk).update(region=region, language="en")
    typed = {"name": "Marta", "company": "Andino", "employees": employees}
    answer = signed_in(cast.ana).post("/leads/new/", typed | {"attributes.budget": budget})
    if result is None:
        form = answer.context["form"]
        assert (answer.status_code, list(form.errors)) == (422, ["attributes.budget"])
        assert form.errors["attributes.budget"] == ["5000 or 5? Write one of the two."]
        assert form["attributes.budget"].value() == budget
        assert Lead.objects.count() == 0
        return
    lead = Lead.objects.get()
    assert (lead.company.employees, lead.attributes["budget"]) == result


def test_rounding_is_told(cast, signed_in):
    User.objects.filter(pk=cast.ana.pk).update(region="es-CO", language="en")
    typed = {"name": "Marta", "attributes.budget": "5000,123456"}
    answer = signed_in(cast.ana).post("/leads/new/", typed, follow=True)
    texts = [str(message) for message in answer.context["messages"]]
    assert "Yearly budget: 5000,123456 was rounded to 5000,1235." in texts
    assert Lead.objects.get().attributes == {"budget": 5000.1235}


def test_filters_stay_in_the_addresses_of_tabs_and_chips(cast, signed_in):
    factories.lead(cast)
    answer = signed_in(cast.ana).get("/leads/?country=MX&stage=captured")
    urls = [tab["url"] for tab in answer.context["tabs"]]
    assert urls[:2] == ["?country=MX", "?country=MX&stage=captured"]
    page = answer.content.decode()
    assert '<a href="?stage=captured"' in page
    assert '<span class="n">· 2</span>' in page


def focused(answer):
    """The names of the fields in which a person begins, those of the palette left out."""
    inputs = re.findall(r"<input[^>]* autofocus[^>]*>", answer.content.decode())
    return [name for each in inputs if (name := re.search('name="(.*?)"', each)[1]) != "q"]


def test_new_lead_begins_in_its_first_field(cast, signed_in):
    client = signed_in(cast.ana)
    lead = factories.lead(cast)
    assert focused(client.get("/leads/new/")) == ["name"]
    assert focused(client.post("/leads/new/", {"email": "no"})) == []
    assert focused(client.get(f"/leads/{lead.pk}/edit/")) == []


def test_source_is_told_once_unless_it_was_corrected(cast, signed_in):
    lead = factories.lead(cast, from_source="organic_search")
    client = signed_in(cast.ana)

    def told():
        text = client.get(f"/leads/{lead.pk}/").content.decode()
        data = text.split('id="data"')[1].split("</section>")[0]
        return [data.count(str(factories.source(code))) for code in ("organic_search", "event")]

    assert told() == [1, 0]
    Lead.objects.filter(pk=lead.pk).update(source=factories.source("event"))
    assert told() == [1, 1]


# -- A person who is a lead already

KNOWN = {"name": "Mariana", "email": "mariana@andino.test", "phone": "+52 55 4000 1000"}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "Mariana@Andino.test"}, "Correo"),
        ({"name": "mariana", "phone": "044 55 4000 1000"}, "Teléfono"),
    ],
)
def test_known_person_is_named_before_a_second_lead(cast, signed_in, typed, field):
    lead = factories.lead(cast, person=KNOWN)
    client = signed_in(cast.ana)
    answer = client.post("/leads/new/", typed)
    text = answer.content.decode()
    assert (answer.status_code, Lead.objects.count()) == (409, 1)
    assert f'href="/leads/{lead.pk}/"' in text
    assert field in str(answer.context["known"].message)
    assert f'value="{next(iter(typed.values()))}"' in text
    client.post("/leads/new/", {**typed, "anyway": "1"})
    assert Lead.objects.count() == 2


def test_lead_out_of_sight_is_never_known_to_the_form(cast, signed_in):
    factories.lead(cast, person=KNOWN, team=cast.other_marketing)
    signed_in(cast.ana).post("/leads/new/", {"email": KNOWN["email"]})
    assert Lead.objects.count() == 2


def test_shared_phone_is_a_warning(cast, signed_in):
    factories.lead(cast, person=KNOWN)
    typed = {"name": "Leo", "email": "leo@andino.test", "phone": "55 4000 1000"}
    answer = signed_in(cast.ana).post("/leads/new/", typed, follow=True)
    assert Lead.objects.count() == 2
    assert any("Mariana" in str(message) for message in answer.context["messages"])


# -- Rows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mariana.pena@grupo-andino.com", "mariana<wbr>.pena@<wbr>grupo<wbr>-andino<wbr>.com"),
        ("a@b", "a@<wbr>b"),
        ("Grupo Andino S.A. de C.V.", "Grupo Andino S.A. de C.V."),
        ("<b>@x.y", "&lt;b&gt;@<wbr>x<wbr>.y"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_address_breaks_between_its_parts_only(text, shown):
    assert breakable(text) == shown
