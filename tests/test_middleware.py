"""What every answer tells the browser besides its page."""

from __future__ import annotations

import gzip
import re

import pytest
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from crm import middleware
from crm.accounts import organisations, people
from crm.accounts.models import Organisation
from tests import factories
from tests.api.caller import key_of

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
        ("/healthz", 200, 0),
        ("/readyz", 200, 1),
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


def test_organisation_of_a_key_is_used_for_its_own_request_only(cast, moment):
    headers = {"Authorization": f"Bearer {key_of(cast.ana)}"}
    for zone in ("Asia/Tokyo", "America/Lima"):
        Organisation.objects.update(time_zone=zone)
        assert Client().get("/api/v1/leads/", headers=headers).status_code == 200
        Organisation.objects.update(time_zone="Europe/Paris")
        assert people.organisation().time_zone == "Europe/Paris"


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


TEXT = "Mariana Soto, Andino · " * 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _with_session() -> HttpResponse:
    answer = HttpResponse(TEXT)
    answer.set_cookie(settings.SESSION_COOKIE_NAME, "new")
    return answer


def _through_gzip(answer: HttpResponse | StreamingHttpResponse, accepted: str = "gzip, br"):
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepted})
    return middleware.Compression(lambda _request: answer)(request)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "image/svg+xml"])
def test_answers_are_compressed_and_padded(kind):
    sizes = set()
    for _ in range(20):
        answer = _through_gzip(HttpResponse(TEXT, content_type=kind))
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(answer.content).decode() == TEXT
        assert len(answer.content) < len(TEXT.encode()) / 5
        sizes.add(len(answer.content))
    # What is guessed by its length is hidden by random padding.
    assert len(sizes) > 1


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (HttpResponse(TEXT), "br"),
        (HttpResponse("ok"), "gzip"),
        (HttpResponse(TEXT, content_type=XLSX), "gzip"),
        (HttpResponse(TEXT, content_type="application/zip"), "gzip"),
        (HttpResponse(TEXT, headers={"Content-Encoding": "br"}), "gzip"),
        (_with_session(), "gzip"),
    ],
    ids=["not asked for", "short", "workbook", "archive", "compressed before", "new session"],
)
def test_answers_that_are_not_compressed(answer, accepted):
    before = (answer.content, answer.headers.get("Content-Encoding"))
    after = _through_gzip(answer, accepted)
    assert (after.content, after.headers.get("Content-Encoding")) == before


def test_streams_are_compressed_once_and_as_a_whole():
    answer = _through_gzip(StreamingHttpResponse([TEXT, TEXT], content_type="text/csv"))
    assert gzip.decompress(b"".join(answer.streaming_content)).decode() == 2 * TEXT


def test_sign_in_is_not_compressed_and_the_next_page_is(cast, client):
    typed = {"login": cast.bea.email, "password": factories.PASSWORD}
    asked = {"Accept-Encoding": "gzip"}
    signed_in = client.post("/accounts/login/", typed, headers=asked)
    assert settings.SESSION_COOKIE_NAME in signed_in.cookies
    assert "Content-Encoding" not in signed_in.headers
    page = client.get("/queue/", headers=asked)
    assert page.headers["Content-Encoding"] == "gzip"
    assert "<html" in gzip.decompress(page.content).decode()


def test_static_files_and_their_cookies_pass_compression_in_the_right_order():
    """Static files do not reach it; the cookie of the session is set before it looks."""
    names = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    places = [
        names.index(name) for name in ("WhiteNoiseMiddleware", "Compression", "SessionMiddleware")
    ]
    assert places == sorted(places)
