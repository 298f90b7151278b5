"""The routes whose share of a bare view is measured, as they are asked over HTTP, with the share
that each must reach among 100,000 leads.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from crm.accounts.models import User
from crm.api import keys
from crm.api.states import Scope
from crm.lib import clock
from leads.follow_up.own_leads import TABS
from leads.models import Handoff, Lead
from leads.states import Stage
from leads.views.desks.marketing import TAB_LABELS
from tests.bench.crowds.crowd import Crowd
from tests.bench.crowds.plan import BUSY
from tests.bench.meter import TOKEN, Visitor
from tests.bench.served import Request

STRETCH = 1.5  # times what must be reached, for the desks


@dataclass(frozen=True)
class Route:
    """``requests`` never ends: each request may be asked once. ``write``: counted against the bare
    insert; the answer must be one of ``statuses``.
    """

    name: str
    requests: Iterator[Request]
    done: float  # per cent
    stretch: float
    write: bool = False
    statuses: tuple[int, ...] = field(default=(200,))


class Person:
    """Builds the requests of one signed-in person."""

    def __init__(self, user: User) -> None:
        self.cookie = Visitor(lambda *_: None, user).cookie

    def get(self, path: str, **query: str) -> Request:
        address = f"{path}?{urlencode(query)}" if query else path
        return Request("GET", address, headers={"Cookie": self.cookie, "Accept": "text/html"})

    def post(self, path: str, **fields: object) -> Request:
        body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode()
        headers = {
            "Cookie": self.cookie,
            "Accept": "text/html",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Request("POST", path, body, headers)

    def htmx(self, path: str, **fields: object) -> Request:
        asked = self.post(path, **fields)
        return replace(asked, headers={**asked.headers, "HX-Request": "true"})


def routes(crowd: Crowd) -> Iterator[Route]:
    """Every measured route, in the order of the table."""
    rep, director = Person(crowd.rep), Person(crowd.director)
    marketing = Person(crowd.marketer)

    def again(name: str, request: Request, done: float, stretch: float) -> Route:
        return Route(name, itertools.repeat(request), done, stretch)

    # The method is refused by the view itself: all that stands around a view, and nothing else.
    nothing = itertools.repeat(rep.get("/preferences/zone/"))
    yield Route("signed in, nothing to do", nothing, 0, 0, statuses=(405,))
    for who, person in (("director", director), ("marketing", marketing), ("rep", rep)):
        yield again(f"all leads · {who}", person.get("/leads/"), 6, 10)
    plain = director.get("/leads/")
    packed = replace(plain, headers={**plain.headers, "Accept-Encoding": "gzip"})
    yield again("all leads · director, gzip", packed, 0, 0)
    part = Lead.objects.order_by("pk")[Lead.objects.count() // 2].person.name.split()[1][:4]
    for who, person in (("director", director), ("rep", rep)):
        yield again(f"search · {who}", person.get("/leads/", q=part), 4, 8)
    mine = Lead.objects.filter(owner=crowd.rep).latest("pk")
    for who, person in (("director", director), ("rep", rep)):
        yield again(f"lead page · {who}", person.get(f"/leads/{mine.pk}/"), 4, 6)
    for who, person in (("rep", rep), ("director", director)):
        yield again(f"queue · {who}", person.get("/queue/"), 6, 9)
    yield again("my leads · rep", rep.get("/mine/"), 5, 8)
    yield from _desks(crowd)
    yield again("pulse · rep", rep.get("/pulse"), 20, 25)
    yield again("pulse, 50 rows · rep", rep.get("/pulse", rows=_rows(crowd)), 10, 15)
    yield Route("create by form", _created_by_form(marketing), 13, 19, write=True, statuses=(302,))
    yield Route("create by API", _created_by_api(crowd), 12, 16, write=True, statuses=(201,))
    yield Route("accept", _accepted(crowd, rep), 9, 14, write=True)
    yield Route("hand off", _handed_off(crowd, marketing), 5, 8, write=True, statuses=(302,))
    ready = Lead.objects.filter(stage=Stage.MQL, marketing_team=crowd.cast.marketing).earliest("pk")
    yield again("qualify page", marketing.get(f"/leads/{ready.pk}/qualify/"), 3, 5)
    yield again("notices · marketing", marketing.get("/notices/"), 8, 13)
    api = _caller(crowd.director)
    yield again("API: one lead", api(f"/api/v1/leads/{mine.pk}/"), 12, 18)
    yield again("API: leads", api("/api/v1/leads/"), 6, 12)
    yield again("API: handoffs", api("/api/v1/handoffs/"), 4, 8)
    yield again("drill-down of a number", director.get("/alignment/leads/", **_drill()), 2.5, 5)


def _desks(crowd: Crowd) -> Iterator[Route]:
    """The desk of each role, and the leads of a rep who works on very many of them."""
    busy, marketing = Person(crowd.busy), Person(crowd.marketer)
    sales_lead, director = Person(crowd.sales_lead), Person(crowd.director)
    pages = [
        *((f"my leads, {BUSY:,}, {tab}", busy, "/mine/", 5, {"tab": tab}) for tab in TABS),
        *((f"desk, {tab} · marketing", marketing, "/desk/", 6, {"tab": tab}) for tab in TAB_LABELS),
        ("desk · sales lead", sales_lead, "/desk/team/", 6, {}),
        ("desk, a rep · sales lead", sales_lead, "/desk/team/", 6, {"person": str(crowd.busy.pk)}),
        ("desk, all of sales · director", director, "/desk/team/", 6, {}),
        ("desk, cases · director", director, "/desk/director/", 6, {"tab": "cases"}),
        ("desk, escalated · director", director, "/desk/director/", 6, {"tab": "escalated"}),
        ("while away · rep", busy, "/away/", 6, {}),
    ]
    for name, person, path, done, query in pages:
        asked = person.get(path, **query)
        yield Route(name, itertools.repeat(asked), done, done * STRETCH)


def _rows(crowd: Crowd) -> str:
    """Return 50 handoffs of the queue of ``crowd.rep`` as the pulse takes them, 10 decided."""
    seen = Handoff.objects.visible_to(crowd.rep)
    pending = seen.pending().order_by("pk").values_list("pk", flat=True)[:40]
    decided = seen.exclude(state="pending").order_by("-pk").values_list("pk", flat=True)[:10]
    return ",".join(map(str, [*pending, *decided]))


def _created_by_form(person: Person) -> Iterator[Request]:
    for number in itertools.count(1):
        yield person.post(
            "/leads/new/",
            name=f"Nueva Persona {number}",
            email=f"nueva.{number}@forma.test",
            phone=f"+52 55 2{number:07}",
            company=f"Empresa Nueva {number}",
            job_title="Directora de Ventas",
            country="MX",
            employees="120",
        )


def _created_by_api(crowd: Crowd) -> Iterator[Request]:
    call = _caller(crowd.marketer)
    for number in itertools.count(1):
        body = {
            "name": f"Otra Persona {number}",
            "email": f"otra.{number}@api.test",
            "phone": f"+52 55 3{number:07}",
            "company": f"Empresa Otra {number}",
            "job_title": "Directora de Ventas",
            "country": "MX",
            "employees": 120,
        }
        yield call("/api/v1/leads/", body)


def _accepted(crowd: Crowd, person: Person) -> Iterator[Request]:
    waiting = Handoff.objects.visible_to(crowd.rep).pending().order_by("-pk")
    # The others stay for the queue that is measured elsewhere.
    for pk in list(waiting.values_list("pk", flat=True)):
        yield person.htmx(f"/handoffs/{pk}/accept/")


def _handed_off(crowd: Crowd, person: Person) -> Iterator[Request]:
    # Leads that fit their persona with a complete package.
    ready = Lead.objects.filter(
        stage=Stage.MQL,
        marketing_team=crowd.cast.marketing,
        person__job_title="Directora de Ventas",
        company__employees__gte=100,
        source__isnull=False,
    )
    for pk in list(ready.order_by("-pk").values_list("pk", flat=True)):
        yield person.post(f"/leads/{pk}/hand-off/", team=crowd.cast.sales.pk, note="Escribe antes")


def _drill() -> dict[str, str]:
    """Return the query of the list behind "handed off", over the last quarter."""
    until = date.today()
    since = until - timedelta(days=90)
    return {"show": "handed", "from": since.isoformat(), "to": until.isoformat()}


def _caller(user: User) -> Callable[..., Request]:
    """Return what builds a request with a key of ``user``."""
    _key, text = keys.create(user, "bench", list(Scope), days=30, by=user, at=clock.now())
    headers = {"Authorization": f"Bearer {text}", "Accept": "application/json"}

    def call(path: str, body: object = None) -> Request:
        if body is None:
            return Request("GET", path, headers=headers)
        typed = {**headers, "Content-Type": "application/json"}
        return Request("POST", path, json.dumps(body).encode(), typed)

    return call
