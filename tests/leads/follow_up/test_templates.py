"""Message templates: their fields, the link that opens the app, and who may edit them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import translation

from crm.accounts.models import User
from crm.audit.models import Entry
from leads.follow_up import templates
from leads.follow_up.templates import fill
from leads.models import MessageTemplate
from tests import factories
from tests.factories import ACCEPTED_AT, Cast

VALUES = {"first_name": "Ana", "name": "Ana Ruiz", "company": "", "rep_first_name": "Bea"}


def created(cast: Cast, **changes: str) -> MessageTemplate:
    texts = {
        "channel": "whatsapp",
        "language": "es",
        "name": "Saludo",
        "subject": "",
        "body": "Hola {first_name}, soy {rep_first_name}",
    }
    return templates.create(cast.sales, by=cast.dora, at=ACCEPTED_AT, **{**texts, **changes})


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="crm.accounts.backend.Backend")
    return client


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hola {first_name}", "Hola Ana"),
        ("{name} & {rep_first_name}", "Ana Ruiz & Bea"),
        ("How is {company}?", "How is?"),
        ("At {company} you asked", "At you asked"),
        ("100 % {", "100 % {"),
        ("{unknown}", "{unknown}"),
        # What a person typed stays as it is.
        ("Hola {first_name} :)", "Hola Ana :)"),
        ("Uno ,  dos ...", "Uno ,  dos ..."),
        ("En {company} {company} vimos", "En vimos"),
    ],
)
def test_text_is_filled(text: str, expected: str) -> None:
    assert fill(text, VALUES) == expected


def test_value_with_braces_is_no_field() -> None:
    assert fill("{name}", {"name": "{rep_name}", "rep_name": "Bea"}) == "{rep_name}"


@pytest.mark.parametrize(
    ("changes", "field", "named"),
    [
        ({"body": "Hola {nombre}"}, "body", "{nombre}"),
        ({"body": "{}"}, "body", "{}"),
        ({"channel": "email", "subject": "{x}"}, "subject", "{x}"),
        ({"channel": "email", "subject": " "}, "subject", "subject"),
    ],
)
def test_bad_text_names_field(cast: Cast, changes: dict[str, str], field: str, named: str) -> None:
    with translation.override("en"), pytest.raises(templates.BadTemplate) as caught:
        created(cast, **changes)
    assert list(caught.value.fields) == [field]
    assert named in str(caught.value.fields[field])


def test_name_is_used_once_among_those_in_use(cast: Cast) -> None:
    first = created(cast)
    with pytest.raises(templates.BadTemplate) as caught:
        created(cast, name="SALUDO")
    assert list(caught.value.fields) == ["name"]
    templates.archive(first, by=cast.dora, at=ACCEPTED_AT)
    created(cast)
    with pytest.raises(templates.BadTemplate):
        templates.restore(first, by=cast.dora, at=ACCEPTED_AT)


def test_whatsapp_has_no_subject(cast: Cast) -> None:
    assert created(cast, subject="Left over from a mail").subject == ""


def test_links_open_the_apps_with_the_text(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    created(cast)
    created(cast, channel="email", subject="{company} & más", body="Hola {name}\n+1 {rep_name}")
    person = handoff.lead.person
    found = {each.template.channel: each.url for each in _filled(cast, handoff)}
    greeting = f"Hola {person.name.split(' ')[0]}, soy {cast.bea.name.split(' ')[0]}"
    whatsapp, mail = urlsplit(found["whatsapp"]), urlsplit(found["email"])
    assert (whatsapp.netloc, whatsapp.path) == ("wa.me", f"/{person.phone[1:]}")
    assert parse_qs(whatsapp.query) == {"text": [greeting]}
    assert mail.path == person.email
    assert "+" not in mail.query
    assert parse_qs(mail.query) == {
        "subject": [f"{handoff.lead.company.name} & más"],
        "body": [f"Hola {person.name}\r\n+1 {cast.bea.name}"],
    }


def _filled(cast: Cast, handoff: Any) -> list[templates.Filled]:
    return templates.filled_for(handoff, handoff.lead, cast.bea)


def test_template_without_an_address_is_not_offered(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    created(cast)
    handoff.lead.person.phone = ""
    assert _filled(cast, handoff) == []


@pytest.mark.parametrize(("name", "expected"), [("bea", True), ("cruz", None), ("ana", False)])
def test_lead_page_offers_it_to_who_works_on_the_lead(
    cast: Cast, name: str, expected: bool | None
) -> None:
    handoff = factories.accepted(cast)
    created(cast, body="Hola desde la plantilla")
    answer = client_of(getattr(cast, name)).get(f"/leads/{handoff.lead_id}/")
    if expected is None:
        assert answer.status_code == 404
    else:
        text = answer.content.decode()
        assert ("Hola%20desde%20la%20plantilla" in text) is expected
        # The other link is the one without a text.
        assert text.count('data-begins="whatsapp"') == (2 if expected else 0)


# -- Pages


@pytest.mark.parametrize(
    ("name", "listed", "edited"),
    [("dora", 200, 200), ("elsa", 200, 200), ("luis", 200, 404), ("bea", 403, 403)],
)
def test_pages_are_for_leads_of_the_team_and_directors(
    cast: Cast, name: str, listed: int, edited: int
) -> None:
    template = created(cast)
    client = client_of(getattr(cast, name))
    found = [client.get(path).status_code for path in ("/templates/", f"/templates/{template.pk}/")]
    assert found == [listed, edited]


def test_form_keeps_what_was_typed_and_names_the_unknown_field(cast: Cast) -> None:
    typed = {
        "team": cast.sales.pk,
        "channel": "whatsapp",
        "language": "es",
        "name": "Saludo",
        "body": "Hola {nombre}",
    }
    client = client_of(cast.dora)
    answer = client.post("/templates/new/", typed)
    assert answer.status_code == 422
    assert "{nombre}" in str(answer.context["form"].errors["body"])
    assert answer.context["form"]["body"].value() == "Hola {nombre}"
    assert client.post("/templates/new/", {**typed, "body": "Hola {name}"}).status_code == 302
    assert MessageTemplate.objects.get().body == "Hola {name}"


def test_team_of_another_is_no_choice(cast: Cast) -> None:
    typed = {
        "team": cast.marketing.pk,
        "channel": "whatsapp",
        "language": "es",
        "name": "Saludo",
        "body": "Hola",
    }
    answer = client_of(cast.dora).post("/templates/new/", typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["team"])


def test_archived_template_leaves_the_lead_page(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    template = created(cast)
    client = client_of(cast.dora)
    client.post(f"/templates/{template.pk}/archive/")
    assert _filled(cast, handoff) == []
    other = created(cast)
    assert client.post(f"/templates/{template.pk}/restore/").status_code == 422
    templates.archive(other, by=cast.dora, at=ACCEPTED_AT)
    client.post(f"/templates/{template.pk}/restore/")
    assert [each.template for each in _filled(cast, handoff)] == [template]


def test_audit_keeps_what_was_changed(cast: Cast) -> None:
    template = created(cast)
    texts = {"channel": "whatsapp", "language": "es", "name": "Saludo", "subject": ""}
    templates.change(template, by=cast.dora, at=ACCEPTED_AT, body="Hola", **texts)
    templates.change(template, by=cast.dora, at=ACCEPTED_AT, body="Hola", **texts)
    entry = Entry.objects.get(verb="message_template_changed")
    assert entry.payload["new"]["body"] == "Hola"
