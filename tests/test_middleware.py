"""What every answer tells the browser besides its page."""

from __future__ import annotations

import re

import pytest

from crm.accounts import organisations
from crm.accounts.models import Organisation
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def told(answer) -> str | None:
    """The address of which the answer says that it saved a form; None if it says nothing."""
    cookie = answer.cookies.get("relevo_saved")
    return cookie.value if cookie else None


def test_saved_form_is_told_by_a_cookie_and_a_refused_one_is_not(cast, signed_in, moment):
    handoff = factories.accepted(cast)
    client = signed_in(cast.bea)
    address = f"/handoffs/{handoff.pk}/attempt/"
    typed = {"channel": "phone", "note": "Wants a call"}
    refused = client.post(address, typed)
    assert (refused.status_code, told(refused)) == (422, None)
    moment.advance(hours=3)
    saved = client.post(address, {**typed, "reached": "1"})
    assert (saved.status_code, told(saved)) == (302, address)
    assert saved.cookies["relevo_saved"]["samesite"] == "Lax"
    # A later refusal takes back what was said of an earlier form.
    assert told(client.post(address, typed)) == ""
    assert told(client.get("/queue/")) is None


def test_form_of_somebody_who_is_signed_out_is_not_told_as_saved(cast, client):
    handoff = factories.accepted(cast)
    answer = client.post(f"/handoffs/{handoff.pk}/attempt/", {"note": "x"})
    assert (answer.status_code, told(answer)) == (302, None)


@pytest.mark.parametrize(
    ("path", "status", "queries"),
    [
        ("/healthz", 200, 1),
        ("/", 302, 0),
        ("/queue/", 302, 0),
        ("/nothing/", 404, 0),
        ("/accounts/login/", 200, 1),
    ],
)
@pytest.mark.parametrize("language", ["es", "en"])
def test_visitors_cost_the_same_in_each_language(
    cast, client, django_assert_num_queries, language, path, status, queries
):
    headers = {"Accept-Language": language}
    client.get(path, headers=headers)
    with django_assert_num_queries(queries):
        assert client.get(path, headers=headers).status_code == status


def test_visitors_read_the_words_that_were_chosen_last(cast, client, signed_in):
    def words() -> set[str]:
        page = client.get("/accounts/login/", headers={"Accept-Language": "es"}).content.decode()
        return set(re.findall(r"(?i)\bprospectos\b|\bleads\b", page))

    assert words() == {"prospectos"}
    organisations.change(by=cast.root, at=factories.HANDED_OFF_AT, terms={"lead": "lead"})
    assert words() == {"leads"}
    # Another process changed them: a signed-in person's request brings them here.
    Organisation.objects.update(terms={"lead": "prospecto"})
    signed_in(cast.bea).get("/queue/")
    assert words() == {"prospectos"}
