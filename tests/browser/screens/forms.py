"""The forms of a page as the browser tells them apart (crm/static/crm/drafts.js)."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

NOT_TYPED = {"hidden", "password", "file", "submit", "button", "reset", "image", "search"}


TAG, ADDRESS, ID = (
    re.compile(text) for text in (r"<form\b[^>]*", r'\saction="([^"]*)"', r'\sid="([^"]*)"')
)


class Forms(HTMLParser):
    """Address and id of each form of a page that writes and has a field to type into."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.typed: list[tuple[str, str]] = []
        self.form: tuple[str, str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.form = None
            if given.get("method") == "post":
                self.form = (given.get("action", "").split("#")[0], given.get("id", ""))
        is_field = tag in ("textarea", "select") or (
            tag == "input" and given.get("type", "text") not in NOT_TYPED
        )
        if is_field and self.form:
            self.typed.append(self.form)
            self.form = None  # one field is enough

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None


def could_be_confused(html: str) -> bool:
    """Return whether two forms have the same address and id, with a field or without."""
    keys = []
    for tag in TAG.findall(html):
        address, own_id = ADDRESS.search(tag), ID.search(tag)
        keys.append((address and address[1].split("#")[0], own_id and own_id[1]))
    return len(keys) > len(set(keys))


def judge_forms(html: str) -> list[str]:
    """Return the forms with the same address and id: what is typed in one would show in both."""
    if not could_be_confused(html):  # most pages: parsing one takes as long as making it
        return []
    found = Counter(Forms(html).typed)
    return [f"{count} forms {key}: give them ids" for key, count in found.items() if count > 1]
