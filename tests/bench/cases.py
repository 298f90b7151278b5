"""What is measured: who asks for what, and the budget where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from leads.models import Handoff, Lead
from tests.bench.crowds.crowd import Crowd
from tests.bench.meter import Answer, Visitor

PAGE = 50


@dataclass(frozen=True)
class Budget:
    """At most so many queries and milliseconds; ``leads_by_index``: leads are never read from end
    to end.
    """

    queries: int | None = None
    cpu_ms: float | None = None
    p95_ms: float | None = None
    leads_by_index: bool = False


@dataclass(frozen=True)
class Case:
    name: str
    ask: Callable[[], Answer]
    budget: Budget = Budget()


QUEUE, ACCEPT = Budget(queries=12, cpu_ms=25), Budget(queries=10, cpu_ms=12)
LIST = Budget(queries=15, p95_ms=300, leads_by_index=True)


def cases(crowd: Crowd, application: Callable[..., Any]) -> Iterator[Case]:
    """Every benchmark, in the order of the table."""
    people = {
        "rep": crowd.rep,
        "sales lead": crowd.sales_lead,
        "marketing": crowd.marketer,
        "director": crowd.director,
    }
    visitors = {name: Visitor(application, user) for name, user in people.items()}

    def page(name: str, who: str, path: str, budget: Budget = Budget(), **query: str) -> Case:
        address = f"{path}?{urlencode(query)}" if query else path
        return Case(f"{name} · {who}", lambda: visitors[who].get(address), budget)

    for who in people:
        yield page("queue", who, "/queue/", QUEUE)
    yield page("pulse", "rep", "/pulse")
    yield page("pulse", "director", "/pulse")
    waiting = Handoff.objects.visible_to(crowd.rep).pending().values_list("pk", flat=True)
    ids = iter(list(waiting.order_by("-pk")))
    rep = visitors["rep"]
    yield Case(
        "accept in the queue · rep",
        lambda: rep.post(f"/handoffs/{next(ids)}/accept/", htmx=True),
        ACCEPT,
    )
    yield Case(
        "accept by the button · rep", lambda: rep.post(f"/handoffs/{next(ids)}/accept/"), ACCEPT
    )
    for who in ("director", "marketing", "sales lead", "rep"):
        yield page("leads", who, "/leads/", LIST)
    yield from (
        page(f"leads, {name}", who, "/leads/", LIST, **query) for name, who, query in questions()
    )
    newest = Lead.objects.filter(owner=crowd.rep).latest("pk")
    yield page("lead page", "rep", f"/leads/{newest.pk}/")
    yield page("lead page", "director", f"/leads/{newest.pk}/")
    yield page("my leads", "rep", "/mine/", LIST)
    yield page("my leads, overdue", "rep", "/mine/", LIST, clock="late")
    yield page("queue, by country", "rep", "/queue/", QUEUE, country="MX")
    yield page("queue, search", "director", "/queue/", QUEUE, q=newest.person.name)
    yield page("notices", "marketing", "/notices/")
    yield page("alignment", "director", "/alignment/")


def questions() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Filters and searches of the lead list: name, who asks, the address."""
    middle = Lead.objects.order_by("pk")[Lead.objects.count() // 2]
    person, company = middle.person, middle.company
    assert company is not None
    deep = f"{middle.first_seen_on.isoformat()}.{middle.pk}"
    owner = Lead.objects.exclude(owner=None).values_list("owner", flat=True)[0]
    team = Handoff.objects.values_list("team", flat=True)[0]
    for who in ("director", "marketing", "rep"):
        yield "by stage", who, {"stage": "won"}
        yield "search: part of a name", who, {"q": person.name.split()[1][:4]}
    everyone = "director"
    yield "by a rare stage", everyone, {"stage": "opportunity"}
    yield "by source", everyone, {"source": "event"}
    yield "without source", everyone, {"source": "~none"}
    yield "by persona", everyone, {"persona": "commercial-leader"}
    yield (
        "by source, stage, dates",
        everyone,
        {"source": "event", "stage": "lost", "until": "2026-03-01"},
    )
    yield "by owner", everyone, {"owner": str(owner)}
    yield "by owner", "marketing", {"owner": str(owner)}
    yield "by team", everyone, {"team": str(team)}
    yield "by country", everyone, {"country": "MX"}
    yield "overdue", everyone, {"clock": "late"}
    yield "overdue", "marketing", {"clock": "late"}
    yield "first seen until", everyone, {"until": middle.first_seen_on.isoformat()}
    yield "page in the middle", everyone, {"after": deep}
    yield "search: full name", everyone, {"q": person.name}
    yield "search: company", everyone, {"q": company.name.split(" S.A.")[0]}
    yield "search: two letters", everyone, {"q": "zu"}
    yield "search: e-mail", everyone, {"q": person.email}
    yield "search: phone digits", everyone, {"q": person.phone[-7:]}
    yield (
        "search: phone as written",
        everyone,
        {"q": f"{person.phone[:3]} {person.phone[3:5]} {person.phone[5:9]}"},
    )
    yield "search: nobody", everyone, {"q": "xylofonista"}
    yield "search and stage", everyone, {"q": person.name.split()[1][:4], "stage": "lost"}
