"""With the words "lead" and "SLA" no Spanish page, mail, notice or document says "prospecto" or
"ANS".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils.html import escape

from crm.accounts import organisations, people
from crm.accounts.models import Organisation, User
from crm.accounts.sign_in.demo import DOMAIN
from crm.lib.wording import variants
from leads.models import Handoff, Lead
from personas.models import Criterion, PersonaVersion
from sla.models import AgreementVersion
from tests import factories
from tests.browser.screens import table as screens
from tests.conftest import Moment, execute

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MAILBOXES = {
    "marketing": "ana",
    "sales_rep": "bea",
    "team_lead": "dora",
    "director": "elsa",
    "admin": "root",
}
OTHER_WORDS = re.compile(r"\bprospectos?\b|\bANS\b", re.IGNORECASE)


@pytest.fixture(scope="module", autouse=True)
def demo_of_module(within: Callable[[Callable[[], object]], None]) -> None:
    """The demo with the other words."""

    def make() -> None:
        at = Moment(execute).set("2026-03-18 12:00")
        factories.demo(at=at, leads=20)
        root = User.objects.get(email=f"root@{DOMAIN}")
        organisations.change(by=root, at=at, terms={"lead": "lead", "agreement": "SLA"})

    within(make)


@pytest.fixture
def firm(db: None) -> Organisation:
    return Organisation.objects.get()


def said(page: str) -> list[str]:
    """The words that should not be there, beside the two choices of the settings."""
    page = re.sub(r'<select name="say_.*?</select>', "", page, flags=re.DOTALL)
    # A difference cuts what people wrote into pieces that stand in no other place.
    page = re.sub(r'<ul class="diff">.*?</ul>', "", page, flags=re.DOTALL)
    for words in sorted(written_by_people(), key=len, reverse=True):  # a text may hold another
        page = page.replace(escape(words), "")
    return OTHER_WORDS.findall(page)


def written_by_people() -> set[str]:
    """What the organisation itself wrote of its personas, in whatever words."""

    def texts(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            for each in value.values() if isinstance(value, dict) else value:
                yield from texts(each)

    content = PersonaVersion.objects.values_list("content", flat=True)
    rows = [*content, *Criterion.objects.values_list("text", flat=True)]
    whole = {text for row in rows for text in texts(row)}
    # A page shows each paragraph of a text by itself.
    paragraphs = {part for text in whole for part in text.split("\n")}
    return {text for text in whole | paragraphs if OTHER_WORDS.search(text)}


def address(screen: screens.Screen) -> str:
    lead = (
        Lead.objects.filter(person__name=screen.person).order_by("pk").last()
        if screen.person
        else None
    )
    handoff = Handoff.objects.filter(lead=lead).order_by("pk").last() if lead else None
    versions = {v.state: v.pk for v in AgreementVersion.objects.all()}
    ids = {
        "lead": lead.pk if lead else 0,
        "handoff": handoff.pk if handoff else 0,
        "checked": 0,
        "done": 0,
    }
    return screen.path.format(
        **ids, first=versions["superseded"], draft=versions["draft"], waiting=0
    )


def client_of(part: str) -> Client:
    client = Client(headers={"Accept-Language": "es"})
    if part:
        client.force_login(
            User.objects.get(email=f"{MAILBOXES[part]}@{DOMAIN}"),
            backend="crm.accounts.backend.Backend",
        )
    return client


@pytest.mark.parametrize("part", screens.PARTS)
@pytest.mark.parametrize(
    "by_everybody",
    [False, pytest.param(True, marks=pytest.mark.soak)],
    ids=["once", "by everybody"],
)
def test_no_screen_says_the_other_words(firm: Organisation, by_everybody: bool, part: str) -> None:
    """Each screen by the first part that sees it; the long form by all of them."""
    client = client_of(part)
    found = {
        screen.path: said(client.get(address(screen)).content.decode())
        for screen in screens.seen_by(part)
        if by_everybody or part == screen.parts[0]
    }
    assert {path: words for path, words in found.items() if words} == {}


def test_other_words_are_there_before(firm: Organisation) -> None:
    """The same look finds them where the organisation says them."""
    Organisation.objects.update(terms={})
    assert {
        word.lower() for word in said(client_of("sales_rep").get("/queue/").content.decode())
    } == {
        "prospecto",
        "prospectos",
        "ans",
    }


def test_api_speaks_them_too(firm: Organisation) -> None:
    text = client_of("sales_rep").get("/api/v1/schema/").content.decode()
    assert ("lead" in text, said(text)) == (True, [])


def test_settings_choose_the_words(firm: Organisation) -> None:
    facts = {
        "name": firm.name,
        "language": "es",
        "country": "MX",
        "currency": "MXN",
        "time_zone": firm.time_zone,
    }
    answer = client_of("admin").post(
        "/setup/organisation/", {**facts, "say_lead": "prospecto", "say_agreement": "SLA"}
    )
    firm.refresh_from_db()
    assert (answer.status_code, firm.terms, people.terms()) == (
        302,
        {"agreement": "SLA"},
        {variants.LEAD: "prospecto", variants.AGREEMENT: "SLA"},
    )
