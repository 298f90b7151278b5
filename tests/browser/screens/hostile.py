"""Hostile text for every field of every form and every parameter of every address.

The forms are read from the pages; what a view asks of a request beyond them is noted while it
answers. Each request is undone.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core.signals import got_request_exception
from django.db import Error, connection, transaction
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RoutePattern

from crm.api import urls as api_urls
from tests.browser.screens.table import SCREENS

MANY_DIGITS = "9" * 5000
DEEP = "[" * 100_000 + "]" * 100_000
VALUES = (
    "",
    " ",
    "abc",
    "0",
    "-1",
    "1.5",
    "NaN",
    "Infinity",
    "-0",
    "1e999999",
    "9" * 10,
    "9" * 19,
    MANY_DIGITS,
    "-" + MANY_DIGITS,
    "1." + MANY_DIGITS,
    "\N{ARABIC-INDIC DIGIT FIVE}\N{SUPERSCRIPT TWO}",
    "true",
    "null",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202eabc\u2066",
    "\N{PILE OF POO}" * 50,
    "x" * 70_000,
    "0000-00-00",
    "0001-01-01",
    "9999-12-31T23:59:59+14:00",
    "2026-02-30",
    "0001-01-01T00:00:00-14:00.1",
    "9999-12-31." + "9" * 19,
    "America/Nowhere",
    "../../etc/passwd",
    "//[",
    "/\t/[",
    "http://[::1",
    "<script>alert(1)</script>\"'",
    '{"on": ' + MANY_DIGITS + "}",
    '{"name": "\\ud800\\u0000", "hours": {}, "on": []}',
    '[[1e999, NaN], {"a": null}]',
    DEEP,
)
# What our code and Django take apart, of what a request carries beside its fields.
HEADERS = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "HX-Current-URL",
    "HX-Target",
    "Idempotency-Key",
    "Origin",
    "Referer",
    "X-Forwarded-For",
    "X-Request-ID",
)
COOKIES = ("csrftoken", "messages", "relevo_language", "relevo_saved", "sessionid")
# With the header that makes our pages read the others.
READERS_OF_HEADERS = ("/leads/", "/search/", "/help/nothing/", "/api/v1/leads/", "/accounts/login/")
API_LISTS = tuple(
    f"/api/v1/{name}/"
    for name in ("leads", "handoffs", "funnel", "teams", "personas", "sources", "action-kinds")
)
BODIES = ("", "0", "[]", "{", '{"version": ' + MANY_DIGITS + "}", DEEP, '{"a": ' + DEEP + "}")
BODIES += ('{"\\u0000": "\\ud800"}', '{"version": 1e999, "name": NaN}', "\xff\xfe{")
# Fields that people type into, and see again when the form is refused.
TYPED = ("text", "email", "tel", "textarea", "date", "datetime-local")
NOT_TRIED = {"csrfmiddlewaretoken"}


@dataclass
class Form:
    """A form of a page: the fields as the browser would send them, and the kind of each."""

    method: str
    path: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page, and elements that ask by themselves (hx-get, hx-post)."""

    def __init__(self, html: str, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.alone: list[Form] = []
        self.named: dict[str, Form] = {}
        self.select: tuple[Form, str] | None = None
        self.chosen = False
        self.area: tuple[Form, str] | None = None
        self.text = ""
        self.inside: Form | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        for verb in ("get", "post"):
            if f"hx-{verb}" in given:
                of = self.inside.fields if self.inside else []
                form = Form(verb, given[f"hx-{verb}"] or self.path, of)
                self.alone.append(form)
        if tag == "form":
            action = given.get("action", "").split("#")[0] or self.path
            self.inside = Form(given.get("method", "get").lower(), action)
            self.named[given.get("id", "")] = self.inside
            self.forms.append(self.inside)
        form = self.named.get(given.get("form", "-"), self.inside)
        if form is None or "disabled" in given:
            return
        self._handle_field(tag, given, form)

    def _handle_field(self, tag: str, given: dict[str, str], form: Form) -> None:
        name = given.get("name", "")
        if tag == "option" and self.select:
            first = not any(each == self.select[1] for each, _value in self.select[0].fields)
            if "selected" in given or (first and not self.chosen):
                if "selected" in given and not first:
                    self.select[0].fields.pop()
                self.select[0].fields.append((self.select[1], given.get("value", "")))
                self.chosen = "selected" in given
        if not name:
            return
        if tag == "select":
            self.select = (form, name)
            self.chosen = "multiple" in given
            form.kinds[name] = "select"
        elif tag == "textarea":
            self.area = (form, name)
            self.text = ""
            form.kinds[name] = "textarea"
        elif tag in ("input", "button"):
            kind = given.get("type", "text" if tag == "input" else "submit")
            form.kinds.setdefault(name, kind)
            is_sent = kind not in ("checkbox", "radio", "submit", "file") or "checked" in given
            if is_sent:
                form.fields.append((name, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.area:
            form, name = self.area
            form.fields.append((name, self.text.removeprefix("\n")))
            self.area = None


@dataclass(frozen=True)
class Door:
    """One field of one request: ``fields`` are the others, as the page has them."""

    part: str
    method: str
    path: str
    fields: tuple[tuple[str, str], ...]
    name: str
    kind: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.method, route_of(self.path), self.name


def route_of(path: str) -> str:
    """Return the name of the address; empty for none of ours."""
    try:
        match = resolve(urlsplit(path).path)
    except Resolver404:
        return ""
    return match.url_name or match.route


class Desk:
    """A browser whose requests are all undone, with what the view asked of the last one."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.client.raise_request_exception = False
        self.cookies = client.cookies.output(header="", sep=";")
        self.error: BaseException | None = None
        self.count = 0

    def send(
        self,
        method: str,
        path: str,
        fields: tuple[tuple[str, str], ...] = (),
        **more: Any,
    ) -> HttpResponse:
        self.client.cookies = SimpleCookie(self.cookies)
        for name, value in more.pop("cookies", {}).items():
            self.client.cookies[name] = value
        self.error = None
        self.count += 1
        got_request_exception.connect(self._note)
        # As a browser writes it; what is no Unicode at all becomes the bytes of a lone surrogate.
        query = urlencode(fields, errors="surrogatepass")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                answer = self._ask(method, path, query, **more)
                # What would be checked at the end of the transaction.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)
        except Error as error:
            self.error = error
            answer = HttpResponse(status=500)
        finally:
            got_request_exception.disconnect(self._note)
        return answer

    def _ask(self, method: str, path: str, query: str, **more: Any) -> HttpResponse:
        if method == "get":
            parts = urlsplit(path)
            joined = "&".join(each for each in (parts.query, query) if each)
            return self.client.generic("GET", parts.path, QUERY_STRING=joined, **more)
        kind = more.pop("content_type", "application/x-www-form-urlencoded")
        body = more.pop("body", query)
        return self.client.generic("POST", path, body, content_type=kind, **more)

    def _note(self, **_signal: Any) -> None:
        self.error = sys.exc_info()[1]

    def why(self) -> str:
        """Return where the last request failed."""
        if self.error is None:
            return ""
        frames = traceback.extract_tb(self.error.__traceback__)
        ours = [each for each in frames if ".venv" not in each.filename] or frames
        last = ours[-1] if ours else None
        place = f"{last.filename.split('/')[-1]}:{last.lineno}" if last else ""
        return f"{type(self.error).__name__}: {str(self.error)[:90]} ({place})"


@contextmanager
def asked() -> Iterator[set[str]]:
    """Gather the names of parameters that views ask of their requests."""
    names: set[str] = set()
    kept = {each: getattr(QueryDict, each) for each in ("get", "getlist", "__getitem__")}
    kept["__contains__"] = QueryDict.__contains__

    def listening(method: Any) -> Any:
        def ask(self: QueryDict, name: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(name, str):
                names.add(name)
            return method(self, name, *args, **kwargs)

        return ask

    for each, method in kept.items():
        setattr(QueryDict, each, listening(method))
    try:
        yield names
    finally:
        for each in kept:
            delattr(QueryDict, each)


def doors_of_form(desk: Desk, part: str, form: Form) -> list[Door]:
    """Return a door for each field of ``form``, and for what its view asks beyond them."""
    fields = tuple(form.fields)
    with asked() as names:
        desk.send(form.method, form.path, fields)
    every = dict.fromkeys([*form.kinds, *sorted(names)])
    doors = []
    for name in every:
        if name in NOT_TRIED:
            continue
        others = tuple(pair for pair in fields if pair[0] != name)
        kind = form.kinds.get(name, "")
        doors.append(Door(part, form.method, form.path, others, name, kind))
    return doors


def doors_of_page(desk: Desk, part: str, path: str, seen: set[tuple[Any, ...]]) -> list[Door]:
    """Return the doors of the page at ``path``: its parameters, and those of its forms.

    ``seen``: forms that other pages have, too, which are left out.
    """
    with asked() as names:
        answer = desk.send("get", path)
    parts = urlsplit(path)
    given = tuple(parse_qsl(parts.query))
    doors = []
    for name in sorted(names | {name for name, _value in given} | {"next", "density"}):
        others = tuple(pair for pair in given if pair[0] != name)
        doors.append(Door(part, "get", parts.path, others, name))
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        read = Forms(answer.content.decode(), path)
        for form in (*read.forms, *read.alone):
            where = form.path if form.path.startswith("/") else parts.path + form.path
            key = (form.method, route_of(where), *sorted(form.kinds))
            if key not in seen:
                seen.add(key)
                doors += doors_of_form(desk, part, replace(form, path=where))
    return doors


def faults(desk: Desk, door: Door, value: str) -> list[str]:
    """Return what is wrong with the answer to ``value`` at ``door``."""
    answer = desk.send(door.method, door.path, (*door.fields, (door.name, value)))
    where = f"{door.part} {door.method} {door.path} {door.name}={shown(value)}"
    found = judged(desk, answer, where)
    is_refused = door.method == "post" and answer.status_code == 422
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    if is_refused and is_page and door.kind in TYPED:
        # Bytes that are no UTF-8 are replaced before anybody reads them.
        typed = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        if typed not in drawn(answer, door):
            found.append(f"{where}: what was typed is lost")
    return found


def drawn(answer: HttpResponse, door: Door) -> list[str]:
    """Return what the page shows in fields of the name of ``door``."""
    forms = Forms(answer.content.decode(), door.path).forms
    return [value for form in forms for name, value in form.fields if name == door.name]


def judged(desk: Desk, answer: HttpResponse, where: str) -> list[str]:
    if answer.status_code < 500:
        return []
    return [f"{where}: {answer.status_code} {desk.why()}"]


def faults_of_envelopes(desk: Desk, path: str, value: str) -> list[str]:
    """Return what is wrong with answers to ``value`` as each header and cookie."""
    # What no server lets through to us is left out; the rest is the latin-1 of WSGI.
    sent = value.encode("utf-8", "replace").decode("latin-1")
    if any(ord(sign) < 32 for sign in sent) or len(sent) > 8000:
        return []
    found = []
    for name in HEADERS:
        headers = {"HX-Request": "true", name: sent}
        answer = desk.send("get", path, headers=headers)
        found += judged(desk, answer, f"{path} {name}: {shown(value)}")
    for name in COOKIES:
        answer = desk.send("get", path, cookies={name: sent})
        found += judged(desk, answer, f"{path} cookie {name}={shown(value)}")
    return found


def shown(value: str) -> str:
    return ascii(value[:40]) + (f"… {len(value)}" if len(value) > 40 else "")


def addresses() -> Iterator[tuple[str, str]]:
    """Name and route of every address that the product answers, from its own resolver."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, str]]:
        for each in patterns:
            route = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, route)
            else:
                yield each.name or route, f"/{route}"

    # tests/api goes through the addresses of the REST API, which have no screens but these
    every = walk(get_resolver().url_patterns, "")
    yield from (pair for pair in every if not pair[1].startswith("/api/") or pair[0] in SCREENS)


def addresses_of_api() -> list[str]:
    """Return the routes of the API that take a body."""
    patterns = [each for each in api_urls.urlpatterns if isinstance(each.pattern, RoutePattern)]
    return [f"/api/v1/{each.pattern}" for each in patterns]
