"""Judging what stands on a page: its language, its texts, and what its answer said."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

import polib

from tests.harness.prepared import ROOT

SAID_BY_EVERY_SCREEN = {
    "es": re.compile(
        r"\b(Accept|Reject|Queue|Overdue|Handoff|Sign out|Save|Search|Waiting|Due|Stage|Notices)\b"
    ),
    "en": re.compile(
        r"\b(Aceptar|Rechazar|Cola|Vencid[oa]s?|Traspaso|Guardar|Buscar|Etapa|Avisos"
        r"|Cerrar sesión)\b"
    ),
}
SILENT = ("script", "style", "template")
EMPTY = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "wbr",
}
NAMING = ("aria-label", "title", "placeholder")


@lru_cache
def foreign(language: str) -> frozenset[str]:
    """Return texts of the catalogue that belong to the other language and not to this one."""
    catalogue = polib.pofile(str(ROOT / "crm/locale/es/LC_MESSAGES/django.po"))
    entries = [entry for entry in catalogue if not entry.obsolete]
    english = {text for e in entries for text in (e.msgid, e.msgid_plural) if text}
    spanish = {text for e in entries for text in (e.msgstr, *e.msgstr_plural.values()) if text}
    return frozenset(english - spanish if language == "es" else spanish - english)


def judge_texts(texts: set[str], language: str) -> list[str]:
    """Return the texts that are not in ``language``."""
    others, words = foreign(language), SAID_BY_EVERY_SCREEN[language]
    found = [text for text in texts if text in others or words.search(text)]
    return [f"not {language}: {text!r}" for text in sorted(found)]


def judge_policy(policy: str) -> list[str]:
    """Return what is wrong with a Content-Security-Policy."""
    sound = "default-src 'none'" in policy and "unsafe" not in policy
    return [] if sound else [f"Content-Security-Policy: {policy!r}"]


class Page(HTMLParser):
    """The texts of a page, each text node by itself, its language and how many h1 it has.

    Left out is what is said in a language of its own: [lang] below html, and the choice of
    languages.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.language, self.headings = "", 0
        self.open: list[tuple[str, bool]] = []  # each with whether its texts are left out
        self.node = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._end_text()
        given = dict(attributes)
        if tag == "html":
            self.language = given.get("lang") or ""
        self.headings += tag == "h1"
        self.texts |= {given[name] or "" for name in NAMING if name in given}
        if tag not in EMPTY:
            own = tag in SILENT or ("lang" in given and tag != "html")
            chooses = tag == "select" and given.get("name") == "language"
            self.open.append((tag, own or chooses or self._is_left_out()))

    def handle_endtag(self, tag: str) -> None:
        self._end_text()
        while self.open and tag in {name for name, _ in self.open}:
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        self.node += data

    def handle_comment(self, data: str) -> None:
        self._end_text()

    def close(self) -> None:
        super().close()
        self._end_text()

    def _is_left_out(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def _end_text(self) -> None:
        text = " ".join(self.node.split())
        self.node = ""
        if text and not self._is_left_out():
            self.texts.add(text)

    def faults(self, language: str) -> list[str]:
        """Return what is not as a page in ``language`` should be."""
        found = [] if self.language == language else [f"html[lang] is {self.language}"]
        found += [] if self.headings == 1 else [f"{self.headings} h1"]
        return [*found, *judge_texts(self.texts, language)]
