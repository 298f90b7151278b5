"""A person's own preferences: saved, shown everywhere, refused where they make no sense."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.accounts.models import User
from crm.audit.models import Entry
from tests import factories
from tests.factories import Cast

CHOSEN = {
    "language": "en",
    "region": "en-US",
    "time_zone": "America/Bogota",
    "theme": "dark",
    "density": "compact",
    "shortcuts": "on",
    "live_updates": "on",
}


@pytest.fixture
def client(cast: Cast) -> Client:
    """Ana's browser."""
    browser = Client()
    browser.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    return browser


def ana(cast: Cast) -> User:
    return User.objects.get(pk=cast.ana.pk)


def test_preferences_are_saved_and_recorded(cast: Cast, client: Client) -> None:
    assert client.post("/preferences/", CHOSEN).status_code == 302
    saved = ana(cast)
    found = {name: getattr(saved, name) for name in CHOSEN}
    assert found == CHOSEN | {"shortcuts": True, "live_updates": True}
    assert Entry.objects.order_by("-id")[0].payload["region"] == "en-US"


@pytest.mark.parametrize("name", ["language", "region", "time_zone", "theme", "density"])
def test_nonsense_is_refused_and_the_rest_kept(cast: Cast, client: Client, name: str) -> None:
    answer = client.post("/preferences/", CHOSEN | {name: "nonsense"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [name])
    assert answer.context["form"]["theme"].value() == ("nonsense" if name == "theme" else "dark")
    assert ana(cast).region == ""


def test_unticked_boxes_are_off(cast: Cast, client: Client) -> None:
    client.post("/preferences/", {key: value for key, value in CHOSEN.items() if value != "on"})
    assert (ana(cast).shortcuts, ana(cast).live_updates) == (False, False)


# -- Region


@pytest.mark.parametrize(
    ("region", "day"), [("en-US", "Mar 2, 2026"), ("en-GB", "2 Mar 2026"), ("", "2 Mar 2026")]
)
def test_dates_follow_the_region(cast: Cast, client: Client, region: str, day: str) -> None:
    client.post("/preferences/", CHOSEN | {"region": region})
    text = client.get("/leads/?since=2026-03-02").content.decode()
    assert f'<span class="chip">First seen from: {day}<a' in text


def test_chip_of_an_unreadable_date_says_what_was_typed(cast: Cast, client: Client) -> None:
    answer = client.get("/leads/?since=someday")
    assert answer.status_code == 400
    assert [value for name, _label, value in answer.context["filter"].chosen] == ["someday"]


def test_browser_writes_counters_by_the_same_region(cast: Cast, client: Client) -> None:
    assert 'data-region="es-MX"' in client.get("/leads/").content.decode()
    client.post("/preferences/", CHOSEN)
    assert 'data-region="en-US"' in client.get("/leads/").content.decode()


# -- Density in the address


def test_density_of_the_address_rules_this_page_only(cast: Cast, client: Client) -> None:
    shown = [
        client.get(path).content.decode()
        for path in ("/leads/?density=compact&stage=won", "/leads/")
    ]
    assert ['data-density="compact"' in text for text in shown] == [True, False]
    assert ana(cast).density == "comfortable"


def test_density_stays_in_the_links_of_the_list(cast: Cast, client: Client) -> None:
    text = client.get("/leads/?density=compact&stage=won&source=event").content.decode()
    assert "?stage=won&amp;density=compact" in text


def test_unknown_density_is_refused_by_lists(cast: Cast, client: Client) -> None:
    assert client.get("/leads/?density=tiny").status_code == 400


# -- The zone of the device


def test_zone_is_offered_until_it_is_answered(cast: Cast, client: Client) -> None:
    assert 'id="zone-offer"' in client.get("/leads/").content.decode()
    answer = client.post(
        "/preferences/zone/", {"time_zone": "America/Bogota", "next": "/leads/?stage=won"}
    )
    assert (answer["Location"], ana(cast).time_zone) == ("/leads/?stage=won", "America/Bogota")
    assert 'id="zone-offer"' not in client.get("/leads/").content.decode()


def test_keeping_the_organisations_zone_is_an_answer(cast: Cast, client: Client) -> None:
    client.post("/preferences/zone/", {"time_zone": factories.ZONE})
    assert 'id="zone-offer"' not in client.get("/leads/").content.decode()


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "UTC\x00"])
def test_unknown_zone_changes_nothing(cast: Cast, client: Client, zone: str) -> None:
    client.post("/preferences/zone/", {"time_zone": zone})
    assert ana(cast).time_zone == ""


def test_answer_leads_nowhere_else(cast: Cast, client: Client) -> None:
    answer = client.post(
        "/preferences/zone/", {"time_zone": "America/Lima", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/preferences/"


# -- Where to go on: the parameter "next"


@pytest.mark.parametrize(
    "address",
    ["abc", "//[", "//evil.test/", "http://[::1", "/\t/evil.test/", "/\\evil.test/", "x" * 5000],
)
@pytest.mark.parametrize(
    ("path", "usual"),
    [
        ("/preferences/zone/", "/preferences/"),
        ("/i18n/setlang/", "/"),
        ("/accounts/logout/", "/accounts/login/"),
    ],
)
def test_forged_next_page_leads_to_the_usual_one(
    client: Client, path: str, usual: str, address: str
) -> None:
    sent = {"next": address, "language": "en", "time_zone": "America/Lima"}
    assert client.post(path, sent)["Location"] == usual


@pytest.mark.parametrize("address", ["//[", "abc", "http://[::1"])
def test_forged_next_page_is_no_obstacle_to_signing_in(cast: Cast, address: str) -> None:
    for path in ("/accounts/login/", "/accounts/logout/"):
        assert Client().get(path, {"next": address}).status_code in (200, 302)
    typed = {"login": "ana@relevo.test", "password": factories.PASSWORD, "next": address}
    assert Client().post("/accounts/login/", typed)["Location"] == "/"


def test_language_of_the_device_leads_back_to_the_page(cast: Cast) -> None:
    sent = {"language": "es", "next": "/accounts/login/?next=/queue/"}
    answer = Client().post("/i18n/setlang/", sent)
    assert answer["Location"] == "/accounts/login/?next=/queue/"
    assert answer.cookies["relevo_language"].value == "es"
