"""Who may do what over the API: nobody without signing in, and everybody exactly what the pages let
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from crm.accounts.models import User
from crm.api import urls
from leads.models import Event, Handoff, Lead
from leads.returns import disputes, recycling
from tests import factories
from tests.api.caller import Caller
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

EVERYBODY = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


def routes() -> list[str]:
    """Every address of the API, with the id 1."""
    own = [str(pattern.pattern) for pattern in urls.urlpatterns]
    wired = [
        str(p.pattern) for p in get_resolver().url_patterns if str(p.pattern).startswith("api/v1/")
    ]
    found = own + [route.removeprefix("api/v1/") for route in wired if route != "api/v1/"]
    return [re.sub(r"<int:pk>", "1", route) for route in found if route != "docs/"]


def test_routes_are_found() -> None:
    assert {"leads/", "handoffs/1/accept/", "funnel/", "schema/", ""} <= set(routes())


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"])
def test_nobody_gets_anything_without_signing_in(method: str, db: None) -> None:
    client, wrong = Client(), {}
    for route in routes():
        answer = client.generic(method, f"/api/v1/{route}", b"{}", content_type="application/json")
        found = (
            answer.status_code,
            answer["Content-Type"],
            "Bearer" in answer.get("WWW-Authenticate", ""),
        )
        if found != (401, "application/problem+json", True):
            wrong[route] = found
    assert wrong == {}


def test_docs_ask_for_sign_in(db: None) -> None:
    answer = Client().get("/api/v1/docs/", headers={"Accept": "text/html"})
    assert answer["Location"].split("?")[0] == "/accounts/login/"


def test_session_reads_and_writes_with_the_csrf_token_only(cast: Cast, moment: Moment) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    assert client.get("/api/v1/leads/").status_code == 200
    body = {"data": json.dumps({"name": "Eva"}), "content_type": "application/json"}
    assert client.post("/api/v1/leads/", **body).status_code == 403
    client.get("/preferences/")
    token = client.cookies["relevo_csrf"].value
    assert client.post("/api/v1/leads/", **body, headers={"X-CSRFToken": token}).status_code == 201


# -- The same as the pages


def handoffs(cast: Cast) -> dict[str, Handoff]:
    makers = {
        name: getattr(factories, name)
        for name in ("accepted", "contacted", "sql", "won", "rejected")
    }
    return {
        "pending": factories.handed_off(cast),
        **{name: make(cast) for name, make in makers.items()},
    }


def test_sight_is_that_of_the_pages(cast: Cast, caller: Any) -> None:
    """Lists and details show exactly what visible_to shows."""
    made = [*handoffs(cast).values(), factories.handed_off(cast, to=cast.other_sales)]
    factories.lead(cast, team=cast.other_marketing)
    for name in EVERYBODY:
        user = User.objects.get(pk=getattr(cast, name).pk)
        asks = caller(user)
        for path, rows in (("leads/", Lead.objects), ("handoffs/", Handoff.objects)):
            seen = set(rows.visible_to(user).values_list("pk", flat=True))
            assert {row["id"] for row in asks.get(path)[1]["results"]} == seen, (name, path)
        statuses = {handoff.pk: asks.get(f"handoffs/{handoff.pk}/")[0] for handoff in made}
        shown = {pk for pk, status in statuses.items() if status == 200}
        assert shown == set(Handoff.objects.visible_to(user).values_list("pk", flat=True)), name
        assert set(statuses.values()) <= {200, 404}


STEPS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    # step of the API: its body, the page's form, the page's address
    "accept": ({}, {}, "accept"),
    "reject": ({"reason": "wrong_team"}, {"reason": "wrong_team"}, "reject"),
    "misroute": ({"comment": "Del sur"}, {"team": "marketing", "comment": "Del sur"}, "misroute"),
    "duplicate": ({"comment": "De enero"}, {"comment": "De enero"}, "duplicate"),
    "withdraw": ({"comment": "Aún no"}, {"comment": "Aún no"}, "withdraw"),
    "requeue": ({"comment": "Está de viaje"}, {"comment": "Está de viaje"}, "requeue"),
    "contact": (
        {"channel": "phone", "reached": True},
        {"channel": "phone", "reached": "1"},
        "attempt",
    ),
    "pause": (
        {"reason": "call_back", "until": "2026-03-04T16:00:00Z"},
        {"reason": "call_back", "until": "2026-03-04T10:00"},
        "pause",
    ),
    "resume": ({}, {}, "resume"),
    "qualify": ({}, {}, "sql"),
    "opportunity": ({}, {}, "opportunity"),
    "win": ({"amount": "100.00"}, {"amount": "100.00"}, "win"),
    "lose": ({"reason": "price"}, {"reason": "price"}, "lose"),
    "disqualify": ({"reason": "no_budget"}, {"reason": "no_budget"}, "disqualify"),
}
PARK = {"reason": "not_now", "wake_on": "2026-03-20"}
CLOSE = {"reason": "not_a_customer"}
WORDS = {"comment": "Por el acta"}
# Of what sales sent back or nobody reached; each has the same name on its page.
OF_RETURNS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "close": (CLOSE, CLOSE, "close"),
    "recycle": (PARK, PARK, "recycle"),
    "dispute": (WORDS, WORDS, "dispute"),
    "uphold": (WORDS, WORDS, "uphold"),
    "deny": (WORDS, WORDS, "deny"),
    "once-more": (WORDS, WORDS, "once-more"),
    "end-case": (CLOSE, CLOSE, "end-case"),
    "park-case": (PARK, PARK, "park-case"),
    "take-up": ({}, {}, "take-up"),
    "wake": ({}, {}, "wake"),
    "give-back": ({}, {}, "give-back"),
    "not-reached": ({}, {}, "not-reached"),
}
ALL_STEPS = {**STEPS, **OF_RETURNS}


def form_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The page's form takes ids where the API takes codes."""
    code = fields.get("reason")
    if code is None:
        return fields
    rows = {
        "wrong_team": factories.rejection,
        "call_back": factories.pause_reason,
        "not_now": lambda _code: reason_to_recycle(),
        "not_a_customer": lambda _code: reason_to_close(),
    }
    row = rows.get(code, factories.outcome)(code)
    return {**fields, "reason": row.pk}


def by_page(user: User, handoff: Handoff, step: str) -> int:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    _body, form, name = ALL_STEPS[step]
    status = client.post(f"/handoffs/{handoff.pk}/{name}/", form_of(form)).status_code
    return 200 if status == 302 else status


def undone(act: Callable[[], int]) -> int:
    """What ``act`` answers; nothing of what it did stays."""
    with transaction.atomic():
        status = act()
        transaction.set_rollback(True)
    return status


def contested(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=factories.CONTACTED_AT)
    return handoff


def recycled(cast: Cast) -> Handoff:
    handoff = factories.contacted(cast)
    recycling.park(
        handoff, reason_to_recycle(), wake_on=None, by=cast.bea, at=factories.CONTACTED_AT
    )
    return handoff


MAKERS = {"contested": contested, "recycled": recycled}
PEOPLE = ("ana", "bea", "cruz", "dora", "elsa")


@pytest.mark.parametrize(
    ("state", "steps", "people"),
    [
        ("handed_off", STEPS, PEOPLE),
        ("contacted", STEPS, PEOPLE),
        pytest.param("sql", STEPS, PEOPLE, marks=pytest.mark.soak),
        ("rejected", OF_RETURNS, ("ana", "bea")),
        pytest.param("accepted", OF_RETURNS, ("ana", "bea"), marks=pytest.mark.soak),
        pytest.param("recycled", OF_RETURNS, PEOPLE, marks=pytest.mark.soak),
        pytest.param("contested", OF_RETURNS, PEOPLE, marks=pytest.mark.soak),
    ],
)
def test_steps_are_answered_as_their_pages_do(
    state: str, steps: dict[str, Any], people: Sequence[str], cast: Cast, caller: Any
) -> None:
    reason_to_close()
    reason_to_recycle()
    handoff, found, wanted = MAKERS.get(state, getattr(factories, state, None))(cast), {}, {}
    for name in people:
        user = getattr(cast, name)
        asks = caller(user)
        for step, (body, _form, _page) in steps.items():
            path = f"handoffs/{handoff.pk}/{step}/"
            found[name, step] = undone(
                lambda asks=asks, path=path, body=body: asks.post(path, body)[0]
            )
            wanted[name, step] = undone(lambda user=user, step=step: by_page(user, handoff, step))
    assert found == wanted
    # Who sees it all sees what is pending.
    assert (404 in found.values()) is ("cruz" in people and state != "handed_off")
    assert state == "accepted" or 200 in found.values()


EVENT = ("kind", "actor__name", "from_state", "to_state", "occurred_on", "payload")


def events(handoff: Handoff) -> list[Any]:
    return list(Event.objects.filter(lead=handoff.lead).order_by("id").values_list(*EVENT))


@pytest.mark.parametrize(
    ("step", "state", "who"),
    [
        ("accept", "handed_off", "bea"),
        ("reject", "handed_off", "bea"),
        ("misroute", "handed_off", "bea"),
        ("duplicate", "handed_off", "bea"),
        ("withdraw", "handed_off", "ana"),
        ("contact", "accepted", "bea"),
        ("opportunity", "sql", "bea"),
        ("win", "opportunity", "bea"),
        ("lose", "opportunity", "bea"),
        ("disqualify", "contacted", "bea"),
        ("close", "rejected", "ana"),
        ("recycle", "rejected", "ana"),
        ("recycle", "contacted", "bea"),
        ("dispute", "rejected", "ana"),
    ],
)
def test_step_writes_the_events_of_its_page(
    step: str, state: str, who: str, cast: Cast, moment: Moment, caller: Any
) -> None:
    moment.set(factories.WON_AT)
    reason_to_close()
    reason_to_recycle()
    make, user = getattr(factories, state), getattr(cast, who)
    one, other = make(cast), make(cast)
    before = len(events(one))
    assert caller(user).post(f"handoffs/{one.pk}/{step}/", ALL_STEPS[step][0])[0] == 200
    assert by_page(user, other, step) == 200
    assert len(events(one)) > before
    assert events(one) == events(other)


def test_texts_speak_the_asked_language_else_the_owners(cast: Cast, caller: Any) -> None:
    asks = caller(factories.person("Rosa Paz", cast.marketing, language="es"))
    assert asks.get("leads/999/")[1]["title"] == "No existe"
    assert asks.get("leads/999/", Accept_Language="en-US,en;q=0.9")[1]["title"] == "Not found"
    assert asks.get("leads/999/", Accept_Language="fr")[1]["title"] == "No existe"
    names = {row["name"] for row in asks.get("sources/")[1]["results"]}
    assert "Búsqueda orgánica" in names


def test_answers_are_not_kept_by_caches(cast: Cast, caller: Any) -> None:
    asks: Caller = caller(cast.ana)
    asks.get("leads/")
    assert asks.last["Cache-Control"] == "no-store, private"
