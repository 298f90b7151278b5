"""Posts as a browser sends them: with the hidden fields that the page gave to the form."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

from django.http import HttpResponse
from django.test import Client

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ACTION = re.compile(r'\baction="([^"]*)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


def hidden_fields(page: str, at: str, *, path: str) -> dict[str, str]:
    """Return the hidden fields of the form that is posted to ``path``, of the page ``at``.

    Raises LookupError where the page has no such form.
    """
    for attributes, body in FORM.findall(page):
        written = ACTION.search(attributes)
        to = unescape(written[1]) if written else ""
        if 'method="post"' in attributes and urljoin(at, to) == path:
            fields = {unescape(name): unescape(value) for name, value in HIDDEN.findall(body)}
            fields.pop("csrfmiddlewaretoken", None)
            return fields
    raise LookupError(f"No form of the page is posted to {path}.")


def post_form(
    client: Client, path: str, data: dict[str, Any] | None = None, *, on: str = "", **how: Any
) -> HttpResponse:
    """Open the page at ``on`` and post its form with the address ``path``.

    Without ``on`` the page is at ``path`` itself.
    """
    at = on or path
    page = client.get(at, follow=True).content.decode()
    fields = hidden_fields(page, at, path=path)
    return client.post(path, {**fields, **(data or {})}, **how)
