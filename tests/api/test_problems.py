"""Every refusal is problem details that say what is wrong, whatever was sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from crm.api.endpoint import mount
from crm.api.models import Answer
from leads.api import leads as api
from leads.models import Lead
from tests import factories
from tests.factories import Cast

MEMBERS = {"type", "title", "status", "detail", "code", "fields", "request_id"}


def test_problem_has_its_members_and_media_type(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    status, problem = asks.get("leads/999/", X_Request_ID="abc-12345678")
    assert (status, set(problem), asks.last["Content-Type"]) == (
        404,
        MEMBERS,
        "application/problem+json",
    )
    assert (problem["status"], problem["code"], problem["request_id"]) == (
        404,
        "not_found",
        "abc-12345678",
    )
    assert problem["type"] == "urn:relevo:problem:not_found"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "wanted"),
    [
        ("GET", "nothing/", None, {}, (404, "not_found")),
        ("GET", "leads", None, {}, (404, "not_found")),
        ("DELETE", "leads/", None, {}, (405, "method_not_allowed")),
        ("POST", "sources/", {}, {}, (405, "method_not_allowed")),
        ("PUT", "leads/1/", {}, {}, (405, "method_not_allowed")),
        ("OPTIONS", "leads/", None, {}, (405, "method_not_allowed")),
        ("GET", "leads/", None, {"Accept": "text/html"}, (406, "not_acceptable")),
        (
            "POST",
            "leads/",
            b"name=x",
            {"Content-Type": "text/plain"},
            (415, "unsupported_media_type"),
        ),
        ("POST", "leads/", b"{", {}, (400, "parse_error")),
        ("POST", "leads/", b"[]", {}, (400, "parse_error")),
        ("POST", "leads/", b"\xff\xfe", {}, (400, "parse_error")),
        ("POST", "leads/", b"[" * 100_000, {}, (400, "parse_error")),
        ("POST", "leads/", b'{"attributes":' * 50 + b"1" + b"}" * 50, {}, (400, "parse_error")),
        ("POST", "leads/", b'{"employees": ' + b"9" * 5000 + b"}", {}, (400, "parse_error")),
        ("POST", "leads/", b'{"name": "' + b"x" * 10_000_000 + b'"}', {}, (413, "body_too_large")),
        ("GET", f"leads/{10**40}/", None, {}, (404, "not_found")),
        ("POST", "leads/", {"name": "Eva"}, {"Idempotency-Key": "x" * 256}, (400, "bad_parameter")),
        ("POST", "leads/", {"name": "Eva"}, {"Idempotency-Key": ""}, (400, "bad_parameter")),
    ],
)
def test_refusal_has_its_status_and_code(
    method: str, path: str, body: Any, headers: dict[str, str], wanted: Any, cast: Cast, caller: Any
) -> None:
    asks = caller(cast.ana)
    if kind := headers.pop("Content-Type", None):
        asks.last = asks.client.generic(
            method, f"/api/v1/{path}", body, content_type=kind, headers=asks.headers
        )
        status, problem = asks.last.status_code, asks.last.json()
    else:
        status, problem = asks.ask(method, path, body, **headers)
    assert (status, problem["code"], asks.last["Content-Type"]) == (
        *wanted,
        "application/problem+json",
    )
    assert Lead.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("leads/?colour=red&after=x", ["after", "colour"]),
        ("leads/?stage=nowhere", ["stage"]),
        ("leads/?since=someday", ["since"]),
        ("leads/?q=%00", ["q"]),
        ("leads/?limit=0", ["limit"]),
        ("leads/?limit=101", ["limit"]),
        ("leads/?limit=1e3", ["limit"]),
        ("leads/?cursor=garbage", ["cursor"]),
        ("leads/?cursor=WyIyMDI2LTExLTI1IiwiLTEiXQ", ["cursor"]),
        ("handoffs/?state=lovely", ["state"]),
        ("handoffs/?mine=yes", ["mine"]),
        ("handoffs/?order=best", ["order"]),
        ("handoffs/?cursor=WyIyMDI2LTExLTI1IiwiMjIiXQ", ["cursor"]),
        ("handoffs/?tab=waiting", ["tab"]),
        ("funnel/?from=someday", ["from"]),
        ("funnel/?from=2026-03-02&to=2026-03-01", ["to"]),
        ("funnel/?team=1", ["team"]),
        ("teams/?side=sales", ["side"]),
    ],
)
def test_address_that_cannot_be_read_is_refused_by_name(
    path: str, named: list[str], cast: Cast, caller: Any
) -> None:
    status, problem = caller(cast.ana).get(path)
    assert (status, sorted(problem["fields"])) == (400, named)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"name": "a\\ud800b"}', "name"),
        (b'{"name": "a\\u202eb"}', "name"),
        (b'{"name": "Eva", "employees": NaN}', "employees"),
        (b'{"name": "Eva", "employees": 1e999}', "employees"),
        (b'{"name": "Eva", "attributes": {"budget": -Infinity}}', "attributes"),
        (b'{"name": "Eva", "attributes": {"bud\\u0000get": 1}}', "attributes"),
        (b'{"na\\u0000me": "Eva"}', "name"),
        (b'{"name": "' + b"x" * 2_000_000 + b'"}', "name"),
        ({"name": "x" * 161}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": ["Eva"]}, "name"),
        ({"name": "Eva", "email": "no address"}, "email"),
        ({"name": "Eva", "country": "XX"}, "country"),
        ({"name": "Eva", "employees": 0}, "employees"),
        ({"name": "Eva", "employees": True}, "employees"),
        ({"name": "Eva", "source": "nowhere"}, "source"),
        ({"name": "Eva", "source": 1}, "source"),
        ({"name": "Eva", "source": {"code": "event"}}, "source"),
        ({"name": "Eva", "attributes": []}, "attributes"),
        ({"name": "Eva", "attributes": {"budget": "much"}}, "attributes.budget"),
        ({"name": "Eva", "attributes": {"budget": {}}}, "attributes.budget"),
        ({"name": "Eva", "attributes": {"shoe_size": 5}}, "attributes.shoe_size"),
        ({"name": "Eva", "nickname": "Evita"}, "nickname"),
        ({"company": "Acme"}, "name"),
    ],
)
def test_bad_value_is_refused_by_the_name_of_its_field(
    body: Any, named: str, cast: Cast, caller: Any
) -> None:
    status, problem = caller(cast.ana).post("leads/", body)
    assert (status, list(problem["fields"]), Lead.objects.count()) == (422, [named], 0)


def test_unforeseen_error_is_a_problem_and_keeps_nothing(
    cast: Cast, caller: Any, monkeypatch: Any
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr(api.leads, "capture", broken)
    asks = caller(cast.ana)
    status, problem = asks.post("leads/", {"name": "Eva"}, Idempotency_Key="one")
    assert (status, problem["code"], "1234" in asks.last.content.decode()) == (
        500,
        "server_error",
        False,
    )
    assert Answer.objects.count() == 0  # so that it may be tried again


def test_mounted_view_keeps_its_name() -> None:
    assert mount(api.Leads).cls.__name__ == "Leads"  # type: ignore[attr-defined]


def test_version_that_no_row_can_have_is_a_conflict(cast: Cast, caller: Any) -> None:
    lead = factories.lead(cast)
    assert (
        caller(cast.ana).patch(f"leads/{lead.pk}/", {"version": 2**31 - 1, "name": "Eva"})[0] == 409
    )


def test_database_that_is_away_is_told_with_when_to_come_again(
    cast: Cast, caller: Any, monkeypatch: Any
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("remaining connection slots are reserved")

    monkeypatch.setattr(api.leads, "capture", away)
    asks = caller(cast.ana)
    status, problem = asks.post("leads/", {"name": "Eva"})
    assert (status, problem["code"], asks.last["Retry-After"]) == (503, "unavailable", "10")
